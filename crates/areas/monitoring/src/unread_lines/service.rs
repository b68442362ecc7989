//! What people decide about lines that nothing reads: that they need not be read, or that they are to be after all.

use super::detail::DECIDE;
use super::{State, UnreadLine, store};
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Connection, Error, Tx};
use organisation::audit;
use serde_json::json;

const LONGEST_REASON: usize = 500;

/// Takes lines off the queue; they are counted on.
pub async fn ignore(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<UnreadLine, Error> {
    let mut faults = FieldFaults::default();
    let reason = faults.required_lines("reason", reason, LONGEST_REASON);
    faults.into_result()?;
    decide(tx, id, State::Ignored, &reason, now).await
}

/// Puts them on it again.
pub async fn reopen(tx: &Tx<'_>, id: &str, now: Micros) -> Result<UnreadLine, Error> {
    decide(tx, id, State::New, "", now).await
}

async fn decide(tx: &Tx<'_>, id: &str, state: State, reason: &str, now: Micros) -> Result<UnreadLine, Error> {
    DECIDE.allows(Some(tx.scope()))?;
    let before = store::find(tx, id).await?;
    if before.state == state {
        return Ok(before);
    }
    store::decide(tx, id, state, reason, now).await?;
    let details = json!({ "before": before.state.code(), "after": state.code(), "reason": reason });
    audit::record(tx, now, "unread-line.decide", "unread-line", id, before.agency_id.as_deref(), details).await?;
    store::find(tx, id).await
}
