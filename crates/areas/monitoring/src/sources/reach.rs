//! Which events a scope may read, as a set of sources.

use super::store::visible_ids;
use event_store::Sources;
use kit::{Connection, Error};
use organisation::audit::Touched;
use sea_orm::Statement;
use std::sync::Arc;

/// Resolved when asked: an event carries its source only, and whose a source is changes over time (`settled` 9).
pub async fn sources_in_scope(connection: &impl Connection) -> Result<Sources, Error> {
    Ok(match visible_ids(connection).await? {
        None => Sources::All,
        Some(ids) => Sources::Only(Arc::new(ids)),
    })
}

/// Agencies in scope that send anything today: those that a question over events may concern.
pub async fn agencies_in_scope(connection: &impl Connection) -> Result<Vec<String>, Error> {
    let condition = connection.scope().event_condition("agency_id");
    let sql = format!(
        "SELECT DISTINCT agency_id FROM source_assignments WHERE valid_to IS NULL AND {condition} ORDER BY agency_id"
    );
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "agency_id")?)).collect()
}

/// The same as what a question touched whose answer does not say whose events it is made of.
pub async fn touched_in_scope(connection: &impl Connection) -> Result<Touched, Error> {
    Ok(agencies_in_scope(connection).await?.into_iter().map(|agency| (agency, None)).collect())
}
