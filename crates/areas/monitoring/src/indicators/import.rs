//! Taking a file onto a list: what is new is added, what the list has is renewed, everything else is named with its
//! reason. The dry run is the same work, not committed.

use super::reading::Found;
use super::settings::SETTINGS;
use super::{List, Refused, identity, store};
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;

/// What a file does, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub added: u64,
    pub renewed: u64,
    /// All that was refused; the first of them are in `refused`.
    pub refused_total: u64,
    pub refused: Vec<Refused>,
}

/// Takes what was read onto a list.
pub async fn take(tx: &Tx<'_>, list: &List, read: Found, now: Micros) -> Result<Report, Error> {
    tx.scope().require(Capability::ManageRules)?;
    let held = store::identities(tx, &list.id).await?;
    let (wanted, mut refused) = once(read);
    let added = wanted.iter().filter(|one| !held.contains(&identity(&one.indicator))).count() as u64;
    if store::total(tx).await? + added > SETTINGS.most_indicators {
        return Err(Error::mistake("indicator-too-many", [("most", SETTINGS.most_indicators.to_string())]));
    }
    if !wanted.is_empty() {
        store::put(tx, list, &wanted, now).await?;
    }
    let report = Report {
        added,
        renewed: wanted.len() as u64 - added,
        refused_total: refused.len() as u64,
        refused: {
            refused.truncate(SETTINGS.refusals_named);
            refused
        },
    };
    let figures = json!({ "added": report.added, "renewed": report.renewed, "refused": report.refused_total });
    let details = json!({ "name": list.name, "done": figures });
    audit::record(tx, now, "indicator.import", "indicator-list", &list.id, None, details).await?;
    Ok(report)
}

/// Each indicator once: of several in a file the first holds.
fn once((wanted, mut refused): Found) -> Found {
    let mut seen = HashSet::with_capacity(wanted.len());
    let mut kept = Vec::with_capacity(wanted.len());
    for one in wanted {
        if seen.insert(identity(&one.indicator)) {
            kept.push(one);
        } else {
            refused.push(Refused { place: one.place, text: one.indicator.text().to_owned(), reason: "twice" });
        }
    }
    (kept, refused)
}
