//! The thread that moves segments of days long past into the archive, and removes what nobody claims there. One segment
//! at a time, oldest first: written down as unclaimed, put, read back whole and compared with the hash of the manifest,
//! marked in the manifest by the thread that keeps segments, and only then given up here. Killed anywhere in between, it is
//! still here.

use super::object;
use crate::StoreError;
use crate::maintenance::{Keeping, KeepingSender};
use crate::segment::{DAY, Digest, Segment};
use crate::store::Shared;
use event::Micros;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::ops::AddAssign;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_secs(60);

/// What went to the archive, and what was removed from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub files: usize,
    pub bytes: u64,
    pub removed: usize,
}

impl AddAssign for Moved {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.bytes += more.bytes;
        self.removed += more.removed;
    }
}

type Answer = oneshot::Sender<Result<(), StoreError>>;

pub(crate) struct Mover {
    asked: Mutex<Option<Sender<Answer>>>,
    stop: Arc<AtomicBool>,
    untold: Arc<Mutex<Moved>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Worker {
    shared: Arc<Shared>,
    maintenance: KeepingSender,
    stop: Arc<AtomicBool>,
    /// Done since somebody last asked.
    untold: Arc<Mutex<Moved>>,
}

impl Mover {
    pub(crate) fn start(shared: Arc<Shared>, maintenance: KeepingSender) -> Result<Self, StoreError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, inbox) = channel();
        let untold = Arc::new(Mutex::new(Moved::default()));
        let worker = Worker { shared, maintenance, stop: stop.clone(), untold: untold.clone() };
        let thread = std::thread::Builder::new()
            .name("event-archive".into())
            .spawn(move || worker.run(&inbox))
            .map_err(|error| StoreError::io("start the thread of the archive", error))?;
        Ok(Self { asked: Mutex::new(Some(sender)), stop, untold, thread: Mutex::new(Some(thread)) })
    }

    /// Does what is due now; gives what was done since it was last asked.
    pub(crate) async fn ask(&self) -> Result<Moved, StoreError> {
        let (answer, answered) = oneshot::channel();
        {
            let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let sender = asked.as_ref().ok_or(StoreError::Closed)?;
            sender.send(answer).map_err(|_| StoreError::Closed)?;
        }
        answered.await.unwrap_or(Err(StoreError::Closed))?;
        Ok(std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Ends it before its next step.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn run(&self, inbox: &Receiver<Answer>) {
        let mut told = false;
        loop {
            let answer = match inbox.recv_timeout(EVERY) {
                Ok(answer) => Some(answer),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let outcome = self.pass();
            // An archive that is away is told once, not at every try.
            if let Err(error) = &outcome
                && !told
            {
                tracing::error!(%error, "segments could not be archived; they stay here");
            }
            told = outcome.is_err();
            if let Some(answer) = answer {
                let _ = answer.send(outcome);
            }
        }
    }

    fn count(&self, more: Moved) {
        if more != Moved::default() {
            tracing::info!(?more, "segments were archived");
            *self.untold.lock().unwrap_or_else(PoisonError::into_inner) += more;
        }
    }

    fn pass(&self) -> Result<(), StoreError> {
        let shared = &self.shared;
        let Some(settings) = &shared.archive.settings else { return Ok(()) };
        self.count(Moved { removed: self.remove_unclaimed()?, ..Moved::default() });
        let mut due = due(&shared.memory().segments, settings.after_days, (shared.options.clock)());
        due.sort_by_key(|one| one.row.max_time);
        if !due.is_empty() {
            self.prepare()?;
        }
        for one in due {
            self.go_on().map_err(|error| failed(&one.row.path, &error))?;
            if self.transfer(&one)? {
                self.count(Moved { files: 1, bytes: one.row.bytes, removed: 0 });
            }
        }
        Ok(())
    }

    fn go_on(&self) -> io::Result<()> {
        match self.stop.load(Ordering::Acquire) {
            true => Err(io::Error::from(io::ErrorKind::Interrupted)),
            false => Ok(()),
        }
    }

    /// Makes sure that this is the archive. One is made only where nothing was archived before: an empty folder may be
    /// a disk that is not mounted.
    fn prepare(&self) -> Result<(), StoreError> {
        let archive = &self.shared.archive;
        let first = !self.shared.memory().segments.iter().any(|one| one.is_archived());
        let prepared = if first { archive.mark() } else { archive.check_mark() };
        prepared.map_err(|error| StoreError::Archive(error.to_string()))
    }

    fn remove_unclaimed(&self) -> Result<usize, StoreError> {
        let (archive, manifest) = (&self.shared.archive, &self.shared.manifest);
        let mut removed = 0;
        for path in manifest.unclaimed()? {
            // Its last reader ends first. And of a segment that is not here this may be all there is.
            if archive.is_in_use(&path) || self.shared.missing.iter().any(|row| row.path == path) {
                continue;
            }
            archive.bytes.remove(&object(&path)).map_err(|error| failed(&path, &error))?;
            manifest.forget_unclaimed(&path)?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Whether the segment is in the archive now; not where it went otherwise meanwhile.
    fn transfer(&self, one: &Arc<Segment>) -> Result<bool, StoreError> {
        let (shared, path) = (&self.shared, one.row.path.as_str());
        let Some(file) = one.path() else { return Ok(false) };
        let failed = |error: io::Error| failed(path, &error);
        shared.manifest.begin_archiving(path)?;
        let file = File::open(file).map_err(failed)?;
        let mut source = Source { file, digest: Digest::default(), worker: self };
        shared.archive.bytes.put(&object(path), &mut source).map_err(failed)?;
        let (sha256, checksums) = source.digest.finish();
        if sha256 != one.row.sha256 {
            // What is damaged here stays here, where it is told and mended; the copy is unclaimed.
            let _ = one.check();
            return Ok(false);
        }
        // Older layouts had no checksums of pieces; reading from the archive needs them.
        let mut row = one.row.clone();
        row.checksums = checksums;
        let (there, _) = shared.archive.digest(&row, &[], &|| self.go_on()).map_err(failed)?;
        if there != row.sha256 {
            return Err(StoreError::Archive(format!("{path} is not there what it is here: its SHA-256 is {there}")));
        }
        row.archived = true;
        let (answer, answered) = oneshot::channel();
        self.maintenance.send(Keeping::Archived { row, answer }).map_err(|_| StoreError::Closed)?;
        answered.blocking_recv().unwrap_or(Err(StoreError::Closed))
    }
}

fn failed(path: &str, error: &io::Error) -> StoreError {
    StoreError::Archive(format!("{path}: {error}"))
}

/// Segments here whose last event came before the last `after_days` whole days.
fn due(segments: &[Arc<Segment>], after_days: u32, now: Micros) -> Vec<Arc<Segment>> {
    let oldest_kept = now.div_euclid(DAY) - i64::from(after_days);
    let is_due =
        |one: &&Arc<Segment>| !one.is_archived() && !one.is_damaged() && one.row.newest.div_euclid(DAY) < oldest_kept;
    segments.iter().filter(is_due).cloned().collect()
}

/// A file on its way, hashed; it ends where the program does.
struct Source<'w> {
    file: File,
    digest: Digest,
    worker: &'w Worker,
}

impl Read for Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.worker.go_on().is_err() {
            return Err(io::Error::other("the program ends"));
        }
        let length = self.file.read(into)?;
        self.digest.add(into.get(..length).unwrap_or_default());
        Ok(length)
    }
}
