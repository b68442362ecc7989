//! Trực ban, the start page: clocks running, unacknowledged high alerts, silent systems, who is on duty, the last
//! handover note. Nothing else. It renews itself; the wall view is the same page without navigation.

mod counters;
mod pages;

pub use counters::counters;

use kit::clock::{HOUR, Micros};
use kit::page::Severity;
use kit::web::Routes;
use serde::Deserialize;
use std::sync::LazyLock;

pub fn routes() -> Routes {
    pages::routes()
}

/// `content/monitoring/duty.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    alerts_from_severity: Severity,
    alerts_hours: i64,
    rows: u64,
}

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/monitoring/duty.toml"));
    // A test reads the embedded file; these hold only if it were broken after all.
    toml::from_str(text).unwrap_or(Settings {
        alerts_from_severity: Severity::Informational,
        alerts_hours: 24,
        rows: 12,
    })
});

impl Settings {
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

    #[test]
    fn the_embedded_settings_are_read() {
        assert_eq!(SETTINGS.severities(), vec![Severity::Critical, Severity::High]);
    }
}
