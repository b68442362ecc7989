//! The inbox: messages of the program to a person, or to whoever holds a role or is on duty at that moment.
//! Other areas call [`notify`]; the bell shows [`unread`]. A message holds the key of a text and its variables,
//! so everyone reads it in the own language; nothing sensitive belongs into it beyond names and codes. What of it leaves
//! the house is planned in the same transaction (`outbox`); what must be acknowledged is watched (`escalation`).

mod notify;
mod pages;
mod store;

pub(crate) use notify::{Draft, deliver, head_agency};
pub use notify::{Message, Recipient, notify, notify_all};
pub use pages::{counter, routes};
pub use store::{InboxFilter, acknowledge, acknowledge_about, count, list, mark_all_read, mark_read, moved, unread};
pub(crate) use store::{NOT_TAKEN, told_since};

use crate::audit::actor_words;
use kit::Lang;
use kit::clock::Micros;
use sea_orm::FromQueryResult;

/// Value of a variable that names nothing, such as the agency of what nobody owns yet: the text says so in words.
pub const NO_NAME: &str = "none";

/// One message in a person's inbox.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct InboxMessage {
    pub id: String,
    pub person_id: String,
    pub agency_id: Option<String>,
    /// Code of a [`kit::page::Severity`].
    pub severity: String,
    pub title_key: String,
    /// JSON object of variables for the text.
    pub title_arguments: String,
    pub body: String,
    /// Local address, empty for none.
    pub link: String,
    pub created_at: Micros,
    pub read_at: Option<Micros>,
    pub acknowledged_at: Option<Micros>,
    /// Whether it came to the person as one of those on duty.
    pub on_duty: bool,
    /// When somebody else who was told of the same took it on.
    pub taken_at: Option<Micros>,
    /// Who that was (a person, a key, `service:…`), and the name of a person or a key; empty where nobody did.
    pub taken_by: String,
    pub taken_by_name: String,
}

impl InboxMessage {
    /// The title in the language of the page.
    pub fn title(&self, page: &kit::page::Page) -> String {
        let arguments: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&self.title_arguments).unwrap_or_default();
        let variables: Vec<_> = arguments
            .iter()
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                (name.as_str(), text.into())
            })
            .collect();
        page.tm(&self.title_key, &variables)
    }

    /// Whether it still asks for somebody to take note of it.
    pub fn waits(&self) -> bool {
        self.acknowledged_at.is_none() && !(self.on_duty && self.taken_at.is_some())
    }

    /// Whoever else took it on, in words; empty where nobody did.
    pub fn taken_words(&self, lang: Lang) -> String {
        let name = if self.taken_by_name.is_empty() { &self.taken_by } else { &self.taken_by_name };
        if name.is_empty() { String::new() } else { actor_words(lang, &self.taken_by, name) }
    }

    pub fn severity(&self) -> kit::page::Severity {
        self.severity.parse().unwrap_or_default()
    }
}
