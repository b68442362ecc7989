//! What of a search came between two sequences, counted by source and by the value of one field. This is what a
//! schedule asks: a sequence is given once, when a record is stored, so that ranges that follow one another hold each
//! event exactly once, however late it came and whatever its own clock says.

use super::condition::condition;
use super::{column, time_literal};
use crate::mistake::Mistake;
use crate::query::{Session, functions};
use crate::unreadable::Unreadable;
use crate::{QueryContext, Store, StoreError, columns};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::DataFrame;
use event::Micros;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Groups of one answer; what has more is no question for a schedule.
const MOST_TALLIES: usize = 10_000;

#[derive(Debug, Clone, Default)]
pub struct SinceRequest {
    pub query: String,
    /// Events with a greater sequence than this …
    pub after: u64,
    /// … and none greater than this.
    pub up_to: u64,
    /// First event time that counts, and the first that no longer does; open where absent.
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    /// Events that were older than this when they reached us do not count. Measured from the arrival, so that it makes
    /// no difference when the question is asked.
    pub longest_delay: Option<Micros>,
    /// A column, or a field of a format's own: its values are counted apart.
    pub group_by: Option<String>,
    /// First matches that are listed one by one.
    pub samples: usize,
}

/// Matches of one source with one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub source_id: Option<String>,
    /// `None` where nothing was grouped by, or where the event has no such field.
    pub value: Option<String>,
    pub count: u64,
    pub first_seq: u64,
    pub last_seq: u64,
    pub first_time: Micros,
    pub last_time: Micros,
    pub first_arrival: Micros,
}

/// What came, in order of its first sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    pub tallies: Vec<Tally>,
    /// Sequence, time, source and value of the first matches.
    pub samples: Vec<(u64, Micros, Option<String>, Option<String>)>,
    /// Files that may hold matches of these sequences and could not be read: they are not counted.
    pub unreadable: Vec<Unreadable>,
}

impl Store {
    /// Counts what came.
    ///
    /// # Errors
    /// As [`Store::search`]; `Refused` where the values are too many to be counted apart.
    pub async fn since(
        &self,
        request: &SinceRequest,
        context: &QueryContext,
    ) -> std::result::Result<Since, StoreError> {
        let query = self.parse(&request.query)?.with_names(&context.names)?;
        let failed = |error: DataFusionError| StoreError::Query(error.to_string());
        let filter = condition(&query).map_err(failed)?.and(bounds(request));
        let value = value(request.group_by.as_deref()).map_err(failed)?;
        let mut context = context.clone();
        context.max_rows = MOST_TALLIES;
        let samples = request.samples.min(MOST_TALLIES);
        let snapshot = self.shared().snapshot()?;
        let answer = move |session: Arc<Session>| async move {
            let explain = |error: DataFusionError| session.explain(&error);
            let rows = rows(session.stored()?, filter, value).map_err(explain)?;
            let counted = session.collect(tallies(rows.clone()).map_err(explain)?.into_unoptimized_plan()).await?;
            if counted.truncated {
                let words = format!("the field has more than {MOST_TALLIES} values here");
                return Err(Mistake::new("query-tallies", words).with("most", MOST_TALLIES).into());
            }
            let tallies: Vec<Tally> = counted.to_json_rows()?.iter().map(tally).collect();
            if samples == 0 || tallies.is_empty() {
                return Ok(Since { tallies, samples: Vec::new(), unreadable: counted.unreadable });
            }
            let first = first(rows, samples).map_err(explain)?.into_unoptimized_plan();
            let samples = session.collect(first).await?.to_json_rows()?;
            let sample = |row: &Map<String, Value>| {
                (number(row, "seq"), micros(row, "time"), text(row, "source_id"), text(row, "value"))
            };
            let samples = samples.iter().map(sample).collect();
            Ok(Since { tallies, samples, unreadable: counted.unreadable })
        };
        self.engine().run(&context, snapshot, answer).await
    }
}

fn bounds(request: &SinceRequest) -> Expr {
    let seq = |number: u64| lit(i64::try_from(number).unwrap_or(i64::MAX));
    let mut filter = column("seq").gt(seq(request.after)).and(column("seq").lt_eq(seq(request.up_to)));
    if let Some(from) = request.from {
        filter = filter.and(column("time").gt_eq(time_literal(from)));
    }
    if let Some(to) = request.to {
        filter = filter.and(column("time").lt(time_literal(to)));
    }
    if let Some(delay) = request.longest_delay {
        filter = filter.and((whole("arrival") - whole("time")).lt_eq(lit(delay)));
    }
    filter
}

/// A time as its microseconds.
fn whole(name: &str) -> Expr {
    cast(column(name), DataType::Int64)
}

fn value(field: Option<&str>) -> Result<Expr> {
    Ok(match field {
        None => lit(ScalarValue::Utf8View(None)),
        Some(name) if columns::exists(name) => cast(columns::expression(name)?, DataType::Utf8View),
        Some(name) => functions::field(columns::expression("fields")?, name),
    })
}

fn rows(events: DataFrame, filter: Expr, value: Expr) -> Result<DataFrame> {
    events.filter(filter)?.select(vec![
        column("seq"),
        whole("time").alias("time"),
        whole("arrival").alias("arrival"),
        column("source_id"),
        value.alias("value"),
    ])
}

fn tallies(rows: DataFrame) -> Result<DataFrame> {
    let figures = vec![
        count(lit(1_i64)).alias("found"),
        min(column("seq")).alias("first_seq"),
        max(column("seq")).alias("last_seq"),
        min(column("time")).alias("first_time"),
        max(column("time")).alias("last_time"),
        min(column("arrival")).alias("first_arrival"),
    ];
    rows.aggregate(vec![column("source_id"), column("value")], figures)?
        .sort(vec![column("first_seq").sort(true, false)])
}

fn first(rows: DataFrame, samples: usize) -> Result<DataFrame> {
    rows.sort(vec![column("seq").sort(true, false)])?.limit(0, Some(samples))
}

fn tally(row: &Map<String, Value>) -> Tally {
    Tally {
        source_id: text(row, "source_id"),
        value: text(row, "value"),
        count: number(row, "found"),
        first_seq: number(row, "first_seq"),
        last_seq: number(row, "last_seq"),
        first_time: micros(row, "first_time"),
        last_time: micros(row, "last_time"),
        first_arrival: micros(row, "first_arrival"),
    }
}

fn number(row: &Map<String, Value>, name: &str) -> u64 {
    row.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn micros(row: &Map<String, Value>, name: &str) -> Micros {
    row.get(name).and_then(Value::as_i64).unwrap_or(0)
}

fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    row.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
}
