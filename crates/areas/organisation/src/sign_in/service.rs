//! Signing in with account and password. Every attempt does the same, whoever is named: count, hash, record.

use super::attempt::{Attempt, Entrance, Outcome};
use super::notice::Trouble;
use super::sessions::NewSession;
use super::{Origin, SignIn, devices, own_scope, passwords, second_factors, sessions, throttle};
use crate::audit;
use crate::people::{self, Person};
use kit::clock::Micros;
use kit::{Error, Tx};
use serde_json::json;

const LONGEST_ACCOUNT: usize = 200;
const LONGEST_PASSWORD: usize = 4_096;

/// What an attempt is counted by.
struct Knock<'attempt> {
    origin: &'attempt Origin,
    account: String,
    /// The account at this address, or on this device.
    place: String,
    /// The device has signed in for the account before: what strangers do is not held against it.
    known: bool,
    /// Failures of strangers with this one; 0 for a known device.
    strangers: i64,
}

impl SignIn {
    /// Tries account and password.
    pub async fn attempt(&self, attempt: &Attempt) -> Result<Outcome, Error> {
        if attempt.account.len() > LONGEST_ACCOUNT || attempt.password.len() > LONGEST_PASSWORD {
            return Ok(Outcome::Refused);
        }
        let now = self.clock.now();
        let account = kit::fold::normalise(&attempt.account).to_lowercase();
        let knock = match self.reserve(attempt, account, now).await? {
            Ok(knock) => knock,
            Err(closed) => return Ok(closed),
        };
        let scope = own_scope();
        let view = self.db.scoped(&scope).read();
        let person = people::signing_in(&view, &knock.account).await?;
        let password = match &person {
            Some(person) => passwords::find(&view, &person.id).await?,
            None => passwords::find(&view, "").await?,
        };
        let hash = password.as_ref().and_then(|row| row.hash_at(now));
        let fits = self.hasher.verify(hash, &attempt.password).await?;
        let renewed = match hash {
            Some(hash) if fits && self.hasher.is_dated(hash) => Some(self.hasher.hash(&attempt.password).await?),
            _ => None,
        };
        // A list that cannot be read keeps nobody out, and shows to nobody that the password fits: the next sign-in looks
        // again.
        let breached = fits && self.is_breached(&attempt.password).await == Some(true);
        let tx = self.db.scoped(&scope).begin().await?;
        // Whether the account is open is read again here: it may have been closed while the hash was made.
        let person = people::signing_in(&tx, &knock.account).await?;
        let outcome = match person {
            Some(person) if fits && person.may_sign_in(&self.policies) => {
                if let (Some(old), Some(new)) = (hash, &renewed) {
                    passwords::renew(&tx, &person.id, old, new).await?;
                }
                if breached {
                    passwords::require_change(&tx, &person.id).await?;
                }
                self.succeed(&tx, &person, &knock, attempt.device.as_deref(), now).await?
            }
            person => self.fail(&tx, person.as_ref(), &knock, now).await?,
        };
        tx.commit().await?;
        Ok(outcome)
    }

    /// Counts the attempt; the answer if a door is closed.
    async fn reserve<'attempt>(
        &self,
        attempt: &'attempt Attempt,
        account: String,
        now: Micros,
    ) -> Result<Result<Knock<'attempt>, Outcome>, Error> {
        let policy = &self.policies.session;
        let origin = &attempt.origin;
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let windows = [policy.account_lock.window, policy.address_limit.window, policy.account_slow.window];
        throttle::sweep(&tx, windows.into_iter().max().unwrap_or_default(), now).await?;
        let device = match attempt.device.as_deref() {
            Some(token) if devices::is_known(&tx, &account, token, now).await? => Some(token),
            _ => None,
        };
        let place = match device {
            Some(token) => throttle::account_on(&account, token),
            None => throttle::account_at(&account, &origin.network()),
        };
        let mut knock = Knock { origin, account, place, known: device.is_some(), strangers: 0 };
        let closed = self.closed(&tx, &mut knock, now).await?;
        tx.commit().await?;
        Ok(closed.map_or(Ok(knock), Err))
    }

    async fn closed(&self, tx: &Tx<'_>, knock: &mut Knock<'_>, now: Micros) -> Result<Option<Outcome>, Error> {
        let policy = &self.policies.session;
        // Where the server does not know addresses, one visitor must not close the door for all.
        if !knock.known && knock.origin.address.is_some() {
            let network = throttle::address(&knock.origin.network());
            if let Err(until) = throttle::reserve(tx, &network, &policy.address_limit, now).await? {
                return Ok(Some(Outcome::Slowed { until }));
            }
        }
        if let Err(until) = throttle::reserve(tx, &knock.place, &policy.account_lock, now).await? {
            return Ok(Some(Outcome::Locked { until }));
        }
        if !knock.known {
            let account = throttle::account(&knock.account);
            match throttle::reserve_slowly(tx, &account, &policy.account_slow, now).await? {
                Ok(strangers) => knock.strangers = strangers,
                Err(until) => {
                    // Nothing was tried here.
                    throttle::give_back(tx, &knock.place).await?;
                    return Ok(Some(Outcome::Guarded { until }));
                }
            }
        }
        Ok(None)
    }

    async fn succeed(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        knock: &Knock<'_>,
        device: Option<&str>,
        now: Micros,
    ) -> Result<Outcome, Error> {
        throttle::clear(tx, &knock.place).await?;
        if !knock.known {
            throttle::give_back(tx, &throttle::account(&knock.account)).await?;
            throttle::give_back(tx, &throttle::address(&knock.origin.network())).await?;
        }
        if second_factors::factors(tx, &person.id).await?.any() {
            let step = self.await_second_factor(tx, &person.id, String::new(), now).await?;
            return Ok(Outcome::SecondFactor { step });
        }
        self.enter(tx, person, &Entrance { origin: knock.origin, method: "password", device }, now).await
    }

    /// Begins a session and remembers the device.
    pub(super) async fn enter(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        entrance: &Entrance<'_>,
        now: Micros,
    ) -> Result<Outcome, Error> {
        let limits = &self.policies.session.known_device;
        let device = devices::remember(tx, &person.id, entrance.device, limits, now).await?;
        let session = self.open(tx, person, entrance.origin, entrance.method, now).await?;
        Ok(Outcome::SignedIn { session, person_id: person.id.clone(), device })
    }

    /// Begins a session and records it.
    pub(super) async fn open(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        origin: &Origin,
        method: &str,
        now: Micros,
    ) -> Result<NewSession, Error> {
        let grants = people::grants_of(tx, &person.id).await?;
        let standing = self.standing(tx, &person.id, &grants, now).await?;
        let due = standing.due(&self.policies, &grants, method, origin.address, now);
        let limits = &self.policies.session.session;
        let session = sessions::begin(tx, &person.id, (method, origin), limits, now).await?.due(due);
        let actor = (person.id.as_str(), person.full_name.as_str());
        let details = json!({ "by": method, "browser": origin.browser });
        audit::record_for(tx, now, actor, &origin.text(), "session.begin", Some(&person.agency_id), details).await?;
        Ok(session)
    }

    async fn fail(
        &self,
        tx: &Tx<'_>,
        person: Option<&Person>,
        knock: &Knock<'_>,
        now: Micros,
    ) -> Result<Outcome, Error> {
        let policy = &self.policies.session;
        let locked = throttle::failed(tx, &knock.place, &policy.account_lock, now).await?;
        let network = throttle::address(&knock.origin.network());
        let slowed = match knock.known {
            true => None,
            false => throttle::failed(tx, &network, &policy.address_limit, now).await?,
        };
        let guessed = knock.strangers == policy.account_slow.failures;
        if let Some(person) = person {
            if locked.is_some() {
                self.tell(tx, person, knock.origin, Trouble::PlaceLocked, now).await?;
            }
            if guessed {
                self.tell(tx, person, knock.origin, Trouble::GuessedFromManyPlaces, now).await?;
            }
        }
        let details = json!({ "locked": locked.is_some(), "known": person.is_some() });
        let actor = person.map_or(("", ""), |person| (person.id.as_str(), person.full_name.as_str()));
        let agency = person.map(|person| person.agency_id.as_str());
        let from = knock.origin.text();
        audit::record_for(tx, now, actor, &from, "session.refuse", agency, details).await?;
        let device_or_address = if knock.known { "device" } else { "address" };
        let locks = [
            (locked.is_some(), json!({ "of": "account", "at": device_or_address, "until": locked })),
            (guessed, json!({ "of": "account", "at": "many", "failures": knock.strangers })),
            (slowed.is_some(), json!({ "of": "address", "until": slowed })),
        ];
        for (_, details) in locks.into_iter().filter(|(happened, _)| *happened) {
            audit::record_for(tx, now, actor, &from, "session.lock", agency, details).await?;
        }
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
