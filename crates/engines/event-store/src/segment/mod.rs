//! Segments: immutable Parquet files, sorted by time, one day each, that any engine can read as they lie.

mod correction;
mod damage;
mod describe;
mod local;
mod minutes;
mod partition;
mod reader;
mod spare;
mod tally;
mod words;
mod write;

pub(crate) use correction::{Change, corrected};
pub(crate) use damage::{Digest, PIECE};
pub(crate) use describe::{describe, sequences_of, sequences_of_file};
pub(crate) use minutes::{MINUTE, Minutes};
pub(crate) use partition::{DAY, Part, partition};
pub(crate) use reader::SegmentReader;
pub(crate) use words::{BLOCK, Blocks, Wanted, Words};
pub(crate) use write::{SegmentWriter, folder, hex, write_part};

use crate::archive::Archive;
use crate::files::FileLayer;
use crate::manifest::SegmentRow;
use bytes::Bytes;
use damage::{Footer, Found, compare};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    /// How often it was found to be damaged.
    verdicts: AtomicU64,
    /// How often a read gave something else than was written, or nothing.
    suspicions: AtomicU64,
    /// How many of these it was looked at for.
    settled: AtomicU64,
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
        let [verdicts, suspicions, settled] = [const { AtomicU64::new(0) }; 3];
        let (dead, damaged) = (AtomicBool::new(false), Mutex::new(None));
        Self { row, place, dead, damaged, verdicts, suspicions, settled, words: OnceLock::new() }
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

    /// Several ranges at once, with what is known to be changed put right. Blocks.
    pub(crate) fn read_ranges(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let changes = self.changes();
        let read = match &self.place {
            Place::Here { file, .. } => local::read_checked(&self.row, file, ranges, &changes),
            Place::Archived(archive) => archive.read(&self.row, ranges, &changes),
        };
        read.inspect_err(|error| {
            if error.kind() != io::ErrorKind::NotConnected {
                self.suspicions.fetch_add(1, Ordering::AcqRel);
            }
        })
    }

    /// What its file says of its rows; the places of its pages as well where these can be trusted, and the spare where the
    /// footer cannot.
    fn footer(self: &Arc<Self>) -> Result<Footer, String> {
        let footer = || ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
        let refused = match footer().parse_and_finish(&self.reader()) {
            Ok(footer) if self.row.checksums.is_empty() => return Ok(Footer::Sound(footer)),
            Ok(footer) => {
                let mut places = ParquetMetaDataReader::new_with_metadata(footer.clone())
                    .with_column_index_policy(PageIndexPolicy::Skip)
                    .with_offset_index_policy(PageIndexPolicy::Optional);
                let read = places.read_page_indexes(&self.reader()).and_then(|()| places.finish());
                return Ok(Footer::Sound(read.unwrap_or(footer)));
            }
            Err(error) => error.to_string(),
        };
        // The archive is not asked twice.
        let Some(here) = self.path().and_then(|path| File::open(path).ok()) else { return Err(refused) };
        let spare = self.row.words.and_then(|(offset, length)| spare::read(&here, offset + length));
        match spare {
            Some(spare) => Ok(Footer::Sound(spare)),
            None => footer().parse_and_finish(&here).map(Footer::Doubtful).map_err(|_| refused),
        }
    }

    /// SHA-256 and checksums of what lies there, with changes undone.
    fn digest(&self, changes: &[Change]) -> io::Result<(String, Vec<u32>)> {
        match &self.place {
            Place::Here { file, .. } => damage::read(file, changes),
            Place::Archived(archive) => archive.digest(&self.row, changes, &|| Ok(())),
        }
    }

    /// Reads it whole; what is damaged is left out of queries from here on, so that the rest stays readable. An archive
    /// that does not answer says nothing about the segment.
    pub(crate) fn check(self: &Arc<Self>) -> Result<u64, String> {
        self.judge(|| self.digest(&[]))
    }

    /// The same where somebody has just read it and knows its SHA-256: it is read again only where that is another.
    pub(crate) fn check_measured(self: &Arc<Self>, sha256: &str) -> Result<u64, String> {
        match sha256 == self.row.sha256 {
            true => self.judge(|| Ok((sha256.to_owned(), Vec::new()))),
            false => self.check(),
        }
    }

    fn judge(self: &Arc<Self>, digest: impl FnOnce() -> io::Result<(String, Vec<u32>)>) -> Result<u64, String> {
        let suspicions = self.suspicions.load(Ordering::Acquire);
        let outcome = match digest() {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return Err(error.to_string()),
            Err(error) => Err(Found::nothing(&self.row, error.to_string())),
            Ok(digest) => compare(&self.row, &digest, |changes| self.digest(changes), || self.footer()),
        };
        let outcome = outcome.map_err(|found| {
            let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
            if damaged.is_none() {
                tracing::error!(segment = self.row.path, reason = found.reason, "segment is damaged");
            }
            let reason = found.reason.clone();
            *damaged = Some(found);
            self.verdicts.fetch_add(1, Ordering::AcqRel);
            reason
        });
        self.settled.fetch_max(suspicions, Ordering::AcqRel);
        outcome
    }

    /// Whether a query that could not read it should have it looked at, for the first time or again. None is read whole for
    /// nothing, but those whose pieces have no checksums.
    pub(crate) fn may_be_damaged(&self) -> bool {
        self.suspicions.load(Ordering::Acquire) > self.settled.load(Ordering::Acquire)
            || !self.is_damaged() && self.row.checksums.is_empty()
    }

    /// How often it was found to be damaged: who reads it meanwhile sees that another has looked.
    pub(crate) fn verdicts(&self) -> u64 {
        self.verdicts.load(Ordering::Acquire)
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether there are rows that cannot be read.
    pub(crate) fn has_lost_rows(&self) -> bool {
        self.readable().is_some_and(|readable| readable.len() < readable.count())
    }

    fn changes(&self) -> Vec<Change> {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.as_ref().map(|found| found.changes.clone()).unwrap_or_default()
    }

    /// What is to be read in place of its footer, where that says more than can be trusted.
    pub(crate) fn footer_around_damage(&self) -> Option<Arc<ParquetMetaData>> {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.as_ref().and_then(|found| found.footer.clone())
    }

    /// Blocks that can be read, where it is damaged.
    pub(crate) fn readable(&self) -> Option<Blocks> {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.as_ref().map(|found| found.readable.clone())
    }

    /// Rows that cannot be read, once it was found to be damaged.
    pub(crate) fn lost_rows(&self) -> u64 {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = damaged.as_ref() else { return 0 };
        let (block, rows) = (BLOCK as u64, self.row.rows);
        let lost = (0..found.readable.count()).filter(|block| !found.readable.contains(*block));
        lost.map(|number| rows.saturating_sub(number as u64 * block).min(block)).sum()
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
            Place::Here { file, .. } if self.changes().is_empty() => Some(File::open(file).ok()?),
            _ => None,
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
