//! Asks the event store within the asker's scope and tells the audit trail, once per request.

use super::Question;
use super::names;
use super::places::Place;
use super::senders::{Sender, senders, touched};
use crate::Monitoring;
use crate::sources::sources_in_scope;
use event_store::{
    Cursor, Lane, QueryContext, SearchRequest, SearchResult, SearchUpdate, SearchUpdates, Sources, StoreError,
};
use kit::catalogue::Unreadable;
use kit::clock::Micros;
use kit::error::Mistake;
use kit::page::Address;
use kit::web::Visit;
use kit::{App, Error, Scope};
use organisation::audit::{Reading, Touched, record_reading};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of one page of results.
pub const PER_PAGE: usize = 100;
/// Most rows of one export.
pub const MOST_ROWS: usize = 10_000;
/// Bars of the histogram.
const BUCKETS: usize = 60;

/// Longest time that the first rows wait for more rows, or for the whole to be done.
const FIRST_PAGE: Duration = Duration::from_millis(400);

/// What came back, with the names of who sent it.
pub struct Found {
    pub result: SearchResult,
    pub senders: HashMap<String, Sender>,
    pub progress: Progress,
}

/// How far a search has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub state: State,
    /// No row will follow on this page.
    pub page_complete: bool,
    /// Everything from this time on is counted.
    pub reached: Option<Micros>,
    pub files_done: u64,
    pub files_to_do: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    UnderWay,
    Done,
    /// It took longer than allowed.
    OutOfTime,
    /// It would have read more than allowed.
    ReadTooMuch,
}

impl State {
    /// How a search ends that was stopped by a limit; what it had found by then holds.
    pub(super) fn stopped(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Timeout { .. } => Some(Self::OutOfTime),
            StoreError::ReadTooMuch { .. } | StoreError::ReadEnough { .. } => Some(Self::ReadTooMuch),
            _ => None,
        }
    }
}

impl Progress {
    pub fn of(update: &SearchUpdate) -> Self {
        Self {
            state: if update.done { State::Done } else { State::UnderWay },
            page_complete: update.page_complete,
            reached: update.reached,
            files_done: update.files_done as u64,
            files_to_do: update.files_to_do as u64,
        }
    }
}

/// How long a page waits for its search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Until there are rows; the page asks for the rest on its own.
    FirstPage,
    /// Until everything is counted.
    Whole,
}

/// How the question fails: the text cannot be read (shown beside it), or anything else.
#[derive(Debug)]
pub enum Failure {
    Text(Box<Mistake>),
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Search { position, mistake } => Self::Text(Box::new(of_text(position, *mistake))),
            error => Self::Other(refusal(error)),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Text(mistake) => Self::Mistake(mistake),
            Failure::Other(error) => error,
        }
    }
}

/// A search text that cannot be read, with its place.
fn of_text(position: usize, mistake: event_store::Mistake) -> Mistake {
    Mistake {
        status: 400,
        heading: "error-search-text",
        code: mistake.code,
        arguments: mistake.arguments,
        position: Some(position + 1),
        words: mistake.words,
    }
}

/// A store's answer to a question that it could or would not answer, as an error of ours: what the asker did wrong is
/// said in words, what we did wrong is ours.
pub fn refusal(error: StoreError) -> Error {
    let refused = |key, words: String| Error::Refused { status: 400, key, words };
    let stopped = |heading, code, arguments, words| {
        Error::Mistake(Box::new(Mistake { status: 400, heading, code, arguments, position: None, words }))
    };
    let words = error.to_string();
    match error {
        StoreError::Search { position, mistake } => Error::Mistake(Box::new(of_text(position, *mistake))),
        StoreError::Mistake(mistake) => stopped("error-query-wrong", mistake.code, mistake.arguments, words),
        StoreError::Refused(_) => refused("error-query-refused", words),
        StoreError::Query(_) => refused("error-query-wrong", words),
        StoreError::Memory { limit } => {
            let limit = vec![("limit", (limit >> 20).to_string())];
            stopped("error-query-memory", "query-memory", limit, words)
        }
        StoreError::Timeout { limit } => {
            let limit = vec![("limit", limit.as_secs().max(1).to_string())];
            stopped("error-query-timeout", "query-timeout", limit, words)
        }
        StoreError::Cancelled => refused("error-query-cancelled", words),
        StoreError::Busy { waited } => {
            let waited = vec![("waited", waited.as_secs().max(1).to_string())];
            let (heading, code) = ("error-query-busy", "query-busy");
            Error::Mistake(Box::new(Mistake { status: 503, heading, code, arguments: waited, position: None, words }))
        }
        StoreError::Spill { limit } => {
            let limit = vec![("limit", (limit >> 20).to_string())];
            stopped("error-query-spill", "query-spill", limit, words)
        }
        StoreError::ReadTooMuch { limit } => {
            let limit = vec![("limit", (limit >> 20).max(1).to_string())];
            stopped("error-query-read", "query-read", limit, words)
        }
        StoreError::ReadEnough { limit, window, wait } => {
            let arguments = vec![
                ("limit", (limit >> 20).max(1).to_string()),
                ("window", window.as_secs().div_ceil(60).to_string()),
                ("wait", wait.as_secs().div_ceil(60).max(1).to_string()),
            ];
            let (heading, code) = ("error-query-read", "query-read-window");
            Error::Mistake(Box::new(Mistake { status: 429, heading, code, arguments, position: None, words }))
        }
        StoreError::Incomplete { days, .. } => incomplete("store-export-incomplete", days),
        StoreError::Unreachable { days, .. } => Error::Refused { status: 503, key: "error-archive", words: days },
        StoreError::Full { .. } | StoreError::DiskFull | StoreError::Closed | StoreError::Ledger(_) => {
            Error::Unavailable(words)
        }
        error => Error::internal(error),
    }
}

/// What is asked for would not be whole: the days that cannot be read. `code`: what can be done about it there.
pub(crate) fn incomplete(code: &'static str, days: String) -> Error {
    let words = format!("events of {days} cannot be read");
    let (heading, arguments) = ("error-incomplete", vec![("days", days)]);
    Error::Mistake(Box::new(Mistake { status: 409, heading, code, arguments, position: None, words }))
}

/// A file for a page is refused where events that belong to it cannot be read, unless its address says to go on without
/// them (`incomplete=yes`).
pub(crate) fn require_whole(visit: &Visit, unreadable: &[Unreadable]) -> Result<(), Error> {
    let days = Unreadable::open_days(unreadable);
    match days.is_empty() || visit.address.has("incomplete", "yes") {
        true => Ok(()),
        false => Err(incomplete("export-incomplete", days)),
    }
}

/// Where a file is asked for; whoever has been told what it would lack has it go on without that.
pub(crate) fn file_address(page: &Address, format: &str, unreadable: &[Unreadable]) -> String {
    let address = page.with("format", format);
    let address = if unreadable.iter().any(Unreadable::is_open) { address.with("incomplete", "yes") } else { address };
    address.to_string()
}

/// What an answer lacks, as the catalogue tells it.
pub fn told_unreadable(unreadable: &[event_store::Unreadable]) -> Vec<Unreadable> {
    let told = |one: &event_store::Unreadable| Unreadable {
        why: one.why.code().to_owned(),
        days: one.days.clone(),
        files: one.files as u64,
        events: one.events,
    };
    unreadable.iter().map(told).collect()
}

/// Whose question it is, for the places and bytes that everybody shares.
pub fn asker(scope: &Scope) -> Option<Arc<str>> {
    Some(Arc::from(scope.actor().id()))
}

/// The port of this area.
pub fn monitoring(app: &App) -> Result<Arc<Monitoring>, Error> {
    app.ports.get::<Monitoring>().ok_or_else(|| Error::Unavailable("event store".to_owned()))
}

/// What the visitor may ask the store about.
pub async fn context(visit: &Visit, max_rows: usize) -> Result<QueryContext, Error> {
    let mut context = QueryContext::new(sources_in_scope(&visit.read()).await?);
    context.max_rows = max_rows;
    context.timeout = Duration::from_secs(30);
    context.asker = asker(visit.scope());
    Ok(context)
}

/// The same for a search, with what the names in it stand for.
async fn asking(visit: &Visit, question: &Question, max_rows: usize) -> Result<QueryContext, Error> {
    let mut context = context(visit, max_rows).await?;
    let monitoring = monitoring(&visit.app)?;
    let known = monitoring.enrichment.current();
    context.names = names::of_text(&visit.read(), &known, &monitoring.store, &question.query).await?;
    Ok(context)
}

/// A place for one more search or question of this visitor; held while it is under way.
pub async fn enter(visit: &Visit) -> Result<Place, Error> {
    monitoring(&visit.app)?.searches.enter(visit.scope()).await
}

/// What a question asks of the store; with counts for who looks at it.
pub fn request(question: &Question, limit: usize, counts: bool, slice_rows: u64) -> SearchRequest {
    let mut columns: Vec<String> = ["seq", "time", "source_id", "message", "raw"].map(ToOwned::to_owned).to_vec();
    columns.extend(question.columns.iter().filter(|name| !columns.contains(name)).cloned().collect::<Vec<_>>());
    SearchRequest {
        query: question.query.clone(),
        from: question.span.from,
        to: question.span.to,
        limit,
        before: question.before.map(|(time, seq)| Cursor { time, seq }),
        columns,
        facets: counts,
        buckets: if counts { BUCKETS } else { 0 },
        slice_rows,
    }
}

/// The same search as it goes, among the questions that may take long.
pub async fn updates(visit: &Visit, question: &Question, limit: usize) -> Result<SearchUpdates, Failure> {
    let monitoring = monitoring(&visit.app)?;
    let mut context = asking(visit, question, limit).await?;
    context.lane = Lane::Question;
    context.timeout = monitoring.searches.limits.time;
    let request = request(question, limit, true, monitoring.searches.limits.slice_rows);
    Ok(monitoring.store.search_updates(&request, &context)?)
}

/// Runs a search for a page of results and tells the audit trail.
pub async fn search_page(visit: &Visit, question: &Question, patience: Patience) -> Result<Found, Failure> {
    let monitoring = monitoring(&visit.app)?;
    let mut context = asking(visit, question, PER_PAGE).await?;
    if patience == Patience::Whole {
        context.lane = Lane::Question;
        context.timeout = monitoring.searches.limits.time;
    }
    let request = request(question, PER_PAGE, true, monitoring.searches.limits.slice_rows);
    let mut updates = monitoring.store.search_updates(&request, &context)?;
    let began = Instant::now();
    let mut result = SearchResult::default();
    let mut progress = None;
    loop {
        let left = FIRST_PAGE.saturating_sub(began.elapsed());
        let next = match (patience, &progress) {
            (Patience::FirstPage, Some(_)) => match tokio::time::timeout(left, updates.next()).await {
                Ok(next) => next,
                Err(_) => break,
            },
            _ => updates.next().await,
        };
        match next {
            Some(Ok(update)) => {
                let now = Progress::of(&update);
                result.take(update);
                progress = Some(now);
                if patience == Patience::FirstPage && now.page_complete {
                    break;
                }
            }
            Some(Err(error)) => match (State::stopped(&error), progress) {
                (Some(state), Some(so_far)) => {
                    progress = Some(Progress { state, ..so_far });
                    break;
                }
                _ => return Err(error.into()),
            },
            None => break,
        }
    }
    drop(updates);
    let progress = progress.ok_or_else(|| Error::internal("a search without an answer"))?;
    let senders = told(visit, "search", question, &result).await?;
    Ok(Found { result, senders, progress })
}

/// Runs a search for its rows alone. `purpose` goes to the audit trail: `export`, `api`.
pub async fn search(visit: &Visit, question: &Question, limit: usize, purpose: &str) -> Result<SearchResult, Failure> {
    let monitoring = monitoring(&visit.app)?;
    let request = request(question, limit, false, monitoring.searches.limits.slice_rows);
    let result = monitoring.store.search(&request, &asking(visit, question, limit).await?).await?;
    told(visit, purpose, question, &result).await?;
    Ok(result)
}

/// Names of who sent what was found, with the audit trail told of it.
async fn told(
    visit: &Visit,
    purpose: &str,
    question: &Question,
    result: &SearchResult,
) -> Result<HashMap<String, Sender>, Error> {
    let senders = senders(&visit.read(), source_ids(result), visit.now()).await?;
    audit(visit, purpose, &question.query, result.rows.len() as u64, &touched(&result.rows, &senders)).await?;
    Ok(senders)
}

/// How many events of the question lie beyond the end of its range: their clocks are fast.
pub async fn count_in_future(visit: &Visit, question: &Question) -> Result<u64, Failure> {
    let Some(end) = question.span.to.filter(|_| !question.span.range.is_empty()) else { return Ok(0) };
    let request = SearchRequest {
        query: question.query.clone(),
        from: Some(end),
        limit: 1,
        facets: false,
        buckets: 1,
        ..SearchRequest::default()
    };
    Ok(monitoring(&visit.app)?.store.search(&request, &asking(visit, question, 1).await?).await?.total)
}

/// Sources of the rows and of the field list.
pub fn source_ids(result: &SearchResult) -> Vec<String> {
    let facet = result.facets.iter().filter(|facet| facet.field == "source_id");
    let facet = facet.flat_map(|facet| facet.values.iter().map(|(value, _)| value.clone()));
    result.rows.iter().filter_map(|row| text(row, "source_id")).chain(facet).collect()
}

/// Tells the audit trail who read what.
pub async fn audit(visit: &Visit, purpose: &str, query: &str, count: u64, touched: &Touched) -> Result<(), Error> {
    let tx = visit.begin().await?;
    let reading = Reading { object_kind: "event", object_id: "", purpose, query, count, touched };
    record_reading(&tx, visit.now(), &reading).await?;
    tx.commit().await
}

/// A value of a row as text; `None` where it is null or missing.
pub fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    match row.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A time of a row, in microseconds.
pub fn time(row: &Map<String, Value>, name: &str) -> Option<Micros> {
    match row.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let zoned = text.parse::<jiff::Timestamp>().ok().map(|time| time.as_microsecond());
            zoned.or_else(|| {
                let civil: jiff::civil::DateTime = text.parse().ok()?;
                Some(jiff::tz::Offset::UTC.to_timestamp(civil).ok()?.as_microsecond())
            })
        }
        _ => None,
    }
}

/// Sequence of a row.
pub fn sequence(row: &Map<String, Value>) -> u64 {
    row.get("seq").and_then(Value::as_u64).unwrap_or(0)
}

/// A value as people read it: the name of a source where the field is its id.
pub async fn shown_value(visit: &Visit, field: &str, value: &str) -> Result<String, Error> {
    if field != "source_id" {
        return Ok(value.to_owned());
    }
    let allowed = match sources_in_scope(&visit.read()).await? {
        Sources::All => true,
        Sources::Only(ids) => ids.contains(value),
    };
    if !allowed {
        return Ok(value.to_owned());
    }
    let found = senders(&visit.read(), [value.to_owned()], visit.now()).await?;
    Ok(found.get(value).map_or_else(|| value.to_owned(), |sender| sender.source_name.clone()))
}
