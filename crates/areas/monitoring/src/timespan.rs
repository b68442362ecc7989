//! The span of time a list or a search looks at, as it stands in an address: `range=24h`, or `from` and `to`.
//! Times are milliseconds since 1970 UTC, or as `kit::civil` reads them.

use kit::civil;
use kit::clock::{DAY, HOUR, MINUTE, Micros};
use kit::error::FieldError;
use kit::page::{Address, Choice, Page};

/// Ranges that pages offer, shortest first.
const RANGES: [(&str, Micros); 7] = [
    ("15m", 15 * MINUTE),
    ("1h", HOUR),
    ("4h", 4 * HOUR),
    ("24h", DAY),
    ("7d", 7 * DAY),
    ("30d", 30 * DAY),
    ("all", 0),
];

/// From when to when; an open end is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timespan {
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    /// Code of the range, empty where the ends were given one by one.
    pub range: &'static str,
}

impl Timespan {
    /// Reads an address. Ends given one by one win over a range; without either, `default` holds.
    pub fn of(address: &Address, now: Micros, default: &'static str) -> Self {
        let end = |name: &str| address.value(name).and_then(moment);
        let (from, to) = (end("from"), end("to"));
        if from.is_some() || to.is_some() {
            return Self { from, to, range: "" };
        }
        let wanted = address.value("range").unwrap_or(default);
        let (range, length) = RANGES.into_iter().find(|(code, _)| *code == wanted).unwrap_or(("24h", DAY));
        Self { from: (length > 0).then(|| now.saturating_sub(length)), to: None, range }
    }

    /// What is wrong with the ends and the range of an address, which [`Self::of`] would pass over.
    pub fn problems(address: &Address) -> Vec<FieldError> {
        let given = |name: &str| address.value(name).map(str::trim).filter(|text| !text.is_empty());
        let wrong = |field: &str, key| FieldError { field: field.to_owned(), key };
        let mut problems = Vec::new();
        for name in ["from", "to"] {
            if given(name).is_some_and(|text| moment(text).is_none()) {
                problems.push(wrong(name, "timespan-unreadable"));
            }
        }
        let ends = given("from").and_then(moment).zip(given("to").and_then(moment));
        if ends.is_some_and(|(from, to)| from >= to) {
            problems.push(wrong("to", "timespan-backwards"));
        }
        if given("range").is_some_and(|code| known_range(code).is_empty()) {
            problems.push(wrong("range", "timespan-range-unknown"));
        }
        problems
    }

    /// The choices of a select, named in the language of the page.
    pub fn choices(&self, page: &Page) -> Vec<Choice> {
        RANGES
            .iter()
            .map(|(code, _)| Choice::new(*code, page.t(&format!("timespan-{code}")), *code == self.range))
            .collect()
    }

    /// "24 giờ qua" or "từ … đến …".
    pub fn words(&self, page: &Page) -> String {
        if !self.range.is_empty() {
            return page.t(&format!("timespan-{}", self.range));
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) => {
                page.tn2("timespan-between", "from", page.format.date_time(from), "to", page.format.date_time(to))
            }
            (Some(from), None) => page.tn("timespan-since", "from", page.format.date_time(from)),
            (None, Some(to)) => page.tn("timespan-until", "to", page.format.date_time(to)),
            (None, None) => page.t("timespan-all"),
        }
    }
}

/// The code of a range as pages offer it; empty for anything else.
pub fn known_range(code: &str) -> &'static str {
    RANGES.into_iter().find(|(known, _)| *known == code).map_or("", |(known, _)| known)
}

/// A time as an address or a form says it.
fn moment(text: &str) -> Option<Micros> {
    match text.trim().parse::<i64>() {
        Ok(millis) => millis.checked_mul(1_000),
        Err(_) => civil::moment(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_each_of_its_spellings() {
        let expected = Some(1_795_219_200_000_000);
        assert_eq!(moment("1795219200000"), expected);
        assert_eq!(moment("2026-11-21T00:00:00Z"), expected);
        assert_eq!(moment("2026-11-21T07:00"), expected);
        assert_eq!(moment("21/11/2026 07:00"), expected);
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn ends_that_cannot_be_read_or_stand_backwards_are_named() {
        let problems = |address: &str| {
            let found = Timespan::problems(&Address::parse(address));
            found.into_iter().map(|one| (one.field, one.key)).collect::<Vec<_>>()
        };
        assert_eq!(problems("/search?from=abc"), [("from".to_owned(), "timespan-unreadable")]);
        let backwards = "/search?from=2026-11-21T07:00&to=2026-11-20T07:00";
        assert_eq!(problems(backwards), [("to".to_owned(), "timespan-backwards")]);
        assert_eq!(problems("/search?range=nonsense"), [("range".to_owned(), "timespan-range-unknown")]);
        assert!(problems("/search?from=&to=&range=").is_empty() && problems("/search?range=7d").is_empty());
    }

    #[test]
    fn ends_given_one_by_one_win_over_a_range() {
        let now = 1_795_219_200_000_000;
        let span = Timespan::of(&Address::parse("/search?range=7d&from=1795219000000"), now, "24h");
        assert_eq!((span.from, span.to, span.range), (Some(1_795_219_000_000_000), None, ""));
        let span = Timespan::of(&Address::parse("/search?range=nonsense"), now, "1h");
        assert_eq!(span.range, "24h");
        assert_eq!(Timespan::of(&Address::parse("/search"), now, "1h").from, Some(now - HOUR));
    }
}
