//! The live tail: events as they come in that match the query and lie within the scope, as rows of the table,
//! once a second. A busy stream is thinned, visibly; after a while the tail ends so that no page grows for ever.

use super::Question;
use super::pages::{Row, row_of};
use super::run::{audit, monitoring};
use super::senders::{Sender, senders};
use crate::sources::sources_in_scope;
use askama::Template;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::routing::get;
use event::Event;
use event_store::Sources;
use event_store::search::{Query, parse};
use futures::Stream;
use kit::page::Page;
use kit::web::{Fail, Visit};
use kit::{App, Capability, Error};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Most rows a second; the rest is counted.
const ROWS_A_SECOND: usize = 20;
/// Rows after which the tail ends.
const LAST_ROW: usize = 1_000;

pub(super) fn routes() -> axum::Router<App> {
    axum::Router::new().route("/search/live", get(tail))
}

async fn tail(visit: Visit) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Fail> {
    visit.require(Capability::ViewEvents)?;
    let question = Question::of(&visit.address, visit.now());
    let query = parse(&question.query).map_err(|error| Fail::from(super::run::refusal(error)))?;
    let sources = sources_in_scope(&visit.read()).await?;
    let receiver = monitoring(&visit.app)?.store.subscribe();
    audit(&visit, "live", &question.query, 0, &[]).await?;
    let page = visit.page().await?;
    let tail = Tail { visit, page, question, query, sources, receiver, senders: HashMap::new(), sent: 0, ended: false };
    let stream = futures::stream::unfold(tail, |mut tail| async move {
        let sent = tail.next().await?;
        Some((futures::stream::iter(sent.into_iter().map(Ok)), tail))
    });
    Ok(Sse::new(futures::StreamExt::flatten(stream)).keep_alive(KeepAlive::default()))
}

struct Tail {
    visit: Visit,
    page: Page,
    question: Question,
    query: Query,
    sources: Sources,
    receiver: Receiver<Arc<Vec<Event>>>,
    senders: HashMap<String, Sender>,
    sent: usize,
    ended: bool,
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
        let Ok((mut events, skipped)) = self.gather().await else {
            self.ended = true;
            return Some(vec![Sent::default().event("full").data("closed")]);
        };
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
        if self.sent >= LAST_ROW {
            self.ended = true;
            let words = self.page.tn("search-live-full", "count", self.sent);
            sent.push(Sent::default().event("state").data(words));
            sent.push(Sent::default().event("full").data("rows"));
        }
        Some(sent)
    }

    /// Waits for a first match, then for what else comes within a second. `Err` when the store has closed.
    async fn gather(&mut self) -> Result<(Vec<Event>, usize), RecvError> {
        let mut events = Vec::new();
        let mut skipped = 0;
        while events.is_empty() {
            self.take(&mut events, &mut skipped).await?;
        }
        let second = tokio::time::sleep(Duration::from_secs(1));
        tokio::pin!(second);
        loop {
            tokio::select! {
                () = &mut second => return Ok((events, skipped)),
                taken = self.take(&mut events, &mut skipped) => taken?,
            }
        }
    }

    async fn take(&mut self, events: &mut Vec<Event>, skipped: &mut usize) -> Result<(), RecvError> {
        let batch = match self.receiver.recv().await {
            Ok(batch) => batch,
            Err(RecvError::Lagged(_)) => return Ok(()),
            Err(closed) => return Err(closed),
        };
        for event in batch.iter().filter(|event| self.may_see(event) && self.query.matches(event)) {
            if events.len() < ROWS_A_SECOND {
                events.push(event.clone());
            } else {
                *skipped += 1;
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
        let address = self.visit.address.at("/search");
        let row = |event| row_of(&self.page, &address, &self.question, &values(event), &self.senders);
        let rows = events.iter().map(row).collect();
        Rows { page: &self.page, rows }.render().map_err(Error::internal)
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
