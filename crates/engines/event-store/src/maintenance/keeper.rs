//! Merges, deletes, archives and signs.

use super::{Keeping, TICK};
use crate::StoreError;
use crate::compaction::compact;
use crate::copy::Moment;
use crate::ledger::{Ledger, Sealed};
use crate::manifest::SegmentRow;
use crate::retention::expire;
use crate::segment::{DAY, Segment};
use crate::store::Shared;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Merging is looked at this often.
const COMPACT_EVERY: Duration = Duration::from_secs(120);

pub(super) struct Keeper {
    shared: Arc<Shared>,
    compacted: Instant,
    /// Day of the last entry of the ledger, once it is known.
    signed_day: Option<i64>,
}

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, compacted: Instant::now(), signed_day: None }
    }

    pub(super) fn run(&mut self, inbox: &Receiver<Keeping>) {
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Keeping::Compact(answer)) => {
                    let _ = answer.send(compact(&self.shared));
                }
                Ok(Keeping::Retain { plan, budget, answer }) => {
                    let _ = answer.send(expire(&self.shared, &plan, budget));
                }
                Ok(Keeping::Hold { hold, answer }) => {
                    let _ = answer.send(self.shared.manifest.hold(&hold));
                }
                Ok(Keeping::ReleaseHold { id, answer }) => {
                    let _ = answer.send(self.shared.manifest.release_hold(&id));
                }
                Ok(Keeping::Sign(answer)) => {
                    let _ = answer.send(self.sign());
                }
                Ok(Keeping::Moment { manifest, answer }) => {
                    let _ = answer.send(Moment::take(&self.shared, &manifest));
                }
                Ok(Keeping::Archived { row, answer }) => {
                    let _ = answer.send(self.archived(row));
                }
                Ok(Keeping::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.look();
        }
    }

    /// What is due without being asked for.
    fn look(&mut self) {
        self.sign_daily();
        if self.compacted.elapsed() >= COMPACT_EVERY {
            self.compacted = Instant::now();
            if let Err(error) = compact(&self.shared) {
                tracing::error!(%error, "segments could not be merged");
            }
        }
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
