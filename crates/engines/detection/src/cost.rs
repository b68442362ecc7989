//! What one rule costs: the time of its own network, alone, over records. In the engine rules share fields and predicates, so
//! all of them together cost less than the sum; what a rule costs alone says which one to look at.

use crate::network::{Memory, Network};
use crate::rules::{Body, RuleSet};
use crate::view::Scratch;
use event::Record;
use std::time::Instant;

/// Cost of one rule, measured alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleCost {
    /// Records of the rule's kind of log among those given; no others reach it.
    pub records: usize,
    /// Time per such record, in nanoseconds; nothing where there was none.
    pub nanoseconds: Option<f64>,
}

impl RuleSet {
    /// Measures the rule at a position over the records that are of its kind of log: the fastest of some runs, after one that
    /// does not count. Nothing for a correlation, which looks at matches, and for a rule without its placeholders' values.
    pub fn cost(&self, position: usize, records: &[impl Record], runs: usize) -> Option<RuleCost> {
        let rule = self.rules.get(position).filter(|rule| rule.needs_placeholders.is_empty())?;
        let Body::Condition(_) = &rule.body else { return None };
        let source = &rule.log_source;
        let (product, category, service) =
            (source.product.as_deref(), source.category.as_deref(), source.service.as_deref());
        let fitting: Vec<_> =
            records.iter().filter(|record| record.log_source().matches(product, category, service)).collect();
        if fitting.is_empty() {
            return Some(RuleCost { records: 0, nanoseconds: None });
        }
        let network = Network::new(&self.rules, &[position]);
        let (mut memory, mut scratch, mut detections) = (Memory::default(), Scratch::default(), Vec::new());
        let mut run = || {
            let started = Instant::now();
            for record in &fitting {
                detections.clear();
                network.evaluate(*record, &mut memory, &mut scratch, &mut detections);
            }
            started.elapsed()
        };
        run();
        let fastest = (0..runs.max(1)).map(|_| run()).min()?;
        let nanoseconds = fastest.as_nanos() as f64 / fitting.len() as f64;
        Some(RuleCost { records: fitting.len(), nanoseconds: Some(nanoseconds) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::{Event, LogSource, Value};

    const RULE: &str = "title: A\nid: 6f3b2a10-0000-4000-8000-000000000001\nlogsource: {product: linux}\n\
        detection: {s: {CommandLine|contains: [curl, wget]}, condition: s}\n";
    const MANY: &str = "title: B\nid: 6f3b2a10-0000-4000-8000-000000000002\ncorrelation: {type: event_count, rules: \
        [6f3b2a10-0000-4000-8000-000000000001], group-by: [user], timespan: 1m, condition: {gte: 2}}\n";
    const WAITING: &str = "title: C\nid: 6f3b2a10-0000-4000-8000-000000000003\nlogsource: {product: linux}\n\
        detection: {s: {user|expand: '%admins%'}, condition: s}\n";

    fn record(product: &str, line: &str) -> Event {
        let mut event = Event {
            log_source: LogSource { product: Some(product.into()), ..LogSource::default() },
            ..Event::default()
        };
        event.fields.set("CommandLine", Value::from(line));
        event
    }

    #[test]
    fn a_rule_is_measured_over_the_records_of_its_kind_alone() {
        let (set, errors) = RuleSet::from_texts([("a.yml", RULE), ("b.yml", MANY), ("c.yml", WAITING)]);
        assert_eq!(errors, []);
        let records: Vec<_> = (0..100).map(|_| record("linux", "ls -l")).chain([record("windows", "curl")]).collect();
        let at = |id: &str| set.position(&format!("6f3b2a10-0000-4000-8000-00000000000{id}")).expect("a rule");
        let cost = set.cost(at("1"), &records, 2).expect("measured");
        assert_eq!(cost.records, 100);
        assert!(cost.nanoseconds.is_some_and(|time| time > 0.0 && time < 1e6), "{cost:?}");
        let none = RuleCost { records: 0, nanoseconds: None };
        assert_eq!(set.cost(at("1"), &records[100..], 2), Some(none), "nothing is said of what was not measured");
        assert_eq!((set.cost(at("2"), &records, 2), set.cost(at("3"), &records, 2)), (None, None));
        assert_eq!(set.cost(9, &records, 2), None);
    }
}
