//! The engine: a rule set made ready for evaluation. Immutable and shared between threads; a changed rule set
//! makes a new engine. Rules are compiled per log source when the first record of that log source comes, so that a
//! small node pays only for what it sees.

use crate::correlation::Correlation;
use crate::matches::{Matches, SourceMemory};
use crate::network::Network;
use crate::rules::{Body, Rule, RuleSet};
use event::{Column, LogSource, Record, Value};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Product, category and service as numbers; 0 stands for "left out".
type SourceKey = (u32, u32, u32);

/// What applies to some log sources.
#[derive(Debug, Default)]
struct Met {
    /// Compiled when it is first asked for.
    network: Arc<OnceLock<Arc<Network>>>,
    /// Log sources that records brought.
    sources: Vec<LogSource>,
}

/// A rule set made ready.
#[derive(Debug)]
pub struct Engine {
    rules: Vec<Arc<Rule>>,
    /// Numbers of the words in log sources.
    words: HashMap<Box<str>, u32>,
    /// Rules that ask for the same product, category and service.
    partitions: HashMap<SourceKey, Vec<usize>>,
    /// By the partitions that apply. As many as the rules tell apart, whatever records call themselves.
    networks: Mutex<HashMap<Box<[SourceKey]>, Met>>,
    /// For each rule the correlations over it, with its place among their bases.
    correlations: Vec<Vec<(usize, usize)>>,
    generation: u64,
}

/// Log sources that are remembered per thread.
const REMEMBERED_SOURCES: usize = 64;
/// Log sources of one network that are remembered to prepare the next engine for. One would do but for rules that come
/// with it and tell more apart.
const MET_SOURCES: usize = 16;

impl Engine {
    pub fn new(rules: RuleSet) -> Self {
        let all: Vec<usize> = (0..rules.rules.len()).collect();
        Self::of_these(rules, &all)
    }

    /// For one rule alone: nothing else is compiled but, of a correlation, the rules that it counts. Rules keep their
    /// positions.
    pub fn of_rule(rules: RuleSet, position: usize) -> Self {
        let wanted = rules.with_bases(position);
        Self::of_these(rules, &wanted)
    }

    fn of_these(rules: RuleSet, wanted: &[usize]) -> Self {
        static GENERATION: AtomicU64 = AtomicU64::new(1);
        let mut engine = Self {
            correlations: vec![Vec::new(); rules.rules.len()],
            rules: rules.rules,
            words: HashMap::new(),
            partitions: HashMap::new(),
            networks: Mutex::default(),
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
        };
        for position in wanted {
            engine.place(*position);
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
            Body::Condition(_) => {
                let source = &rule.log_source;
                let key = (self.word(&source.product), self.word(&source.category), self.word(&source.service));
                self.partitions.entry(key).or_default().push(position);
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
        self.partitions.values().map(Vec::len).sum()
    }

    /// Finds the rules that match `record`; `matches` holds them until the next call.
    pub fn evaluate(&self, record: &dyn Record, matches: &mut Matches) {
        matches.detections.clear();
        if matches.engine != self.generation {
            matches.engine = self.generation;
            matches.sources.clear();
        }
        let source = record.log_source();
        match matches.sources.iter().position(|known| same(&known.source, source)) {
            Some(0) => {}
            Some(place) => {
                // What comes often stays near the front.
                matches.sources.swap(place, place / 2);
                return self.evaluate_as(place / 2, record, matches);
            }
            None => {
                if matches.sources.len() >= REMEMBERED_SOURCES {
                    matches.sources.truncate(REMEMBERED_SOURCES / 2);
                }
                let network = self.network_for(source);
                let place = matches.sources.len();
                matches.sources.push(SourceMemory { source: source.clone(), network, memory: Default::default() });
                return self.evaluate_as(place, record, matches);
            }
        }
        self.evaluate_as(0, record, matches);
    }

    fn evaluate_as(&self, place: usize, record: &dyn Record, matches: &mut Matches) {
        let Matches { detections, sources, scratch, .. } = matches;
        if let Some(SourceMemory { network, memory, .. }) = sources.get_mut(place) {
            network.evaluate(record, memory, scratch, detections);
        }
        if detections.len() > 1 {
            detections.sort_by_key(|detection| detection.rule);
        }
    }

    /// Compiles the rules now for every log source that one of them names, instead of when a record of it comes;
    /// for measurements.
    pub fn warm_up(&self) {
        for rule in &self.rules {
            let word = |word: &Option<String>| word.as_deref().map(Arc::from);
            let source = &rule.log_source;
            self.network_for(&LogSource {
                product: word(&source.product),
                categories: word(&source.category).into_iter().collect(),
                services: word(&source.service).into_iter().collect(),
            });
        }
    }

    /// Compiles what applies to the log sources whose records `before` has met, so that no record waits for it when
    /// this engine takes over.
    pub fn prepare_like(&self, before: &Self) {
        for source in &before.met() {
            self.network_for(source);
        }
    }

    /// Log sources whose records it has met, some of each network.
    pub(crate) fn met(&self) -> Vec<LogSource> {
        let networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        networks.values().flat_map(|met| met.sources.iter().cloned()).collect()
    }

    #[cfg(test)]
    pub(crate) fn networks_ready(&self) -> usize {
        let networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        networks.values().filter(|met| met.network.get().is_some()).count()
    }

    /// What applies to a log source, compiled.
    fn network_for(&self, source: &LogSource) -> Arc<Network> {
        let partitions = self.partitions_for(source);
        let network = {
            let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
            let met = networks.entry(partitions.as_slice().into()).or_default();
            if met.sources.len() < MET_SOURCES && !met.sources.contains(source) {
                met.sources.push(source.clone());
            }
            met.network.clone()
        };
        let compile = || {
            let mut members: Vec<usize> =
                partitions.iter().filter_map(|key| self.partitions.get(key)).flatten().copied().collect();
            members.sort_unstable();
            Arc::new(Network::new(&self.rules, &members))
        };
        network.get_or_init(compile).clone()
    }

    /// The partitions that apply to a log source, sorted.
    fn partitions_for(&self, source: &LogSource) -> Vec<SourceKey> {
        let word = |text: &str| self.words.get(text.to_lowercase().as_str()).copied();
        let with_none = |words: Vec<u32>| std::iter::once(0).chain(words).collect::<Vec<u32>>();
        let products = with_none(source.product.iter().filter_map(|text| word(text)).collect());
        let categories = with_none(source.categories.iter().filter_map(|text| word(text)).collect());
        let services = with_none(source.services.iter().filter_map(|text| word(text)).collect());
        let mut list = Vec::new();
        for product in &products {
            for category in &categories {
                for service in &services {
                    let key = (*product, *category, *service);
                    list.extend(self.partitions.contains_key(&key).then_some(key));
                }
            }
        }
        list.sort_unstable();
        list.dedup();
        list
    }

    pub(crate) fn correlations_of(&self, rule: usize) -> &[(usize, usize)] {
        self.correlations.get(rule).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn correlation(&self, rule: usize) -> Option<&Correlation> {
        match &self.rules.get(rule)?.body {
            Body::Correlation(correlation) => Some(correlation),
            Body::Condition(_) => None,
        }
    }
}

/// Whether two log sources are the same; their words mostly lie at the same place in memory.
fn same(left: &LogSource, right: &LogSource) -> bool {
    let word = |left: &Arc<str>, right: &Arc<str>| Arc::ptr_eq(left, right) || left == right;
    let words = |left: &[Arc<str>], right: &[Arc<str>]| {
        left.len() == right.len() && left.iter().zip(right).all(|(left, right)| word(left, right))
    };
    words(&left.categories, &right.categories)
        && words(&left.services, &right.services)
        && match (&left.product, &right.product) {
            (Some(left), Some(right)) => word(left, right),
            (left, right) => left.is_none() && right.is_none(),
        }
}

/// A field of the record by name, else the common column of that name.
pub(crate) fn lookup<'r>(record: &'r dyn Record, name: &str) -> Option<&'r Value> {
    record.field(name).or_else(|| Column::from_name(name).and_then(|column| record.column(column)))
}
