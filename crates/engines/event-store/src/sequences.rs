//! Sets of sequence numbers as ranges: a store of a thousand million events has a few thousand of them, since numbers
//! are given in order and sealed in order.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// First of a range to its last; ranges neither touch nor overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sequences(BTreeMap<u64, u64>);

impl Sequences {
    pub(crate) fn add(&mut self, range: RangeInclusive<u64>) {
        let (mut first, mut last) = (*range.start(), *range.end());
        if first > last {
            return;
        }
        // Everything that begins before the end, or right after it, and reaches the beginning, becomes one.
        let until = last.saturating_add(1);
        while let Some((&other, &end)) = self.0.range(..=until).next_back()
            && end.saturating_add(1) >= first
        {
            (first, last) = (first.min(other), last.max(end));
            self.0.remove(&other);
        }
        self.0.insert(first, last);
    }

    pub(crate) fn add_all(&mut self, others: &Self) {
        others.ranges().for_each(|range| self.add(range));
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        self.0.iter().map(|(first, last)| *first..=*last)
    }

    pub(crate) fn first(&self) -> Option<u64> {
        self.0.keys().next().copied()
    }

    /// Those after `seq`.
    pub(crate) fn above(&self, seq: u64) -> Self {
        let mut above = Self::default();
        self.ranges().for_each(|range| above.add((*range.start()).max(seq.saturating_add(1))..=*range.end()));
        above
    }

    /// Whether one of these numbers, both included, is in the set.
    pub(crate) fn meets(&self, first: u64, last: u64) -> bool {
        self.0.range(..=last).next_back().is_some_and(|(_, end)| *end >= first)
    }

    /// The first number from `seq` on that is not in the set.
    fn gap_from(&self, seq: u64) -> u64 {
        match self.0.range(..=seq).next_back() {
            Some((_, &last)) if last >= seq => last.saturating_add(1),
            _ => seq,
        }
    }

    pub(crate) fn is_subset(&self, of: &Self) -> bool {
        self.first_outside(of).is_none()
    }

    /// The first number that the other set lacks.
    pub(crate) fn first_outside(&self, of: &Self) -> Option<u64> {
        self.ranges().find_map(|range| Some(of.gap_from(*range.start())).filter(|gap| gap <= range.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn ranges_say_what_numbers_say(
            left in prop::collection::vec((0_u64..60, 0_u64..6), 0..12),
            right in prop::collection::vec((0_u64..60, 0_u64..6), 0..12),
        ) {
            let build = |pairs: &[(u64, u64)]| {
                let (mut ranges, mut numbers) = (Sequences::default(), BTreeSet::new());
                for (first, length) in pairs {
                    ranges.add(*first..=first + length);
                    numbers.extend(*first..=first + length);
                }
                (ranges, numbers)
            };
            let ((ranges, numbers), (other_ranges, other_numbers)) = (build(&left), build(&right));
            prop_assert_eq!(ranges.ranges().flatten().collect::<Vec<_>>(), numbers.iter().copied().collect::<Vec<_>>());
            prop_assert!(ranges.ranges().zip(ranges.ranges().skip(1)).all(|(a, b)| a.end() + 1 < *b.start()));
            prop_assert_eq!(ranges.is_subset(&other_ranges), numbers.is_subset(&other_numbers));
            prop_assert_eq!(ranges.first_outside(&other_ranges), numbers.difference(&other_numbers).next().copied());
            let mut both = ranges.clone();
            both.add_all(&other_ranges);
            prop_assert_eq!(both.ranges().flatten().collect::<BTreeSet<_>>(), &numbers | &other_numbers);
            prop_assert_eq!(ranges.first(), numbers.first().copied());
            for at in [0, 7, 30, 66] {
                let above: Vec<u64> = numbers.iter().copied().filter(|number| *number > at).collect();
                prop_assert_eq!(ranges.above(at).ranges().flatten().collect::<Vec<_>>(), above);
                prop_assert_eq!(ranges.meets(at, at + 3), numbers.range(at..=at + 3).next().is_some());
            }
        }
    }

    #[test]
    fn the_ends_of_the_numbers_do_no_harm() {
        let mut all = Sequences::default();
        all.add(u64::MAX - 1..=u64::MAX);
        all.add(0..=3);
        assert_eq!(all.ranges().count(), 2);
        all.add(RangeInclusive::new(5, 4));
        assert_eq!(all.ranges().count(), 2);
    }
}
