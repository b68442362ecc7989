//! The write-ahead log: raw records, numbered, durable before anybody is told so. It knows bytes and
//! sequence numbers, no format and no segment.

mod batches;
mod frame;
mod reader;
mod recovery;
mod scan;
mod writer;

#[cfg(test)]
mod crash_tests;

pub use batches::BatchId;
pub(crate) use batches::StoredBatch;
pub(crate) use frame::Header;
pub use reader::LogReader;
pub(crate) use reader::Published;
pub(crate) use recovery::{Damage, Recovered, check_file, look, recover};
pub use writer::Appended;
pub(crate) use writer::{LogWriter, WriterOptions};

use crate::StoreError;
use crate::files::{AppendFile, FileLayer, is_disk_full};
use event::{Micros, RawRecord};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFile {
    pub path: PathBuf,
    pub first_seq: u64,
    /// Last sequence in it; below `first_seq` while it is empty.
    pub last_seq: u64,
    pub bytes: u64,
}

/// A batch on its way into the log.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub id: Option<BatchId>,
    pub records: Vec<RawRecord>,
}

/// The log's files and the write side of the newest one. Single-threaded; [`LogWriter`] runs it.
pub(crate) struct Log {
    files: Arc<dyn FileLayer>,
    dir: PathBuf,
    file_bytes: u64,
    closed: Vec<LogFile>,
    active: Option<(LogFile, Box<dyn AppendFile>)>,
    next_seq: u64,
    poisoned: Option<String>,
}

impl Log {
    /// Continues after what [`recover`] found. A new file is begun with the first write, so that a file with a
    /// past is never written again.
    pub(crate) fn new(
        files: Arc<dyn FileLayer>,
        dir: &Path,
        file_bytes: u64,
        closed: Vec<LogFile>,
        next_seq: u64,
    ) -> Self {
        Self { files, dir: dir.to_owned(), file_bytes, closed, active: None, next_seq, poisoned: None }
    }

    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Numbers up to here are not given (again).
    pub(crate) fn skip(&mut self, seq: u64) {
        self.next_seq = self.next_seq.max(seq.saturating_add(1));
    }

    /// Writes the batches as one frame and makes it durable. Returns the sequence of the first record.
    /// After an error nothing of it counts: it was undone (`DiskFull`) or the log is poisoned.
    pub(crate) fn commit(
        &mut self,
        records: &[RawRecord],
        batches: &[StoredBatch],
        now: Micros,
    ) -> Result<u64, StoreError> {
        if let Some(reason) = &self.poisoned {
            return Err(StoreError::Poisoned { reason: reason.clone() });
        }
        let first_seq = self.next_seq;
        let frame = frame::encode(first_seq, now, records, batches)
            .map_err(|error| StoreError::io("compress records for the log", error))?;
        self.roll()?;
        let Some((file, handle)) = &mut self.active else {
            return Err(StoreError::Closed);
        };
        if let Err(error) = handle.append(&frame) {
            let length = file.bytes;
            return Err(match (is_disk_full(&error), handle.truncate(length)) {
                (true, Ok(())) => StoreError::DiskFull,
                _ => self.poison("a write to the log failed", &error),
            });
        }
        // After a failed fsync the page cache may claim pages clean that never reached the disk: no second try.
        if let Err(error) = handle.sync() {
            return Err(self.poison("fsync of the log failed", &error));
        }
        file.bytes += frame.len() as u64;
        file.last_seq = first_seq + records.len() as u64 - 1;
        self.next_seq = file.last_seq + 1;
        Ok(first_seq)
    }

    fn poison(&mut self, what: &str, error: &std::io::Error) -> StoreError {
        let reason = format!("{what}: {error}");
        tracing::error!(reason, "event log poisoned");
        self.poisoned = Some(reason.clone());
        StoreError::Poisoned { reason }
    }

    /// Begins a new file when there is none or the newest is large enough.
    fn roll(&mut self) -> Result<(), StoreError> {
        if let Some((file, _)) = &self.active {
            if file.bytes < self.file_bytes {
                return Ok(());
            }
            if let Some((file, _)) = self.active.take() {
                self.closed.push(file);
            }
        }
        let path = self.dir.join(format!("{:020}.log", self.next_seq));
        let begun = self.files.create(&path).and_then(|mut handle| {
            handle.append(&scan::FILE_HEADER)?;
            handle.sync()?;
            self.files.sync_dir(&self.dir)?;
            Ok(handle)
        });
        match begun {
            Ok(handle) => {
                let bytes = scan::FILE_HEADER.len() as u64;
                let file = LogFile { path, first_seq: self.next_seq, last_seq: self.next_seq - 1, bytes };
                self.active = Some((file, handle));
                Ok(())
            }
            Err(error) => {
                let undone = self.files.remove(&path).is_ok();
                match is_disk_full(&error) && undone {
                    true => Err(StoreError::DiskFull),
                    false => Err(self.poison("a new log file could not be begun", &error)),
                }
            }
        }
    }

    /// Files whose records are all at or below `seq`, taken out of the list; the caller removes them with
    /// [`FileLayer::remove`]. The newest file stays while it is written to.
    pub(crate) fn release(&mut self, seq: u64) -> Vec<LogFile> {
        let (gone, kept) = std::mem::take(&mut self.closed).into_iter().partition(|file| file.last_seq <= seq);
        self.closed = kept;
        gone
    }

    /// All files, oldest first.
    pub(crate) fn list(&self) -> Vec<LogFile> {
        self.closed.iter().chain(self.active.iter().map(|(file, _)| file)).cloned().collect()
    }
}
