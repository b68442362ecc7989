//! Attack stories: alerts of one agency that share a machine, an account, an address or a file and go on along the
//! tactics of ATT&CK within hours. A story is its alerts: whoever reaches some of them sees the story of those. Pure;
//! weaving is in `weave`, rows in `store`, the account for people in `account`.

pub mod account;
mod pages;
pub mod policy;
pub mod store;
pub mod weave;

use crate::alerts::Alert;
use kit::clock::Micros;
use kit::page::Severity;
pub use pages::routes;
use policy::StoryPolicy;

/// What alerts may have in common: a kind of the policy (`machine`, `account` …) and a value, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    pub kind: String,
    pub value: String,
}

/// An alert as weaving sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub id: String,
    pub rule_id: String,
    pub story_id: Option<String>,
    /// Time of its first event by its own account.
    pub first: Micros,
    pub last: Micros,
    /// ATT&CK tactics as rules name them.
    pub tactics: Vec<String>,
}

/// A story as pages show it: alerts in the order of their first events, never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    pub id: String,
    pub alerts: Vec<Alert>,
    /// What its alerts share, the most frequent first.
    pub links: Vec<Link>,
}

impl Story {
    pub fn first(&self) -> Micros {
        self.alerts.iter().map(|alert| alert.first_event_time).min().unwrap_or_default()
    }

    pub fn last(&self) -> Micros {
        self.alerts.iter().map(|alert| alert.last_event_time).max().unwrap_or_default()
    }

    pub fn updated(&self) -> Micros {
        self.alerts.iter().map(|alert| alert.updated_at).max().unwrap_or_default()
    }

    pub fn severity(&self) -> Severity {
        self.alerts.iter().map(|alert| alert.severity).max().unwrap_or_default()
    }

    /// Alerts that still ask for somebody's attention.
    pub fn open(&self) -> usize {
        self.alerts.iter().filter(|alert| alert.state.is_open()).count()
    }

    /// Tactics in the order in which they first appeared, each with the alert that tells it best: the highest score,
    /// of equals the earliest.
    pub fn stages(&self, policy: &StoryPolicy) -> Vec<(String, &Alert)> {
        let mut stages: Vec<(String, &Alert)> = Vec::new();
        for alert in &self.alerts {
            let Some(tactic) = policy.main_tactic(&alert.tactics) else { continue };
            match stages.iter_mut().find(|(known, _)| known == tactic) {
                Some((_, best)) if alert.score > best.score => *best = alert,
                Some(_) => {}
                None => stages.push((tactic.to_owned(), alert)),
            }
        }
        stages
    }
}
