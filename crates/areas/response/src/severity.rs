//! How serious an incident is: scales are data (`content/severity/`), a person decides, the ticked signs propose.
//! The strictest level with a ticked sign is proposed, since in doubt one rates higher (`regulation.md` §4.2).

use crate::law::{Basis, Words};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A table of levels, strictest first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    pub id: String,
    pub title: Words,
    /// `draft`, `in-force` or `superseded`.
    pub status: String,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    /// How soon an incident should be classified, as a recommendation.
    pub classify_within_hours: Option<u32>,
    pub basis: Basis,
    #[serde(rename = "level")]
    pub levels: Vec<Level>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub id: String,
    pub title: Words,
    /// Whether the duties of serious incidents apply.
    pub serious: bool,
    /// Severity word whose colour and shape pages borrow: `critical`, `high`, `medium`, `low`.
    pub tone: String,
    /// The level is reached only by systems of this level and above.
    pub minimum_system_level: Option<i64>,
    /// Signs that must all be there besides one of the others.
    #[serde(default)]
    pub every_sign: Vec<String>,
    #[serde(default, rename = "sign")]
    pub signs: Vec<Sign>,
}

/// Something that a person ticks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    pub id: String,
    pub title: Words,
}

impl Scale {
    pub fn level(&self, id: &str) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == id)
    }

    pub fn signs(&self) -> impl Iterator<Item = &Sign> {
        self.levels.iter().flat_map(|level| &level.signs)
    }

    /// The strictest level that the signs reach. Without any sign a level that asks for none, if the scale has one.
    pub fn propose(&self, signs: &BTreeSet<String>, system_level: Option<i64>) -> Option<&Level> {
        self.levels.iter().find(|level| level.reached_by(signs, system_level))
    }
}

impl Level {
    fn reached_by(&self, signs: &BTreeSet<String>, system_level: Option<i64>) -> bool {
        let high_enough =
            self.minimum_system_level.is_none_or(|minimum| system_level.is_some_and(|level| level >= minimum));
        let all = self.every_sign.iter().all(|sign| signs.contains(sign));
        let mut free = self.signs.iter().filter(|sign| !self.every_sign.contains(&sign.id)).peekable();
        high_enough && all && (free.peek().is_none() || free.any(|sign| signs.contains(&sign.id)))
    }
}

#[cfg(test)]
mod tests {
    use crate::law::Law;

    fn proposed(scale: &str, signs: &[&str], system_level: Option<i64>) -> Option<String> {
        let law = Law::embedded().unwrap();
        let signs = signs.iter().map(|sign| (*sign).to_owned()).collect();
        let scale = law.scales.iter().find(|known| known.id == scale).unwrap();
        scale.propose(&signs, system_level).map(|level| level.id.clone())
    }

    #[test]
    fn the_strictest_ticked_sign_decides() {
        for (signs, level) in [
            (vec!["blocked-automatically"], Some("M4")),
            (vec!["malware-few-isolated", "data-encrypted"], Some("M2")),
            (vec!["data-encrypted", "serious-disruption", "blocked-automatically"], Some("M1")),
            (vec![], None),
        ] {
            assert_eq!(proposed("m1-m4", &signs, Some(3)).as_deref(), level, "{signs:?}");
        }
    }

    #[test]
    fn the_old_test_needs_a_high_level_an_effect_and_an_owner_who_cannot() {
        let both = ["control-lost", "owner-cannot-control"];
        for (signs, system_level, level) in [
            (&both[..], Some(4), "serious"),
            (&both[..], Some(3), "ordinary"),
            (&both[..], None, "ordinary"),
            (&both[..1], Some(5), "ordinary"),
            (&both[1..], Some(5), "ordinary"),
        ] {
            assert_eq!(
                proposed("decision-05-2017", signs, system_level).as_deref(),
                Some(level),
                "{signs:?} {system_level:?}"
            );
        }
    }
}
