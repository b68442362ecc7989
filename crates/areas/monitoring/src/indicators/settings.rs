//! Bounds of lists and the severity of what they find: `content/monitoring/indicators.toml`.

use crate::settings::{Basis, Bounds, Checked, Checks};
use kit::page::Severity;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorSettings {
    pub basis: Basis,
    pub most_lists: u64,
    pub most_indicators: u64,
    /// Days after the end of its validity that an indicator is forgotten.
    pub keep_expired_days: i64,
    /// Refused lines that an import names.
    pub refusals_named: usize,
    pub valid_days: Bounds,
    pub confidence: Bounds,
    severity: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    confidence: i64,
    severity: Severity,
}

impl IndicatorSettings {
    /// Severity of an alert by the confidence of its indicator.
    pub fn severity(&self, confidence: i64) -> Severity {
        let reached = self.severity.iter().filter(|step| step.confidence <= confidence);
        // There is a step from 0 on.
        reached.max_by_key(|step| step.confidence).map_or(Severity::Informational, |step| step.severity)
    }
}

impl Checked for IndicatorSettings {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("most_lists", self.most_lists, 1..=10_000);
        checks.within("most_indicators", self.most_indicators, 1..=100_000_000);
        checks.within("keep_expired_days", self.keep_expired_days, 0..=3_660);
        checks.within("refusals_named", self.refusals_named, 1..=100_000);
        checks.bounds("valid_days", &self.valid_days, 1..=36_600);
        checks.bounds("confidence", &self.confidence, 0..=100);
        checks.filled("severity", self.severity.iter().any(|step| step.confidence == 0));
        for step in &self.severity {
            checks.within("severity.confidence", step.confidence, 0..=100);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn more_confidence_is_never_less_severe() {
        let settings = Settings::embedded().expect("sound").indicators;
        let place = |severity| Severity::ALL.iter().position(|one| *one == severity);
        let places: Vec<_> = (0..=100).map(|confidence| place(settings.severity(confidence))).collect();
        assert!(places.is_sorted_by(|less, more| less >= more), "{places:?}");
    }
}
