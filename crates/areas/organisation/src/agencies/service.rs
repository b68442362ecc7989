//! What can be done with agencies. Changing the tree is an administrator's act; it moves walls.

use super::code::new_code;
use super::{Agency, NewAgency, kinds, store, succession};
use crate::audit;
use crate::policies::{Policies, TOO_FAR_AHEAD};
use kit::clock::Micros;
use kit::error::unfit;
use kit::id::new_id;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;

/// Details that can be edited at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgencyChange {
    pub kind: String,
    pub address: String,
    pub phone: String,
    pub email: String,
    pub duty_hours: String,
}

pub(super) const LONGEST: usize = 300;

/// What of an agency can be edited at any time, as it is kept.
fn checked(faults: &mut FieldFaults, change: &AgencyChange) -> AgencyChange {
    if kinds().iter().all(|kind| kind.id != change.kind) {
        faults.add("kind", unfit(&change.kind));
    }
    AgencyChange {
        kind: change.kind.clone(),
        address: faults.line("address", &change.address, LONGEST),
        phone: faults.line("phone", &change.phone, LONGEST),
        email: faults.line("email", &change.email, LONGEST),
        duty_hours: faults.line("duty_hours", &change.duty_hours, LONGEST),
    }
}

/// The same of a new one.
fn checked_new(new: NewAgency) -> Result<NewAgency, Error> {
    let mut faults = FieldFaults::default();
    let code = new_code(&mut faults, &new.code);
    let name = faults.required_line("name", &new.name, LONGEST);
    let NewAgency { kind, address, phone, email, duty_hours, .. } = new;
    let details = checked(&mut faults, &AgencyChange { kind, address, phone, email, duty_hours });
    faults.into_result()?;
    let AgencyChange { kind, address, phone, email, duty_hours } = details;
    let (parent_code, valid_from) = (new.parent_code, new.valid_from);
    Ok(NewAgency { code, name, kind, parent_code, valid_from, address, phone, email, duty_hours })
}

/// Adds an agency under `parent_code` (under the root where empty).
pub async fn create(tx: &Tx<'_>, now: Micros, new: NewAgency) -> Result<Agency, Error> {
    create_lasting(tx, now, new, now).await
}

/// The same of one that is known to have existed at `last` and maybe no longer: its parent must have existed then.
pub(super) async fn create_lasting(tx: &Tx<'_>, now: Micros, new: NewAgency, last: Micros) -> Result<Agency, Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = insert(tx, now, new, last).await?;
    let details = json!({ "code": agency.code, "name": agency.name, "kind": agency.kind, "parent": agency.parent_id });
    audit::record(tx, now, "agency.create", "agency", &agency.id, Some(&agency.id), details).await?;
    Ok(agency)
}

/// The same without its own audit row, for imports that write one for the whole.
pub(super) async fn insert(tx: &Tx<'_>, now: Micros, new: NewAgency, last: Micros) -> Result<Agency, Error> {
    let new = checked_new(new)?;
    if let Some(from) = new.valid_from {
        require_near("valid_from", from, now)?;
    }
    if store::by_code(tx, &new.code).await?.is_some() {
        return Err(Error::invalid("code", "field-taken"));
    }
    let root = store::root(tx).await?;
    let parent = match (new.parent_code.as_str(), root) {
        ("", root) => root,
        (code, _) => {
            Some(store::by_code(tx, code).await?.ok_or_else(|| Error::invalid("parent_code", "field-invalid"))?)
        }
    };
    if let Some(parent) = &parent {
        store::require_in_scope(tx, &parent.id).await?;
        if parent.has_ended(last) {
            return Err(Error::invalid("parent_code", "agency-parent-ended"));
        }
    }
    let id = new_id(now);
    store::insert(tx, &id, parent.as_ref().map(|parent| parent.id.as_str()), &new, now).await?;
    store::find(tx, &id).await
}

/// Refuses a day of an agency that is too far ahead.
fn require_near(field: &str, at: Micros, now: Micros) -> Result<(), Error> {
    match Policies::in_force()?.dates.agencies.is_exceeded(at, now) {
        true => Err(Error::invalid(field, TOO_FAR_AHEAD)),
        false => Ok(()),
    }
}

/// The root of the tree on the first start: the province's own node. Later calls find it and change nothing.
pub async fn ensure_root_agency(tx: &Tx<'_>, now: Micros, name: &str, code: &str) -> Result<Agency, Error> {
    if let Some(root) = store::root(tx).await? {
        return Ok(root);
    }
    let kind = kinds().iter().find(|kind| kind.root).map(|kind| kind.id.clone()).unwrap_or_default();
    create(tx, now, NewAgency { code: code.to_owned(), name: name.to_owned(), kind, ..NewAgency::default() }).await
}

/// Gives an agency a new name from now on; the old one is kept with the date it ended.
pub async fn rename(tx: &Tx<'_>, now: Micros, id: &str, name: &str) -> Result<(), Error> {
    rename_since(tx, now, id, name, now, "").await
}

/// The same since a day that may be past, by a document (`basis`) that says so.
pub async fn rename_since(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    name: &str,
    since: Micros,
    basis: &str,
) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = store::find(tx, id).await?;
    let mut faults = FieldFaults::default();
    let name = faults.required_line("name", name, LONGEST);
    let basis = faults.line("basis", basis, LONGEST);
    faults.into_result()?;
    if name == agency.name {
        return Ok(());
    }
    // Names follow each other: the new one begins after the last change and not in the future.
    let last = store::former_names(tx, id).await?.first().map(|(_, until)| *until);
    if since > now || last.is_some_and(|last| since <= last) {
        return Err(Error::invalid("since", "agency-name-since-wrong"));
    }
    store::set_name(tx, &agency, &name, (since, &basis), now).await?;
    let details = json!({ "before": agency.name, "after": name, "since": since, "basis": basis });
    audit::record(tx, now, "agency.rename", "agency", id, Some(id), details).await
}

/// Says since when an agency has existed: before its end and before its first change of name.
pub async fn begin_since(tx: &Tx<'_>, now: Micros, id: &str, since: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = store::find(tx, id).await?;
    if since == agency.valid_from {
        return Ok(());
    }
    let first_change = store::former_names(tx, id).await?.last().map(|(_, until)| *until);
    if agency.valid_to.is_some_and(|end| end < since) || first_change.is_some_and(|change| change <= since) {
        return Err(Error::invalid("valid_from", "agency-begins-too-late"));
    }
    require_near("valid_from", since, now)?;
    store::set_start(tx, id, since, now).await?;
    let details = json!({ "before": agency.valid_from, "after": since });
    audit::record(tx, now, "agency.begin", "agency", id, Some(id), details).await
}

/// Changes kind and contacts.
pub async fn change(tx: &Tx<'_>, now: Micros, id: &str, change: &AgencyChange) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = store::find(tx, id).await?;
    let mut faults = FieldFaults::default();
    let change = checked(&mut faults, change);
    faults.into_result()?;
    let now_held = [&agency.kind, &agency.address, &agency.phone, &agency.email, &agency.duty_hours];
    if now_held == [&change.kind, &change.address, &change.phone, &change.email, &change.duty_hours] {
        return Ok(());
    }
    store::set_details(tx, id, &change, now).await?;
    let details = json!({
        "before": { "kind": agency.kind, "address": agency.address, "phone": agency.phone, "email": agency.email,
                    "duty_hours": agency.duty_hours },
        "after": { "kind": change.kind, "address": change.address, "phone": change.phone, "email": change.email,
                   "duty_hours": change.duty_hours },
    });
    audit::record(tx, now, "agency.change", "agency", id, Some(id), details).await
}

/// Hangs an agency with all below it under another one. Refused where the new parent is below it.
pub async fn move_under(tx: &Tx<'_>, now: Micros, id: &str, parent_id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = store::find(tx, id).await?;
    let parent = store::find(tx, parent_id).await?;
    if agency.parent_id.is_none() || store::is_under(tx, parent_id, id).await? {
        return Err(Error::Conflict("agency-cannot-move-there"));
    }
    if agency.parent_id.as_deref() == Some(parent_id) {
        return Ok(());
    }
    if parent.has_ended(now) && !agency.has_ended(now) {
        return Err(Error::Conflict("agency-parent-ended"));
    }
    store::set_parent(tx, id, parent_id, now).await?;
    let details = json!({ "before": agency.parent_id, "after": parent.id });
    audit::record(tx, now, "agency.move", "agency", id, Some(id), details).await
}

/// Ends an agency (merged, dissolved) or, with `None`, brings it back. Its records stay.
pub async fn close(tx: &Tx<'_>, now: Micros, id: &str, end: Option<Micros>) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = store::find(tx, id).await?;
    if agency.parent_id.is_none() {
        return Err(Error::Conflict("agency-root-stays"));
    }
    if end.is_some_and(|end| end < agency.valid_from) {
        return Err(Error::invalid("valid_to", "agency-ends-before-start"));
    }
    if let Some(end) = end {
        require_near("valid_to", end, now)?;
    }
    store::set_end(tx, id, end, now).await?;
    if end.is_none() {
        succession::forget(tx, id).await?;
    }
    let details = json!({ "before": agency.valid_to, "after": end });
    audit::record(tx, now, "agency.close", "agency", id, Some(id), details).await
}
