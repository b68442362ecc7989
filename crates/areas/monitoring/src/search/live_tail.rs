//! The live tail: events as they come in that match the query and lie within the scope, as rows of the table,
//! once a second. A busy stream is thinned, visibly; after a while the tail ends so that no page grows for ever.

use super::names;
use super::pages::{Row, row_of};
use super::places::Place;
use super::run::{audit, monitoring};
use super::senders::{Sender, senders, touched};
use super::{Question, asked};
use crate::sources::sources_in_scope;
use askama::Template;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use event::Event;
use event_store::Sources;
use event_store::search::Matcher;
use futures::Stream;
use kit::page::Page;
use kit::web::{ASKED_EVERY, Fail, Renewal, Routes, Visit};
use kit::{Capability, Error};
use organisation::audit::Touched;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Most rows a second; the rest is counted.
const ROWS_A_SECOND: usize = 20;
/// Rows after which the tail ends.
const LAST_ROW: usize = 1_000;
pub(super) fn routes() -> Routes {
    Routes::new().get("/search/live", Capability::ViewEvents, tail)
}

async fn tail(visit: Visit, renewal: Renewal) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Fail> {
    visit.require(Capability::ViewEvents)?;
    let place = monitoring(&visit.app)?.searches.follow(visit.scope()).await?;
    let question = asked(&visit.address, visit.now())?;
    let (store, known) = (monitoring(&visit.app)?.store.clone(), monitoring(&visit.app)?.enrichment.current());
    let unread = |error| Fail::from(super::run::refusal(error));
    let query = store.parse(&question.query).map_err(unread)?;
    let named = names::of(&visit.read(), &known, &query).await?;
    let query = query.with_names(&named).map_err(unread)?.matcher();
    let sources = sources_in_scope(&visit.read()).await?;
    let receiver = store.subscribe();
    audit(&visit, "live", &question.query, 0, &Touched::new()).await?;
    let page = visit.page().await?;
    let (senders, told, asked_at) = (HashMap::new(), BTreeSet::new(), Instant::now());
    let tail = Tail {
        visit,
        renewal,
        page,
        question,
        query,
        sources,
        asked_at,
        receiver,
        senders,
        told,
        sent: 0,
        ended: false,
        _place: place,
    };
    let stream = futures::stream::unfold(tail, |mut tail| async move {
        let sent = tail.next().await?;
        Some((futures::stream::iter(sent.into_iter().map(Ok)), tail))
    });
    Ok(Sse::new(futures::StreamExt::flatten(stream)).keep_alive(KeepAlive::default()))
}

struct Tail {
    visit: Visit,
    renewal: Renewal,
    page: Page,
    question: Question,
    query: Matcher,
    sources: Sources,
    /// When the sources in scope were last asked for.
    asked_at: Instant,
    receiver: Receiver<Arc<Vec<Event>>>,
    senders: HashMap<String, Sender>,
    /// Agencies whose audit trail knows.
    told: BTreeSet<String>,
    sent: usize,
    ended: bool,
    _place: Place,
}

/// What came within a second.
#[derive(Default)]
struct Gathered {
    events: Vec<Event>,
    /// Matches beyond those that are shown.
    skipped: usize,
    /// More came than could be looked at.
    lost: bool,
}

#[derive(Template)]
#[template(path = "search/templates/rows.html")]
struct Rows<'tail> {
    page: &'tail Page,
    rows: Vec<Row>,
}

impl Tail {
    /// What to send next; `None` once the tail has ended.
    async fn next(&mut self) -> Option<Vec<Sent>> {
        if self.ended {
            return None;
        }
        let Ok(Gathered { mut events, skipped, lost }) = self.gather().await else {
            self.ended = true;
            return Some(vec![Sent::default().event("full").data("closed")]);
        };
        if self.asked_at.elapsed() > ASKED_EVERY {
            match self.renewal.session().await {
                Ok(Some(session)) if session.scope.may(Capability::ViewEvents) => {
                    self.visit.session = Arc::new(session)
                }
                _ => {
                    self.ended = true;
                    return Some(vec![Sent::default().event("full").data("closed")]);
                }
            }
            // Sources change hands while somebody looks on; where that cannot be found out, nothing is shown.
            self.sources = sources_in_scope(&self.visit.read()).await.unwrap_or(Sources::Only(Arc::default()));
            self.asked_at = Instant::now();
            events.retain(|event| self.may_see(event));
        }
        events.reverse();
        let rows = match self.rows(&events).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "live tail failed");
                self.ended = true;
                return Some(vec![Sent::default().event("full").data("error")]);
            }
        };
        self.sent += events.len();
        let mut sent = vec![Sent::default().event("rows").data(rows.replace(['\n', '\r'], " "))];
        if skipped > 0 {
            let words = self.page.tn("search-live-skipped", "count", self.page.format.number(skipped as u64));
            sent.push(Sent::default().event("state").data(words));
        }
        if lost {
            sent.push(Sent::default().event("state").data(self.page.t("search-live-lost")));
        }
        if self.sent >= LAST_ROW {
            self.ended = true;
            let words = self.page.tn("search-live-full", "count", self.sent);
            sent.push(Sent::default().event("state").data(words));
            sent.push(Sent::default().event("full").data("rows"));
        }
        Some(sent)
    }

    /// Waits for a first match, then for what else comes within a second. `Err` when the store has closed.
    async fn gather(&mut self) -> Result<Gathered, RecvError> {
        let mut gathered = Gathered::default();
        while gathered.events.is_empty() {
            self.take(&mut gathered).await?;
        }
        let second = tokio::time::sleep(Duration::from_secs(1));
        tokio::pin!(second);
        loop {
            tokio::select! {
                () = &mut second => return Ok(gathered),
                taken = self.take(&mut gathered) => taken?,
            }
        }
    }

    async fn take(&mut self, gathered: &mut Gathered) -> Result<(), RecvError> {
        let batch = match self.receiver.recv().await {
            Ok(batch) => batch,
            Err(RecvError::Lagged(_)) => {
                gathered.lost = true;
                return Ok(());
            }
            Err(closed) => return Err(closed),
        };
        for event in batch.iter().filter(|event| self.may_see(event) && self.query.matches(event)) {
            if gathered.events.len() < ROWS_A_SECOND {
                gathered.events.push(event.clone());
            } else {
                gathered.skipped += 1;
            }
        }
        Ok(())
    }

    fn may_see(&self, event: &Event) -> bool {
        match &self.sources {
            Sources::All => true,
            Sources::Only(ids) => event.source_id.as_deref().is_some_and(|id| ids.contains(id)),
        }
    }

    async fn rows(&mut self, events: &[Event]) -> Result<String, Error> {
        let unknown: Vec<String> = events
            .iter()
            .filter_map(|event| event.source_id.as_deref())
            .filter(|id| !self.senders.contains_key(*id))
            .map(ToOwned::to_owned)
            .collect();
        if !unknown.is_empty() {
            self.senders.extend(senders(&self.visit.read(), unknown, self.visit.now()).await?);
        }
        let values: Vec<_> = events.iter().map(values).collect();
        self.tell(&values).await?;
        let address = self.visit.address.at("/search");
        let row = |values| row_of(&self.page, &address, &self.question, values, &self.senders);
        let rows = values.iter().map(row).collect();
        Rows { page: &self.page, rows }.render().map_err(Error::internal)
    }
}

impl Tail {
    /// Tells the audit trail of agencies whose events are seen for the first time, before they are.
    async fn tell(&mut self, rows: &[Map<String, Value>]) -> Result<(), Error> {
        let mut touched = touched(rows, &self.senders);
        touched.retain(|agency, shown| shown.is_some() && self.told.insert(agency.clone()));
        if touched.is_empty() {
            return Ok(());
        }
        audit(&self.visit, "live", &self.question.query, rows.len() as u64, &touched).await
    }
}

/// The columns that a row may show, as the store would give them.
fn values(event: &Event) -> Map<String, Value> {
    let mut values = Map::new();
    values.insert("seq".to_owned(), event.seq.into());
    values.insert("time".to_owned(), event.time.into());
    values.insert("arrival".to_owned(), event.arrival.into());
    values.insert("format".to_owned(), event.format.as_ref().into());
    values.insert("understood".to_owned(), event.understood.into());
    values.insert("raw".to_owned(), String::from_utf8_lossy(&event.raw).into());
    if let Some(source_id) = event.source_id.as_deref() {
        values.insert("source_id".to_owned(), source_id.into());
    }
    if let Some(message) = &event.message {
        values.insert("message".to_owned(), message.as_str().into());
    }
    for (column, value) in event.columns.iter() {
        if let Some(text) = value.as_text() {
            values.insert(column.name().to_owned(), text.into_owned().into());
        }
    }
    values
}
