//! Sigma filters: rules that narrow other rules without touching their text (filters specification 2).

use super::{Body, Rule, RuleError, RuleLogSource};
use crate::expression::Expression;
use std::path::PathBuf;

/// A compiled filter.
#[derive(Debug)]
pub(super) struct Filter {
    /// Ids or names; `None` means every rule of the log source.
    pub(super) rules: Option<Vec<String>>,
    pub(super) log_source: RuleLogSource,
    pub(super) expression: Expression,
    pub(super) path: PathBuf,
    /// 1-based lines in the file: where it begins, and where it names its rules.
    pub(super) line: usize,
    pub(super) line_of_rules: usize,
}

fn is_named(reference: &str, rule: &Rule) -> bool {
    reference.eq_ignore_ascii_case(&rule.id) || rule.name.as_deref() == Some(reference)
}

impl Filter {
    fn applies(&self, rule: &Rule) -> bool {
        let covers = |mine: &Option<String>, theirs: &Option<String>| mine.is_none() || mine == theirs;
        covers(&self.log_source.product, &rule.log_source.product)
            && covers(&self.log_source.category, &rule.log_source.category)
            && covers(&self.log_source.service, &rule.log_source.service)
            && self.rules.as_ref().is_none_or(|wanted| wanted.iter().any(|one| is_named(one, rule)))
    }

    /// What it asks in vain of these rules: rules that are not there, or that are for other logs.
    pub(super) fn odd(&self, rules: &[Rule]) -> Vec<RuleError> {
        let error = |reason| RuleError { path: self.path.clone(), line: self.line_of_rules, reason };
        let of = |reference: &String| {
            let mut named = rules.iter().filter(|rule| is_named(reference, rule)).peekable();
            if named.peek().is_none() {
                return Some(format!("the rule '{reference}' that the filter names is not loaded"));
            }
            let reached = named.any(|rule| self.applies(rule) && !rule.is_correlation());
            (!reached).then(|| {
                format!("the filter does not narrow the rule '{reference}', which is for other logs or a correlation")
            })
        };
        self.rules.iter().flatten().filter_map(of).map(error).collect()
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
