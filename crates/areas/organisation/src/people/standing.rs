//! What somebody's scope is now, for work that a person ordered and that goes on while the person is away: a schedule, a
//! report every morning. It is worked out anew each time from the roles held, as for a request.

use super::{reach, store};
use crate::policies::Policies;
use crate::sign_in::own_scope;
use kit::clock::Micros;
use kit::scope::Actor;
use kit::{Db, Error, Scope};

/// The scope that a person has at `now` for a reach once chosen: an agency, or `None` for the whole centre. `None` where
/// the account is closed or the person no longer has that reach; another reach never takes its place.
pub async fn scope_of(
    db: &Db,
    policies: &Policies,
    person_id: &str,
    agency_id: Option<&str>,
    now: Micros,
) -> Result<Option<Scope>, Error> {
    let scope = own_scope();
    let view = db.scoped(&scope).read();
    let Some(person) = store::signed_in(&view, person_id).await?.filter(|person| person.active) else {
        return Ok(None);
    };
    let grants = store::grants_of(&view, person_id).await?;
    let choices = reach::choices(policies, &grants, now);
    let actor = Actor::Person { id: person.id.as_str().into(), name: person.full_name.as_str().into() };
    let held = choices.into_iter().find(|choice| choice.agency_id.as_deref() == agency_id);
    Ok(held.map(|acting| {
        let agencies = acting.agencies();
        let on_behalf_of = agency_id.unwrap_or(&person.agency_id);
        Scope::new(actor, agencies, acting.capabilities, None).asking("", on_behalf_of)
    }))
}
