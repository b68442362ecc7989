//! Rows of decisions about rules. They hold for the whole centre, so whoever sees rules sees them.

use super::{Decision, Decisions, RuleState};
use crate::rules::tuning;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement};

/// All of them.
pub async fn all(connection: &impl Connection) -> Result<Decisions, Error> {
    let sql = "SELECT s.rule_id, s.state, s.reason, s.changed_by, p.full_name AS by_name, s.changed_at \
               FROM rule_states s LEFT JOIN people p ON p.id = s.changed_by";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let decision = |row: &sea_orm::QueryResult| -> Result<(String, Decision), Error> {
        let rule_id: String = row.try_get("", "rule_id")?;
        let by: String = row.try_get("", "changed_by")?;
        let decision = Decision {
            rule_id: rule_id.clone(),
            state: RuleState::from_code(&row.try_get::<String>("", "state")?).unwrap_or_default(),
            reason: row.try_get("", "reason")?,
            by_name: row.try_get::<Option<String>>("", "by_name")?.unwrap_or_else(|| by.clone()),
            by,
            at: row.try_get("", "changed_at")?,
        };
        Ok((rule_id, decision))
    };
    Ok(Decisions(rows.iter().map(decision).collect::<Result<_, _>>()?))
}

pub(super) async fn save(tx: &Tx<'_>, rule_id: &str, state: RuleState, reason: &str, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO rule_states (rule_id, state, reason, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (rule_id) DO UPDATE SET state = excluded.state, reason = excluded.reason, \
               changed_by = excluded.changed_by, changed_at = excluded.changed_at";
    let by = tx.scope().actor().id();
    let values = [rule_id.into(), state.code().into(), reason.into(), by.into(), now.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    tuning::count_on(tx).await
}
