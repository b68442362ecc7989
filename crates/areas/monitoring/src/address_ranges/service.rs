//! What can be done with address ranges: keep one under its name, let one go. It holds within seconds for what arrives
//! from then on; what was stored is as it was.

use super::store::{self, TABLE};
use super::{AddressRange, Kind, identity};
use crate::enrichment::kept_for;
use crate::rules::settings::EnrichmentSettings;
use crate::sources::resolver;
use ipnet::IpNet;
use kit::clock::Micros;
use kit::error::unfit;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Deserialize;
use serde_json::{Value, json};

const LONGEST_NAME: usize = 120;
const LONGEST_NOTE: usize = 500;

/// What a form or a line of a table gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RangeInput {
    /// `10.1.0.0/16` or one address.
    pub network: String,
    pub name: String,
    pub kind: String,
    /// Empty for the whole centre.
    pub agency_id: String,
    pub note: String,
}

/// A range as it is kept now, and as it was where it was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub before: Option<AddressRange>,
    pub after: AddressRange,
}

/// Keeps a range: a new one, or another name for the network of the same agency.
pub async fn keep(tx: &Tx<'_>, settings: &EnrichmentSettings, input: &RangeInput, now: Micros) -> Result<Kept, Error> {
    tx.scope().require(Capability::ManageSources)?;
    let mut faults = FieldFaults::default();
    let network = network(&input.network);
    if let Err(key) = network {
        faults.add("network", key);
    }
    let name = faults.required_line("name", &input.name, LONGEST_NAME);
    let kind = Kind::from_code(input.kind.trim());
    if kind.is_none() {
        faults.add("kind", unfit(&input.kind));
    }
    let note = faults.line("note", &input.note, LONGEST_NOTE);
    let agency_id = kept_for(tx, &input.agency_id, &mut faults).await?;
    faults.into_result()?;
    let network = network.map_err(|key| Error::invalid("network", key))?;
    let id = identity(&network, agency_id.as_deref());
    let before = TABLE.by_id(tx, &id).await?;
    if before.is_none() && TABLE.total(tx).await? >= settings.most_ranges {
        return Err(Error::Conflict("address-range-too-many"));
    }
    let wanted = AddressRange {
        id: id.clone(),
        network,
        name,
        kind: kind.unwrap_or_default(),
        agency_id,
        note,
        ..Default::default()
    };
    if let Some(before) = before.clone()
        && (&before.name, before.kind, &before.note) == (&wanted.name, wanted.kind, &wanted.note)
    {
        return Ok(Kept { after: before.clone(), before: Some(before) });
    }
    store::save(tx, &wanted, now).await?;
    let after = TABLE.find(tx, &id).await?;
    let details = json!({ "before": before.as_ref().map(told), "after": told(&after) });
    audit::record(tx, now, "address-range.keep", "address-range", &id, after.agency_id.as_deref(), details).await?;
    Ok(Kept { before, after })
}

/// Lets a range go.
pub async fn delete(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let range = TABLE.find(tx, id).await?;
    TABLE.delete(tx, id).await?;
    let details = json!({ "before": told(&range) });
    audit::record(tx, now, "address-range.delete", "address-range", id, range.agency_id.as_deref(), details).await
}

fn told(range: &AddressRange) -> Value {
    json!({ "network": range.network.to_string(), "name": range.name, "kind": range.kind.code(), "note": range.note })
}

/// A network in its shortest form, or the key of what is wrong. One that holds every address names none.
fn network(text: &str) -> Result<IpNet, &'static str> {
    let network = resolver::network(text).ok_or_else(|| match unfit(text) {
        "field-invalid" => "source-network-invalid",
        missing => missing,
    })?;
    match network.prefix_len() {
        0 => Err("address-range-everything"),
        _ => Ok(network.trunc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_form() {
        assert_eq!(network(" 10.1.2.3/16 "), network("10.1.0.0/16"));
        assert_eq!(network("10.1.2.3").map(|network| network.to_string()), Ok("10.1.2.3/32".to_owned()));
        assert_eq!(network("::/0"), Err("address-range-everything"));
        assert_eq!(network("10.1.2"), Err("source-network-invalid"));
        assert_eq!(network(" "), Err("field-required"));
    }
}
