//! Segments: immutable Parquet files, sorted by time, one day each, that any engine can read as they lie.

mod partition;
mod write;

pub(crate) use partition::{DAY, Part, partition};
pub(crate) use write::{SegmentWriter, hex, write_part};

use crate::manifest::SegmentRow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// A segment in use. Once it is dead its file goes with the last query that still reads it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub row: SegmentRow,
    pub file: PathBuf,
    dead: AtomicBool,
    damaged: AtomicBool,
}

impl Segment {
    pub(crate) fn new(row: SegmentRow, file: PathBuf) -> Self {
        Self { row, file, dead: AtomicBool::new(false), damaged: AtomicBool::new(false) }
    }

    /// Its content is not what was written: queries leave it out, so that the rest stays readable.
    pub(crate) fn mark_damaged(&self) {
        if !self.damaged.swap(true, Ordering::AcqRel) {
            tracing::error!(segment = self.row.path, "segment is damaged and left out of queries");
        }
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
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
