//! Sending: who the recipients are at this moment, one row for each, and live news once it is committed.

use super::store;
use crate::outbox::{self, Planned};
use crate::policies::{NoticePolicy, Policies};
use crate::{escalation, people, roster};
use kit::clock::Micros;
use kit::live::Live;
use kit::page::Severity;
use kit::{Error, Tx};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

/// To whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient<'a> {
    /// Identifier of a person.
    Person(&'a str),
    /// Everyone on watch now but who is on call at home; where nobody is, the roles of `content/organisation/roster.toml`.
    OnDuty,
    /// Everyone who holds the role at the agency or above it; `None`: anywhere.
    Role { role: &'a str, agency_id: Option<&'a str> },
}

/// What.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    pub severity: Severity,
    /// Key of the title's text and its variables.
    pub title_key: &'static str,
    pub title_arguments: Vec<(&'static str, String)>,
    /// More words, shown as plain text.
    pub body: String,
    /// Local address of what it is about, for example `/alerts/…`.
    pub link: String,
    /// Agency it is about.
    pub agency_id: Option<String>,
}

/// Puts the message into the inbox of each recipient, in this transaction. Returns who gets it, in order of
/// identifier; empty where nobody holds the role.
pub async fn notify(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    recipient: Recipient<'_>,
    message: &Message,
) -> Result<Vec<String>, Error> {
    notify_all(tx, live, now, &[recipient], message).await
}

/// The same for several recipients at once: who is meant twice gets it once.
pub async fn notify_all(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    recipients: &[Recipient<'_>],
    message: &Message,
) -> Result<Vec<String>, Error> {
    if !message.link.is_empty() && !crate::sign_in::is_local_path(&message.link) {
        return Err(Error::internal("a message links outside"));
    }
    let mut people = Vec::new();
    let watched = recipients.contains(&Recipient::OnDuty);
    let watch = if watched { on_duty(tx, now).await? } else { Vec::new() };
    for recipient in recipients {
        people.extend(match recipient {
            Recipient::Person(id) => vec![(*id).to_owned()],
            Recipient::Role { role, agency_id } => people::with_role(tx, role, *agency_id, now).await?,
            Recipient::OnDuty => watch.clone(),
        });
    }
    people.sort();
    people.dedup();
    let arguments: serde_json::Map<_, _> =
        message.title_arguments.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let arguments = serde_json::Value::Object(arguments).to_string();
    let policies = Policies::in_force()?;
    let draft = Draft {
        severity: message.severity,
        title_key: message.title_key,
        title_arguments: &arguments,
        body: &message.body,
        link: &message.link,
        agency_id: message.agency_id.as_deref(),
        escalation_id: None,
        on_duty: &watch,
        posted: true,
    };
    let escalation = if watched { Some(escalation::begin(tx, &policies.notice, now, &draft).await?) } else { None };
    let draft = Draft { escalation_id: escalation.as_deref(), ..draft };
    deliver(tx, live, &policies.notice, now, &people, &draft).await?;
    Ok(people)
}

/// A message as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) severity: Severity,
    pub(crate) title_key: &'a str,
    /// JSON object.
    pub(crate) title_arguments: &'a str,
    pub(crate) body: &'a str,
    pub(crate) link: &'a str,
    pub(crate) agency_id: Option<&'a str>,
    /// What watches whether somebody acknowledges it.
    pub(crate) escalation_id: Option<&'a str>,
    /// Those of the people who are told as the ones on duty.
    pub(crate) on_duty: &'a [String],
    /// Whether it is also posted to channels themselves.
    pub(crate) posted: bool,
}

/// Puts it into the inboxes of these people, and what leaves of it into the outbox.
pub(crate) async fn deliver(
    tx: &Tx<'_>,
    live: &Live,
    policy: &NoticePolicy,
    now: Micros,
    people: &[String],
    draft: &Draft<'_>,
) -> Result<(), Error> {
    let mut told = Vec::new();
    for person in people {
        told.push((person.clone(), store::insert(tx, person, draft, now).await?));
    }
    let planned = Planned {
        severity: draft.severity,
        title_key: draft.title_key,
        title_arguments: draft.title_arguments,
        link: draft.link,
        agency_id: draft.agency_id,
        told: &told,
        posted: draft.posted,
    };
    outbox::plan(tx, policy, now, &planned).await?;
    if !people.is_empty() {
        let live = live.clone();
        // Nothing about the message or its recipients travels: every page asks for its own inbox.
        tx.after_commit(move || live.send("inbox", None, json!({})));
    }
    Ok(())
}

async fn on_duty(tx: &Tx<'_>, now: Micros) -> Result<Vec<String>, Error> {
    let policies = Policies::in_force()?;
    let on_watch = roster::people_on_watch(tx, &policies.roster.on_call, now).await?;
    if !on_watch.is_empty() {
        return Ok(on_watch);
    }
    // Like the watch itself they stand at the head: who holds the role at one agency must not read of another.
    let head = head_agency(tx).await?;
    for role in &policies.roster.when_nobody_is_on_duty {
        let holders = people::with_role(tx, role, head.as_deref(), now).await?;
        if !holders.is_empty() {
            return Ok(holders);
        }
    }
    Ok(Vec::new())
}

/// The centre's own agency.
pub(crate) async fn head_agency(tx: &Tx<'_>) -> Result<Option<String>, Error> {
    let sql = "SELECT id FROM agencies WHERE parent_id IS NULL ORDER BY id LIMIT 1";
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    Ok(row.map(|row| row.try_get("", "id")).transpose()?)
}
