//! Rights for a while. Some acts (a large export, raw events of another agency) are done even by whoever holds the
//! capability only with a reason that somebody else has approved, within a time, and every use is in the trail. What was
//! approved is one thing ([`crate::policies::Binding`]): this draft, this backup, this question, this key. Which acts:
//! `content/organisation/elevations.toml`.

mod exports;
mod given;
mod keys;
mod pages;
mod service;
mod store;
mod subject;

pub use exports::{ListAnswer, Rows, export_refused, file_link, leave, list_given, rows_allowed, rows_given};
pub(crate) use keys::end_with_key;
pub use keys::{Allowance, Taken, allowances, asked_for_key, taken_by_key};
pub use pages::routes;
pub use service::{Act, Asked, allowed, approve, ask, end, give, held, refuse, spend, use_up, withdraw};
pub(crate) use store::{Right, foreign_events_count, foreign_events_of, use_foreign_events};
pub use store::{find, list, waiting_for};
pub use subject::question_at;

use crate::policies::ElevationPolicy;
use kit::clock::Micros;
use kit::page::Tone;
use sea_orm::FromQueryResult;

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Elevation {
    pub id: String,
    /// As in the policy.
    pub kind: String,
    pub person_id: String,
    pub person_name: String,
    /// Agency that the person acted for.
    pub agency_id: String,
    pub agency_name: String,
    /// What it holds for; empty where that is the agency alone.
    pub subject: String,
    /// Path of the file of law that it is about; empty for other kinds.
    pub about: String,
    /// The same, while the draft that it holds for is stored.
    pub draft_path: Option<String>,
    pub reason: String,
    /// Rows that may leave by the key that it holds for; 0 for other kinds.
    pub allowance: i64,
    /// Name of that key.
    pub key_name: Option<String>,
    /// `asked`, `approved`, `refused` or `withdrawn`.
    pub state: String,
    pub asked_at: Micros,
    pub decided_at: Option<Micros>,
    pub decided_by: Option<String>,
    pub decider_name: Option<String>,
    pub decided_reason: String,
    pub ends_at: Option<Micros>,
    pub used: i64,
    pub used_at: Option<Micros>,
}

/// Where it stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Waiting,
    /// Nobody answered in time.
    Lapsed,
    Refused,
    /// Whoever asked gave up what it was asked for.
    Withdrawn,
    Running,
    Over,
}

impl Standing {
    pub fn key(self) -> &'static str {
        match self {
            Self::Waiting => "elevation-waiting",
            Self::Lapsed => "elevation-lapsed",
            Self::Refused => "elevation-refused",
            Self::Withdrawn => "elevation-withdrawn",
            Self::Running => "elevation-running",
            Self::Over => "elevation-over",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::Waiting => Tone::Attention,
            Self::Running => Tone::Active,
            Self::Refused => Tone::Bad,
            Self::Lapsed | Self::Withdrawn | Self::Over => Tone::Neutral,
        }
    }
}

impl Elevation {
    /// Key of what it is for.
    pub fn kind_key(&self) -> String {
        format!("elevation-kind-{}", self.kind)
    }

    pub fn standing(&self, policy: &ElevationPolicy, now: Micros) -> Standing {
        match (self.state.as_str(), self.ends_at) {
            ("approved", Some(end)) if now < end => Standing::Running,
            ("approved", _) => Standing::Over,
            ("refused", _) => Standing::Refused,
            ("withdrawn", _) => Standing::Withdrawn,
            _ if now < self.asked_at + policy.lapses_after() => Standing::Waiting,
            _ => Standing::Lapsed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::Policies;
    use kit::clock::HOUR;

    #[test]
    fn an_approval_runs_out_and_a_request_lapses() {
        let policies = Policies::embedded().unwrap();
        let policy = &policies.elevation;
        let mut elevation = Elevation {
            id: "e".into(),
            kind: "export".into(),
            person_id: "p".into(),
            person_name: "P".into(),
            agency_id: "a".into(),
            agency_name: "A".into(),
            subject: "/alerts".into(),
            about: String::new(),
            draft_path: None,
            reason: "r".into(),
            allowance: 0,
            key_name: None,
            state: "asked".into(),
            asked_at: 10,
            decided_at: None,
            decided_by: None,
            decider_name: None,
            decided_reason: String::new(),
            ends_at: None,
            used: 0,
            used_at: None,
        };
        assert_eq!(elevation.standing(policy, 11), Standing::Waiting);
        assert_eq!(elevation.standing(policy, 10 + policy.lapses_after()), Standing::Lapsed);
        elevation.state = "approved".into();
        elevation.ends_at = Some(HOUR);
        assert_eq!(elevation.standing(policy, HOUR - 1), Standing::Running);
        assert_eq!(elevation.standing(policy, HOUR), Standing::Over);
        for (state, standing) in [("refused", Standing::Refused), ("withdrawn", Standing::Withdrawn)] {
            elevation.state = state.into();
            assert_eq!(elevation.standing(policy, 11), standing);
        }
    }
}
