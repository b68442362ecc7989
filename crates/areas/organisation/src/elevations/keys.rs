//! Rows that may leave by a key: with those of its maker and of all other keys of that person as many as the policy lets
//! everybody have, or what a second person has granted it for as long as it lasts.

use super::{Elevation, Standing, given, store};
use crate::policies::{EXPORT, KEY_ROWS, Policies};
use crate::{api_keys, audit};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use serde_json::json;

/// What a key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Rows within the window; 0: they are not added up.
    pub rows: u64,
    /// Length of the window.
    pub minutes: i64,
    /// Until when somebody has granted it to this key; nothing where it counts for its maker.
    pub granted_until: Option<Micros>,
}

/// Rows that have left within the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    pub by_key: u64,
    /// By its maker and all keys of that person, where they count together.
    pub together: Option<u64>,
}

/// What each of these keys has at `now`, in their order, by one question for all of them.
pub async fn allowances(
    connection: &impl Connection,
    policies: &Policies,
    keys: &[&str],
    now: Micros,
) -> Result<Vec<Allowance>, Error> {
    let everybody = policies.elevation.kind(EXPORT);
    let (rows, minutes) = everybody.map_or((0, 0), |kind| (kind.window_rows, kind.window_minutes));
    let granted = store::granted_to_keys(connection, None, now).await?;
    let of = |key: &&str| match granted.get(*key) {
        Some(grant) => Allowance { rows: grant.rows, minutes, granted_until: Some(grant.until) },
        None => Allowance { rows, minutes, granted_until: None },
    };
    Ok(keys.iter().map(of).collect())
}

/// Rows that have left by a key within the window before `now`, and what it shares with others.
pub async fn taken_by_key(
    connection: &impl Connection,
    policies: &Policies,
    key_id: &str,
    now: Micros,
) -> Result<Taken, Error> {
    let Some(kind) = policies.elevation.kind(EXPORT) else { return Ok(Taken::default()) };
    let by_key = given::given(connection, key_id, kind, now).await?;
    let is_granted = store::granted_to_keys(connection, Some(key_id), now).await?.contains_key(key_id);
    let maker = if is_granted { None } else { api_keys::maker_of(connection, key_id).await? };
    let together = match maker {
        Some(maker) => Some(given::given(connection, &maker, kind, now).await?),
        None => None,
    };
    Ok(Taken { by_key, together })
}

/// What waits or runs for a key, the newest first. Whoever looks must reach the key.
pub async fn asked_for_key(
    connection: &impl Connection,
    policies: &Policies,
    key_id: &str,
    now: Micros,
) -> Result<Vec<(Standing, Elevation)>, Error> {
    let asked = store::of_key(connection, key_id).await?.into_iter();
    let standing = asked.map(|one| (one.standing(&policies.elevation, now), one));
    Ok(standing.filter(|(standing, _)| matches!(standing, Standing::Waiting | Standing::Running)).collect())
}

/// Ends what runs for a key.
pub(super) async fn end_running(tx: &Tx<'_>, now: Micros, key_id: &str) -> Result<(), Error> {
    for (id, agency_id) in store::end_for_key(tx, key_id, now).await? {
        let details = json!({ "kind": KEY_ROWS, "subject": key_id });
        audit::record(tx, now, "elevation.end", "elevation", &id, Some(&agency_id), details).await?;
    }
    Ok(())
}

/// Ends what was granted to a key, and takes back what waits, since the key is no more.
pub(crate) async fn end_with_key(tx: &Tx<'_>, now: Micros, key_id: &str) -> Result<(), Error> {
    end_running(tx, now, key_id).await?;
    for (id, agency_id) in store::withdraw_for_key(tx, key_id).await? {
        let details = json!({ "kind": KEY_ROWS, "subject": key_id });
        audit::record(tx, now, "elevation.withdraw", "elevation", &id, Some(&agency_id), details).await?;
    }
    Ok(())
}
