//! Matches of rules as figures: per rule, hour of arrival, source and the values by which exceptions tell matches apart.
//! They are written with the detection cursor, so each match is counted once; they outlive neither the days nor the groups
//! that the settings allow. Pure; the gathering is in `tally`, rows in `store`.

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

/// Matches of one rule in one hour that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hit {
    pub rule_id: String,
    pub hour_start: Micros,
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
