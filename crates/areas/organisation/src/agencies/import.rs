//! Many agencies at once, from TOML (`[[agency]]`) or CSV, parents in any order. All or nothing.

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
                added.push(service::insert(tx, now, agency).await?);
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

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    agency: Vec<NewAgency>,
}

/// Reads `[[agency]]` tables.
pub fn read_toml(text: &str) -> Result<Vec<NewAgency>, Error> {
    toml::from_str::<File>(text).map(|file| file.agency).map_err(|error| Error::BadRequest(error.to_string()))
}

/// Reads CSV (RFC 4180) with a head line naming `code`, `name`, `kind` and, in any order, `parent_code`,
/// `address`, `phone`, `email`, `duty_hours`.
pub fn read_csv(text: &str) -> Result<Vec<NewAgency>, Error> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.deserialize::<NewAgency>().map(|row| row.map_err(|error| Error::BadRequest(error.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_give_the_same_agencies() {
        let toml = "[[agency]]\ncode = 'SYT'\nname = 'Sở Y tế'\nkind = 'department'\n";
        let csv = "\u{feff}code,name,kind,parent_code\nSYT,\"Sở Y tế\",department,\n";
        assert_eq!(read_toml(toml).unwrap(), read_csv(csv).unwrap());
    }

    #[test]
    fn an_unknown_column_is_named() {
        let error = read_csv("code,name,kind,colour\nA,B,department,red\n").unwrap_err();
        assert!(error.to_string().contains("colour"), "{error}");
    }
}
