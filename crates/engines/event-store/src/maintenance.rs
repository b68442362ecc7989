//! The thread that seals, merges and deletes, and gives up log files that nobody needs any more. One thread,
//! so these never run against each other.

use crate::StoreError;
use crate::segment::{Segment, SegmentWriter, partition, write_part};
use crate::store::{Shared, segment};
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

pub(crate) enum Work {
    Seal(Answer<()>),
    Compact(Answer<Compacted>),
    Retain { days: u32, answer: Answer<Dropped> },
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
    pub events: u64,
    pub bytes: u64,
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
        let mut worker = Worker { shared, not_before: None, compacted: Instant::now(), released: 0 };
        let thread = std::thread::Builder::new()
            .name("event-segments".into())
            .spawn(move || worker.run(&inbox))
            .map_err(|error| StoreError::io("start the maintenance thread", error))?;
        Ok(Self { work: Mutex::new(work), thread: Mutex::new(Some(thread)) })
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
                Ok(Work::Retain { days, answer }) => {
                    let _ = answer.send(self.retain(days));
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
                written.push(segment(&shared.dir, write_part(writer, &batches, &part)?));
            }
            Ok(())
        })();
        if outcome.is_err() {
            written.iter().for_each(|one| one.retire());
        } else {
            // Where this fails the files stay: whether the manifest has them is known at the next start.
            let rows: Vec<_> = written.iter().map(|one| one.row.clone()).collect();
            outcome = shared.manifest.commit_seal(&rows, sealed, shared.evaluated.load(Ordering::Acquire));
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

    fn retain(&self, days: u32) -> Result<Dropped, StoreError> {
        let shared = &self.shared;
        let cutoff = (shared.options.clock)().saturating_sub(i64::from(days) * crate::segment::DAY);
        let old = |one: &Segment| one.row.newest < cutoff;
        let gone: Vec<Arc<Segment>> = shared.memory().segments.iter().filter(|one| old(one)).cloned().collect();
        let paths: Vec<String> = gone.iter().map(|one| one.row.path.clone()).collect();
        shared.manifest.replace(&paths, &[])?;
        shared.memory().change_segments(|one| !old(one), Vec::new());
        let mut dropped = Dropped::default();
        for one in gone {
            dropped.files += 1;
            dropped.events += one.row.rows;
            dropped.bytes += one.row.bytes;
            one.retire();
        }
        Ok(dropped)
    }
}

/// A fresh name in the folder of unfinished work.
pub(crate) fn unfinished_name(shared: &Shared) -> std::path::PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    shared.unfinished_dir().join(format!("{}.parquet", NUMBER.fetch_add(1, Ordering::Relaxed)))
}
