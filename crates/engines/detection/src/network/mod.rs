//! The rules of one log source compiled together: literals of all rules in one automaton per field choose the few
//! rules that can match a record, and only those are evaluated, each predicate at most once per record.

mod need;
mod scan;

use crate::expression::Expression;
use crate::matches::{Detection, MatchedField, Matches};
use crate::predicate::Predicate;
use crate::rules::{Body, Rule};
use crate::view::{FieldNumbers, View};
use need::needs;
use scan::{FieldScan, ScanBuilder};
use std::collections::HashMap;
use std::sync::Arc;

/// A predicate with the number of its field; without one it asks every text.
#[derive(Debug)]
struct Placed {
    slot: Option<usize>,
    predicate: Arc<Predicate>,
}

#[derive(Debug)]
struct NetworkRule {
    /// Position in the engine.
    rule: usize,
    root: Expression<u32>,
}

/// Compiled rules of one (product, category, service).
#[derive(Debug)]
pub(crate) struct Network {
    rules: Vec<NetworkRule>,
    predicates: Vec<Placed>,
    fields: Vec<FieldScan>,
    keywords: Option<FieldScan>,
    /// Rules for which nothing is necessary that could be looked for.
    always: Vec<u32>,
}

const MAX_SHOWN_BYTES: usize = 4_096;

impl Network {
    pub(crate) fn new(rules: &[Arc<Rule>], members: &[usize], names: &FieldNumbers) -> Self {
        let mut predicates: Vec<Placed> = Vec::new();
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut builders: HashMap<Option<usize>, ScanBuilder> = HashMap::new();
        let mut compiled = Vec::with_capacity(members.len());
        let mut always = Vec::new();
        for position in members {
            let Some(Body::Condition(condition)) = rules.get(*position).map(|rule| &rule.body) else { continue };
            let local = u32::try_from(compiled.len()).unwrap_or(u32::MAX);
            let mut root = condition.map(&mut |predicate| {
                *known.entry(predicate.key()).or_insert_with(|| {
                    let slot = predicate.field.as_deref().and_then(|field| names.get(field));
                    predicates.push(Placed { slot, predicate: predicate.clone() });
                    u32::try_from(predicates.len() - 1).unwrap_or(u32::MAX)
                })
            });
            root.order(&|leaf: &u32| {
                predicates.get(*leaf as usize).map_or(1, |placed| 1 << (2 * u32::from(placed.predicate.cost())))
            });
            match needs(condition) {
                None => always.push(local),
                Some(needed) => {
                    for need in needed {
                        let (field, trigger) = need.split();
                        let slot = field.and_then(|field| names.get(&field));
                        builders.entry(slot).or_default().add(trigger, local);
                    }
                }
            }
            compiled.push(NetworkRule { rule: *position, root });
        }
        let keywords = builders.remove(&None).map(|builder| builder.build(usize::MAX));
        let mut fields: Vec<FieldScan> =
            builders.into_iter().filter_map(|(slot, builder)| Some(builder.build(slot?))).collect();
        fields.sort_by_key(|field| field.slot);
        Self { rules: compiled, predicates, fields, keywords, always }
    }

    /// Adds the rules of this network that match to the detections.
    pub(crate) fn evaluate(&self, view: &View<'_>, matches: &mut Matches) {
        matches.epoch += 1;
        matches.queue.clear();
        if matches.candidates.len() < self.rules.len() {
            matches.candidates.resize(self.rules.len(), 0);
        }
        if matches.answers.len() < self.predicates.len() {
            matches.answers.resize(self.predicates.len(), (0, false));
        }
        for local in &self.always {
            matches.queue.push(*local);
        }
        let mut spelling = std::mem::take(&mut matches.spelling);
        for field in &self.fields {
            if let Some(value) = view.value(field.slot) {
                field.scan(value, &mut spelling, &mut |local| nominate(matches, local));
            }
        }
        matches.spelling = spelling;
        if let Some(keywords) = &self.keywords {
            view.record.any_text(&mut |text| {
                keywords.scan_text(text, &mut |local| nominate(matches, local));
                false
            });
        }
        let queue = std::mem::take(&mut matches.queue);
        for local in &queue {
            if let Some(rule) = self.rules.get(*local as usize)
                && rule.root.holds(&mut |leaf| self.answer(*leaf, view, matches))
            {
                let fields = self.reasons(&rule.root, view, matches);
                matches.detections.push(Detection { rule: rule.rule, fields });
            }
        }
        matches.queue = queue;
    }

    fn answer(&self, leaf: u32, view: &View<'_>, matches: &mut Matches) -> bool {
        let epoch = matches.epoch;
        if let Some((when, answer)) = matches.answers.get(leaf as usize)
            && *when == epoch
        {
            return *answer;
        }
        let answer = self.predicates.get(leaf as usize).is_some_and(|placed| ask(placed, view));
        if let Some(place) = matches.answers.get_mut(leaf as usize) {
            *place = (epoch, answer);
        }
        answer
    }

    fn reasons(&self, root: &Expression<u32>, view: &View<'_>, matches: &mut Matches) -> Vec<MatchedField> {
        let mut leaves: Vec<u32> = Vec::new();
        root.reasons(&mut |leaf| self.answer(*leaf, view, matches), &mut |leaf| {
            if !leaves.contains(leaf) {
                leaves.push(*leaf);
            }
        });
        let shown = leaves.iter().filter_map(|leaf| {
            let placed = self.predicates.get(*leaf as usize)?;
            let mut value = match placed.slot {
                Some(slot) => placed.predicate.test.evidence(view, slot)?,
                None => {
                    let test = &placed.predicate.test;
                    let texts = view.keyword_texts().iter();
                    let fits = |(text, folded): &&(String, String)| test.holds_for_text(text, folded);
                    texts.filter(fits).map(|(text, _)| text.clone()).next()?
                }
            };
            value.truncate(value.floor_char_boundary(MAX_SHOWN_BYTES));
            let field = placed.predicate.field.as_deref().map(str::to_owned);
            Some(MatchedField { field, value, pattern: placed.predicate.shown.to_string() })
        });
        let mut fields: Vec<MatchedField> = Vec::new();
        for field in shown {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }
}

fn nominate(matches: &mut Matches, local: u32) {
    if let Some(epoch) = matches.candidates.get_mut(local as usize)
        && *epoch != matches.epoch
    {
        *epoch = matches.epoch;
        matches.queue.push(local);
    }
}

fn ask(placed: &Placed, view: &View<'_>) -> bool {
    let test = &placed.predicate.test;
    match placed.slot {
        Some(slot) => test.holds(view, slot),
        None if placed.predicate.field.is_some() => false,
        None => view.keyword_texts().iter().any(|(text, folded)| test.holds_for_text(text, folded)),
    }
}
