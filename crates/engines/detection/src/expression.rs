//! The condition of a rule as a tree over predicates. `not` over a missing field is true, as the specification
//! and every backend have it.

use crate::predicate::Predicate;
use std::sync::Arc;

/// A condition; `L` is what stands at the leaves.
#[derive(Debug, Clone)]
pub(crate) enum Expression<L = Arc<Predicate>> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// At least so many of them.
    AtLeast(u64, Vec<Self>),
    Leaf(L),
}

impl<L> Expression<L> {
    pub(crate) fn holds(&self, leaf: &mut dyn FnMut(&L) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(leaf)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(leaf)),
            Self::Not(part) => !part.holds(leaf),
            Self::AtLeast(wanted, parts) => {
                let mut missing = *wanted;
                missing == 0
                    || parts.iter().any(|part| {
                        missing -= u64::from(part.holds(leaf));
                        missing == 0
                    })
            }
            Self::Leaf(content) => leaf(content),
        }
    }

    /// Visits the leaves that made the expression true; nothing under `not`. Only to be called on one that holds.
    pub(crate) fn reasons<'e>(&'e self, holds: &mut dyn FnMut(&L) -> bool, visit: &mut dyn FnMut(&'e L)) {
        match self {
            Self::All(parts) => parts.iter().for_each(|part| part.reasons(holds, visit)),
            Self::Any(parts) | Self::AtLeast(_, parts) => {
                for part in parts {
                    if part.holds(holds) {
                        part.reasons(holds, visit);
                    }
                }
            }
            Self::Not(_) => {}
            Self::Leaf(content) => visit(content),
        }
    }

    pub(crate) fn map<M>(&self, leaf: &mut dyn FnMut(&L) -> M) -> Expression<M> {
        match self {
            Self::All(parts) => Expression::All(parts.iter().map(|part| part.map(leaf)).collect()),
            Self::Any(parts) => Expression::Any(parts.iter().map(|part| part.map(leaf)).collect()),
            Self::Not(part) => Expression::Not(Box::new(part.map(leaf))),
            Self::AtLeast(wanted, parts) => {
                Expression::AtLeast(*wanted, parts.iter().map(|part| part.map(leaf)).collect())
            }
            Self::Leaf(content) => Expression::Leaf(leaf(content)),
        }
    }

    /// Puts cheap parts before dear ones; `cost` is that of a leaf. Returns the whole cost.
    pub(crate) fn order(&mut self, cost: &dyn Fn(&L) -> u32) -> u32 {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let mut weighed: Vec<(u32, Self)> =
                    std::mem::take(parts).into_iter().map(|mut part| (part.order(cost), part)).collect();
                weighed.sort_by_key(|(weight, _)| *weight);
                let whole = weighed.iter().fold(0u32, |sum, (weight, _)| sum.saturating_add(*weight));
                *parts = weighed.into_iter().map(|(_, part)| part).collect();
                whole
            }
            Self::AtLeast(_, parts) => parts.iter_mut().fold(0, |sum, part| sum.saturating_add(part.order(cost))),
            Self::Not(part) => part.order(cost),
            Self::Leaf(content) => cost(content),
        }
    }
}
