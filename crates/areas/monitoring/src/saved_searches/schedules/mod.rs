//! A schedule: a saved search of the search language that runs by itself and raises alerts. Each run looks at the events
//! that became searchable since the run before, by their sequence: a number that the store gives once, in the order in
//! which records reached it, and never again. So an event that comes late has a high sequence whatever its own clock
//! says and is seen by the next run; and no run sees what one before it saw, since the sequence up to which a schedule
//! has come is written in the transaction that writes its alerts. What an event says of its own time is a filter more
//! and never decides which run it belongs to. Pure; the run is in `run`, the clock in `keeper`.

mod hits;
mod keeper;
mod pages;
mod run;
mod service;

pub use keeper::{Parts, keep_running, run_due};
pub use pages::{Shown, routes, shown};
pub use run::{Prepared, commit, prepare};
pub(super) use service::halt;
pub use service::{ScheduleInput, set, stop};

use kit::clock::{MINUTE, Micros};
use kit::page::Severity;
use serde::Serialize;

/// Whether it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Active,
    Stopped,
}

impl State {
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Stopped => "stopped",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Active, Self::Stopped].into_iter().find(|state| state.code() == code)
    }
}

/// Why it does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The owner stopped it.
    Owner,
    /// The owner left, or may no longer do what it does.
    RightLost,
}

impl StopReason {
    pub fn code(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::RightLost => "right-lost",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Owner, Self::RightLost].into_iter().find(|reason| reason.code() == code)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    pub state: State,
    pub stop_reason: Option<StopReason>,
    pub every_minutes: i64,
    /// Matches that a run must find, in all or for each value of `group_by`.
    pub threshold: i64,
    /// A column, or a field of a format's own.
    pub group_by: Option<String>,
    pub severity: Severity,
    /// Hits of a group within this join one alert.
    pub window_minutes: i64,
    /// After an alert of a group no new one is raised for so long.
    pub quiet_minutes: i64,
    /// Events that were older when they arrived do not count.
    pub longest_delay_minutes: Option<i64>,
    /// Agency that the owner acted for; `None` is the whole centre.
    #[serde(skip)]
    pub reach_agency_id: Option<String>,
    #[serde(skip)]
    pub revision: i64,
    /// Everything up to here has been looked at.
    pub last_sequence: u64,
    pub next_run_at: Micros,
    pub last_run_at: Option<Micros>,
    pub last_matches: Option<i64>,
    pub last_alert_at: Option<Micros>,
    /// Matches so far that lay in a quiet period and joined no alert.
    pub quiet_matches: i64,
    /// What went wrong at the last run: key of the sentence, and the words of what refused.
    pub error_key: Option<String>,
    pub error_words: Option<String>,
    pub error_at: Option<Micros>,
    /// Days of events that a run could not read, and when that was last so: nobody has looked at them.
    pub unread_days: Option<String>,
    pub unread_at: Option<Micros>,
}

impl Schedule {
    /// When it runs next after a run at `now`. What was missed is not run one by one: a run takes all that came.
    pub fn next_after(&self, now: Micros) -> Micros {
        now.saturating_add(self.every_minutes.max(1).saturating_mul(MINUTE))
    }

    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back() {
        assert!([State::Active, State::Stopped].into_iter().all(|one| State::from_code(one.code()) == Some(one)));
        let reasons = [StopReason::Owner, StopReason::RightLost];
        assert!(reasons.into_iter().all(|one| StopReason::from_code(one.code()) == Some(one)));
    }
}
