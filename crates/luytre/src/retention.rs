//! How long events are kept: the lines of `content/monitoring/retention.toml`, the wish of the configuration, and the
//! levels of the systems that events come from, made into a plan for the event store.

use crate::configuration::Events;
use crate::content::Content;
use anyhow::{Context, Result};
use event_store::{RetentionPlan, RetentionRule};
use kit::Lang;
use kit::locale::texts;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    #[serde(rename = "minimum")]
    minima: Vec<Minimum>,
    pub care: Care,
}

/// How often the store is looked after.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Care {
    /// Administrators are told so many days before the room is used up.
    pub warn_days: i64,
    /// Every segment is read again within so many days.
    pub read_again_days: u64,
    #[expect(dead_code, reason = "for whoever edits the file")]
    basis: Basis,
}

/// A duty to keep some kind of log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Minimum {
    what: Text,
    days: u32,
    binds: Binds,
    /// Levels of systems; every system where there are none.
    #[serde(default)]
    levels: BTreeSet<i64>,
    /// Formats of records; every one where there are none.
    #[serde(default)]
    formats: BTreeSet<String>,
    basis: Basis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Binds {
    Everyone,
    ServiceProvider,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    vi: String,
    #[expect(dead_code, reason = "for whoever edits the file")]
    en: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basis {
    document: String,
    article: String,
    #[expect(dead_code, reason = "for whoever edits the file")]
    source: String,
}

impl Minimum {
    fn basis(&self) -> String {
        format!("{}, {}", self.basis.article, self.basis.document)
    }
}

impl Retention {
    pub fn load(content: &Content) -> Result<Self> {
        let found: Self = toml::from_str(&content.text("monitoring/retention.toml")?).context("retention.toml")?;
        anyhow::ensure!(found.minima.iter().any(|one| one.days > 0), "retention.toml names no minimum");
        Ok(found)
    }

    /// Days that everything is kept while there is room.
    pub fn wanted(&self, events: &Events) -> u32 {
        events.retention_days.unwrap_or_else(|| self.longest())
    }

    fn longest(&self) -> u32 {
        self.minima.iter().map(|one| one.days).max().unwrap_or(u32::MAX)
    }

    /// The plan for sources, each with the highest level of a system that it ever belonged to.
    pub fn plan(&self, events: &Events, levels: &[(String, i64)]) -> RetentionPlan {
        let bound = self.minima.iter().filter(|one| one.binds == Binds::Everyone || events.service_provider);
        let minima = bound.map(|one| {
            let of_level = levels.iter().filter(|(_, level)| one.levels.contains(level)).map(|(id, _)| id.clone());
            RetentionRule {
                sources: (!one.levels.is_empty()).then(|| of_level.collect()),
                formats: (!one.formats.is_empty()).then(|| one.formats.clone()),
                days: one.days,
                basis: format!("{} – {}", one.what.vi, one.basis()),
            }
        });
        RetentionPlan { wanted_days: self.wanted(events), other_days: self.longest(), minima: minima.collect() }
    }

    /// In words; the error names what the configured days fall short of.
    pub fn judge(&self, events: &Events, lang: Lang) -> Result<String, String> {
        let days = self.wanted(events);
        let short = self.minima.iter().filter(|one| one.days > days);
        let short: Vec<String> = short.map(|one| format!("{}: {}", one.basis(), one.days)).collect();
        let say = |key, arguments: &[_]| texts().text_with(lang, key, arguments);
        match short.is_empty() {
            true => Ok(say("doctor-retention-well", &[("days", days.into())])),
            false => Err(say("doctor-retention-short", &[("days", days.into()), ("duties", short.join("; ").into())])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retention() -> Retention {
        Retention::load(&Content::default()).unwrap()
    }

    #[test]
    fn the_longest_duty_is_the_wish_unless_configured() {
        let events = Events::default();
        assert!(retention().wanted(&events) >= 366, "twelve months, leap year or not");
        assert!(retention().judge(&events, Lang::En).is_ok());
        let short = Events { retention_days: Some(30), ..Events::default() };
        assert_eq!(retention().wanted(&short), 30);
        assert!(retention().judge(&short, Lang::Vi).unwrap_err().contains("333/2026"));
    }

    #[test]
    fn no_wish_shortens_what_a_level_asks_for() {
        let levels = [("a".to_owned(), 2), ("b".to_owned(), 3), ("c".to_owned(), 4), ("d".to_owned(), 5)];
        let short = Events { retention_days: Some(7), ..Events::default() };
        let plan = retention().plan(&short, &levels);
        let days = |source| plan.days_of(source, "web-access@2");
        assert_eq!(
            [days(Some("a")), days(Some("b")), days(Some("c")), days(Some("d")), days(Some("unknown")), days(None)],
            [31, 92, 184, 366, 366, 366]
        );
        assert_eq!(retention().plan(&Events::default(), &levels).shortest(), 366);
        let provider = Events { service_provider: true, ..short };
        assert_eq!(retention().plan(&provider, &levels).days_of(Some("a"), "syslog@1"), 366);
    }
}
