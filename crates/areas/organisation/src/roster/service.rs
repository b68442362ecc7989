//! What can be done with the roster.

use super::store;
use crate::policies::{Policies, TOO_FAR_AHEAD};
use crate::{agencies, audit, people};
use kit::clock::{HOUR, Micros};
use kit::id::new_id;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;

/// One person on watch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewShift {
    /// Whose roster; the centre's own is the root agency.
    pub agency_id: String,
    pub person_id: String,
    pub post: String,
    pub starts_at: Micros,
    pub ends_at: Micros,
}

/// Puts a person on the roster. Refused where the person has another shift at that time.
pub async fn add_shift(tx: &Tx<'_>, policies: &Policies, now: Micros, new: &NewShift) -> Result<String, Error> {
    tx.scope().require(Capability::ManageRoster)?;
    agencies::require_named(tx, "agency_id", &new.agency_id).await?;
    let person = people::find(tx, &new.person_id).await.map_err(|_| Error::unfit("person_id", &new.person_id))?;
    if !person.active {
        return Err(Error::invalid("person_id", "roster-person-disabled"));
    }
    if !policies.roster.posts.contains(&new.post) {
        return Err(Error::unfit("post", &new.post));
    }
    let mut faults = FieldFaults::default();
    if policies.dates.shifts.is_exceeded(new.starts_at, now) {
        faults.add("starts_at", TOO_FAR_AHEAD);
    }
    if new.ends_at <= new.starts_at {
        faults.add("ends_at", "roster-ends-before-start");
    } else if new.ends_at - new.starts_at > policies.roster.longest_shift_hours * HOUR {
        faults.add("ends_at", "roster-too-long");
    }
    faults.into_result()?;
    if store::is_busy(tx, &new.person_id, new.starts_at, new.ends_at).await? {
        return Err(Error::invalid("person_id", "roster-busy"));
    }
    let id = new_id(now);
    store::insert(tx, &id, new, now).await?;
    let details =
        json!({ "person": new.person_id, "post": new.post, "starts_at": new.starts_at, "ends_at": new.ends_at });
    audit::record(tx, now, "roster.add", "duty-shift", &id, Some(&new.agency_id), details).await?;
    Ok(id)
}

/// Takes a shift off the roster, as long as it has not ended: what was, stays.
pub async fn remove_shift(tx: &Tx<'_>, now: Micros, id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::ManageRoster)?;
    let shift = store::find(tx, id).await?;
    if shift.ends_at <= now {
        return Err(Error::Conflict("roster-past-stays"));
    }
    store::delete(tx, id).await?;
    let details = json!({ "person": shift.person_id, "post": shift.post, "starts_at": shift.starts_at,
                          "ends_at": shift.ends_at });
    audit::record(tx, now, "roster.remove", "duty-shift", id, Some(&shift.agency_id), details).await
}

/// Writes what a shift leaves to the next one. The person of the shift does it, or who keeps the roster.
pub async fn hand_over(tx: &Tx<'_>, now: Micros, id: &str, note: &str) -> Result<(), Error> {
    let shift = store::find(tx, id).await?;
    if tx.scope().person_id() != Some(shift.person_id.as_str()) {
        tx.scope().require(Capability::ManageRoster)?;
    }
    let mut faults = FieldFaults::default();
    let note = faults.required_lines("note", note, 4_000);
    faults.into_result()?;
    if shift.starts_at > now {
        return Err(Error::Conflict("roster-not-begun"));
    }
    store::set_note(tx, id, &note, tx.scope().actor().name(), now).await?;
    let details = json!({ "before": shift.note, "after": note });
    audit::record(tx, now, "roster.hand-over", "duty-shift", id, Some(&shift.agency_id), details).await
}
