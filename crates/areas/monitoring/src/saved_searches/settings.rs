//! Bounds and defaults of schedules: `content/monitoring/saved-searches.toml`.

use crate::settings::{Basis, Bounds, Checked, Checks};
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedSearchSettings {
    pub basis: Basis,
    pub searches_per_person: i64,
    pub schedules_per_person: i64,
    timeout_seconds: u64,
    /// Of one look at the clock.
    pub runs_at_once: u64,
    pub every_minutes: Bounds,
    pub threshold: Bounds,
    pub window_minutes: Bounds,
    pub quiet_minutes: Bounds,
    pub longest_delay_minutes: Bounds,
}

/// Longest time that anything here takes, in minutes: a year.
const LONGEST: i64 = 527_040;

impl Checked for SavedSearchSettings {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("searches_per_person", self.searches_per_person, 1..=100_000);
        checks.within("schedules_per_person", self.schedules_per_person, 0..=10_000);
        checks.within("timeout_seconds", self.timeout_seconds, 1..=300);
        checks.within("runs_at_once", self.runs_at_once, 1..=10_000);
        checks.bounds("every_minutes", &self.every_minutes, 1..=LONGEST);
        checks.bounds("threshold", &self.threshold, 1..=1_000_000_000);
        checks.bounds("window_minutes", &self.window_minutes, 1..=LONGEST);
        checks.bounds("quiet_minutes", &self.quiet_minutes, 0..=LONGEST);
        checks.bounds("longest_delay_minutes", &self.longest_delay_minutes, 1..=LONGEST);
    }
}

impl SavedSearchSettings {
    /// Of one run.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}
