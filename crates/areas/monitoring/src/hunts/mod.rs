//! A hunt: a rule, an indicator or a list of indicators looked for in what is stored already, over a window of the past.
//! It is a job that goes through the window in the order in which records arrived, a stretch at a time; what it finds and
//! how far it came are written in one transaction, and an alert's identity is the one that detection would have given it
//! (`settled` 4), so that a hunt that is repeated, or goes on after a restart, raises nothing twice. Its alerts are marked
//! as of the past. Pure; the run is in `run`, the clock in `keeper`.

mod api;
mod gather;
mod keeper;
mod narrow;
pub(crate) mod pages;
mod quarry;
mod run;
pub mod service;
pub mod store;
pub mod tables;

pub use keeper::{Parts, keep_hunting, run_next};

use kit::clock::Micros;
use kit::web::Routes;
use organisation::audit::Touched;
use serde::{Deserialize, Serialize};

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    Rule,
    Indicator,
    /// All indicators of a list.
    List,
}

impl SubjectKind {
    pub const ALL: [Self; 3] = [Self::Rule, Self::Indicator, Self::List];

    pub fn code(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Indicator => "indicator",
            Self::List => "list",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Rule => "hunt-subject-rule",
            Self::Indicator => "hunt-subject-indicator",
            Self::List => "hunt-subject-list",
        }
    }
}

/// How a hunt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Waiting,
    Running,
    Done,
    Cancelled,
    Failed,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Cancelled, Self::Failed];

    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Waiting => "hunt-state-waiting",
            Self::Running => "hunt-state-running",
            Self::Done => "hunt-state-done",
            Self::Cancelled => "hunt-state-cancelled",
            Self::Failed => "hunt-state-failed",
        }
    }

    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// One hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hunt {
    pub id: String,
    pub subject_kind: SubjectKind,
    pub subject_id: String,
    /// As it was called when the hunt began.
    pub subject_name: String,
    pub from: Micros,
    pub to: Micros,
    pub state: State,
    pub owner_id: String,
    pub owner_name: String,
    #[serde(skip)]
    pub reach_agency_id: Option<String>,
    /// First and last sequence of the window, once the hunt has begun and where anything lies in it.
    pub sequences: Option<(u64, u64)>,
    pub next_sequence: u64,
    /// Records that were looked at one by one; what the indexes of the store rule out is not among them.
    pub events: u64,
    pub matches: u64,
    /// Alerts that came of it and were not there.
    pub alerts: u64,
    /// Days of the window whose events could not be read, or not all: nobody has looked at them.
    pub unread_days: Vec<String>,
    /// Whose records were read.
    #[serde(skip)]
    pub touched: Touched,
    pub error_key: Option<String>,
    pub error_words: Option<String>,
    pub created_at: Micros,
    pub started_at: Option<Micros>,
    pub ended_at: Option<Micros>,
}

impl Hunt {
    /// Part of the window that lies behind, 0 to 1.
    pub fn progress(&self) -> f64 {
        match (self.state, self.sequences) {
            (State::Done, _) => 1.0,
            (_, Some((first, last))) if last >= first => {
                let behind = self.next_sequence.saturating_sub(first).min(last - first + 1);
                behind as f64 / (last - first + 1) as f64
            }
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back() {
        assert!(SubjectKind::ALL.into_iter().all(|kind| SubjectKind::from_code(kind.code()) == Some(kind)));
        assert!(State::ALL.into_iter().all(|state| State::from_code(state.code()) == Some(state)));
    }
}
