//! One event: every field, the record as it arrived, and a permanent address.

use super::pages::value_address;
use super::run::{audit, context, monitoring, refusal, sequence, text, time};
use super::senders::{Sender, senders, touched};
use crate::enrichment::{Asked, Enriched};
use crate::rules::explain::event_of;
use crate::sources::store::Listed;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use event_store::Store;
use kit::locale::texts;
use kit::page::Page;
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Error};
use serde_json::{Map, Value};

pub(super) fn routes() -> Routes {
    Routes::new().get("/events/{seq}", Capability::ViewEvents, show_event)
}

/// Columns that stand elsewhere on the page.
const APART: [&str; 9] =
    ["seq", "time", "arrival", "raw", "raw_encoding", "fields", "message", "observables", "source_id"];

/// A field of an event.
pub struct Field {
    pub name: String,
    pub doc: String,
    pub value: String,
    pub menu: String,
}

/// An event as a page shows it.
pub struct Shown {
    pub seq: u64,
    pub time: i64,
    pub arrival: i64,
    pub understood: bool,
    pub problem: Option<String>,
    pub message: Option<String>,
    pub sender: Option<Sender>,
    pub columns: Vec<Field>,
    pub fields: Vec<Field>,
    /// What registers know of it now, by the names that rules use.
    pub known: Vec<(&'static str, String)>,
    pub raw: String,
    pub encoded: bool,
}

/// One event within the visitor's scope.
pub async fn find(visit: &Visit, seq: u64) -> Result<Map<String, Value>, Error> {
    let sql = format!("SELECT * FROM events WHERE seq = {seq} LIMIT 1");
    let result = monitoring(&visit.app)?.store.query(&sql, &context(visit, 1).await?).await.map_err(refusal)?;
    result.to_json_rows().map_err(refusal)?.into_iter().next().ok_or(Error::NotFound)
}

/// Events within the visitor's scope by sequence, in order of time.
pub async fn find_many(visit: &Visit, seqs: &[u64]) -> Result<Vec<Map<String, Value>>, Error> {
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<_> = seqs.iter().map(u64::to_string).collect();
    let sql = format!("SELECT * FROM events WHERE seq IN ({}) ORDER BY time, seq", list.join(", "));
    let result =
        monitoring(&visit.app)?.store.query(&sql, &context(visit, seqs.len()).await?).await.map_err(refusal)?;
    result.to_json_rows().map_err(refusal)
}

/// Sequences before the last record of a source among which its last records are looked for.
const LAST_AMONG: u64 = 5_000;

/// The last records of a source as they arrived, the newest first, with their numbers; none for who may not read them. The
/// trail is told. The caller has found the source in scope.
pub async fn last_records(visit: &Visit, source: &Listed, count: usize) -> Result<Vec<(u64, String)>, Error> {
    let last = source.status.last_sequence;
    if last <= 0 || !visit.scope().may(Capability::ViewEvents) {
        return Ok(Vec::new());
    }
    let last = u64::try_from(last).unwrap_or_default();
    // The identifier is one of ours.
    let sql = format!(
        "SELECT seq, raw FROM events WHERE seq > {} AND seq <= {last} AND source_id = '{}' ORDER BY seq DESC LIMIT {count}",
        last.saturating_sub(LAST_AMONG),
        source.source.id
    );
    let result = monitoring(&visit.app)?.store.query(&sql, &context(visit, count).await?).await.map_err(refusal)?;
    let rows = result.to_json_rows().map_err(refusal)?;
    let read = |row: &Map<String, Value>| (sequence(row), text(row, "raw").unwrap_or_default());
    let records: Vec<(u64, String)> = rows.iter().map(read).collect();
    if !records.is_empty() {
        let seen = records.len() as u64;
        let touched = source.agency_id.iter().map(|agency| (agency.clone(), Some(seen))).collect();
        audit(visit, "event", &format!("source {}", source.source.id), seen, &touched).await?;
    }
    Ok(records)
}

fn known(visit: &Visit, row: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let Ok(monitoring) = monitoring(&visit.app) else { return Vec::new() };
    let (known, event) = (monitoring.enrichment.current(), event_of(row));
    let words = |value: &event::Value| {
        let mut words: Vec<String> = Vec::new();
        value.any_text(&mut |text| {
            words.push(text.to_owned());
            false
        });
        words.join(", ")
    };
    Enriched::of(&event, &known, Asked::ALL).facts().map(|(name, value)| (name, words(value))).collect()
}

/// What a page shows of a row.
pub fn shown(visit: &Visit, row: &Map<String, Value>, sender: Option<Sender>) -> Shown {
    let address = visit.address.at("/search").without("open");
    let menu = |name: &str, value: &str| value_address(&address, name, value);
    let doc = |name: &str| texts().text(visit.lang, &format!("catalogue-events-{name}"));
    let columns = Store::event_columns()
        .iter()
        .filter(|column| !APART.contains(&column.name))
        .filter_map(|column| {
            let value = text(row, column.name)?;
            let menu = menu(column.name, &value);
            Some(Field { name: column.name.to_owned(), doc: doc(column.name), value, menu })
        })
        .collect();
    let fields = match row.get("fields") {
        Some(Value::String(json)) => serde_json::from_str(json).unwrap_or_default(),
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    let fields = fields
        .into_iter()
        .map(|(name, value)| {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Field { menu: menu(&name, &value), name, doc: String::new(), value }
        })
        .collect();
    Shown {
        seq: super::run::sequence(row),
        time: time(row, "time").unwrap_or_default(),
        arrival: time(row, "arrival").unwrap_or_default(),
        understood: row.get("understood").and_then(Value::as_bool).unwrap_or(true),
        problem: text(row, "problem"),
        message: text(row, "message"),
        sender,
        columns,
        fields,
        known: known(visit, row),
        raw: text(row, "raw").unwrap_or_default(),
        encoded: text(row, "raw_encoding").is_some(),
    }
}

#[derive(Template)]
#[template(path = "search/templates/event.html")]
struct EventPage {
    page: Page,
    event: Shown,
    around: String,
    /// Whoever looks may see rules, and so why they did or did not fire.
    explains: bool,
}

#[derive(Template)]
#[template(path = "search/templates/event_drawer.html")]
struct EventDrawer {
    page: Page,
    event: Shown,
    back: String,
    around: String,
    explains: bool,
}

async fn show_event(visit: Visit, Path(seq): Path<u64>) -> Result<Response, Fail> {
    visit.require(Capability::ViewEvents)?;
    let row = find(&visit, seq).await?;
    let senders = senders(&visit.read(), text(&row, "source_id"), visit.now()).await?;
    audit(&visit, "event", &format!("seq = {seq}"), 1, &touched([&row], &senders)).await?;
    let sender = senders.into_values().next();
    let event = shown(&visit, &row, sender);
    let minute = kit::clock::MINUTE;
    let source = event.sender.as_ref().map(|sender| super::clause::clause("source_id", &sender.source_id));
    let around = kit::page::Address::parse("/search")
        .with("q", source.unwrap_or_default())
        .with("from", (event.time - minute) / 1000)
        .with("to", (event.time + minute) / 1000);
    let page = visit.page().await?.part_of("/search");
    let around = around.to_string();
    let explains = visit.scope().may(Capability::ViewRules);
    if visit.partial {
        let back = visit.address.at("/search").to_string();
        return Ok(render(&EventDrawer { page, event, back, around, explains })?.into_response());
    }
    Ok(render(&EventPage { page, event, around, explains })?.into_response())
}
