//! One question about one field (or about every text of the record), as a rule asks it, and its answer.
//! Where the Sigma specification leaves a choice, `tests/golden/README.md` says what was chosen and why.

use crate::pattern::{Pattern, with_folded};
use crate::view::View;
use event::Value;
use ipnet::IpNet;
use regex::Regex;
use std::net::IpAddr;
use std::sync::Arc;

/// What is asked of a value.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Text(Pattern),
    Regex(RegularExpression),
    Network(IpNet),
    /// Equal to a number: numerically, or as it is spelled where the record holds text.
    Number {
        value: f64,
        spelled: Arc<str>,
    },
    Truth(bool),
    /// The field is absent, null or an empty list.
    Null,
    /// The field is present (or not), whatever its value.
    Exists(bool),
    Compare(Comparison, f64),
    /// Equal to another field's value, or starting with it, ending with it, containing it.
    SameAs {
        other: Arc<str>,
        cased: bool,
        open_start: bool,
        open_end: bool,
    },
    /// A part of a time, equal to a number or compared with it.
    TimePart(TimePart, Option<Comparison>, i64),
}

/// A regular expression.
#[derive(Debug, Clone)]
pub(crate) struct RegularExpression {
    pub(crate) regex: Regex,
    /// Folded literals of which every text that it matches holds at least one; empty where none can be named.
    pub(crate) literals: Arc<[String]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A test bound to a field; without one it is a keyword, looked for in every text of the record.
#[derive(Debug, Clone)]
pub(crate) struct Predicate {
    pub(crate) field: Option<Arc<str>>,
    pub(crate) test: Test,
    /// The value as the rule writes it, for people.
    pub(crate) shown: Arc<str>,
    /// Two predicates with the same key give the same answer for every record.
    pub(crate) key: Arc<str>,
}

impl Predicate {
    pub(crate) fn new(field: Option<Arc<str>>, test: Test, shown: Arc<str>) -> Self {
        let key = format!("{field:?}\u{0}{test:?}").into();
        Self { field, test, shown, key }
    }

    /// Rough cost of an answer, to ask cheap questions first.
    pub(crate) fn cost(&self) -> u8 {
        match (&self.field, &self.test) {
            (None, Test::Regex(_)) => 5,
            (None, _) => 4,
            (_, Test::Regex(_)) => 3,
            (_, Test::Network(_) | Test::TimePart(..) | Test::SameAs { .. }) => 2,
            (_, Test::Text(_)) => 1,
            _ => 0,
        }
    }
}

impl Test {
    /// The answer for a field, found in `view` under `slot`.
    pub(crate) fn holds(&self, view: &View<'_>, slot: usize) -> bool {
        let Some(value) = view.value(slot) else {
            return matches!(self, Self::Null | Self::Exists(false));
        };
        match self {
            Self::Null => is_null(value),
            Self::Exists(wanted) => *wanted,
            Self::Text(pattern) if !pattern.is_cased() => view.any_folded(slot, &mut |text| pattern.matches(text)),
            Self::SameAs { other, cased, open_start, open_end } => {
                view.value_named(other).is_some_and(|other| same_as(value, other, *cased, *open_start, *open_end))
            }
            _ => any_scalar(value, &mut |scalar| self.holds_for(scalar)),
        }
    }

    /// The answer for one text of the record, for keywords.
    pub(crate) fn holds_for_text(&self, text: &str, folded: &str) -> bool {
        match self {
            Self::Text(pattern) => pattern.matches(if pattern.is_cased() { text } else { folded }),
            Self::Regex(expression) => expression.regex.is_match(text),
            _ => false,
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        match self {
            Self::Text(pattern) => {
                value.with_text(|text| in_case(text, pattern.is_cased(), |text| pattern.matches(text))) == Some(true)
            }
            Self::Regex(expression) => value.with_text(|text| expression.regex.is_match(text)) == Some(true),
            Self::Network(network) => value.with_text(|text| in_network(network, text)) == Some(true),
            Self::Number { value: wanted, spelled } => match value {
                Value::Int(number) => *number as f64 == *wanted,
                Value::Float(number) => number == wanted,
                Value::Text(text) => **text == **spelled,
                _ => false,
            },
            Self::Truth(wanted) => match value {
                Value::Bool(truth) => truth == wanted,
                Value::Text(text) => text.eq_ignore_ascii_case(if *wanted { "true" } else { "false" }),
                _ => false,
            },
            Self::Compare(comparison, limit) => value.as_f64().is_some_and(|number| comparison.holds(number, *limit)),
            Self::TimePart(part, comparison, wanted) => part.of(value).is_some_and(|have| match comparison {
                Some(comparison) => comparison.holds(have as f64, *wanted as f64),
                None => have == *wanted,
            }),
            Self::Null | Self::Exists(_) | Self::SameAs { .. } => false,
        }
    }

    /// The first text of a value that satisfies the test, for people.
    pub(crate) fn evidence(&self, view: &View<'_>, slot: usize) -> Option<String> {
        let value = view.value(slot)?;
        let mut found = None;
        any_scalar(value, &mut |scalar| {
            let fits = matches!(self, Self::Exists(true) | Self::SameAs { .. }) || self.holds_for(scalar);
            if fits {
                found = scalar.as_text().map(|text| text.into_owned());
            }
            fits
        });
        found
    }
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

impl TimePart {
    /// The part of a time as it is written; zones are not converted (specification 2.1, time modifiers). Numbers, also where
    /// a text is one, are seconds, milliseconds or microseconds since 1970, by their size.
    fn of(self, value: &Value) -> Option<i64> {
        let time = match value {
            Value::Text(text) => written_time(text).or_else(|| counted_time(&number_in(text)?))?,
            number => counted_time(number)?,
        };
        Some(match self {
            Self::Minute => i64::from(time.minute()),
            Self::Hour => i64::from(time.hour()),
            Self::Day => i64::from(time.day()),
            Self::Week => i64::from(time.date().iso_week_date().week()),
            Self::Month => i64::from(time.month()),
            Self::Year => i64::from(time.year()),
        })
    }
}

fn written_time(text: &str) -> Option<jiff::civil::DateTime> {
    let text = text.trim();
    let clock = text.get(..19).filter(|_| text.len() >= 19).unwrap_or(text);
    clock.parse().ok()
}

/// The number that a text is.
fn number_in(text: &str) -> Option<Value> {
    let text = text.trim();
    text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Float)).ok()
}

/// The time that is so far from 1970, in UTC.
fn counted_time(number: &Value) -> Option<jiff::civil::DateTime> {
    let micros = match number {
        Value::Int(number) => match number.unsigned_abs() {
            0..100_000_000_000 => number.checked_mul(1_000_000)?,
            100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000)?,
            _ => *number,
        },
        Value::Float(number) => {
            let unit = match number.abs() {
                size if size < 1e11 => 1e6,
                size if size < 1e14 => 1e3,
                _ => 1.0,
            };
            let micros = (number * unit).floor();
            // Beyond that no whole number is sure, and no time is meant.
            (micros.abs() < 1e18).then_some(micros as i64)?
        }
        _ => return None,
    };
    let time = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).datetime())
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(values) => values.iter().all(is_null),
        _ => false,
    }
}

pub(crate) fn any_scalar(value: &Value, visit: &mut dyn FnMut(&Value) -> bool) -> bool {
    match value {
        Value::List(values) => values.iter().any(|one| any_scalar(one, visit)),
        other => visit(other),
    }
}

fn in_network(network: &IpNet, text: &str) -> bool {
    let text = text.trim();
    let text = text.split_once('%').map_or(text, |(address, _zone)| address);
    let Ok(address) = text.parse::<IpAddr>() else { return false };
    network.contains(&address) || network.contains(&address.to_canonical())
}

/// Hands on the text as it is compared: as it stands, or folded.
fn in_case<R>(text: &str, cased: bool, read: impl FnOnce(&str) -> R) -> R {
    if cased { read(text) } else { with_folded(text, read) }
}

fn same_as(value: &Value, other: &Value, cased: bool, open_start: bool, open_end: bool) -> bool {
    let alike = |left: &str, right: &str| match (open_start, open_end) {
        (false, false) => left == right,
        (false, true) => left.starts_with(right),
        (true, false) => left.ends_with(right),
        (true, true) => left.contains(right),
    };
    let one_is_alike = |left: &str| {
        any_scalar(other, &mut |right| {
            right.with_text(|right| in_case(right, cased, |right| alike(left, right))) == Some(true)
        })
    };
    any_scalar(value, &mut |left| left.with_text(|left| in_case(left, cased, one_is_alike)) == Some(true))
}
