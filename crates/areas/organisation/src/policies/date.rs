//! The policy of dates to come: how far ahead something may be entered.

use super::Basis;
use kit::clock::{DAY, Micros};
use serde::Deserialize;

/// What is said of a day that is further ahead.
pub const TOO_FAR_AHEAD: &str = "date-too-far-ahead";

/// So many days after the day of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Ahead(pub i64);

impl Ahead {
    /// Whether `at` is further ahead of `now`.
    pub fn is_exceeded(self, at: Micros, now: Micros) -> bool {
        at > now.saturating_add(self.0.saturating_mul(DAY))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatePolicy {
    pub basis: Basis,
    /// Mergers, new names, beginnings and ends of agencies.
    pub agencies: Ahead,
    /// When a role or a post begins; leave.
    pub beginnings: Ahead,
    /// When a role or a post ends.
    pub terms: Ahead,
    /// Shifts on the roster.
    pub shifts: Ahead,
}

impl DatePolicy {
    /// Whether every bound lets something be entered.
    pub(super) fn is_possible(&self) -> bool {
        [self.agencies, self.beginnings, self.terms, self.shifts].iter().all(|ahead| ahead.0 >= 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_within_the_bound_is_taken_and_the_next_moment_is_not() {
        let now = 1_795_227_120_000_000;
        let ahead = Ahead(2);
        assert!(!ahead.is_exceeded(now - DAY, now) && !ahead.is_exceeded(now + 2 * DAY, now));
        assert!(ahead.is_exceeded(now + 2 * DAY + 1, now));
        assert!(!Ahead(i64::MAX).is_exceeded(i64::MAX, now), "no bound overflows");
    }
}
