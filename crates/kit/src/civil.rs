//! Days and moments as people type and read them in fields: dd/mm/yyyy, with hh:mm where it matters, in Vietnamese time (UTC+7,
//! which has no daylight saving). The spellings of ISO 8601 are taken too. How pages tell times stands in `page::format`.

use crate::calendar::{start_of_day, zone};
use crate::clock::Micros;
use crate::error::Error;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

/// What is wrong with a day that cannot be read.
pub const DAY_WRONG: &str = "field-date-wrong";
/// What is wrong with a moment that cannot be read.
pub const MOMENT_WRONG: &str = "field-date-time-wrong";
/// What is wrong with a time of the day that cannot be read.
pub const CLOCK_WRONG: &str = "field-time-wrong";

/// What a clock in Vietnam shows.
pub fn local(at: Micros) -> DateTime {
    zone().to_datetime(Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// When a clock in Vietnam shows this; nothing beyond the years that are counted.
fn instant(local: DateTime) -> Option<Micros> {
    zone().to_timestamp(local).ok().map(|time| time.as_microsecond())
}

/// `21/11/2026` or `2026-11-21`.
pub fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    day_first(text).or_else(|| text.parse().ok())
}

/// `21/11/2026 09:12`, `2026-11-21T09:12`, either without a time for midnight, or a moment with its zone.
pub fn moment(text: &str) -> Option<Micros> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_microsecond());
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return instant(local);
    }
    let (day, time) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let time = match time.trim() {
        "" => Time::midnight(),
        time => clock(time)?,
    };
    instant(day_first(day)?.to_datetime(time))
}

/// Day, month and year of four digits, parted by `/`, `-` or `.`.
fn day_first(text: &str) -> Option<Date> {
    let mut parts = text.split(['/', '-', '.']);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(number(year)?, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
}

/// `9:05`, `09:05:30` or `9h05`.
pub fn clock(text: &str) -> Option<Time> {
    let mut parts = text.trim().split([':', 'h']);
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    let [hour, minute, second] =
        [hour, minute, second].map(|part| number(part).and_then(|part| i8::try_from(part).ok()));
    Time::new(hour?, minute?, second?, 0).ok()
}

/// Digits alone.
fn number(text: &str) -> Option<i16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Value of the field of a day: `21/11/2026`.
pub fn day_field(at: Micros) -> String {
    local(at).strftime("%d/%m/%Y").to_string()
}

/// Value of the field of a moment: `21/11/2026 09:12`.
pub fn moment_field(at: Micros) -> String {
    local(at).strftime("%d/%m/%Y %H:%M").to_string()
}

/// Whether a clock in Vietnam shows midnight: what ends then ends with the day before.
pub fn is_midnight(at: Micros) -> bool {
    local(at).time() == Time::midnight()
}

/// Midnight of the day in a field; nothing where it is empty.
pub fn day_in(field: &str, text: &str) -> Result<Option<Micros>, Error> {
    read(field, text, DAY_WRONG, |text| day(text).map(start_of_day))
}

/// The moment in a field; nothing where it is empty.
pub fn moment_in(field: &str, text: &str) -> Result<Option<Micros>, Error> {
    read(field, text, MOMENT_WRONG, moment)
}

fn read(
    field: &str,
    text: &str,
    wrong: &'static str,
    how: impl Fn(&str) -> Option<Micros>,
) -> Result<Option<Micros>, Error> {
    match text.trim() {
        "" => Ok(None),
        text => how(text).map(Some).ok_or_else(|| Error::invalid(field, wrong)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY, HOUR, MINUTE};

    /// 21 November 2026, 00:00 in Vietnam.
    const MIDNIGHT: Micros = 1_795_194_000_000_000;

    #[test]
    fn a_moment_is_read_as_it_is_shown_and_in_its_other_spellings() {
        let at = MIDNIGHT + 9 * HOUR + 12 * MINUTE;
        assert_eq!(moment_field(at), "21/11/2026 09:12");
        let spellings = [
            "21/11/2026 09:12",
            " 21/11/2026  9:12 ",
            "21-11-2026 9h12",
            "21.11.2026 09:12:00",
            "2026-11-21T09:12",
            "2026-11-21 09:12",
            "2026-11-21T02:12:00Z",
        ];
        for text in spellings {
            assert_eq!(moment(text), Some(at), "{text}");
        }
        for text in ["21/11/2026", "2026-11-21"] {
            assert_eq!(moment(text), Some(MIDNIGHT), "{text}");
        }
    }

    #[test]
    fn the_day_stands_before_the_month() {
        assert_eq!(day("03/02/2026"), Some(jiff::civil::date(2026, 2, 3)));
        assert_eq!(day("3/2/2026"), day("2026-02-03"));
        assert_eq!(day_field(MIDNIGHT), "21/11/2026");
    }

    #[test]
    fn midnight_is_the_first_moment_of_a_day_and_no_other() {
        assert!(is_midnight(MIDNIGHT) && is_midnight(MIDNIGHT + DAY));
        for at in [MIDNIGHT - 1, MIDNIGHT + 1, MIDNIGHT + 7 * HOUR] {
            assert!(!is_midnight(at), "{at}");
        }
    }

    #[test]
    fn what_is_no_day_of_the_calendar_is_not_read() {
        let wrong = ["", "hôm nay", "11/23/2026", "31/02/2026", "21/11/26", "2026-13-01", "1/2/3/2026", "+1/2/2026"];
        for text in wrong.into_iter().chain(["9999999-01-01T00:00", "99999/1/2026", "/11/2026", "21/11/2026 25:00"]) {
            assert_eq!((day(text).filter(|_| !text.contains(':')), moment(text)), (None, None), "{text}");
        }
        for text in ["21/11/2026 9", "21/11/2026 9:", "21/11/2026 9:1:2:3", "21/11/2026 -9:12"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn an_empty_field_is_none_and_a_wrong_one_says_how_it_is_written() {
        let key = |read: Result<Option<Micros>, Error>| match read {
            Err(Error::Invalid(fields)) => fields.into_iter().map(|one| (one.field, one.key)).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(day_in("at", " ").unwrap(), None);
        assert_eq!(day_in("at", "21/11/2026").unwrap(), Some(MIDNIGHT));
        assert_eq!(moment_in("at", "21/11/2026 24:00").map_err(drop), Err(()));
        assert_eq!(moment_in("at", "22/11/2026").unwrap(), Some(MIDNIGHT + DAY));
        assert_eq!(key(day_in("at", "soon")), [("at".to_owned(), DAY_WRONG)]);
        assert_eq!(key(moment_in("at", "soon")), [("at".to_owned(), MOMENT_WRONG)]);
    }
}
