//! Segments: immutable Parquet files, sorted by time, one day each, that any engine can read as they lie.

mod damage;
mod describe;
mod local;
mod minutes;
mod partition;
mod reader;
mod tally;
mod words;
mod write;

pub(crate) use damage::{Digest, PIECE};
pub(crate) use describe::describe;
pub(crate) use minutes::{MINUTE, Minutes};
pub(crate) use partition::{DAY, Part, partition};
pub(crate) use reader::SegmentReader;
pub(crate) use words::{BLOCK, Blocks, Wanted, Words};
pub(crate) use write::{SegmentWriter, folder, hex, write_part};

use crate::archive::Archive;
use crate::files::FileLayer;
use crate::manifest::SegmentRow;
use bytes::Bytes;
use damage::{Found, compare};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::ParquetMetaData;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Where a segment lies.
enum Place {
    Here { file: PathBuf, files: Arc<dyn FileLayer> },
    Archived(Arc<Archive>),
}

/// A segment in use. Once it is dead its file goes with the last query that still reads it.
pub(crate) struct Segment {
    pub row: SegmentRow,
    place: Place,
    dead: AtomicBool,
    /// What can still be read of it, once it was found to be damaged.
    damaged: Mutex<Option<Found>>,
    /// A read gave something else than was written, or nothing: to be looked at.
    suspect: AtomicBool,
    /// Its word index, once a query has asked for it; nothing where it has none that can be read.
    words: OnceLock<Option<Words>>,
}

impl fmt::Debug for Segment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Segment").field("path", &self.row.path).finish_non_exhaustive()
    }
}

impl Segment {
    /// A file of the store's own disk.
    pub(crate) fn here(row: SegmentRow, file: PathBuf, files: Arc<dyn FileLayer>) -> Arc<Self> {
        Arc::new(Self::new(row, Place::Here { file, files }))
    }

    /// An object of the archive.
    pub(crate) fn archived(row: SegmentRow, archive: Arc<Archive>) -> Arc<Self> {
        archive.enter(&row.path);
        Arc::new(Self::new(row, Place::Archived(archive)))
    }

    fn new(row: SegmentRow, place: Place) -> Self {
        let (dead, suspect) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { row, place, dead, damaged: Mutex::new(None), suspect, words: OnceLock::new() }
    }

    pub(crate) fn archive(&self) -> Option<&Archive> {
        match &self.place {
            Place::Here { .. } => None,
            Place::Archived(archive) => Some(archive),
        }
    }

    pub(crate) fn is_archived(&self) -> bool {
        self.archive().is_some()
    }

    /// Its file on the store's own disk.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Here { file, .. } => Some(file),
            Place::Archived(_) => None,
        }
    }

    /// For the Parquet reader.
    pub(crate) fn reader(self: &Arc<Self>) -> SegmentReader {
        SegmentReader(self.clone())
    }

    /// Bytes of its file. Blocks.
    pub(crate) fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let read = self.read_ranges(std::slice::from_ref(&range))?;
        read.into_iter().next().ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }

    /// Several ranges at once. What is known to be damaged is read around, as it is. Blocks.
    pub(crate) fn read_ranges(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let read = match &self.place {
            Place::Here { file, .. } if self.is_damaged() => local::read_as_is(file, ranges),
            Place::Here { file, .. } => local::read_checked(&self.row, file, ranges),
            Place::Archived(archive) => archive.read(&self.row, ranges),
        };
        read.inspect_err(|error| {
            if error.kind() != io::ErrorKind::NotConnected {
                self.suspect.store(true, Ordering::Release);
            }
        })
    }

    /// What its file says of its rows, whether it is damaged or not.
    fn footer(self: &Arc<Self>) -> Result<ParquetMetaData, String> {
        let words = |error: &dyn fmt::Display| error.to_string();
        let metadata = match &self.place {
            Place::Here { file, .. } => {
                let file = File::open(file).map_err(|error| words(&error))?;
                ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            }
            Place::Archived(_) => ArrowReaderMetadata::load(&self.reader(), ArrowReaderOptions::new()),
        };
        Ok(metadata.map_err(|error| words(&error))?.metadata().as_ref().clone())
    }

    /// Reads it whole; what is damaged is left out of queries from here on, so that the rest stays readable. An archive
    /// that does not answer says nothing about the segment.
    pub(crate) fn check(self: &Arc<Self>) -> Result<u64, String> {
        let digest = match &self.place {
            Place::Here { file, .. } => damage::read(file),
            Place::Archived(archive) => archive.digest(&self.row, &|| Ok(())),
        };
        self.judge(digest)
    }

    /// The same where somebody has just read it and knows its SHA-256: it is read again only where that is another.
    pub(crate) fn check_measured(self: &Arc<Self>, sha256: &str) -> Result<u64, String> {
        match sha256 == self.row.sha256 {
            true => self.judge(Ok((sha256.to_owned(), Vec::new()))),
            false => self.check(),
        }
    }

    fn judge(self: &Arc<Self>, digest: io::Result<(String, Vec<u32>)>) -> Result<u64, String> {
        let outcome = match digest {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return Err(error.to_string()),
            Err(error) => Err(Found::nothing(&self.row, error.to_string())),
            Ok(digest) => compare(&self.row, &digest, || self.footer()),
        };
        self.suspect.store(false, Ordering::Release);
        outcome.map_err(|found| {
            let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
            if damaged.is_none() {
                tracing::error!(segment = self.row.path, reason = found.reason, "segment is damaged");
            }
            let reason = found.reason.clone();
            *damaged = Some(found);
            reason
        })
    }

    /// Whether a query that could not read it should have it looked at. None is read whole for nothing, but those whose
    /// pieces have no checksums.
    pub(crate) fn may_be_damaged(&self) -> bool {
        !self.is_damaged() && (self.row.checksums.is_empty() || self.suspect.load(Ordering::Acquire))
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Blocks that can be read, where not all can.
    pub(crate) fn readable(&self) -> Option<Blocks> {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.as_ref().map(|found| found.readable.clone())
    }

    /// Rows that cannot be read, once it was found to be damaged.
    pub(crate) fn lost_rows(&self) -> u64 {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.as_ref().map_or(0, |found| self.row.rows.saturating_sub(found.readable_rows))
    }

    /// Blocks that may be mended, where it is damaged.
    pub(crate) fn whole(&self) -> Option<Blocks> {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.as_ref().map(|found| found.whole.clone())
    }

    /// Blocks in which rows may be wanted; nothing where all have to be read. Blocks while it reads.
    pub(crate) fn blocks(&self, wanted: &Wanted) -> Option<Blocks> {
        let (offset, length) = self.row.words?;
        let file = match &self.place {
            Place::Here { file, .. } => Some(File::open(file).ok()?),
            Place::Archived(_) => None,
        };
        let read = |at: u64, length: usize| match &file {
            Some(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, at)?;
                Ok(bytes)
            }
            None => Ok(self.read(at..at + length as u64)?.to_vec()),
        };
        let grumble = |error: &io::Error| match self.archive() {
            // That is told by whoever reads its rows, and passes.
            Some(_) => tracing::warn!(segment = self.row.path, %error, "its word index cannot be read just now"),
            None => tracing::error!(segment = self.row.path, %error, "its word index cannot be used"),
        };
        let words = match self.words.get() {
            Some(words) => words,
            None => match Words::open(&read, offset, length).inspect_err(grumble) {
                Err(_) if self.is_archived() => return None,
                opened => self.words.get_or_init(|| opened.ok()),
            },
        };
        words.as_ref()?.find(&read, wanted).inspect_err(grumble).ok()
    }

    /// The manifest no longer knows it, or knows it elsewhere.
    pub(crate) fn retire(&self) {
        self.dead.store(true, Ordering::Release);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let dead = self.dead.load(Ordering::Acquire);
        match &self.place {
            Place::Archived(archive) => archive.leave(&self.row.path, dead),
            Place::Here { file, files } if dead => {
                if let Err(error) = files.remove(file) {
                    // The next start removes files that the manifest does not know.
                    tracing::warn!(file = %file.display(), %error, "retired segment could not be removed");
                }
            }
            Place::Here { .. } => {}
        }
    }
}
