//! A week of the roster: seven days from Monday, Vietnamese time (pure).

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use kit::calendar::{start_of_day, vietnam_date};
use kit::civil;
use kit::clock::{DAY, Micros};

/// Seven days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Week {
    /// Its Monday.
    monday: Date,
}

impl Week {
    /// The week of the day `2026-11-21`, or of `now` where the text is no day.
    pub(super) fn of(text: Option<&str>, now: Micros) -> Self {
        let day = text.and_then(civil::day).unwrap_or_else(|| vietnam_date(now));
        Self { monday: back_to_monday(day) }
    }

    /// Midnights of its days in Vietnam.
    pub(super) fn days(&self) -> Vec<Micros> {
        let (first, _) = self.span();
        (0..7).map(|day| first + day * DAY).collect()
    }

    /// First moment and the first after it.
    pub(super) fn span(&self) -> (Micros, Micros) {
        let first = start_of_day(self.monday);
        (first, first + 7 * DAY)
    }

    /// Value of `week` in the address, so many weeks on.
    pub(super) fn shifted(&self, weeks: i32) -> String {
        let span: Span = weeks.weeks();
        self.monday.checked_add(span).unwrap_or(self.monday).to_string()
    }
}

fn back_to_monday(day: Date) -> Date {
    let since = i32::from(day.weekday().since(Weekday::Monday));
    day.checked_sub(since.days()).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_in_vietnam() {
        let sunday_evening_utc = 1_795_372_200_000_000; // 22 November 2026 18:30 UTC, already Monday in Vietnam
        assert_eq!(Week::of(None, sunday_evening_utc).shifted(0), "2026-11-23");
        let week = Week::of(Some("2026-11-22"), 0);
        assert_eq!((week.shifted(-1).as_str(), week.shifted(0).as_str()), ("2026-11-09", "2026-11-16"));
        assert_eq!(week.days().len(), 7);
        assert_eq!(week.span().1 - week.span().0, 7 * DAY);
        assert_eq!(Week::of(Some("no day"), sunday_evening_utc).shifted(1), "2026-11-30");
    }
}
