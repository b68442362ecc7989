//! Challenges: the server remembers what it asked, for whom, for a short while.

use super::store;
use crate::people;
use crate::sign_in::steps::{self, Kind, NewStep, Step};
use crate::sign_in::{Origin, Outcome, SignIn, own_scope, secret, throttle};
use kit::{Connection, Error, Scope};
use serde_json::Value;

/// What the browser is asked, and the cookie that finds the challenge again.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) step: NewStep,
    pub(super) options: Value,
}

impl SignIn {
    /// Whether passkeys can be made and used here.
    pub(in crate::sign_in) fn has_passkeys(&self) -> bool {
        self.party.is_some()
    }

    pub(super) fn party(&self) -> Result<&super::RelyingParty, Error> {
        self.party.as_ref().ok_or(Error::Conflict("passkey-not-here"))
    }

    /// Asks a guest for a passkey: one of the person whose password was right, else any of this site. Guests are counted
    /// by address, because each leaves a row.
    pub(super) async fn ask_guest(
        &self,
        token: Option<&str>,
        origin: &Origin,
    ) -> Result<Result<Asked, Outcome>, Error> {
        let party = self.party()?;
        let now = self.clock.now();
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        if origin.address.is_some() {
            let network = throttle::address(&origin.network());
            let limits = &self.policies.session.address_limit;
            if let Err(until) = throttle::reserve(&tx, &network, limits, now).await? {
                tx.commit().await?;
                return Ok(Err(Outcome::Slowed { until }));
            }
        }
        let awaited = match token {
            Some(token) => self.awaited_in(&tx, token).await?.map(|person| (token.to_owned(), person)),
            None => None,
        };
        let (token, person_id) = match awaited {
            Some((token, person)) => (token, Some(person.id)),
            None => (secret()?, None),
        };
        let allowed = match &person_id {
            Some(id) => identifiers(&tx, id).await?,
            None => Vec::new(),
        };
        let challenge = secret()?;
        let options = party.request(&challenge, &allowed);
        let step = NewStep { token, seconds: self.policies.second_factor.step };
        let remembered = Step { person_id, state: challenge };
        steps::put(&tx, &step.token, Kind::Passkey, &remembered, step.seconds, now).await?;
        tx.commit().await?;
        Ok(Ok(Asked { step, options }))
    }

    /// Asks who is signed in for one of the own passkeys.
    pub(super) async fn ask_again(&self, scope: &Scope, token: &str) -> Result<Value, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("passkey"))?;
        let party = self.party()?;
        let challenge = secret()?;
        let tx = self.db.scoped(scope).begin().await?;
        let options = party.request(&challenge, &identifiers(&tx, id).await?);
        let step = Step { person_id: Some(id.to_owned()), state: challenge };
        steps::put(&tx, token, Kind::Passkey, &step, self.policies.second_factor.step, self.clock.now()).await?;
        tx.commit().await?;
        Ok(options)
    }

    /// Asks who is signed in to make a passkey.
    pub(super) async fn ask_new(&self, scope: &Scope, token: &str, site: &str) -> Result<Value, Error> {
        let id = scope.person_id().ok_or(Error::Forbidden("passkey"))?;
        let party = self.party()?;
        let challenge = secret()?;
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::find(&tx, id).await?;
        let have = identifiers(&tx, id).await?;
        let options = party.creation(site, &challenge, (id.as_bytes(), &person.account, &person.full_name), &have);
        let step = Step { person_id: Some(id.to_owned()), state: challenge };
        steps::put(&tx, token, Kind::NewPasskey, &step, self.policies.second_factor.step, self.clock.now()).await?;
        tx.commit().await?;
        Ok(options)
    }
}

async fn identifiers(connection: &impl Connection, person_id: &str) -> Result<Vec<String>, Error> {
    Ok(store::of(connection, person_id).await?.into_iter().map(|passkey| passkey.credential_id).collect())
}
