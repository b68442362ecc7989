//! How long sources may be silent, and what is remembered of the logs they send: `content/monitoring/sources.toml`.

use super::SolutionGroup;
use crate::settings::{Basis, Bounds, Checked, Checks};
use crate::unread_lines::settings::UnreadLineSettings;
use event::Listener;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    pub basis: Basis,
    imported_silence_minutes: i64,
    pub silence_minutes: Bounds,
    pub field_lists: FieldListSettings,
    pub rhythm: RhythmSettings,
    pub flood: FloodSettings,
    pub coverage: CoverageSettings,
    pub maintenance: MaintenanceSettings,
    pub unread_lines: UnreadLineSettings,
}

/// When sources are to be heard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RhythmSettings {
    /// 1 is Monday, 7 Sunday.
    pub office_days: Vec<u8>,
    pub office_from_hour: usize,
    /// Exclusive.
    pub office_to_hour: usize,
    pub learn_weeks: i64,
    pub least_weeks: i64,
    pub heard_share: f64,
    pub silence_factor: f64,
    pub least_silence_minutes: i64,
    pub most_silence_minutes: i64,
}

/// What is more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloodSettings {
    pub times: f64,
    pub least_per_minute: f64,
}

/// What counts as watched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageSettings {
    pub seen_minutes: usize,
    pub watched_from_level: i64,
    pub required: Vec<RequiredGroups>,
    pub seen_percent: i64,
    pub longest_gap_minutes: i64,
    pub hours_days: i64,
}

/// Groups of solutions that systems of some levels are to have, and what says so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredGroups {
    pub levels: Vec<i64>,
    pub groups: Vec<SolutionGroup>,
    pub basis: Basis,
}

impl CoverageSettings {
    /// Whether systems of a level are to be watched at all.
    pub fn asks_anything(&self, level: i64) -> bool {
        level >= self.watched_from_level || self.required.iter().any(|one| one.levels.contains(&level))
    }

    /// Groups that a system of a level is to have; none where nothing says so.
    pub fn required_groups(&self, level: i64) -> Vec<SolutionGroup> {
        let of_level = self.required.iter().filter(|one| one.levels.contains(&level));
        let mut groups: Vec<SolutionGroup> = of_level.flat_map(|one| one.groups.iter().copied()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}

/// How far planned maintenance may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceSettings {
    pub default_hours: i64,
    pub most_hours: i64,
    pub most_days_ahead: i64,
    pub most: u64,
}

/// What is remembered of `#Fields:` lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldListSettings {
    pub logs: usize,
    pub logs_per_source: usize,
    /// In bytes.
    pub longest: usize,
}

/// Longest silence that anything may be allowed, in minutes: a year.
const LONGEST: i64 = 527_040;

impl Checked for SourceSettings {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("imported_silence_minutes", self.imported_silence_minutes, 1..=LONGEST);
        checks.bounds("silence_minutes", &self.silence_minutes, 1..=LONGEST);
        let lists = self.field_lists;
        checks.within("field_lists.logs", lists.logs, 1..=65_536);
        checks.within("field_lists.logs_per_source", lists.logs_per_source, 1..=lists.logs);
        checks.within("field_lists.longest", lists.longest, 64..=65_536);
        let rhythm = &self.rhythm;
        checks.filled("rhythm.office_days", !rhythm.office_days.is_empty());
        for day in &rhythm.office_days {
            checks.within("rhythm.office_days", *day, 1..=7);
        }
        checks.within("rhythm.office_from_hour", rhythm.office_from_hour, 0..=23);
        checks.within("rhythm.office_to_hour", rhythm.office_to_hour, rhythm.office_from_hour + 1..=24);
        checks.within("rhythm.learn_weeks", rhythm.learn_weeks, 2..=26);
        checks.within("rhythm.least_weeks", rhythm.least_weeks, 2..=rhythm.learn_weeks);
        checks.within("rhythm.heard_share", rhythm.heard_share, 0.1..=1.0);
        checks.within("rhythm.silence_factor", rhythm.silence_factor, 1.0..=100.0);
        checks.within("rhythm.least_silence_minutes", rhythm.least_silence_minutes, 1..=LONGEST);
        let least = rhythm.least_silence_minutes;
        checks.within("rhythm.most_silence_minutes", rhythm.most_silence_minutes, least..=LONGEST);
        checks.within("flood.times", self.flood.times, 1.5..=10_000.0);
        checks.within("flood.least_per_minute", self.flood.least_per_minute, 1.0..=1e9);
        let coverage = &self.coverage;
        checks.within("coverage.seen_minutes", coverage.seen_minutes, 1..=60);
        checks.within("coverage.watched_from_level", coverage.watched_from_level, 1..=5);
        for one in &coverage.required {
            checks.filled("coverage.required.levels", !one.levels.is_empty());
            for level in &one.levels {
                checks.within("coverage.required.levels", *level, 1..=5);
            }
            checks.filled("coverage.required.groups", !one.groups.is_empty());
            checks.filled("coverage.required.basis", !one.basis.document.trim().is_empty());
        }
        checks.within("coverage.seen_percent", coverage.seen_percent, 1..=100);
        checks.within("coverage.longest_gap_minutes", coverage.longest_gap_minutes, 1..=1_440);
        // The learning of rhythms and the strips of pages look at hours.
        checks.within("coverage.hours_days", coverage.hours_days, 7 * rhythm.learn_weeks + 7..=36_600);
        let maintenance = &self.maintenance;
        checks.within("maintenance.most_hours", maintenance.most_hours, 1..=8_784);
        checks.within("maintenance.default_hours", maintenance.default_hours, 1..=maintenance.most_hours);
        checks.within("maintenance.most_days_ahead", maintenance.most_days_ahead, 1..=3_660);
        checks.within("maintenance.most", maintenance.most, 1..=100_000);
        self.unread_lines.check(checks);
    }
}

impl SourceSettings {
    /// Minutes without a record after which a source is silent that nobody registered.
    pub fn first_silence(&self, listener: Option<Listener>) -> i64 {
        match listener {
            Some(Listener::Import) => self.imported_silence_minutes,
            _ => self.silence_minutes.default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn what_a_system_is_to_have_follows_from_its_level_and_names_its_basis() {
        let coverage = Settings::embedded().expect("sound").sources.coverage;
        assert_eq!(coverage.required_groups(coverage.watched_from_level), SolutionGroup::ALL);
        assert_eq!(coverage.required_groups(coverage.watched_from_level - 1), []);
        assert!(coverage.required.iter().all(|one| !one.basis.document.is_empty()));
        let mut twice = coverage.clone();
        twice.required.extend(coverage.required);
        assert_eq!(twice.required_groups(5).len(), 5, "a group that two provisions ask for is one");
    }

    #[test]
    fn files_that_are_imported_come_now_and_then() {
        let settings = Settings::embedded().expect("sound").sources;
        let of = |listener| settings.first_silence(listener);
        assert_eq!(of(Some(Listener::SyslogTcp)), settings.silence_minutes.default);
        assert_eq!(of(None), settings.silence_minutes.default);
        assert!(of(Some(Listener::Import)) > of(None));
    }
}
