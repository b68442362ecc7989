//! Where a value comes from: a field, a field passed through small transforms, or a template of fields.
//! Transforms never fail loudly: a value that does not fit gives nothing.

use super::draft::Draft;
use event::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Names of values and what they stand for (`[value_map.NAME]` of a format file).
pub(crate) type ValueMap = Arc<HashMap<String, String>>;

#[derive(Debug, Clone)]
pub(crate) enum Transform {
    /// File name of a path with either slash.
    Basename,
    /// Strongest of `SHA256=…,MD5=…`.
    Hash,
    /// Address without brackets, zone, port or the IPv4-in-IPv6 prefix; nothing where it is no address.
    Address,
    /// Host of an URL.
    UrlHost,
    Before(Mark),
    After(Mark),
    AfterLast(Mark),
    UrlDecode,
    Lower,
    /// `(3)www(7)example(0)`, as Microsoft's DNS server writes a name, with dots.
    DnsName,
    /// Characters of the named set dropped from both ends.
    Strip(String),
    Map(ValueMap),
    /// Keeps the value only where it has a shape: `not_machine` for accounts that do not end in `$`.
    NotMachine,
}

/// Where a text is parted; most marks are one character, which is found faster than a text is.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    One(char),
    Text(String),
}

impl Mark {
    fn new(text: &str) -> Self {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) => Self::One(one),
            _ => Self::Text(text.to_owned()),
        }
    }

    fn first<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        match self {
            Self::One(mark) => text.split_once(*mark),
            Self::Text(mark) => text.split_once(mark.as_str()),
        }
    }

    fn last<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        match self {
            Self::One(mark) => text.rsplit_once(*mark),
            Self::Text(mark) => text.rsplit_once(mark.as_str()),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    Field { name: Box<str>, transforms: Vec<Transform> },
    Template(Vec<Piece>),
}

#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Text(String),
    Field(Box<str>),
}

impl Source {
    pub(crate) fn parse(text: &str, maps: &BTreeMap<String, ValueMap>) -> Result<Self, String> {
        if text.contains('{') {
            return parse_template(text).map(Self::Template);
        }
        let mut parts = text.split('|');
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            return Err(format!("source {text:?} names no field"));
        }
        let transforms = parts.map(|part| Transform::parse(part, maps)).collect::<Result<_, _>>()?;
        Ok(Self::Field { name: name.into(), transforms })
    }

    /// The text of [`Source::value`], borrowed where it stands in the record.
    pub(crate) fn text<'a>(&self, draft: &'a Draft) -> Option<Cow<'a, str>> {
        match self {
            Self::Field { name, transforms } if transforms.is_empty() => {
                draft.get(name).filter(|value| present(value)).and_then(Value::as_text)
            }
            _ => self.value(draft)?.as_text().map(|text| Cow::Owned(text.into_owned())),
        }
    }

    /// The value, or nothing where a field is absent or empty.
    pub(crate) fn value(&self, draft: &Draft) -> Option<Value> {
        match self {
            Self::Field { name, transforms } => draft.get(name).and_then(|value| apply(value, transforms)),
            Self::Template(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(piece) => text.push_str(piece),
                        Piece::Field(name) => text.push_str(&draft.get(name)?.as_text()?),
                    }
                }
                Some(text.into())
            }
        }
    }
}

/// Runs a value through transforms; an empty text or a lone dash is nothing.
pub(crate) fn apply(value: &Value, transforms: &[Transform]) -> Option<Value> {
    if transforms.is_empty() {
        return present(value).then(|| value.clone());
    }
    let first = match value {
        Value::List(values) => values.iter().find_map(Value::as_text)?,
        other => other.as_text()?,
    };
    let mut text = Cow::Borrowed(first.trim());
    for transform in transforms {
        text = match text {
            Cow::Borrowed(text) => transform.run(text)?,
            Cow::Owned(text) => Cow::Owned(transform.run(&text)?.into_owned()),
        };
    }
    (!text.is_empty() && text != "-").then(|| Value::Text(text.into()))
}

pub(crate) fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) => match text.as_bytes() {
            // Most texts show it by how they begin.
            [first, _, ..] if first.is_ascii_graphic() && *first != b'-' => true,
            _ => !matches!(text.trim(), "" | "-"),
        },
        Value::List(values) => values.iter().any(present),
        _ => true,
    }
}

fn parse_template(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or_else(|| format!("template {text:?} has no closing brace"))?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Field(name.into()));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

impl Transform {
    fn parse(text: &str, maps: &BTreeMap<String, ValueMap>) -> Result<Self, String> {
        let (word, argument) = match text.split_once(':') {
            Some((word, argument)) => (word, Some(argument)),
            None => (text, None),
        };
        Ok(match (word, argument) {
            ("basename", None) => Self::Basename,
            ("hash", None) => Self::Hash,
            ("address", None) => Self::Address,
            ("url_host", None) => Self::UrlHost,
            ("url_decode", None) => Self::UrlDecode,
            ("lower", None) => Self::Lower,
            ("dns_name", None) => Self::DnsName,
            ("not_machine", None) => Self::NotMachine,
            ("before", Some(mark)) => Self::Before(Mark::new(mark)),
            ("after", Some(mark)) => Self::After(Mark::new(mark)),
            ("after_last", Some(mark)) => Self::AfterLast(Mark::new(mark)),
            ("strip", Some(set)) => Self::Strip(set.to_owned()),
            ("map", Some(name)) => Self::Map(maps.get(name).cloned().ok_or_else(|| format!("no value_map {name:?}"))?),
            _ => return Err(format!("unknown transform {text:?}")),
        })
    }

    fn run<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        let part = |part: Option<&'a str>| part.map(Cow::Borrowed);
        match self {
            Self::Basename => part(text.rsplit(['\\', '/']).next()),
            Self::Hash => part(strongest_hash(text)),
            Self::Address => address(text).map(Cow::Owned),
            Self::UrlHost => url_host(text).map(Cow::Owned),
            Self::UrlDecode => url_decode(text).map(Cow::Owned),
            Self::Lower => Some(Cow::Owned(text.to_lowercase())),
            Self::DnsName => dns_name(text).map(Cow::Owned),
            Self::NotMachine => part((!text.ends_with('$')).then_some(text)),
            Self::Before(mark) => part(Some(mark.first(text).map_or(text, |(before, _)| before))),
            Self::After(mark) => part(mark.first(text).map(|(_, after)| after)),
            Self::AfterLast(mark) => part(Some(mark.last(text).map_or(text, |(_, after)| after))),
            Self::Strip(set) => part(Some(text.trim_matches(|one| set.contains(one)))),
            Self::Map(map) => map.get(text).cloned().map(Cow::Owned),
        }
    }
}

fn dns_name(text: &str) -> Option<String> {
    let mut labels = Vec::new();
    for part in text.strip_prefix('(')?.split('(') {
        let (length, label) = part.split_once(')')?;
        length.parse::<u8>().ok()?;
        labels.extend(Some(label).filter(|label| !label.is_empty()));
    }
    (!labels.is_empty()).then(|| labels.join("."))
}

fn strongest_hash(text: &str) -> Option<&str> {
    let named = |name: &str| {
        text.split(',').find_map(|part| {
            let (have, hash) = part.trim().split_once('=')?;
            have.eq_ignore_ascii_case(name).then_some(hash)
        })
    };
    named("SHA256").or_else(|| named("SHA1")).or_else(|| named("MD5")).or_else(|| {
        let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit()) && matches!(text.len(), 32 | 40 | 64);
        plain.then_some(text)
    })
}

fn address(text: &str) -> Option<String> {
    let bare = text.trim_start_matches("::ffff:").trim_start_matches("::FFFF:");
    let bare = bare.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(bare, |(inside, _)| inside);
    let bare = bare.split('%').next().unwrap_or(bare);
    if let Ok(address) = bare.parse::<std::net::IpAddr>() {
        return Some(address.to_string());
    }
    let (host, port) = bare.rsplit_once(':')?;
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    host.parse::<std::net::Ipv4Addr>().ok().map(|address| address.to_string())
}

/// Percent signs and pluses undone, once more where they were written twice; zero bytes, which end a text for many
/// servers and which databases refuse, left out. Nothing where there was nothing to undo.
fn url_decode(text: &str) -> Option<String> {
    let once = percent_decode(&text.replace('+', " "));
    let twice = percent_decode(&once).replace('\0', "");
    (twice != text).then_some(twice)
}

/// `%xx` as bytes, `%uxxxx` as Windows servers read it; what is no UTF-8 becomes replacement characters.
fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.extend_from_slice(before.as_bytes());
        let number = |from: usize, to: usize| {
            let digits = after.get(from..to)?;
            digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
        };
        let wide = after.starts_with(['u', 'U']).then(|| number(1, 5).and_then(char::from_u32)).flatten();
        let read = match (wide, number(0, 2)) {
            (Some(one), _) => {
                decoded.extend_from_slice(one.encode_utf8(&mut [0; 4]).as_bytes());
                5
            }
            (None, Some(byte)) => {
                decoded.push(byte as u8);
                2
            }
            (None, None) => {
                decoded.push(b'%');
                0
            }
        };
        rest = after.get(read..).unwrap_or_default();
    }
    decoded.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&decoded).into_owned()
}

fn url_host(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_wrapping_and_names_are_refused() {
        assert_eq!(address("::ffff:10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(address("[2001:DB8::1]:443").as_deref(), Some("2001:db8::1"));
        assert_eq!(address("10.0.0.1:53").as_deref(), Some("10.0.0.1"));
        assert_eq!(address("fe80::1%eth0").as_deref(), Some("fe80::1"));
        assert_eq!(address("host.example"), None);
    }

    #[test]
    fn addresses_of_pages_are_read_as_a_server_reads_them() {
        assert_eq!(url_decode("q=a%27+or+%271").as_deref(), Some("q=a' or '1"));
        assert_eq!(url_decode("%253Cb%u003e%c3%a1").as_deref(), Some("<b>á"));
        assert_eq!(url_decode("100%25%zz%u12%"), Some("100%%zz%u12%".to_owned()));
        assert_eq!(url_decode("/etc/passwd%2500").as_deref(), Some("/etc/passwd"));
        assert_eq!(url_decode("/tin-tuc?trang=2"), None);
    }

    #[test]
    fn labels_with_their_lengths_become_a_name() {
        assert_eq!(dns_name("(3)www(7)example(3)org(0)").as_deref(), Some("www.example.org"));
        for none in ["www.example.org", "(0)", "(3)www(x)org(0)", "(3www", ""] {
            assert_eq!(dns_name(none), None, "{none}");
        }
    }

    #[test]
    fn the_strongest_hash_is_kept() {
        assert_eq!(strongest_hash("MD5=1,SHA1=2,SHA256=3"), Some("3"));
        assert_eq!(strongest_hash("IMPHASH=9"), None);
    }

    #[test]
    fn a_template_needs_all_its_fields() {
        let source = Source::parse("{date} {time}", &BTreeMap::new()).unwrap();
        let mut draft = Draft::default();
        draft.push("date", "2026-01-01");
        assert_eq!(source.value(&draft), None);
        draft.push("time", "10:00");
        assert_eq!(source.value(&draft), Some("2026-01-01 10:00".into()));
        assert!(Source::parse("a|nonsense", &BTreeMap::new()).is_err());
    }
}
