//! Ties correlations to the rules they name, by id or name, and refuses those that cannot be tied.

use super::Correlation;
use crate::hash::stable_hash;
use crate::rules::{Body, Rule, RuleError, Warning};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Longest chain of correlations over correlations.
const MAX_DEPTH: usize = 8;

/// Fills the positions of base rules, tells base rules which correlations keep them silent, and takes out correlations whose
/// bases are missing or that depend on themselves. Names that several rules bear are told among the warnings of these rules.
pub(crate) fn resolve(rules: &mut Vec<Rule>) -> Vec<RuleError> {
    let mut refused = Vec::new();
    loop {
        let index = Index::of(rules);
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

/// Rules by what correlations call them.
struct Index {
    ids: HashMap<String, usize>,
    names: HashMap<String, Vec<usize>>,
    paths: Vec<PathBuf>,
}

impl Index {
    fn of(rules: &[Rule]) -> Self {
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (position, rule) in rules.iter().enumerate() {
            if let Some(name) = &rule.name {
                names.entry(name.clone()).or_default().push(position);
            }
        }
        let ids = rules.iter().enumerate().map(|(position, rule)| (rule.id.to_lowercase(), position));
        Self { ids: ids.collect(), names, paths: rules.iter().map(|rule| rule.path.clone()).collect() }
    }

    /// The rule that a rule of the file at `from` means. An id is stronger than a name that looks like it; of rules of one
    /// name that of the same file is meant, else the one that shares most folders with it, at last the one loaded first.
    fn find(&self, from: &Path, reference: &str) -> Option<usize> {
        let lower = reference.to_lowercase();
        if let Some(position) = self.ids.get(&lower) {
            return Some(*position);
        }
        let named = self.names.get(reference).or_else(|| self.names.get(&lower))?;
        let near = |position: &usize| self.paths.get(*position).map(|path| nearness(from, path));
        // Of several that are equally near the last is taken.
        named.iter().copied().rev().max_by_key(near)
    }
}

/// How near two files are: the same, or so many folders above both.
fn nearness(one: &Path, other: &Path) -> usize {
    if one == other {
        return usize::MAX;
    }
    one.components().zip(other.components()).take_while(|(one, other)| one == other).count()
}

/// A rule whose name another bears says so.
fn tell_of_names(rules: &mut [Rule], index: &Index) {
    for (name, named) in &index.names {
        let Some((first, others)) = named.split_first().filter(|(_, others)| !others.is_empty()) else { continue };
        let Some(place) = rules.get(*first).map(|rule| format!("{}:{}", rule.path.display(), rule.line)) else {
            continue;
        };
        for position in others {
            if let Some(rule) = rules.get_mut(*position) {
                let line = crate::rules::line_of_key(&rule.text, "name", rule.line);
                let reason = format!(
                    "the name '{name}' is also that of the rule at {place}; a correlation that names it counts the one in \
                     its own file or nearest to it"
                );
                rule.warnings.push(Warning { line, reason });
            }
        }
    }
}

fn correlation(rule: &Rule) -> Option<&Correlation> {
    match &rule.body {
        Body::Correlation(correlation) => Some(correlation),
        Body::Condition(_) => None,
    }
}

fn problem(rule: &Rule, position: usize, rules: &[Rule], index: &Index) -> Option<String> {
    let own = correlation(rule)?;
    if let Some(missing) = own.references.iter().find(|reference| index.find(&rule.path, reference).is_none()) {
        return Some(format!("the rule '{missing}' that the correlation names is not loaded"));
    }
    // Breadth first through the chain; meeting the start again is a circle.
    let mut seen = HashSet::new();
    let mut layer = vec![position];
    for _ in 0..=MAX_DEPTH {
        let mut next = Vec::new();
        for at in layer {
            let Some(rule) = rules.get(at) else { continue };
            let Some(below) = correlation(rule) else { continue };
            for base in below.references.iter().filter_map(|reference| index.find(&rule.path, reference)) {
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
    let index = Index::of(rules);
    tell_of_names(rules, &index);
    let bases_of = |from: &Path, correlation: &Correlation| -> Vec<usize> {
        correlation.references.iter().filter_map(|reference| index.find(from, reference)).collect()
    };
    let correlations = rules.iter().filter_map(|rule| Some((rule, correlation(rule)?)));
    let wanted: HashSet<usize> = correlations.flat_map(|(rule, own)| bases_of(&rule.path, own)).collect();
    let bases: HashMap<usize, Base> =
        wanted.into_iter().filter_map(|position| Some((position, Base::of(rules.get(position)?)))).collect();
    let mut counted: Vec<(usize, usize)> = Vec::new();
    for (position, rule) in rules.iter_mut().enumerate() {
        let Body::Correlation(correlation) = &mut rule.body else { continue };
        correlation.bases = bases_of(&rule.path, correlation);
        if !correlation.generate {
            counted.extend(correlation.bases.iter().map(|base| (*base, position)));
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
    for (base, position) in counted {
        if let Some(rule) = rules.get_mut(base).filter(|rule| !rule.counted_by.contains(&position)) {
            rule.counted_by.push(position);
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
