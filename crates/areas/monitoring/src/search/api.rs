//! `GET /api/v1/search`: the same search as JSON, in one answer or line by line. Rows of all answers are added up; more
//! than may leave without a second person are given to whom one has approved it.

use super::run::{enter, search};
use super::{asked, cursor_code, lines};
use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use event_store::{Store, UnknownField, Unreadable};
use kit::web::{ApiVisit, Fail, Released, Routes};
use kit::{Capability, Error};
use organisation::elevations::rows_given;
use serde::Serialize;
use serde_json::{Map, Value};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/search", Capability::ViewEvents, search_events)
        .query(&["q", "range", "from", "to", "columns", "limit", "before"])
}

/// The form of an answer that comes line by line.
pub(super) const LINES: &str = "application/x-ndjson";

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
    /// Files within the time asked for that are missing, damaged or in an archive that does not answer.
    unreadable_files: u64,
    /// The same by reason, with their days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<Unreadable>,
    files_read: u64,
    files_total: u64,
    milliseconds: u64,
}

/// Where the archive is concerns administrators only.
pub(super) fn without_words(unreadable: Vec<Unreadable>) -> Vec<Unreadable> {
    unreadable.into_iter().map(|one| Unreadable { words: String::new(), ..one }).collect()
}

/// `q`, `range` or `from` and `to`, `columns`, `limit` (100), `before`. Without `columns` all come back. Who accepts
/// `application/x-ndjson` gets rows and counts as they are found, an object a line.
async fn search_events(ApiVisit(visit): ApiVisit, headers: HeaderMap) -> Result<Response, Fail> {
    visit.require(Capability::ViewEvents)?;
    let mut question = asked(&visit.address, visit.now())?;
    if visit.address.value("columns").is_none() {
        question.columns = Store::event_columns().iter().map(|column| column.name.to_owned()).collect();
    }
    let limit = visit.address.value("limit").and_then(|text| text.parse().ok()).unwrap_or(100).clamp(1, MOST_ROWS);
    let place = enter(&visit).await?;
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    if accepted.contains(LINES) {
        // Each line counts its rows.
        return Ok(Released(lines::answer(visit, question, limit, place).await?).into_response());
    }
    let result = search(&visit, &question, limit, "api").await.map_err(|failure| Fail::from(Error::from(failure)))?;
    rows_given(&visit, &visit.address, result.rows.len()).await?;
    let answer = Answer {
        next: result.next.as_ref().map(|next| cursor_code(next.time, next.seq)),
        total: result.total,
        total_exact: result.total_exact,
        unreadable_files: result.unreadable_files as u64,
        unreadable: without_words(result.unreadable),
        files_read: result.files_read as u64,
        files_total: result.files_total as u64,
        milliseconds: result.elapsed.as_millis().try_into().unwrap_or(u64::MAX),
        unknown_fields: result.unknown_fields,
        rows: result.rows,
    };
    Ok(Released(Json(answer)).into_response())
}
