//! Ties correlations to the rules they name, by id or name, and refuses those that cannot be tied.

use super::Correlation;
use crate::hash::stable_hash;
use crate::rules::{Body, Rule, RuleError};
use std::collections::{HashMap, HashSet};

/// Longest chain of correlations over correlations.
const MAX_DEPTH: usize = 8;

/// Fills the positions of base rules, silences base rules of correlations that do not `generate`, and takes out
/// correlations whose bases are missing or that depend on themselves.
pub(crate) fn resolve(rules: &mut Vec<Rule>) -> Vec<RuleError> {
    let mut refused = Vec::new();
    loop {
        let index = index(rules);
        let mut bad: Vec<(usize, String)> = Vec::new();
        for (position, rule) in rules.iter().enumerate() {
            if let Some(reason) = problem(rule, position, rules, &index) {
                bad.push((position, reason));
            }
        }
        if bad.is_empty() {
            break;
        }
        for (position, reason) in bad.into_iter().rev() {
            let rule = rules.remove(position);
            refused.push(RuleError { path: rule.path, line: rule.line, reason });
        }
    }
    tie(rules);
    refused
}

fn index(rules: &[Rule]) -> HashMap<String, usize> {
    let mut index = HashMap::new();
    for (position, rule) in rules.iter().enumerate() {
        if let Some(name) = &rule.name {
            index.entry(name.clone()).or_insert(position);
        }
    }
    // An id is stronger than a name that looks like it.
    for (position, rule) in rules.iter().enumerate() {
        index.insert(rule.id.to_lowercase(), position);
    }
    index
}

fn find(index: &HashMap<String, usize>, reference: &str) -> Option<usize> {
    index.get(reference).or_else(|| index.get(&reference.to_lowercase())).copied()
}

fn correlation(rule: &Rule) -> Option<&Correlation> {
    match &rule.body {
        Body::Correlation(correlation) => Some(correlation),
        Body::Condition(_) => None,
    }
}

fn problem(rule: &Rule, position: usize, rules: &[Rule], index: &HashMap<String, usize>) -> Option<String> {
    let own = correlation(rule)?;
    if let Some(missing) = own.references.iter().find(|reference| find(index, reference).is_none()) {
        return Some(format!("the rule '{missing}' that the correlation names is not loaded"));
    }
    // Breadth first through the chain; meeting the start again is a circle.
    let mut seen = HashSet::new();
    let mut layer = vec![position];
    for _ in 0..=MAX_DEPTH {
        let mut next = Vec::new();
        for at in layer {
            let Some(below) = rules.get(at).and_then(correlation) else { continue };
            for base in below.references.iter().filter_map(|reference| find(index, reference)) {
                if base == position {
                    return Some("the correlation depends on itself".to_owned());
                }
                if seen.insert(base) {
                    next.push(base);
                }
            }
        }
        if next.is_empty() {
            return None;
        }
        layer = next;
    }
    Some(format!("correlations are chained more than {MAX_DEPTH} deep"))
}

fn tie(rules: &mut [Rule]) {
    let index = index(rules);
    let bases_of = |correlation: &Correlation| -> Vec<usize> {
        correlation.references.iter().filter_map(|reference| find(&index, reference)).collect()
    };
    let wanted: HashSet<usize> = rules.iter().filter_map(correlation).flat_map(bases_of).collect();
    let bases: HashMap<usize, Base> =
        wanted.into_iter().filter_map(|position| Some((position, Base::of(rules.get(position)?)))).collect();
    let mut silent = HashSet::new();
    for rule in rules.iter_mut() {
        let Body::Correlation(correlation) = &mut rule.body else { continue };
        correlation.bases = bases_of(correlation);
        if !correlation.generate {
            silent.extend(correlation.bases.iter().copied());
        }
        let tied = correlation.bases.iter().zip(&correlation.references).filter_map(|(position, reference)| {
            let base = bases.get(position)?;
            Some((base.group_fields(correlation, reference), base.asks))
        });
        let (group_fields, asks): (Vec<_>, Vec<_>) = tied.unzip();
        let takes_in = (&rule.id, correlation.measure.brings(), &correlation.value_fields, &group_fields, asks);
        correlation.memory = stable_hash([format!("{takes_in:?}").as_bytes()]);
        correlation.group_fields = group_fields;
    }
    for position in silent {
        if let Some(rule) = rules.get_mut(position) {
            rule.alerts = false;
        }
    }
}

/// What correlations want to know of a rule below them.
struct Base {
    id: String,
    name: Option<String>,
    /// Hash of what the rule asks of records, filters and placeholders included; its title and the like are not in it.
    asks: u64,
}

impl Base {
    fn of(rule: &Rule) -> Self {
        let asks = match &rule.body {
            Body::Condition(condition) => {
                let asked = condition.map(&mut |predicate| predicate.key.clone());
                format!("{:?} {asked:?}", rule.log_source)
            }
            Body::Correlation(one) => {
                let (measure, condition, fields) = (one.measure, &one.condition, &one.value_fields);
                format!("{:?}", (measure, condition, fields, &one.references, &one.group_by, one.span))
            }
        };
        Self { id: rule.id.clone(), name: rule.name.clone(), asks: stable_hash([asks.as_bytes()]) }
    }

    /// The rule's fields behind the `group-by` of a correlation that refers to it so.
    fn group_fields(&self, correlation: &Correlation, reference: &str) -> Vec<String> {
        let field = |wanted: &String| {
            let alias = correlation.aliases.iter().find(|alias| alias.alias == *wanted);
            let mapped = alias.and_then(|alias| {
                let by_name = self.name.as_ref().and_then(|name| alias.mapping.get(name));
                alias.mapping.get(reference).or(by_name).or_else(|| alias.mapping.get(&self.id))
            });
            mapped.unwrap_or(wanted).clone()
        };
        correlation.group_by.iter().map(field).collect()
    }
}
