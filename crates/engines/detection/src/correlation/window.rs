//! What one group of a correlation has seen, ordered by event time, and whether a window of it matches. A window
//! ends at an event and reaches back by the timespan, both ends included; the group matches when the window of
//! any of its events does, so the order of arrival does not matter.

use super::{Correlation, Measure};
use event::Micros;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::Range;

/// A match of a base rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) time: Micros,
    pub(super) seq: u64,
    /// Position among the correlation's bases.
    pub(super) base: usize,
    /// Value of the condition's field.
    pub(super) value: Option<Box<str>>,
}

/// A group's entries in the order of (time, seq, base).
#[derive(Debug, Default)]
pub(super) struct Window {
    entries: Vec<Entry>,
}

/// A window that matched.
#[derive(Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) range: Range<usize>,
    pub(super) number: f64,
}

impl Window {
    /// Entries in any order.
    pub(super) fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| (entry.time, entry.seq, entry.base));
        Self { entries }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Puts an entry in its place. Returns that place, or `None` where the same entry is there already (replay).
    pub(super) fn insert(&mut self, entry: Entry) -> Option<usize> {
        let key = |entry: &Entry| (entry.time, entry.seq, entry.base);
        match self.entries.binary_search_by(|have| key(have).cmp(&key(&entry))) {
            Ok(_) => None,
            Err(place) => {
                self.entries.insert(place, entry);
                Some(place)
            }
        }
    }

    /// Takes out an earlier entry of the same episode of a base that is itself a correlation.
    pub(super) fn withdraw(&mut self, base: usize, seq: u64) {
        self.entries.retain(|entry| entry.base != base || entry.seq != seq);
    }

    /// Drops what can no longer share a window with anything from `oldest` on. Returns how many.
    pub(super) fn forget_before(&mut self, oldest: Micros) -> usize {
        let count = self.entries.partition_point(|entry| entry.time < oldest);
        self.entries.drain(..count);
        count
    }

    /// Drops the oldest entries beyond `capacity`. Returns how many.
    pub(super) fn shrink(&mut self, capacity: usize) -> usize {
        let count = self.entries.len().saturating_sub(capacity);
        self.entries.drain(..count);
        count
    }

    /// The first window that holds the entry at `place` and matches.
    pub(super) fn matching(&self, correlation: &Correlation, place: usize) -> Option<Hit> {
        let inserted = self.entries.get(place)?;
        let newest = inserted.time.saturating_add(correlation.span);
        let ends = self.entries.iter().enumerate().skip(place).take_while(|(_, entry)| entry.time <= newest);
        for (end, entry) in ends {
            let start = self.entries.partition_point(|have| have.time < entry.time.saturating_sub(correlation.span));
            let range = start..end + 1;
            let Some(events) = self.entries.get(range.clone()) else { continue };
            if let Some(number) = measure(correlation, events) {
                return Some(Hit { range, number });
            }
        }
        None
    }
}

/// The measured number where the condition holds for these events.
fn measure(correlation: &Correlation, events: &[Entry]) -> Option<f64> {
    let bases = correlation.bases.len();
    if let super::Condition::Combination(expression) = &correlation.condition {
        let seen: HashSet<usize> = events.iter().map(|entry| entry.base).collect();
        let ordered = correlation.measure != Measure::RulesInOrder || in_order(events, &seen);
        return (ordered && expression.holds(&mut |base| seen.contains(base))).then_some(seen.len() as f64);
    }
    let number = match correlation.measure {
        Measure::Events => events.len() as f64,
        Measure::DistinctValues => {
            events.iter().filter_map(|entry| entry.value.as_deref()).collect::<HashSet<_>>().len() as f64
        }
        Measure::Rules => events.iter().map(|entry| entry.base).collect::<HashSet<_>>().len() as f64,
        Measure::RulesInOrder => longest_in_order(events, bases) as f64,
        Measure::Sum | Measure::Average | Measure::Percentile(_) => aggregate(correlation.measure, events)?,
    };
    correlation.condition.number_holds(number, bases).then_some(number)
}

/// How many of the base rules were seen in their order, the first of them first.
fn longest_in_order(events: &[Entry], bases: usize) -> usize {
    let mut next = 0;
    for entry in events {
        if next < bases && entry.base == next {
            next += 1;
        }
    }
    next
}

/// Whether the rules that were seen can be found in the order of the list.
fn in_order(events: &[Entry], seen: &HashSet<usize>) -> bool {
    let mut wanted: Vec<usize> = seen.iter().copied().collect();
    wanted.sort_unstable();
    let mut wanted = wanted.into_iter().peekable();
    for entry in events {
        if wanted.peek() == Some(&entry.base) {
            wanted.next();
        }
    }
    wanted.peek().is_none()
}

fn aggregate(measure: Measure, events: &[Entry]) -> Option<f64> {
    let mut numbers: Vec<f64> = events
        .iter()
        .filter_map(|entry| entry.value.as_deref()?.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
        .collect();
    if numbers.is_empty() {
        return None;
    }
    let sum: f64 = numbers.iter().sum();
    match measure {
        Measure::Sum => Some(sum),
        Measure::Average => Some(sum / numbers.len() as f64),
        Measure::Percentile(rank) => {
            numbers.sort_by(f64::total_cmp);
            // Linear between neighbours, as PERCENTILE_CONT of SQL.
            let place = rank / 100.0 * (numbers.len() - 1) as f64;
            let (low, high) = (place.floor() as usize, place.ceil() as usize);
            let (low, high) = (numbers.get(low)?, numbers.get(high)?);
            Some(low + (high - low) * place.fract())
        }
        _ => None,
    }
}
