//! Separation of duties: roles and acts that one person must not have or do both of.

use super::Basis;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    pub basis: Basis,
    pub roles: Vec<Apart>,
    pub acts: Vec<Apart>,
}

/// Nothing of `one` goes with anything of `other`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apart {
    pub id: String,
    pub one: Vec<String>,
    pub other: Vec<String>,
}

impl Apart {
    /// Key of what it is for.
    pub fn key(&self) -> String {
        format!("separation-{}", self.id)
    }

    fn keeps(&self, first: &str, second: &str) -> bool {
        let holds = |side: &[String], name: &str| side.iter().any(|one| one == name);
        holds(&self.one, first) && holds(&self.other, second) || holds(&self.one, second) && holds(&self.other, first)
    }
}

impl Separation {
    /// Whether the two roles must not meet in one person.
    pub fn keeps_roles_apart(&self, first: &str, second: &str) -> bool {
        self.roles.iter().any(|rule| rule.keeps(first, second))
    }

    /// Whether who did `done` on a record must leave `wanted` on it to somebody else.
    pub fn keeps_acts_apart(&self, done: &str, wanted: &str) -> bool {
        self.acts.iter().any(|rule| rule.keeps(done, wanted))
    }
}

#[cfg(test)]
mod tests {
    use crate::Policies;
    use kit::locale::{Lang, texts};

    #[test]
    fn the_three_duties_of_the_plan_are_kept_apart_in_both_directions() {
        let policies = Policies::embedded().unwrap();
        let separation = &policies.separation;
        for (one, other) in [("officer", "coordinator"), ("auditor", "analyst")] {
            assert!(separation.keeps_roles_apart(one, other) && separation.keeps_roles_apart(other, one));
        }
        assert!(!separation.keeps_roles_apart("officer", "leader"));
        assert!(!separation.keeps_roles_apart("officer", "officer"));
        assert!(separation.keeps_acts_apart("notice.draft", "notice.approved"));
        assert!(separation.keeps_acts_apart("notice.submitted", "notice.approved"));
        assert!(!separation.keeps_acts_apart("notice.draft", "notice.sent"));
    }

    #[test]
    fn every_rule_says_in_both_languages_what_it_is_for() {
        let policies = Policies::embedded().unwrap();
        let separation = &policies.separation;
        for rule in separation.roles.iter().chain(&separation.acts) {
            for lang in Lang::ALL {
                assert!(texts().has(lang, &rule.key()), "{}", rule.key());
            }
        }
        for act in separation.acts.iter().flat_map(|rule| rule.one.iter().chain(&rule.other)) {
            assert!(texts().has(Lang::Vi, &format!("audit-{}", act.replace('.', "-"))), "the trail knows no {act}");
        }
    }
}
