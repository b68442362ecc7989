//! There and back: what goes with somebody to the provider, and what comes of the answer.

use super::client::{Question, Trouble};
use super::links::{self, NewLink};
use super::token::{self, Claims};
use super::{Came, Linking, PROVIDER, Provider, TWO_FACTORS};
use crate::audit;
use crate::people::{self, Person};
use crate::sign_in::attempt::Entrance;
use crate::sign_in::steps::{self, Kind, NewStep, Step};
use crate::sign_in::{Origin, Outcome, SignIn, notice, own_scope, second_factors, secret, sessions, throttle};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::clock::Micros;
use kit::{Capability, Error, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What the server remembers while somebody is at the provider.
#[derive(Serialize, Deserialize)]
struct Under {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    to: String,
}

/// What comes of asking to go.
pub(super) enum Begun {
    Go { step: NewStep, address: String },
    Closed(Outcome),
    Away,
}

/// What the browser brings back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) code: String,
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) error: String,
    #[serde(default)]
    pub(super) iss: String,
}

/// What comes of it.
pub(super) enum Finished {
    /// In, or on to the second factor, or too late; and where somebody wanted to go.
    Outcome(String, Outcome),
    /// The key of the words for it.
    Refused(&'static str),
    /// The provider knows the person under this name; nobody here has it.
    NotLinked(String),
}

impl SignIn {
    /// Where the provider sends the browser back to. `None` where our own address is not known.
    fn back(&self, provider: &Provider) -> Option<String> {
        let address = self.address.trim_end_matches('/');
        (!address.is_empty()).then(|| format!("{address}/sign-in/provider/{}/return", provider.id))
    }

    /// Providers that are offered.
    pub(in crate::sign_in) fn offered(&self) -> Vec<(String, String)> {
        if self.address.is_empty() { Vec::new() } else { self.providers.titles() }
    }

    pub(super) async fn begin_at_provider(&self, id: &str, to: &str, origin: &Origin) -> Result<Begun, Error> {
        let provider = self.providers.get(id).ok_or(Error::NotFound)?;
        let back = self.back(provider).ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let scope = own_scope();
        // Guests are counted by address, because each leaves a row.
        if origin.address.is_some() {
            let tx = self.db.scoped(&scope).begin().await?;
            let network = throttle::address(&origin.network());
            let limits = &self.policies.session.address_limit;
            let open = throttle::reserve(&tx, &network, limits, now).await?;
            tx.commit().await?;
            if let Err(until) = open {
                return Ok(Begun::Closed(Outcome::Slowed { until }));
            }
        }
        let under = Under {
            provider: id.to_owned(),
            state: secret()?,
            nonce: secret()?,
            verifier: secret()?,
            to: to.to_owned(),
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(under.verifier.as_bytes()));
        let question = Question { back: &back, state: &under.state, nonce: &under.nonce, challenge: &challenge };
        let address = match provider.client.address(question, now).await {
            Ok(address) => address,
            Err(trouble) => {
                tracing::warn!(provider = id, %trouble, "a provider of accounts does not answer");
                return Ok(Begun::Away);
            }
        };
        let step = NewStep { token: secret()?, seconds: self.policies.second_factor.step };
        let state = serde_json::to_string(&under).map_err(Error::internal)?;
        let tx = self.db.scoped(&scope).begin().await?;
        let remembered = Step { person_id: None, state };
        steps::put(&tx, &step.token, Kind::Provider, &remembered, step.seconds, now).await?;
        tx.commit().await?;
        Ok(Begun::Go { step, address })
    }

    /// The answer to the question that this browser was sent with, once.
    pub(super) async fn finish_at_provider(
        &self,
        id: &str,
        answer: &Answer,
        token: &str,
        origin: &Origin,
        device: Option<&str>,
    ) -> Result<Finished, Error> {
        let provider = self.providers.get(id).ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let step = steps::take(&tx, token, Kind::Provider, now).await?;
        tx.commit().await?;
        let Some(step) = step else { return Ok(Finished::Outcome("/".to_owned(), Outcome::Expired)) };
        let under: Under = serde_json::from_str(&step.state).map_err(Error::internal)?;
        let claims = match self.claims(provider, &under, answer, now).await {
            Ok(claims) => claims,
            Err(reason) => {
                tracing::warn!(provider = id, reason = %reason.words, "an answer of a provider of accounts is refused");
                self.refuse(provider, &reason.words, origin, now).await?;
                return Ok(Finished::Refused(reason.key));
            }
        };
        let tx = self.db.scoped(&scope).begin().await?;
        let Some(person) = self.linked(&tx, provider, &claims, origin, now).await? else {
            tx.rollback().await?;
            let subject = claims.text("sub").unwrap_or_default().to_owned();
            self.refuse(provider, &format!("nobody is linked to {subject}"), origin, now).await?;
            return Ok(Finished::NotLinked(subject));
        };
        let outcome = self.let_in(&tx, provider, &person, &claims, (origin, device), now).await?;
        tx.commit().await?;
        Ok(Finished::Outcome(under.to, outcome))
    }

    /// What the provider says of who came, if everything fits.
    async fn claims(
        &self,
        provider: &Provider,
        under: &Under,
        answer: &Answer,
        now: Micros,
    ) -> Result<Claims, NoClaims> {
        let client = &provider.client;
        if under.provider != provider.id || answer.state.is_empty() || !same(&answer.state, &under.state) {
            return Err(NoClaims::refused("the answer belongs to another question"));
        }
        let metadata = client.metadata(now).await?;
        let issuer = &provider.settings.issuer;
        if (metadata.names_itself || !answer.iss.is_empty()) && answer.iss != *issuer {
            return Err(NoClaims::refused("the answer is from another provider"));
        }
        if answer.error == "access_denied" {
            return Err(NoClaims { key: "provider-denied", words: answer.error.clone() });
        }
        if !answer.error.is_empty() || answer.code.is_empty() {
            let said: String = answer.error.chars().filter(|letter| letter.is_ascii_graphic()).take(100).collect();
            return Err(NoClaims::refused(format!("the provider says: {said}")));
        }
        let back = self.back(provider).ok_or_else(|| NoClaims::refused("our own address is not known"))?;
        let signed = client.exchange(&answer.code, &under.verifier, &back, now).await?;
        Ok(client.check(now, |keys, expected| token::signed_in(&signed, keys, expected, &under.nonce)).await?)
    }

    async fn refuse(&self, provider: &Provider, reason: &str, origin: &Origin, now: Micros) -> Result<(), Error> {
        let scope = own_scope();
        let tx = self.db.scoped(&scope).begin().await?;
        let details = json!({ "step": PROVIDER, "provider": provider.id, "reason": reason });
        audit::record_for(&tx, now, ("", ""), &origin.text(), "session.refuse", None, details).await?;
        tx.commit().await
    }

    /// The person whose account it is, where that account is open. Links it first where the settings allow it.
    async fn linked(
        &self,
        tx: &Tx<'_>,
        provider: &Provider,
        claims: &Claims,
        origin: &Origin,
        now: Micros,
    ) -> Result<Option<Person>, Error> {
        let issuer = provider.settings.issuer.as_str();
        let subject = claims.text("sub").unwrap_or_default();
        if let Some(id) = links::person_of(tx, issuer, subject).await? {
            return Ok(people::signed_in(tx, &id).await?.filter(|person| person.active));
        }
        if provider.settings.linking != Linking::FirstSignIn {
            return Ok(None);
        }
        let claim = provider.settings.account_claim.as_str();
        if claim == "email" && !claims.is_true("email_verified") {
            return Ok(None);
        }
        let account = kit::fold::normalise(claims.text(claim).unwrap_or_default()).to_lowercase();
        let Some(person) = people::signing_in(tx, &account).await?.filter(|person| person.active) else {
            return Ok(None);
        };
        let grants = people::grants_of(tx, &person.id).await?;
        let administers = grants.iter().filter(|grant| grant.lasts_after(now)).any(|grant| {
            let role = self.policies.role(&grant.role);
            role.is_some_and(|role| role.capabilities.contains(&Capability::Administer))
        });
        let new = NewLink { issuer, subject, person_id: &person.id, by: "first-sign-in" };
        if administers || !links::insert(tx, new, now).await? {
            return Ok(None);
        }
        let actor = (person.id.as_str(), person.full_name.as_str());
        let details = json!({ "provider": provider.id, "subject": subject, "by": "first-sign-in" });
        let agency = Some(person.agency_id.as_str());
        audit::record_for(tx, now, actor, &origin.text(), "provider-link.add", agency, details).await?;
        Ok(Some(person))
    }

    async fn let_in(
        &self,
        tx: &Tx<'_>,
        provider: &Provider,
        person: &Person,
        claims: &Claims,
        (origin, device): (&Origin, Option<&str>),
        now: Micros,
    ) -> Result<Outcome, Error> {
        let settings = &provider.settings;
        links::used(tx, &settings.issuer, claims.text("sub").unwrap_or_default(), now).await?;
        if !settings.roles.is_empty() {
            let groups = claims.texts(&settings.groups_claim);
            let given = settings.roles.iter().filter(|given| groups.contains(&given.group.as_str()));
            let given: Vec<_> = given.map(|given| (given.role.as_str(), given.agency.as_deref())).collect();
            let refused = people::follow_groups(tx, &self.policies, person, &settings.issuer, &given, now).await?;
            if refused > 0 {
                self.tell(tx, person, origin, notice::Trouble::RoleKeptApart, now).await?;
            }
        }
        if origin.address.is_some() {
            throttle::give_back(tx, &throttle::address(&origin.network())).await?;
        }
        let says =
            |name: &str, strong: &[String]| claims.texts(name).iter().any(|one| strong.iter().any(|two| one == two));
        let strong = says("acr", &settings.strong_acr) || says("amr", &settings.strong_amr);
        let came = Came {
            issuer: settings.issuer.clone(),
            session: claims.text("sid").unwrap_or_default().chars().take(255).collect(),
        };
        if !strong && second_factors::factors(tx, &person.id).await?.any() {
            let state = serde_json::to_string(&came).map_err(Error::internal)?;
            return Ok(Outcome::SecondFactor { step: self.await_second_factor(tx, &person.id, state, now).await? });
        }
        let method = if strong { TWO_FACTORS } else { PROVIDER };
        let outcome = self.enter(tx, person, &Entrance { origin, method, device }, now).await?;
        self.came(tx, &outcome, &came).await?;
        Ok(outcome)
    }

    /// Notes where a session came from.
    pub(in crate::sign_in) async fn came(&self, tx: &Tx<'_>, outcome: &Outcome, came: &Came) -> Result<(), Error> {
        match outcome {
            Outcome::SignedIn { session, .. } => sessions::came(tx, &session.token, came).await,
            _ => Ok(()),
        }
    }
}

fn same(sent: &str, kept: &str) -> bool {
    // Hashes of equal length: how much of the two is equal does not show in the time that it takes.
    Sha256::digest(sent.as_bytes()) == Sha256::digest(kept.as_bytes())
}

/// Why there are none: words for people by their key, and words for the trail.
struct NoClaims {
    key: &'static str,
    words: String,
}

impl NoClaims {
    fn refused(words: impl Into<String>) -> Self {
        Self { key: "provider-refused", words: words.into() }
    }
}

impl From<Trouble> for NoClaims {
    fn from(trouble: Trouble) -> Self {
        let key = if trouble.passes() { "provider-away" } else { "provider-refused" };
        Self { key, words: trouble.to_string() }
    }
}
