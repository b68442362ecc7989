//! What is kept of matches, the bounds of exceptions and of what correlations remember: `content/monitoring/tuning.toml`.

use detection::CorrelationLimits;
use event::Column;
use kit::clock::MINUTE;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub hits: HitSettings,
    pub exceptions: ExceptionSettings,
    pub correlations: CorrelationSettings,
    pub suppressions: SuppressionSettings,
    pub costs: CostSettings,
    pub enrichment: EnrichmentSettings,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HitSettings {
    /// Groups of one rule and hour that are told apart.
    pub groups_per_hour: usize,
    pub groups_per_day: usize,
    /// Days after which hours become days.
    pub hourly_days: i64,
    pub keep_days: i64,
    /// Names of common columns.
    pub columns: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionSettings {
    pub default_days: i64,
    pub most_days: i64,
    pub most_values: usize,
    /// In force at once.
    pub most_per_rule: u64,
    /// Days of matches that a new one is reckoned with.
    pub reckoned_days: i64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrelationSettings {
    pub groups: usize,
    pub entries: usize,
    pub value_megabytes: usize,
    /// In bytes.
    pub longest_value: usize,
    pub late_minutes: i64,
    /// Of what is kept over a restart.
    pub kept_megabytes: usize,
}

impl CorrelationSettings {
    pub fn limits(&self) -> CorrelationLimits {
        CorrelationLimits {
            groups: self.groups,
            entries: self.entries,
            bytes: self.value_megabytes << 20,
            value_bytes: self.longest_value,
            lateness: self.late_minutes * MINUTE,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressionSettings {
    pub default_hours: i64,
    pub most_hours: i64,
    /// Days before its beginning that one can be made.
    pub most_days_ahead: i64,
    /// Not over, at once.
    pub most: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostSettings {
    /// The newest ones, over which rules are measured.
    pub events: usize,
    /// Of which the fastest counts.
    pub runs: usize,
    /// Longest time that measuring all rules takes.
    pub most_seconds: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrichmentSettings {
    /// Address ranges, and values on lists, of all agencies together.
    pub most_ranges: u64,
    pub most_values: u64,
    /// Largest file that says where addresses are from, and after how many days such a file is old.
    pub geoip_megabytes: u64,
    pub geoip_days: i64,
}

impl HitSettings {
    /// Columns by which matches are told apart.
    pub fn columns(&self) -> Vec<Column> {
        self.columns.iter().filter_map(|name| Column::from_name(name)).collect()
    }
}

const EMBEDDED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/monitoring/tuning.toml"));

pub static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    // A test reads the embedded file; these hold only if it were broken after all.
    toml::from_str(EMBEDDED).unwrap_or_else(|_| Settings {
        hits: HitSettings {
            groups_per_hour: 100,
            groups_per_day: 200,
            hourly_days: 3,
            keep_days: 31,
            columns: Vec::new(),
        },
        exceptions: ExceptionSettings {
            default_days: 30,
            most_days: 180,
            most_values: 100,
            most_per_rule: 200,
            reckoned_days: 7,
        },
        correlations: CorrelationSettings {
            groups: 100_000,
            entries: 1_000_000,
            value_megabytes: 64,
            longest_value: 1_024,
            late_minutes: 10,
            kept_megabytes: 16,
        },
        suppressions: SuppressionSettings { default_hours: 4, most_hours: 168, most_days_ahead: 90, most: 500 },
        costs: CostSettings { events: 2_000, runs: 3, most_seconds: 10 },
        enrichment: EnrichmentSettings {
            most_ranges: 20_000,
            most_values: 100_000,
            geoip_megabytes: 128,
            geoip_days: 60,
        },
    })
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hits::tally::LONGEST_VALUE;

    #[test]
    fn the_embedded_settings_are_read_and_name_columns_that_exist() {
        let settings: Settings = toml::from_str(EMBEDDED).expect("sound");
        assert_eq!(settings.hits.columns().len(), settings.hits.columns.len());
        let hits = &settings.hits;
        assert!(hits.groups_per_hour > 0 && hits.groups_per_day >= hits.groups_per_hour && hits.keep_days > 30);
        // The last 24 hours are asked for by the hour.
        assert!((2..hits.keep_days).contains(&hits.hourly_days));
        assert!(settings.costs.events > 0 && settings.costs.runs > 0 && settings.costs.most_seconds > 0);
        assert!(settings.enrichment.geoip_megabytes > 0 && settings.enrichment.geoip_days > 0);
        assert!(settings.enrichment.most_ranges > 0 && settings.enrichment.most_values > 0);
        let suppressions = settings.suppressions;
        assert!((1..=suppressions.most_hours).contains(&suppressions.default_hours) && suppressions.most > 0);
        let exceptions = settings.exceptions;
        assert!((1..=exceptions.most_days).contains(&exceptions.default_days));
        let limits = settings.correlations.limits();
        assert!(limits.groups > 0 && limits.entries >= limits.groups && limits.lateness > 0);
        assert!(settings.correlations.kept_megabytes > 0);
        assert!(
            limits.value_bytes >= LONGEST_VALUE + 64,
            "a shortened value begins with all that an exception compares"
        );
        assert!(exceptions.reckoned_days <= settings.hits.keep_days, "hits are kept long enough to reckon with");
    }
}
