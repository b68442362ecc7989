//! The first second factor of somebody who must have one. Until there is one the password alone opens the way to it, for
//! whoever knows the password: so the way closes by itself, asks for a proof of this moment, and is opened again by an
//! administrator.

use super::store;
use crate::sign_in::SignIn;
use crate::sign_in::standing::Due;
use crate::{audit, people};
use kit::clock::{Micros, SECOND};
use kit::web::Visit;
use kit::{Connection, Error, Scope};
use serde_json::json;

/// Whether the session could do nothing but add one when this request came.
pub(super) fn is_due(visit: &Visit) -> bool {
    visit.session.role_key == Due::SecondFactor.role_key()
}

/// Refuses somebody who must add the first one and comes too late, or without a proof of this moment.
pub(in crate::sign_in) async fn require_open_way(visit: &Visit) -> Result<(), Error> {
    if !is_due(visit) {
        return Ok(());
    }
    let sign_in = SignIn::of(&visit.app)?;
    let id = visit.scope().person_id().ok_or(Error::Forbidden("second-factor"))?;
    if visit.now() >= sign_in.first_factor_until(&visit.read(), id).await? {
        return Err(Error::Conflict("second-factor-way-over"));
    }
    let proof = sign_in.policies.second_factor.first.proof;
    if visit.now() < visit.session.confirmed_at + proof * SECOND { Ok(()) } else { Err(Error::Unconfirmed) }
}

impl SignIn {
    /// Until when the password alone is enough to add the first one.
    pub async fn first_factor_until(&self, connection: &impl Connection, person_id: &str) -> Result<Micros, Error> {
        let opened_at = store::way_opened_at(connection, person_id).await?;
        Ok(opened_at + self.policies.second_factor.first.lasts())
    }

    /// Opens the way again for somebody who has none; returns until when.
    pub async fn open_second_factor(&self, scope: &Scope, person_id: &str) -> Result<Micros, Error> {
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::manageable(&tx, &self.policies, now, person_id).await?;
        if store::factors(&tx, person_id).await?.any() {
            return Err(Error::Conflict("second-factor-there"));
        }
        store::open_way(&tx, person_id, now).await?;
        let until = self.first_factor_until(&tx, person_id).await?;
        let details = json!({ "until": until });
        let agency = Some(person.agency_id.as_str());
        audit::record(&tx, now, "second-factor.open", "person", person_id, agency, details).await?;
        tx.commit().await?;
        Ok(until)
    }
}
