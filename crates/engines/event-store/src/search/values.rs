//! What a value means for its field, and what it cannot mean: a mistake is said with its place, never answered with
//! nothing found.

use super::language::{Bound, Field, Test};
use super::parser::moment;
use super::tokens::problem;
use crate::pattern::Expression;
use crate::{StoreError, columns};
use ipnet::IpNet;
use jiff::tz::TimeZone;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of so many bits are sought address by address, which the word index knows.
const FEW_BITS: u8 = 3;

/// What a field holds, as far as values can be wrong for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
    Time,
    Address,
}

fn kind(field: &Field) -> Kind {
    let Field::Column(name) = field else { return Kind::Text };
    let doc = columns::docs().into_iter().find(|doc| doc.name == *name);
    match doc.map(|doc| doc.kind) {
        Some("integer") => Kind::Number,
        Some("boolean") => Kind::Truth,
        Some("time") => Kind::Time,
        _ if name.ends_with("_ip") => Kind::Address,
        _ => Kind::Text,
    }
}

/// A word without a field.
pub(super) fn anywhere(at: usize, text: String) -> Result<Test, StoreError> {
    if text.chars().all(|letter| letter == '*') {
        return Ok(Test::Text(String::new()));
    }
    if text.starts_with(':') && !text.starts_with("::") {
        return Err(problem(
            at,
            "search-field-missing",
            "",
            "the name of a field is missing before the colon",
            "write field:value, or put quotation marks around it",
        ));
    }
    slashes(at, &text)?;
    if text.contains(['*', '?']) {
        return Ok(Test::Wildcard(text));
    }
    match network(at, &text)? {
        Some(network) => Ok(network),
        None => Ok(Test::Text(text)),
    }
}

/// What stands between slashes.
pub(super) fn expression(at: usize, field: &Field, source: String) -> Result<Test, StoreError> {
    if matches!(kind(field), Kind::Truth | Kind::Time) {
        let words = "this field holds no text, so no regular expression fits it";
        return Err(problem(at, "search-expression-field", "", words, "write field:true or field:2026-11-21"));
    }
    let folded = Expression::folded(&source);
    let read = match regex_syntax::Parser::new().parse(&source) {
        Ok(_) => regex_syntax::Parser::new().parse(&folded),
        refused => refused,
    };
    let refused = match read {
        Ok(_) if Expression::new(&source).is_usable() => return Ok(Test::Expression(source)),
        Ok(_) => None,
        Err(regex_syntax::Error::Parse(error)) => Some((error.span().start.offset, error.kind().to_string())),
        Err(regex_syntax::Error::Translate(error)) => Some((error.span().start.offset, error.kind().to_string())),
        Err(error) => Some((0, error.to_string())),
    };
    Err(match refused {
        Some((offset, why)) => {
            let place = source.get(..offset).map_or(0, |before| before.chars().count());
            let words = format!("the regular expression is wrong here: {why}");
            let hint = "put quotation marks around it to search for the text as it stands";
            problem(at + 1 + place, "search-expression", why, words, hint)
        }
        None => {
            let words = "the regular expression is too large";
            problem(at, "search-expression-large", "", words, "repeat less, or split it into several")
        }
    })
}

/// Refuses what was perhaps meant as a regular expression and is none, since a slash in it closes it too early.
fn slashes(at: usize, text: &str) -> Result<(), StoreError> {
    match is_expression(text) {
        false => Ok(()),
        true => Err(problem(
            at,
            "search-expression-slash",
            "",
            "a slash inside a regular expression is written \\/",
            "put quotation marks around it to search for the text as it stands",
        )),
    }
}

/// The addresses of a network, where they are as few as can be looked up one by one.
pub(super) fn few_addresses(network: &IpNet) -> Option<Vec<IpAddr>> {
    let bits = network.max_prefix_len() - network.prefix_len();
    if bits > FEW_BITS {
        return None;
    }
    let count = 1_u32 << bits;
    Some(match network.network() {
        IpAddr::V4(first) => (0..count).map(|step| IpAddr::V4(Ipv4Addr::from(u32::from(first) | step))).collect(),
        IpAddr::V6(first) => {
            (0..count).map(|step| IpAddr::V6(Ipv6Addr::from(u128::from(first) | u128::from(step)))).collect()
        }
    })
}

/// A word behind `field:`.
pub(super) fn of_field(at: usize, field: &Field, text: String, zone: &TimeZone) -> Result<Test, StoreError> {
    let compared = [(">=", true, true), ("<=", false, true), (">", true, false), ("<", false, false)];
    for (sign, low, included) in compared {
        if let Some(rest) = text.strip_prefix(sign) {
            let bound = bound(at, field, rest, included, zone)?;
            let (low, high) = if low { (bound, Bound::Open) } else { (Bound::Open, bound) };
            return range(at, field, low, high);
        }
    }
    if text == "*" {
        return Ok(Test::Exists);
    }
    if let Some((low, high)) = dots(field, &text) {
        return range(at, field, bound(at, field, low, true, zone)?, bound(at, field, high, true, zone)?);
    }
    slashes(at, &text)?;
    if matches!(kind(field), Kind::Text | Kind::Address)
        && let Some(network) = network(at, &text)?
    {
        return Ok(network);
    }
    if text.contains(['*', '?']) {
        return Ok(Test::Wildcard(text));
    }
    possible(at, field, &text)?;
    Ok(Test::Text(text))
}

/// Both ends of `field:[a TO b]`, or of a comparison.
pub(super) fn range(at: usize, field: &Field, low: Bound, high: Bound) -> Result<Test, StoreError> {
    if kind(field) == Kind::Address {
        return Err(problem(
            at,
            "search-address-range",
            "",
            "addresses have no ranges",
            "write a network: source_ip:10.0.0.0/8",
        ));
    }
    let number = |bound: &Bound| match bound {
        Bound::Open => None,
        Bound::Including(number) | Bound::Excluding(number) => Some(*number),
    };
    match (number(&low), number(&high)) {
        (Some(from), Some(to)) if from > to => Err(problem(
            at,
            "search-range-backwards",
            "",
            "the range begins behind its end",
            "write the smaller value first",
        )),
        _ => Ok(Test::Range { low, high }),
    }
}

pub(super) fn bound(
    at: usize,
    field: &Field,
    text: &str,
    included: bool,
    zone: &TimeZone,
) -> Result<Bound, StoreError> {
    if text == "*" {
        return Ok(Bound::Open);
    }
    let number = match kind(field) {
        Kind::Time => moment(text, zone).map(|(from, _)| from as f64),
        Kind::Address => {
            return Err(problem(
                at,
                "search-address-range",
                "",
                "addresses have no ranges",
                "write a network: source_ip:10.0.0.0/8",
            ));
        }
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    };
    match (number, kind(field)) {
        (Some(number), _) if included => Ok(Bound::Including(number)),
        (Some(number), _) => Ok(Bound::Excluding(number)),
        (None, Kind::Time) => Err(problem(
            at,
            "search-no-time",
            text,
            format!("{text:?} is no time"),
            "write 2026-11-21, 2026-11-21T08:30 or 2026-11-21T08:30:00+07:00",
        )),
        (None, _) => Err(problem(
            at,
            "search-no-number",
            text,
            format!("{text:?} is no number"),
            "ranges compare numbers and times",
        )),
    }
}

/// The ends of `a..b`. In a text that is no number two dots may stand for themselves, as in paths.
fn dots<'t>(field: &Field, text: &'t str) -> Option<(&'t str, &'t str)> {
    let (low, high) = text.split_once("..").filter(|(low, high)| !low.is_empty() && !high.is_empty())?;
    let simple = |end: &str| end.chars().all(|letter| letter.is_alphanumeric() || "-+:.*_".contains(letter));
    match kind(field) {
        Kind::Text => (simple(low) && simple(high)).then_some((low, high)),
        _ => Some((low, high)),
    }
}

/// Between slashes, with signs that only a regular expression has; `/var/log/` is a path.
fn is_expression(text: &str) -> bool {
    let inside = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).unwrap_or_default();
    inside.contains(['[', ']', '{', '}', '|', '^', '\\']) || inside.contains(".*")
}

/// A network, and what wants to be one: an address with something behind a slash.
fn network(at: usize, text: &str) -> Result<Option<Test>, StoreError> {
    let Some((address, _)) = text.split_once('/') else { return Ok(None) };
    if let Ok(network) = text.parse() {
        return Ok(Some(Test::Network(network)));
    }
    match address.parse::<IpAddr>() {
        Ok(address) => {
            let most = if address.is_ipv4() { 32 } else { 128 };
            Err(problem(
                at,
                "search-network",
                text,
                format!("{text:?} is no network"),
                &format!("behind the slash of {address} stands a number from 0 to {most}"),
            ))
        }
        Err(_) => Ok(None),
    }
}

/// Refuses a value that the column can never hold.
fn possible(at: usize, field: &Field, text: &str) -> Result<(), StoreError> {
    let quoted = "put quotation marks around it to search for the text as it stands";
    match kind(field) {
        Kind::Number if text.parse::<i64>().is_err() => Err(problem(
            at,
            "search-no-whole-number",
            text,
            format!("{text:?} is no number"),
            "this field holds whole numbers: write field:443, field:>=1024 or field:[1 TO 1024]",
        )),
        Kind::Truth if !matches!(text, "true" | "yes" | "1" | "false" | "no" | "0") => Err(problem(
            at,
            "search-no-truth",
            text,
            format!("{text:?} is neither true nor false"),
            "write field:true or field:false",
        )),
        Kind::Address if looks_like_address(text) && text.parse::<IpAddr>().is_err() => {
            Err(problem(at, "search-no-address", text, format!("{text:?} is no address"), quoted))
        }
        _ => Ok(()),
    }
}

/// Made of nothing but what addresses are made of.
fn looks_like_address(text: &str) -> bool {
    let dotted = text.contains('.') && text.chars().all(|letter| letter.is_ascii_digit() || "./".contains(letter));
    let coloned = text.contains(':') && text.chars().all(|letter| letter.is_ascii_hexdigit() || ":./".contains(letter));
    dotted || coloned || text.chars().all(|letter| letter.is_ascii_digit())
}
