//! Answers to challenges: signing in, confirming, adding and removing passkeys.

use super::ceremony::{Assertion, Kept, NewPasskey};
use super::{Passkey, store};
use crate::audit;
use crate::people::{self, Person};
use crate::sign_in::attempt::Entrance;
use crate::sign_in::providers::Came;
use crate::sign_in::sessions::NewSession;
use crate::sign_in::steps::{self, Kind, Step};
use crate::sign_in::{Origin, Outcome, SignIn, own_scope, throttle};
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Connection, Error, Scope, Tx};
use serde_json::json;

const LONGEST_NAME: usize = 100;

impl SignIn {
    /// Signs in by a passkey. [`Outcome::Expired`] where nothing was asked, or too long ago.
    pub(super) async fn answer_guest(
        &self,
        token: &str,
        answer: &str,
        origin: &Origin,
        device: Option<&str>,
    ) -> Result<Outcome, Error> {
        let now = self.clock.now();
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let Some(step) = steps::take(&tx, token, Kind::Passkey, now).await? else { return Ok(Outcome::Expired) };
        let person = match self.check_answer(&tx, &step, answer, now).await? {
            Ok(person) => person,
            Err(reason) => {
                let details = json!({ "step": "passkey", "reason": reason });
                let (actor, agency) = (("", ""), None);
                audit::record_for(&tx, now, actor, &origin.text(), "session.refuse", agency, details).await?;
                tx.commit().await?;
                return Ok(Outcome::Refused);
            }
        };
        if origin.address.is_some() {
            throttle::give_back(&tx, &throttle::address(&origin.network())).await?;
        }
        throttle::clear(&tx, &throttle::second_factor(&person.account)).await?;
        let awaited = steps::take(&tx, token, Kind::SecondFactor, now).await?;
        let first = awaited.filter(|awaited| awaited.person_id.as_deref() == Some(person.id.as_str()));
        let came = first.as_ref().and_then(|first| Came::of(&first.state));
        let method = match (&first, &came) {
            (None, _) => "passkey",
            (Some(_), None) => "password+passkey",
            (Some(_), Some(_)) => "provider+passkey",
        };
        let outcome = self.enter(&tx, &person, &Entrance { origin, method, device }, now).await?;
        if let Some(came) = &came {
            self.came(&tx, &outcome, came).await?;
        }
        tx.commit().await?;
        Ok(outcome)
    }

    /// Proves again who it is. `token` is the cookie of the session, which goes on under the one that is returned.
    pub(super) async fn answer_again(&self, scope: &Scope, token: &str, answer: &str) -> Result<NewSession, Error> {
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let step =
            steps::take(&tx, token, Kind::Passkey, now).await?.ok_or(Error::Conflict("second-factor-step-over"))?;
        match self.check_answer(&tx, &step, answer, now).await? {
            Ok(person) if Some(person.id.as_str()) == scope.person_id() => {
                let session = self.confirmed(&tx, &person, token, "passkey").await?;
                tx.commit().await?;
                Ok(session)
            }
            _ => {
                tx.commit().await?;
                Err(Error::Conflict("passkey-refused"))
            }
        }
    }

    /// The person whose passkey answers the challenge; otherwise why it does not.
    async fn check_answer(
        &self,
        tx: &Tx<'_>,
        step: &Step,
        answer: &str,
        now: Micros,
    ) -> Result<Result<Person, String>, Error> {
        let party = self.party()?;
        let Ok(used) = serde_json::from_str::<Assertion>(answer) else { return Ok(Err("unreadable".to_owned())) };
        let Some(passkey) = store::by_credential(tx, &used.id).await? else { return Ok(Err("unknown".to_owned())) };
        if step.person_id.as_ref().is_some_and(|id| *id != passkey.person_id) {
            return Ok(Err("of somebody else".to_owned()));
        }
        let kept = Kept {
            public_key: &passkey.public_key,
            counter: u32::try_from(passkey.counter).unwrap_or(u32::MAX),
            person: passkey.person_id.as_bytes(),
        };
        let counter = match party.authenticate(&step.state, kept, &used) {
            Ok(counter) => counter,
            Err(refusal) => return Ok(Err(refusal.to_string())),
        };
        if !store::used(tx, &passkey, counter, now).await? {
            return Ok(Err("used twice at once".to_owned()));
        }
        let person = people::signed_in(tx, &passkey.person_id).await?.filter(|person| person.active);
        Ok(person.ok_or_else(|| "account closed".to_owned()))
    }

    /// Adds a passkey; recovery codes where there were none.
    pub(super) async fn add_passkey(
        &self,
        scope: &Scope,
        token: &str,
        name: &str,
        answer: &str,
    ) -> Result<Vec<String>, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("passkey"))?;
        let mut faults = FieldFaults::default();
        let name = faults.required_line("name", name, LONGEST_NAME);
        faults.into_result()?;
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let step = steps::take(&tx, token, Kind::NewPasskey, now).await?;
        let step = step.filter(|step| step.person_id.as_deref() == Some(id));
        let step = step.ok_or(Error::Conflict("second-factor-step-over"))?;
        let refused = |reason: String| {
            tracing::warn!(person = id, reason, "a new passkey was refused");
            Error::Conflict("passkey-refused")
        };
        let new: NewPasskey = serde_json::from_str(answer).map_err(|error| refused(error.to_string()))?;
        let made = self.party()?.register(&step.state, &new).map_err(|refusal| refused(refusal.to_string()))?;
        if store::by_credential(&tx, &made.credential_id).await?.is_some() {
            return Err(Error::Conflict("passkey-known"));
        }
        store::insert(&tx, id, &name, &made, now).await?;
        let codes = self.added(&tx, id, token, "passkey", now).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// The own passkeys.
    pub(in crate::sign_in) async fn passkeys_of(
        &self,
        connection: &impl Connection,
        person_id: &str,
    ) -> Result<Vec<Passkey>, Error> {
        store::of(connection, person_id).await
    }

    pub(super) async fn remove_passkey(&self, scope: &Scope, id: &str) -> Result<(), Error> {
        let person_id = scope.person_id().ok_or(Error::Forbidden("passkey"))?;
        let tx = self.db.scoped(scope).begin().await?;
        if !store::remove(&tx, person_id, id).await? {
            return Err(Error::NotFound);
        }
        self.removed(&tx, person_id, "passkey", self.clock.now()).await?;
        tx.commit().await
    }
}
