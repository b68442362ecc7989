//! Giving and taking roles. Nobody hands out more than one holds, nobody gives oneself a role, and only the
//! administrator of the whole centre hands out any role.

use super::{Grant, Person, store};
use crate::policies::{Policies, Reach, Role, TOO_FAR_AHEAD};
use crate::{agencies, audit};
use kit::clock::Micros;
use kit::id::new_id;
use kit::scope::Agencies;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Scope, Tx};
use serde_json::json;

/// Whether someone with this scope may give or take `role` at all. That the agency is in scope is checked
/// where it is known.
pub fn may_hand_out(scope: &Scope, role: &Role) -> bool {
    if !scope.may(Capability::ManagePeople) {
        return false;
    }
    let everywhere = matches!(scope.agencies(), Agencies::All);
    if everywhere && scope.may(Capability::Administer) {
        return true;
    }
    (everywhere || role.reach == Reach::Subtree) && role.capabilities.iter().all(|capability| scope.may(*capability))
}

/// The person, if the transaction's actor may manage it: in scope, and holding no role that the actor could
/// not hand out.
pub(crate) async fn manageable(
    tx: &impl Connection,
    policies: &Policies,
    now: Micros,
    id: &str,
) -> Result<Person, Error> {
    let scope = tx.scope();
    scope.require(Capability::ManagePeople)?;
    let person = store::find(tx, id).await?;
    agencies::require_in_scope(tx, &person.agency_id).await?;
    for grant in store::grants_of(tx, id).await?.iter().filter(|grant| grant.ends_at.is_none_or(|end| end > now)) {
        let allowed = policies.role(&grant.role).is_none_or(|role| may_hand_out(scope, role))
            && agencies::find(tx, &grant.agency_id).await.is_ok();
        if !allowed {
            return Err(Error::Forbidden(Capability::ManagePeople.name()));
        }
    }
    Ok(person)
}

/// Gives `role` at an agency from a time and maybe until one. Returns the identifier of the grant.
#[expect(clippy::too_many_arguments, reason = "who, what, where, from, until are all one act")]
pub async fn grant_role(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    person_id: &str,
    role: &str,
    agency_id: &str,
    starts_at: Micros,
    ends_at: Option<Micros>,
) -> Result<String, Error> {
    let person = manageable(tx, policies, now, person_id).await?;
    if tx.scope().person_id() == Some(person_id) {
        return Err(Error::Conflict("role-not-for-oneself"));
    }
    let role = policies.role(role).ok_or_else(|| Error::unfit("role", role))?;
    if !may_hand_out(tx.scope(), role) {
        return Err(Error::Forbidden(Capability::ManagePeople.name()));
    }
    let agency = agencies::find(tx, agency_id).await.map_err(|_| Error::unfit("role_agency_id", agency_id))?;
    if agency.has_ended(now) {
        return Err(Error::invalid("role_agency_id", "agency-ended"));
    }
    let mut faults = FieldFaults::default();
    if policies.dates.beginnings.is_exceeded(starts_at, now) {
        faults.add("starts_at", TOO_FAR_AHEAD);
    }
    if ends_at.is_some_and(|end| end <= starts_at) {
        faults.add("ends_at", "role-ends-before-start");
    } else if ends_at.is_some_and(|end| policies.dates.terms.is_exceeded(end, now)) {
        faults.add("ends_at", TOO_FAR_AHEAD);
    }
    faults.into_result()?;
    let held = store::grants_of(tx, person_id).await?;
    let overlaps = |grant: &&Grant| {
        grant.role == role.id
            && grant.agency_id == agency.id
            && grant.ends_at.is_none_or(|end| end > starts_at)
            && ends_at.is_none_or(|end| grant.starts_at < end)
    };
    if held.iter().any(|grant| overlaps(&grant)) {
        return Err(Error::Conflict("role-held-already"));
    }
    if kept_apart(tx, policies, role, &agency.id, (starts_at, ends_at), &held).await?.is_some() {
        return Err(Error::Conflict("role-duties-apart"));
    }
    let grant = Grant {
        id: new_id(now),
        person_id: person_id.to_owned(),
        role: role.id.clone(),
        agency_id: agency.id.clone(),
        agency_name: agency.name,
        at_root: agency.parent_id.is_none(),
        starts_at,
        ends_at,
    };
    store::insert_grant(tx, &grant, &tx.scope().actor().id(), now).await?;
    let details = json!({ "role": role.id, "agency": agency.id, "starts_at": starts_at, "ends_at": ends_at });
    audit::record(tx, now, "role.grant", "person", person_id, Some(&person.agency_id), details).await?;
    Ok(grant.id)
}

/// The first of a person's grants that separation of duties keeps apart from a role given at an agency from a time and
/// maybe until one.
pub(super) async fn kept_apart<'grant>(
    tx: &Tx<'_>,
    policies: &Policies,
    role: &Role,
    agency_id: &str,
    (starts_at, ends_at): (Micros, Option<Micros>),
    held: &'grant [Grant],
) -> Result<Option<&'grant Grant>, Error> {
    for other in held {
        let together = other.lasts_after(starts_at) && ends_at.is_none_or(|end| other.starts_at < end);
        if together
            && policies.separation.keeps_roles_apart(&role.id, &other.role)
            && reaches_meet(tx, policies, role, agency_id, other).await?
        {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Whether a role given at an agency and a grant reach the same records.
async fn reaches_meet(
    tx: &Tx<'_>,
    policies: &Policies,
    role: &Role,
    agency_id: &str,
    other: &Grant,
) -> Result<bool, Error> {
    let other_reach = policies.role(&other.role).map(|role| role.reach);
    if role.reach == Reach::Province || other_reach == Some(Reach::Province) || other.agency_id == agency_id {
        return Ok(true);
    }
    store::lie_together(tx, agency_id, &other.agency_id).await
}

/// Ends a role of a person now. It stays in the person's history.
pub async fn revoke_role(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    person_id: &str,
    grant_id: &str,
) -> Result<(), Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let grant = store::grant(tx, grant_id).await?.filter(|grant| grant.person_id == person_id);
    let grant = grant.ok_or(Error::NotFound)?;
    let person = manageable(tx, policies, now, &grant.person_id).await?;
    if grant.ends_at.is_some_and(|end| end <= now) {
        return Err(Error::Conflict("role-ended-already"));
    }
    let last_administrator =
        grants_administer(policies, &grant) && tx.scope().person_id() == Some(grant.person_id.as_str());
    if last_administrator {
        return Err(Error::Conflict("person-not-oneself"));
    }
    store::end_grant(tx, grant_id, now.max(grant.starts_at)).await?;
    let details = json!({ "role": grant.role, "agency": grant.agency_id });
    audit::record(tx, now, "role.revoke", "person", &grant.person_id, Some(&person.agency_id), details).await
}

fn grants_administer(policies: &Policies, grant: &Grant) -> bool {
    policies.role(&grant.role).is_some_and(|role| role.capabilities.contains(&Capability::Administer))
}
