//! Merges the small files of a day, row by row in order of time, with a bounded piece of each in memory. Readers keep
//! the old files until their queries end.
//!
//! While a day goes on, its files are merged whenever there are many small ones; once it is over, into as few as may
//! be. A late event must not have a whole day written again: a file takes part only where the others are together a
//! quarter of it.

use crate::ledger::Cause;
use crate::maintenance::{Compacted, unfinished_name};
use crate::manifest::Replacement;
use crate::segment::{DAY, Segment, SegmentWriter};
use crate::store::Shared;
use crate::verify::{find_damaged, verdicts};
use crate::{StoreError, columns};
use arrow::array::{ArrayRef, AsArray, RecordBatch, new_null_array};
use arrow::compute::{cast, interleave_record_batch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Files merged at a time; with `PIECE` rows of each in memory.
const MOST: usize = 16;
const PIECE: usize = 1024;
/// A merge that gives way looks again after this at the latest.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// A day is over so long after its end: until then most late events have come.
const LATE: i64 = 6 * 3_600_000_000;
/// See [`worth_merging`].
const SHARE: u64 = 4;

pub(crate) fn compact(shared: &Shared) -> Result<Compacted, StoreError> {
    let mut done = Compacted::default();
    let mut days: BTreeMap<i32, Vec<Arc<Segment>>> = BTreeMap::new();
    for one in shared.memory().segments.iter() {
        if let Some(day) = one.row.day
            && one.row.bytes < shared.options.compact_bytes
            && !one.is_damaged()
            && !one.is_archived()
        {
            days.entry(day).or_default().push(one.clone());
        }
    }
    for (day, mut small) in days {
        // The smallest first, so that the bytes written stay in proportion to the bytes new.
        small.sort_by_key(|one| one.row.bytes);
        let is_over = (i64::from(day) + 1) * DAY + LATE < (shared.options.clock)();
        while let Some(group) = next_group(&mut small, shared.options.compact_files, is_over) {
            let before = verdicts(&group);
            let merged = match merge(shared, day, &group) {
                Ok(merged) => merged,
                // The damaged ones are left out next time; the other days need not wait.
                Err(StoreError::Segment { .. }) if find_damaged(&group, before) => continue,
                // What was begun is removed; the next start merges it.
                Err(StoreError::Closed) => return Ok(done),
                Err(error) => return Err(error),
            };
            done.files_before += group.len();
            done.files_after += 1;
            done.bytes_before += group.iter().map(|one| one.row.bytes).sum::<u64>();
            done.bytes_after += merged.row.bytes;
        }
    }
    Ok(done)
}

/// Takes the files to be merged next from those of a day, the smallest first; nothing where it would not pay.
fn next_group(small: &mut Vec<Arc<Segment>>, many: usize, is_over: bool) -> Option<Vec<Arc<Segment>>> {
    let bytes: Vec<u64> = small.iter().take(MOST).map(|one| one.row.bytes).collect();
    let count = match is_over && bytes.len() < many.max(2) {
        true => worth_merging(&bytes),
        false => {
            if bytes.len() >= many.max(2) {
                bytes.len()
            } else {
                0
            }
        }
    };
    (count >= 2).then(|| small.drain(..count).collect())
}

/// How many of these files, the smallest first, to make one of: a file takes part where all before it are at least a
/// quarter of it.
fn worth_merging(bytes: &[u64]) -> usize {
    let mut before = 0;
    let mut count = 0;
    for (number, size) in bytes.iter().enumerate() {
        if number > 0 && before * SHARE < *size {
            break;
        }
        before += size;
        count = number + 1;
    }
    count
}

fn merge(shared: &Shared, day: i32, group: &[Arc<Segment>]) -> Result<Arc<Segment>, StoreError> {
    let generation = group.iter().map(|one| one.row.generation).max().unwrap_or(0) + 1;
    let mut inputs = group.iter().map(Input::open).collect::<Result<Vec<_>, _>>()?;
    let segments = shared.segments_dir();
    let mut writer = SegmentWriter::begin(&*shared.files, &segments, unfinished_name(shared), Some(day), generation)?;
    let mut heap: BinaryHeap<Reverse<(i64, i64, usize)>> = BinaryHeap::new();
    for (number, input) in inputs.iter_mut().enumerate() {
        if let Some((time, seq)) = input.key() {
            heap.push(Reverse((time, seq, number)));
        }
    }
    let mut places: Vec<(usize, usize)> = Vec::with_capacity(PIECE);
    let mut worked = Instant::now();
    while let Some(Reverse((_, _, number))) = heap.pop() {
        let Some(input) = inputs.get_mut(number) else { break };
        places.push((number, input.at));
        input.at += 1;
        let exhausted = input.at >= input.batch.num_rows();
        if exhausted || places.len() >= PIECE {
            // Rows are copied out before a piece is replaced by the next.
            let batches: Vec<&RecordBatch> = inputs.iter().map(|input| &input.batch).collect();
            let batch = interleave_record_batch(&batches, &places).map_err(|error| broken("merge", &error))?;
            writer.write(&batch)?;
            places.clear();
            give_way(shared, &mut worked);
            if shared.is_closing() {
                return Err(StoreError::Closed);
            }
        }
        let Some(input) = inputs.get_mut(number) else { break };
        if exhausted {
            input.advance()?;
        }
        if let Some((time, seq)) = input.key() {
            heap.push(Reverse((time, seq, number)));
        }
    }
    let row = writer.finish()?;
    let merged = shared.segment(row);
    let paths: Vec<String> = group.iter().map(|one| one.row.path.clone()).collect();
    let at = (shared.options.clock)();
    let done = Replacement::new(Cause::Merged, &paths, std::slice::from_ref(&merged.row), at);
    if let Err(error) = shared.manifest.replace(&done) {
        merged.retire();
        return Err(error);
    }
    shared.memory().change_segments(|one| !paths.contains(&one.row.path), vec![merged.clone()]);
    group.iter().for_each(|one| one.retire());
    Ok(merged)
}

/// While records wait to become searchable a merge takes a fifth of a processor.
fn give_way(shared: &Shared, worked: &mut Instant) {
    if shared.is_behind() {
        std::thread::sleep((worked.elapsed() * 4).min(LONGEST_PAUSE));
    }
    *worked = Instant::now();
}

/// One file being merged.
struct Input {
    name: String,
    reader: ParquetRecordBatchReader,
    batch: RecordBatch,
    at: usize,
}

impl Input {
    fn open(from: &Arc<Segment>) -> Result<Self, StoreError> {
        let name = from.row.path.clone();
        let reader = ParquetRecordBatchReaderBuilder::try_new(from.reader())
            .and_then(|builder| builder.with_batch_size(PIECE).build())
            .map_err(|error| broken(&name, &error))?;
        let mut input = Self { name, reader, batch: RecordBatch::new_empty(columns::schema()), at: 0 };
        input.advance()?;
        Ok(input)
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.at = 0;
        self.batch = match self.reader.next() {
            Some(batch) => adapt(&batch.map_err(|error| broken(&self.name, &error))?)
                .map_err(|error| broken(&self.name, &error))?,
            None => RecordBatch::new_empty(columns::schema()),
        };
        Ok(())
    }

    /// Time and sequence of the row that comes next.
    fn key(&self) -> Option<(i64, i64)> {
        let times = self.batch.column_by_name("time")?.as_primitive::<TimestampMicrosecondType>();
        let seqs = self.batch.column_by_name("seq")?.as_primitive::<Int64Type>();
        Some((*times.values().get(self.at)?, *seqs.values().get(self.at)?))
    }
}

/// Brings a batch of an older layout to today's columns.
pub(crate) fn adapt(batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    let schema = columns::schema();
    let arrays = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(array) => cast(array, field.data_type()),
        None => Ok(new_null_array(field.data_type(), batch.num_rows()) as ArrayRef),
    });
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema, arrays)
}

fn broken(file: &str, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Segment { file: file.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Store};
    use bytes::Bytes;
    use event::Event;
    use std::sync::atomic::Ordering;

    #[tokio::test]
    async fn a_merge_is_given_up_where_the_store_ends_and_nothing_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Options { compact_files: 2, ..Options::default() }).unwrap();
        for seq in 1..=4 {
            let raw = Bytes::from(format!("event {seq}"));
            store.insert(vec![Event { seq, time: DAY, arrival: DAY, raw, ..Event::default() }]).await.unwrap();
            store.seal().await.unwrap();
        }
        let shared = store.shared();
        shared.closing.store(true, Ordering::Release);
        assert_eq!(compact(shared).unwrap().files_before, 0);
        assert_eq!(std::fs::read_dir(shared.unfinished_dir()).unwrap().count(), 0);
        assert_eq!(shared.memory().segments.len(), 4);
        shared.closing.store(false, Ordering::Release);
        let merged = compact(shared).unwrap();
        assert_eq!((merged.files_before, merged.files_after), (4, 1));
        assert!(store.verify().await.unwrap().ok());
    }

    #[test]
    fn a_late_event_does_not_have_its_day_written_again() {
        assert_eq!(worth_merging(&[]), 0);
        assert_eq!(worth_merging(&[10, 12, 30]), 3);
        assert_eq!(worth_merging(&[1, 100]), 1, "a hundred times as much");
        assert_eq!(worth_merging(&[1, 2, 3, 1000]), 3, "the small ones among themselves");
        assert_eq!(worth_merging(&[250, 1000]), 2);
    }
}
