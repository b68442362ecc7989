//! What a search asks and what it gives: a page of rows, newest first, with a histogram, a total and the field list.

use super::UnknownField;
use crate::unreadable::Unreadable;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use event::Micros;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

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
    /// Events, about, that are looked at before the first update; later slices are larger.
    pub slice_rows: u64,
}

/// One row group: a slice below it would read as much.
pub const SLICE_ROWS: u64 = 65_536;

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
            slice_rows: SLICE_ROWS,
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

#[derive(Debug, Clone, Default, Serialize)]
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
    /// Files within the time asked for that are missing, damaged or in an archive that does not answer: what they held
    /// is not, or not all, in here.
    #[serde(skip_serializing_if = "is_zero")]
    pub unreadable_files: usize,
    /// The same by reason, with their days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
    #[serde(skip)]
    pub elapsed: Duration,
}

/// What a search under way has found so far.
#[derive(Debug, Clone)]
pub struct SearchUpdate {
    /// As of now, but its rows are only those that no update before had; they follow those.
    pub so_far: SearchResult,
    /// No row will follow, and `next` is as it stays.
    pub page_complete: bool,
    /// Everything from this time on is counted. `None` before the first slice is.
    pub reached: Option<Micros>,
    /// Files within the time asked for, and how many of them lie behind.
    pub files_to_do: usize,
    pub files_done: usize,
    /// This is the last update.
    pub done: bool,
}

impl SearchResult {
    /// Takes in the next update.
    pub fn take(&mut self, update: SearchUpdate) {
        let mut rows = std::mem::take(&mut self.rows);
        *self = update.so_far;
        rows.append(&mut self.rows);
        self.rows = rows;
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Rows of one page at most.
pub(super) const MOST_ROWS: usize = 10_000;

pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

pub(crate) fn time_literal(micros: Micros) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
}
