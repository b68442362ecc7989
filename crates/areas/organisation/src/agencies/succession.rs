//! Who became what: a commune merged into another, divided among several, a department joined to another. What ended
//! hangs below its first successor, so that whoever answers for the successor reaches the old records too.

use super::{merger, store};
use crate::audit;
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde_json::json;

/// The other end of a succession.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Succession {
    pub agency_id: String,
    /// Name of the other agency, whatever the scope.
    pub agency_name: String,
    /// Whether the scope reaches it.
    pub reachable: bool,
    pub at: Micros,
    /// Document that says so; empty where nobody named it.
    pub basis: String,
}

async fn ends(connection: &impl Connection, id: &str, own: &str, other: &str) -> Result<Vec<Succession>, Error> {
    let sql = format!(
        "SELECT agencies.id AS agency_id, agencies.name AS agency_name, ({}) AS reachable, agency_successions.at, \
         agency_successions.basis FROM agency_successions JOIN agencies ON agencies.id = agency_successions.{other} \
         WHERE agency_successions.{own} = $1 ORDER BY agency_successions.at, agencies.name_sort, agencies.id",
        connection.scope().agency_condition("agencies.id")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    Ok(Succession::find_by_statement(statement).all(connection).await?)
}

/// What an agency in scope became.
pub async fn became(connection: &impl Connection, id: &str) -> Result<Vec<Succession>, Error> {
    store::require_in_scope(connection, id).await?;
    ends(connection, id, "from_id", "to_id").await
}

/// What an agency in scope came from.
pub async fn came_from(connection: &impl Connection, id: &str) -> Result<Vec<Succession>, Error> {
    store::require_in_scope(connection, id).await?;
    ends(connection, id, "to_id", "from_id").await
}

/// Ends `id` at `at` because it became (part of) `into_id`. Its living subordinates go over to the successor, it hangs
/// itself below the first one. Called again with another successor it says that the agency was divided.
pub async fn become_part_of(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    into_id: &str,
    at: Micros,
    basis: &str,
) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = store::find(tx, id).await?;
    let into = store::find(tx, into_id).await?;
    let mut faults = FieldFaults::default();
    let basis = faults.line("basis", basis, super::service::LONGEST);
    faults.into_result()?;
    if at > now {
        return Err(Error::invalid("at", "agency-became-when-wrong"));
    }
    let before = merger::require(tx, now, &agency, &into, at).await?;
    let mut moved = Vec::new();
    if before.is_empty() {
        for child in store::children(tx, id, now).await? {
            store::set_parent(tx, &child.id, into_id, now).await?;
            moved.push(child.code);
        }
        store::set_end(tx, id, Some(at), now).await?;
        if agency.parent_id.as_deref() != Some(into_id) {
            store::set_parent(tx, id, into_id, now).await?;
        }
    }
    let sql = "INSERT INTO agency_successions (from_id, to_id, at, basis, recorded_at) VALUES ($1,$2,$3,$4,$5)";
    let values = vec![id.into(), into_id.into(), at.into(), basis.as_str().into(), now.into()];
    execute(tx, sql, values).await?;
    let details = json!({
        "into": into.code, "at": at, "basis": basis, "before": { "parent": agency.parent_id, "valid_to": agency.valid_to },
        "moved": moved,
    });
    audit::record(tx, now, "agency.become", "agency", id, Some(id), details).await
}

/// An agency that is brought back became nothing. It stays where it hangs until somebody moves it.
pub(super) async fn forget(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM agency_successions WHERE from_id = $1", vec![id.into()]).await
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}
