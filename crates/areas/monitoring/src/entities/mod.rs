//! How much an entity is at risk: what its alerts weigh, less the older they are. What an alert weighs is written with it, in
//! its transaction; the sum is asked of the alerts, so that closing one as false takes its weight away. Pure; the weights are
//! content (`content/monitoring/entity-risk.toml`), the sums are in `store`.

mod api;
mod pages;
pub mod store;

use crate::settings::{Basis, Checked, Checks};
use event::Column;
use kit::clock::{DAY, Micros};
use kit::page::Tone;
use kit::web::Routes;
use serde::Deserialize;
use std::collections::BTreeMap;

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub basis: Basis,
    pub half_life_days: f64,
    /// Alerts of so many days count.
    pub days: u16,
    pub novelty: Novelty,
    /// Worth by kind of entity, and `other`.
    worth: BTreeMap<String, f64>,
    pub band: Bands,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Novelty {
    pub within_days: i64,
    pub first: f64,
    pub again: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    pub high: f64,
    pub medium: f64,
}

impl Checked for Policy {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.within("half_life_days", self.half_life_days, 0.01..=366.0);
        checks.within("days", self.days, 1..=60);
        checks.within("novelty.within_days", self.novelty.within_days, 1..=366);
        checks.within("novelty.again", self.novelty.again, 0.0..=1_000.0);
        checks.within("novelty.first", self.novelty.first, self.novelty.again..=1_000.0);
        checks.within("band.medium", self.band.medium, 0.0..=1_000_000.0);
        checks.within("band.high", self.band.high, self.band.medium..=1_000_000.0);
        checks.filled("worth.other", self.worth.contains_key("other"));
        for (kind, worth) in &self.worth {
            let key = format!("worth.{kind}");
            checks.known(&key, kind, kind == "other" || Column::from_name(kind).is_some());
            checks.within(&key, *worth, 0.0..=1_000.0);
        }
    }
}

impl Policy {
    /// What an alert adds to the risk of its entity. `is_first`: its rule has not alerted on the entity lately.
    pub fn weigh(&self, score: i64, kind: &str, is_first: bool) -> f64 {
        let worth = self.worth.get(kind).or_else(|| self.worth.get("other")).copied().unwrap_or(1.0);
        let novelty = if is_first { self.novelty.first } else { self.novelty.again };
        score as f64 * worth * novelty
    }

    /// What is left of a weight at an age; an age before birth, which a wrong clock makes, is none.
    pub fn fade(&self, age: Micros) -> f64 {
        let days = age.max(0) as f64 / DAY as f64;
        (-days / self.half_life_days).exp2()
    }

    pub fn band(&self, points: f64) -> Band {
        match points {
            points if points >= self.band.high => Band::High,
            points if points >= self.band.medium => Band::Medium,
            _ => Band::Low,
        }
    }
}

/// How urgent a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Band {
    High,
    Medium,
    Low,
}

impl Band {
    pub fn code(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::High => "entity-risk-high",
            Self::Medium => "entity-risk-medium",
            Self::Low => "entity-risk-low",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::High => Tone::Bad,
            Self::Medium => Tone::Attention,
            Self::Low => Tone::Neutral,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn policy() -> Policy {
        Settings::embedded().expect("sound").entity_risk
    }

    #[test]
    fn a_weight_halves_with_every_half_life() {
        let policy = Policy { half_life_days: 2.0, ..policy() };
        let faded = [0, 2 * DAY, 4 * DAY].map(|age| policy.fade(age));
        assert_eq!(faded, [1.0, 0.5, 0.25]);
        assert_eq!(policy.fade(-DAY), 1.0, "an event of tomorrow weighs no more than one of now");
    }

    #[test]
    fn what_is_new_to_a_worthy_entity_weighs_most() {
        let policy = policy();
        assert!(policy.weigh(60, "host_name", true) > policy.weigh(60, "source_ip", true));
        assert!(policy.weigh(60, "host_name", true) > policy.weigh(60, "host_name", false));
        assert!(policy.weigh(60, "process_name", true) > policy.weigh(60, "source_ip", true));
    }

    #[test]
    fn bands_begin_where_the_policy_says() {
        let policy = Policy { band: Bands { high: 10.0, medium: 5.0 }, ..policy() };
        assert_eq!([4.9, 5.0, 10.0].map(|points| policy.band(points)), [Band::Low, Band::Medium, Band::High]);
    }
}
