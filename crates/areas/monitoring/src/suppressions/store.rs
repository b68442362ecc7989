//! Rows of suppressions. Those of an agency are seen by who reaches it, those of the whole centre by who sees all of it.

use super::{Kind, Phase, Suppression, Window};
use crate::rules::exceptions::service::extent_of;
use crate::rules::exceptions::{Condition, Reach};
use crate::rules::tuning;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::HashMap;
use std::sync::Arc;

const SELECT: &str = "SELECT u.id, u.kind, u.rule_id, u.agency_id, u.system_id, u.source_id, u.conditions, u.reason, \
    u.starts_at, u.ends_at, u.alert_id, u.created_by, c.full_name AS created_by_name, u.created_at, \
    r.full_name AS ended_by_name, u.ended_at, u.end_reason, COALESCE(o.name, s.name, g.name) AS reach_name \
    FROM suppressions u LEFT JOIN people c ON c.id = u.created_by LEFT JOIN people r ON r.id = u.ended_by \
    LEFT JOIN sources o ON o.id = u.source_id LEFT JOIN systems s ON s.id = u.system_id \
    LEFT JOIN agencies g ON g.id = u.agency_id";

fn conditions(connection: &impl Connection, phase: Phase) -> String {
    let holds = match phase {
        Phase::Running => "u.starts_at <= $1 AND COALESCE(u.ended_at, u.ends_at) > $1",
        Phase::Coming => "u.starts_at > $1 AND u.ended_at IS NULL",
        Phase::Over => "COALESCE(u.ended_at, u.ends_at) <= $1",
    };
    format!("{} AND {holds}", connection.scope().agency_condition("u.agency_id"))
}

/// Those of a phase, the one that ends first on top; of those that are over, the one that ended last.
pub async fn list(
    connection: &impl Connection,
    phase: Phase,
    now: Micros,
    limit: u64,
    offset: u64,
) -> Result<Vec<Suppression>, Error> {
    let order = match phase {
        Phase::Over => "COALESCE(u.ended_at, u.ends_at) DESC",
        Phase::Running | Phase::Coming => "u.ends_at",
    };
    let conditions = conditions(connection, phase);
    let sql = format!("{SELECT} WHERE {conditions} ORDER BY {order}, u.id LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    connection.query_all_raw(statement).await?.iter().map(suppression).collect()
}

/// How many are in a phase.
pub async fn count(connection: &impl Connection, phase: Phase, now: Micros) -> Result<u64, Error> {
    let sql = format!("SELECT COUNT(*) AS number FROM suppressions u WHERE {}", conditions(connection, phase));
    number(connection, sql, now).await
}

/// Those that are not over, of every agency: a number for a bound that all share, and not to be shown.
pub(super) async fn count_not_over(connection: &impl Connection, now: Micros) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS number FROM suppressions u WHERE COALESCE(u.ended_at, u.ends_at) > $1";
    number(connection, sql.to_owned(), now).await
}

async fn number(connection: &impl Connection, sql: String, now: Micros) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

/// One of them, [`Error::NotFound`] where the scope does not reach it.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Suppression, Error> {
    let sql = format!("{SELECT} WHERE u.id = $1 AND {}", connection.scope().agency_condition("u.agency_id"));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(suppression).transpose()?.ok_or(Error::NotFound)
}

/// What a suppression held back, in the scope: alerts, and matches in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    pub alerts: u64,
    pub matches: u64,
}

/// What these suppressions held back, by id.
pub async fn held(connection: &impl Connection, ids: &[String]) -> Result<HashMap<String, Held>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let values: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
    let places: Vec<_> = (1..=values.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT a.suppression_id, COUNT(*) AS alerts, CAST(SUM(a.count) AS BIGINT) AS matches FROM alerts a \
         WHERE a.suppression_id IN ({}) AND {} GROUP BY a.suppression_id",
        places.join(", "),
        connection.scope().agency_condition("a.agency_id")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut found = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let count = |name: &str| Ok::<_, Error>(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or(0));
        let held = Held { alerts: count("alerts")?, matches: count("matches")? };
        found.insert(row.try_get("", "suppression_id")?, held);
    }
    Ok(found)
}

/// The same of as many as there are.
pub async fn held_by(connection: &impl Connection, found: &[Suppression]) -> Result<HashMap<String, Held>, Error> {
    let mut by = HashMap::new();
    // As many ids as one statement takes.
    for chunk in found.chunks(200) {
        let ids: Vec<String> = chunk.iter().map(|one| one.id.clone()).collect();
        by.extend(held(connection, &ids).await?);
    }
    Ok(by)
}

/// All that end after a moment, for those who apply them.
pub(crate) async fn windows(connection: &impl Connection, after: Micros) -> Result<Vec<Arc<Window>>, Error> {
    let sql = format!("{SELECT} WHERE COALESCE(u.ended_at, u.ends_at) > $1 ORDER BY u.created_at, u.id");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [after.into()]);
    let mut windows = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let one = suppression(&row)?;
        windows.push(Arc::new(Window {
            id: one.id.as_str().into(),
            rule_id: one.rule_id,
            extent: extent_of(connection, one.reach, one.conditions).await?,
            starts_at: one.starts_at,
            ends_at: one.ended_at.unwrap_or(one.ends_at).min(one.ends_at),
        }));
    }
    Ok(windows)
}

pub(super) async fn insert(tx: &Tx<'_>, new: &Suppression) -> Result<(), Error> {
    let conditions = serde_json::to_string(&new.conditions).map_err(Error::internal)?;
    let (system_id, source_id) = match &new.reach {
        Reach::System(id) => (Some(id.clone()), None),
        Reach::Source(id) => (None, Some(id.clone())),
        Reach::Centre | Reach::Agency(_) => (None, None),
    };
    let sql = "INSERT INTO suppressions (id, kind, rule_id, agency_id, system_id, source_id, conditions, reason, starts_at, \
               ends_at, alert_id, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values: [Value; 13] = [
        new.id.as_str().into(),
        new.kind.code().into(),
        new.rule_id.clone().into(),
        new.agency_id.clone().into(),
        system_id.into(),
        source_id.into(),
        conditions.into(),
        new.reason.as_str().into(),
        new.starts_at.into(),
        new.ends_at.into(),
        new.alert_id.clone().into(),
        new.created_by.as_str().into(),
        new.created_at.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    tuning::count_on(tx).await
}

/// False where it is over already.
pub(super) async fn end(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<bool, Error> {
    let sql = "UPDATE suppressions SET ended_at = $2, ended_by = $3, end_reason = $4 \
               WHERE id = $1 AND ended_at IS NULL AND ends_at > $2";
    let values = [id.into(), now.into(), tx.scope().actor().id().into(), reason.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    tuning::count_on(tx).await?;
    Ok(done.rows_affected() > 0)
}

fn suppression(row: &QueryResult) -> Result<Suppression, Error> {
    let optional = |name: &str| row.try_get::<Option<String>>("", name);
    let agency_id = optional("agency_id")?;
    let created_by: String = row.try_get("", "created_by")?;
    let conditions: Vec<Condition> =
        serde_json::from_str(&row.try_get::<String>("", "conditions")?).map_err(Error::internal)?;
    Ok(Suppression {
        id: row.try_get("", "id")?,
        kind: Kind::from_code(&row.try_get::<String>("", "kind")?).unwrap_or(Kind::Other),
        rule_id: optional("rule_id")?,
        reach: Reach::of(optional("source_id")?, optional("system_id")?, agency_id.clone()),
        reach_name: optional("reach_name")?.unwrap_or_default(),
        agency_id,
        conditions,
        reason: row.try_get("", "reason")?,
        starts_at: row.try_get("", "starts_at")?,
        ends_at: row.try_get("", "ends_at")?,
        alert_id: optional("alert_id")?,
        created_by_name: optional("created_by_name")?.unwrap_or_else(|| created_by.clone()),
        created_by,
        created_at: row.try_get("", "created_at")?,
        ended_by_name: optional("ended_by_name")?,
        ended_at: row.try_get("", "ended_at")?,
        end_reason: optional("end_reason")?,
    })
}
