//! The archive: segments of days long past lie in a folder or a bucket instead of the store's own disk, byte for byte
//! the same files. The manifest says which; reading fetches pieces of 64 KiB, compares each with its checksum in the
//! manifest and keeps some of them here. An archive that does not answer is left alone for a moment, so that nobody
//! waits for it again and again; whoever needed it is told.

mod bytes;
mod cache;
mod examine;
mod folder;
mod mover;
mod objects;
mod pieces;
mod restore;
mod settings;

#[cfg(test)]
pub(crate) mod byte_tests;
#[cfg(test)]
mod fault_tests;

pub(crate) use self::bytes::ByteStore;
pub use examine::{ArchiveFound, examine_archive};
pub use mover::Moved;
pub(crate) use mover::Mover;
pub(crate) use restore::describe_all;
pub use settings::{ArchivePlace, Archiving, S3Bucket};

use self::bytes::Nowhere;
use self::cache::Cache;
use self::folder::Folder;
use self::objects::Objects;
use crate::StoreError;
use crate::files::FileLayer;
use crate::manifest::SegmentRow;
use crate::segment::{Change, Digest, corrected};
use ::bytes::Bytes;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Says that this is the archive: a disk that is not mounted, or another bucket, does not have it.
const MARK: &str = "luytre-archive";
/// Fetched at a time at most.
const STEP: u64 = 8 << 20;

pub(crate) struct Archive {
    pub(crate) bytes: Arc<dyn ByteStore>,
    /// What is configured; nothing where segments were archived earlier, if ever.
    pub(crate) settings: Option<Archiving>,
    cache: Cache,
    fetched: AtomicU64,
    requests: AtomicU64,
    outage: Mutex<Option<Outage>>,
    /// Archived segments that the manifest or a query still knows, by path.
    in_use: Mutex<HashMap<String, usize>>,
}

struct Outage {
    reason: String,
    /// Nothing is asked before.
    until: Instant,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of a segment in the archive.
pub(crate) fn object(path: &str) -> String {
    format!("segments/{path}")
}

pub(crate) fn connect(place: &ArchivePlace, files: Arc<dyn FileLayer>) -> Result<Arc<dyn ByteStore>, StoreError> {
    Ok(match place {
        ArchivePlace::Folder(root) => Arc::new(Folder::new(root.clone(), files)),
        ArchivePlace::S3(bucket) => Arc::new(Objects::s3(bucket)?),
    })
}

impl Archive {
    /// `dir` is the store's. Nothing is asked of the archive yet.
    pub(crate) fn open(
        dir: &Path,
        settings: Option<&Archiving>,
        files: Arc<dyn FileLayer>,
    ) -> Result<Arc<Self>, StoreError> {
        let bytes = match settings {
            Some(settings) => connect(&settings.place, files)?,
            None => Arc::new(Nowhere),
        };
        Ok(Self::on(bytes, dir, settings.cloned()))
    }

    /// The same on bytes that lie elsewhere.
    pub(crate) fn on(bytes: Arc<dyn ByteStore>, dir: &Path, settings: Option<Archiving>) -> Arc<Self> {
        let limit = settings.as_ref().map_or(0, |settings| settings.cache_bytes);
        Arc::new(Self {
            bytes,
            settings,
            cache: Cache::open(&dir.join("cache"), limit),
            fetched: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            outage: Mutex::default(),
            in_use: Mutex::default(),
        })
    }

    /// Why it is left alone just now.
    pub(crate) fn outage(&self) -> Option<String> {
        let outage = locked(&self.outage);
        outage.as_ref().filter(|outage| Instant::now() < outage.until).map(|outage| outage.reason.clone())
    }

    /// Why it could not be read at some moment since then.
    pub(crate) fn outage_since(&self, moment: Instant) -> Option<String> {
        let outage = locked(&self.outage);
        outage.as_ref().filter(|outage| moment <= outage.until).map(|outage| outage.reason.clone())
    }

    fn note_outage(&self, reason: &str) -> io::Error {
        let pause = self.settings.as_ref().map_or(Duration::from_secs(15), |settings| settings.pause);
        let reason = match self.bytes.place() {
            place if place.is_empty() => reason.to_owned(),
            place => format!("{place}: {reason}"),
        };
        tracing::warn!(reason, "the archive cannot be read");
        *locked(&self.outage) = Some(Outage { reason: reason.clone(), until: Instant::now() + pause });
        io::Error::new(io::ErrorKind::NotConnected, reason)
    }

    /// Since the start: bytes fetched, and in how many requests.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.fetched.load(Ordering::Relaxed), self.requests.load(Ordering::Relaxed))
    }

    pub(crate) fn cached_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// Whether all of a segment can be read without asking the archive.
    pub(crate) fn holds(&self, row: &SegmentRow) -> bool {
        self.cache.bytes_of(&row.path) >= row.bytes
    }

    /// A segment is read from here on.
    pub(crate) fn enter(&self, path: &str) {
        *locked(&self.in_use).entry(path.to_owned()).or_default() += 1;
    }

    /// One reader fewer.
    pub(crate) fn leave(&self, path: &str, dead: bool) {
        let mut in_use = locked(&self.in_use);
        if let Some(readers) = in_use.get_mut(path) {
            *readers -= 1;
            if *readers == 0 {
                in_use.remove(path);
            }
        }
        if dead {
            self.cache.forget(path);
        }
    }

    pub(crate) fn is_in_use(&self, path: &str) -> bool {
        locked(&self.in_use).contains_key(path)
    }

    /// Bytes of a segment as the archive has them.
    fn fetch(&self, row: &SegmentRow, range: Range<u64>) -> io::Result<Bytes> {
        if let Some(reason) = self.outage() {
            return Err(io::Error::new(io::ErrorKind::NotConnected, reason));
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        match self.bytes.read(&object(&row.path), range) {
            Ok(bytes) => {
                self.fetched.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                Ok(bytes)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {
                self.check_mark().and(Err(error))
            }
            Err(error) => Err(self.note_outage(&error.to_string())),
        }
    }

    /// Whether this is the archive at all.
    pub(crate) fn check_mark(&self) -> io::Result<()> {
        match self.bytes.describe(MARK) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(self.note_outage(&format!("this is not the archive, {MARK} is not there"))),
            Err(error) => Err(self.note_outage(&error.to_string())),
        }
    }

    /// Whether a segment is there in its length.
    pub(crate) fn find(&self, row: &SegmentRow) -> io::Result<()> {
        if let Some(reason) = self.outage() {
            return Err(io::Error::new(io::ErrorKind::NotConnected, reason));
        }
        match self.bytes.describe(&object(&row.path)) {
            Ok(Some(found)) if found.bytes == row.bytes => Ok(()),
            Ok(Some(found)) => {
                Err(io::Error::other(format!("the archive has {} bytes, the manifest says {}", found.bytes, row.bytes)))
            }
            Ok(None) => self.check_mark().and(Err(io::Error::other("it is not in the archive"))),
            Err(error) => Err(self.note_outage(&error.to_string())),
        }
    }

    /// Makes an archive of a place that has nothing of ours yet.
    pub(crate) fn mark(&self) -> io::Result<()> {
        self.bytes.put_new(MARK, Bytes::from_static(b"Segments of an event store; docs/event-store.md\n")).map(drop)
    }

    /// SHA-256 and checksums of all that the archive has of a segment, with changes undone; nothing of it is kept. `go_on`
    /// is asked now and then.
    pub(crate) fn digest(
        &self,
        row: &SegmentRow,
        changes: &[Change],
        go_on: &dyn Fn() -> io::Result<()>,
    ) -> io::Result<(String, Vec<u32>)> {
        let mut digest = Digest::default();
        let mut at = 0;
        while at < row.bytes {
            go_on()?;
            let end = row.bytes.min(at + STEP);
            let bytes = self.fetch(row, at..end)?;
            match changes.is_empty() {
                true => digest.add(&bytes),
                false => digest.add(&corrected(&bytes, at, changes)),
            }
            at = end;
        }
        Ok(digest.finish())
    }
}
