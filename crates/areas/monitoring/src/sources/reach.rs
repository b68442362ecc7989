//! Which events a scope may read, as a set of sources.

use super::store::visible_ids;
use event_store::Sources;
use kit::{Connection, Error};
use std::sync::Arc;

/// Resolved when asked: an event carries its source only, and whose a source is changes over time (`settled` 9).
pub async fn sources_in_scope(connection: &impl Connection) -> Result<Sources, Error> {
    Ok(match visible_ids(connection).await? {
        None => Sources::All,
        Some(ids) => Sources::Only(Arc::new(ids)),
    })
}
