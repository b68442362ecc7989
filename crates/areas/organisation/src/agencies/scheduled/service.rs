//! What can be done with it: enter it, take it back, try again what was refused. Who stands for the agencies is told.

use super::store::{self, NewRow};
use super::{ScheduledChange, State};
use crate::agencies::service::LONGEST;
use crate::agencies::{Agency, merger, store as agencies};
use crate::inbox::{self, Message, Recipient};
use crate::policies::{Policies, TOO_FAR_AHEAD};
use crate::{audit, people};
use kit::civil::local;
use kit::clock::Micros;
use kit::id::new_id;
use kit::live::Live;
use kit::page::Severity;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use serde_json::{Value, json};

/// Role of those who stand for an agency.
const HEAD: &str = "leader";

/// Decides that an agency becomes part of another on the day that begins at `at`.
pub async fn merge_on(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    id: &str,
    into_id: &str,
    at: Micros,
    basis: &str,
) -> Result<(), Error> {
    let (agency, basis) = begin(tx, now, id, ("at", at), basis).await?;
    let into = agencies::find(tx, into_id).await?;
    merger::require(tx, now, &agency, &into, at).await?;
    enter(tx, live, now, &agency.id, (Some(into_id), ""), at, &basis).await
}

/// Decides that an agency has a new name from the day that begins at `at`.
pub async fn rename_on(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    id: &str,
    name: &str,
    at: Micros,
    basis: &str,
) -> Result<(), Error> {
    let mut faults = FieldFaults::default();
    let name = faults.required_line("name", name, LONGEST);
    faults.into_result()?;
    let (agency, basis) = begin(tx, now, id, ("since", at), basis).await?;
    if agency.has_ended(at) {
        return Err(Error::Conflict("agency-ended-by-then"));
    }
    for other in store::waiting(tx).await?.iter().filter(|other| other.agency_id == id) {
        if other.into_id.is_none() && other.at == at {
            return Err(Error::Conflict("agency-scheduled-already"));
        }
        if other.into_id.is_some() && other.at <= at {
            return Err(Error::Conflict("agency-ended-by-then"));
        }
    }
    enter(tx, live, now, &agency.id, (None, &name), at, &basis).await
}

/// The agency and the document, where something can be decided about the agency for that day; `field` is where the day was
/// typed.
async fn begin(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    (field, at): (&'static str, Micros),
    basis: &str,
) -> Result<(Agency, String), Error> {
    tx.scope().require(Capability::Administer)?;
    let agency = agencies::find(tx, id).await?;
    let mut faults = FieldFaults::default();
    let basis = faults.required_line("basis", basis, LONGEST);
    if at <= now {
        faults.add(field, "agency-scheduled-not-ahead");
    } else if Policies::in_force()?.dates.agencies.is_exceeded(at, now) {
        faults.add(field, TOO_FAR_AHEAD);
    }
    faults.into_result()?;
    Ok((agency, basis))
}

async fn enter(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    agency_id: &str,
    (into_id, name): (Option<&str>, &str),
    at: Micros,
    basis: &str,
) -> Result<(), Error> {
    let id = new_id(now);
    store::insert(tx, &NewRow { id: &id, agency_id, into_id, name, at, basis }, now).await?;
    let change = store::find(tx, agency_id, &id).await?;
    tell_heads(tx, live, now, &change, change.either("agency-message-merges", "agency-message-named")).await?;
    record(tx, now, "agency.schedule", &change).await
}

/// Takes back what waits, or could not be done.
pub async fn revoke(tx: &Tx<'_>, live: &Live, now: Micros, agency_id: &str, id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let change = store::find(tx, agency_id, id).await?;
    let open = [State::Waiting, State::Refused].iter().any(|state| state.code() == change.state);
    if !open || !store::settle(tx, &change, State::Revoked, "", now).await? {
        return Err(Error::Conflict("agency-scheduled-over"));
    }
    tell_heads(tx, live, now, &change, "agency-message-revoked").await?;
    record(tx, now, "agency.schedule-revoke", &change).await
}

/// Has the server try again what it could not do; it does so within the minute.
pub async fn retry(tx: &Tx<'_>, now: Micros, agency_id: &str, id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::Administer)?;
    let change = store::find(tx, agency_id, id).await?;
    if !change.is_refused() || !store::settle(tx, &change, State::Waiting, "", now).await? {
        return Err(Error::Conflict("agency-scheduled-over"));
    }
    record(tx, now, "agency.schedule-retry", &change).await
}

/// A row of the trail: who decided it, by what, for when.
pub(super) async fn record(tx: &Tx<'_>, now: Micros, action: &str, change: &ScheduledChange) -> Result<(), Error> {
    record_with(tx, now, action, change, Value::Null).await
}

/// The same with why.
pub(super) async fn record_with(
    tx: &Tx<'_>,
    now: Micros,
    action: &str,
    change: &ScheduledChange,
    reason: Value,
) -> Result<(), Error> {
    let details = json!({
        "change": change.id, "into": change.into_id, "becomes": change.becomes(), "at": change.at, "basis": change.basis,
        "entered_by": change.entered_by, "reason": reason,
    });
    audit::record(tx, now, action, "agency", &change.agency_id, Some(&change.agency_id), details).await
}

/// Puts it into the inboxes of those who stand for the agencies.
pub(super) async fn tell_heads(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    change: &ScheduledChange,
    title_key: &'static str,
) -> Result<(), Error> {
    let mut heads = people::heads_of(tx, HEAD, &change.agency_id, now).await?;
    if let Some(into_id) = &change.into_id {
        heads.extend(people::heads_of(tx, HEAD, into_id, now).await?);
    }
    let recipients: Vec<_> = heads.iter().map(|head| Recipient::Person(head)).collect();
    inbox::notify_all(tx, live, now, &recipients, &message(change, title_key)).await?;
    Ok(())
}

pub(super) fn message(change: &ScheduledChange, title_key: &'static str) -> Message {
    let day = local(change.at).strftime("%d/%m/%Y").to_string();
    Message {
        severity: Severity::Medium,
        title_key,
        title_arguments: vec![
            ("agency", change.agency_name.clone()),
            ("becomes", change.becomes().to_owned()),
            ("day", day),
        ],
        body: change.basis.clone(),
        link: format!("/agencies/{}", change.agency_id),
        agency_id: Some(change.agency_id.clone()),
    }
}
