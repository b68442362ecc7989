//! Taking a file onto a list: what is new is added, what the list has is renewed, everything else is named with its
//! reason. The dry run is the same work, not committed.

use super::reading::Found;
use super::settings::IndicatorSettings;
use super::{List, Refused, store};
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Serialize;
use serde_json::json;

/// What a file does, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub added: u64,
    pub renewed: u64,
    /// Taken off, since their publisher withdrew them.
    pub revoked: u64,
    /// All that was refused; the first of them are in `refused`.
    pub refused_total: u64,
    pub refused: Vec<Refused>,
}

/// Takes what was read onto a list. Where it fails nothing may be committed.
pub async fn take(
    tx: &Tx<'_>,
    settings: &IndicatorSettings,
    list: &List,
    read: Found,
    now: Micros,
) -> Result<Report, Error> {
    tx.scope().require(Capability::ManageRules)?;
    let Found { wanted, revoked, refused, refused_total } = read;
    let gone = store::withdraw(tx, &list.id, &revoked).await?;
    let before = store::on_list(tx, &list.id).await?;
    if !wanted.is_empty() {
        store::put(tx, list, &wanted, now).await?;
    }
    if store::total(tx).await? > settings.most_indicators {
        return Err(Error::mistake("indicator-too-many", [("most", settings.most_indicators.to_string())]));
    }
    let added = store::on_list(tx, &list.id).await?.saturating_sub(before);
    let renewed = (wanted.len() as u64).saturating_sub(added);
    let revoked = gone.len() as u64;
    if revoked > 0 {
        let named: Vec<&String> = gone.iter().take(settings.refusals_named).collect();
        let details = json!({ "name": list.name, "revoked": revoked, "indicators": named });
        audit::record(tx, now, "indicator.revoke", "indicator-list", &list.id, None, details).await?;
    }
    let figures = json!({ "added": added, "renewed": renewed, "revoked": revoked, "refused": refused_total });
    let details = json!({ "name": list.name, "done": figures });
    audit::record(tx, now, "indicator.import", "indicator-list", &list.id, None, details).await?;
    Ok(Report { added, renewed, revoked, refused_total, refused })
}
