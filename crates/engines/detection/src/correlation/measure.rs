//! What a correlation measures over the events of one window, and whether its condition holds.

use super::window::{Entry, Measured};
use super::{Correlation, Measure, chains};
use std::collections::HashSet;

/// What was measured where the condition holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measurement {
    pub(super) number: f64,
    /// Events at the window's beginning that are no part of it.
    pub(super) skipped: usize,
}

/// Measures the events of a window, of which the one at `place` has just come.
pub(super) fn measure(correlation: &Correlation, events: &[Entry], place: usize) -> Option<Measurement> {
    let ordered = correlation.measure == Measure::RulesInOrder;
    if let Some(lists) = &correlation.chains {
        let complete = |list: &&Vec<usize>| match ordered {
            true => chains::in_order(events, place, list),
            false => chains::together(events, place, list),
        };
        let list = lists.iter().filter(complete).max_by_key(|list| list.len())?;
        let begins = |entry: &Entry| list.first() == Some(&entry.base);
        let skipped = if ordered { events.iter().position(begins)? } else { 0 };
        return Some(Measurement { number: list.len() as f64, skipped });
    }
    let number = match correlation.measure {
        Measure::Events => events.len() as f64,
        Measure::DistinctValues => events.iter().flat_map(Entry::texts).collect::<HashSet<_>>().len() as f64,
        Measure::Rules | Measure::RulesInOrder => {
            events.iter().map(|entry| entry.base).collect::<HashSet<_>>().len() as f64
        }
        Measure::Sum => numbers(events).map(|(number, _)| number).sum(),
        Measure::Average => {
            let (sum, count) =
                numbers(events).fold((0.0, 0), |(sum, count), (number, weight)| (sum + number, count + weight));
            if count == 0 {
                return None;
            }
            sum / count as f64
        }
        Measure::Percentile(rank) => percentile(numbers(events).collect(), rank)?,
    };
    correlation.condition.number_holds(number).then_some(Measurement { number, skipped: 0 })
}

/// Numbers with how many matches each stands for.
fn numbers(events: &[Entry]) -> impl Iterator<Item = (f64, u64)> {
    events.iter().filter_map(|entry| match entry.value {
        Measured::Number(number) => Some((number, entry.weight)),
        Measured::Nothing | Measured::Text(_) | Measured::Texts(_) => None,
    })
}

/// Linear between neighbours, as PERCENTILE_CONT of SQL. Every number counts as often as it weighs.
fn percentile(mut numbers: Vec<(f64, u64)>, rank: f64) -> Option<f64> {
    numbers.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let count: u64 = numbers.iter().map(|(_, weight)| weight).sum();
    let place = rank / 100.0 * count.checked_sub(1)? as f64;
    let at = |wanted: u64| {
        let mut before = 0;
        numbers.iter().find(|(_, weight)| {
            before += weight;
            before > wanted
        })
    };
    let ((low, _), (high, _)) = (at(place.floor() as u64)?, at(place.ceil() as u64)?);
    Some(low + (high - low) * place.fract())
}
