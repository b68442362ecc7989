//! Whether a rule works: on, on trial (its matches are counted and alert nobody), or off. One answer for the whole centre,
//! kept beside the rule's text, so that a new release of a rule changes nothing about it. Pure; rows are in `store`, the
//! change in `service`.

pub(crate) mod pages;
pub mod service;
pub mod store;

use kit::clock::Micros;
use std::collections::HashMap;

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

/// Decisions by rule; a rule without one is on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions(pub HashMap<String, Decision>);

impl Decisions {
    pub fn state(&self, rule_id: &str) -> RuleState {
        self.of(rule_id).map(|decision| decision.state).unwrap_or_default()
    }

    pub fn of(&self, rule_id: &str) -> Option<&Decision> {
        self.0.get(rule_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back() {
        assert!(RuleState::ALL.into_iter().all(|state| RuleState::from_code(state.code()) == Some(state)));
    }

    #[test]
    fn a_rule_that_nobody_decided_about_is_on() {
        assert_eq!(Decisions::default().state("r"), RuleState::On);
    }
}
