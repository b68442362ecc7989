//! The keys of sealed fields in the hands of the registers. At every opening, what stands in plain (from before there was
//! a key) or is sealed with an older key is sealed with the first one.

use crate::centre::areas;
use crate::configuration::Configuration;
use crate::keys::key_ring;
use anyhow::Result;
use kit::clock::Micros;
use kit::sealed::{Resealed, SealedColumn, examine, reseal};
use kit::{Db, Error, Scope};
use std::path::Path;

/// All columns that are sealed.
pub(crate) fn columns() -> Vec<SealedColumn> {
    areas().into_iter().flat_map(|area| area.sealed).collect()
}

/// Sealed texts, and how many of them no key at hand opens.
pub(crate) async fn examine_all(db: &Db) -> Result<(u64, u64), Error> {
    let scope = Scope::service("seal");
    let (mut sealed, mut unreadable) = (0, 0);
    for column in columns() {
        let (all, lost) = examine(&db.scoped(&scope).read(), &column).await?;
        sealed += all;
        unreadable += lost;
    }
    Ok((sealed, unreadable))
}

/// The registers with their keys, and what was sealed anew.
pub(crate) async fn with_keys(
    db: Db,
    data: &Path,
    configuration: &Configuration,
    now: Micros,
) -> Result<(Db, Resealed)> {
    let (sealed, _) = examine_all(&db).await?;
    let keys = key_ring(data, &configuration.secrets, sealed > 0)?;
    let first = keys.names().next().unwrap_or_default().to_owned();
    let db = db.sealing_with(keys);
    let scope = Scope::service("seal");
    let mut all = Resealed::default();
    for column in columns() {
        let done = reseal(&db, &scope, &column).await?;
        all.sealed += done.sealed;
        all.unreadable += done.unreadable;
    }
    if all.unreadable > 0 {
        tracing::warn!(texts = all.unreadable, "sealed texts cannot be opened: their key is not at hand");
    }
    if all.sealed > 0 {
        let tx = db.scoped(&scope).begin().await?;
        let details = serde_json::json!({ "sealed": all.sealed, "unreadable": all.unreadable, "key": first });
        organisation::audit::record(&tx, now, "keys.seal", "keys", &first, None, details).await?;
        tx.commit().await?;
    }
    Ok((db, all))
}
