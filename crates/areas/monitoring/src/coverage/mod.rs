//! Coverage: which minutes of a day a system was watched, by group of solution, and which systems are not watched at all. What a
//! minute is called follows from when records *arrived*: a record that comes late proves nothing of the time it speaks of. Pure;
//! days are put together in `day`, rolled up in `roll_up`, rows are in `store`.

mod api;
pub mod day;
mod day_page;
mod header;
mod pages;
pub mod roll_up;
pub mod store;
pub mod tables;
pub mod unwatched;

pub(crate) use header::slots;

use crate::sources::SolutionGroup;
use crate::sources::minutes::{Minutes, OF_DAY};
use crate::sources::settings::CoverageSettings;
use kit::page::SlotState;
use kit::web::Routes;

pub fn routes() -> Routes {
    pages::routes().merge(day_page::routes()).merge(unwatched::routes()).merge(api::routes())
}

/// Of which of a system's sources a figure speaks: those of one group of solution, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Any,
    Group(SolutionGroup),
}

impl Part {
    /// Word in the database and in the catalogue.
    pub fn code(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Group(group) => group.code(),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "any" => Some(Self::Any),
            code => SolutionGroup::from_code(code).map(Self::Group),
        }
    }
}

/// What one day of one part of a system comes to. Expected is seen, maintenance and silent together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub expected: i64,
    pub seen: i64,
    /// Expected, not seen, and planned to be so.
    pub maintenance: i64,
    /// The longest run of expected minutes that were neither; minutes that were not expected are passed over.
    pub longest_gap: i64,
}

impl Figures {
    pub fn of(expected: &Minutes, seen: &Minutes, planned: &Minutes) -> Self {
        let unseen = expected.without(seen);
        let silent = unseen.without(planned);
        let (mut longest_gap, mut gap) = (0, 0);
        for minute in 0..OF_DAY {
            if silent.holds(minute) {
                gap += 1;
            } else if seen.holds(minute) {
                gap = 0;
            }
            longest_gap = longest_gap.max(gap);
        }
        Self {
            expected: expected.count(),
            seen: expected.and(seen).count(),
            maintenance: unseen.and(planned).count(),
            longest_gap,
        }
    }

    pub fn silent(&self) -> i64 {
        self.expected - self.seen - self.maintenance
    }

    /// Share of what was expected that was seen, 0 to 100; whole numbers never round up to all.
    pub fn percent(&self) -> Option<i64> {
        (self.expected > 0).then(|| self.seen * 100 / self.expected)
    }

    /// How a day is shown.
    pub fn state(&self, settings: &CoverageSettings) -> SlotState {
        if self.expected == 0 {
            return SlotState::NotExpected;
        }
        if self.seen == 0 {
            return if self.maintenance * 2 >= self.expected { SlotState::Planned } else { SlotState::Silent };
        }
        let covered = (self.seen + self.maintenance) * 100 >= settings.seen_percent * self.expected;
        match covered && self.longest_gap <= settings.longest_gap_minutes {
            true => SlotState::Seen,
            false => SlotState::Partly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any() -> impl Strategy<Value = Minutes> {
        prop::collection::vec((0_usize..OF_DAY, 1_usize..200), 0..12).prop_map(|spans| {
            spans
                .into_iter()
                .fold(Minutes::default(), |set, (from, length)| set.or(&Minutes::between(from, from + length)))
        })
    }

    #[test]
    fn a_gap_goes_on_over_hours_in_which_nothing_was_expected() {
        let expected = Minutes::between(0, 10).or(&Minutes::between(100, 110));
        let figures = Figures::of(&expected, &Minutes::between(0, 5), &Minutes::default());
        assert_eq!(figures, Figures { expected: 20, seen: 5, maintenance: 0, longest_gap: 15 });
        let planned = Figures::of(&expected, &Minutes::between(0, 5), &Minutes::between(5, 105));
        assert_eq!((planned.maintenance, planned.longest_gap, planned.silent()), (10, 5, 5));
    }

    #[test]
    fn a_day_is_seen_partly_silent_planned_or_not_expected() {
        let settings = crate::settings::Settings::embedded().expect("sound").sources.coverage;
        let of = |expected, seen, maintenance, longest_gap| {
            Figures { expected, seen, maintenance, longest_gap }.state(&settings)
        };
        use SlotState::*;
        assert_eq!(
            [of(0, 0, 0, 0), of(1_440, 1_440, 0, 0), of(1_440, 1_400, 0, 40), of(1_440, 1_379, 0, 61)],
            [NotExpected, Seen, Seen, Partly]
        );
        assert_eq!(
            [of(1_440, 0, 0, 1_440), of(1_440, 0, 1_440, 0), of(1_440, 1_000, 440, 0), of(1_440, 1, 0, 1_439)],
            [Silent, Planned, Seen, Partly]
        );
    }

    proptest! {
        #[test]
        fn figures_add_up(expected in any(), seen in any(), planned in any()) {
            let figures = Figures::of(&expected, &seen, &planned);
            prop_assert!(figures.silent() >= 0 && figures.longest_gap <= figures.silent());
            prop_assert_eq!(figures.silent(), expected.without(&seen).without(&planned).count());
        }

        #[test]
        fn less_heard_is_never_better(expected in any(), seen in any(), lost in any(), planned in any()) {
            let (before, after) =
                (Figures::of(&expected, &seen, &planned), Figures::of(&expected, &seen.without(&lost), &planned));
            prop_assert!(after.seen <= before.seen && after.longest_gap >= before.longest_gap);
            prop_assert_eq!(after.expected, before.expected);
        }
    }
}
