//! The engine: a rule set made ready for evaluation. Immutable and shared between threads; a changed rule set
//! makes a new engine. Rules are compiled per log source when the first record of that log source comes, so that a
//! small node pays only for what it sees.

use crate::correlation::Correlation;
use crate::expression::Expression;
use crate::matches::Matches;
use crate::network::Network;
use crate::predicate::Test;
use crate::rules::{Body, Rule, RuleSet};
use crate::view::{FieldNumbers, View};
use event::{Column, LogSource, Record, Value};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Positions of the partitions that apply to a log source.
pub(crate) type PartitionList = Arc<[usize]>;

/// Rules that ask for the same product, category and service.
#[derive(Debug)]
struct Partition {
    members: Vec<usize>,
    network: OnceLock<Network>,
}

/// Product, category and service as numbers; 0 stands for "left out".
type SourceKey = (u32, u32, u32);

/// A rule set made ready.
#[derive(Debug)]
pub struct Engine {
    rules: Vec<Arc<Rule>>,
    names: FieldNumbers,
    /// Numbers of the words in log sources.
    words: HashMap<Box<str>, u32>,
    keys: HashMap<SourceKey, usize>,
    partitions: Vec<Partition>,
    /// For each rule the correlations over it, with its place among their bases.
    correlations: Vec<Vec<(usize, usize)>>,
    generation: u64,
}

/// Log sources whose partitions are remembered per thread.
const REMEMBERED_SOURCES: usize = 64;

impl Engine {
    pub fn new(rules: RuleSet) -> Self {
        static GENERATION: AtomicU64 = AtomicU64::new(1);
        let mut engine = Self {
            correlations: vec![Vec::new(); rules.rules.len()],
            rules: rules.rules,
            names: FieldNumbers::default(),
            words: HashMap::new(),
            keys: HashMap::new(),
            partitions: Vec::new(),
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
        };
        for position in 0..engine.rules.len() {
            engine.place(position);
        }
        engine
    }

    fn place(&mut self, position: usize) {
        let Some(rule) = self.rules.get(position).cloned() else { return };
        match &rule.body {
            Body::Correlation(correlation) => {
                for (base, target) in correlation.bases.iter().enumerate() {
                    if let Some(list) = self.correlations.get_mut(*target) {
                        list.push((position, base));
                    }
                }
            }
            // Without its placeholders' values the rule would ask something else than its author meant.
            Body::Condition(_) if !rule.needs_placeholders.is_empty() => {}
            Body::Condition(condition) => {
                intern_fields(condition, &mut self.names);
                let source = &rule.log_source;
                let key = (self.word(&source.product), self.word(&source.category), self.word(&source.service));
                let next = self.partitions.len();
                let partition = *self.keys.entry(key).or_insert(next);
                if partition == next {
                    self.partitions.push(Partition { members: Vec::new(), network: OnceLock::new() });
                }
                if let Some(partition) = self.partitions.get_mut(partition) {
                    partition.members.push(position);
                }
            }
        }
    }

    fn word(&mut self, word: &Option<String>) -> u32 {
        let Some(word) = word else { return 0 };
        let next = u32::try_from(self.words.len() + 1).unwrap_or(u32::MAX);
        *self.words.entry(word.as_str().into()).or_insert(next)
    }

    /// All rules, correlations among them; detections and matches name them by position.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// Number of rules that can match records.
    pub fn active_rules(&self) -> usize {
        self.partitions.iter().map(|partition| partition.members.len()).sum()
    }

    /// Finds the rules that match `record`; `matches` holds them until the next call.
    pub fn evaluate(&self, record: &dyn Record, matches: &mut Matches) {
        matches.detections.clear();
        if matches.engine != self.generation {
            *matches = Matches { engine: self.generation, epoch: matches.epoch, ..Matches::default() };
        }
        let partitions = self.partitions_for(record.log_source(), matches);
        if partitions.is_empty() {
            return;
        }
        let view = View::new(record, &self.names);
        for partition in partitions.iter().filter_map(|position| self.partitions.get(*position)) {
            let network = partition.network.get_or_init(|| Network::new(&self.rules, &partition.members, &self.names));
            network.evaluate(&view, matches);
        }
        matches.detections.sort_by_key(|detection| detection.rule);
    }

    /// Compiles every rule now instead of when its log source is first seen; for measurements.
    pub fn warm_up(&self) {
        for partition in &self.partitions {
            partition.network.get_or_init(|| Network::new(&self.rules, &partition.members, &self.names));
        }
    }

    fn partitions_for(&self, source: &LogSource, matches: &mut Matches) -> PartitionList {
        if let Some((_, list)) = matches.partitions.iter().find(|(known, _)| known == source) {
            return list.clone();
        }
        let word = |text: &str| self.words.get(text.to_lowercase().as_str()).copied();
        let with_none = |words: Vec<u32>| std::iter::once(0).chain(words).collect::<Vec<u32>>();
        let products = with_none(source.product.iter().filter_map(|text| word(text)).collect());
        let mut categories = with_none(source.categories.iter().filter_map(|text| word(text)).collect());
        let mut services = with_none(source.services.iter().filter_map(|text| word(text)).collect());
        categories.dedup();
        services.dedup();
        let mut list = Vec::new();
        for product in &products {
            for category in &categories {
                for service in &services {
                    list.extend(self.keys.get(&(*product, *category, *service)));
                }
            }
        }
        list.sort_unstable();
        list.dedup();
        let list: PartitionList = list.into();
        if matches.partitions.len() >= REMEMBERED_SOURCES {
            matches.partitions.clear();
        }
        matches.partitions.push((source.clone(), list.clone()));
        list
    }

    pub(crate) fn correlations_of(&self, rule: usize) -> &[(usize, usize)] {
        self.correlations.get(rule).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn correlation(&self, rule: usize) -> Option<(&Correlation, u64)> {
        let rule = self.rules.get(rule)?;
        match &rule.body {
            Body::Correlation(correlation) => Some((correlation, rule.fingerprint)),
            Body::Condition(_) => None,
        }
    }
}

fn intern_fields(condition: &Expression, names: &mut FieldNumbers) {
    condition.map(&mut |predicate| {
        if let Some(field) = &predicate.field {
            names.intern(field);
        }
        if let Test::SameAs { other, .. } = &predicate.test {
            names.intern(other);
        }
    });
}

/// A field of the record by name, else the common column of that name.
pub(crate) fn lookup<'r>(record: &'r dyn Record, name: &str) -> Option<&'r Value> {
    record.field(name).or_else(|| Column::from_name(name).and_then(|column| record.column(column)))
}
