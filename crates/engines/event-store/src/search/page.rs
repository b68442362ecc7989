//! The rows of one page, gathered slice by slice: places first, then whole rows for those that are shown.

use super::newest::Newest;
use super::passage::broken;
use super::request::{Cursor, MOST_ROWS, SearchRequest, column, time_literal};
use crate::query::{RESULT_BYTES, Session, json_rows, weight};
use crate::{StoreError, columns};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::error::Result;
use datafusion::logical_expr::{SortExpr, lit};
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use serde_json::{Map, Value};

type Rows = Vec<Map<String, Value>>;

/// How far a page is filled.
pub(super) struct Page {
    columns: Vec<String>,
    /// Rows and bytes that still have room.
    room: usize,
    bytes: usize,
    pub rows: usize,
    last: Option<Cursor>,
    /// Nothing more goes onto it.
    pub complete: bool,
    /// Where the next one begins.
    pub next: Option<Cursor>,
}

impl Page {
    pub(super) fn new(request: &SearchRequest) -> Self {
        Self {
            columns: wanted_columns(&request.columns),
            room: request.limit.clamp(1, MOST_ROWS - 1),
            bytes: RESULT_BYTES,
            rows: 0,
            last: None,
            complete: false,
            next: None,
        }
    }

    /// Places of a slice that are of use: one more than has room tells that there is a next page.
    pub(super) fn wanted(&self) -> usize {
        if self.complete { 0 } else { self.room + 1 }
    }

    /// Puts on what has room. The places are older than all before, newest first; changes nothing where it fails.
    pub(super) async fn add(&mut self, session: &Session, matches: &DataFrame, mut keys: Vec<Cursor>) -> Answer {
        if self.complete || keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut more = keys.len() > self.room;
        keys.truncate(self.room);
        let (rows, bytes) = fetch(session, matches, &keys, &self.columns, self.bytes).await?;
        // Very long records may not all fit into one answer; the next page begins where this one ends.
        more = more || rows.len() < keys.len();
        keys.truncate(rows.len());
        self.room -= rows.len();
        self.rows += rows.len();
        self.bytes = self.bytes.saturating_sub(bytes);
        self.last = keys.last().copied().or(self.last);
        if more {
            self.complete = true;
            self.next = self.last;
        }
        Ok(rows)
    }
}

type Answer = std::result::Result<Rows, StoreError>;

/// All columns where none are named; `time` and `seq` in any case.
fn wanted_columns(names: &[String]) -> Vec<String> {
    let mut wanted: Vec<String> = match names {
        [] => columns::docs().iter().map(|doc| doc.name.to_owned()).collect(),
        names => names.to_vec(),
    };
    wanted.extend(["time", "seq"].map(str::to_owned));
    let mut seen = std::collections::HashSet::new();
    wanted.retain(|name| seen.insert(name.clone()));
    wanted
}

fn newest_first() -> Vec<SortExpr> {
    vec![column("time").sort(false, false), column("seq").sort(false, false)]
}

/// Places of the newest matches, older than `before`.
pub(super) async fn newest(
    session: &Session,
    matches: &DataFrame,
    before: Option<Cursor>,
    limit: usize,
) -> std::result::Result<Vec<Cursor>, StoreError> {
    let find = || {
        let mut older = matches.clone();
        if let Some(before) = before {
            let same = column("time").eq(time_literal(before.time)).and(column("seq").lt(lit(before.seq as i64)));
            older = older.filter(column("time").lt(time_literal(before.time)).or(same))?;
        }
        // Only the places are sorted, not whole rows: memory stays small however long records are.
        older.select(vec![column("time"), column("seq")])?.sort(newest_first())?.limit(0, Some(limit))
    };
    let found: Result<_> = find();
    let found = session.collect(found.map_err(|error| session.explain(&error))?.into_unoptimized_plan()).await?;
    let mut keys = Vec::new();
    for batch in &found.batches {
        keys.extend(cursors(batch)?);
    }
    Ok(keys)
}

/// Places from columns `time` and `seq`.
pub(super) fn cursors(batch: &RecordBatch) -> std::result::Result<Vec<Cursor>, StoreError> {
    let (Some(times), Some(seqs)) = (batch.column_by_name("time"), batch.column_by_name("seq")) else {
        return Err(StoreError::Query("rows without a place".to_owned()));
    };
    let (times, seqs) = (times.as_primitive::<TimestampMicrosecondType>(), seqs.as_primitive::<Int64Type>());
    let places = times.values().iter().zip(seqs.values());
    Ok(places.map(|(time, seq)| Cursor { time: *time, seq: u64::try_from(*seq).unwrap_or(0) }).collect())
}

/// The rows at these places, newest first, as far as `bytes` reach, and what they weigh. They match, which helps to
/// leave blocks out.
async fn fetch(
    session: &Session,
    matches: &DataFrame,
    keys: &[Cursor],
    names: &[String],
    bytes: usize,
) -> std::result::Result<(Rows, usize), StoreError> {
    let (Some(newest), Some(oldest)) = (keys.first(), keys.last()) else { return Ok((Vec::new(), 0)) };
    let between = column("time").between(time_literal(oldest.time), time_literal(newest.time));
    let seqs = keys.iter().map(|key| lit(key.seq as i64)).collect();
    let find = || {
        let wanted = names.iter().map(|name| columns::named(name)).collect::<Result<Vec<_>>>()?;
        matches.clone().filter(between.and(column("seq").in_list(seqs, false)))?.select(wanted)
    };
    let mut stream = session.stream(find()).await?;
    let mut rows = Newest::new(keys.len(), bytes);
    while let Some(batch) = stream.next().await {
        rows.add(&batch.map_err(|error| session.explain(&error))?).map_err(broken)?;
    }
    let rows = rows.take(stream.schema()).map_err(broken)?;
    let bytes = weight(&rows);
    Ok((json_rows(&[rows])?, bytes))
}
