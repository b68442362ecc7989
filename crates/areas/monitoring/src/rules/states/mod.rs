//! Whether a rule works: on, on trial (its matches are counted and alert nobody), or off. One answer for the whole centre,
//! kept beside the rule's text, so that a new release of a rule changes nothing about it. Pure; rows are in `store`, the
//! change in `service`.

pub(crate) mod pages;
pub mod service;
pub mod store;

use detection::Rule;
use kit::clock::Micros;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RuleState {
    #[default]
    On,
    Shadow,
    Off,
}

impl RuleState {
    pub const ALL: [RuleState; 3] = [Self::On, Self::Shadow, Self::Off];

    /// Word in the database and in addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Shadow => "shadow",
            Self::Off => "off",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::On => "rule-state-on",
            Self::Shadow => "rule-state-shadow",
            Self::Off => "rule-state-off",
        }
    }
}

/// What somebody decided about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub rule_id: String,
    pub state: RuleState,
    pub reason: String,
    pub by: String,
    pub by_name: String,
    pub at: Micros,
}

/// Why a rule alerts nobody though nobody decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retirement<'r> {
    /// Its author gave it up.
    Deprecated,
    /// The rule of this id is on and takes its place.
    Replaced(&'r str),
}

/// Decisions by rule; a rule without one is on, unless it is retired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions(pub HashMap<String, Decision>);

impl Decisions {
    pub fn state(&self, rule_id: &str) -> RuleState {
        self.of(rule_id).map(|decision| decision.state).unwrap_or_default()
    }

    pub fn of(&self, rule_id: &str) -> Option<&Decision> {
        self.0.get(rule_id)
    }

    /// Why a rule that nobody decided about alerts nobody.
    pub fn retirement<'r>(&self, rule: &'r Rule) -> Option<Retirement<'r>> {
        if self.of(&rule.id).is_some() {
            return None;
        }
        let newer = rule.superseded_by.iter().find(|id| self.state(id) == RuleState::On);
        let given_up = || (rule.status == "deprecated").then_some(Retirement::Deprecated);
        newer.map(|id| Retirement::Replaced(id)).or_else(given_up)
    }

    /// How a rule works: as was decided, else on; on trial where it is retired.
    pub fn state_of(&self, rule: &Rule) -> RuleState {
        match self.retirement(rule) {
            Some(_) => RuleState::Shadow,
            None => self.state(&rule.id),
        }
    }
}

/// Whether a match of a rule is an alert of its own: not while a correlation that counts it and does not `generate` takes part.
/// `rules` are all in force.
pub fn alerts_itself(rules: &[Arc<Rule>], rule: &Rule, state: &dyn Fn(&Rule) -> RuleState) -> bool {
    !over(rules, rule).any(|correlation| takes_part(rules, correlation, state))
}

/// The correlations that count a rule and do not `generate`.
pub fn over<'rules>(rules: &'rules [Arc<Rule>], rule: &'rules Rule) -> impl Iterator<Item = &'rules Arc<Rule>> {
    rule.counted_by.iter().filter_map(move |position| rules.get(*position))
}

/// A correlation on trial alerts nobody, but feeds those over it. Chains are short, and none comes back to its beginning.
fn takes_part(rules: &[Arc<Rule>], correlation: &Rule, state: &dyn Fn(&Rule) -> RuleState) -> bool {
    match state(correlation) {
        RuleState::On => true,
        RuleState::Shadow => over(rules, correlation).any(|above| takes_part(rules, above, state)),
        RuleState::Off => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detection::RuleSet;

    const CHAIN: &str = "
title: failed
name: failed
id: failed
logsource: {product: x}
detection: {s: {result: failed}, condition: s}
---
title: many
name: many
id: many
correlation: {type: event_count, rules: [failed], timespan: 1m, condition: {gte: 3}}
---
title: again and again
id: again
correlation: {type: event_count, rules: [many], timespan: 1h, condition: {gte: 3}}
";

    #[test]
    fn a_rule_is_silent_only_while_a_correlation_over_it_takes_part() {
        let (set, errors) = RuleSet::from_texts([("a.yml", CHAIN)]);
        assert_eq!(errors, []);
        let alerting = |many: RuleState, again: RuleState| {
            let state = move |rule: &Rule| match rule.id.as_str() {
                "many" => many,
                "again" => again,
                _ => RuleState::On,
            };
            let alerting = set.rules().iter().filter(|rule| alerts_itself(set.rules(), rule, &state));
            alerting.map(|rule| rule.id.clone()).collect::<Vec<_>>()
        };
        use RuleState::{Off, On, Shadow};
        assert_eq!(alerting(On, On), ["again"]);
        assert_eq!(alerting(On, Off), ["many", "again"]);
        assert_eq!(alerting(Off, On), ["failed", "again"]);
        assert_eq!(alerting(Shadow, On), ["again"], "what is on trial feeds what is above it");
        assert_eq!(alerting(Shadow, Shadow), ["failed", "many", "again"]);
    }

    #[test]
    fn codes_lead_back() {
        assert!(RuleState::ALL.into_iter().all(|state| RuleState::from_code(state.code()) == Some(state)));
    }

    #[test]
    fn a_rule_that_nobody_decided_about_is_on() {
        assert_eq!(Decisions::default().state("r"), RuleState::On);
    }

    #[test]
    fn what_is_replaced_or_given_up_alerts_nobody_until_somebody_says_so() {
        let rule = |id: &str, more: &str| {
            format!(
                "title: {id}\nid: {id}\n{more}logsource: {{product: linux}}\ndetection: {{s: {{a: b}}, condition: s}}\n"
            )
        };
        let texts = [
            rule("old", ""),
            rule("new", "related: [{id: old, type: obsolete}]\n"),
            rule("gone", "status: deprecated\n"),
        ];
        let (set, errors) = detection::RuleSet::from_texts([("rules.yml", texts.join("---\n"))]);
        assert!(errors.is_empty(), "{errors:?}");
        let [old, new, gone] = set.rules() else { panic!("{}", set.len()) };
        let decided = |id: &str, state| {
            let decision = Decision {
                rule_id: id.into(),
                state,
                reason: String::new(),
                by: String::new(),
                by_name: String::new(),
                at: 0,
            };
            Decisions(HashMap::from([(id.to_owned(), decision)]))
        };
        let states = |decisions: &Decisions| [old, new, gone].map(|rule| decisions.state_of(rule));
        let none = Decisions::default();
        assert_eq!(states(&none), [RuleState::Shadow, RuleState::On, RuleState::Shadow]);
        assert_eq!(none.retirement(old), Some(Retirement::Replaced("new")));
        assert_eq!(none.retirement(gone), Some(Retirement::Deprecated));
        assert_eq!(decided("old", RuleState::On).state_of(old), RuleState::On);
        assert_eq!(decided("gone", RuleState::On).state_of(gone), RuleState::On);
        assert_eq!(decided("new", RuleState::Off).state_of(old), RuleState::On, "nothing takes its place");
    }
}
