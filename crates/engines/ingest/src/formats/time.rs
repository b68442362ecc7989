//! Event times: layouts, missing years and zones, and how far a time can be trusted. What a record states is never
//! rewritten; a time that cannot be right is marked.

use event::{Listener, Micros, Origin, TimeQuality};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};

const DAY: Micros = 86_400_000_000;
/// 2001-01-01. Clocks that were never set begin in 1601, 1970, 1980, 1993 or 2000; logs of ours are all younger.
pub(crate) const EARLIEST: Micros = 978_307_200_000_000;

#[derive(Debug, Clone)]
pub(crate) enum Layout {
    Rfc3339,
    /// Seconds, milliseconds, microseconds or nanoseconds, told apart by their size.
    Epoch,
    Strftime {
        layout: String,
        year: bool,
    },
}

impl Layout {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "rfc3339" => Ok(Self::Rfc3339),
            "epoch" => Ok(Self::Epoch),
            _ if text.contains('%') => Ok(Self::Strftime {
                layout: text.to_owned(),
                year: ["%Y", "%y", "%F", "%D"].iter().any(|one| text.contains(one)),
            }),
            _ => Err(format!("unknown time layout {text:?}")),
        }
    }
}

/// What fills the gaps of a time: the source's setting, the format's own zone, the arrival.
pub(crate) struct Gaps<'a> {
    pub(crate) arrival: Micros,
    pub(crate) origin: &'a Origin,
    /// Zone that the record states apart from the time.
    pub(crate) stated_zone: Option<TimeZone>,
    /// Zone that the format itself fixes.
    pub(crate) format_zone: Option<&'a TimeZone>,
    /// Zone of senders that say nothing, where nothing is set for the source.
    pub(crate) default_zone: &'a TimeZone,
}

/// Reads a time in one layout; the flag tells whether year or zone had to be assumed.
pub(crate) fn read(text: &str, layout: &Layout, gaps: &Gaps<'_>) -> Option<(Micros, TimeQuality)> {
    let text = text.trim();
    match layout {
        Layout::Rfc3339 => rfc3339(text, gaps),
        Layout::Epoch => epoch(text).map(|time| (time, TimeQuality::Exact)),
        Layout::Strftime { layout, year } => strftime(text, layout, *year, gaps),
    }
}

fn rfc3339(text: &str, gaps: &Gaps<'_>) -> Option<(Micros, TimeQuality)> {
    // Cheap refusal: layouts are tried in turn, and most texts are no such time.
    text.as_bytes().first().filter(|byte| byte.is_ascii_digit())?;
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some((time.as_microsecond(), TimeQuality::Exact));
    }
    if let Ok(parsed) = BrokenDownTime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text) {
        return parsed.to_timestamp().ok().map(|time| (time.as_microsecond(), TimeQuality::Exact));
    }
    place(text.parse::<DateTime>().ok()?, gaps)
}

fn epoch(text: &str) -> Option<Micros> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok().filter(|number| *number >= 0)?;
    let micros = match number {
        // Up to the year 5138 in seconds, then milliseconds, microseconds, nanoseconds.
        0..100_000_000_000 => {
            let mut micros = 0;
            for place in 0..6 {
                let digit = match fraction.as_bytes().get(place) {
                    Some(byte) => i64::from((*byte as char).to_digit(10)?),
                    None => 0,
                };
                micros = micros * 10 + digit;
            }
            number * 1_000_000 + micros
        }
        100_000_000_000..100_000_000_000_000 => number * 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => number,
        _ => number / 1_000,
    };
    (micros > 0).then_some(micros)
}

fn strftime(text: &str, layout: &str, has_year: bool, gaps: &Gaps<'_>) -> Option<(Micros, TimeQuality)> {
    let mut parsed = BrokenDownTime::parse(layout, text).ok()?;
    if has_year {
        if parsed.offset().is_some() {
            return parsed.to_timestamp().ok().map(|time| (time.as_microsecond(), TimeQuality::Exact));
        }
        let civil = parsed.to_datetime().ok()?;
        // An abbreviation that names no zone leaves the zone open.
        return match parsed.iana_time_zone().and_then(zone) {
            Some(zone) => Some((zone.to_timestamp(civil).ok()?.as_microsecond(), TimeQuality::Exact)),
            None => place(civil, gaps),
        };
    }
    if let Some(year) = gaps.origin.year {
        parsed.set_year(Some(year)).ok()?;
        return place(parsed.to_datetime().ok()?, gaps).map(|(time, _)| (time, TimeQuality::Assumed));
    }
    // The year nearest before arrival; a clock may run up to a day ahead. 29 February needs a leap year.
    let arrival_year = Timestamp::from_microsecond(gaps.arrival).ok()?.to_zoned(TimeZone::UTC).year();
    (0..=8).map(|back| arrival_year + 1 - back).find_map(|year| {
        parsed.set_year(Some(year)).ok()?;
        let (time, _) = place(parsed.to_datetime().ok()?, gaps)?;
        (time <= gaps.arrival + DAY).then_some((time, TimeQuality::Assumed))
    })
}

/// A civil time on the line of time: in the zone that record or format state, else the source's, else the default one.
fn place(civil: DateTime, gaps: &Gaps<'_>) -> Option<(Micros, TimeQuality)> {
    let named;
    let own = gaps.stated_zone.as_ref().or(gaps.format_zone);
    let (zone, quality) = match (own, gaps.origin.time_zone.as_deref()) {
        (Some(zone), _) => (zone, TimeQuality::Exact),
        (None, Some(name)) => {
            named = zone(name);
            (named.as_ref().unwrap_or(gaps.default_zone), TimeQuality::Assumed)
        }
        (None, None) => (gaps.default_zone, TimeQuality::Assumed),
    };
    let time = zone.to_timestamp(civil).ok()?;
    Some((time.as_microsecond(), quality))
}

/// A zone by IANA name or fixed offset (`+07:00`, `Z`).
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if matches!(name, "Z" | "UTC" | "utc" | "GMT") {
        return Some(TimeZone::UTC);
    }
    if let Some(sign) = name.strip_prefix(['+', '-']) {
        let (hours, minutes) = sign.split_once(':').or_else(|| sign.split_at_checked(sign.len().min(2)))?;
        let number = |text: &str| (text.len() <= 2).then(|| text.parse::<i32>().ok()).flatten();
        let minutes = if minutes.is_empty() { 0 } else { number(minutes)? };
        let seconds = number(hours)? * 3600 + minutes * 60;
        let seconds = if name.starts_with('-') { -seconds } else { seconds };
        return Offset::from_seconds(seconds).ok().map(Offset::to_time_zone);
    }
    TimeZone::get(name).ok()
}

/// Marks times that cannot be right: of clocks that were never set, and far from arrival. Old files are imported on
/// purpose, so being old is implausible only for what arrives live.
pub(crate) fn judge(time: Micros, quality: TimeQuality, arrival: Micros, listener: Listener) -> TimeQuality {
    let never_set = time < EARLIEST;
    let ahead = time > arrival.saturating_add(DAY);
    let behind = !listener.is_of_files() && time < arrival.saturating_sub(30 * DAY);
    if never_set || ahead || behind { TimeQuality::Implausible } else { quality }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> Micros {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn with(origin: &Origin, layout: &str, text: &str) -> Option<(Micros, TimeQuality)> {
        let gaps = Gaps {
            arrival: micros("2026-01-02T00:00:00Z"),
            origin,
            stated_zone: None,
            format_zone: None,
            default_zone: &TimeZone::UTC,
        };
        read(text, &Layout::parse(layout).unwrap(), &gaps)
    }

    #[test]
    fn a_missing_year_is_the_nearest_before_arrival() {
        let origin = Origin::default();
        let assumed = |text| Some((micros(text), TimeQuality::Assumed));
        assert_eq!(with(&origin, "%b %d %H:%M:%S", "Dec 10 06:55:46"), assumed("2025-12-10T06:55:46Z"));
        assert_eq!(with(&origin, "%b %d %H:%M:%S", "Jan  2 12:00:00"), assumed("2026-01-02T12:00:00Z"));
        assert_eq!(with(&origin, "%b %d %H:%M:%S", "Jan  4 00:00:00"), assumed("2025-01-04T00:00:00Z"));
        assert_eq!(with(&origin, "%b %d %H:%M:%S", "Feb 29 00:00:00"), assumed("2024-02-29T00:00:00Z"));
        let set = Origin { year: Some(2016), time_zone: Some("+07:00".into()), ..Origin::default() };
        assert_eq!(with(&set, "%b %d %H:%M:%S", "Dec 10 06:55:46"), assumed("2016-12-09T23:55:46Z"));
    }

    #[test]
    fn a_zone_behind_the_time_is_read_by_name_or_offset() {
        let origin = Origin::default();
        for (zone, layout) in [("Asia/Ho_Chi_Minh", "%Q"), ("+0700", "%Q"), ("+07:00", "%:Q")] {
            let layout = format!("%b %d %Y %H:%M:%S {layout}");
            let read = with(&origin, &layout, &format!("Nov 20 2025 10:11:12 {zone}"));
            assert_eq!(read, Some((micros("2025-11-20T03:11:12Z"), TimeQuality::Exact)), "{zone}");
        }
        let utc = micros("2025-11-20T10:11:12Z");
        let layout = "%b %d %Y %H:%M:%S %Q";
        assert_eq!(with(&origin, layout, "Nov 20 2025 10:11:12 UTC"), Some((utc, TimeQuality::Exact)));
        assert_eq!(with(&origin, layout, "Nov 20 2025 10:11:12 ICT"), Some((utc, TimeQuality::Assumed)));
    }

    #[test]
    fn epochs_tell_their_unit_by_size() {
        let origin = Origin::default();
        for text in ["1642864622.017", "1642864622017", "1642864622017000", "1642864622017000000"] {
            assert_eq!(with(&origin, "epoch", text), Some((1_642_864_622_017_000, TimeQuality::Exact)), "{text}");
        }
        assert_eq!(with(&origin, "epoch", "-5"), None);
    }

    #[test]
    fn zones_without_a_colon_are_read() {
        let origin = Origin::default();
        let expected = Some((micros("2018-03-24T20:37:19.037299Z"), TimeQuality::Exact));
        assert_eq!(with(&origin, "rfc3339", "2018-03-24T14:37:19.037299-0600"), expected);
        let named = Origin { time_zone: Some("Asia/Ho_Chi_Minh".into()), ..Origin::default() };
        assert_eq!(
            with(&named, "rfc3339", "2026-01-01 07:00:00"),
            Some((micros("2026-01-01T00:00:00Z"), TimeQuality::Assumed))
        );
    }

    #[test]
    fn times_far_from_arrival_are_marked() {
        let arrival = micros("2026-01-02T00:00:00Z");
        let judged = |time, listener| judge(time, TimeQuality::Exact, arrival, listener);
        assert_eq!(judged(arrival + 2 * DAY, Listener::Import), TimeQuality::Implausible);
        assert_eq!(judged(arrival - 31 * DAY, Listener::Relp), TimeQuality::Implausible);
        assert_eq!(judged(arrival - 3100 * DAY, Listener::Import), TimeQuality::Exact);
        assert_eq!(judged(micros("1601-01-01T00:00:00Z"), Listener::Import), TimeQuality::Implausible);
        assert_eq!(judged(micros("1970-01-01T00:03:00Z"), Listener::Import), TimeQuality::Implausible);
    }
}
