//! One passage over the matches of a slice: counts them by time and keeps the newest, with the columns of the
//! field list. Memory is bounded by what is kept.

use super::facets;
use super::newest::Newest;
use super::request::{Bucket, Histogram, column};
use crate::StoreError;
use crate::memory::times;
use crate::query::Session;
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use datafusion::prelude::DataFrame;
use event::Micros;
use futures::StreamExt;

const MOST_BUCKETS: usize = 2_000;

/// Steps that people read easily, in seconds.
const STEPS: &[i64] = &[
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    2_592_000,
    31_536_000,
    315_360_000,
    3_153_600_000,
];

pub(super) struct Passage {
    pub histogram: Histogram,
    pub total: u64,
    /// Columns of the field list, then `time` and `seq`; newest first. Empty where none were to be kept.
    pub newest: RecordBatch,
}

/// Adds the matches to `histogram` and keeps the newest `keep` of them. Where none are kept only their times are read.
pub(super) async fn count(
    session: &Session,
    matches: &DataFrame,
    mut histogram: Histogram,
    keep: usize,
) -> Result<Passage, StoreError> {
    let names: Vec<&str> = match keep {
        0 => vec!["time"],
        _ => facets::COLUMNS.iter().copied().chain(["time", "seq"]).collect(),
    };
    let mut stream = session.stream(matches.clone().select(names.into_iter().map(column).collect::<Vec<_>>())).await?;
    let mut newest = Newest::new(keep, usize::MAX / 2);
    let mut total = 0;
    let schema = stream.schema();
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| session.explain(&error))?;
        total += batch.num_rows() as u64;
        add(&mut histogram, times(&batch));
        if keep > 0 {
            newest.add(&batch).map_err(broken)?;
        }
    }
    let newest = newest.take(schema).map_err(broken)?;
    Ok(Passage { histogram, total, newest })
}

pub(super) fn broken(error: ArrowError) -> StoreError {
    StoreError::Query(error.to_string())
}

/// Buckets of a length that people read easily, about as many as wanted.
pub(super) fn empty((from, to): (Micros, Micros), wanted: usize) -> Histogram {
    let wanted = i64::try_from(wanted.clamp(1, MOST_BUCKETS)).unwrap_or(1);
    let length = to.saturating_sub(from);
    let step = STEPS.iter().map(|step| step * 1_000_000).find(|step| length / step < wanted).unwrap_or(i64::MAX / 4);
    let first = from.div_euclid(step);
    let count = usize::try_from(to.div_euclid(step) - first + 1).unwrap_or(1).min(MOST_BUCKETS + 2);
    let time = |number: usize| (first + number as i64).saturating_mul(step);
    let buckets = (0..count).map(|number| Bucket { time: time(number), count: 0 }).collect();
    Histogram { from: first.saturating_mul(step), bucket_micros: step, buckets }
}

fn add(histogram: &mut Histogram, times: &[Micros]) {
    times.iter().for_each(|time| add_count(histogram, *time, 1));
}

/// Adds so many events of one time.
pub(super) fn add_count(histogram: &mut Histogram, time: Micros, count: u64) {
    if histogram.buckets.is_empty() {
        return;
    }
    let number = time.saturating_sub(histogram.from).div_euclid(histogram.bucket_micros);
    if let Some(bucket) = usize::try_from(number).ok().and_then(|number| histogram.buckets.get_mut(number)) {
        bucket.count += count;
    }
}
