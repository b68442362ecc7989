//! What an exception would have left out, day by day, and what is then to be expected. Pure, over counted matches: the
//! expectation is the mean of the days counted, no more; tomorrow may be another day.

use super::Extent;
use crate::rules::hits::Hit;
use event::Column;
use kit::calendar::{start_of_day, vietnam_date};
use kit::clock::{DAY, Micros};

/// One day of Vietnamese time; the last is today so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Day {
    pub start: Micros,
    /// Matches that alerted, or would have.
    pub matched: i64,
    pub left_out: i64,
    /// Matches whose count does not tell whether they would be left out.
    pub unknown: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Oldest first.
    pub days: Vec<Day>,
    pub total: Day,
    /// Days that the mean is over.
    pub counted_days: f64,
    /// Matches to be expected in a day as things are, and with the exception: at least, at most.
    pub expected: f64,
    pub expected_least: f64,
    pub expected_most: f64,
}

impl Preview {
    pub fn is_certain(&self) -> bool {
        self.total.unknown == 0
    }
}

/// The first moment of matches that count for a preview of so many days.
pub fn since(now: Micros, days: i64) -> Micros {
    start_of_day(vietnam_date(now - (days.max(1) - 1) * DAY))
}

/// Reckons an exception with the matches of the last days. `known_since` is when the rule was first loaded: days before it
/// had no matches and do not count.
pub fn preview(
    hits: &[Hit],
    extent: &Extent,
    kept: &[Column],
    days: i64,
    known_since: Option<Micros>,
    now: Micros,
) -> Preview {
    let first = since(now, days);
    let mut all: Vec<Day> =
        (0..days.max(1)).map(|number| Day { start: first + number * DAY, ..Day::default() }).collect();
    for hit in hits {
        let place = usize::try_from((hit.hour_start - first).div_euclid(DAY)).ok();
        let Some(day) = place.and_then(|place| all.get_mut(place)) else { continue };
        let matched = hit.matched();
        day.matched += matched;
        match extent.covers_hit(hit, kept) {
            Some(true) => day.left_out += matched,
            None => day.unknown += matched,
            Some(false) => {}
        }
    }
    let sum = |of: fn(&Day) -> i64| all.iter().map(of).sum::<i64>();
    let total = Day {
        start: first,
        matched: sum(|day| day.matched),
        left_out: sum(|day| day.left_out),
        unknown: sum(|day| day.unknown),
    };
    let counted_days = ((now - known_since.unwrap_or(first).max(first)) as f64 / DAY as f64).max(1.0);
    let a_day = |matches: i64| matches as f64 / counted_days;
    Preview {
        expected: a_day(total.matched),
        expected_most: a_day(total.matched - total.left_out),
        expected_least: a_day(total.matched - total.left_out - total.unknown),
        days: all,
        total,
        counted_days,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::exceptions::{Condition, Reach};
    use kit::clock::HOUR;

    /// 21 November 2026, 12:00 in Vietnam.
    const NOW: Micros = 1_795_237_200_000_000;

    fn hit(ago: Micros, user: &str, alerted: i64) -> Hit {
        Hit {
            hour_start: (NOW - ago).div_euclid(HOUR) * HOUR,
            entities: [("user_name".to_owned(), user.to_owned())].into(),
            detailed: true,
            alerted,
            ..Hit::default()
        }
    }

    fn backup() -> Extent {
        let condition = Condition { field: "user_name".into(), values: vec!["backup".into()] };
        Extent { reach: Reach::Centre, conditions: vec![condition], ..Extent::default() }
    }

    #[test]
    fn days_are_those_of_the_clock_on_the_wall_and_the_last_is_today_so_far() {
        let hits =
            [hit(0, "backup", 5), hit(11 * HOUR, "root", 1), hit(13 * HOUR, "backup", 7), hit(9 * DAY, "backup", 99)];
        let preview = preview(&hits, &backup(), &[Column::UserName], 7, None, NOW);
        assert_eq!(preview.days.len(), 7);
        let last: Vec<_> = preview.days.iter().rev().take(2).map(|day| (day.matched, day.left_out)).collect();
        assert_eq!(last, vec![(6, 5), (7, 7)]);
        assert_eq!((preview.total.matched, preview.total.left_out, preview.counted_days), (13, 12, 6.5));
        assert_eq!((preview.expected, preview.expected_least, preview.expected_most), (2.0, 1.0 / 6.5, 1.0 / 6.5));
        assert!(preview.is_certain());
    }

    #[test]
    fn what_no_count_tells_widens_the_expectation() {
        let rest = Hit { detailed: false, entities: Default::default(), ..hit(DAY, "", 13) };
        let preview = preview(&[hit(0, "root", 13), rest], &backup(), &[Column::UserName], 7, None, NOW);
        assert_eq!((preview.total.left_out, preview.total.unknown), (0, 13));
        assert_eq!((preview.expected_least, preview.expected_most), (2.0, 4.0));
        assert!(!preview.is_certain());
    }

    #[test]
    fn a_rule_that_is_new_is_reckoned_over_its_own_days() {
        let preview = preview(&[hit(HOUR, "root", 6)], &backup(), &[], 7, Some(NOW - 3 * DAY), NOW);
        assert_eq!((preview.counted_days, preview.expected), (3.0, 2.0));
        let younger = super::preview(&[hit(0, "root", 6)], &backup(), &[], 7, Some(NOW - HOUR), NOW);
        assert_eq!(younger.counted_days, 1.0, "an hour says little about a day");
    }
}
