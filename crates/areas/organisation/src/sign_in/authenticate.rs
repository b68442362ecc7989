//! From a request to a session: the cookie of a person, or the key of a machine. Roles, agencies and whether
//! the account is open are read anew each time, so what an administrator takes away is gone at once.

use super::breached::Breached;
use super::passkeys::RelyingParty;
use super::providers::Providers;
use super::refused::Told;
use super::{Hasher, Origin, cookie_name, credential, own_scope, sessions};
use crate::api_keys::{ApiKey, Refusals};
use crate::people::{self, reach};
use crate::policies::Policies;
use crate::{agencies, api_keys, audit, elevations};
use axum::http::header;
use axum::http::request::Parts;
use kit::clock::{Clock, MINUTE, Micros, SECOND};
use kit::db::Db;
use kit::live::Live;
use kit::scope::{Actor, Agencies};
use kit::session::{Authenticate, Help, Session, cookie};
use kit::web::Needed;
use kit::{App, Capability, Error, Lang, Scope};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Sign-in as the program holds it. Cheap to clone; `luytre` passes it as [`Authenticate`] and puts a clone
/// among the ports, where the pages find it.
#[derive(Clone)]
pub struct SignIn {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) policies: Arc<Policies>,
    pub(super) hasher: Hasher,
    pub(super) live: Live,
    pub(super) breached: Option<Breached>,
    pub(super) party: Option<RelyingParty>,
    /// The address that people type; empty where it is not known.
    pub(super) address: String,
    pub(super) providers: Providers,
    /// Shared by all clones.
    refusals: Arc<Refusals>,
    /// The same.
    pub(super) told: Arc<Told>,
    secure: bool,
}

impl SignIn {
    /// `secure` says whether cookies go over TLS only (`Settings::secure_cookies`).
    pub fn new(db: Db, clock: Arc<dyn Clock>, policies: Arc<Policies>, secure: bool) -> Result<Self, Error> {
        let hasher = Hasher::new(&policies.password.argon2id)?;
        Ok(Self {
            db,
            clock,
            policies,
            hasher,
            live: Live::default(),
            breached: None,
            party: None,
            address: String::new(),
            providers: Providers::default(),
            refusals: Arc::default(),
            told: Arc::default(),
            secure,
        })
    }

    /// With a list of passwords that are known from breaches.
    #[must_use]
    pub fn refusing(self, breached: Option<Breached>) -> Self {
        Self { breached, ..self }
    }

    /// With the address that people type, for which passkeys are made and to which providers send people back. Without it
    /// there are none of either.
    #[must_use]
    pub fn at(self, public_url: &str) -> Self {
        Self { party: RelyingParty::of(public_url), address: public_url.to_owned(), ..self }
    }

    /// With providers whose accounts sign in here.
    #[must_use]
    pub fn trusting(self, providers: Providers) -> Self {
        Self { providers, ..self }
    }

    /// With the live news that messages about locks are announced by.
    #[must_use]
    pub fn announcing(self, live: Live) -> Self {
        Self { live, ..self }
    }

    /// The program's sign-in, from its ports.
    pub fn of(app: &App) -> Result<Arc<Self>, Error> {
        app.ports.get::<Self>().ok_or_else(|| Error::internal("sign-in is not among the ports"))
    }

    pub fn policies(&self) -> &Arc<Policies> {
        &self.policies
    }

    async fn by_cookie(&self, token: &str, parts: &Parts) -> Result<Option<Session>, Error> {
        let now = self.clock.now();
        let scope = own_scope();
        let view = self.db.scoped(&scope).read();
        let Some((row, elevated)) = sessions::of_request(&view, token, now).await? else { return Ok(None) };
        let person = people::signed_in(&view, &row.person_id).await?;
        let Some(person) = person.filter(|person| person.may_sign_in(&self.policies)) else {
            return Ok(None);
        };
        let grants = people::grants_of(&view, &person.id).await?;
        let standing = self.standing(&view, &person.id, &grants, now).await?;
        let limits = &self.policies.session.session;
        let idle = if standing.administrator { limits.administrator_idle } else { limits.idle };
        if !row.lasts(now, idle) {
            return Ok(None);
        }
        let due = standing.due(&self.policies, &grants, &row.method, Origin::of(parts).address, now);
        let acting = reach::acting(&self.policies, &grants, now, row.wish());
        let (agency_id, agency_name) = match &acting.agency_id {
            Some(id) if *id != person.agency_id && !id.is_empty() => match agencies::find(&view, id).await {
                Ok(agency) => (agency.id, agency.name),
                Err(_) => (person.agency_id.clone(), person.agency_name.clone()),
            },
            _ => (person.agency_id.clone(), person.agency_name.clone()),
        };
        let actor = Actor::Person { id: person.id.as_str().into(), name: person.full_name.as_str().into() };
        let (scope, role_key) = if let Some(due) = due {
            let nothing = Agencies::Under(BTreeSet::new());
            let scope = Scope::new(actor, nothing, [], Some(row.expires_at)).due_at(due.path());
            (scope, due.role_key().to_owned())
        } else {
            let key = if acting.role.is_empty() { "role-none".to_owned() } else { format!("role-{}", acting.role) };
            let elevated = match elevated > 0 && acting.capabilities.contains(&Capability::ViewEvents) {
                true => elevations::foreign_events_of(&view, &person.id, now).await?,
                false => Vec::new(),
            };
            let events = acting.event_agencies(elevated);
            let scope = Scope::new(actor, acting.agencies(), acting.capabilities, Some(row.expires_at));
            (scope.reading_events_of(events), key)
        };
        let background = limits.background_paths.iter().any(|quiet| quiet == parts.uri.path());
        if !background && now - row.seen_at >= limits.seen_every * SECOND {
            self.saw(&row.id).await;
        }
        Ok(Some(Session {
            scope,
            csrf: row.csrf,
            person_name: person.full_name,
            agency_name,
            agency_id,
            role_key,
            api_key: false,
            confirmed_at: row.confirmed_at,
        }))
    }

    /// Writes the last use. A database that is busy must not turn a reader away.
    async fn saw(&self, id: &str) {
        let scope = own_scope();
        let write = async {
            let tx = self.db.scoped(&scope).begin().await?;
            sessions::saw(&tx, id, self.clock.now()).await?;
            tx.commit().await
        };
        if let Err(error) = write.await {
            tracing::warn!(%error, "last use of a session not written");
        }
    }

    /// A key that is used from where it may not be: in the trail, once a minute for each address, and in the log.
    async fn refuse_from(&self, key: &ApiKey, address: &str, now: Micros) {
        tracing::warn!(key = key.id, from = address, "a key was used from where it may not be");
        if !self.refusals.is_due(&key.id, address, now) {
            return;
        }
        let actor = Actor::Key { id: key.id.as_str().into(), name: key.name.as_str().into() };
        let scope = Scope::new(actor, Agencies::Under([key.agency_id.clone()].into()), [], None);
        let scope = scope.asking(address, &key.agency_id);
        let write = async {
            let tx = self.db.scoped(&scope).begin().await?;
            let details = json!({ "name": key.name, "networks": key.networks });
            audit::record(&tx, now, "api-key.refuse", "api-key", &key.id, Some(&key.agency_id), details).await?;
            tx.commit().await
        };
        if let Err(error) = write.await {
            tracing::warn!(%error, "a refused key is not in the trail");
        }
    }

    async fn by_key(&self, header: &str, parts: &Parts) -> Result<Option<Session>, Error> {
        let Some(sent) = credential(header) else { return Ok(None) };
        let now = self.clock.now();
        let scope = own_scope();
        let view = self.db.scoped(&scope).read();
        let Some(key) = api_keys::by_secret(&view, &sent.key).await? else { return Ok(None) };
        if !key.is_valid_at(now) || sent.id.is_some_and(|id| id != key.id) {
            return Ok(None);
        }
        let origin = Origin::of(parts);
        if !key.is_used_from(origin.address) {
            self.refuse_from(&key, &origin.text(), now).await;
            return Ok(None);
        }
        let standing = api_keys::standing(&view, &self.policies, &key, now).await?;
        if standing.is_stopped {
            return Ok(None);
        }
        if key.last_used_at.is_none_or(|last| now - last >= MINUTE) {
            let write = async {
                let tx = self.db.scoped(&scope).begin().await?;
                api_keys::used(&tx, &key.id, &origin.text(), now).await?;
                tx.commit().await
            };
            if let Err(error) = write.await {
                tracing::warn!(%error, "last use of a key not written");
            }
        }
        let actor = Actor::Key { id: key.id.as_str().into(), name: key.name.as_str().into() };
        let agencies = Agencies::Under([key.agency_id.clone()].into());
        let scope = Scope::new(actor, agencies, standing.awake, key.expires_at);
        let scope = if standing.raw_events { scope } else { scope.reading_events_of(Agencies::Under(BTreeSet::new())) };
        Ok(Some(Session {
            scope,
            csrf: String::new(),
            person_name: key.name,
            agency_name: key.agency_name,
            agency_id: key.agency_id,
            role_key: "role-api-key".to_owned(),
            api_key: true,
            confirmed_at: 0,
        }))
    }
}

#[async_trait::async_trait]
impl Authenticate for SignIn {
    async fn session(&self, parts: &Parts) -> Result<Option<Session>, Error> {
        // Who sends a header means it; the cookie is what a browser adds by itself.
        if let Some(header) = parts.headers.get(header::AUTHORIZATION) {
            return match header.to_str() {
                Ok(header) => self.by_key(header, parts).await,
                Err(_) => Ok(None),
            };
        }
        match cookie(parts, cookie_name(self.secure)) {
            Some(token) if !token.is_empty() && token.len() <= 100 => self.by_cookie(token, parts).await,
            _ => Ok(None),
        }
    }

    async fn refused(&self, session: &Session, parts: &Parts, right: &str) {
        self.tell_refused(session, parts, right).await;
    }

    async fn help(&self, session: &Session, needed: Needed, lang: Lang) -> Result<Help, Error> {
        self.help_refused(session, needed, lang).await
    }
}
