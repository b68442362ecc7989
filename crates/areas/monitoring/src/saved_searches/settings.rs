//! Bounds and defaults of schedules: `content/monitoring/saved-searches.toml`.

use serde::Deserialize;
use std::sync::LazyLock;
use std::time::Duration;

/// Least, most and what a form begins with.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    pub least: i64,
    pub most: i64,
    pub default: i64,
}

impl Bounds {
    pub(super) fn holds(&self, number: i64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub searches_per_person: i64,
    pub schedules_per_person: i64,
    timeout_seconds: u64,
    pub runs_at_once: u64,
    pub every_minutes: Bounds,
    pub threshold: Bounds,
    pub window_minutes: Bounds,
    pub quiet_minutes: Bounds,
    pub longest_delay_minutes: Bounds,
}

const EMBEDDED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/monitoring/saved-searches.toml"));

pub(super) static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let bounds = |least, most, default| Bounds { least, most, default };
    // A test reads the embedded file; these hold only if it were broken after all.
    toml::from_str(EMBEDDED).unwrap_or(Settings {
        searches_per_person: 200,
        schedules_per_person: 20,
        timeout_seconds: 20,
        runs_at_once: 50,
        every_minutes: bounds(1, 1_440, 5),
        threshold: bounds(1, 1_000_000, 1),
        window_minutes: bounds(1, 10_080, 60),
        quiet_minutes: bounds(0, 10_080, 60),
        longest_delay_minutes: bounds(1, 525_600, 1_440),
    })
});

impl Settings {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.clamp(1, 300))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_settings_are_read_and_no_schedule_runs_more_often_than_every_minute() {
        let settings: Settings = toml::from_str(EMBEDDED).expect("sound");
        assert!(settings.every_minutes.least >= 1);
        let all = [
            settings.every_minutes,
            settings.threshold,
            settings.window_minutes,
            settings.quiet_minutes,
            settings.longest_delay_minutes,
        ];
        assert!(all.iter().all(|bounds| bounds.holds(bounds.default)));
    }
}
