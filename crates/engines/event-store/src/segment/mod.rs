//! Segments: immutable Parquet files, sorted by time, one day each, that any engine can read as they lie.

mod damage;
mod describe;
mod partition;
mod words;
mod write;

pub(crate) use damage::check;
pub(crate) use describe::describe;
pub(crate) use partition::{DAY, Part, partition};
pub(crate) use words::{BLOCK, Blocks, Wanted, Words};
pub(crate) use write::{SegmentWriter, hex, write_part};

use crate::manifest::SegmentRow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A segment in use. Once it is dead its file goes with the last query that still reads it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub row: SegmentRow,
    pub file: PathBuf,
    dead: AtomicBool,
    /// What can still be read of it, once it was found to be damaged.
    damaged: Mutex<Option<Blocks>>,
    /// Its word index, once a query has asked for it; nothing where it has none that can be read.
    words: OnceLock<Option<Words>>,
}

impl Segment {
    pub(crate) fn new(row: SegmentRow, file: PathBuf) -> Self {
        Self { row, file, dead: AtomicBool::new(false), damaged: Mutex::new(None), words: OnceLock::new() }
    }

    /// Reads it whole; what is damaged is left out of queries from here on, so that the rest stays readable.
    pub(crate) fn check(&self) -> Result<u64, String> {
        check(&self.file, &self.row).map_err(|found| {
            let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
            if damaged.is_none() {
                tracing::error!(segment = self.row.path, reason = found.reason, "segment is damaged");
            }
            *damaged = Some(found.readable);
            found.reason
        })
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Blocks that can be read, where not all can.
    pub(crate) fn readable(&self) -> Option<Blocks> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Blocks in which rows may be wanted; nothing where all have to be read. Reads from the disk.
    pub(crate) fn blocks(&self, wanted: &Wanted) -> Option<Blocks> {
        let (offset, length) = self.row.words?;
        let file = File::open(&self.file).ok()?;
        let read = |at: u64, length: usize| {
            let mut bytes = vec![0; length];
            file.read_exact_at(&mut bytes, at)?;
            Ok(bytes)
        };
        let grumble = |error: &io::Error| {
            tracing::error!(segment = self.row.path, %error, "its word index cannot be used");
        };
        let words = self.words.get_or_init(|| Words::open(&read, offset, length).inspect_err(grumble).ok()).as_ref()?;
        words.find(&read, wanted).inspect_err(grumble).ok()
    }

    /// The manifest no longer knows it.
    pub(crate) fn retire(&self) {
        self.dead.store(true, Ordering::Release);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.dead.load(Ordering::Acquire)
            && let Err(error) = std::fs::remove_file(&self.file)
        {
            // The next start removes files that the manifest does not know.
            tracing::warn!(file = %self.file.display(), %error, "retired segment could not be removed");
        }
    }
}
