//! Which base rules make a correlation about rules complete, and whether they are found around one entry of a window.

use super::window::Entry;
use super::{Condition, Measure};
use crate::expression::Expression;

/// Lists of base rules that one condition may stand for.
const MOST_CHAINS: usize = 256;

/// The lists of base rules of which one must be complete; nothing where the condition is about a number.
pub(super) fn of(measure: Measure, condition: &Condition, rules: usize) -> Result<Option<Vec<Vec<usize>>>, String> {
    if !measure.is_temporal() {
        return Ok(None);
    }
    Ok(match condition {
        Condition::AllRules => Some(vec![(0..rules).collect()]),
        Condition::Combination(expression) => {
            let chains = alternatives(expression);
            Some(chains.ok_or_else(|| format!("the condition stands for more than {MOST_CHAINS} lists of rules"))?)
        }
        // So many of them in order are the first so many.
        Condition::Number(_) if measure == Measure::RulesInOrder => {
            let holds = |count: &usize| condition.number_holds(*count as f64);
            Some((1..=rules).filter(holds).map(|count| (0..count).collect()).collect())
        }
        Condition::Number(_) => None,
    })
}

/// The smallest lists that make the combination true, sorted. Nothing where there are too many.
fn alternatives(expression: &Expression<usize>) -> Option<Vec<Vec<usize>>> {
    let found = match expression {
        Expression::Leaf(base) => vec![vec![*base]],
        Expression::Any(parts) => parts.iter().map(alternatives).collect::<Option<Vec<_>>>()?.concat(),
        Expression::All(parts) => {
            let mut joined: Vec<Vec<usize>> = vec![Vec::new()];
            for part in parts {
                let more = alternatives(part)?;
                let pairs = joined
                    .iter()
                    .flat_map(|one| more.iter().map(move |other| [one.as_slice(), other.as_slice()].concat()));
                joined = smallest(pairs.collect())?;
            }
            joined
        }
        Expression::Not(_) | Expression::AtLeast(..) => return None,
    };
    smallest(found)
}

/// Without lists that hold all of another.
fn smallest(mut lists: Vec<Vec<usize>>) -> Option<Vec<Vec<usize>>> {
    for list in &mut lists {
        list.sort_unstable();
        list.dedup();
    }
    lists.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    let mut kept: Vec<Vec<usize>> = Vec::new();
    for list in lists {
        if !kept.iter().any(|have| have.iter().all(|base| list.contains(base))) {
            kept.push(list);
        }
        if kept.len() > MOST_CHAINS {
            return None;
        }
    }
    Some(kept)
}

/// Whether the entry at `place` completes the chain together with others of these: earlier rules of it are found before the
/// entry, later ones behind it, and the last of them stands last.
pub(super) fn in_order(events: &[Entry], place: usize, chain: &[usize]) -> bool {
    let ends = events.last().is_some_and(|last| chain.last() == Some(&last.base));
    let Some(entry) = events.get(place).filter(|_| ends) else { return false };
    let Some(link) = chain.iter().position(|base| *base == entry.base) else { return false };
    let (earlier, later) = events.split_at(place);
    let (before, behind) = chain.split_at(link);
    found(earlier.iter().rev(), before.iter().rev()) && found(later.iter().skip(1), behind.iter().skip(1))
}

/// Whether the entry at `place` and others of these make the list complete, in any order.
pub(super) fn together(events: &[Entry], place: usize, chain: &[usize]) -> bool {
    let is_part = events.get(place).is_some_and(|entry| chain.contains(&entry.base));
    is_part && chain.iter().all(|base| events.iter().any(|entry| entry.base == *base))
}

/// Whether the rules are found one behind the other.
fn found<'e>(entries: impl Iterator<Item = &'e Entry>, mut rules: impl Iterator<Item = &'e usize>) -> bool {
    let mut next = rules.next();
    for entry in entries {
        if next == Some(&entry.base) {
            next = rules.next();
        }
    }
    next.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(base: usize) -> Expression<usize> {
        Expression::Leaf(base)
    }

    #[test]
    fn a_combination_stands_for_its_smallest_lists() {
        let any = |parts: Vec<Expression<usize>>| Expression::Any(parts);
        let all = |parts: Vec<Expression<usize>>| Expression::All(parts);
        for (expression, expected) in [
            (leaf(2), vec![vec![2]]),
            (all(vec![leaf(3), leaf(0)]), vec![vec![0, 3]]),
            (all(vec![any(vec![leaf(1), leaf(0)]), leaf(3)]), vec![vec![0, 3], vec![1, 3]]),
            (any(vec![leaf(0), all(vec![leaf(0), leaf(1)])]), vec![vec![0]]),
        ] {
            assert_eq!(alternatives(&expression), Some(expected), "{expression:?}");
        }
        let pairs = (0..9).map(|number| any(vec![leaf(number * 2), leaf(number * 2 + 1)])).collect();
        assert_eq!(alternatives(&all(pairs)), None, "two to the ninth");
    }
}
