//! What a correlation measures over the events of one window, and whether its condition holds.

use super::window::{Entry, Measured};
use super::{Condition, Correlation, Measure};
use std::collections::HashSet;

/// The measured number where the condition holds for these events.
pub(super) fn measure(correlation: &Correlation, events: &[Entry]) -> Option<f64> {
    let bases = correlation.bases.len();
    if let Condition::Combination(expression) = &correlation.condition {
        let seen: HashSet<usize> = events.iter().map(|entry| entry.base).collect();
        let ordered = correlation.measure != Measure::RulesInOrder || in_order(events, &seen);
        return (ordered && expression.holds(&mut |base| seen.contains(base))).then_some(seen.len() as f64);
    }
    let number = match correlation.measure {
        Measure::Events => events.len() as f64,
        Measure::DistinctValues => {
            let texts = events.iter().filter_map(|entry| match &entry.value {
                Measured::Text(text) => Some(&**text),
                Measured::Nothing | Measured::Number(_) => None,
            });
            texts.collect::<HashSet<_>>().len() as f64
        }
        Measure::Rules => events.iter().map(|entry| entry.base).collect::<HashSet<_>>().len() as f64,
        Measure::RulesInOrder => longest_in_order(events, bases) as f64,
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

/// Numbers with how many matches each stands for.
fn numbers(events: &[Entry]) -> impl Iterator<Item = (f64, u64)> {
    events.iter().filter_map(|entry| match entry.value {
        Measured::Number(number) => Some((number, entry.weight)),
        Measured::Nothing | Measured::Text(_) => None,
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
