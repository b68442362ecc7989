//! An alert: matches of one rule on one entity of one system within a window, with its state and the allowed
//! changes. Pure; rows are in `store`, acts in `service`, the gathering of matches in `grouping`.

pub mod api;
pub mod grouping;
pub mod listing;
pub mod news;
pub mod notices;
pub mod pages;
pub mod record;
pub mod scoring;
pub mod service;
pub mod show;
pub mod store;
pub mod tables;
pub mod times;

use kit::clock::Micros;
use kit::page::Severity;
use serde::{Deserialize, Serialize};

/// Published when a person escalates alerts; `response` opens an incident in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertEscalated {
    /// One or more alerts, all of one agency.
    pub alert_ids: Vec<String>,
    /// Agency at the time of the alert; `None` where the source is not assigned yet.
    pub agency_id: Option<String>,
    pub system_id: Option<String>,
    /// Title of the first alert, Vietnamese where the rule has one.
    pub title: String,
    pub severity: Severity,
    /// Time of the first related event by its own account ("occurred").
    pub first_event_time: Micros,
    /// When that event reached us.
    pub first_event_recorded: Micros,
    /// When the first alert was raised.
    pub detected_at: Micros,
    /// When a person first looked at one of them; the time of escalation where nobody had before.
    pub seen_at: Micros,
    pub rule_ids: Vec<String>,
    pub entity: Entity,
    /// Person who escalated.
    pub by: String,
    pub by_name: String,
    pub at: Micros,
    /// Incident that the alerts join, chosen by the person; `None` opens a new one.
    pub incident_id: Option<String>,
}

/// Whom or what the matches are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Entity {
    /// Name of a common column (`source_ip`, `user_name`, `host_name` …), or `source` where no column is filled.
    pub kind: String,
    pub value: String,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    New,
    Acknowledged,
    Assigned,
    Escalated,
    Closed,
    /// Held back by a suppression: kept and counted, told to nobody until somebody takes it out.
    Suppressed,
}

impl AlertState {
    pub const ALL: [AlertState; 6] =
        [Self::New, Self::Acknowledged, Self::Assigned, Self::Escalated, Self::Closed, Self::Suppressed];

    /// Word in the database, in addresses and in the catalogue.
    pub fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::Assigned => "assigned",
            Self::Escalated => "escalated",
            Self::Closed => "closed",
            Self::Suppressed => "suppressed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Still asks for somebody's attention.
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Acknowledged | Self::Assigned)
    }

    /// Whether a person may bring an alert from here to there. Escalated alerts belong to their incident and
    /// stay there; closed and suppressed ones can be opened.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Escalated, _) => false,
            (Self::Closed | Self::Suppressed, next) => next == Self::New,
            (_, Self::Suppressed) => false,
            (_, Self::New) => false,
            (Self::Assigned, Self::Acknowledged) => false,
            (Self::Acknowledged, Self::Acknowledged) => false,
            _ => true,
        }
    }
}

/// Why an alert was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseReason {
    /// A real attack that was dealt with and needs no incident.
    Handled,
    /// The rule is right, the activity is allowed (maintenance, scanner of ours, drill).
    Benign,
    /// The rule is wrong about this.
    FalsePositive,
    /// The same as another alert.
    Duplicate,
}

impl CloseReason {
    pub const ALL: [CloseReason; 4] = [Self::Handled, Self::Benign, Self::FalsePositive, Self::Duplicate];

    pub fn code(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Benign => "benign",
            Self::FalsePositive => "false-positive",
            Self::Duplicate => "duplicate",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::Handled => "alert-close-handled",
            Self::Benign => "alert-close-benign",
            Self::FalsePositive => "alert-close-false-positive",
            Self::Duplicate => "alert-close-duplicate",
        }
    }
}

/// One event of an alert that is kept with it, with what made the rule match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Number of the event in the event store.
    pub seq: u64,
    pub time: Micros,
    #[serde(default)]
    pub fields: Vec<SampleField>,
}

/// A field that made the rule match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleField {
    /// `None` for a keyword, which was found anywhere in the record.
    pub field: Option<String>,
    pub value: String,
    /// The value as the rule writes it.
    pub pattern: String,
}

/// One alert as services and pages see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub id: String,
    pub rule_id: String,
    /// Title in the rule's own language.
    pub rule_title: String,
    /// Vietnamese title, where the rule has one.
    pub rule_title_vi: Option<String>,
    /// Sigma's level of the rule.
    pub rule_level: Severity,
    pub source_id: String,
    pub system_id: Option<String>,
    pub system_level: Option<i64>,
    /// Agency of the system when the alert was raised (or when its source was adopted).
    pub agency_id: Option<String>,
    pub entity: Entity,
    /// Rule level weighed with the level of the system.
    pub severity: Severity,
    /// 0 to 100.
    pub score: i64,
    pub state: AlertState,
    /// Matches so far.
    pub count: i64,
    pub first_sequence: u64,
    pub last_sequence: u64,
    pub first_event_time: Micros,
    pub last_event_time: Micros,
    /// When the first related event reached us.
    pub first_event_recorded: Micros,
    pub detected_at: Micros,
    /// When the newest match was added.
    pub updated_at: Micros,
    /// ATT&CK techniques, upper case.
    pub techniques: Vec<String>,
    /// At most as many as the scoring table says, the first ones.
    pub samples: Vec<Sample>,
    /// The rule ran over its limit of groups per minute; this row stands for the rest.
    pub damped: bool,
    pub seen_at: Option<Micros>,
    pub seen_by: Option<String>,
    pub acknowledged_at: Option<Micros>,
    pub acknowledged_by: Option<String>,
    /// Person it is assigned to.
    pub assigned_to: Option<String>,
    pub assigned_at: Option<Micros>,
    pub escalated_at: Option<Micros>,
    pub escalated_by: Option<String>,
    pub closed_at: Option<Micros>,
    pub closed_by: Option<String>,
    pub close_reason: Option<CloseReason>,
    pub close_note: Option<String>,
    /// The attack story it belongs to.
    pub story_id: Option<String>,
    /// The suppression that held it back.
    pub suppression_id: Option<String>,
    /// ATT&CK tactics of the rule.
    pub tactics: Vec<String>,
}

impl Alert {
    /// Title in the language of a page.
    pub fn title(&self, lang: kit::Lang) -> &str {
        match (lang, &self.rule_title_vi) {
            (kit::Lang::Vi, Some(title)) => title,
            _ => &self.rule_title,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escalated_alert_stays_with_its_incident() {
        assert!(AlertState::ALL.into_iter().all(|next| !AlertState::Escalated.may_become(next)));
    }

    #[test]
    fn a_closed_or_suppressed_alert_can_only_be_opened() {
        for state in [AlertState::Closed, AlertState::Suppressed] {
            let allowed: Vec<_> = AlertState::ALL.into_iter().filter(|next| state.may_become(*next)).collect();
            assert_eq!(allowed, vec![AlertState::New]);
        }
    }

    #[test]
    fn nobody_suppresses_an_alert_that_was_told() {
        assert!(AlertState::ALL.into_iter().all(|state| !state.may_become(AlertState::Suppressed)));
    }

    #[test]
    fn codes_lead_back() {
        assert!(AlertState::ALL.into_iter().all(|state| AlertState::from_code(state.code()) == Some(state)));
        assert!(CloseReason::ALL.into_iter().all(|reason| CloseReason::from_code(reason.code()) == Some(reason)));
    }
}
