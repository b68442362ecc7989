//! Matches of rules as figures: per rule, hour of arrival, source and the values by which exceptions tell matches apart.
//! They are written with the detection cursor, so each match is counted once; hours that are some days old become days, and
//! none outlives the days and the groups that the settings allow. Pure; the gathering is in `tally`, rows in `store`, the
//! making of days in `rollup`.

pub mod rollup;
pub mod store;
pub mod tally;

use kit::clock::Micros;
use std::collections::BTreeMap;

/// What became of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is part of an alert.
    Alerted,
    /// Its rule is on trial: it would have been part of an alert.
    Shadowed,
    /// An exception left it out.
    Excepted,
}

/// What a count is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Span {
    #[default]
    Hour,
    Day,
}

impl Span {
    /// Hours, as in the database.
    pub fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }

    pub fn from_hours(hours: i64) -> Self {
        if hours == 1 { Self::Hour } else { Self::Day }
    }
}

/// Matches of one rule that are alike, in one hour or, further back, in one day of Vietnamese time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hit {
    pub rule_id: String,
    pub hour_start: Micros,
    pub span: Span,
    pub source_id: Option<String>,
    pub system_id: Option<String>,
    pub agency_id: Option<String>,
    /// Values by column or field.
    pub entities: BTreeMap<String, String>,
    /// False where matches beyond the limit are counted together; of these nothing is known but the agency.
    pub detailed: bool,
    pub alerted: i64,
    pub shadowed: i64,
    pub excepted: i64,
}

impl Hit {
    /// Matches that alerted, or would have.
    pub fn matched(&self) -> i64 {
        self.alerted.saturating_add(self.shadowed)
    }
}
