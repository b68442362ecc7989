//! Cuts the time of a search into slices, newest first, by where events lie: a slice holds about as many events as
//! asked for, and times without events belong to none. Pure.

use event::Micros;

/// So many events lie between these times, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub from: Micros,
    pub until: Micros,
    pub rows: u64,
}

/// Times from `from` to `until`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub from: Micros,
    pub until: Micros,
}

/// What is left to be cut.
#[derive(Debug, Clone)]
pub(super) struct Slices {
    extents: Vec<Extent>,
    from: Micros,
    /// Nothing after this is left.
    until: Micros,
}

impl Extent {
    /// About how many of its events lie from `from` on, up to `until`.
    fn rows_within(&self, from: Micros, until: Micros) -> f64 {
        let (first, last) = (self.from.max(from), self.until.min(until));
        if first > last {
            return 0.0;
        }
        let length = |from: Micros, until: Micros| (i128::from(until) - i128::from(from) + 1) as f64;
        self.rows as f64 * length(first, last) / length(self.from, self.until)
    }
}

impl Slices {
    /// Of events between `from` and `until`, both included.
    pub(super) fn new(extents: Vec<Extent>, from: Micros, until: Micros) -> Self {
        let extents = extents.into_iter().filter(|one| one.from <= until && from <= one.until).collect();
        Self { extents, from, until }
    }

    /// Whether everything is cut.
    pub(super) fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// The next older slice, of about so many events.
    pub(super) fn cut(&mut self, rows: u64) -> Option<Slice> {
        let until = self.until;
        self.extents.retain(|one| one.from <= until);
        let last = self.extents.iter().map(|one| one.until).max()?.min(until);
        let first = self.extents.iter().map(|one| one.from).min()?.max(self.from);
        if last < first {
            return None;
        }
        let slice = Slice { from: self.start(first, last, rows), until: last };
        match slice.from.checked_sub(1) {
            Some(older) if older >= first => self.until = older,
            _ => self.extents.clear(),
        }
        Some(slice)
    }

    /// The latest time from which on there are so many events, or all that are left.
    fn start(&self, first: Micros, last: Micros, rows: u64) -> Micros {
        let rows_from = |time: Micros| self.extents.iter().map(|one| one.rows_within(time, last)).sum::<f64>();
        // What would be left over is too little for a slice of its own.
        if rows_from(first) <= rows as f64 * 1.5 {
            return first;
        }
        let (mut enough, mut too_late) = (first, last);
        if rows_from(too_late) >= rows as f64 {
            return too_late;
        }
        while i128::from(too_late) - i128::from(enough) > 1 {
            let middle = enough + ((i128::from(too_late) - i128::from(enough)) / 2) as i64;
            match rows_from(middle) >= rows as f64 {
                true => enough = middle,
                false => too_late = middle,
            }
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(extents: &[Extent], (from, until): (Micros, Micros), rows: u64) -> Vec<Slice> {
        let mut slices = Slices::new(extents.to_vec(), from, until);
        std::iter::from_fn(|| slices.cut(rows)).take(100_000).collect()
    }

    fn extent(from: Micros, until: Micros, rows: u64) -> Extent {
        Extent { from, until, rows }
    }

    #[test]
    fn slices_hold_about_what_is_asked_for_and_jump_over_what_is_empty() {
        let extents = [extent(0, 99, 100), extent(1_000_000, 1_000_099, 1000)];
        let slices = all(&extents, (Micros::MIN, Micros::MAX), 500);
        assert_eq!(slices[0], Slice { from: 1_000_050, until: 1_000_099 });
        assert_eq!(slices[1], Slice { from: 0, until: 1_000_049 }, "the little that is left goes with it");
        let slices = all(&extents, (Micros::MIN, Micros::MAX), 50);
        assert_eq!(slices.len(), 22, "{slices:?}");
        assert!(slices.iter().all(|one| one.until - one.from < 1000), "{slices:?}");
        assert_eq!(all(&extents, (Micros::MIN, Micros::MAX), u64::MAX).len(), 1);
        assert_eq!(all(&extents, (500, 900), 10), []);
        assert_eq!(all(&[], (0, 900), 10), []);
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        let extents = [extent(Micros::MIN, Micros::MAX, 1000), extent(5, 5, 1000)];
        let slices = all(&extents, (Micros::MIN, Micros::MAX), 100);
        assert_eq!((slices[0].until, slices[slices.len() - 1].from), (Micros::MAX, Micros::MIN));
        assert!(slices.len() < 50, "{}", slices.len());
    }

    proptest! {
        #[test]
        fn every_event_lies_in_exactly_one_slice(
            extents in proptest::collection::vec((0i64..5_000, 0i64..500, 1u64..200), 0..20),
            from in -100i64..3_000,
            length in 0i64..6_000,
            rows in 1u64..400,
        ) {
            let extents: Vec<_> = extents.into_iter().map(|(at, more, rows)| extent(at, at + more, rows)).collect();
            let until = from + length;
            let slices = all(&extents, (from, until), rows);
            for pair in slices.windows(2) {
                prop_assert!(pair[1].until < pair[0].from, "{pair:?}");
            }
            for one in &slices {
                prop_assert!(one.from <= one.until && from <= one.from && one.until <= until);
                prop_assert!(extents.iter().any(|have| have.from <= one.until && one.from <= have.until));
            }
            for time in extents.iter().flat_map(|one| [one.from, (one.from + one.until) / 2, one.until]) {
                let times = slices.iter().filter(|one| one.from <= time && time <= one.until).count();
                prop_assert_eq!(times, usize::from(from <= time && time <= until));
            }
        }
    }
}
