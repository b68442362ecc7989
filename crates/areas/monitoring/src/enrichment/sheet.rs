//! What tables of address ranges and of values on lists have in common.

use kit::{Error, Tx};
use organisation::agencies;
use organisation::sheets::{Change, Faults, Outcome, Row};

/// The agency that a line is for, empty for the whole centre; nothing where its code is none.
pub(crate) async fn agency_of(tx: &Tx<'_>, row: &Row, faults: &mut Faults) -> Result<Option<String>, Error> {
    let Some(code) = row.get("agency_code") else { return Ok(Some(String::new())) };
    let agency = agencies::by_code(tx, code).await?;
    if agency.is_none() {
        faults.add("agency_code", "sheet-not-found");
    }
    Ok(agency.map(|agency| agency.id))
}

/// What became of a row that was there before: each part by the key of its name, as it was and as it is.
pub(crate) fn outcome<const N: usize>(parts: [(&'static str, &str, &str); N]) -> Outcome {
    let changed = parts.into_iter().filter(|(_, was, is)| was != is);
    let changes: Vec<Change> = changed.map(|(key, was, is)| Change::new(key, was, is)).collect();
    if changes.is_empty() { Outcome::Same } else { Outcome::Changed(changes) }
}
