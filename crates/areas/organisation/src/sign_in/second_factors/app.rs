//! The authenticator app and the recovery codes of the person who is signed in.

use super::{cell, recovery, store, totp};
use crate::audit;
use crate::people;
use crate::sign_in::steps::{self, Kind, Step};
use crate::sign_in::{SignIn, sessions, throttle};
use kit::clock::{Micros, SECOND};
use kit::{Connection, Error, Scope, Tx};
use serde_json::json;

/// Seconds since 1970.
pub(super) fn seconds(now: Micros) -> u64 {
    u64::try_from(now / SECOND).unwrap_or_default()
}

impl SignIn {
    /// Makes a secret for an app, remembered until its first code comes. `token` is the cookie of the session.
    pub(super) async fn begin_app(&self, scope: &Scope, token: &str) -> Result<String, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("second-factor"))?;
        let now = self.clock.now();
        let secret = totp::new_secret()?;
        let tx = self.db.scoped(scope).begin().await?;
        let step = Step { person_id: Some(id.to_owned()), state: tx.keys().seal(cell(id), &secret)? };
        steps::put(&tx, token, Kind::NewApp, &step, self.policies.second_factor.step, now).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// The secret that waits for its first code, for the page shown again.
    pub(super) async fn waiting_app(&self, scope: &Scope, token: &str) -> Result<Option<String>, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("second-factor"))?;
        let view = self.db.scoped(scope).read();
        let step = steps::find(&view, token, Kind::NewApp, self.clock.now()).await?;
        let step = step.filter(|step| step.person_id.as_deref() == Some(id));
        step.map(|step| view.keys().open(cell(id), &step.state).map_err(Error::internal)).transpose()
    }

    /// The first code of the app: from now on it is the second factor. Returns recovery codes where there are none.
    pub(super) async fn finish_app(&self, scope: &Scope, token: &str, code: &str) -> Result<Vec<String>, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("second-factor"))?;
        let now = self.clock.now();
        let secret = self.waiting_app(scope, token).await?.ok_or(Error::Conflict("second-factor-step-over"))?;
        let Some(step) = totp::step_of(&secret, code, seconds(now), self.policies.second_factor.code_patience)? else {
            return Err(Error::invalid("code", "second-factor-code-wrong"));
        };
        let tx = self.db.scoped(scope).begin().await?;
        if steps::take(&tx, token, Kind::NewApp, now).await?.is_none() {
            return Err(Error::Conflict("second-factor-step-over"));
        }
        store::put_app(&tx, id, &tx.keys().seal(cell(id), &secret)?, step, now).await?;
        let codes = self.added(&tx, id, token, "app", now).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// What follows when a second factor was added: this session has it, others end, recovery codes are made once.
    pub(in crate::sign_in) async fn added(
        &self,
        tx: &Tx<'_>,
        id: &str,
        token: &str,
        kind: &str,
        now: Micros,
    ) -> Result<Vec<String>, Error> {
        let person = people::find(tx, id).await?;
        let mut codes = Vec::new();
        if store::factors(tx, id).await?.recovery_codes == 0 {
            codes = recovery::new_codes(self.policies.second_factor.recovery_codes)?;
            store::put_recovery_codes(tx, id, &codes, now).await?;
        }
        sessions::strengthen(tx, token, kind).await?;
        let ended = sessions::end_others(tx, id, token, now).await?;
        let details = json!({ "kind": kind, "recovery_codes": codes.len(), "sessions_ended": ended });
        self.tell_added(tx, &person, now).await?;
        audit::record(tx, now, "second-factor.add", "person", id, Some(&person.agency_id), details).await?;
        Ok(codes)
    }

    /// Takes the app away.
    pub(super) async fn remove_app(&self, scope: &Scope) -> Result<(), Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("second-factor"))?;
        let tx = self.db.scoped(scope).begin().await?;
        if !store::remove_app(&tx, id).await? {
            return Err(Error::NotFound);
        }
        self.removed(&tx, id, "app", self.clock.now()).await?;
        tx.commit().await
    }

    /// What follows when one was taken away: recovery codes alone are no second factor.
    pub(in crate::sign_in) async fn removed(
        &self,
        tx: &Tx<'_>,
        id: &str,
        kind: &str,
        now: Micros,
    ) -> Result<(), Error> {
        let person = people::find(tx, id).await?;
        if !store::factors(tx, id).await?.any() {
            store::remove_recovery_codes(tx, id).await?;
        }
        let details = json!({ "kind": kind });
        audit::record(tx, now, "second-factor.remove", "person", id, Some(&person.agency_id), details).await
    }

    /// New recovery codes in place of all before.
    pub(super) async fn renew_recovery_codes(&self, scope: &Scope) -> Result<Vec<String>, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("second-factor"))?;
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        if !store::factors(&tx, id).await?.any() {
            return Err(Error::Conflict("second-factor-none"));
        }
        let codes = recovery::new_codes(self.policies.second_factor.recovery_codes)?;
        store::put_recovery_codes(&tx, id, &codes, now).await?;
        let person = people::find(&tx, id).await?;
        let details = json!({ "kind": "recovery-codes", "recovery_codes": codes.len() });
        audit::record(&tx, now, "second-factor.add", "person", id, Some(&person.agency_id), details).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Takes every second factor of somebody who has lost them, and ends the sessions.
    pub async fn reset_second_factors(&self, scope: &Scope, person_id: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::manageable(&tx, &self.policies, now, person_id).await?;
        store::remove_app(&tx, person_id).await?;
        store::remove_recovery_codes(&tx, person_id).await?;
        crate::sign_in::passkeys::remove_all(&tx, person_id).await?;
        store::open_way(&tx, person_id, now).await?;
        steps::forget(&tx, person_id).await?;
        throttle::clear_account(&tx, &person.account).await?;
        let ended = sessions::end_sessions_of(&tx, person_id, now).await?;
        let details = json!({ "sessions_ended": ended });
        audit::record(&tx, now, "second-factor.reset", "person", person_id, Some(&person.agency_id), details).await?;
        tx.commit().await
    }
}
