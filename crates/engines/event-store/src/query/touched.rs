//! What the scans of one query came across: files that they planned to read, what of them cannot be read, and archived ones
//! that they left out because the archive does not answer.

use super::budget::Budget;
use crate::archive::Archive;
use crate::manifest::SegmentRow;
use crate::segment::Segment;
use crate::unreadable::{Gap, Unread, Unreadable, Why, days_of, gather};
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
    left_out: Mutex<BTreeMap<String, Unread>>,
    /// Files that are gone or damaged and may hold what was asked for.
    unread: Mutex<BTreeMap<String, Unread>>,
    /// Of the whole store.
    pub(super) gaps: Arc<Vec<Gap>>,
    pub(super) budget: Budget,
    /// The asker may see every source, and so how many events there are.
    sees_all: bool,
    events: AtomicBool,
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
    pub(super) fn new(
        total: usize,
        archive: Arc<Archive>,
        gaps: Arc<Vec<Gap>>,
        budget: Budget,
        sees_all: bool,
    ) -> Self {
        Self {
            total,
            read: Mutex::default(),
            archived: Mutex::default(),
            archive,
            began: Instant::now(),
            leaves_out: AtomicBool::new(false),
            left_out: Mutex::default(),
            unread: Mutex::default(),
            gaps,
            budget,
            sees_all,
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
        let events = self.count(segment.row.rows);
        let left_out = Unread { words: reason, ..Unread::new(Why::Unreachable, &segment.row, events) };
        let mut all = locked(&self.left_out);
        // The reason is best known when it is told for the first time.
        all.entry(segment.row.path.clone()).or_insert(left_out);
        true
    }

    pub(crate) fn left_out(&self) -> Vec<Unread> {
        locked(&self.left_out).values().cloned().collect()
    }

    /// A segment is gone that may hold what was asked for.
    pub(super) fn note_gap(&self, gap: &Gap) {
        let unread = Unread::new(gap.why, &gap.row, self.count(gap.row.rows));
        locked(&self.unread).insert(gap.row.path.clone(), unread);
    }

    /// Of a segment not all can be read that may hold what was asked for.
    pub(super) fn note_damaged(&self, segment: &Segment) {
        if !segment.has_lost_rows() {
            return;
        }
        let unread = Unread::new(Why::Damaged, &segment.row, self.count(segment.lost_rows()));
        locked(&self.unread).insert(segment.row.path.clone(), unread);
    }

    fn count(&self, events: u64) -> u64 {
        if self.sees_all { events } else { 0 }
    }

    /// What the answer lacks, by reason.
    pub(crate) fn unreadable(&self) -> Vec<Unreadable> {
        let unread: Vec<Unread> = locked(&self.unread).values().cloned().collect();
        gather(unread.into_iter().chain(self.left_out()))
    }

    /// Where archived files were to be read and the archive does not answer: their days, and why.
    pub(super) fn unreachable(&self) -> Option<(String, String)> {
        let days = locked(&self.archived).iter().cloned().collect::<Vec<_>>().join(", ");
        self.archive.outage_since(self.began).filter(|_| !days.is_empty()).map(|reason| (days, reason))
    }
}
