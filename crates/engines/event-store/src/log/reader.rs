//! Reading the log in order: first what a start found in the files, then what is being written, each record
//! as soon as it is durable. A slow reader falls back to the files, so memory stays bounded.

use super::LogFile;
use super::frame::{self, HEADER, Header};
use super::scan::{FILE_HEADER, Piece, scan};
use crate::StoreError;
use crate::files::FileLayer;
use event::RawRecord;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Records of one durable frame.
struct Recent {
    first_seq: u64,
    records: Arc<Vec<RawRecord>>,
    bytes: usize,
}

#[derive(Default)]
struct State {
    files: Vec<LogFile>,
    recent: VecDeque<Recent>,
    recent_bytes: usize,
}

/// What the writer shows to readers.
pub(crate) struct Published {
    files: Arc<dyn FileLayer>,
    state: Mutex<State>,
    durable: watch::Sender<u64>,
    limit: usize,
}

impl Published {
    pub(crate) fn new(files: Arc<dyn FileLayer>, list: Vec<LogFile>, durable: u64, limit: usize) -> Arc<Self> {
        let state = Mutex::new(State { files: list, ..State::default() });
        Arc::new(Self { files, state, durable: watch::Sender::new(durable), limit })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that just became durable.
    pub(crate) fn push(&self, list: Vec<LogFile>, first_seq: u64, records: Vec<RawRecord>, bytes: usize) {
        let last_seq = first_seq + records.len() as u64 - 1;
        let mut state = self.state();
        state.files = list;
        state.recent_bytes += bytes;
        state.recent.push_back(Recent { first_seq, records: Arc::new(records), bytes });
        while state.recent_bytes > self.limit
            && let Some(old) = state.recent.pop_front()
        {
            state.recent_bytes -= old.bytes;
        }
        drop(state);
        self.durable.send_replace(last_seq);
    }

    /// Files were released.
    pub(crate) fn set_files(&self, list: Vec<LogFile>) {
        self.state().files = list;
    }

    pub(crate) fn file_list(&self) -> Vec<LogFile> {
        self.state().files.clone()
    }

    pub(crate) fn durable(&self) -> u64 {
        *self.durable.borrow()
    }

    /// Readers get the rest and then the end.
    pub(crate) fn close(&self) {
        // u64::MAX is never a sequence; it wakes the readers, who see that nothing follows.
        self.durable.send_modify(|durable| *durable |= CLOSED);
    }

    pub(crate) fn reader(self: &Arc<Self>, from_seq: u64) -> LogReader {
        LogReader {
            published: self.clone(),
            durable: self.durable.subscribe(),
            next_seq: from_seq.max(1),
            place: None,
            ready: VecDeque::new(),
        }
    }
}

/// Set in the durable sequence when the writer has ended; sequences stay far below it.
const CLOSED: u64 = 1 << 63;

/// Yields the records of the log in the order of their sequence numbers.
pub struct LogReader {
    published: Arc<Published>,
    durable: watch::Receiver<u64>,
    next_seq: u64,
    /// First sequence of the file last read and the offset behind the frame last taken from it.
    place: Option<(u64, u64)>,
    ready: VecDeque<(u64, RawRecord)>,
}

impl LogReader {
    /// Sequence of the next record to come.
    pub fn position(&self) -> u64 {
        self.ready.front().map_or(self.next_seq, |(seq, _)| *seq)
    }

    /// Up to `max` records; waits until there is at least one. An empty list means that the store was closed.
    /// A gap in the numbers means that the log is damaged there or was released.
    pub async fn next(&mut self, max: usize) -> Result<Vec<(u64, RawRecord)>, StoreError> {
        loop {
            let records = self.next_stored(max).await?;
            let closed = *self.durable.borrow() & CLOSED != 0;
            if !records.is_empty() || closed || self.durable.changed().await.is_err() {
                return Ok(records);
            }
        }
    }

    /// Up to `max` records that are there now; an empty list where nothing more is, without waiting.
    pub async fn next_stored(&mut self, max: usize) -> Result<Vec<(u64, RawRecord)>, StoreError> {
        while self.ready.is_empty() {
            let durable = *self.durable.borrow_and_update() & !CLOSED;
            if self.next_seq > durable {
                return Ok(Vec::new());
            }
            if !self.take_recent() {
                self.take_from_file(durable).await?;
            }
        }
        let count = max.clamp(1, self.ready.len());
        Ok(self.ready.drain(..count).collect())
    }

    fn take_recent(&mut self) -> bool {
        let state = self.published.state();
        if state.recent.front().is_none_or(|oldest| self.next_seq < oldest.first_seq) {
            return false;
        }
        let at = state.recent.partition_point(|recent| recent.first_seq <= self.next_seq) - 1;
        let Some(Recent { first_seq, records, .. }) = state.recent.get(at) else { return false };
        let (first_seq, records) = (*first_seq, records.clone());
        drop(state);
        self.make_ready(first_seq, records.iter().cloned());
        !self.ready.is_empty()
    }

    fn make_ready(&mut self, first_seq: u64, records: impl Iterator<Item = RawRecord>) {
        let wanted = self.next_seq;
        self.ready.extend((first_seq..).zip(records).filter(|(seq, _)| *seq >= wanted));
        if let Some((seq, _)) = self.ready.back() {
            self.next_seq = seq + 1;
        }
    }

    async fn take_from_file(&mut self, durable: u64) -> Result<(), StoreError> {
        let list = self.published.file_list();
        let Some(file) = list.into_iter().find(|file| file.last_seq >= self.next_seq) else {
            // Released or lost: nothing up to here is left.
            self.next_seq = durable + 1;
            return Ok(());
        };
        let offset = match self.place {
            Some((first_seq, offset)) if first_seq == file.first_seq => offset,
            _ => FILE_HEADER.len() as u64,
        };
        let (files, wanted, first_of_file, last_of_file) =
            (self.published.files.clone(), self.next_seq, file.first_seq, file.last_seq);
        let read = tokio::task::spawn_blocking(move || read_frame(&*files, &file, offset, wanted))
            .await
            .map_err(|_| StoreError::Closed)?
            .map_err(|error| StoreError::io("read the log", error));
        match read {
            Ok(Some((header, behind, records))) => {
                self.place = Some((first_of_file, behind));
                self.make_ready(header.first_seq, records.into_iter());
            }
            // Damaged to its end: go on with the next file.
            Ok(None) => self.next_seq = last_of_file + 1,
            // Released between the look at the list and the read.
            Err(_) if self.published.file_list().iter().all(|file| file.first_seq != first_of_file) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

type FoundFrame = (Header, u64, Vec<RawRecord>);

/// The first frame at or behind `offset` that holds `wanted` or a later record.
fn read_frame(
    files: &dyn FileLayer,
    file: &LogFile,
    mut offset: u64,
    wanted: u64,
) -> std::io::Result<Option<FoundFrame>> {
    while offset < file.bytes {
        let header = Header::parse(&files.read_at(&file.path, offset, HEADER)?);
        match header {
            Some(header) if header.last_seq() < wanted => offset += header.length() as u64,
            Some(header) => {
                let bytes = files.read_at(&file.path, offset, header.length())?;
                let behind = offset + header.length() as u64;
                match frame::check(&bytes).and_then(|header| frame::decode(&bytes, &header)) {
                    Some(records) => return Ok(Some((header, behind, records))),
                    None => break,
                }
            }
            None => break,
        }
    }
    match offset < file.bytes {
        true => search_frame(files, file, wanted),
        false => Ok(None),
    }
}

/// The slow way, past damage.
fn search_frame(files: &dyn FileLayer, file: &LogFile, wanted: u64) -> std::io::Result<Option<FoundFrame>> {
    let bytes = files.read(&file.path)?;
    for piece in scan(&bytes) {
        if let Piece::Frame { offset, header } = piece
            && header.last_seq() >= wanted
            && let Some(records) = frame::decode(bytes.get(offset..).unwrap_or_default(), &header)
        {
            return Ok(Some((header, (offset + header.length()) as u64, records)));
        }
    }
    Ok(None)
}
