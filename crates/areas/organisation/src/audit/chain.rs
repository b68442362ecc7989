//! The chain: appending under the lock of the head row, and verifying row by row. A changed, removed, added
//! or reordered row breaks the hash of its place; a cut end disagrees with the head.

use super::{AuditEntry, store};
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;
use sha2::{Digest, Sha256};

/// First row that does not fit, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Broken {
    /// Sequence number at which the chain stops being whole.
    pub sequence: i64,
    pub reason: &'static str,
}

const PAGE: u64 = 2_000;

/// SHA-256 over the hash before and the row in a fixed order of fields. JSON strings are escaped, so no two
/// different rows give the same text.
fn hash(previous: &str, entry: &AuditEntry) -> String {
    let row = json!([
        entry.sequence,
        entry.at,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.agency_id,
        entry.origin,
        entry.details,
    ]);
    let mut digest = Sha256::new();
    digest.update(previous.as_bytes());
    digest.update(b"\n");
    digest.update(row.to_string().as_bytes());
    hex::encode(digest.finalize())
}

pub(super) async fn append(tx: &Tx<'_>, mut entry: AuditEntry) -> Result<(), Error> {
    let (sequence, previous) = store::take_head(tx).await?;
    entry.sequence = sequence;
    entry.hash = hash(&previous, &entry);
    store::set_head(tx, &entry.hash).await?;
    store::insert(tx, &entry).await
}

/// Walks the whole chain; `Ok(count)` where it is whole. Needs a scope over the whole centre, because rows of
/// other agencies are part of the chain.
pub async fn verify(connection: &impl Connection) -> Result<Result<u64, Broken>, Error> {
    connection.scope().require(Capability::ViewAudit)?;
    let (head_sequence, head_hash) = store::head(connection).await?;
    let mut previous = String::new();
    let mut expected = 1;
    loop {
        let page = store::after(connection, expected - 1, head_sequence, PAGE).await?;
        let full = page.len() as u64 == PAGE;
        for entry in page {
            if entry.sequence != expected {
                return Ok(Err(Broken { sequence: expected, reason: "row missing" }));
            }
            if hash(&previous, &entry) != entry.hash {
                return Ok(Err(Broken { sequence: expected, reason: "row changed, or one before it replaced" }));
            }
            previous = entry.hash;
            expected += 1;
        }
        if !full {
            break;
        }
    }
    if expected - 1 != head_sequence {
        return Ok(Err(Broken { sequence: expected, reason: "rows missing at the end" }));
    }
    if previous != head_hash {
        return Ok(Err(Broken { sequence: head_sequence, reason: "last row is not the one that was written last" }));
    }
    Ok(Ok(u64::try_from(head_sequence).unwrap_or_default()))
}
