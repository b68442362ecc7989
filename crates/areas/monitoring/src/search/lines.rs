//! A search line by line, for programs: new rows with each line, counts so far, and whether it is done. It ends with
//! the connection.

use super::api::{LINES, without_words};
use super::places::Place;
use super::run::{self, Failure};
use super::senders::{senders, touched};
use super::{Question, cursor_code};
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use event_store::{Facet, Histogram, SearchUpdate, SearchUpdates, UnknownField, Unreadable};
use kit::Error;
use kit::web::Visit;
use organisation::elevations::rows_given;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::convert::Infallible;

/// One line.
#[derive(Serialize)]
struct Line {
    /// Those that no line before had; they follow those.
    rows: Vec<Map<String, Value>>,
    page_complete: bool,
    /// Value of `before` for the next page.
    next: Option<String>,
    total: u64,
    /// Only the last line counts everything.
    total_exact: bool,
    /// Everything from this time on is counted; microseconds.
    reached: Option<i64>,
    files_done: u64,
    files_to_do: u64,
    /// Files within the time asked for that are missing, damaged or in an archive that does not answer.
    unreadable_files: u64,
    /// The same by reason, with their days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<Unreadable>,
    histogram: Histogram,
    facets: Vec<Facet>,
    facets_over: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_fields: Vec<UnknownField>,
    milliseconds: u64,
    done: bool,
}

impl Line {
    fn of(update: SearchUpdate) -> Self {
        let so_far = update.so_far;
        Self {
            rows: so_far.rows,
            page_complete: update.page_complete,
            next: so_far.next.map(|next| cursor_code(next.time, next.seq)),
            total: so_far.total,
            total_exact: so_far.total_exact,
            reached: update.reached,
            files_done: update.files_done as u64,
            files_to_do: update.files_to_do as u64,
            unreadable_files: so_far.unreadable_files as u64,
            unreadable: without_words(so_far.unreadable),
            histogram: so_far.histogram,
            facets: so_far.facets,
            facets_over: so_far.facets_over,
            unknown_fields: so_far.unknown_fields,
            milliseconds: so_far.elapsed.as_millis().try_into().unwrap_or(u64::MAX),
            done: update.done,
        }
    }
}

struct Lines {
    visit: Visit,
    question: Question,
    updates: SearchUpdates,
    ended: bool,
    _place: Place,
}

pub(super) async fn answer(visit: Visit, question: Question, limit: usize, place: Place) -> Result<Response, Error> {
    let updates = run::updates(&visit, &question, limit).await?;
    let lines = Lines { visit, question, updates, ended: false, _place: place };
    let stream = futures::stream::unfold(lines, |mut lines| async move {
        let line = lines.next().await?;
        Some((Ok::<_, Infallible>(line), lines))
    });
    Ok(([(header::CONTENT_TYPE, LINES)], Body::from_stream(stream)).into_response())
}

impl Lines {
    async fn next(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        let line = match self.updates.next().await? {
            Ok(update) => self.line(update).await,
            Err(error) => Err(Error::from(Failure::from(error))),
        };
        // The status went out long ago: the last line says what went wrong, in words as any other answer does.
        let line = line.unwrap_or_else(|error| {
            self.ended = true;
            tracing::warn!(%error, "a search ended on its way");
            let words = match error.status() {
                ..500 => error.in_words(self.visit.lang),
                _ => self.visit.t(error.key()),
            };
            json!({ "done": false, "status": error.status(), "error": words }).to_string()
        });
        Some(line + "\n")
    }

    async fn line(&self, update: SearchUpdate) -> Result<String, Error> {
        let rows = update.so_far.rows.len() as u64;
        if rows > 0 {
            rows_given(&self.visit, &self.visit.address, update.so_far.rows.len()).await?;
            let ids = update.so_far.rows.iter().filter_map(|row| run::text(row, "source_id"));
            let senders = senders(&self.visit.read(), ids, self.visit.now()).await?;
            let touched = touched(&update.so_far.rows, &senders);
            run::audit(&self.visit, "api", &self.question.query, rows, &touched).await?;
        }
        serde_json::to_string(&Line::of(update)).map_err(Error::internal)
    }
}
