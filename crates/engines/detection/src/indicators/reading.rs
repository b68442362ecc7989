//! From what a list says to an indicator in its one spelling, or the reason why it is none. Forms in which people write
//! indicators so that nobody clicks them (`hxxp://`, `[.]`) are read as what they mean.

use super::ascii::AsciiName;
use super::link::Link;
use super::private::{holds_private, is_private_name};
use super::{IndicatorKind, Refusal};
use ipnet::IpNet;
use std::borrow::Cow;
use std::net::IpAddr;

/// An indicator in its one spelling: domains and e-mail addresses in lower case and ASCII, addresses as Rust prints
/// them, ranges with their first address, links with scheme and host in lower case and no fragment, hashes in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Indicator {
    kind: IndicatorKind,
    text: Box<str>,
}

/// Longest text that is looked at, in bytes; disguised, a link is longer than it is.
const LONGEST_TEXT: usize = 8_192;
/// Longest link that is kept, in bytes.
const LONGEST_LINK: usize = 2_048;
/// Longest name of a file.
const LONGEST_FILE_NAME: usize = 255;
const SHORTEST_FILE_NAME: usize = 5;
/// Ranges with fewer fixed bits are more than one operator has.
const SHORTEST_PREFIX: (u8, u8) = (8, 16);
/// Second labels under which registries of countries hand out names.
const REGISTRIES: [&str; 22] = [
    "ac", "biz", "co", "com", "edu", "go", "gob", "gouv", "gov", "govt", "health", "info", "int", "mil", "name", "ne",
    "net", "nom", "or", "org", "pro", "sch",
];
/// The same in Vietnam alone.
const REGISTRIES_VN: [&str; 3] = ["ai", "id", "io"];
/// Endings of files that are no top-level domains, so that a name with one is a file's.
const FILE_ENDINGS: [&str; 28] = [
    "7z", "bat", "bin", "chm", "cmd", "dat", "dll", "doc", "docm", "docx", "elf", "exe", "hta", "img", "iso", "jar",
    "jse", "lnk", "msi", "ps1", "rar", "rtf", "scr", "sys", "tmp", "vbs", "wsf", "xlsm",
];
/// Files of no byte: MD5, SHA-1, SHA-256.
const EMPTY_FILE: [&str; 3] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

impl Indicator {
    /// Reads a text as an indicator, of this kind or, where none is said, of the kind that it looks like.
    pub fn read(text: &str, kind: Option<IndicatorKind>) -> Result<Self, Refusal> {
        let text =
            text.trim_matches(|letter: char| letter.is_whitespace() || "\"'`<>,;\u{feff}\u{200b}".contains(letter));
        if text.is_empty() {
            return Err(Refusal::Empty);
        }
        if text.len() > LONGEST_TEXT {
            return Err(Refusal::TooLong);
        }
        let text = refang(text);
        let kind = kind.map_or_else(|| looks_like(&text), Ok)?;
        let text = match kind {
            IndicatorKind::Domain => domain(&text)?,
            IndicatorKind::Address => address(&text)?,
            IndicatorKind::Url => url(&text)?,
            IndicatorKind::Hash => hash(&text)?,
            IndicatorKind::Mail => mail(&text)?,
            IndicatorKind::FileName => file_name(&text)?,
        };
        Ok(Self { kind, text: text.into() })
    }

    pub fn kind(&self) -> IndicatorKind {
        self.kind
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Undoes what keeps people from clicking.
fn refang(text: &str) -> Cow<'_, str> {
    let head = text.get(..4).unwrap_or_default();
    let disguised = ["hxxp", "hxxt", "htxp"].iter().any(|scheme| head.eq_ignore_ascii_case(scheme));
    let text = match text.get(4..).filter(|_| disguised) {
        Some(rest) => Cow::Owned(format!("http{rest}")),
        None => Cow::Borrowed(text),
    };
    if !text.contains(['[', '(', '{']) {
        return text;
    }
    let mut text = text.into_owned();
    for (from, to) in [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("[DOT]", "."),
        ("[:]", ":"),
        ("[://]", "://"),
        ("[/]", "/"),
        ("[@]", "@"),
        ("[at]", "@"),
        ("(at)", "@"),
        ("[AT]", "@"),
    ] {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    Cow::Owned(text)
}

fn looks_like(text: &str) -> Result<IndicatorKind, Refusal> {
    let is_hex = || text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.contains("://") {
        Ok(IndicatorKind::Url)
    } else if text.contains('@') && !text.contains('/') {
        Ok(IndicatorKind::Mail)
    } else if address_of(text).is_some() {
        Ok(IndicatorKind::Address)
    } else if text.len() >= 32 && !text.contains('.') && is_hex() {
        Ok(IndicatorKind::Hash)
    } else if text.contains('/') {
        Ok(IndicatorKind::Url)
    } else if text
        .rsplit_once('.')
        .is_some_and(|(_, last)| FILE_ENDINGS.iter().any(|ending| last.eq_ignore_ascii_case(ending)))
    {
        Ok(IndicatorKind::FileName)
    } else if text.contains('.') || text.chars().all(char::is_alphanumeric) {
        Ok(IndicatorKind::Domain)
    } else {
        Err(Refusal::Unknown)
    }
}

fn domain(text: &str) -> Result<String, Refusal> {
    let text = text.strip_prefix("*.").unwrap_or(text).trim_matches('.');
    let name = AsciiName::of(text).ok_or(Refusal::TooLong)?;
    let name = name.as_str();
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if name.is_empty() || !name.split('.').all(is_label) {
        return Err(Refusal::NotDomain);
    }
    let mut labels = name.rsplit('.');
    let last = labels.next().unwrap_or_default();
    if !last.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return Err(Refusal::NotDomain);
    }
    if is_private_name(name) {
        return Err(Refusal::Private);
    }
    let second = labels.next().ok_or(Refusal::TooBroad)?;
    let registry = last.len() == 2 && (REGISTRIES.contains(&second) || last == "vn" && REGISTRIES_VN.contains(&second));
    match labels.next() {
        None if registry => Err(Refusal::TooBroad),
        _ => Ok(name.to_owned()),
    }
}

/// An address, also with a port behind, or a range.
pub(super) fn address_of(text: &str) -> Option<IpNet> {
    if let Some((address, prefix)) = text.split_once('/') {
        let address: IpAddr = address.parse().ok()?;
        return IpNet::new(address, prefix.parse().ok()?).ok().map(|range| range.trunc());
    }
    let bare = match text.rsplit_once(':') {
        Some((address, port)) if address.contains('.') || address.ends_with(']') => {
            port.parse::<u16>().ok()?;
            address
        }
        _ => text,
    };
    let bare = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare);
    bare.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()))
}

fn address(text: &str) -> Result<String, Refusal> {
    let range = address_of(text).ok_or(Refusal::NotAddress)?;
    let shortest = if range.addr().is_ipv4() { SHORTEST_PREFIX.0 } else { SHORTEST_PREFIX.1 };
    if range.prefix_len() < shortest {
        return Err(Refusal::TooBroad);
    }
    if holds_private(&range) {
        return Err(Refusal::Private);
    }
    Ok(if range.prefix_len() == range.max_prefix_len() { range.addr().to_string() } else { range.to_string() })
}

fn url(text: &str) -> Result<String, Refusal> {
    let whole = if text.contains("://") { Cow::Borrowed(text) } else { Cow::Owned(format!("http://{text}")) };
    if whole.len() > LONGEST_LINK {
        return Err(Refusal::TooLong);
    }
    let link = Link::read(&whole).ok_or(Refusal::NotUrl)?;
    if whole.get(link.length..).unwrap_or_default().contains(|letter: char| letter.is_alphanumeric()) {
        return Err(Refusal::NotUrl);
    }
    let host = match address_of(link.host) {
        Some(_) => address(link.host).map(|_| link.host.to_ascii_lowercase())?,
        None => domain(link.host).map_err(|refusal| match refusal {
            Refusal::NotDomain | Refusal::TooBroad => Refusal::NotUrl,
            refusal => refusal,
        })?,
    };
    let scheme = link.scheme.to_ascii_lowercase();
    let key: Vec<u8> = link.key(&host).collect();
    String::from_utf8(key).map(|key| format!("{scheme}://{key}")).map_err(|_| Refusal::NotUrl)
}

fn hash(text: &str) -> Result<String, Refusal> {
    let text = text.to_ascii_lowercase();
    if !matches!(text.len(), 32 | 40 | 64) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::NotHash);
    }
    let first = text.bytes().next();
    if EMPTY_FILE.contains(&text.as_str()) || text.bytes().all(|byte| Some(byte) == first) {
        return Err(Refusal::EmptyFile);
    }
    Ok(text)
}

fn mail(text: &str) -> Result<String, Refusal> {
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let (user, host) = text.split_once('@').ok_or(Refusal::NotMail)?;
    let sound = |letter: char| letter.is_ascii_alphanumeric() || ".-_+".contains(letter);
    // What `event::observables` takes for the middle of an e-mail address.
    let whole = !user.starts_with(['.', '-', '_', '+']) && user.chars().all(sound);
    if user.is_empty() || !whole || host.contains(['@', '_']) {
        return Err(Refusal::NotMail);
    }
    match domain(host) {
        Ok(host) => Ok(format!("{}@{host}", user.to_ascii_lowercase())),
        Err(Refusal::Private) => Err(Refusal::Private),
        Err(_) => Err(Refusal::NotMail),
    }
}

fn file_name(text: &str) -> Result<String, Refusal> {
    if text.len() > LONGEST_FILE_NAME {
        return Err(Refusal::TooLong);
    }
    let (stem, ending) = text.rsplit_once('.').ok_or(Refusal::NotFileName)?;
    let sound = !stem.is_empty() && !ending.is_empty() && text.len() >= SHORTEST_FILE_NAME;
    if !sound || text.contains(|letter: char| letter.is_control() || "/\\:*?\"<>|".contains(letter)) {
        return Err(Refusal::NotFileName);
    }
    Ok(text.to_ascii_lowercase())
}
