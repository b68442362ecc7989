//! Deletes what a plan lets go.

use super::{DAY, Hold, RetentionPlan, expiry};
use crate::StoreError;
use crate::compaction::adapt;
use crate::ledger::Cause;
use crate::maintenance::{Dropped, unfinished_name};
use crate::manifest::{Replacement, SegmentRow};
use crate::segment::{Segment, SegmentWriter, hex};
use crate::store::Shared;
use crate::verify::find_damaged;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use event::Micros;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A file is written again once this part of its events may go.
const PART: usize = 4;
const STEP: usize = 8192;

/// Deletes by the plan, oldest files first. With a budget it stops as soon as all segments on the store's own disk are
/// within it; the archive has room of its own.
pub(crate) fn expire(shared: &Shared, plan: &RetentionPlan, budget: Option<u64>) -> Result<Dropped, StoreError> {
    let now = (shared.options.clock)();
    let holds = shared.manifest.holds()?;
    let name = name(plan, &holds);
    let mut segments: Vec<Arc<Segment>> = shared.memory().segments.iter().cloned().collect();
    if budget.is_some() {
        segments.retain(|one| !one.is_archived());
    }
    segments.sort_by_key(|one| one.row.newest);
    let mut used: u64 = segments.iter().map(|one| one.row.bytes).sum();
    let mut dropped = Dropped::default();
    for one in segments {
        if budget.is_some_and(|budget| used <= budget) {
            break;
        }
        let young = |days: u32| one.row.min_time >= now.saturating_sub(i64::from(days) * DAY);
        if young(plan.shortest()) {
            continue;
        }
        let old = one.row.newest < now.saturating_sub(i64::from(plan.longest()) * DAY);
        let held = holds.iter().any(|hold| may_hold(hold, &one.row));
        let gone = if old && !held {
            remove(shared, &one, plan, None)?
        } else if one.has_lost_rows() || shared.manifest.outlook(&one.row.path, &name)?.is_some_and(|at| at > now) {
            continue;
        } else {
            let (this, before) = (std::slice::from_ref(&one), one.verdicts());
            let looked = match look(&one, plan, &holds, now) {
                // What cannot be read is told by `verify`; the other files need not wait.
                Err(StoreError::Segment { .. }) if find_damaged(this, before) => continue,
                // The archive does not answer; there is time.
                Err(StoreError::Segment { .. }) if one.is_archived() => continue,
                looked => looked?,
            };
            match looked {
                Look::Stays { until } => {
                    shared.manifest.set_outlook(&one.row.path, &name, until)?;
                    continue;
                }
                Look::Goes => remove(shared, &one, plan, None)?,
                Look::Shrinks => match rewrite(shared, &one, plan, &holds, now) {
                    Err(StoreError::Segment { .. }) if one.is_archived() => continue,
                    rest => remove(shared, &one, plan, Some(rest?))?,
                },
            }
        };
        used = used.saturating_sub(gone.bytes);
        dropped += gone;
    }
    Ok(dropped)
}

/// A plan and its holds as one name: what was found out under another one says nothing.
fn name(plan: &RetentionPlan, holds: &[Hold]) -> String {
    let text = serde_json::to_vec(&(plan, holds)).unwrap_or_default();
    hex(&Sha256::digest(text))
}

fn may_hold(hold: &Hold, row: &SegmentRow) -> bool {
    hold.from.is_none_or(|from| row.max_time >= from)
        && hold.to.is_none_or(|to| row.min_time < to)
        && match (&hold.sources, &row.sources) {
            (Some(held), Some(have)) => !held.is_disjoint(have),
            _ => true,
        }
}

enum Look {
    /// Too little may go before then.
    Stays {
        until: Micros,
    },
    Shrinks,
    Goes,
}

fn look(one: &Arc<Segment>, plan: &RetentionPlan, holds: &[Hold], now: Micros) -> Result<Look, StoreError> {
    let mut times = Vec::new();
    for batch in read(one, &["seq", "time", "arrival", "source_id", "format"])? {
        times.extend(expiries(&adapted(one, batch)?, plan, holds));
    }
    times.sort_unstable();
    let quarter = times.len().div_ceil(PART).saturating_sub(1);
    Ok(match (times.last(), times.get(quarter)) {
        (None, _) => Look::Goes,
        (Some(last), _) if *last < now => Look::Goes,
        (_, Some(part)) if *part < now => Look::Shrinks,
        (_, part) => Look::Stays { until: part.copied().unwrap_or(Micros::MAX) },
    })
}

fn expiries(batch: &RecordBatch, plan: &RetentionPlan, holds: &[Hold]) -> Vec<Micros> {
    let micros = |name: &str| {
        let column =
            batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        column.map(|column| column.values().as_ref()).unwrap_or_default()
    };
    let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_view_opt());
    let (Some(sources), Some(formats)) = (text("source_id"), text("format")) else { return Vec::new() };
    let rows = micros("time").iter().zip(micros("arrival")).zip(sources.iter().zip(formats.iter()));
    rows.map(|((time, arrival), (source, format))| {
        expiry(plan, holds, (source, format.unwrap_or_default()), (*time, *arrival))
    })
    .collect()
}

/// The file without the events that may go.
fn rewrite(
    shared: &Shared,
    one: &Arc<Segment>,
    plan: &RetentionPlan,
    holds: &[Hold],
    now: Micros,
) -> Result<SegmentRow, StoreError> {
    let (segments, generation) = (shared.segments_dir(), one.row.generation + 1);
    let mut writer = SegmentWriter::begin(&*shared.files, &segments, unfinished_name(shared), one.row.day, generation)?;
    for batch in read(one, &[])? {
        let batch = adapted(one, batch)?;
        let stays: BooleanArray = expiries(&batch, plan, holds).into_iter().map(|at| Some(at >= now)).collect();
        writer.write(&filter_record_batch(&batch, &stays).map_err(|error| broken(one, &error))?)?;
    }
    writer.finish()
}

/// Takes a file out, and what is left of it in.
fn remove(
    shared: &Shared,
    one: &Arc<Segment>,
    plan: &RetentionPlan,
    rest: Option<SegmentRow>,
) -> Result<Dropped, StoreError> {
    let (rows, bytes) = rest.as_ref().map_or((0, 0), |rest| (rest.rows, rest.bytes));
    let gone = Dropped {
        files: usize::from(rest.is_none()),
        rewritten: usize::from(rest.is_some()),
        events: one.row.rows.saturating_sub(rows),
        bytes: one.row.bytes.saturating_sub(bytes),
    };
    let rest: Vec<Arc<Segment>> = rest.into_iter().map(|row| shared.segment(row)).collect();
    let (path, added) = (one.row.path.clone(), rest.iter().map(|one| one.row.clone()).collect::<Vec<_>>());
    let because = format!("{} events past {} to {} days", gone.events, plan.shortest(), plan.longest());
    let at = (shared.options.clock)();
    let done = Replacement::new(Cause::Expired, std::slice::from_ref(&path), &added, at);
    if let Err(error) = shared.manifest.replace(&Replacement { because: Some(because), ..done }) {
        rest.iter().for_each(|one| one.retire());
        return Err(error);
    }
    shared.memory().change_segments(|have| have.row.path != path, rest);
    one.retire();
    Ok(gone)
}

/// All columns where none is named.
fn read(one: &Arc<Segment>, columns: &[&str]) -> Result<ParquetRecordBatchReader, StoreError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(one.reader()).map_err(|error| broken(one, &error))?;
    let mask = match columns {
        [] => ProjectionMask::all(),
        some => ProjectionMask::columns(reader.parquet_schema(), some.iter().copied()),
    };
    reader.with_projection(mask).with_batch_size(STEP).build().map_err(|error| broken(one, &error))
}

fn adapted(one: &Segment, batch: Result<RecordBatch, arrow::error::ArrowError>) -> Result<RecordBatch, StoreError> {
    adapt(&batch.map_err(|error| broken(one, &error))?).map_err(|error| broken(one, &error))
}

fn broken(one: &Segment, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Segment { file: one.row.path.clone(), reason: error.to_string() }
}
