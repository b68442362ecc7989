//! What can be decided of a system's way, in the caller's scope and transaction.

use super::{NewMove, SystemMove, store};
use crate::systems;
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde_json::json;

/// Decides what becomes of a system, or how far that has come. The form carries the version it was built on.
pub async fn decide(tx: &Tx<'_>, system_id: &str, new: &NewMove, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let before = store::find(tx, system_id).await?;
    if systems::store::find(tx, system_id).await?.secret {
        return Err(Error::Conflict("inventory-of-secret"));
    }
    let checked = new.checked(now, before.into_out_of_reach)?;
    let into = into(tx, &before, &checked.into_code, checked.into_words.is_empty()).await?;
    if into.as_deref() == Some(system_id) {
        return Err(Error::invalid("into_code", "consolidation-into-itself"));
    }
    let into = into.filter(|_| checked.way == super::Way::Merge);
    if new.version != before.version
        || !store::put(tx, system_id, &checked, into.as_deref(), (new.version, now)).await?
    {
        return Err(Error::Conflict("consolidation-changed-meanwhile"));
    }
    let after = store::find(tx, system_id).await?;
    let details = json!({ "code": before.code, "before": said(&before), "after": said(&after) });
    audit::record(tx, now, "system.consolidate", "system", system_id, Some(&before.agency_id), details).await
}

/// The system that a code names. One that the asker does not reach is told apart from none by nobody; one that is named
/// already and is out of reach stays where nothing else is named.
async fn into(tx: &Tx<'_>, before: &SystemMove, code: &str, no_words: bool) -> Result<Option<String>, Error> {
    if code.is_empty() {
        return if before.into_out_of_reach && no_words {
            store::into_id(tx, &before.system_id).await
        } else {
            Ok(None)
        };
    }
    let found = systems::store::by_code(tx, code).await?;
    found.map(|system| Some(system.id)).ok_or_else(|| Error::invalid("into_code", "inventory-no-such-system"))
}

fn said(one: &SystemMove) -> serde_json::Value {
    json!({
        "way": one.way, "into": one.into_code, "into_words": one.into_words, "wave": one.wave, "due": one.due,
        "done_at": one.done_at, "blocker": one.blocker, "notes": one.notes,
    })
}
