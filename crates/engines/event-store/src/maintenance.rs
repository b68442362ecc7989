//! The thread that seals, merges and deletes, and gives up log files that nobody needs any more. One thread,
//! so these never run against each other.

use crate::StoreError;
use crate::ledger::{Cause, Ledger, Sealed};
use crate::manifest::{Replacement, SegmentRow};
use crate::retention::{Hold, RetentionPlan, expire};
use crate::segment::{DAY, Segment, SegmentWriter, partition, write_part};
use crate::store::Shared;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

pub(crate) type WorkSender = Sender<Work>;
type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

pub(crate) enum Work {
    Seal(Answer<()>),
    Compact(Answer<Compacted>),
    Retain {
        plan: RetentionPlan,
        budget: Option<u64>,
        answer: Answer<Dropped>,
    },
    Hold {
        hold: Hold,
        answer: Answer<()>,
    },
    ReleaseHold {
        id: String,
        answer: Answer<bool>,
    },
    Sign(Answer<Sealed>),
    /// The segment of this row is whole in the archive, and marked so where it still counts; answers whether it does.
    Archived {
        row: SegmentRow,
        answer: Answer<bool>,
    },
    Nudge,
    Stop,
}

/// What a merge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Compacted {
    pub files_before: usize,
    pub files_after: usize,
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// What retention removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Dropped {
    pub files: usize,
    /// Files written again without a part of their events.
    pub rewritten: usize,
    pub events: u64,
    pub bytes: u64,
}

impl std::ops::AddAssign for Dropped {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.rewritten += more.rewritten;
        self.events += more.events;
        self.bytes += more.bytes;
    }
}

pub(crate) struct Maintenance {
    work: Mutex<Sender<Work>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How often age and cursors are looked at.
const TICK: Duration = Duration::from_millis(500);
/// After a failed seal.
const PAUSE: Duration = Duration::from_secs(5);
/// Merging is looked at this often.
const COMPACT_EVERY: Duration = Duration::from_secs(120);

impl Maintenance {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let (work, inbox) = channel();
        let mut worker = Worker { shared, not_before: None, compacted: Instant::now(), released: 0, signed_day: None };
        let thread = std::thread::Builder::new()
            .name("event-segments".into())
            .spawn(move || worker.run(&inbox))
            .map_err(|error| StoreError::io("start the maintenance thread", error))?;
        Ok(Self { work: Mutex::new(work), thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn sender(&self) -> WorkSender {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn send(&self, work: Work) -> Result<(), StoreError> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).send(work).map_err(|_| StoreError::Closed)
    }

    pub(crate) async fn ask<T>(&self, work: impl FnOnce(Answer<T>) -> Work) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(work(answer))?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Look at the memory soon.
    pub(crate) fn nudge(&self) {
        let _ = self.send(Work::Nudge);
    }

    pub(crate) fn stop(&self) {
        let _ = self.send(Work::Stop);
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    /// No automatic seal before this, after one failed.
    not_before: Option<Instant>,
    compacted: Instant,
    /// Log files up to here were given up.
    released: u64,
    /// Day of the last entry of the ledger, once it is known.
    signed_day: Option<i64>,
}

impl Worker {
    fn run(&mut self, inbox: &Receiver<Work>) {
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Work::Seal(answer)) => {
                    let _ = answer.send(self.seal());
                }
                Ok(Work::Compact(answer)) => {
                    let _ = answer.send(crate::compaction::compact(&self.shared));
                }
                Ok(Work::Retain { plan, budget, answer }) => {
                    let _ = answer.send(expire(&self.shared, &plan, budget));
                }
                Ok(Work::Hold { hold, answer }) => {
                    let _ = answer.send(self.shared.manifest.hold(&hold));
                }
                Ok(Work::ReleaseHold { id, answer }) => {
                    let _ = answer.send(self.shared.manifest.release_hold(&id));
                }
                Ok(Work::Sign(answer)) => {
                    let _ = answer.send(self.sign());
                }
                Ok(Work::Archived { row, answer }) => {
                    let _ = answer.send(self.archived(row));
                }
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Work::Nudge) | Err(RecvTimeoutError::Timeout) => {}
            }
            self.look();
        }
    }

    /// What is due without being asked for.
    fn look(&mut self) {
        let (bytes, since) = {
            let memory = self.shared.memory();
            (memory.unsealed_bytes(), memory.since)
        };
        let options = &self.shared.options;
        let no_room = self.shared.no_room.load(Ordering::Acquire);
        let old = since.is_some_and(|since| since.elapsed() >= options.seal_age);
        let due = bytes >= options.seal_bytes || old || no_room;
        if due && self.not_before.is_none_or(|at| Instant::now() >= at) {
            self.not_before = None;
            if let Err(error) = self.seal() {
                // A full disk is told once, not at every try.
                if !no_room {
                    tracing::error!(%error, "events could not be sealed; the log keeps them");
                }
                self.not_before = Some(Instant::now() + PAUSE);
            }
        }
        self.release_log();
        self.sign_daily();
        if self.compacted.elapsed() >= COMPACT_EVERY {
            self.compacted = Instant::now();
            if let Err(error) = crate::compaction::compact(&self.shared) {
                tracing::error!(%error, "segments could not be merged");
            }
        }
    }

    fn seal(&mut self) -> Result<(), StoreError> {
        let shared = &self.shared;
        let (batches, sealed) = shared.memory().begin_seal().map_err(|error| StoreError::Query(error.to_string()))?;
        if batches.is_empty() {
            shared.no_room.store(false, Ordering::Release);
            return Ok(());
        }
        let mut written = Vec::new();
        let mut outcome = (|| {
            for part in partition(&batches)? {
                let temporary = unfinished_name(shared);
                let segments = shared.segments_dir();
                let writer = SegmentWriter::begin(&*shared.files, &segments, temporary, part.day, 0)?;
                written.push(shared.segment(write_part(writer, &batches, &part)?));
            }
            Ok(())
        })();
        if outcome.is_err() {
            written.iter().for_each(|one| one.retire());
        } else {
            // Where this fails the files stay: whether the manifest has them is known at the next start.
            let rows: Vec<_> = written.iter().map(|one| one.row.clone()).collect();
            let done = Replacement::new(Cause::Sealed, &[], &rows, (shared.options.clock)());
            outcome = shared.manifest.commit_seal(&done, sealed, shared.evaluated.load(Ordering::Acquire));
        }
        let full = matches!(outcome, Err(StoreError::DiskFull));
        if shared.no_room.swap(full, Ordering::AcqRel) && !full {
            tracing::info!("there is room on the disk again; events are sealed and records taken in");
        }
        match outcome {
            Ok(()) => {
                shared.sealed.fetch_max(sealed, Ordering::AcqRel);
                shared.memory().end_seal(written);
            }
            Err(_) => shared.memory().undo_seal(),
        }
        shared.room.notify_waiters();
        self.release_log();
        outcome
    }

    /// From here on the archive is where the segment lies; its file goes with the last query that reads it.
    fn archived(&self, row: SegmentRow) -> Result<bool, StoreError> {
        let shared = &self.shared;
        let here = |one: &Segment| one.row.path == row.path && !one.is_archived();
        let Some(old) = shared.memory().segments.iter().find(|one| here(one)).cloned() else { return Ok(false) };
        if !shared.manifest.archived(&row.path, &row.checksums)? {
            return Ok(false);
        }
        let path = row.path.clone();
        shared.memory().change_segments(|one| one.row.path != path, vec![shared.segment(row)]);
        old.retire();
        Ok(true)
    }

    /// Log files go only when their records are sealed and evaluated (settled 4).
    fn release_log(&mut self) {
        let shared = &self.shared;
        let seq = shared.sealed.load(Ordering::Acquire).min(shared.evaluated.load(Ordering::Acquire));
        if seq <= self.released {
            return;
        }
        self.released = seq;
        let Some((gone, batches)) = shared.writer.release(seq) else { return };
        if gone.is_empty() {
            return;
        }
        let outcome = shared.manifest.keep_batches(&batches, seq).and_then(|()| {
            for file in &gone {
                shared.files.remove(&file.path).map_err(|error| StoreError::io("remove a log file", error))?;
            }
            shared.files.sync_dir(&shared.log_dir()).map_err(|error| StoreError::io("sync the log's folder", error))
        });
        if let Err(error) = outcome {
            // Files left behind are read again at the next start and ignored.
            tracing::warn!(%error, "log files could not be removed");
        }
    }

    /// One entry of the ledger a day, by the clock of the store, once there is something to say.
    fn sign_daily(&mut self) {
        if self.shared.options.ledger_key.is_none() {
            return;
        }
        let today = (self.shared.options.clock)().div_euclid(DAY);
        if self.signed_day.is_none() {
            let last = Ledger::new(&*self.shared.files, &self.shared.dir).last_at();
            self.signed_day = Some(last.ok().flatten().map_or(i64::MIN, |at| at.div_euclid(DAY)));
        }
        if self.signed_day.is_none_or(|day| today <= day) {
            return;
        }
        // A fault is told once a day here, and by `verify` whenever it is asked.
        self.signed_day = Some(today);
        let waiting = self.shared.manifest.sequence("ledger").unwrap_or(0) > 0
            || self.shared.manifest.changes_after(0).is_ok_and(|changes| !changes.is_empty());
        if waiting && let Err(error) = self.sign() {
            tracing::error!(%error, "the ledger of segments could not be signed");
        }
    }

    fn sign(&mut self) -> Result<Sealed, StoreError> {
        let shared = &self.shared;
        let Some(key) = &shared.options.ledger_key else {
            return Err(StoreError::Ledger("there is no key to sign it with".into()));
        };
        let now = (shared.options.clock)();
        let ledger = Ledger::new(&*shared.files, &shared.dir);
        let changes = shared.manifest.changes_after(ledger.through()?)?;
        let (sealed, number, through) = ledger.sign(key, changes, now)?;
        shared.manifest.signed(number, through)?;
        self.signed_day = Some(now.div_euclid(DAY));
        Ok(sealed)
    }
}

/// A fresh name in the folder of unfinished work.
pub(crate) fn unfinished_name(shared: &Shared) -> std::path::PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    shared.unfinished_dir().join(format!("{}.parquet", NUMBER.fetch_add(1, Ordering::Relaxed)))
}
