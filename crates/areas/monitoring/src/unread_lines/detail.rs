//! One template: sample lines, what was decided, and the way to a format for them.

use super::pages::{template_of, tone};
use super::{UnreadLine, service, store};
use crate::search::clause::clause;
use crate::search::event_page::find_many;
use crate::search::run::{audit, sequence, text};
use crate::search::senders::{senders, touched};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Address, FlashKind, Page};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whoever decides about lines.
pub(super) const DECIDE: Access = Access::NeedsOneOf(&[Capability::ManageSources, Capability::TuneRules]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/unread-lines/{id}", Capability::ViewEvents, show_unread)
        .post("/unread-lines/{id}/ignore", DECIDE, ignore)
        .post("/unread-lines/{id}/reopen", DECIDE, reopen)
}

/// A line of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Sample {
    pub(super) seq: u64,
    pub(super) line: String,
}

/// The sample lines that are still kept and that the visitor may read. Reading them is in the trail.
pub(super) async fn samples(visit: &Visit, row: &UnreadLine, purpose: &str) -> Result<Vec<Sample>, Error> {
    let rows = find_many(visit, &row.samples).await?;
    let ids = rows.iter().filter_map(|row| text(row, "source_id"));
    let senders = senders(&visit.read(), ids, visit.now()).await?;
    let query = format!("seq IN {:?}", row.samples);
    audit(visit, purpose, &query, rows.len() as u64, &touched(&rows, &senders)).await?;
    let sample = |row: &Map<String, Value>| Sample { seq: sequence(row), line: text(row, "raw").unwrap_or_default() };
    Ok(rows.iter().map(sample).collect())
}

#[derive(Template)]
#[template(path = "unread_lines/templates/unread_line.html")]
struct UnreadPage {
    page: Page,
    row: UnreadLine,
    samples: Vec<Sample>,
    events: String,
    may_decide: bool,
}

async fn show_unread(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewEvents)?;
    let row = store::find(&visit.read(), &id).await?;
    let samples = samples(&visit, &row, "unread-lines").await?;
    let mut query = clause("source_id", &row.source_id);
    if row.part == super::Part::Record {
        query += " AND understood:false";
    } else if !row.program.is_empty() {
        query = format!("{query} AND {}", clause("process_name", &row.program));
    }
    let page = visit.page().await?.part_of("/unread-lines");
    let template = UnreadPage {
        samples,
        events: Address::parse("/search").with("q", query).with("range", "all").to_string(),
        may_decide: DECIDE.allows(Some(visit.scope())).is_ok(),
        row,
        page,
    };
    Ok(render(&template)?.into_response())
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Ignoring {
    pub(super) reason: String,
}

async fn ignore(visit: Visit, Path(id): Path<String>, Form(form): Form<Ignoring>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::ignore(&tx, &id, &form.reason, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying("/unread-lines", FlashKind::Done, "unread-line-ignored"))
}

async fn reopen(visit: Visit, Path(id): Path<String>, _form: Form<Ignoring>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::reopen(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying("/unread-lines", FlashKind::Done, "unread-line-reopened"))
}

fn act_path(id: &str, act: &str) -> String {
    format!("/unread-lines/{id}/{act}")
}
