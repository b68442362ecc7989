//! What the scans of one query came across: files that they planned to read, and archived ones that they left out
//! because the archive does not answer.

use crate::archive::Archive;
use crate::manifest::SegmentRow;
use crate::segment::Segment;
use crate::unreadable::days_of;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub(crate) struct Touched {
    pub(crate) total: usize,
    read: Mutex<HashSet<String>>,
    /// Days of archived files that were planned to be read.
    archived: Mutex<BTreeSet<String>>,
    archive: Arc<Archive>,
    began: Instant,
    leaves_out: AtomicBool,
    left_out: Mutex<BTreeMap<String, LeftOut>>,
    events: AtomicBool,
}

/// An archived file that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) days: String,
    pub(crate) reason: String,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Touched {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Touched").field("total", &self.total).field("read", &self.read).finish_non_exhaustive()
    }
}

impl Touched {
    pub(crate) fn new(total: usize, archive: Arc<Archive>) -> Self {
        Self {
            total,
            read: Mutex::default(),
            archived: Mutex::default(),
            archive,
            began: Instant::now(),
            leaves_out: AtomicBool::new(false),
            left_out: Mutex::default(),
            events: AtomicBool::new(false),
        }
    }

    pub(crate) fn read(&self) -> usize {
        locked(&self.read).len()
    }

    pub(super) fn note(&self, row: &SegmentRow) {
        locked(&self.read).insert(row.path.clone());
        if row.archived {
            locked(&self.archived).insert(days_of(row));
        }
    }

    /// Events are read, from files or from memory.
    pub(super) fn note_events(&self) {
        self.events.store(true, Ordering::Release);
    }

    pub(crate) fn events(&self) -> bool {
        self.events.load(Ordering::Acquire)
    }

    /// From here on files that would have to be fetched are left out, and told.
    pub(crate) fn leave_out_unreachable(&self) {
        self.leaves_out.store(true, Ordering::Release);
    }

    /// Whether this file is to be left out; it is noted then.
    pub(super) fn leaves_out(&self, segment: &Segment) -> bool {
        if !segment.is_archived() || !self.leaves_out.load(Ordering::Acquire) || self.archive.holds(&segment.row) {
            return false;
        }
        let reason = self.archive.outage_since(self.began).unwrap_or_default();
        let left_out = LeftOut { days: days_of(&segment.row), reason };
        let mut all = locked(&self.left_out);
        // The reason is best known when it is told for the first time.
        all.entry(segment.row.path.clone()).or_insert(left_out);
        true
    }

    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        locked(&self.left_out).values().cloned().collect()
    }

    /// Where archived files were to be read and the archive does not answer: their days, and why.
    pub(super) fn unreachable(&self) -> Option<(String, String)> {
        let days = locked(&self.archived).iter().cloned().collect::<Vec<_>>().join(", ");
        self.archive.outage_since(self.began).filter(|_| !days.is_empty()).map(|reason| (days, reason))
    }
}
