//! What becomes of a match: nothing where its rule is off, a figure where an exception holds or the rule is on trial, else an
//! alert, held back where a suppression covers it. What is off or excepted, be it a rule or a correlation, feeds no correlation
//! either. A rule that is no alert of its own, since a correlation over it takes part and does not `generate`, is on all the same
//! and feeds it.

use crate::alerts::grouping::{Matched, Owner, RuleFacts};
use crate::rules::exceptions::InForce;
use crate::rules::hits::Fate;
use crate::rules::states::{RuleState, alerts_itself};
use crate::rules::tuning::Tuning;
use crate::suppressions::Window;
use detection::{Engine, Rule};
use event::Event;
use std::collections::HashMap;
use std::sync::Arc;

/// Rulings on the rules in force, made once per rule set and per decision.
#[derive(Default)]
pub(super) struct Judge {
    engine: Option<Arc<Engine>>,
    tuning: Arc<Tuning>,
    by_rule: HashMap<usize, Arc<Ruling>>,
}

/// What is known of a rule before it matches.
pub(super) struct Ruling {
    /// What alerts keep of it.
    pub(super) facts: Arc<RuleFacts>,
    /// Whether a match is an alert of its own.
    pub(super) alerts: bool,
    state: RuleState,
    exceptions: Vec<InForce>,
    /// Windows in which its alerts are held back.
    windows: Vec<Arc<Window>>,
}

impl Judge {
    /// The rules that were in force for the batch before.
    pub(super) fn engine(&self) -> Option<Arc<Engine>> {
        self.engine.clone()
    }

    /// Takes over what is in force. True where the rules are others than before.
    pub(super) fn take_over(&mut self, engine: &Arc<Engine>, tuning: &Arc<Tuning>) -> bool {
        let same_rules = self.engine.as_ref().is_some_and(|have| Arc::ptr_eq(have, engine));
        if !same_rules || !Arc::ptr_eq(&self.tuning, tuning) {
            self.by_rule.clear();
            self.engine = Some(engine.clone());
            self.tuning = tuning.clone();
        }
        !same_rules
    }

    pub(super) fn ruling(&mut self, rule: usize) -> Option<Arc<Ruling>> {
        if let Some(ruling) = self.by_rule.get(&rule) {
            return Some(ruling.clone());
        }
        let rules = self.engine.as_ref()?.rules();
        let ruling = Arc::new(Ruling::of(rules, rules.get(rule)?, &self.tuning));
        self.by_rule.insert(rule, ruling.clone());
        Some(ruling)
    }

    /// The suppression that holds back what was found of an event otherwise than by a rule of the engine.
    pub(super) fn held_back(&self, rule_id: &str, owner: &Owner, event: &Event) -> Option<&Arc<str>> {
        let window = self.tuning.windows(rule_id).find(|window| window.covers(owner, event, &[]));
        window.map(|window| &window.id)
    }

    /// What becomes of what a detector of early warning found about a subject, its columns with their values; as of a match.
    pub(super) fn fate_of_found(
        &self,
        detector: &str,
        owner: &Owner,
        event: &Event,
        about: &[(String, String)],
    ) -> Option<Fate> {
        fate(self.tuning.state(detector), self.tuning.exceptions(detector), owner, event, about)
    }
}

impl Ruling {
    fn of(rules: &[Arc<Rule>], rule: &Rule, tuning: &Tuning) -> Self {
        Self {
            facts: Arc::new(RuleFacts::of(rule)),
            alerts: alerts_itself(rules, rule, &|rule| tuning.state_of(rule)),
            state: tuning.state_of(rule),
            exceptions: tuning.exceptions(&rule.id).to_vec(),
            windows: tuning.windows(&rule.id).cloned().collect(),
        }
    }

    /// A match that alerts, as it is gathered.
    pub(super) fn matched<'m>(&'m self, owner: &'m Owner, event: &Event, group_by: &[(String, String)]) -> Matched<'m> {
        let window = self.windows.iter().find(|window| window.covers(owner, event, group_by));
        Matched { rule: &self.facts, owner, suppression: window.map(|window| &window.id) }
    }

    /// What becomes of a match; nothing at all where the rule is off. `group_by` are the fields that a correlation grouped
    /// by, with their values.
    pub(super) fn fate(&self, owner: &Owner, event: &Event, group_by: &[(String, String)]) -> Option<Fate> {
        fate(self.state, &self.exceptions, owner, event, group_by)
    }
}

fn fate(
    state: RuleState,
    exceptions: &[InForce],
    owner: &Owner,
    event: &Event,
    group_by: &[(String, String)],
) -> Option<Fate> {
    let excepted = || exceptions.iter().any(|exception| exception.covers(owner, event, group_by));
    match state {
        RuleState::Off => None,
        _ if excepted() => Some(Fate::Excepted),
        RuleState::Shadow => Some(Fate::Shadowed),
        RuleState::On => Some(Fate::Alerted),
    }
}
