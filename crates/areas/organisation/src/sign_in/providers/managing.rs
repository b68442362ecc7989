//! Links as whoever manages a person sees, makes and takes them away.

use super::links::{self, NewLink};
use crate::audit;
use crate::people::{self, Person};
use crate::sign_in::{SignIn, sessions};
use kit::clock::Micros;
use kit::page::{Choice, Entry, FormErrors, Page};
use kit::text::FieldFaults;
use kit::{Connection, Error, Scope};
use serde_json::json;

/// Longest name of an account elsewhere (OpenID Connect Core 1.0 §2).
const LONGEST_SUBJECT: usize = 255;

/// One link on the page of a person.
pub(crate) struct LinkRow {
    pub(crate) id: String,
    /// Title of the provider; its address where the configuration no longer names it.
    pub(crate) provider: String,
    pub(crate) subject: String,
    pub(crate) linked_at: Micros,
    pub(crate) last_used_at: Option<Micros>,
}

/// The part of the page of a person that is about accounts elsewhere.
#[derive(Default)]
pub(crate) struct ProviderLinks {
    pub(crate) rows: Vec<LinkRow>,
    /// The form; empty where every provider is linked, or there is none.
    pub(crate) entries: Vec<Entry>,
}

impl ProviderLinks {
    pub(crate) fn any(&self) -> bool {
        !self.rows.is_empty() || !self.entries.is_empty()
    }

    /// For whoever may manage the person.
    pub(crate) async fn new(
        sign_in: &SignIn,
        connection: &impl Connection,
        person: &Person,
        page: &Page,
        errors: &FormErrors,
    ) -> Result<Self, Error> {
        let linked = links::of(connection, &person.id).await?;
        let offers = |issuer: &str| sign_in.providers.iter().find(|one| one.settings.issuer == issuer);
        let left = sign_in.providers.iter().filter(|one| linked.iter().all(|link| link.issuer != one.settings.issuer));
        let choices: Vec<_> =
            left.map(|one| Choice::new(one.id.as_str(), one.settings.title.as_str(), false)).collect();
        let mut entries = Vec::new();
        if !choices.is_empty() {
            let provider = Entry::new("select", "provider", page.t("provider"));
            entries.push(provider.choices(choices).required().checked(errors));
            let subject = Entry::new("text", "subject", page.t("provider-subject"));
            entries.push(subject.hint(page.t("provider-subject-hint")).required().checked(errors));
        }
        let rows = linked.into_iter().map(|link| LinkRow {
            provider: offers(&link.issuer).map_or_else(|| link.issuer.clone(), |one| one.settings.title.clone()),
            id: link.id,
            subject: link.subject,
            linked_at: link.linked_at,
            last_used_at: link.last_used_at,
        });
        Ok(Self { rows: rows.collect(), entries })
    }
}

impl SignIn {
    /// Says that an account at a provider is this person's.
    pub async fn link_account(
        &self,
        scope: &Scope,
        person_id: &str,
        provider: &str,
        subject: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::manageable(&tx, &self.policies, now, person_id).await?;
        let provider = self.providers.get(provider).ok_or_else(|| Error::unfit("provider", provider))?;
        let mut faults = FieldFaults::default();
        let subject = faults.required_line("subject", subject, LONGEST_SUBJECT);
        faults.into_result()?;
        let by = tx.scope().actor().id();
        let new = NewLink { issuer: &provider.settings.issuer, subject: &subject, person_id, by: &by };
        if !links::insert(&tx, new, now).await? {
            return Err(Error::invalid("subject", "provider-linked-already"));
        }
        let details = json!({ "provider": provider.id, "subject": subject, "by": "administrator" });
        audit::record(&tx, now, "provider-link.add", "person", person_id, Some(&person.agency_id), details).await?;
        tx.commit().await
    }

    /// Takes a link away, with the sessions that came by it and the roles that the provider gave.
    pub async fn unlink_account(&self, scope: &Scope, person_id: &str, link_id: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.db.scoped(scope).begin().await?;
        let person = people::manageable(&tx, &self.policies, now, person_id).await?;
        let issuer = links::remove(&tx, person_id, link_id).await?.ok_or(Error::NotFound)?;
        let ended = sessions::end_from(&tx, &issuer, None, Some(person_id), now).await?.len();
        people::follow_groups(&tx, &self.policies, &person, &issuer, &[], now).await?;
        let details = json!({ "issuer": issuer, "sessions_ended": ended });
        audit::record(&tx, now, "provider-link.remove", "person", person_id, Some(&person.agency_id), details).await?;
        tx.commit().await
    }
}
