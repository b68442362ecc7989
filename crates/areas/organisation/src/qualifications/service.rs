//! What can be done with qualifications, by whoever manages people.

use super::{QualificationFilter, store};
use crate::policies::Policies;
use crate::{audit, people};
use kit::clock::Micros;
use kit::id::new_id;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Personal, Tx};
use serde_json::json;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewQualification {
    pub person_id: String,
    pub kind: String,
    pub name: String,
    pub issuer: String,
    pub number: String,
    pub obtained_at: Option<Micros>,
    pub expires_at: Option<Micros>,
}

const LONGEST: usize = 200;

/// Adds one. Returns its identifier.
pub async fn add(tx: &Tx<'_>, now: Micros, mut new: NewQualification) -> Result<String, Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let person = people::find(tx, &new.person_id).await?;
    let mut faults = FieldFaults::default();
    if !Policies::in_force()?.qualification.kinds.contains(&new.kind) {
        faults.add("qualification_kind", "field-required");
    }
    new.name = faults.required_line("name", &new.name, LONGEST);
    new.issuer = faults.line("issuer", &new.issuer, LONGEST);
    new.number = faults.line("number", &new.number, LONGEST);
    if new.expires_at.zip(new.obtained_at).is_some_and(|(end, start)| end <= start) {
        faults.add("expires_at", "role-ends-before-start");
    }
    faults.into_result()?;
    let id = new_id(now);
    store::insert(tx, &id, &new, now).await?;
    let details = json!({
        "qualification": id, "kind": new.kind, "name": new.name, "issuer": new.issuer,
        "number": Personal::from(new.number.as_str()), "obtained_at": new.obtained_at, "expires_at": new.expires_at,
    });
    audit::record(tx, now, "qualification.add", "person", &person.id, Some(&person.agency_id), details).await?;
    Ok(id)
}

/// Takes one away that was entered by mistake; what has run out stays and says so.
pub async fn remove(tx: &Tx<'_>, now: Micros, person_id: &str, id: &str) -> Result<(), Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let person = people::find(tx, person_id).await?;
    let filter = QualificationFilter { person_id: person_id.to_owned(), ..QualificationFilter::default() };
    let held = store::list(tx, &filter, 1_000, 0).await?;
    let one = held.iter().find(|one| one.id == id).ok_or(Error::NotFound)?;
    store::delete(tx, id).await?;
    let details = json!({ "qualification": id, "kind": one.kind, "name": one.name, "issuer": one.issuer });
    audit::record(tx, now, "qualification.remove", "person", &person.id, Some(&person.agency_id), details).await
}
