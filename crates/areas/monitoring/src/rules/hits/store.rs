//! Rows of hits: added to, read in a scope, forgotten.

use super::{Hit, Span};
use crate::alerts::grouping::hash;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};

/// Rows written in one statement.
const CHUNK: usize = 60;

/// Adds what was gathered to what is there.
pub async fn add(tx: &Tx<'_>, hits: &[Hit]) -> Result<(), Error> {
    for chunk in hits.chunks(CHUNK) {
        let mut values: Vec<Value> = Vec::new();
        let mut rows = Vec::new();
        for hit in chunk {
            let entities = serde_json::to_string(&hit.entities).map_err(Error::internal)?;
            let first = values.len() + 1;
            let row: [Value; 12] = [
                identity(hit, &entities).into(),
                hit.rule_id.as_str().into(),
                hit.hour_start.into(),
                hit.span.hours().into(),
                hit.source_id.clone().into(),
                hit.system_id.clone().into(),
                hit.agency_id.clone().into(),
                entities.into(),
                hit.detailed.into(),
                hit.alerted.into(),
                hit.shadowed.into(),
                hit.excepted.into(),
            ];
            values.extend(row);
            let places: Vec<_> = (first..=values.len()).map(|place| format!("${place}")).collect();
            rows.push(format!("({})", places.join(", ")));
        }
        let sql = format!(
            "INSERT INTO rule_hits (id, rule_id, hour_start, hours, source_id, system_id, agency_id, entities, detailed, \
             alerted, shadowed, excepted) VALUES {} ON CONFLICT (id) DO UPDATE SET \
             alerted = rule_hits.alerted + excluded.alerted, shadowed = rule_hits.shadowed + excluded.shadowed, \
             excepted = rule_hits.excepted + excluded.excepted",
            rows.join(", ")
        );
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

fn identity(hit: &Hit, entities: &str) -> String {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let (source, system, agency) = (optional(&hit.source_id), optional(&hit.system_id), optional(&hit.agency_id));
    let span = match hit.span {
        Span::Hour => "",
        Span::Day => "day",
    };
    hash(&[&hit.rule_id, &hit.hour_start.to_string(), span, &source, &system, &agency, entities])
}

/// Lets go of what is older.
pub async fn forget(tx: &Tx<'_>, before: Micros) -> Result<(), Error> {
    let sql = "DELETE FROM rule_hits WHERE hours IN (1, 24) AND hour_start < $1";
    execute(tx, sql, [before.into()]).await
}

async fn execute<const N: usize>(tx: &Tx<'_>, sql: &str, values: [Value; N]) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// The first hour between two moments that is still counted by the hour.
pub(super) async fn first_hour(
    connection: &impl Connection,
    from: Micros,
    to: Micros,
) -> Result<Option<Micros>, Error> {
    let sql =
        "SELECT MIN(hour_start) AS oldest FROM rule_hits WHERE hours = 1 AND hour_start >= $1 AND hour_start < $2";
    let values = [from.into(), to.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<Option<Micros>>("", "oldest")).transpose()?.flatten())
}

/// Rules that have counts by the hour between two moments.
pub(super) async fn rules_by_the_hour(
    connection: &impl Connection,
    from: Micros,
    to: Micros,
) -> Result<Vec<String>, Error> {
    let sql = "SELECT DISTINCT rule_id FROM rule_hits WHERE hours = 1 AND hour_start >= $1 AND hour_start < $2";
    let values = [from.into(), to.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "rule_id")?)).collect()
}

/// Takes everything that is counted of a rule between two moments out of the table.
pub(super) async fn take(tx: &Tx<'_>, rule_id: &str, from: Micros, to: Micros) -> Result<Vec<Hit>, Error> {
    let hits = between(tx, rule_id, from, Some(to)).await?;
    let scope = tx.scope().agency_condition("agency_id");
    let sql = format!("DELETE FROM rule_hits WHERE rule_id = $1 AND hour_start >= $2 AND hour_start < $3 AND {scope}");
    execute(tx, &sql, [rule_id.into(), from.into(), to.into()]).await?;
    Ok(hits)
}

/// Hits of a rule since a moment, in the scope.
pub async fn of_rule(connection: &impl Connection, rule_id: &str, since: Micros) -> Result<Vec<Hit>, Error> {
    between(connection, rule_id, since, None).await
}

async fn between(
    connection: &impl Connection,
    rule_id: &str,
    from: Micros,
    to: Option<Micros>,
) -> Result<Vec<Hit>, Error> {
    let sql = format!(
        "SELECT h.rule_id, h.hour_start, h.hours, h.source_id, h.system_id, h.agency_id, h.entities, h.detailed, \
         h.alerted, h.shadowed, h.excepted FROM rule_hits h \
         WHERE h.rule_id = $1 AND h.hour_start >= $2 AND h.hour_start < $3 AND {}",
        connection.scope().agency_condition("h.agency_id")
    );
    let values = [rule_id.into(), from.into(), to.unwrap_or(Micros::MAX).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            Ok(Hit {
                rule_id: row.try_get("", "rule_id")?,
                hour_start: row.try_get("", "hour_start")?,
                span: Span::from_hours(row.try_get("", "hours")?),
                source_id: row.try_get("", "source_id")?,
                system_id: row.try_get("", "system_id")?,
                agency_id: row.try_get("", "agency_id")?,
                entities: serde_json::from_str(&row.try_get::<String>("", "entities")?).unwrap_or_default(),
                detailed: row.try_get("", "detailed")?,
                alerted: row.try_get("", "alerted")?,
                shadowed: row.try_get("", "shadowed")?,
                excepted: row.try_get("", "excepted")?,
            })
        })
        .collect()
}
