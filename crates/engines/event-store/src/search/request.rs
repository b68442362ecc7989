//! One page of a search: newest first, with a histogram, a total and the field list.

use super::condition::condition;
use super::newest::Newest;
use super::passage::broken;
use super::{UnknownField, facets, parser, passage};
use crate::memory::Snapshot;
use crate::query::{RESULT_BYTES, Session, json_rows};
use crate::{QueryContext, Store, StoreError, columns};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::common::{Column, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, SortExpr, lit};
use datafusion::prelude::DataFrame;
use event::Micros;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The place of an event in a result; the next page holds what is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub time: Micros,
    pub seq: u64,
}

#[derive(Debug, Clone)]
pub struct SearchRequest {
    pub query: String,
    /// First event time that counts, and the first that no longer does; open where absent.
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    /// Rows of the page.
    pub limit: usize,
    pub before: Option<Cursor>,
    /// Columns of the rows; all where empty. `time` and `seq` are always there.
    pub columns: Vec<String>,
    /// Count the values of common columns.
    pub facets: bool,
    /// Bars of the histogram, about; none where 0, and then no total either.
    pub buckets: usize,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            query: String::new(),
            from: None,
            to: None,
            limit: 100,
            before: None,
            columns: Vec::new(),
            facets: true,
            buckets: 60,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Its start.
    pub time: Micros,
    pub count: u64,
}

/// Events over time; empty buckets are listed too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Histogram {
    pub from: Micros,
    pub bucket_micros: Micros,
    pub buckets: Vec<Bucket>,
}

/// Values of one column among the newest matches, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facet {
    pub field: String,
    pub values: Vec<(String, u64)>,
    pub distinct: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct SearchResult {
    pub rows: Vec<Map<String, Value>>,
    /// Where the next page begins; absent on the last.
    pub next: Option<Cursor>,
    /// Matches in all, over all pages; at least so many where `total_exact` is false.
    pub total: u64,
    pub total_exact: bool,
    pub histogram: Histogram,
    pub facets: Vec<Facet>,
    /// How many of the newest matches the facets count.
    pub facets_over: u64,
    /// Where nothing was found: fields of the text that are no columns.
    pub unknown_fields: Vec<UnknownField>,
    pub files_read: usize,
    pub files_total: usize,
    #[serde(skip)]
    pub elapsed: Duration,
}

/// Rows of one page at most.
const MOST_ROWS: usize = 10_000;

pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

pub(crate) fn time_literal(micros: Micros) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
}

impl Store {
    /// Answers a search.
    ///
    /// # Errors
    /// `Search` for a text that cannot be read; otherwise as [`Store::query`].
    pub async fn search(&self, request: &SearchRequest, context: &QueryContext) -> Result<SearchResult, StoreError> {
        let query = parser::parse(&request.query)?;
        if let Some(unknown) = request.columns.iter().find(|name| !columns::exists(name)) {
            return Err(StoreError::Refused(format!("there is no column {unknown}")));
        }
        let snapshot = self.shared().snapshot()?;
        let span = span(request, &snapshot);
        let mut filter = condition(&query).map_err(|error| StoreError::Query(error.to_string()))?;
        if let Some(from) = request.from {
            filter = filter.and(column("time").gt_eq(time_literal(from)));
        }
        if let Some(to) = request.to {
            filter = filter.and(column("time").lt(time_literal(to)));
        }
        let mut context = context.clone();
        context.max_rows = MOST_ROWS;
        let request = request.clone();
        let engine = self.engine();
        let mut found = engine
            .run(&context, snapshot, move |session| async move { answer(&session, &request, filter, span).await })
            .await?;
        if found.rows.is_empty() {
            found.unknown_fields = query.unknown_fields();
        }
        Ok(found)
    }
}

/// First and last event time that the histogram shows.
fn span(request: &SearchRequest, snapshot: &Snapshot) -> Option<(Micros, Micros)> {
    let mut least = snapshot.segments.iter().map(|one| one.row.min_time).min();
    let mut greatest = snapshot.segments.iter().map(|one| one.row.max_time).max();
    for batch in &snapshot.memory {
        if let Some(times) = batch.column_by_name("time") {
            for time in times.as_primitive::<TimestampMicrosecondType>().values() {
                least = Some(least.map_or(*time, |least| least.min(*time)));
                greatest = Some(greatest.map_or(*time, |greatest| greatest.max(*time)));
            }
        }
    }
    let from = request.from.or(least)?;
    let to = request.to.map(|to| to.saturating_sub(1)).or(greatest)?;
    (from <= to).then_some((from, to))
}

async fn answer(
    session: &Arc<Session>,
    request: &SearchRequest,
    filter: Expr,
    span: Option<(Micros, Micros)>,
) -> Result<SearchResult, StoreError> {
    let began = Instant::now();
    let failed = |error: DataFusionError| session.explain(&error);
    let events = session.stored()?;
    let matches = events.filter(filter).map_err(failed)?;
    let limit = request.limit.clamp(1, MOST_ROWS - 1);

    // Counting looks at every match anyway and finds the newest on the way; a page alone can stop early.
    let counting = span.filter(|_| request.buckets > 0 || request.facets);
    let passed = match counting {
        Some(span) => {
            let keep = (limit + 1).max(if request.facets { facets::SAMPLE } else { 0 });
            Some(passage::count(session, &matches, span, request.buckets.max(1), keep).await?)
        }
        None => None,
    };
    let mut keys = match (&passed, request.before) {
        (Some(passed), None) => cursors(&passed.newest)?,
        _ => newest(session, &matches, request.before, limit + 1).await?,
    };
    keys.truncate(limit + 1);
    let more = keys.len() > limit;
    keys.truncate(limit);
    let rows = fetch(session, matches, &keys, &request.columns).await?;
    // Very long records may not all fit into one answer; the next page begins where this one ends.
    let more = more || rows.len() < keys.len();
    keys.truncate(rows.len());

    let sample = passed.as_ref().filter(|_| request.facets).map(|passed| {
        let newest = passed.newest.slice(0, passed.newest.num_rows().min(facets::SAMPLE));
        (facets::facets(&newest), newest.num_rows() as u64)
    });
    let (facets, facets_over) = sample.unwrap_or_default();
    let total = passed.as_ref().map(|passed| passed.total);
    Ok(SearchResult {
        total: total.unwrap_or(rows.len() as u64),
        total_exact: total.is_some(),
        rows,
        next: if more { keys.last().copied() } else { None },
        histogram: passed.filter(|_| request.buckets > 0).map(|passed| passed.histogram).unwrap_or_default(),
        facets,
        facets_over,
        unknown_fields: Vec::new(),
        files_read: session.touched.read(),
        files_total: session.touched.total,
        elapsed: began.elapsed(),
    })
}

fn newest_first() -> Vec<SortExpr> {
    vec![column("time").sort(false, false), column("seq").sort(false, false)]
}

/// Places of the newest matches, older than `before`.
async fn newest(
    session: &Session,
    matches: &DataFrame,
    before: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Cursor>, StoreError> {
    let find = || {
        let mut older = matches.clone();
        if let Some(before) = before {
            let same = column("time").eq(time_literal(before.time)).and(column("seq").lt(lit(before.seq as i64)));
            older = older.filter(column("time").lt(time_literal(before.time)).or(same))?;
        }
        // Only the places are sorted, not whole rows: memory stays small however long records are.
        older.select(vec![column("time"), column("seq")])?.sort(newest_first())?.limit(0, Some(limit))
    };
    let found = session.collect(find().map_err(|error| session.explain(&error))?.into_unoptimized_plan()).await?;
    let mut keys = Vec::new();
    for batch in &found.batches {
        keys.extend(cursors(batch)?);
    }
    Ok(keys)
}

/// Places from columns `time` and `seq`.
fn cursors(batch: &RecordBatch) -> Result<Vec<Cursor>, StoreError> {
    let (Some(times), Some(seqs)) = (batch.column_by_name("time"), batch.column_by_name("seq")) else {
        return Err(StoreError::Query("rows without a place".to_owned()));
    };
    let (times, seqs) = (times.as_primitive::<TimestampMicrosecondType>(), seqs.as_primitive::<Int64Type>());
    let places = times.values().iter().zip(seqs.values());
    Ok(places.map(|(time, seq)| Cursor { time: *time, seq: u64::try_from(*seq).unwrap_or(0) }).collect())
}

/// The rows at these places, newest first. They match, which helps to leave blocks out.
async fn fetch(
    session: &Session,
    matches: DataFrame,
    keys: &[Cursor],
    columns: &[String],
) -> Result<Vec<Map<String, Value>>, StoreError> {
    let (Some(newest), Some(oldest)) = (keys.first(), keys.last()) else { return Ok(Vec::new()) };
    let all: Vec<String> = columns::docs().iter().map(|doc| doc.name.to_owned()).collect();
    let names = if columns.is_empty() { &all } else { columns };
    let mut wanted: Vec<&str> = Vec::new();
    for name in names.iter().map(String::as_str).chain(["time", "seq"]) {
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    let between = column("time").between(time_literal(oldest.time), time_literal(newest.time));
    let seqs = keys.iter().map(|key| lit(key.seq as i64)).collect();
    let find = || {
        let wanted = wanted.into_iter().map(columns::named).collect::<Result<Vec<_>, _>>()?;
        matches.filter(between.and(column("seq").in_list(seqs, false)))?.select(wanted)
    };
    let mut stream = session.stream(find()).await?;
    let mut rows = Newest::new(keys.len(), RESULT_BYTES);
    while let Some(batch) = stream.next().await {
        rows.add(&batch.map_err(|error| session.explain(&error))?).map_err(broken)?;
    }
    json_rows(&[rows.take(stream.schema()).map_err(broken)?])
}
