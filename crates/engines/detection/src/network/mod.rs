//! The rules that apply to a log source compiled together: literals of all rules, sought once per field, choose the
//! few rules that can match a record, and only those are evaluated, each predicate at most once per record.

mod need;
mod needles;
mod scan;
mod shapes;

use crate::expression::Expression;
use crate::matches::{Detection, MatchedField};
use crate::predicate::{Predicate, Test};
use crate::rules::{Body, Rule};
use crate::view::{Scratch, View};
use event::{Column, Names, Record};
pub(crate) use need::texts;
use need::{Trigger, needs};
use scan::{FieldScan, ScanBuilder};
pub(crate) use shapes::ShapeSlots;
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

/// Compiled rules of one log source.
#[derive(Debug, Default)]
pub(crate) struct Network {
    rules: Vec<NetworkRule>,
    predicates: Vec<Placed>,
    /// Numbers of the fields that rules name.
    names: Names,
    /// Fields that are common columns.
    columns: Vec<(Column, usize)>,
    fields: Vec<FieldScan>,
    keywords: Option<FieldScan>,
    /// Rules for which nothing is necessary that could be looked for.
    always: Vec<u32>,
}

/// What one thread remembers of one network from record to record.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    epoch: u64,
    /// Per rule: epoch in which it became a candidate.
    candidates: Vec<u64>,
    queue: Vec<u32>,
    /// Per predicate: epoch and answer of the last evaluation.
    answers: Vec<(u64, bool)>,
    shapes: ShapeSlots,
}

const MAX_SHOWN_BYTES: usize = 4_096;

impl Network {
    pub(crate) fn new(rules: &[Arc<Rule>], members: &[usize]) -> Self {
        let mut network = Self::default();
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut builders: HashMap<Option<usize>, ScanBuilder> = HashMap::new();
        for position in members {
            let Some(Body::Condition(condition)) = rules.get(*position).map(|rule| &rule.body) else { continue };
            let local = u32::try_from(network.rules.len()).unwrap_or(u32::MAX);
            let mut root = condition.map(&mut |predicate| network.place(predicate, &mut known));
            root.order(&|leaf: &u32| {
                network.predicates.get(*leaf as usize).map_or(1, |placed| 1 << (2 * u32::from(placed.predicate.cost())))
            });
            match needs(condition) {
                None => network.always.push(local),
                Some(needed) => {
                    for need in needed {
                        let (field, trigger) = need.split();
                        let slot = field.and_then(|field| network.slot_of(&field));
                        let trigger = match trigger {
                            // What is a whole text is also a part of one.
                            Trigger::Whole(text) if slot.is_none() => Trigger::Part(text),
                            other => other,
                        };
                        builders.entry(slot).or_default().add(trigger, local);
                    }
                }
            }
            network.rules.push(NetworkRule { rule: *position, root });
        }
        network.keywords = builders.remove(&None).map(|builder| builder.build(usize::MAX));
        if let Some(keywords) = &network.keywords {
            network.always.extend_from_slice(keywords.present());
            network.always.sort_unstable();
            network.always.dedup();
        }
        network.fields = builders.into_iter().filter_map(|(slot, builder)| Some(builder.build(slot?))).collect();
        network.fields.sort_by_key(|field| field.slot);
        network
    }

    fn place(&mut self, predicate: &Arc<Predicate>, known: &mut HashMap<String, u32>) -> u32 {
        if let Some(number) = known.get(&*predicate.key) {
            return *number;
        }
        let slot = predicate.field.as_deref().map(|field| self.intern(field));
        if let Test::SameAs { other, .. } = &predicate.test {
            self.intern(other);
        }
        let number = u32::try_from(self.predicates.len()).unwrap_or(u32::MAX);
        self.predicates.push(Placed { slot, predicate: predicate.clone() });
        known.insert(predicate.key.to_string(), number);
        number
    }

    fn intern(&mut self, name: &str) -> usize {
        let known = self.names.len();
        let slot = self.names.intern(name);
        if slot == known {
            self.columns.extend(Column::from_name(name).map(|column| (column, slot)));
        }
        slot
    }

    /// Number of a field by its name.
    pub(crate) fn slot_of(&self, name: &str) -> Option<usize> {
        self.names.get(name)
    }

    /// How many fields have numbers.
    pub(crate) fn slots(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn columns(&self) -> &[(Column, usize)] {
        &self.columns
    }

    /// Length of the shortest keyword; `None` where no keyword is sought.
    pub(crate) fn shortest_keyword(&self) -> Option<usize> {
        self.keywords.as_ref().and_then(FieldScan::shortest_part)
    }

    /// Whether a keyword can stand in the spelling of a number.
    pub(crate) fn keywords_in_numbers(&self) -> bool {
        self.keywords.as_ref().is_some_and(FieldScan::parts_in_numbers)
    }

    /// Finds the rules of this network that match.
    pub(crate) fn evaluate(
        &self,
        record: &dyn Record,
        memory: &mut Memory,
        scratch: &mut Scratch,
        detections: &mut Vec<Detection>,
    ) {
        if self.rules.is_empty() {
            return;
        }
        memory.epoch += 1;
        memory.queue.clear();
        memory.candidates.resize(self.rules.len(), 0);
        memory.answers.resize(self.predicates.len(), (0, false));
        let view = View::new(record, self, &mut memory.shapes, scratch);
        let Memory { epoch, candidates, queue, .. } = memory;
        let mut nominate = |local: u32| {
            if let Some(when) = candidates.get_mut(local as usize)
                && *when != *epoch
            {
                *when = *epoch;
                queue.push(local);
            }
        };
        self.always.iter().for_each(|local| nominate(*local));
        for field in &self.fields {
            field.scan(&view, &mut nominate);
        }
        if let Some(keywords) = &self.keywords {
            keywords.look_for_parts(view.searched(), &mut nominate);
        }
        let queue = std::mem::take(&mut memory.queue);
        for local in &queue {
            if let Some(rule) = self.rules.get(*local as usize)
                && rule.root.holds(&mut |leaf| self.answer(*leaf, &view, memory))
            {
                let fields = self.reasons(&rule.root, &view, memory);
                detections.push(Detection { rule: rule.rule, fields });
            }
        }
        memory.queue = queue;
        view.recycle(scratch);
    }

    fn answer(&self, leaf: u32, view: &View<'_>, memory: &mut Memory) -> bool {
        let epoch = memory.epoch;
        if let Some((when, answer)) = memory.answers.get(leaf as usize)
            && *when == epoch
        {
            return *answer;
        }
        let answer = self.predicates.get(leaf as usize).is_some_and(|placed| ask(placed, view));
        if let Some(place) = memory.answers.get_mut(leaf as usize) {
            *place = (epoch, answer);
        }
        answer
    }

    fn reasons(&self, root: &Expression<u32>, view: &View<'_>, memory: &mut Memory) -> Vec<MatchedField> {
        let mut leaves: Vec<u32> = Vec::new();
        root.reasons(&mut |leaf| self.answer(*leaf, view, memory), &mut |leaf| {
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

fn ask(placed: &Placed, view: &View<'_>) -> bool {
    let test = &placed.predicate.test;
    match placed.slot {
        Some(slot) => test.holds(view, slot),
        None if placed.predicate.field.is_some() => false,
        None => view.keyword_texts().iter().any(|(text, folded)| test.holds_for_text(text, folded)),
    }
}
