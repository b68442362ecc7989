//! Figures of every stage since the start, for the health page and `luytre doctor`.

use crate::alerts::record::Change;
use detection::CorrelationCounters;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
pub struct Counters {
    read: AtomicU64,
    not_understood: AtomicU64,
    read_errors: AtomicU64,
    evaluated: AtomicU64,
    matches: AtomicU64,
    new_alerts: AtomicU64,
    grown_alerts: AtomicU64,
    damped_matches: AtomicU64,
    writes: AtomicU64,
    slowest_write_ms: AtomicU64,
    rule_changes: AtomicU64,
    slowest_rule_change_us: AtomicU64,
    slowest_changed_batch_us: AtomicU64,
    database_errors: AtomicU64,
    correlations: Mutex<CorrelationCounters>,
    ended: CancellationToken,
}

/// The figures at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CountersSnapshot {
    /// Records read from the log.
    pub read: u64,
    /// Of these, how many no format understood.
    pub not_understood: u64,
    /// Times the log could not be read.
    pub read_errors: u64,
    /// Events evaluated.
    pub evaluated: u64,
    /// Matches of rules and correlations that are alerts.
    pub matches: u64,
    pub new_alerts: u64,
    /// Alerts that matches were added to.
    pub grown_alerts: u64,
    /// Matches that went into rows of damped rules.
    pub damped_matches: u64,
    pub writes: u64,
    pub slowest_write_ms: u64,
    /// Times that other rules came into force.
    pub rule_changes: u64,
    /// Longest time for which a batch waited for that.
    pub slowest_rule_change_us: u64,
    /// Longest time that the first batch under other rules took, that wait and its own evaluation together.
    pub slowest_changed_batch_us: u64,
    /// Times the database refused; each was tried again.
    pub database_errors: u64,
    /// What correlations hold and what they let go.
    pub correlations: CorrelationCounters,
    /// Durable records that wait to be evaluated.
    pub waiting: u64,
    pub stopped: bool,
}

impl Counters {
    pub(super) fn add_read(&self, records: u64, not_understood: u64) {
        self.read.fetch_add(records, Relaxed);
        self.not_understood.fetch_add(not_understood, Relaxed);
    }

    pub(super) fn add_read_error(&self) {
        self.read_errors.fetch_add(1, Relaxed);
    }

    pub(super) fn add_evaluated(&self, events: u64, matches: u64, correlations: CorrelationCounters) {
        self.evaluated.fetch_add(events, Relaxed);
        self.matches.fetch_add(matches, Relaxed);
        *self.correlations.lock().unwrap_or_else(PoisonError::into_inner) = correlations;
    }

    pub(super) fn add_write(&self, changes: &[Change], damped_matches: u64, took: Duration) {
        let new = changes.iter().filter(|change| change.is_new).count() as u64;
        self.new_alerts.fetch_add(new, Relaxed);
        self.grown_alerts.fetch_add(changes.len() as u64 - new, Relaxed);
        self.damped_matches.store(damped_matches, Relaxed);
        self.writes.fetch_add(1, Relaxed);
        self.slowest_write_ms.fetch_max(u64::try_from(took.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn add_rule_change(&self, took: Duration) {
        self.rule_changes.fetch_add(1, Relaxed);
        self.slowest_rule_change_us.fetch_max(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn add_changed_batch(&self, took: Duration) {
        self.slowest_changed_batch_us.fetch_max(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn add_database_error(&self) {
        self.database_errors.fetch_add(1, Relaxed);
    }

    pub(super) fn set_stopped(&self) {
        self.ended.cancel();
    }

    pub(super) async fn stopped(&self) {
        self.ended.cancelled().await;
    }

    pub(super) fn snapshot(&self, waiting: u64) -> CountersSnapshot {
        CountersSnapshot {
            read: self.read.load(Relaxed),
            not_understood: self.not_understood.load(Relaxed),
            read_errors: self.read_errors.load(Relaxed),
            evaluated: self.evaluated.load(Relaxed),
            matches: self.matches.load(Relaxed),
            new_alerts: self.new_alerts.load(Relaxed),
            grown_alerts: self.grown_alerts.load(Relaxed),
            damped_matches: self.damped_matches.load(Relaxed),
            writes: self.writes.load(Relaxed),
            slowest_write_ms: self.slowest_write_ms.load(Relaxed),
            rule_changes: self.rule_changes.load(Relaxed),
            slowest_rule_change_us: self.slowest_rule_change_us.load(Relaxed),
            slowest_changed_batch_us: self.slowest_changed_batch_us.load(Relaxed),
            database_errors: self.database_errors.load(Relaxed),
            correlations: *self.correlations.lock().unwrap_or_else(PoisonError::into_inner),
            waiting,
            stopped: self.ended.is_cancelled(),
        }
    }
}
