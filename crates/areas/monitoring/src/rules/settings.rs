//! What is kept of matches, the bounds of exceptions and of what correlations remember: `content/monitoring/tuning.toml`.

use crate::rules::hits::tally::LONGEST_VALUE;
use crate::settings::{Basis, Checked, Checks};
use detection::CorrelationLimits;
use event::Column;
use kit::clock::MINUTE;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuningSettings {
    pub basis: Basis,
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

/// A shortened value holds its beginning and a hash: all that an exception compares, and the hash.
const SHORTEST_VALUE: usize = LONGEST_VALUE + 64;

impl Checked for TuningSettings {
    fn check(&self, checks: &mut Checks<'_>) {
        self.hits.check(checks);
        let exceptions = self.exceptions;
        checks.within("exceptions.most_days", exceptions.most_days, 1..=3_660);
        checks.within("exceptions.default_days", exceptions.default_days, 1..=exceptions.most_days);
        checks.within("exceptions.most_values", exceptions.most_values, 1..=10_000);
        checks.within("exceptions.most_per_rule", exceptions.most_per_rule, 1..=10_000);
        // Hits are kept long enough to reckon with.
        checks.within("exceptions.reckoned_days", exceptions.reckoned_days, 1..=self.hits.keep_days);
        let correlations = self.correlations;
        checks.within("correlations.groups", correlations.groups, 1..=100_000_000);
        checks.within("correlations.entries", correlations.entries, 1..=1_000_000_000);
        checks.no_less("correlations.entries", correlations.entries, "correlations.groups", correlations.groups);
        checks.within("correlations.value_megabytes", correlations.value_megabytes, 1..=1_048_576);
        checks.within("correlations.longest_value", correlations.longest_value, SHORTEST_VALUE..=65_536);
        checks.within("correlations.late_minutes", correlations.late_minutes, 1..=10_080);
        checks.within("correlations.kept_megabytes", correlations.kept_megabytes, 1..=1_024);
        let suppressions = self.suppressions;
        checks.within("suppressions.most_hours", suppressions.most_hours, 1..=8_784);
        checks.within("suppressions.default_hours", suppressions.default_hours, 1..=suppressions.most_hours);
        checks.within("suppressions.most_days_ahead", suppressions.most_days_ahead, 0..=3_660);
        checks.within("suppressions.most", suppressions.most, 1..=100_000);
        checks.within("costs.events", self.costs.events, 1..=1_000_000);
        checks.within("costs.runs", self.costs.runs, 1..=100);
        checks.within("costs.most_seconds", self.costs.most_seconds, 1..=600);
        let enrichment = self.enrichment;
        checks.within("enrichment.most_ranges", enrichment.most_ranges, 1..=10_000_000);
        checks.within("enrichment.most_values", enrichment.most_values, 1..=10_000_000);
        checks.within("enrichment.geoip_megabytes", enrichment.geoip_megabytes, 1..=16_384);
        checks.within("enrichment.geoip_days", enrichment.geoip_days, 1..=3_660);
    }
}

impl Checked for HitSettings {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("hits.groups_per_hour", self.groups_per_hour, 1..=100_000);
        checks.within("hits.groups_per_day", self.groups_per_day, 1..=1_000_000);
        checks.no_less("hits.groups_per_day", self.groups_per_day, "hits.groups_per_hour", self.groups_per_hour);
        // Figures are of the last 30 days.
        checks.within("hits.keep_days", self.keep_days, 31..=3_660);
        // The last 24 hours are asked for by the hour.
        checks.within("hits.hourly_days", self.hourly_days, 2..=self.keep_days - 1);
        for name in &self.columns {
            checks.known("hits.columns", name, Column::from_name(name).is_some());
        }
    }
}
