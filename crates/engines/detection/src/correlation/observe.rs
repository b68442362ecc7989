//! One record's matches go into the state; correlations that match come out, and go in again for correlations
//! over correlations.

use super::state::{CorrelationMatch, CorrelationState, Episode, Moment};
use super::window::Entry;
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
        let (correlation, fingerprint) = engine.correlation(rule)?;
        let keys = group_values(correlation, base, signal, record);
        let value = measured_value(correlation, record);
        let (Some(keys), true) = (keys, value.is_some() || !correlation.measure.needs_value()) else {
            self.counters.without_group += 1;
            return None;
        };
        let tick = self.tick(moment);
        let lateness = self.limits.lateness;
        let groups = self.rules.entry((fingerprint, moment.scope)).or_default();
        let names = || correlation.group_by.iter().cloned().zip(keys.iter().cloned()).collect();
        if !groups.contains_key(keys.as_slice()) {
            self.counters.groups += 1;
        }
        let group = groups.entry(keys.clone().into_boxed_slice()).or_default();
        group.touched = tick;
        group.span = correlation.span;
        let before = group.window.entries().len();
        if signal.renews {
            group.window.withdraw(base, signal.seq);
        }
        let entry = Entry { time: moment.time, seq: signal.seq, base, value };
        let placed = group.window.insert(entry);
        // A clock that runs ahead must not make a group forget what the others say.
        let keep_from = moment.time.min(moment.arrival).saturating_sub(correlation.span).saturating_sub(lateness);
        let expired = group.window.forget_before(keep_from);
        let overflow = group.window.shrink(correlation.capacity);
        self.counters.forgotten_entries += overflow as u64;
        self.counters.entries = (self.counters.entries + group.window.entries().len()).saturating_sub(before);
        let place = placed?.checked_sub(expired + overflow)?;
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

fn measured_value(correlation: &Correlation, record: &dyn Record) -> Option<Box<str>> {
    if !correlation.measure.needs_value() {
        return None;
    }
    let mut parts = Vec::with_capacity(correlation.value_fields.len());
    for field in &correlation.value_fields {
        parts.push(lookup(record, field).and_then(first_text)?);
    }
    if correlation.measure == Measure::DistinctValues {
        Some(parts.join("\u{0}").into())
    } else {
        parts.pop().map(Into::into)
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
