//! The second step of signing in: a code of the app or a recovery code, after a password that was right.

use super::{cell, recovery, store, totp};
use crate::audit;
use crate::people::{self, Person};
use crate::sign_in::attempt::Entrance;
use crate::sign_in::notice::Trouble;
use crate::sign_in::providers::{Came, PROVIDER};
use crate::sign_in::steps::{self, Kind, NewStep, Step};
use crate::sign_in::{Origin, Outcome, SignIn, own_scope, throttle};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use serde_json::json;

/// What a session that a recovery code opened is called by.
const RECOVERY_CODE: &str = "recovery-code";

impl SignIn {
    /// Whether a password alone does not sign this person in, for the page of the person.
    pub async fn has_second_factor(&self, connection: &impl Connection, person: &Person) -> Result<bool, Error> {
        Ok(store::factors(connection, &person.id).await?.any())
    }

    /// Remembers that the password was right, or, in `state`, which provider vouches for the person.
    pub(in crate::sign_in) async fn await_second_factor(
        &self,
        tx: &Tx<'_>,
        person_id: &str,
        state: String,
        now: Micros,
    ) -> Result<NewStep, Error> {
        let new = NewStep { token: crate::sign_in::secret()?, seconds: self.policies.second_factor.step };
        let step = Step { person_id: Some(person_id.to_owned()), state };
        steps::put(tx, &new.token, Kind::SecondFactor, &step, new.seconds, now).await?;
        Ok(new)
    }

    /// Whose second factor is waited for, and what that person has.
    pub(in crate::sign_in) async fn awaited(&self, token: &str) -> Result<Option<(Person, store::Factors)>, Error> {
        let scope = own_scope();
        let view = self.db.scoped(&scope).read();
        let Some(person) = self.awaited_in(&view, token).await? else { return Ok(None) };
        let factors = store::factors(&view, &person.id).await?;
        Ok(Some((person, factors)))
    }

    pub(in crate::sign_in) async fn awaited_in(
        &self,
        connection: &impl Connection,
        token: &str,
    ) -> Result<Option<Person>, Error> {
        let step = steps::find(connection, token, Kind::SecondFactor, self.clock.now()).await?;
        let Some(id) = step.and_then(|step| step.person_id) else { return Ok(None) };
        Ok(people::signed_in(connection, &id).await?.filter(|person| person.active))
    }

    /// Gives a code. [`Outcome::Expired`] where no first factor came before, or too long ago.
    pub async fn give_code(
        &self,
        token: &str,
        code: &str,
        origin: &Origin,
        device: Option<&str>,
    ) -> Result<Outcome, Error> {
        let now = self.clock.now();
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let Some(person) = self.awaited_in(&tx, token).await? else { return Ok(Outcome::Expired) };
        let subject = throttle::second_factor(&person.account);
        if let Err(until) = throttle::reserve(&tx, &subject, &self.policies.second_factor.attempts, now).await? {
            tx.commit().await?;
            return Ok(Outcome::CodesLocked { until });
        }
        let taken = match self.use_code(&tx, &person.id, code, now).await? {
            Some(second) => steps::take(&tx, token, Kind::SecondFactor, now).await?.map(|step| (second, step)),
            None => None,
        };
        let Some((second, step)) = taken else {
            let outcome = self.refuse_code(&tx, &person, origin, now).await?;
            tx.commit().await?;
            return Ok(outcome);
        };
        throttle::clear(&tx, &subject).await?;
        if second == RECOVERY_CODE {
            self.tell(&tx, &person, origin, Trouble::RecoveryCodeUsed, now).await?;
        }
        let came = Came::of(&step.state);
        let method = format!("{}+{second}", if came.is_some() { PROVIDER } else { "password" });
        let entrance = Entrance { origin, method: &method, device };
        let outcome = self.enter(&tx, &person, &entrance, now).await?;
        if let Some(came) = &came {
            self.came(&tx, &outcome, came).await?;
        }
        tx.commit().await?;
        Ok(outcome)
    }

    /// Uses a code of the app or a recovery code, and says which; `None` where it is neither, or was used before.
    async fn use_code(
        &self,
        tx: &Tx<'_>,
        person_id: &str,
        code: &str,
        now: Micros,
    ) -> Result<Option<&'static str>, Error> {
        if recovery::is_one(code) {
            let used = store::use_recovery_code(tx, person_id, code, now).await?;
            return Ok(used.then_some(RECOVERY_CODE));
        }
        let Some(sealed) = store::app_secret(tx, person_id).await? else { return Ok(None) };
        let secret = tx.keys().open(cell(person_id), &sealed).map_err(Error::internal)?;
        let Some(step) =
            totp::step_of(&secret, code, super::app::seconds(now), self.policies.second_factor.code_patience)?
        else {
            return Ok(None);
        };
        Ok(store::use_step(tx, person_id, step).await?.then_some("app"))
    }

    async fn refuse_code(&self, tx: &Tx<'_>, person: &Person, origin: &Origin, now: Micros) -> Result<Outcome, Error> {
        let subject = throttle::second_factor(&person.account);
        let locked = throttle::failed(tx, &subject, &self.policies.second_factor.attempts, now).await?;
        if locked.is_some() {
            self.tell(tx, person, origin, Trouble::CodesLocked, now).await?;
        }
        let actor = (person.id.as_str(), person.full_name.as_str());
        let details = json!({ "step": "second-factor", "locked": locked.is_some() });
        let agency = Some(person.agency_id.as_str());
        audit::record_for(tx, now, actor, &origin.text(), "session.refuse", agency, details).await?;
        Ok(locked.map_or(Outcome::Refused, |until| Outcome::CodesLocked { until }))
    }
}
