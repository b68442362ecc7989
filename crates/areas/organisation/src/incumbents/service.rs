//! What can be done with the posts of an agency, by whoever manages its people.

use super::{Absence, Incumbent, posts, store};
use crate::policies::{Policies, TOO_FAR_AHEAD};
use crate::{agencies, audit, people};
use kit::civil::day_field;
use kit::clock::Micros;
use kit::id::new_id;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewIncumbent {
    pub agency_id: String,
    pub person_id: String,
    pub post: String,
    pub decision: String,
    pub starts_at: Micros,
    pub ends_at: Option<Micros>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAbsence {
    pub incumbent_id: String,
    pub substitute_id: String,
    pub starts_at: Micros,
    pub ends_at: Micros,
}

/// Whether two spans share a moment; `None` is without end.
fn overlap(one: (Micros, Option<Micros>), other: (Micros, Option<Micros>)) -> bool {
    one.1.is_none_or(|end| end > other.0) && other.1.is_none_or(|end| end > one.0)
}

async fn open_person(tx: &Tx<'_>, id: &str, field: &'static str) -> Result<people::Person, Error> {
    let person = people::find(tx, id).await.map_err(|error| match error {
        Error::NotFound => Error::invalid(field, "field-required"),
        other => other,
    })?;
    if person.active { Ok(person) } else { Err(Error::invalid(field, "incumbent-person-disabled")) }
}

/// Puts a person at a post of an agency. Returns the identifier.
pub async fn appoint(tx: &Tx<'_>, now: Micros, new: NewIncumbent) -> Result<String, Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let agency = agencies::find(tx, &new.agency_id).await?;
    let post = posts().iter().find(|post| post.id == new.post);
    let post = post.ok_or_else(|| Error::invalid("post", "field-required"))?;
    let person = open_person(tx, &new.person_id, "person_id").await?;
    let mut faults = FieldFaults::default();
    let decision = faults.line("decision", &new.decision, 200);
    let policies = Policies::in_force()?;
    if policies.dates.beginnings.is_exceeded(new.starts_at, now) {
        faults.add("starts_at", TOO_FAR_AHEAD);
    }
    if new.ends_at.is_some_and(|end| end <= new.starts_at) {
        faults.add("ends_at", "role-ends-before-start");
    } else if new.ends_at.is_some_and(|end| policies.dates.terms.is_exceeded(end, now)) {
        faults.add("ends_at", TOO_FAR_AHEAD);
    }
    faults.into_result()?;
    let span = (new.starts_at, new.ends_at);
    for other in store::of_agency(tx, &agency.id).await?.iter().filter(|other| other.post == post.id) {
        if overlap(span, (other.starts_at, other.ends_at)) {
            if other.person_id == person.id {
                return Err(Error::Conflict("incumbent-already"));
            }
            if post.single {
                return Err(Error::Conflict("incumbent-post-taken"));
            }
        }
    }
    let incumbent = Incumbent {
        id: new_id(now),
        agency_id: agency.id.clone(),
        person_id: person.id,
        person_name: person.full_name,
        post: post.id.clone(),
        decision,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
    };
    store::insert(tx, &incumbent, now).await?;
    let details = json!({
        "post": incumbent.post, "person": incumbent.person_id, "name": incumbent.person_name,
        "decision": incumbent.decision, "starts_at": incumbent.starts_at, "ends_at": incumbent.ends_at,
    });
    audit::record(tx, now, "incumbent.appoint", "agency", &agency.id, Some(&agency.id), details).await?;
    Ok(incumbent.id)
}

/// An incumbent of this agency.
async fn of_agency(tx: &Tx<'_>, agency_id: &str, id: &str) -> Result<Incumbent, Error> {
    let incumbent = store::find(tx, id).await?;
    if incumbent.agency_id == agency_id { Ok(incumbent) } else { Err(Error::NotFound) }
}

/// Ends a post at an agency now; it stays in the history.
pub async fn relieve(tx: &Tx<'_>, now: Micros, agency_id: &str, id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let incumbent = of_agency(tx, agency_id, id).await?;
    if incumbent.ends_at.is_some_and(|end| end <= now) {
        return Err(Error::Conflict("incumbent-over"));
    }
    store::set_end(tx, id, now.max(incumbent.starts_at)).await?;
    let details = json!({ "post": incumbent.post, "person": incumbent.person_id, "name": incumbent.person_name });
    let agency = incumbent.agency_id.as_str();
    audit::record(tx, now, "incumbent.relieve", "agency", agency, Some(agency), details).await
}

/// Notes leave of an incumbent and who stands in. Returns the identifier.
pub async fn substitute(tx: &Tx<'_>, now: Micros, new: NewAbsence) -> Result<String, Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let incumbent = match store::find(tx, &new.incumbent_id).await {
        Err(Error::NotFound) if new.incumbent_id.is_empty() => {
            return Err(Error::invalid("incumbent_id", "field-required"));
        }
        found => found?,
    };
    let substitute = open_person(tx, &new.substitute_id, "substitute_id").await?;
    if substitute.id == incumbent.person_id {
        return Err(Error::invalid("substitute_id", "incumbent-not-oneself"));
    }
    let policies = Policies::in_force()?;
    let mut faults = FieldFaults::default();
    if policies.dates.beginnings.is_exceeded(new.starts_at, now) {
        faults.add("since", TOO_FAR_AHEAD);
    }
    if new.ends_at <= new.starts_at {
        faults.add("until", "role-ends-before-start");
    } else if policies.dates.beginnings.is_exceeded(new.ends_at, now) {
        faults.add("until", TOO_FAR_AHEAD);
    }
    faults.into_result()?;
    if !overlap((incumbent.starts_at, incumbent.ends_at), (new.starts_at, Some(new.ends_at))) {
        return Err(Error::Conflict("incumbent-not-then"));
    }
    let agency = incumbent.agency_id.as_str();
    let span = (new.starts_at, Some(new.ends_at));
    let others = store::absences_of(tx, agency, now).await?;
    let mut own = others.iter().filter(|other| other.incumbent_id == incumbent.id);
    if own.any(|other| overlap(span, (other.starts_at, Some(other.ends_at)))) {
        return Err(Error::Conflict("incumbent-away-already"));
    }
    let others = store::leave_of(tx, &substitute.id, now).await?;
    if let Some(away) = others.iter().find(|other| overlap(span, (other.starts_at, Some(other.ends_at)))) {
        // Leave ends with a day: the moment before its end lies on it.
        let arguments =
            [("name", substitute.full_name), ("from", day_field(away.starts_at)), ("to", day_field(away.ends_at - 1))];
        return Err(Error::mistake("incumbent-substitute-away", arguments));
    }
    let absence = Absence {
        id: new_id(now),
        incumbent_id: incumbent.id.clone(),
        substitute_id: substitute.id,
        substitute_name: substitute.full_name,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
    };
    store::insert_absence(tx, agency, &absence, now).await?;
    let details = json!({
        "post": incumbent.post, "person": incumbent.person_id, "name": incumbent.person_name,
        "substitute": absence.substitute_id, "substitute_name": absence.substitute_name,
        "starts_at": absence.starts_at, "ends_at": absence.ends_at,
    });
    audit::record(tx, now, "incumbent.substitute", "agency", agency, Some(agency), details).await?;
    Ok(absence.id)
}

/// Ends leave now, or takes back what has not begun.
pub async fn return_from_leave(
    tx: &Tx<'_>,
    now: Micros,
    agency_id: &str,
    incumbent_id: &str,
    absence_id: &str,
) -> Result<(), Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let incumbent = of_agency(tx, agency_id, incumbent_id).await?;
    let agency = incumbent.agency_id.as_str();
    let absences = store::absences_of(tx, agency, now).await?;
    let absence = absences.iter().find(|one| one.id == absence_id && one.incumbent_id == incumbent_id);
    let absence = absence.ok_or(Error::NotFound)?;
    store::end_absence(tx, absence, now).await?;
    let details = json!({ "post": incumbent.post, "person": incumbent.person_id, "substitute": absence.substitute_id });
    audit::record(tx, now, "incumbent.return", "agency", agency, Some(agency), details).await
}
