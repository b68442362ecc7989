//! Rows of exceptions. Those of an agency are seen by who reaches it, those of the whole centre by who sees all of it.

use super::{Condition, Extent, InForce, Reach, RuleException};
use crate::rules::tuning;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::{BTreeSet, HashMap};

const SELECT: &str = "SELECT e.id, e.rule_id, e.agency_id, e.system_id, e.source_id, e.conditions, e.reason, e.expires_at, \
    e.alert_id, e.created_by, c.full_name AS created_by_name, e.created_at, e.removed_at, r.full_name AS removed_by_name, \
    e.removed_reason, COALESCE(o.name, s.name, g.name) AS reach_name FROM rule_exceptions e \
    LEFT JOIN people c ON c.id = e.created_by LEFT JOIN people r ON r.id = e.removed_by \
    LEFT JOIN sources o ON o.id = e.source_id LEFT JOIN systems s ON s.id = e.system_id \
    LEFT JOIN agencies g ON g.id = e.agency_id";

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub rule_id: Option<String>,
    /// In force at this moment, or no longer in force then.
    pub in_force: Option<(bool, Micros)>,
}

impl Filter {
    fn conditions(&self, connection: &impl Connection, values: &mut Vec<Value>) -> String {
        let mut conditions = vec![connection.scope().agency_condition("e.agency_id")];
        if let Some(rule_id) = &self.rule_id {
            values.push(rule_id.as_str().into());
            conditions.push(format!("e.rule_id = ${}", values.len()));
        }
        if let Some((in_force, at)) = self.in_force {
            values.push(at.into());
            let holds = format!("e.removed_at IS NULL AND e.expires_at > ${}", values.len());
            conditions.push(if in_force { holds } else { format!("NOT ({holds})") });
        }
        conditions.join(" AND ")
    }
}

/// Those that pass, the one that ends first on top.
pub async fn list(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<RuleException>, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let sql = format!("{SELECT} WHERE {conditions} ORDER BY e.expires_at, e.id LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(exception).collect()
}

/// How many pass.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let sql = format!("SELECT COUNT(*) AS number FROM rule_exceptions e WHERE {conditions}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

/// Exceptions of a rule in force, of every agency: a number for a bound that all share, and not to be shown.
pub(super) async fn count_in_force(connection: &impl Connection, rule_id: &str, now: Micros) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS number FROM rule_exceptions \
               WHERE rule_id = $1 AND removed_at IS NULL AND expires_at > $2";
    let values = [rule_id.into(), now.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

/// One of them, [`Error::NotFound`] where the scope does not reach it.
pub async fn find(connection: &impl Connection, id: &str) -> Result<RuleException, Error> {
    let sql = format!("{SELECT} WHERE e.id = $1 AND {}", connection.scope().agency_condition("e.agency_id"));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(exception).transpose()?.ok_or(Error::NotFound)
}

/// All that end after a moment, by rule, for the pipeline.
pub(in crate::rules) async fn in_force(
    connection: &impl Connection,
    after: Micros,
) -> Result<HashMap<String, Vec<InForce>>, Error> {
    let sql = format!("{SELECT} WHERE e.removed_at IS NULL AND e.expires_at > $1 ORDER BY e.id");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [after.into()]);
    let mut found: HashMap<String, Vec<InForce>> = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let exception = exception(&row)?;
        let one = InForce { extent: extent(connection, &exception).await?, expires_at: exception.expires_at };
        found.entry(exception.rule_id).or_default().push(one);
    }
    Ok(found)
}

/// An exception that was in force at some time, with what it leaves out.
pub(in crate::rules) struct Dated {
    pub(in crate::rules) exception: RuleException,
    pub(in crate::rules) extent: Extent,
    /// Whoever asks may read it; that there is one is said all the same, or an answer would be wrong.
    pub(in crate::rules) is_visible: bool,
}

/// Exceptions of a rule that were in force at a moment or later.
pub(in crate::rules) async fn in_force_since(
    connection: &impl Connection,
    rule_id: &str,
    since: Micros,
) -> Result<Vec<Dated>, Error> {
    let scope = connection.scope().agency_condition("e.agency_id");
    let select = SELECT.replacen(
        "SELECT ",
        &format!("SELECT CAST(CASE WHEN {scope} THEN 1 ELSE 0 END AS BIGINT) AS visible, "),
        1,
    );
    let sql = format!(
        "{select} WHERE e.rule_id = $1 AND e.expires_at > $2 AND (e.removed_at IS NULL OR e.removed_at > $2) \
         ORDER BY e.created_at, e.id"
    );
    let values = [rule_id.into(), since.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut found = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let exception = exception(&row)?;
        let extent = extent(connection, &exception).await?;
        found.push(Dated { exception, extent, is_visible: row.try_get::<i64>("", "visible")? == 1 });
    }
    Ok(found)
}

async fn extent(connection: &impl Connection, exception: &RuleException) -> Result<Extent, Error> {
    super::service::extent_of(connection, exception.reach.clone(), exception.conditions.clone()).await
}

/// An agency and everything below it.
pub(super) async fn below(connection: &impl Connection, agency_id: &str) -> Result<BTreeSet<String>, Error> {
    let sql = "SELECT descendant_id FROM agency_closure WHERE ancestor_id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [agency_id.into()]);
    let rows = connection.query_all_raw(statement).await?;
    let id = |row: &QueryResult| -> Result<String, Error> { Ok(row.try_get("", "descendant_id")?) };
    rows.iter().map(id).chain([Ok(agency_id.to_owned())]).collect()
}

pub(super) async fn insert(tx: &Tx<'_>, new: &RuleException) -> Result<(), Error> {
    let conditions = serde_json::to_string(&new.conditions).map_err(Error::internal)?;
    let (system_id, source_id) = match &new.reach {
        Reach::System(id) => (Some(id.clone()), None),
        Reach::Source(id) => (None, Some(id.clone())),
        Reach::Centre | Reach::Agency(_) => (None, None),
    };
    let sql = "INSERT INTO rule_exceptions (id, rule_id, agency_id, system_id, source_id, conditions, reason, expires_at, \
               alert_id, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values: [Value; 11] = [
        new.id.as_str().into(),
        new.rule_id.as_str().into(),
        new.agency_id.clone().into(),
        system_id.into(),
        source_id.into(),
        conditions.into(),
        new.reason.as_str().into(),
        new.expires_at.into(),
        new.alert_id.clone().into(),
        new.created_by.as_str().into(),
        new.created_at.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    tuning::count_on(tx).await
}

/// False where somebody was faster.
pub(super) async fn remove(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<bool, Error> {
    let sql = "UPDATE rule_exceptions SET removed_at = $2, removed_by = $3, removed_reason = $4 \
               WHERE id = $1 AND removed_at IS NULL";
    let values = [id.into(), now.into(), tx.scope().actor().id().into(), reason.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    tuning::count_on(tx).await?;
    Ok(done.rows_affected() > 0)
}

fn exception(row: &QueryResult) -> Result<RuleException, Error> {
    let optional = |name: &str| row.try_get::<Option<String>>("", name);
    let agency_id = optional("agency_id")?;
    let reach = Reach::of(optional("source_id")?, optional("system_id")?, agency_id.clone());
    let created_by: String = row.try_get("", "created_by")?;
    let conditions: Vec<Condition> =
        serde_json::from_str(&row.try_get::<String>("", "conditions")?).map_err(Error::internal)?;
    Ok(RuleException {
        id: row.try_get("", "id")?,
        rule_id: row.try_get("", "rule_id")?,
        reach,
        reach_name: optional("reach_name")?.unwrap_or_default(),
        agency_id,
        conditions,
        reason: row.try_get("", "reason")?,
        expires_at: row.try_get("", "expires_at")?,
        alert_id: optional("alert_id")?,
        created_by_name: optional("created_by_name")?.unwrap_or_else(|| created_by.clone()),
        created_by,
        created_at: row.try_get("", "created_at")?,
        removed_at: row.try_get("", "removed_at")?,
        removed_by_name: optional("removed_by_name")?,
        removed_reason: optional("removed_reason")?,
    })
}
