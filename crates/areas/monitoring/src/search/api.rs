//! `GET /api/v1/search`: the same search as JSON.

use super::run::search;
use super::{Question, cursor_code};
use axum::Json;
use axum::routing::get;
use event_store::{Store, UnknownField};
use kit::web::{ApiVisit, Fail};
use kit::{App, Capability, Error};
use serde::Serialize;
use serde_json::{Map, Value};

pub(super) fn routes() -> axum::Router<App> {
    axum::Router::new().route("/api/v1/search", get(search_events))
}

/// Most rows of one answer.
const MOST_ROWS: usize = 1_000;

#[derive(Serialize)]
struct Answer {
    rows: Vec<Map<String, Value>>,
    /// Value of `before` for the next page.
    next: Option<String>,
    total: u64,
    total_exact: bool,
    /// Where nothing was found: fields asked for that are no columns, and the column perhaps meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_fields: Vec<UnknownField>,
    files_read: u64,
    files_total: u64,
    milliseconds: u64,
}

/// `q`, `range` or `from` and `to`, `columns`, `limit` (100), `before`. Without `columns` all come back.
async fn search_events(ApiVisit(visit): ApiVisit) -> Result<Json<Answer>, Fail> {
    visit.require(Capability::ViewEvents)?;
    let mut question = Question::of(&visit.address, visit.now());
    if visit.address.value("columns").is_none() {
        question.columns = Store::event_columns().iter().map(|column| column.name.to_owned()).collect();
    }
    let limit = visit.address.value("limit").and_then(|text| text.parse().ok()).unwrap_or(100).clamp(1, MOST_ROWS);
    let found = search(&visit, &question, limit, "api").await.map_err(|failure| Fail::from(Error::from(failure)))?;
    let result = found.result;
    Ok(Json(Answer {
        next: result.next.as_ref().map(|next| cursor_code(next.time, next.seq)),
        total: result.total,
        total_exact: result.total_exact,
        files_read: result.files_read as u64,
        files_total: result.files_total as u64,
        milliseconds: result.elapsed.as_millis().try_into().unwrap_or(u64::MAX),
        unknown_fields: result.unknown_fields,
        rows: result.rows,
    }))
}
