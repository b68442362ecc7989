//! Which of the fields that are known besides the record anybody asks for: the others are not looked up.

use super::record::FIELDS;
use detection::Rule;
use std::sync::Arc;

/// Places in [`FIELDS`], a bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked(u32);

const _: () = assert!(FIELDS.len() <= 32, "one bit for each field");

impl Asked {
    /// For whoever shows everything.
    pub const ALL: Self = Self(u32::MAX);

    /// What these rules ask for, in conditions and in correlations.
    pub fn of(rules: &[Arc<Rule>]) -> Self {
        let mut asked = 0;
        for rule in rules {
            rule.each_field(&mut |name| {
                if let Some(place) = FIELDS.iter().position(|field| *field == name) {
                    asked |= 1 << place;
                }
            });
        }
        Self(asked)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn asks(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// Whether any of so many places is asked for.
    pub(super) fn asks_any(self, first: usize, count: usize) -> bool {
        (first..first + count).any(|place| self.asks(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detection::RuleSet;

    #[test]
    fn what_conditions_comparisons_and_correlations_name_is_asked_for() {
        let rules = "title: A\nid: 6f3b2a10-0000-4000-8000-000000000031\nname: a\nlogsource: {product: linux}\n\
            detection: {s: {system_level|gte: 4, user_name: x}, f: {user_name|fieldref: agency_code}, condition: s and not f}\n\
            ---\ntitle: B\nid: 6f3b2a10-0000-4000-8000-000000000032\ncorrelation: {type: value_count, rules: [a], \
            group-by: [source_ip_range], timespan: 10m, condition: {gte: 2, field: source_ip_country}}\n";
        let (set, errors) = RuleSet::from_texts([("a.yml", rules)]);
        assert_eq!(errors, []);
        let asked = Asked::of(set.rules());
        let names: Vec<&str> =
            FIELDS.iter().enumerate().filter(|(place, _)| asked.asks(*place)).map(|(_, name)| *name).collect();
        assert_eq!(names, ["system_level", "agency_code", "source_ip_range", "source_ip_country"]);
        assert!(Asked::of(&[]).is_empty() && Asked::ALL.asks(FIELDS.len() - 1));
    }
}
