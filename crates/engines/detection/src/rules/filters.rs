//! Sigma filters: rules that narrow other rules without touching their text (filters specification 2).

use super::{Body, Rule, RuleLogSource};
use crate::expression::Expression;

/// A compiled filter.
#[derive(Debug)]
pub(super) struct Filter {
    /// Ids or names; `None` means every rule of the log source.
    pub(super) rules: Option<Vec<String>>,
    pub(super) log_source: RuleLogSource,
    pub(super) expression: Expression,
}

impl Filter {
    fn applies(&self, rule: &Rule) -> bool {
        let covers = |mine: &Option<String>, theirs: &Option<String>| mine.is_none() || mine == theirs;
        covers(&self.log_source.product, &rule.log_source.product)
            && covers(&self.log_source.category, &rule.log_source.category)
            && covers(&self.log_source.service, &rule.log_source.service)
            && self.rules.as_ref().is_none_or(|wanted| {
                wanted.iter().any(|one| one.eq_ignore_ascii_case(&rule.id) || Some(one) == rule.name.as_ref())
            })
    }

    /// Adds this filter's condition to the rule's, where it applies.
    pub(super) fn apply(&self, rule: &mut Rule) {
        if !self.applies(rule) {
            return;
        }
        if let Body::Condition(condition) = &mut rule.body {
            let before = std::mem::replace(condition, Expression::Any(Vec::new()));
            *condition = Expression::All(vec![before, self.expression.clone()]);
        }
    }
}
