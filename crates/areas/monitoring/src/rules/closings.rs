//! What analysts said of a rule's alerts when they closed them, in the scope of who asks.

use crate::alerts::CloseReason;
use kit::clock::Micros;
use kit::{Connection, Error};
use sea_orm::{QueryResult, Statement};

/// One closed alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    pub alert_id: String,
    pub at: Micros,
    pub by_name: String,
    pub reason: Option<CloseReason>,
    pub note: String,
    pub entity: String,
}

/// The newest ones of a rule.
pub async fn of_rule(connection: &impl Connection, rule_id: &str, limit: u64) -> Result<Vec<Closing>, Error> {
    let sql = format!(
        "SELECT a.id, a.closed_at, a.closed_by, p.full_name AS by_name, a.close_reason, a.close_note, a.entity_value \
         FROM alerts a LEFT JOIN people p ON p.id = a.closed_by WHERE a.rule_id = $1 AND a.state = 'closed' \
         AND a.closed_at IS NOT NULL AND {} ORDER BY a.closed_at DESC, a.id DESC LIMIT {limit}",
        connection.scope().agency_condition("a.agency_id")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [rule_id.into()]);
    let closing = |row: &QueryResult| -> Result<Closing, Error> {
        let by: Option<String> = row.try_get("", "closed_by")?;
        let reason: Option<String> = row.try_get("", "close_reason")?;
        Ok(Closing {
            alert_id: row.try_get("", "id")?,
            at: row.try_get("", "closed_at")?,
            by_name: row.try_get::<Option<String>>("", "by_name")?.or(by).unwrap_or_default(),
            reason: reason.as_deref().and_then(CloseReason::from_code),
            note: row.try_get::<Option<String>>("", "close_note")?.unwrap_or_default(),
            entity: row.try_get("", "entity_value")?,
        })
    };
    connection.query_all_raw(statement).await?.iter().map(closing).collect()
}
