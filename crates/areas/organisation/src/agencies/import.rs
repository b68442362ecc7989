//! Many agencies at once that a program has made, parents in any order. All or nothing.

use super::{Agency, NewAgency, service, store};
use crate::audit;
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;

/// Adds agencies whose code is not there yet; existing ones are left as they are. Returns what was added.
/// An unknown parent, a circle or a wrong field refuses the whole.
pub async fn import_agencies(tx: &Tx<'_>, now: Micros, agencies: Vec<NewAgency>) -> Result<Vec<Agency>, Error> {
    tx.scope().require(Capability::Administer)?;
    let mut waiting = Vec::new();
    for agency in agencies {
        if store::by_code(tx, &agency.code).await?.is_none() {
            waiting.push(agency);
        }
    }
    let mut added = Vec::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for agency in waiting {
            let parent_is_there =
                agency.parent_code.is_empty() || store::by_code(tx, &agency.parent_code).await?.is_some();
            if parent_is_there {
                added.push(service::insert(tx, now, agency, now).await?);
            } else {
                later.push(agency);
            }
        }
        if later.len() == before {
            let codes: Vec<_> = later.iter().take(5).map(|agency| agency.code.as_str()).collect();
            return Err(Error::BadRequest(format!("no such parent, or a circle, at: {}", codes.join(", "))));
        }
        waiting = later;
    }
    if !added.is_empty() {
        let codes: Vec<_> = added.iter().map(|agency| agency.code.as_str()).collect();
        let root = store::root(tx).await?.map(|root| root.id).unwrap_or_default();
        let details = json!({ "count": added.len(), "codes": codes });
        audit::record(tx, now, "agency.import", "agency", &root, Some(&root), details).await?;
    }
    Ok(added)
}
