//! How long events are kept: rules by source and format, holds that keep what a rule would let go, and the deletion
//! itself, file by file. A file goes whole once all its events may go; one of which a part may go is written again
//! without it as soon as that part is a quarter, so that no byte is written often.

mod expire;

pub(crate) use expire::expire;

use event::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const DAY: i64 = 86_400_000_000;

/// A minimum: events of these sources and formats are kept so long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRule {
    /// Ids of sources; nothing means every source, and events without one.
    pub sources: Option<BTreeSet<String>>,
    /// Names of formats without their version; nothing means every format.
    pub formats: Option<BTreeSet<String>>,
    pub days: u32,
    /// What asks for it.
    pub basis: String,
}

impl RetentionRule {
    fn applies(&self, source: Option<&str>, format: &str) -> bool {
        self.sources.as_ref().is_none_or(|ids| source.is_some_and(|id| ids.contains(id)))
            && self.formats.as_ref().is_none_or(|names| names.contains(format.split('@').next().unwrap_or(format)))
    }
}

/// What is kept for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionPlan {
    /// Days that events are kept while there is room.
    pub wanted_days: u32,
    /// Days for events to which no rule applies, whatever the room.
    pub other_days: u32,
    /// Of the rules that apply to an event the longest holds.
    pub minima: Vec<RetentionRule>,
}

impl RetentionPlan {
    /// Everything for so many days.
    pub fn days(days: u32) -> Self {
        Self { wanted_days: days, ..Self::default() }
    }

    /// The least that must be kept: what holds once the disk is full.
    #[must_use]
    pub fn at_minimum(&self) -> Self {
        Self { wanted_days: 0, ..self.clone() }
    }

    /// Days that an event is kept. `format` may carry its version.
    pub fn days_of(&self, source: Option<&str>, format: &str) -> u32 {
        let rules = self.minima.iter().filter(|rule| rule.applies(source, format)).map(|rule| rule.days);
        rules.max().unwrap_or(self.other_days).max(self.wanted_days)
    }

    /// No event is kept for less.
    pub fn shortest(&self) -> u32 {
        let least = self.minima.iter().map(|rule| rule.days).chain([self.other_days]).min().unwrap_or(0);
        least.max(self.wanted_days)
    }

    /// No event is kept for longer, but for holds.
    pub fn longest(&self) -> u32 {
        let most = self.minima.iter().map(|rule| rule.days).chain([self.other_days]).max().unwrap_or(0);
        most.max(self.wanted_days)
    }
}

/// Events that must not go, whatever a plan says: evidence of an incident, an order of a court.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub id: String,
    pub reason: String,
    /// Nothing means every source.
    #[serde(default)]
    pub sources: Option<BTreeSet<String>>,
    /// Event times, microseconds since 1970, UTC; from inclusive, to exclusive.
    #[serde(default)]
    pub from: Option<Micros>,
    #[serde(default)]
    pub to: Option<Micros>,
}

impl Hold {
    pub(crate) fn covers(&self, source: Option<&str>, time: Micros) -> bool {
        self.from.is_none_or(|from| time >= from)
            && self.to.is_none_or(|to| time < to)
            && self.sources.as_ref().is_none_or(|ids| source.is_some_and(|id| ids.contains(id)))
    }
}

/// When an event may go: its days after the later of event time and arrival, or never while it is held.
fn expiry(
    plan: &RetentionPlan,
    holds: &[Hold],
    (source, format): (Option<&str>, &str),
    (time, arrival): (Micros, Micros),
) -> Micros {
    if holds.iter().any(|hold| hold.covers(source, time)) {
        return Micros::MAX;
    }
    time.max(arrival).saturating_add(i64::from(plan.days_of(source, format)) * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(sources: &[&str], formats: &[&str], days: u32) -> RetentionRule {
        let set = |names: &[&str]| (!names.is_empty()).then(|| names.iter().map(|name| (*name).to_owned()).collect());
        RetentionRule { sources: set(sources), formats: set(formats), days, basis: String::new() }
    }

    #[test]
    fn the_strictest_rule_that_applies_holds() {
        let minima = vec![rule(&["a"], &[], 31), rule(&["b"], &[], 183), rule(&[], &["web-access"], 366)];
        let plan = RetentionPlan { wanted_days: 0, other_days: 400, minima };
        assert_eq!(plan.days_of(Some("a"), "syslog@1"), 31);
        assert_eq!(plan.days_of(Some("a"), "web-access@2"), 366);
        assert_eq!(plan.days_of(Some("b"), "syslog@1"), 183);
        assert_eq!(plan.days_of(None, "syslog@1"), 400, "nobody knows whose it is");
        assert_eq!((plan.shortest(), plan.longest()), (31, 400));
        let generous = RetentionPlan { wanted_days: 200, ..plan.clone() };
        assert_eq!(generous.days_of(Some("a"), "syslog@1"), 200);
        assert_eq!(generous.days_of(Some("a"), "web-access@2"), 366, "a wish never shortens a rule");
        assert_eq!(generous.at_minimum(), plan);
    }

    #[test]
    fn what_is_held_stays() {
        let plan = RetentionPlan::days(1);
        let hold = Hold { sources: Some(["a".to_owned()].into()), from: Some(10), to: Some(20), ..Hold::default() };
        let at = |source, time| expiry(&plan, std::slice::from_ref(&hold), (source, "x@1"), (time, time));
        assert_eq!(at(Some("a"), 10), Micros::MAX);
        assert_eq!(at(Some("a"), 20), 20 + DAY);
        assert_eq!(at(Some("b"), 10), 10 + DAY);
        assert_eq!(at(None, 10), 10 + DAY);
        assert_eq!(expiry(&plan, &[], (None, "x@1"), (5, 50)), 50 + DAY, "the later of event time and arrival");
    }
}
