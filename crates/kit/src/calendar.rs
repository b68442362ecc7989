//! The working-day calendar (Labour Code 2019, Article 112) and how periods end (Civil Code 2015, Articles 147 and 148).
//! Which days are off is data, read from `content/calendars/` by whoever builds the calendar; nothing is known here.

use crate::clock::{Micros, VIETNAM_OFFSET_SECONDS};
use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// One year's file, `content/calendars/2026.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarYear {
    pub year: i16,
    /// `announced` or `draft`.
    pub status: String,
    pub note: Option<DayName>,
    /// Holidays and days in lieu.
    #[serde(default)]
    pub day_off: Vec<CalendarDay>,
    /// Weekend days that are worked instead of a day off.
    #[serde(default)]
    pub working_day: Vec<CalendarDay>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDay {
    pub date: Date,
    pub name: DayName,
    /// `stated` (seen in a source) or `unverified`.
    pub certainty: String,
}

/// Words in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayName {
    pub vi: String,
    pub en: String,
}

/// Days off and days worked of all years that are known. Monday to Friday are worked unless said otherwise.
#[derive(Debug, Clone, Default)]
pub struct WorkingCalendar {
    days_off: BTreeMap<Date, DayName>,
    worked: BTreeSet<Date>,
    years: BTreeSet<i16>,
}

impl WorkingCalendar {
    pub fn new(years: impl IntoIterator<Item = CalendarYear>) -> Self {
        let mut calendar = Self::default();
        for year in years {
            calendar.years.insert(year.year);
            calendar.days_off.extend(year.day_off.into_iter().map(|day| (day.date, day.name)));
            calendar.worked.extend(year.working_day.into_iter().map(|day| day.date));
        }
        calendar
    }

    /// Whether the holidays of the year are known; beyond them only weekends are left out.
    pub fn knows(&self, year: i16) -> bool {
        self.years.contains(&year)
    }

    /// Why a day is off, where it has a name.
    pub fn day_off(&self, date: Date) -> Option<&DayName> {
        self.days_off.get(&date)
    }

    pub fn is_working_day(&self, date: Date) -> bool {
        if self.worked.contains(&date) {
            return true;
        }
        !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.days_off.contains_key(&date)
    }

    /// End of a period of working days that starts with an event: the day after the event is the first that
    /// counts, and the period ends with the last microsecond of its last working day, Vietnamese time.
    /// A period of none ends with the event.
    pub fn after_working_days(&self, event: Micros, days: u32) -> Micros {
        if days == 0 {
            return event;
        }
        let mut date = vietnam_date(event);
        let mut left = days;
        while left > 0 {
            let Ok(next) = date.tomorrow() else { return event };
            date = next;
            if self.is_working_day(date) {
                left -= 1;
            }
        }
        end_of_day(date)
    }

    /// End of a period of calendar days: if its last day is a day off, the end of the next working day.
    pub fn after_days(&self, event: Micros, days: u32) -> Micros {
        let mut date = vietnam_date(event).saturating_add(i64::from(days).days());
        while !self.is_working_day(date) {
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        end_of_day(date)
    }
}

/// The day in Vietnam at an instant.
pub fn vietnam_date(at: Micros) -> Date {
    let timestamp = Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    zone().to_datetime(timestamp).date()
}

/// Last microsecond of a day in Vietnam: the law's "24 giờ" of that day (Civil Code, Article 148.6).
pub fn end_of_day(date: Date) -> Micros {
    let end = date.at(23, 59, 59, 999_999_000);
    zone().to_timestamp(end).map_or(0, Timestamp::as_microsecond)
}

/// First microsecond of a day in Vietnam.
pub fn start_of_day(date: Date) -> Micros {
    zone().to_timestamp(date.at(0, 0, 0, 0)).map_or(0, Timestamp::as_microsecond)
}

/// Vietnam's: of everything that people read and type.
pub fn zone() -> TimeZone {
    TimeZone::fixed(Offset::from_seconds(VIETNAM_OFFSET_SECONDS).unwrap_or(Offset::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(year: i16, month: i8, day: i8, hour: i8) -> Micros {
        zone().to_timestamp(date(year, month, day).at(hour, 0, 0, 0)).unwrap().as_microsecond()
    }

    fn named(dates: &[Date]) -> Vec<CalendarDay> {
        let name = DayName { vi: "nghỉ".into(), en: "off".into() };
        dates.iter().map(|date| CalendarDay { date: *date, name: name.clone(), certainty: "stated".into() }).collect()
    }

    /// The end of April 2026: Sunday 26 a holiday, Monday 27 in lieu, Thursday 30 and Friday 1 May holidays.
    fn spring() -> WorkingCalendar {
        WorkingCalendar::new([CalendarYear {
            year: 2026,
            status: "draft".into(),
            note: None,
            day_off: named(&[date(2026, 4, 26), date(2026, 4, 27), date(2026, 4, 30), date(2026, 5, 1)]),
            working_day: named(&[date(2026, 5, 9)]),
        }])
    }

    #[test]
    fn weekends_and_holidays_are_off_and_swapped_saturdays_are_worked() {
        let calendar = spring();
        for (day, worked) in [(24, true), (25, false), (26, false), (27, false), (28, true), (30, false)] {
            assert_eq!(calendar.is_working_day(date(2026, 4, day)), worked, "{day} April");
        }
        assert!(calendar.is_working_day(date(2026, 5, 9)), "a Saturday that is worked");
        assert!(calendar.knows(2026) && !calendar.knows(2027));
    }

    #[test]
    fn working_days_count_from_the_day_after_and_end_with_their_day() {
        let calendar = spring();
        // Friday 24 April, 16:00: Tuesday 28 is the first working day after it, Wednesday 29 the second, Monday 4 May the third.
        let event = at(2026, 4, 24, 16);
        assert_eq!(calendar.after_working_days(event, 1), end_of_day(date(2026, 4, 28)));
        assert_eq!(calendar.after_working_days(event, 3), end_of_day(date(2026, 5, 4)));
        assert_eq!(calendar.after_working_days(event, 0), event);
    }

    #[test]
    fn a_period_that_ends_on_a_day_off_ends_on_the_next_working_day() {
        assert_eq!(spring().after_days(at(2026, 4, 20, 9), 5), end_of_day(date(2026, 4, 28)));
    }

    #[test]
    fn the_day_is_the_day_in_vietnam() {
        // 23:30 UTC on 1 March is 06:30 on 2 March in Vietnam.
        let late = "2026-03-01T23:30:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        assert_eq!(vietnam_date(late), date(2026, 3, 2));
    }
}
