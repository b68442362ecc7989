//! Whether an agency that somebody names is one that they reach. Every form asks it here, and every form answers alike: an
//! agency beyond reach is told apart from none by nobody.

use super::store;
use kit::clock::Micros;
use kit::{Connection, Error};

/// Whether the scope reaches the agency.
pub async fn in_reach(connection: &impl Connection, id: &str) -> Result<bool, Error> {
    match store::find(connection, id).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Refuses what a field names unless the scope reaches it.
pub async fn require_named(connection: &impl Connection, field: &'static str, id: &str) -> Result<(), Error> {
    if in_reach(connection, id).await? { Ok(()) } else { Err(Error::unfit(field, id)) }
}

/// Refuses what a field names for something new, unless the scope reaches the agency and it has not ended at `now`.
pub async fn require_open(
    connection: &impl Connection,
    now: Micros,
    field: &'static str,
    id: &str,
) -> Result<(), Error> {
    match store::find(connection, id).await {
        Ok(agency) if agency.has_ended(now) => Err(Error::invalid(field, "agency-ended")),
        Ok(_) => Ok(()),
        Err(Error::NotFound) => Err(Error::unfit(field, id)),
        Err(error) => Err(error),
    }
}
