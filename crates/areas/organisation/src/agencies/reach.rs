//! Whether an agency that somebody names is one that they reach. Every form asks it here, and every form answers alike: an
//! agency beyond reach is told apart from none by nobody.

use super::store;
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
