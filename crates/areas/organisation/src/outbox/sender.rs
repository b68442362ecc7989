//! The sender: takes what is due, sends it, notes how that ended. A row in hand belongs to one sender for a while; one
//! that a stopped program held comes back after that, so a message may arrive twice and never not at all.

use super::store::{self, Ended};
use super::{Outgoing, State, next_attempt, words};
use crate::channels::{self, GatewaySettings, Settings};
use crate::delivery::{Failure, Parcel, Reason, Web, Writing, fill, send_mail, signature};
use crate::policies::Policies;
use crate::{audit, escalation, people, subscriptions};
use kit::clock::{Clock, DAY, MINUTE, Micros, SECOND};
use kit::live::Live;
use kit::locale::texts;
use kit::{Db, Error, Lang, Personal, Scope};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Longer than any attempt takes.
const IN_HAND: Micros = 5 * MINUTE;
/// Rows looked at in one round, and attempts at the same time.
const ROWS: u64 = 200;
const AT_ONCE: usize = 8;
/// Lines of a digest.
const LINES: usize = 50;

/// Cheap to clone.
#[derive(Clone)]
pub struct Sender(Arc<Parts>);

struct Parts {
    db: Db,
    /// The program's own.
    scope: Scope,
    clock: Arc<dyn Clock>,
    live: Live,
    policies: Arc<Policies>,
    /// Where people reach the pages.
    address: String,
    web: Web,
}

/// Rows that go out as one message.
struct Load {
    rows: Vec<Outgoing>,
}

/// What is needed to send, or why it cannot be sent at all.
type Ready = Result<(Settings, Parcel), Failure>;

impl Load {
    fn ids(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.id.as_str()).collect()
    }
}

impl Sender {
    pub fn new(
        db: Db,
        scope: Scope,
        clock: Arc<dyn Clock>,
        live: Live,
        policies: Arc<Policies>,
        address: &str,
    ) -> Result<Self, Error> {
        let web = Web::new(&policies.notice.reachable_networks)?;
        Ok(Self(Arc::new(Parts { db, scope, clock, live, policies, address: address.to_owned(), web })))
    }

    /// Escalates what nobody acknowledged and sends what is due. Gives how many messages left or failed.
    pub async fn run_due(&self) -> Result<usize, Error> {
        let parts = &self.0;
        let now = parts.clock.now();
        escalation::run_due(&parts.db, &parts.scope, &parts.live, &parts.policies, now).await?;
        let due = store::due(&parts.db.scoped(&parts.scope).read(), now, ROWS).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let scoped = parts.db.scoped(&parts.scope);
        let tx = scoped.begin().await?;
        store::withdraw(&tx, now).await?;
        tx.commit().await?;
        let due = store::due(&parts.db.scoped(&parts.scope).read(), now, ROWS).await?;
        let mut loads = loads(due).into_iter();
        let mut running = JoinSet::new();
        let mut done = 0;
        loop {
            while running.len() < AT_ONCE
                && let Some(load) = loads.next()
            {
                let sender = self.clone();
                running.spawn(async move { sender.attempt(&load).await });
            }
            match running.join_next().await {
                None => return Ok(done),
                Some(Ok(Ok(()))) => done += 1,
                Some(Ok(Err(error))) => tracing::error!(%error, "a message could not be sent or noted"),
                Some(Err(error)) => tracing::error!(%error, "the sender of a message ended badly"),
            }
        }
    }

    /// Forgets what the policy keeps no longer.
    pub async fn tidy(&self) -> Result<u64, Error> {
        let parts = &self.0;
        let before = parts.clock.now() - parts.policies.notice.kept_days * DAY;
        let scoped = parts.db.scoped(&parts.scope);
        let tx = scoped.begin().await?;
        let forgotten = store::forget(&tx, before).await?;
        tx.commit().await?;
        Ok(forgotten)
    }

    async fn attempt(&self, load: &Load) -> Result<(), Error> {
        let Some(first) = load.rows.first() else { return Ok(()) };
        let Some(ready) = self.take(load, first).await? else { return Ok(()) };
        let outcome = match ready {
            Ok((settings, parcel)) => self.send(&settings, &parcel).await,
            Err(failure) => Err(failure),
        };
        self.note(load, first, outcome).await
    }

    /// Takes the rows in hand and opens what is needed to send them. Addresses of people come into the open here, so it
    /// is here that this is recorded.
    async fn take(&self, load: &Load, first: &Outgoing) -> Result<Option<Ready>, Error> {
        let parts = &self.0;
        let now = parts.clock.now();
        let scoped = parts.db.scoped(&parts.scope);
        let tx = scoped.begin().await?;
        if !store::claim(&tx, &load.ids(), now + IN_HAND, now).await? {
            tx.rollback().await?;
            return Ok(None);
        }
        let settings = channels::opened(&tx, &first.channel_id).await?;
        let (mut to, mut lang) = (Personal::default(), Lang::default());
        if let Some(person_id) = &first.person_id {
            let person = people::signed_in(&tx, person_id).await?.ok_or(Error::NotFound)?;
            (to, lang) = subscriptions::address_of(&tx, person_id, &first.channel_id).await?;
            if let Some(Settings::Mail(_)) = &settings {
                to = person.email;
            }
            // Who has left since gets nothing more.
            if !person.active {
                to = Personal::default();
            }
            if !to.is_empty() {
                people::record_reveal(&tx, now, (person_id.as_str(), person.agency_id.as_str()), "send").await?;
            }
        }
        tx.commit().await?;
        let Some(settings) = settings else { return Ok(Some(Err(Failure::lasting(Reason::Settings)))) };
        if first.person_id.is_some() && to.is_empty() {
            return Ok(Some(Err(Failure::lasting(Reason::Recipient))));
        }
        Ok(Some(Ok((settings, self.parcel(load, first, to, lang)))))
    }

    fn parcel(&self, load: &Load, first: &Outgoing, to: Personal, lang: Lang) -> Parcel {
        let policy = &self.0.policies.notice;
        let title = |row: &Outgoing| words::title(policy, lang, &row.title_key, &row.title_arguments);
        let link = |row: &Outgoing| match (&row.message_id, row.link.is_empty()) {
            // Marks it read and leads on.
            (Some(message), _) => words::link(&self.0.address, &format!("/inbox/{message}")),
            (None, true) => words::link(&self.0.address, "/inbox"),
            (None, false) => words::link(&self.0.address, &row.link),
        };
        let kind_name = policy.kind(&first.kind).map(|kind| texts().text(lang, &kind.key())).unwrap_or_default();
        let single = Parcel {
            id: first.id.clone(),
            kind: first.kind.clone(),
            kind_name,
            severity: first.severity.clone(),
            title: title(first),
            link: link(first),
            lines: Vec::new(),
            to,
        };
        if load.rows.len() < 2 {
            return single;
        }
        let worst = load.rows.iter().map(Outgoing::severity).max().unwrap_or_default();
        Parcel {
            kind: "digest".to_owned(),
            kind_name: String::new(),
            severity: worst.code().to_owned(),
            title: texts().text_with(lang, "news-digest-title", &[("count", load.rows.len().into())]),
            link: words::link(&self.0.address, "/inbox?state=unread"),
            lines: load.rows.iter().take(LINES).map(title).collect(),
            ..single
        }
    }

    async fn send(&self, settings: &Settings, parcel: &Parcel) -> Result<String, Failure> {
        match settings {
            Settings::Mail(mail) => send_mail(mail, &self.0.policies.notice.reachable_networks, parcel).await,
            Settings::Webhook(webhook) => {
                let body = json!({
                    "id": parcel.id, "kind": parcel.kind, "severity": parcel.severity, "title": parcel.title,
                    "link": parcel.link,
                });
                let body = body.to_string();
                let timestamp = self.0.clock.now() / SECOND;
                let headers = [
                    ("content-type", "application/json".to_owned()),
                    ("x-luytre-delivery", parcel.id.clone()),
                    ("x-luytre-timestamp", timestamp.to_string()),
                    ("x-luytre-signature", signature(&webhook.secret, timestamp, &body)),
                ];
                let headers = headers.map(|(name, value)| (name.to_owned(), value));
                self.0.web.post(&webhook.url, &headers, body).await
            }
            Settings::Gateway(gateway) if parcel.to.reveal().is_empty() && gateway.names_recipient() => {
                Err(Failure::lasting(Reason::Recipient))
            }
            Settings::Gateway(gateway) => {
                let (url, headers, body) = request(gateway, parcel);
                self.0.web.post(&url, &headers, body).await
            }
        }
    }

    async fn note(&self, load: &Load, first: &Outgoing, outcome: Result<String, Failure>) -> Result<(), Error> {
        let parts = &self.0;
        let now = parts.clock.now();
        let next = match &outcome {
            Ok(_) => None,
            Err(failure) if failure.lasting => None,
            // The claim has counted this attempt.
            Err(_) => next_attempt(&parts.policies.notice.retry, first.attempts + 1, now),
        };
        let (failure, answer) = match &outcome {
            Ok(answer) => ("", answer.as_str()),
            Err(failure) => (failure.reason.code(), failure.answer.as_str()),
        };
        let state = match (&outcome, next) {
            (Ok(_), _) => State::Sent,
            (Err(_), Some(_)) => State::Waiting,
            (Err(_), None) => State::Failed,
        };
        let scoped = parts.db.scoped(&parts.scope);
        let tx = scoped.begin().await?;
        let ended = Ended { state, due_at: next.unwrap_or(first.due_at), failure, answer };
        store::end(&tx, &load.ids(), &ended, now).await?;
        if state == State::Failed {
            tracing::warn!(channel = first.channel_name, failure, answer, "a message was given up");
            let details = json!({ "channel": first.channel_name, "failure": failure, "answer": answer,
                                  "messages": load.rows.len(), "attempts": first.attempts + 1 });
            audit::record(&tx, now, "outbox.give-up", "outbox", &first.id, Some(&first.agency_id), details).await?;
        }
        tx.commit().await
    }
}

/// Rows that go together: what waited, by person and channel. Everything else goes by itself.
fn loads(rows: Vec<Outgoing>) -> Vec<Load> {
    let mut together: BTreeMap<(String, String), Vec<Outgoing>> = BTreeMap::new();
    let mut loads = Vec::new();
    for row in rows {
        match (&row.person_id, row.bundled) {
            (Some(person), true) => {
                together.entry((person.clone(), row.channel_id.clone())).or_default().push(row);
            }
            _ => loads.push(Load { rows: vec![row] }),
        }
    }
    loads.extend(together.into_values().map(|rows| Load { rows }));
    loads
}

/// The request of a gateway with its places filled in.
fn request(gateway: &GatewaySettings, parcel: &Parcel) -> (String, Vec<(String, String)>, String) {
    let values = [
        ("title", parcel.title.as_str()),
        ("kind", parcel.kind_name.as_str()),
        ("severity", parcel.severity.as_str()),
        ("link", parcel.link.as_str()),
        ("to", parcel.to.reveal()),
        ("id", parcel.id.as_str()),
    ];
    let mut headers: Vec<_> = gateway
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), fill(value, &values, Writing::Header)))
        .collect();
    if headers.iter().all(|(name, _)| name != "content-type") {
        headers.push(("content-type".to_owned(), gateway.content_type().to_owned()));
    }
    let body = fill(&gateway.body, &values, Writing::of(gateway.content_type()));
    (fill(&gateway.url, &values, Writing::Percent), headers, body)
}
