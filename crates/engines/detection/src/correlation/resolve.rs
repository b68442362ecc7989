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
    let names: Vec<(String, Option<String>, u64)> =
        rules.iter().map(|rule| (rule.id.clone(), rule.name.clone(), rule.fingerprint)).collect();
    let mut silent = HashSet::new();
    for rule in rules.iter_mut() {
        let Body::Correlation(correlation) = &mut rule.body else { continue };
        correlation.bases = correlation.references.iter().filter_map(|reference| find(&index, reference)).collect();
        if !correlation.generate {
            silent.extend(correlation.bases.iter().copied());
        }
        let mut parts = vec![rule.fingerprint.to_le_bytes()];
        let mut group_fields = Vec::with_capacity(correlation.bases.len());
        for (base, reference) in correlation.bases.iter().zip(&correlation.references) {
            let Some((id, name, fingerprint)) = names.get(*base) else { continue };
            parts.push(fingerprint.to_le_bytes());
            let field = |wanted: &String| {
                let alias = correlation.aliases.iter().find(|alias| alias.alias == *wanted);
                let mapped = alias.and_then(|alias| {
                    let by_name = name.as_ref().and_then(|name| alias.mapping.get(name));
                    alias.mapping.get(reference).or(by_name).or_else(|| alias.mapping.get(id))
                });
                mapped.unwrap_or(wanted).clone()
            };
            group_fields.push(correlation.group_by.iter().map(field).collect());
        }
        correlation.group_fields = group_fields;
        rule.fingerprint = stable_hash(parts.iter().map(<[u8; 8]>::as_slice));
    }
    for position in silent {
        if let Some(rule) = rules.get_mut(position) {
            rule.alerts = false;
        }
    }
}
