//! Two threads. One seals memory and gives up log files that nobody needs any more; nothing may hold it up, as records
//! wait for it. The other merges, deletes, archives and signs: what takes segments out is done by it alone, one after the
//! other.

mod keeper;
mod sealer;

use crate::StoreError;
use crate::copy::Moment;
use crate::ledger::Sealed;
use crate::manifest::SegmentRow;
use crate::retention::{Hold, RetentionPlan};
use crate::store::Shared;
use keeper::Keeper;
use sealer::Sealer;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// For the thread that seals.
enum Sealing {
    Seal(Answer<()>),
    Nudge,
    Stop,
}

/// For the thread that keeps segments.
pub(crate) enum Keeping {
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
    /// What the store consists of at one moment, with a copy of the manifest in a new file.
    Moment {
        manifest: PathBuf,
        answer: Answer<Moment>,
    },
    /// The segment of this row is whole in the archive, and marked so where it still counts; answers whether it does.
    Archived {
        row: SegmentRow,
        answer: Answer<bool>,
    },
    Stop,
}

pub(crate) type KeepingSender = Sender<Keeping>;

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

/// A thread and its inbox.
struct Hand<W> {
    work: Mutex<Sender<W>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<W: Send + 'static> Hand<W> {
    fn start(name: &str, run: impl FnOnce(Receiver<W>) + Send + 'static) -> Result<Self, StoreError> {
        let (work, inbox) = channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(inbox))
            .map_err(|error| StoreError::io("start a maintenance thread", error))?;
        Ok(Self { work: Mutex::new(work), thread: Mutex::new(Some(thread)) })
    }

    fn sender(&self) -> Sender<W> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn send(&self, work: W) -> Result<(), StoreError> {
        self.sender().send(work).map_err(|_| StoreError::Closed)
    }

    async fn ask<T>(&self, work: impl FnOnce(Answer<T>) -> W) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(work(answer))?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    fn join(&self) {
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

pub(crate) struct Maintenance {
    sealing: Hand<Sealing>,
    keeping: Hand<Keeping>,
}

/// How often age and cursors are looked at.
const TICK: Duration = Duration::from_millis(500);

impl Maintenance {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let mut sealer = Sealer::new(shared.clone());
        let mut keeper = Keeper::new(shared);
        Ok(Self {
            sealing: Hand::start("event-segments", move |inbox| sealer.run(&inbox))?,
            keeping: Hand::start("event-keeping", move |inbox| keeper.run(&inbox))?,
        })
    }

    pub(crate) fn sender(&self) -> KeepingSender {
        self.keeping.sender()
    }

    pub(crate) async fn seal(&self) -> Result<(), StoreError> {
        self.sealing.ask(Sealing::Seal).await
    }

    pub(crate) async fn ask<T>(&self, work: impl FnOnce(Answer<T>) -> Keeping) -> Result<T, StoreError> {
        self.keeping.ask(work).await
    }

    /// Look at the memory soon.
    pub(crate) fn nudge(&self) {
        let _ = self.sealing.send(Sealing::Nudge);
    }

    /// Ends both after the work under way.
    pub(crate) fn stop(&self) {
        let _ = self.sealing.send(Sealing::Stop);
        let _ = self.keeping.send(Keeping::Stop);
        self.sealing.join();
        self.keeping.join();
    }
}

/// A fresh name in the folder of unfinished work.
pub(crate) fn unfinished_name(shared: &Shared) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    shared.unfinished_dir().join(format!("{}.parquet", NUMBER.fetch_add(1, Ordering::Relaxed)))
}
