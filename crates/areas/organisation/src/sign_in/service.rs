//! Signing in with account and password. Every attempt does the same, whoever is named: count, hash, record.

use super::sessions::NewSession;
use super::{Origin, SignIn, own_scope, passwords, sessions, throttle};
use crate::audit;
use crate::people::{self, Person};
use kit::clock::Micros;
use kit::{Error, Tx};
use serde_json::json;

/// What the form says.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    pub account: String,
    pub password: String,
    pub origin: Origin,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    SignedIn {
        session: NewSession,
        person_id: String,
    },
    /// Wrong, unknown, disabled: the asker learns no more.
    Refused,
    /// Too many failures for this name, whether an account has it or not.
    Locked {
        until: Micros,
    },
    /// Too many failures from this address.
    Slowed {
        until: Micros,
    },
}

const LONGEST_ACCOUNT: usize = 200;
const LONGEST_PASSWORD: usize = 4_096;

impl SignIn {
    /// Tries account and password.
    pub async fn attempt(&self, attempt: &Attempt) -> Result<Outcome, Error> {
        if attempt.account.len() > LONGEST_ACCOUNT || attempt.password.len() > LONGEST_PASSWORD {
            return Ok(Outcome::Refused);
        }
        let now = self.clock.now();
        let account = kit::fold::normalise(&attempt.account).to_lowercase();
        let subject = throttle::account(&account);
        if let Some(closed) = self.reserve(&attempt.origin, &subject, now).await? {
            return Ok(closed);
        }
        let scope = own_scope();
        let view = self.db.scoped(&scope).read();
        let person = people::signing_in(&view, &account).await?;
        let password = match &person {
            Some(person) => passwords::find(&view, &person.id).await?,
            None => passwords::find(&view, "").await?,
        };
        let hash = password.as_ref().map(|row| row.hash.as_str());
        let fits = self.hasher.verify(hash, &attempt.password).await?;
        let renewed = match hash {
            Some(hash) if fits && self.hasher.is_dated(hash) => Some(self.hasher.hash(&attempt.password).await?),
            _ => None,
        };
        let tx = self.db.scoped(&scope).begin().await?;
        // Whether the account is open is read again here: it may have been closed while the hash was made.
        let person = people::signing_in(&tx, &account).await?;
        let outcome = match person {
            Some(person) if fits && person.active => {
                if let (Some(old), Some(new)) = (hash, &renewed) {
                    passwords::renew(&tx, &person.id, old, new).await?;
                }
                self.succeed(&tx, &person, &attempt.origin, &subject, now).await?
            }
            person => self.fail(&tx, person.as_ref(), &attempt.origin, &subject, now).await?,
        };
        tx.commit().await?;
        Ok(outcome)
    }

    /// Counts the attempt for name and address; the answer if one of them is closed.
    async fn reserve(&self, origin: &Origin, subject: &str, now: Micros) -> Result<Option<Outcome>, Error> {
        let policy = &self.policies.session;
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let window = policy.account_lock.window.max(policy.address_limit.window);
        throttle::sweep(&tx, window, now).await?;
        let mut closed = None;
        // Where the server does not know addresses, one visitor must not close the door for all.
        if origin.address.is_some() {
            let network = throttle::address(&origin.network());
            if let Err(until) = throttle::reserve(&tx, &network, &policy.address_limit, now).await? {
                closed = Some(Outcome::Slowed { until });
            }
        }
        if closed.is_none()
            && let Err(until) = throttle::reserve(&tx, subject, &policy.account_lock, now).await?
        {
            closed = Some(Outcome::Locked { until });
        }
        tx.commit().await?;
        Ok(closed)
    }

    async fn succeed(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        origin: &Origin,
        subject: &str,
        now: Micros,
    ) -> Result<Outcome, Error> {
        throttle::clear(tx, subject).await?;
        throttle::give_back(tx, &throttle::address(&origin.network())).await?;
        let session = self.open(tx, person, origin, "password", now).await?;
        Ok(Outcome::SignedIn { session, person_id: person.id.clone() })
    }

    /// Begins a session and records it.
    pub(super) async fn open(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        origin: &Origin,
        by: &str,
        now: Micros,
    ) -> Result<NewSession, Error> {
        let session = sessions::begin(tx, &person.id, origin, &self.policies.session.session, now).await?;
        let actor = (person.id.as_str(), person.full_name.as_str());
        let details = json!({ "by": by, "browser": origin.browser });
        audit::record_for(tx, now, actor, &origin.text(), "session.begin", Some(&person.agency_id), details).await?;
        Ok(session)
    }

    async fn fail(
        &self,
        tx: &Tx<'_>,
        person: Option<&Person>,
        origin: &Origin,
        subject: &str,
        now: Micros,
    ) -> Result<Outcome, Error> {
        let policy = &self.policies.session;
        let locked = throttle::failed(tx, subject, &policy.account_lock, now).await?;
        throttle::failed(tx, &throttle::address(&origin.network()), &policy.address_limit, now).await?;
        let details = json!({ "locked": locked.is_some(), "known": person.is_some() });
        let actor = person.map_or(("", ""), |person| (person.id.as_str(), person.full_name.as_str()));
        let agency = person.map(|person| person.agency_id.as_str());
        audit::record_for(tx, now, actor, &origin.text(), "session.refuse", agency, details).await?;
        Ok(locked.map_or(Outcome::Refused, |until| Outcome::Locked { until }))
    }

    /// Ends the session of a cookie.
    pub async fn sign_out(&self, token: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let Some(session) = sessions::by_token(&tx, token).await? else { return Ok(()) };
        let Some(person) = people::signed_in(&tx, &session.person_id).await? else { return Ok(()) };
        if sessions::end(&tx, &session.id, now).await? {
            let actor = (person.id.as_str(), person.full_name.as_str());
            let agency = Some(person.agency_id.as_str());
            audit::record_for(&tx, now, actor, &session.origin, "session.end", agency, json!({})).await?;
        }
        tx.commit().await
    }
}
