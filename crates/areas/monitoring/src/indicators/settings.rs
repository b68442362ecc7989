//! Bounds of lists and the severity of what they find: `content/monitoring/indicators.toml`.

use kit::page::Severity;
use serde::Deserialize;
use std::sync::LazyLock;

/// Least, most and what a form begins with.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    pub(super) least: i64,
    pub(super) most: i64,
    pub(super) default: i64,
}

impl Bounds {
    pub(super) fn holds(&self, number: i64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) most_lists: u64,
    pub(super) most_indicators: u64,
    pub(super) keep_expired_days: i64,
    pub(super) refusals_named: usize,
    pub(super) valid_days: Bounds,
    pub(super) confidence: Bounds,
    severity: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    confidence: i64,
    severity: String,
}

impl Settings {
    /// Severity of an alert by the confidence of its indicator.
    pub(super) fn severity(&self, confidence: i64) -> Severity {
        let reached = self.severity.iter().filter(|step| step.confidence <= confidence);
        let highest = reached.max_by_key(|step| step.confidence);
        highest.and_then(|step| step.severity.parse().ok()).unwrap_or(Severity::Low)
    }
}

const EMBEDDED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/monitoring/indicators.toml"));

pub(super) static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    // A test reads the embedded file; these hold only if it were broken after all.
    toml::from_str(EMBEDDED).unwrap_or_else(|_| Settings {
        most_lists: 200,
        most_indicators: 2_000_000,
        keep_expired_days: 90,
        refusals_named: 1_000,
        valid_days: Bounds { least: 1, most: 3_650, default: 90 },
        confidence: Bounds { least: 0, most: 100, default: 70 },
        severity: Vec::new(),
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_settings_are_read_and_more_confidence_is_never_less_severe() {
        let settings: Settings = toml::from_str(EMBEDDED).expect("sound");
        for bounds in [settings.valid_days, settings.confidence] {
            assert!(bounds.holds(bounds.default));
        }
        assert!(settings.severity.iter().all(|step| step.severity.parse::<Severity>().is_ok()));
        let place = |severity| Severity::ALL.iter().position(|one| *one == severity);
        let places: Vec<_> = (0..=100).map(|confidence| place(settings.severity(confidence))).collect();
        assert!(places.is_sorted_by(|less, more| less >= more), "{places:?}");
    }
}
