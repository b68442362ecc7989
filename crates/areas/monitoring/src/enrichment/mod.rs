//! What is known about an event besides what it says itself: the registered system of its source with its level, the
//! agency that owns it, what its addresses are called, where they are from and on which lists its names stand. Rules ask it like fields of the
//! record, which keep their own names and go first; nothing of it is stored with the event
//! (`docs/decisions/0022-enrichment.md`).

mod asked;
mod form;
mod geoip;
mod known;
mod lists;
mod ranges;
mod record;
mod sheet;
mod store;
mod table;

pub use asked::Asked;
pub use geoip::{FileState, GeoIp};
pub use known::{Enrichment, Placeholders, Shelf};
pub use record::{Enriched, FIELDS, is_field};

pub(crate) use form::{Noun, form_page};
pub(crate) use geoip::Said;
#[cfg(test)]
pub(crate) use geoip::tests as geoip_files;
pub(crate) use record::is_of_owner;
pub(crate) use sheet::{agency_of, outcome};
pub(crate) use store::{count_on, owners};
pub(crate) use table::{Narrowed, Table};

use kit::page::{Choice, Page};
use kit::scope::Agencies;
use kit::text::FieldFaults;
use kit::web::Visit;
use kit::{Connection, Error, Tx};
use organisation::agencies;

/// The agency that a range or value is kept for; none for the whole centre, which takes a reach over all of it.
pub(crate) async fn kept_for(tx: &Tx<'_>, agency_id: &str, faults: &mut FieldFaults) -> Result<Option<String>, Error> {
    let id = agency_id.trim();
    if id.is_empty() {
        if !matches!(tx.scope().agencies(), Agencies::All) {
            faults.add("agency_id", "field-required");
        }
        return Ok(None);
    }
    if !agencies::in_reach(tx, id).await? {
        faults.add("agency_id", "field-invalid");
    }
    Ok(Some(id.to_owned()))
}

/// Agencies in reach, and the whole centre for whoever sees all of it.
pub(crate) async fn agency_choices(visit: &Visit, page: &Page, chosen: &str) -> Result<Vec<Choice>, Error> {
    let mut choices = Vec::new();
    if matches!(visit.scope().agencies(), Agencies::All) {
        choices.push(Choice::new("", page.t("enrichment-whole-centre"), chosen.is_empty()));
    }
    for (id, name) in agencies::choices(&visit.read(), visit.now()).await? {
        let is_chosen = id == chosen;
        choices.push(Choice::new(id, name, is_chosen));
    }
    Ok(choices)
}
