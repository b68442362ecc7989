//! Events not yet sealed, searchable at once, and the list of segments beside them: one lock, so that a query
//! sees each event exactly once at every moment of its life.

use crate::rows;
use crate::segment::Segment;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use event::{Event, Micros};
use std::sync::Arc;
use std::time::Instant;

/// Events gathered before they become a batch of rows.
const GATHER: usize = 2048;

/// What a query sees: fixed when it starts.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub segments: Arc<Vec<Arc<Segment>>>,
    pub memory: Vec<RecordBatch>,
}

impl Snapshot {
    /// Segments that may hold events between these times, both included, and the rows in memory that do.
    pub(crate) fn within(&self, from: Micros, until: Micros) -> Result<Self, ArrowError> {
        let overlaps = |one: &&Arc<Segment>| one.row.min_time <= until && from <= one.row.max_time;
        let segments = Arc::new(self.segments.iter().filter(overlaps).cloned().collect());
        let mut memory = Vec::new();
        for batch in &self.memory {
            let keep: BooleanArray = times(batch).iter().map(|time| Some(from <= *time && *time <= until)).collect();
            match keep.true_count() {
                0 => {}
                all if all == batch.num_rows() => memory.push(batch.clone()),
                _ => memory.push(filter_record_batch(batch, &keep)?),
            }
        }
        Ok(Self { segments, memory })
    }
}

/// Event times of rows.
pub(crate) fn times(batch: &RecordBatch) -> &[Micros] {
    let times = batch.column_by_name("time").and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
    times.map_or(&[], |times| times.values())
}

#[derive(Default)]
pub(crate) struct Memory {
    pub segments: Arc<Vec<Arc<Segment>>>,
    gathering: Vec<Arc<Vec<Event>>>,
    gathering_count: usize,
    gathering_bytes: usize,
    /// Rows of `gathering`, made for a query and good until the next insert.
    gathered: Option<RecordBatch>,
    batches: Vec<RecordBatch>,
    batches_bytes: usize,
    /// Handed to the seal under way; visible until its segments are.
    sealing: Vec<RecordBatch>,
    sealing_bytes: usize,
    /// Last sequence taken in.
    pub inserted: u64,
    /// When the oldest unsealed event came.
    pub since: Option<Instant>,
}

impl Memory {
    /// The state after a start: segments, and nothing in memory.
    pub(crate) fn new(segments: Vec<Arc<Segment>>, sealed: u64) -> Self {
        Self { segments: Arc::new(segments), inserted: sealed, ..Self::default() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.gathering_bytes + self.batches_bytes + self.sealing_bytes
    }

    /// Bytes that the next seal would take.
    pub(crate) fn unsealed_bytes(&self) -> usize {
        self.gathering_bytes + self.batches_bytes
    }

    pub(crate) fn count(&self) -> usize {
        let rows = self.batches.iter().chain(&self.sealing).map(RecordBatch::num_rows).sum::<usize>();
        self.gathering_count + rows
    }

    /// Takes in events with ascending sequences above `inserted`.
    pub(crate) fn insert(&mut self, events: Arc<Vec<Event>>) -> Result<(), ArrowError> {
        let Some(last) = events.last() else { return Ok(()) };
        self.inserted = last.seq;
        self.since.get_or_insert_with(Instant::now);
        self.gathered = None;
        self.gathering_count += events.len();
        self.gathering_bytes += events.iter().map(weight).sum::<usize>();
        self.gathering.push(events);
        if self.gathering_count >= GATHER {
            self.settle()?;
        }
        Ok(())
    }

    /// Turns gathered events into rows.
    fn settle(&mut self) -> Result<(), ArrowError> {
        if self.gathering_count == 0 {
            return Ok(());
        }
        let batch = match self.gathered.take() {
            Some(batch) => batch,
            None => rows::to_batch(self.gathering.iter().flat_map(|events| events.iter()))?,
        };
        self.gathering.clear();
        self.gathering_count = 0;
        self.gathering_bytes = 0;
        self.batches_bytes += rows::memory(&batch);
        self.batches.push(batch);
        Ok(())
    }

    pub(crate) fn snapshot(&mut self) -> Result<Snapshot, ArrowError> {
        if self.gathered.is_none() && self.gathering_count > 0 {
            self.gathered = Some(rows::to_batch(self.gathering.iter().flat_map(|events| events.iter()))?);
        }
        let memory = self.sealing.iter().chain(&self.batches).chain(&self.gathered).cloned().collect();
        Ok(Snapshot { segments: self.segments.clone(), memory })
    }

    /// Hands over everything unsealed and the last sequence in it.
    pub(crate) fn begin_seal(&mut self) -> Result<(Vec<RecordBatch>, u64), ArrowError> {
        self.settle()?;
        self.sealing.append(&mut self.batches);
        self.sealing_bytes += std::mem::take(&mut self.batches_bytes);
        self.since = None;
        Ok((self.sealing.clone(), self.inserted))
    }

    /// The seal is in the manifest: rows go and segments come in the same moment.
    pub(crate) fn end_seal(&mut self, added: Vec<Arc<Segment>>) {
        self.sealing.clear();
        self.sealing_bytes = 0;
        self.change_segments(|_| true, added);
    }

    /// The seal failed: its rows wait for the next one.
    pub(crate) fn undo_seal(&mut self) {
        let newer = std::mem::take(&mut self.batches);
        self.batches = std::mem::take(&mut self.sealing);
        self.batches.extend(newer);
        self.batches_bytes += std::mem::take(&mut self.sealing_bytes);
        if !self.batches.is_empty() {
            self.since.get_or_insert_with(Instant::now);
        }
    }

    pub(crate) fn change_segments(&mut self, keep: impl Fn(&Segment) -> bool, added: Vec<Arc<Segment>>) {
        let mut segments: Vec<Arc<Segment>> = self.segments.iter().filter(|one| keep(one)).cloned().collect();
        segments.extend(added);
        segments.sort_by(|a, b| (a.row.max_time, &a.row.path).cmp(&(b.row.max_time, &b.row.path)));
        self.segments = Arc::new(segments);
    }
}

/// About what an event weighs in memory.
fn weight(event: &Event) -> usize {
    400 + event.raw.len() * 3
}
