//! Roles that a provider of accounts gives by its groups. They are told apart from roles given here, which no sign-in
//! touches.

use super::{Grant, Person, roles, store};
use crate::policies::Policies;
use crate::{agencies, audit};
use kit::clock::Micros;
use kit::id::new_id;
use kit::{Error, Tx};
use serde_json::json;

/// Sets the roles that came from an issuer to these, each at the agency of this code or at the person's own. A role or an
/// agency that does not exist is told in the log and gives nothing; a role that separation of duties keeps apart from one
/// that the person has, or from one before it in the list, is refused in the trail. Returns how many were refused.
pub(crate) async fn follow_groups(
    tx: &Tx<'_>,
    policies: &Policies,
    person: &Person,
    issuer: &str,
    given: &[(&str, Option<&str>)],
    now: Micros,
) -> Result<usize, Error> {
    let by = format!("provider:{issuer}");
    let mut wanted = Vec::new();
    for (role, code) in given {
        let agency = match code {
            Some(code) => agencies::by_code(tx, code).await?,
            None => Some(agencies::find(tx, &person.agency_id).await?),
        };
        match (policies.role(role), agency) {
            (Some(role), Some(agency)) => wanted.push((role, agency)),
            _ => tracing::warn!(role, agency = code.unwrap_or_default(), "a group gives what does not exist here"),
        }
    }
    let is_wanted =
        |grant: &Grant| wanted.iter().any(|(role, agency)| role.id == grant.role && agency.id == grant.agency_id);
    let own_agency = Some(person.agency_id.as_str());
    for grant in store::given_by(tx, &person.id, &by, now).await?.iter().filter(|grant| !is_wanted(grant)) {
        store::end_grant(tx, &grant.id, now.max(grant.starts_at)).await?;
        let details = json!({ "role": grant.role, "agency": grant.agency_id, "by": by });
        audit::record(tx, now, "role.revoke", "person", &person.id, own_agency, details).await?;
    }
    let mut held = store::grants_of(tx, &person.id).await?;
    let mut refused = 0;
    for (role, agency) in wanted {
        if held.iter().any(|grant| grant.role == role.id && grant.agency_id == agency.id && grant.holds_at(now)) {
            continue;
        }
        if let Some(other) = roles::kept_apart(tx, policies, role, &agency.id, (now, None), &held).await? {
            tracing::warn!(
                person = person.id,
                role = role.id,
                other = other.role,
                "a group gives a role that must not meet another"
            );
            let details = json!({ "role": role.id, "agency": agency.id, "by": by, "other": other.role });
            audit::record(tx, now, "role.refuse", "person", &person.id, own_agency, details).await?;
            refused += 1;
            continue;
        }
        if agency.has_ended(now) {
            tracing::warn!(role = role.id, agency = agency.code, "a group gives a role at an agency that has ended");
            continue;
        }
        let grant = Grant {
            id: new_id(now),
            person_id: person.id.clone(),
            role: role.id.clone(),
            at_root: agency.parent_id.is_none(),
            agency_id: agency.id,
            agency_name: agency.name,
            starts_at: now,
            ends_at: None,
        };
        store::insert_grant(tx, &grant, &by, now).await?;
        let details = json!({ "role": grant.role, "agency": grant.agency_id, "by": by });
        audit::record(tx, now, "role.grant", "person", &person.id, own_agency, details).await?;
        held.push(grant);
    }
    Ok(refused)
}
