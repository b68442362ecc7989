//! How long events are kept: the lines of `content/monitoring/retention.toml`, the wish of the configuration, and the
//! levels of the systems that events come from, made into a plan for the event store.

use crate::settings::{Checked, Checks};
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

/// What the configuration says of keeping events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Days that they are kept while there is room; as long as the longest line asks where nothing is said.
    pub days: Option<u32>,
    /// Whether the lines that oblige providers of services hold.
    pub service_provider: bool,
}

/// A duty to keep some kind of log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Minimum {
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
    pub(crate) fn basis(&self) -> String {
        format!("{}, {}", self.basis.article, self.basis.document)
    }

    pub(crate) fn document(&self) -> &str {
        &self.basis.document
    }

    pub(crate) fn what(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.what.vi,
            Lang::En => &self.what.en,
        }
    }

    pub(crate) fn days(&self) -> u32 {
        self.days
    }
}

impl Checked for Retention {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.filled("minimum", !self.minima.is_empty());
        for one in &self.minima {
            // Beyond a hundred years the store could not reckon.
            checks.within("minimum.days", one.days, 1..=36_600);
            let known = one.levels.iter().all(|level| (1..=5).contains(level));
            checks.known("minimum.levels", &format!("{:?}", one.levels), known);
            checks.filled("minimum.basis.document", !one.basis.document.trim().is_empty());
        }
        checks.within("care.warn_days", self.care.warn_days, 1..=3_660);
        checks.within("care.read_again_days", self.care.read_again_days, 1..=3_660);
    }
}

impl Retention {
    pub(crate) fn minima(&self) -> &[Minimum] {
        &self.minima
    }

    /// Days that everything is kept while there is room.
    pub fn wanted(&self, wish: Wish) -> u32 {
        wish.days.unwrap_or_else(|| self.longest())
    }

    fn longest(&self) -> u32 {
        self.minima.iter().map(|one| one.days).max().unwrap_or(u32::MAX)
    }

    /// The plan for sources, each with the highest level of a system that it ever belonged to.
    pub fn plan(&self, wish: Wish, levels: &[(String, i64)]) -> RetentionPlan {
        let bound = self.minima.iter().filter(|one| one.binds == Binds::Everyone || wish.service_provider);
        let minima = bound.map(|one| {
            let of_level = levels.iter().filter(|(_, level)| one.levels.contains(level)).map(|(id, _)| id.clone());
            RetentionRule {
                sources: (!one.levels.is_empty()).then(|| of_level.collect()),
                formats: (!one.formats.is_empty()).then(|| one.formats.clone()),
                days: one.days,
                basis: format!("{} – {}", one.what.vi, one.basis()),
            }
        });
        RetentionPlan { wanted_days: self.wanted(wish), other_days: self.longest(), minima: minima.collect() }
    }

    /// In words; the error names what the configured days fall short of.
    pub fn judge(&self, wish: Wish, lang: Lang) -> Result<String, String> {
        let days = self.wanted(wish);
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
        crate::settings::Settings::embedded().expect("sound").retention
    }

    #[test]
    fn the_longest_duty_is_the_wish_unless_configured() {
        let own = Wish::default();
        assert!(retention().wanted(own) >= 366, "twelve months, leap year or not");
        assert!(retention().judge(own, Lang::En).is_ok());
        let short = Wish { days: Some(30), ..own };
        assert_eq!(retention().wanted(short), 30);
        assert!(retention().judge(short, Lang::Vi).unwrap_err().contains("333/2026"));
    }

    #[test]
    fn no_wish_shortens_what_a_level_asks_for() {
        let levels = [("a".to_owned(), 2), ("b".to_owned(), 3), ("c".to_owned(), 4), ("d".to_owned(), 5)];
        let short = Wish { days: Some(7), ..Wish::default() };
        let plan = retention().plan(short, &levels);
        let days = |source| plan.days_of(source, "web-access@2");
        assert_eq!(
            [days(Some("a")), days(Some("b")), days(Some("c")), days(Some("d")), days(Some("unknown")), days(None)],
            [31, 92, 184, 366, 366, 366]
        );
        assert_eq!(retention().plan(Wish::default(), &levels).shortest(), 366);
        let provider = Wish { service_provider: true, ..short };
        assert_eq!(retention().plan(provider, &levels).days_of(Some("a"), "syslog@1"), 366);
    }
}
