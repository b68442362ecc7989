//! One record's matches go into the state; correlations that match come out, and go in again for correlations
//! over correlations.

use super::state::{CorrelationMatch, CorrelationState, Episode, Moment, bytes_of};
use super::window::{Entry, Measured};
use super::{Correlation, Measure};
use crate::engine::{Engine, lookup};
use crate::matches::Matches;
use event::{Record, Value};

/// A match of a base rule: of the record itself, or of a correlation that the record completed.
struct Signal {
    rule: usize,
    seq: u64,
    /// A correlation's signal takes the place of the earlier one of its episode.
    renews: bool,
    group: Vec<(String, String)>,
}

impl CorrelationState {
    /// Takes in what a record matched and returns the correlations that hold now. The same record again changes
    /// nothing and gives nothing. A correlation that `feeds` refuses is returned and counts for none above it: whoever runs
    /// the engine may know that it is off or excepted. One that only is no alert of its own (`generate` of another is
    /// false) counts.
    pub fn observe(
        &mut self,
        engine: &Engine,
        record: &dyn Record,
        moment: Moment,
        matches: &Matches,
        feeds: &mut dyn FnMut(&CorrelationMatch) -> bool,
    ) -> Vec<CorrelationMatch> {
        let mut found = Vec::new();
        let based = |rule: usize| !engine.correlations_of(rule).is_empty();
        let mut signals: Vec<Signal> = matches
            .detections()
            .iter()
            .filter(|detection| based(detection.rule))
            .map(|detection| Signal { rule: detection.rule, seq: moment.seq, renews: false, group: Vec::new() })
            .collect();
        let mut next = 0;
        while let Some(signal) = signals.get(next) {
            let mut raised = Vec::new();
            for (rule, base) in engine.correlations_of(signal.rule) {
                if let Some(hit) = self.take(engine, *rule, *base, signal, record, moment) {
                    raised.push(hit);
                }
            }
            for hit in raised {
                if based(hit.rule) && feeds(&hit) {
                    signals.push(Signal { rule: hit.rule, seq: hit.first_seq, renews: true, group: hit.group.clone() });
                }
                found.push(hit);
            }
            next += 1;
        }
        found
    }

    fn take(
        &mut self,
        engine: &Engine,
        rule: usize,
        base: usize,
        signal: &Signal,
        record: &dyn Record,
        moment: Moment,
    ) -> Option<CorrelationMatch> {
        let correlation = engine.correlation(rule)?;
        let keys = group_values(correlation, base, signal, record);
        let value = measured_value(correlation, record);
        let (Some(mut keys), Some(mut value)) = (keys, value) else {
            self.counters.without_group += 1;
            return None;
        };
        for key in &mut keys {
            if let Some(short) = self.shortened(key) {
                *key = short;
            }
        }
        if let Measured::Text(text) = &mut value
            && let Some(short) = self.shortened(text)
        {
            *text = short.into();
        }
        let tick = self.tick(moment);
        let lateness = self.limits.lateness;
        let groups = self.rules.entry((correlation.memory, moment.scope)).or_default();
        let names = || correlation.group_by.iter().cloned().zip(keys.iter().cloned()).collect();
        if !groups.contains_key(keys.as_slice()) {
            self.counters.groups += 1;
            self.counters.bytes += bytes_of(&keys);
        }
        let group = groups.entry(keys.clone().into_boxed_slice()).or_default();
        group.touched = tick;
        group.span = correlation.span;
        let (before, bytes_before) = (group.window.entries().len(), group.window.bytes());
        if signal.renews {
            group.window.withdraw(base, signal.seq);
        }
        let is_new = group.window.insert(Entry { time: moment.time, seq: signal.seq, base, value, weight: 1 });
        // A clock that runs ahead must not make a group forget what the others say.
        let kept = correlation.span.saturating_add(lateness);
        group.window.forget_before(moment.time.min(moment.arrival).saturating_sub(kept));
        self.counters.forgotten_entries += group.window.shrink(correlation, kept) as u64;
        self.counters.entries = (self.counters.entries + group.window.entries().len()).saturating_sub(before);
        self.counters.bytes = (self.counters.bytes + group.window.bytes()).saturating_sub(bytes_before);
        let place = group.window.find(moment.time, signal.seq, base).ok().filter(|_| is_new)?;
        let hit = group.window.matching(correlation, place)?;
        let events = group.window.entries().get(hit.range.clone())?;
        let (first, last) = (events.first()?, events.last()?);
        let goes_on = group.episode.filter(|episode| first.time <= episode.last);
        let (started, first_seq, seqs) = match goes_on {
            Some(episode) => (false, episode.first_seq, vec![signal.seq]),
            None => (true, first.seq, in_order_of_time(events)),
        };
        let end = goes_on.map_or(last.time, |episode| episode.last.max(last.time));
        let found = CorrelationMatch {
            rule,
            group: names(),
            started,
            first_seq,
            seqs,
            first: first.time,
            last: last.time,
            number: hit.number,
        };
        group.episode = Some(Episode { first_seq, last: end });
        Some(found)
    }
}

fn in_order_of_time(events: &[Entry]) -> Vec<u64> {
    let mut seqs: Vec<u64> = Vec::with_capacity(events.len());
    for entry in events {
        if seqs.last() != Some(&entry.seq) {
            seqs.push(entry.seq);
        }
    }
    seqs
}

/// Values of the `group-by` fields; `None` where one is missing. A correlation's own group stands in for fields
/// that the completing record lacks.
fn group_values(correlation: &Correlation, base: usize, signal: &Signal, record: &dyn Record) -> Option<Vec<String>> {
    let fields = correlation.group_fields.get(base)?;
    let value = |field: &String| {
        let own = lookup(record, field).and_then(first_text);
        own.or_else(|| signal.group.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()))
    };
    fields.iter().map(value).collect()
}

/// What the record brings to the measure; `None` where it lacks what is measured.
fn measured_value(correlation: &Correlation, record: &dyn Record) -> Option<Measured> {
    let mut parts = Vec::with_capacity(correlation.value_fields.len());
    if correlation.measure.needs_value() {
        for field in &correlation.value_fields {
            parts.push(lookup(record, field).and_then(first_text)?);
        }
    }
    match correlation.measure {
        Measure::Events | Measure::Rules | Measure::RulesInOrder => Some(Measured::Nothing),
        Measure::DistinctValues => Some(Measured::Text(parts.join("\u{0}").into())),
        Measure::Sum | Measure::Average | Measure::Percentile(_) => {
            let number = parts.pop()?.trim().parse().ok().filter(|number: &f64| number.is_finite());
            number.map(Measured::Number)
        }
    }
}

fn first_text(value: &Value) -> Option<String> {
    let mut found = None;
    value.any_text(&mut |text| {
        found = Some(text.to_owned());
        true
    });
    found
}
