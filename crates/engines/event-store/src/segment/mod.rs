//! Segments: immutable Parquet files, sorted by time, one day each, that any engine can read as they lie.

mod partition;
mod words;
mod write;

pub(crate) use partition::{DAY, Part, partition};
pub(crate) use words::{BLOCK, Blocks, Wanted, Words};
pub(crate) use write::{SegmentWriter, hex, write_part};

use crate::manifest::SegmentRow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// A segment in use. Once it is dead its file goes with the last query that still reads it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub row: SegmentRow,
    pub file: PathBuf,
    dead: AtomicBool,
    damaged: AtomicBool,
    /// Its word index, once a query has asked for it; nothing where it has none that can be read.
    words: OnceLock<Option<Words>>,
}

impl Segment {
    pub(crate) fn new(row: SegmentRow, file: PathBuf) -> Self {
        Self { row, file, dead: AtomicBool::new(false), damaged: AtomicBool::new(false), words: OnceLock::new() }
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
