//! Trực ban, the start page: clocks running, unacknowledged high alerts, silent systems, who is on duty, the last
//! handover note. Nothing else. It renews itself; the wall view is the same page without navigation.

mod counters;
mod pages;

pub use counters::counters;

use crate::settings::{Basis, Checked, Checks};
use kit::clock::{HOUR, Micros};
use kit::page::Severity;
use kit::web::Routes;
use serde::Deserialize;

pub fn routes() -> Routes {
    pages::routes()
}

/// `content/monitoring/duty.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutySettings {
    pub basis: Basis,
    pub alerts_from_severity: Severity,
    pub alerts_hours: i64,
    /// Of each panel.
    pub rows: u64,
    pub notices: NoticeSettings,
}

/// Which alerts are put into the inbox of those on duty.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeSettings {
    pub from_severity: Severity,
    /// Of the agency it is about.
    pub agency_roles: Vec<String>,
    /// To one person; the rest is summed up.
    pub most_per_hour: u64,
    /// Least time between two messages that sum up.
    pub sum_up_minutes: i64,
}

impl Checked for DutySettings {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("alerts_hours", self.alerts_hours, 1..=8_784);
        checks.within("rows", self.rows, 1..=200);
        checks.within("notices.most_per_hour", self.notices.most_per_hour, 1..=1_000);
        checks.within("notices.sum_up_minutes", self.notices.sum_up_minutes, 1..=1_440);
    }
}

impl DutySettings {
    /// Severities from the lowest shown upwards, most urgent first.
    fn severities(&self) -> Vec<Severity> {
        Severity::ALL.into_iter().filter(|severity| *severity >= self.alerts_from_severity).collect()
    }

    fn since(&self, now: Micros) -> Micros {
        now - self.alerts_hours * HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn severities_are_those_from_the_lowest_shown_upwards() {
        let settings = Settings::embedded().expect("sound").duty;
        assert_eq!(settings.severities(), vec![Severity::Critical, Severity::High]);
        let all = DutySettings { alerts_from_severity: Severity::Informational, ..settings };
        assert_eq!(all.severities().len(), Severity::ALL.len());
    }
}
