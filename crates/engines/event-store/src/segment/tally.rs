//! What the manifest says of a segment's rows, gathered while they come by in order of time.

use super::minutes::MinuteCounts;
use crate::manifest::SegmentRow;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use std::collections::BTreeSet;

/// Above this many a file does not list its sources.
const MOST_SOURCES: usize = 256;

pub(super) struct Tally {
    row: SegmentRow,
    sources: BTreeSet<String>,
    minutes: MinuteCounts,
}

impl Tally {
    /// Of no rows yet.
    pub(super) fn new(row: SegmentRow) -> Self {
        Self { row, sources: BTreeSet::new(), minutes: MinuteCounts::default() }
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) {
        let row = &mut self.row;
        row.rows += batch.num_rows() as u64;
        if let Some(seqs) = batch.column_by_name("seq") {
            for seq in seqs.as_primitive::<Int64Type>().values() {
                row.min_seq = row.min_seq.min(*seq as u64);
                row.max_seq = row.max_seq.max(*seq as u64);
            }
        }
        let (Some(times), Some(arrivals)) = (batch.column_by_name("time"), batch.column_by_name("arrival")) else {
            return;
        };
        let times = times.as_primitive::<TimestampMicrosecondType>().values();
        for time in times {
            row.min_time = row.min_time.min(*time);
            row.max_time = row.max_time.max(*time);
        }
        self.minutes.add(times);
        let newest = arrivals.as_primitive::<TimestampMicrosecondType>().values().iter().copied().max();
        row.newest = row.newest.max(row.max_time).max(newest.unwrap_or(i64::MIN));
        if let Some(sources) = batch.column_by_name("source_id") {
            let sources = sources.as_string_view();
            for index in 0..sources.len() {
                if self.sources.len() <= MOST_SOURCES && !sources.is_null(index) {
                    let source = sources.value(index);
                    if !self.sources.contains(source) {
                        self.sources.insert(source.to_owned());
                    }
                }
            }
        }
    }

    /// Times of an older layout's file need not be in order; then nothing is said of its minutes.
    pub(super) fn finish(self) -> SegmentRow {
        let sources = (self.sources.len() <= MOST_SOURCES).then_some(self.sources);
        SegmentRow { sources, minutes: self.minutes.finish(), ..self.row }
    }
}
