//! The chain: the hash of a row, and appending under the lock of the head row.

use super::{AuditEntry, store};
use kit::{Error, Tx};
use serde_json::json;
use sha2::{Digest, Sha256};

/// SHA-256 over the hash before and the row in a fixed order of fields. JSON strings are escaped, so no two
/// different rows give the same text. Rows from before there was `on_behalf_of` have none and end without it.
pub(super) fn hash(previous: &str, entry: &AuditEntry) -> String {
    let mut row = json!([
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
    if let (false, Some(fields)) = (entry.on_behalf_of.is_empty(), row.as_array_mut()) {
        fields.push(entry.on_behalf_of.as_str().into());
    }
    let mut digest = Sha256::new();
    digest.update(previous.as_bytes());
    digest.update(b"\n");
    digest.update(row.to_string().as_bytes());
    hex::encode(digest.finalize())
}

/// Appends and returns the number of the row.
pub(super) async fn append(tx: &Tx<'_>, mut entry: AuditEntry) -> Result<i64, Error> {
    let (sequence, previous) = store::take_head(tx).await?;
    entry.sequence = sequence;
    entry.hash = hash(&previous, &entry);
    store::set_head(tx, &entry.hash).await?;
    store::insert(tx, &entry).await?;
    Ok(sequence)
}
