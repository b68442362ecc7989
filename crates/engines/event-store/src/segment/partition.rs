//! Splits unsealed rows by the day of their event time and sorts each part by time and sequence.

use crate::StoreError;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use std::collections::BTreeMap;

pub(crate) const DAY: i64 = 86_400_000_000;

/// Days that get a file of their own in one seal. A sender with a wild clock, or an import of years, would
/// otherwise make thousands of tiny files; the rest shares one.
const MOST_DAYS: usize = 48;

/// Rows of one file to be: places (batch, row) in order of time.
#[derive(Debug)]
pub(crate) struct Part {
    /// `None` for the rest of many days.
    pub day: Option<i32>,
    pub places: Vec<(usize, usize)>,
}

pub(crate) fn partition(batches: &[RecordBatch]) -> Result<Vec<Part>, StoreError> {
    let mut days: BTreeMap<i64, Vec<(i64, i64, usize, usize)>> = BTreeMap::new();
    for (number, batch) in batches.iter().enumerate() {
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .ok_or_else(|| StoreError::Segment { file: String::new(), reason: format!("no {name}") })
        };
        let times = column("time")?.as_primitive::<TimestampMicrosecondType>();
        let seqs = column("seq")?.as_primitive::<Int64Type>();
        for (row, (time, seq)) in times.values().iter().zip(seqs.values()).enumerate() {
            days.entry(time.div_euclid(DAY)).or_default().push((*time, *seq, number, row));
        }
    }
    let mut by_size: Vec<(i64, usize)> = days.iter().map(|(day, rows)| (*day, rows.len())).collect();
    by_size.sort_by_key(|(day, size)| (std::cmp::Reverse(*size), *day));
    let mut parts = Vec::new();
    let mut rest = Vec::new();
    let kept: Vec<i64> = by_size.into_iter().take(MOST_DAYS).map(|(day, _)| day).collect();
    for (day, rows) in days {
        match i32::try_from(day) {
            Ok(number) if kept.contains(&day) => parts.push((Some(number), rows)),
            _ => rest.extend(rows),
        }
    }
    if !rest.is_empty() {
        parts.push((None, rest));
    }
    Ok(parts
        .into_iter()
        .map(|(day, mut rows)| {
            rows.sort_unstable();
            Part { day, places: rows.into_iter().map(|(_, _, batch, row)| (batch, row)).collect() }
        })
        .collect())
}
