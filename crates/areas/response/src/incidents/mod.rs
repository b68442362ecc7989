//! An incident: its states and the allowed changes, the five times and how each is known, its facts by law. Pure.

mod acts;
mod api;
pub mod escalation;
mod finder;
pub mod fragments;
mod labels;
mod pages;
pub mod service;
mod show;
pub mod store;
pub mod tables;
mod view;

pub use finder::finder;
pub use store::IncidentFilter;

use kit::clock::{MINUTE, Micros};
use kit::page::{Level, Page};
use kit::web::Routes;
use serde::{Deserialize, Serialize};

/// Pages and JSON of incidents.
pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// Where the work on an incident stands (Decree 333/2026 Article 9.2: detect, contain, analyse, remedy, restore, verify).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Detect,
    Confirm,
    Contain,
    Eradicate,
    Recover,
    Review,
    Closed,
}

impl State {
    pub const ALL: [State; 7] =
        [Self::Detect, Self::Confirm, Self::Contain, Self::Eradicate, Self::Recover, Self::Review, Self::Closed];

    /// Word in the database and in addresses; texts are under `incident-state-<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Confirm => "confirm",
            Self::Contain => "contain",
            Self::Eradicate => "eradicate",
            Self::Recover => "recover",
            Self::Review => "review",
            Self::Closed => "closed",
        }
    }

    pub fn from_code(code: &str) -> Option<State> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// What may follow, in order: forward first. A step back, a leap and every way to or from closed need a reason.
    pub fn next(self) -> Vec<Change> {
        Self::ALL.into_iter().filter_map(|to| self.change(to)).collect()
    }

    /// The change to another state, `None` where it is not allowed. Closed follows only the review, or the first two
    /// states as "no incident after all"; a closed incident reopens for review only.
    pub fn change(self, to: State) -> Option<Change> {
        let (from_index, to_index) = (self as usize, to as usize);
        let allowed = match (self, to) {
            _ if self == to => false,
            (Self::Closed, to) => to == Self::Review,
            (from, Self::Closed) => matches!(from, Self::Review | Self::Detect | Self::Confirm),
            _ => true,
        };
        let false_alarm = to == Self::Closed && self != Self::Review;
        let plain_step = to_index == from_index + 1 && !false_alarm;
        allowed.then_some(Change { to, needs_reason: !plain_step, false_alarm })
    }
}

/// A change of state that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub to: State,
    pub needs_reason: bool,
    /// It turned out to be no incident.
    pub false_alarm: bool,
}

/// Which of the five kept times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeKind {
    Occurred,
    Detected,
    Seen,
    Reported,
    Receipt,
}

impl TimeKind {
    pub const ALL: [TimeKind; 5] = [Self::Occurred, Self::Detected, Self::Seen, Self::Reported, Self::Receipt];

    pub fn code(self) -> &'static str {
        match self {
            Self::Occurred => "occurred",
            Self::Detected => "detected",
            Self::Seen => "seen",
            Self::Reported => "reported",
            Self::Receipt => "receipt",
        }
    }

    pub fn from_code(code: &str) -> Option<TimeKind> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Reported and receipt come from notices; the other three may be corrected by hand.
    pub fn by_hand(self) -> bool {
        matches!(self, Self::Occurred | Self::Detected | Self::Seen)
    }
}

/// How a time is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// A record or the program itself.
    Machine,
    Person,
    Document,
}

impl Knowledge {
    pub const ALL: [Knowledge; 3] = [Self::Machine, Self::Person, Self::Document];

    pub fn code(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Person => "person",
            Self::Document => "document",
        }
    }

    pub fn from_code(code: &str) -> Option<Knowledge> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// A time with how it is known. A correction is a new one; the old value stays in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownTime {
    pub kind: TimeKind,
    pub at: Micros,
    pub known_by: Knowledge,
    /// The record, the person or the document it rests on.
    pub reference: String,
    pub recorded_at: Micros,
    pub recorded_by: String,
}

/// A time set or corrected, as a line of the timeline keeps it: both values, so that nobody has to look for the old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeChange {
    pub kind: TimeKind,
    /// `None`: it was not known before.
    pub before: Option<Micros>,
    pub after: Micros,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl TimeChange {
    /// Lines written before both values were kept hold the kind and the reason only; they are none.
    pub fn parse(detail: &str) -> Option<Self> {
        serde_json::from_str(detail).ok()
    }

    /// `Phát hiện: 22/11/2026 02:31 → 22/11/2026 02:14. Lý do: …`
    pub fn words(&self, page: &Page) -> String {
        // Seconds are shown where minutes alone would show no change.
        let minute = |at: Micros| at.div_euclid(MINUTE);
        let fine = self.before.is_some_and(|before| minute(before) == minute(self.after));
        let time = |at| if fine { page.format.precise(at) } else { page.format.date_time(at) };
        let before = self.before.map_or_else(|| page.t("incident-time-unknown"), time);
        let kind = page.t(&format!("incident-time-{}", self.kind.code()));
        let change = [("kind", kind.into()), ("before", before.into()), ("after", time(self.after).into())];
        let change = page.tm("incident-time-changed", &change);
        if self.reason.is_empty() {
            return change;
        }
        format!("{change}. {}", page.tn("incident-time-changed-because", "reason", self.reason.as_str()))
    }
}

/// Clocks of two machines differ a little; more than this into the future is a mistake.
const TOLERANCE: Micros = 5 * MINUTE;
/// A time before this is a slip of the hand: 2000-01-01 UTC.
const EARLIEST: Micros = 946_684_800_000_000;

/// Why a time cannot be right, as the key of a text. `times` are those that hold now.
pub fn time_problem(kind: TimeKind, at: Micros, times: &[KnownTime], now: Micros) -> Option<&'static str> {
    let held = |kind| times.iter().find(|time| time.kind == kind).map(|time| time.at);
    if at > now + TOLERANCE {
        return Some("incident-time-future");
    }
    if at < EARLIEST {
        return Some("incident-time-too-old");
    }
    match kind {
        TimeKind::Occurred if held(TimeKind::Detected).is_some_and(|detected| at > detected) => {
            Some("incident-time-occurred-after-detected")
        }
        TimeKind::Detected if held(TimeKind::Occurred).is_some_and(|occurred| at < occurred) => {
            Some("incident-time-detected-before-occurred")
        }
        TimeKind::Detected if held(TimeKind::Seen).is_some_and(|seen| at > seen) => {
            Some("incident-time-seen-before-detected")
        }
        TimeKind::Seen if held(TimeKind::Detected).is_some_and(|detected| at < detected) => {
            Some("incident-time-seen-before-detected")
        }
        _ => None,
    }
}

/// Class of the attack act (Law 116/2025/QH15 Article 18.1).
pub const LAW_CLASSES: [&str; 6] = ["a", "b", "c", "d", "dd", "e"];

/// Technical kind (`regulation.md` §4.3, the minimum set).
pub const TECHNICAL_KINDS: [&str; 10] = [
    "malware",
    "intrusion",
    "denial-of-service",
    "data-leak",
    "defacement",
    "phishing",
    "botnet",
    "supply-chain",
    "insider",
    "other",
];

/// Cause (`regulation.md` §4.3).
pub const CAUSES: [&str; 5] = ["attack", "technical-fault", "operator-error", "disaster", "unknown"];

/// An incident as pages and other areas see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Incident {
    pub id: String,
    /// Public code, unique in the centre: `SC-SYT-2026-0042`.
    pub code: String,
    pub title: String,
    pub agency_id: String,
    pub agency_name: String,
    pub system_id: Option<String>,
    pub system_name: Option<String>,
    pub system_level: Option<i64>,
    pub state: String,
    /// Level of the scale in `content/severity/`; `None` until classified.
    pub severity: Option<String>,
    pub severity_set_by: Option<String>,
    pub severity_set_at: Option<Micros>,
    pub severity_reason: String,
    /// Ticked signs.
    pub signs: Vec<String>,
    pub law_class: String,
    pub technical_kind: String,
    pub cause: String,
    pub description: String,
    pub scope: String,
    pub measures: String,
    pub already_notified: String,
    pub personal_data: String,
    pub false_alarm: bool,
    pub contained_at: Option<Micros>,
    pub opened_at: Micros,
    pub opened_by: String,
    pub closed_at: Option<Micros>,
    pub updated_at: Micros,
    /// Counts changes; a form built on an older one is refused.
    pub version: i64,
}

impl Incident {
    pub fn state(&self) -> State {
        State::from_code(&self.state).unwrap_or(State::Detect)
    }

    /// Badge of the system's level, where a system with a level is concerned.
    pub fn badge(&self) -> Option<Level> {
        Level::new(self.system_level?)
    }
}

/// `SC-SYT-2026-0042`. The code of the agency makes it unique in the centre, and tells no agency how many incidents the
/// others have.
pub fn code(agency_code: &str, year: i16, number: i64) -> String {
    format!("SC-{agency_code}-{year}-{number:04}")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
