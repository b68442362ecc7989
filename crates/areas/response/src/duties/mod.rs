//! Duties to report, and their clocks. Duties are data (`content/duties/`); a clock is a pure function of duties, facts
//! and now, so every order of corrections ends in the same clocks. One that has begun to run keeps its duty and its deadline
//! when the law changes.

pub mod clock;
pub mod service;
pub mod store;
pub mod tables;
pub mod view;

pub use clock::{Clock, ClockState, Facts, Kept, Sending, clocks};

use crate::law::{Basis, Words};
use jiff::civil::Date;
use kit::Lang;
use serde::{Deserialize, Serialize};

/// One duty to report. A clock that has begun to run keeps it as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// `IN-24`, as in `regulation.md` Annex B.
    pub id: String,
    pub title: Words,
    /// Head of its column in the matrix.
    pub short: Words,
    pub trigger: Trigger,
    /// How long after the trigger; 0 is at once.
    pub amount: u32,
    pub unit: Unit,
    /// Only for incidents that the scale of severity calls serious. Until somebody has classified, it runs.
    #[serde(default)]
    pub serious_only: bool,
    /// Only where one of these signs was ticked.
    #[serde(default)]
    pub any_sign: Vec<String>,
    /// Only for systems of this level and above.
    pub minimum_system_level: Option<i64>,
    pub recipient: Recipient,
    /// Form in `content/reports/` that fulfils it.
    pub form: String,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub status: Standing,
    pub note: Option<Words>,
    pub basis: Basis,
    /// A province switches off what it has no plan for.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// What starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    Occurrence,
    Detection,
    /// A person has seen it.
    Awareness,
    Classification,
    Containment,
}

/// Hours run through nights, weekends and holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    Hours,
    Days,
    WorkingDays,
}

/// How a duty stands in law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    InForce,
    /// From a plan of the province or the centre.
    Plan,
    /// Our own draft, or a text not seen.
    Draft,
}

impl Standing {
    pub fn key(self) -> &'static str {
        match self {
            Self::InForce => "clock-standing-in-force",
            Self::Plan => "clock-standing-plan",
            Self::Draft => "clock-standing-draft",
        }
    }
}

/// Who must be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    pub id: String,
    pub vi: String,
    pub en: String,
}

impl Recipient {
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

impl Duty {
    /// Whether it is law on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        day >= self.valid_from && self.valid_to.is_none_or(|last| day <= last)
    }
}
