//! What can go wrong in the store, one type for the whole engine.

use crate::files::is_disk_full;
use crate::mistake::Mistake;
use crate::unreadable::Unreadable;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

#[derive(Debug, Clone, Error)]
pub enum StoreError {
    #[error("the event store in {dir} is in use by process {pid}")]
    Locked { dir: PathBuf, pid: u32 },
    /// Back-pressure: the bytes waiting for the disk reached their limit. Nothing was stored.
    #[error("the event store cannot take more just now; try again in {} ms", retry_after.as_millis())]
    Full { retry_after: Duration },
    /// The batch can never be stored whole; the sender has to split it.
    #[error("a batch of {bytes} bytes is larger than the limit of {limit} bytes")]
    TooLarge { bytes: usize, limit: usize },
    /// The write was undone; the same batch may be sent again once there is space.
    #[error("no space left on the disk of the event store")]
    DiskFull,
    /// An fsync failed or a write could not be undone: what the disk holds is unknown until the next start.
    #[error("the event store stopped taking records: {reason}")]
    Poisoned { reason: String },
    /// What stands before the log ended badly; nothing was stored.
    #[error("the records could not pass what stands before the log: {0}")]
    Gate(String),
    #[error("{what}: {source}")]
    Io { what: String, source: Arc<io::Error> },
    #[error("manifest of the event store: {0}")]
    Manifest(String),
    #[error("ledger of segments: {0}")]
    Ledger(String),
    /// The archive's settings are wrong, or it was asked for something that it cannot do now.
    #[error("archive: {0}")]
    Archive(String),
    /// What was asked needs days that lie in an archive which does not answer. Comes right by itself.
    #[error("the events of {days} lie in the archive, which cannot be read just now: {reason}")]
    Unreachable { days: String, reason: String },
    #[error("segment {file}: {reason}")]
    Segment { file: String, reason: String },
    #[error("the event store is closed")]
    Closed,
    /// The question is not allowed or not understood; its code says what to change.
    #[error("{}", .0.words)]
    Mistake(Box<Mistake>),
    /// An act that this store does not do now; the message says why.
    #[error("{0}")]
    Refused(String),
    /// What the engine says where no mistake is recognised in it.
    #[error("{0}")]
    Query(String),
    #[error("the query needs more memory than its limit of {limit} bytes; narrow the time or the columns")]
    Memory { limit: usize },
    #[error("the query took longer than {} s and was stopped", limit.as_secs_f32())]
    Timeout { limit: Duration },
    /// No place among the questions that run came free in time. Nothing was begun.
    #[error("too many others were asking; no place came free in {} s", waited.as_secs_f32())]
    Busy { waited: Duration },
    /// What sorts and groupings wrote to disk while they ran.
    #[error("the query needs more room on the disk than its limit of {limit} bytes; narrow the time or the groups")]
    Spill { limit: u64 },
    #[error("the query would read more than {limit} bytes and was stopped; narrow the time or the conditions")]
    ReadTooMuch { limit: u64 },
    /// One asker in a while, with all their questions.
    #[error("more than {limit} bytes were read within {} s; come back in {} s", window.as_secs(), wait.as_secs())]
    ReadEnough { limit: u64, window: Duration, wait: Duration },
    /// What would be written is not whole.
    #[error("events of {days} cannot be read: what is written would not be whole")]
    Incomplete { days: String, unreadable: Vec<Unreadable> },
    #[error("the query was cancelled")]
    Cancelled,
    /// A search text that cannot be read. `position` counts characters from 0.
    #[error("{} (at character {})", mistake.words, position + 1)]
    Search { position: usize, mistake: Box<Mistake> },
}

impl StoreError {
    pub(crate) fn io(what: impl Into<String>, source: io::Error) -> Self {
        match is_disk_full(&source) {
            true => Self::DiskFull,
            false => Self::Io { what: what.into(), source: Arc::new(source) },
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Manifest(error.to_string()),
        }
    }
}
