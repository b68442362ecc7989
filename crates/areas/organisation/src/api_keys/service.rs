//! Making and revoking keys.

use super::store;
use crate::policies::Policies;
use crate::sign_in::{self, KEY_PREFIX};
use crate::{agencies, audit, elevations};
use ipnet::IpNet;
use kit::clock::Micros;
use kit::error::unfit;
use kit::id::new_id;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;
use std::net::IpAddr;

/// What makes a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for: "rsyslog at the portal".
    pub name: String,
    pub agency_id: String,
    /// Source that everything sent with it belongs to; checked by whoever knows sources.
    pub source_id: Option<String>,
    pub capabilities: Vec<Capability>,
    /// `None`: as late as the policy lets.
    pub expires_at: Option<Micros>,
    /// Networks (`10.1.2.0/24`) or addresses it may be used from; empty: anywhere.
    pub networks: String,
}

/// Makes a key; returns its identifier and the key itself, which nobody will see again. A key sends events, or
/// does what its maker may do, and nothing more.
pub async fn create(tx: &Tx<'_>, now: Micros, mut new: NewKey) -> Result<(String, String), Error> {
    let scope = tx.scope();
    scope.require(Capability::ManageSources)?;
    let mut faults = FieldFaults::default();
    new.name = faults.required_line("name", &new.name, 200);
    if new.capabilities.is_empty() {
        faults.add("capabilities", "field-required");
    }
    match networks(&new.networks) {
        Some(networks) => new.networks = networks,
        None => faults.add("networks", "key-networks-wrong"),
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        faults.add("expires_at", "key-ends-in-the-past");
    }
    let latest = now + Policies::in_force()?.session.api_key.longest();
    if new.expires_at.is_some_and(|end| end > latest) {
        faults.add("expires_at", "key-ends-too-late");
    }
    new.expires_at = new.expires_at.or(Some(latest));
    if !agencies::in_reach(tx, &new.agency_id).await? {
        faults.add("agency_id", unfit(&new.agency_id));
    }
    faults.into_result()?;
    let beyond = new.capabilities.iter().find(|one| **one != Capability::IngestEvents && !scope.may(**one));
    if let Some(capability) = beyond {
        return Err(Error::Forbidden(capability.name()));
    }
    new.capabilities.sort();
    new.capabilities.dedup();
    let capabilities: Vec<_> = new.capabilities.iter().map(|capability| capability.name()).collect();
    let (id, key) = (new_id(now), format!("{KEY_PREFIX}{}", sign_in::secret()?));
    store::insert(tx, &id, &key, &new, &capabilities.join(" "), now).await?;
    let details = json!({ "name": new.name, "capabilities": capabilities, "source": new.source_id, "networks": new.networks,
                          "expires_at": new.expires_at });
    audit::record(tx, now, "api-key.create", "api-key", &id, Some(&new.agency_id), details).await?;
    Ok((id, key))
}

/// Networks as they are kept, of what was typed with blanks, commas or line ends between; an address is a network of
/// its own.
fn networks(typed: &str) -> Option<String> {
    let words = typed.split([' ', ',', ';', '\n', '\r', '\t']).filter(|word| !word.is_empty());
    let networks: Option<Vec<_>> = words
        .map(|word| {
            let network = word.parse::<IpNet>().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from));
            network.map(|network| network.trunc().to_string())
        })
        .collect();
    networks.map(|networks| networks.join(" "))
}

/// Until when a key in scope may be used; nothing for one that is revoked or over. One made before keys had to end counts as
/// made now.
pub(crate) async fn open_until(connection: &impl Connection, id: &str, now: Micros) -> Result<Option<Micros>, Error> {
    let latest = now + Policies::in_force()?.session.api_key.longest();
    let key = store::in_scope(connection, id).await?.filter(|key| key.is_valid_at(now));
    Ok(key.map(|key| key.expires_at.unwrap_or(latest)))
}

/// Takes a key out of use at once, with what was granted to it.
pub async fn revoke(tx: &Tx<'_>, now: Micros, id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let key = store::find(tx, id).await?;
    if key.revoked_at.is_some() {
        return Err(Error::Conflict("key-revoked-already"));
    }
    store::set_revoked(tx, id, now).await?;
    elevations::end_with_key(tx, now, id).await?;
    audit::record(tx, now, "api-key.revoke", "api-key", id, Some(&key.agency_id), json!({ "name": key.name })).await
}
