//! One record's matches go into the state; correlations that match come out, and go in again for correlations
//! over correlations.

use super::state::{CorrelationMatch, CorrelationState, Episode, Moment, bytes_of};
use super::window::{Entry, Measured};
use super::{Correlation, Measure};
use crate::engine::{Engine, lookup};
use crate::matches::Matches;
use event::{Micros, Record, Value};
use std::collections::HashSet;

/// Groups into which one record is counted at most, and values that it brings to be told apart: a record may hold lists.
const MOST_OF_A_RECORD: usize = 64;

/// Parts of a timespan of which each keeps a sign of an episode that goes on.
const EPISODE_PARTS: Micros = 16;

/// A match of a base rule: of the record itself, or of a correlation that the record completed.
struct Signal {
    rule: usize,
    /// When it was complete: of a correlation the end of the window that matched, whichever record came last.
    time: Micros,
    seq: u64,
    /// It is a correlation's, whose episode may have been told before.
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
        let of_record = |rule| Signal { rule, time: moment.time, seq: moment.seq, renews: false, group: Vec::new() };
        let detections = matches.detections().iter().map(|detection| detection.rule);
        let mut signals: Vec<Signal> = detections.filter(|rule| based(*rule)).map(of_record).collect();
        let mut next = 0;
        while let Some(signal) = signals.get(next) {
            let mut raised = Vec::new();
            for (rule, base) in engine.correlations_of(signal.rule) {
                raised.extend(self.take(engine, *rule, *base, signal, record, moment));
            }
            for hit in raised {
                if based(hit.rule) && feeds(&hit) {
                    let (time, seq, group) = (hit.last, hit.first_seq, hit.group.clone());
                    signals.push(Signal { rule: hit.rule, time, seq, renews: true, group });
                }
                found.push(hit);
            }
            next += 1;
        }
        found
    }

    /// Takes a signal into every group that it belongs to.
    fn take(
        &mut self,
        engine: &Engine,
        rule: usize,
        base: usize,
        signal: &Signal,
        record: &dyn Record,
        moment: Moment,
    ) -> Vec<CorrelationMatch> {
        let Some(correlation) = engine.correlation(rule) else { return Vec::new() };
        let groups = group_values(correlation, base, signal, record);
        let value = measured_value(correlation, record);
        let (Some((groups, beyond)), Some((mut value, unmeasured))) = (groups, value) else {
            self.counters.without_group += 1;
            return Vec::new();
        };
        self.counters.forgotten_entries += (beyond + unmeasured) as u64;
        let mut shorten = |text: &mut Box<str>| {
            if let Some(short) = self.shortened(text) {
                *text = short.into();
            }
        };
        match &mut value {
            Measured::Text(text) => shorten(text),
            Measured::Texts(texts) => texts.iter_mut().for_each(shorten),
            Measured::Nothing | Measured::Number(_) => {}
        }
        let mut found = Vec::new();
        for mut keys in groups {
            for key in &mut keys {
                if let Some(short) = self.shortened(key) {
                    *key = short;
                }
            }
            found.extend(self.take_into(correlation, (rule, base), keys, signal, value.clone(), moment));
        }
        found
    }

    /// `place` is the correlation and the position of the signal's rule among its bases, `keys` name the group.
    fn take_into(
        &mut self,
        correlation: &Correlation,
        place: (usize, usize),
        keys: Vec<String>,
        signal: &Signal,
        value: Measured,
        moment: Moment,
    ) -> Option<CorrelationMatch> {
        let (rule, base) = place;
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
        let mut time = signal.time;
        // An episode that goes on counts once. Where it is about order it stays where it was as well, or it would pass by what
        // came in between.
        if signal.renews && !correlation.measure.is_temporal() {
            time = group.window.withdraw(base, signal.seq).map_or(time, |earlier| time.max(earlier));
        }
        let is_record = !signal.renews && correlation.measure.counts_records();
        let counted = is_record && group.window.holds_record(time, signal.seq);
        let is_new = !counted && group.window.insert(Entry { time, seq: signal.seq, base, value, weight: 1 });
        if signal.renews && correlation.measure.is_temporal() {
            group.window.thin(time, signal.seq, base, correlation.span / EPISODE_PARTS);
        }
        // A clock that runs ahead must not make a group forget what the others say.
        let kept = correlation.span.saturating_add(lateness);
        group.window.forget_before(moment.time.min(moment.arrival).saturating_sub(kept));
        self.counters.forgotten_entries += group.window.shrink(correlation, kept) as u64;
        self.counters.entries = (self.counters.entries + group.window.entries().len()).saturating_sub(before);
        self.counters.bytes = (self.counters.bytes + group.window.bytes()).saturating_sub(bytes_before);
        let place = group.window.find(time, signal.seq, base).ok().filter(|_| is_new)?;
        let hit = group.window.matching(correlation, place)?;
        let events = group.window.entries().get(hit.range.clone())?;
        let (first, last) = (events.first()?, events.last()?);
        let goes_on = group.episode.filter(|episode| first.time <= episode.last);
        let (started, first_seq, seqs) = match goes_on {
            Some(episode) => (false, episode.first_seq, vec![moment.seq]),
            None => (true, first.seq, evidence(events, place.checked_sub(hit.range.start)?, moment.seq)),
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

/// Numbers of the records of a window in the order of time, each once; that of the record that raised it stands with what it
/// brought, at `raised`: of a correlation below this one the entry names the first record alone.
fn evidence(events: &[Entry], raised: usize, seq: u64) -> Vec<u64> {
    let mut seen = HashSet::with_capacity(events.len());
    let mut seqs = Vec::with_capacity(events.len());
    for (place, entry) in events.iter().enumerate() {
        let raising = (place == raised).then_some(seq);
        seqs.extend(std::iter::once(entry.seq).chain(raising).filter(|seq| seen.insert(*seq)));
    }
    seqs
}

/// Every way to take one of each, up to a bound, and how many are beyond it. `None` where one of them is empty.
fn combined(choices: Vec<Vec<String>>) -> Option<(Vec<Vec<String>>, usize)> {
    if choices.iter().any(Vec::is_empty) {
        return None;
    }
    let all = choices.iter().fold(1_usize, |count, choice| count.saturating_mul(choice.len()));
    let mut rows: Vec<Vec<String>> = vec![Vec::new()];
    for choice in &choices {
        let longer = rows
            .iter()
            .flat_map(|row| choice.iter().map(move |one| row.iter().chain([one]).cloned().collect::<Vec<String>>()));
        rows = longer.take(MOST_OF_A_RECORD).collect();
    }
    let beyond = all.saturating_sub(rows.len());
    Some((rows, beyond))
}

/// Values of the `group-by` fields, a row for each element of a list; `None` where one is missing. A correlation has its own
/// group, whatever the completing record says.
fn group_values(
    correlation: &Correlation,
    base: usize,
    signal: &Signal,
    record: &dyn Record,
) -> Option<(Vec<Vec<String>>, usize)> {
    let fields = correlation.group_fields.get(base)?;
    let values = |field: &String| match signal.group.iter().find(|(name, _)| name == field) {
        Some((_, value)) => vec![value.clone()],
        None => lookup(record, field).map(texts).unwrap_or_default(),
    };
    combined(fields.iter().map(values).collect())
}

/// What the record brings to the measure, and how many values were too many; `None` where it lacks what is measured.
fn measured_value(correlation: &Correlation, record: &dyn Record) -> Option<(Measured, usize)> {
    let values = |field: &String| lookup(record, field).map(texts).unwrap_or_default();
    match correlation.measure {
        Measure::Events | Measure::Rules | Measure::RulesInOrder => Some((Measured::Nothing, 0)),
        Measure::DistinctValues => {
            let (rows, beyond) = combined(correlation.value_fields.iter().map(values).collect())?;
            let mut joined: Vec<Box<str>> = rows.iter().map(|row| row.join("\u{0}").into()).collect();
            Some((
                if joined.len() == 1 { Measured::Text(joined.pop()?) } else { Measured::Texts(joined.into()) },
                beyond,
            ))
        }
        Measure::Sum | Measure::Average | Measure::Percentile(_) => {
            let first = |field: &String| values(field).into_iter().next();
            let parts: Vec<String> = correlation.value_fields.iter().map(first).collect::<Option<_>>()?;
            let number = parts.last()?.trim().parse().ok().filter(|number: &f64| number.is_finite());
            number.map(|number| (Measured::Number(number), 0))
        }
    }
}

/// The texts of a value, each once.
fn texts(value: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    value.any_text(&mut |text| {
        if !found.iter().any(|have| have == text) {
            found.push(text.to_owned());
        }
        // What is beyond the bound of a record is neither counted nor looked through.
        found.len() > MOST_OF_A_RECORD
    });
    found
}
