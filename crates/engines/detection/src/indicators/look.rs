//! Looking at one record. Nothing is allocated unless something is found.

use super::IndicatorKind;
use super::ascii::{AsciiName, LONGEST};
use super::key::{self, KeyHash};
use super::link::{Link, reach};
use super::private::is_private;
use super::set::{Entry, IndicatorSet, ending, second_of};
use event::observables::{Observable, in_text};
use event::{Column, Micros, Record, Value};
use std::net::IpAddr;

/// An indicator was found in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndicatorHit {
    /// Position in the set.
    pub indicator: usize,
    /// What of the record it was found in, cut at 512 bytes: a domain below it, an address in its range.
    pub found: String,
    /// The first field or column that holds it; `None` where it stands in the message only.
    pub field: Option<String>,
}

/// Hits of the last record that was looked at, once for each indicator, and no more than 256: a record that names more is
/// a list itself, written to cost time. Keep one per thread and hand it in again.
#[derive(Debug, Default)]
pub struct IndicatorHits(Vec<IndicatorHit>);

impl IndicatorHits {
    pub fn iter(&self) -> impl Iterator<Item = &IndicatorHit> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

const MOST_HITS: usize = 256;
/// Links inside a link that are looked at: redirections hold one or two.
const MOST_INSIDE: usize = 16;
/// Longest name with letters of other scripts, in bytes: each letter takes up to four, and its domain is no longer than that.
const LONGEST_NAME: usize = 4 * LONGEST;
/// Longest text of a record that a hit keeps.
const LONGEST_FOUND: usize = 512;

/// Columns that are a domain as a whole; in running text letters of other scripts end a name.
const DOMAINS: [Column; 3] = [Column::DestinationDomain, Column::DnsQuestionName, Column::UrlDomain];
/// Columns with the path or name of a file.
const FILES: [Column; 4] =
    [Column::ProcessName, Column::ProcessExecutable, Column::ProcessParentExecutable, Column::FilePath];
/// Columns that a format may fill with something that stands in no text of the record.
const OTHERS: [Column; 6] = [
    Column::SourceIp,
    Column::DestinationIp,
    Column::HostIp,
    Column::FileHash,
    Column::UrlOriginal,
    Column::HttpReferrer,
];

impl IndicatorSet {
    /// Finds the indicators in `record` that hold at the moment `at`; `hits` keeps them until the next call.
    pub fn look(&self, record: &dyn Record, at: Micros, hits: &mut IndicatorHits) {
        hits.0.clear();
        if self.is_empty() {
            return;
        }
        let mut look = Look { set: self, second: second_of(at), hits };
        look.columns(record);
        record.any_text(&mut |text| {
            look.text(text);
            false
        });
        for hit in &mut hits.0 {
            hit.field = field_of(record, &hit.found);
        }
    }
}

struct Look<'s, 'h> {
    set: &'s IndicatorSet,
    second: u32,
    hits: &'h mut IndicatorHits,
}

impl Look<'_, '_> {
    fn columns(&mut self, record: &dyn Record) {
        let text = |column| match record.column(column) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        DOMAINS.into_iter().filter_map(text).for_each(|name| self.host(name));
        OTHERS.into_iter().filter_map(text).for_each(|other| self.text(other));
        if self.set.has(IndicatorKind::FileName) {
            FILES.into_iter().filter_map(text).for_each(|path| self.file(path));
        }
        // Servers and proxies often write host and path apart.
        if self.set.has(IndicatorKind::Url)
            && let (Some(host), Some(path)) = (text(Column::UrlDomain), text(Column::UrlOriginal))
            && path.starts_with('/')
        {
            let path = path.split('#').next().unwrap_or_default();
            self.link(Link { scheme: "", host, port: "", path, length: 0 }, path);
        }
    }

    fn text(&mut self, text: &str) {
        let set = self.set;
        if set.has_other_scripts && !text.is_ascii() {
            self.names_of_other_scripts(text);
        }
        // Where the outermost link ends, and how many inside it have been read.
        let (mut end, mut inside) = (0, 0);
        in_text(text, |last| set.endings.may_hold(last), &mut |found| match found {
            Observable::Address(address) => self.address(address),
            Observable::Mail(mail) => self.mail(mail),
            Observable::Hash(digits) => self.hash(digits),
            Observable::Name(name) => self.name(name, name),
            Observable::Link(rest) => {
                let start = text.len() - rest.len();
                if start >= end {
                    (end, inside) = (start + reach(rest), 0);
                } else if inside >= MOST_INSIDE {
                    return;
                }
                inside += 1;
                if let Some(link) = Link::read(rest) {
                    if !link.host.is_ascii() {
                        self.host(link.host);
                    }
                    self.link(link, rest.get(..link.length).unwrap_or_default());
                }
            }
        });
    }

    /// Names in running text that hold letters of other scripts, composed as keyboards write them.
    fn names_of_other_scripts(&mut self, text: &str) {
        let ends = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_'));
        for word in text.split(ends) {
            let name = word.trim_matches(['.', '-', '_']);
            if name.contains('.') && !name.is_ascii() && name.len() <= LONGEST_NAME {
                self.host(name);
            }
        }
    }

    /// A host's name, or an address in its place.
    fn host(&mut self, host: &str) {
        if let Ok(address) = host.parse() {
            self.address(address);
        } else if host.is_ascii() {
            self.name(host.trim_end_matches('.'), host);
        } else if let Some(name) = AsciiName::of(host) {
            self.name(name.as_str(), host);
        }
    }

    /// A name and all that it lies under.
    fn name(&mut self, name: &str, found: &str) {
        let bytes = name.as_bytes();
        if bytes.len() > LONGEST || !self.set.endings.may_hold(ending(bytes)) {
            return;
        }
        let mut hash = self.set.secret.begin(IndicatorKind::Domain);
        let mut labels = 1;
        for (place, byte) in bytes.iter().enumerate().rev() {
            if *byte == b'.' {
                if labels > 1 {
                    self.domain(hash, bytes.get(place + 1..).unwrap_or_default(), found, Entry::with_subdomains);
                }
                labels += 1;
            }
            hash.push(byte.to_ascii_lowercase());
        }
        self.domain(hash, bytes, found, |_| true);
    }

    fn domain(&mut self, hash: KeyHash, name: &[u8], found: &str, wants: impl Fn(&Entry) -> bool) {
        let set = self.set;
        let same = |key: &[u8]| key.eq_ignore_ascii_case(name);
        for (position, entry) in set.find(IndicatorKind::Domain, hash.finish(), same) {
            if wants(entry) {
                self.hit(position, entry, found);
            }
        }
    }

    fn address(&mut self, address: IpAddr) {
        let (set, address) = (self.set, address.to_canonical());
        let prefixes = set.prefixes(address);
        if prefixes.is_empty() || is_private(address) {
            return;
        }
        for prefix in prefixes {
            let (key, length) = key::range_key(first_of(address, *prefix), *prefix);
            let key = key.get(..length).unwrap_or_default();
            let hash = set.secret.of_key(IndicatorKind::Address, key);
            for (position, entry) in set.find(IndicatorKind::Address, hash, |have| have == key) {
                self.hit(position, entry, &address.to_string());
            }
        }
    }

    fn hash(&mut self, digits: &str) {
        if !self.set.has(IndicatorKind::Hash) {
            return;
        }
        let (set, Some((digest, length))) = (self.set, key::digest(digits)) else { return };
        let digest = digest.get(..length).unwrap_or_default();
        for (position, entry) in set.find(IndicatorKind::Hash, set.secret.of_digest(digest), |key| key == digest) {
            self.hit(position, entry, digits);
        }
    }

    fn mail(&mut self, mail: &str) {
        // A label in front (`mailto:`) is no part of it.
        let mail = mail.rsplit(':').next().unwrap_or_default();
        self.folded(IndicatorKind::Mail, mail);
    }

    fn file(&mut self, path: &str) {
        self.folded(IndicatorKind::FileName, path.rsplit(['/', '\\']).next().unwrap_or_default());
    }

    fn folded(&mut self, kind: IndicatorKind, text: &str) {
        let set = self.set;
        if set.has(kind) {
            let hash = set.secret.of(kind, text.bytes().map(|byte| byte.to_ascii_lowercase()));
            for (position, entry) in set.find(kind, hash, |key| key.eq_ignore_ascii_case(text.as_bytes())) {
                self.hit(position, entry, text);
            }
        }
    }

    fn link(&mut self, link: Link<'_>, found: &str) {
        if !self.set.has(IndicatorKind::Url) {
            return;
        }
        let name = AsciiName::of(link.host);
        let host = name.as_ref().map_or(link.host, AsciiName::as_str);
        let (set, key) = (self.set, link.key(host));
        let same = |have: &[u8]| key.clone().eq(have.iter().copied());
        for (position, entry) in set.find(IndicatorKind::Url, set.secret.of(IndicatorKind::Url, key.clone()), same) {
            self.hit(position, entry, found);
        }
    }

    fn hit(&mut self, position: usize, entry: &Entry, found: &str) {
        let has_room = self.hits.0.len() < MOST_HITS;
        if has_room && entry.holds(self.second) && !self.hits.0.iter().any(|hit| hit.indicator == position) {
            let found = found.get(..found.floor_char_boundary(LONGEST_FOUND)).unwrap_or_default().to_owned();
            self.hits.0.push(IndicatorHit { indicator: position, found, field: None });
        }
    }
}

/// The first address of the range of this length that the address lies in.
fn first_of(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or_default();
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or_default();
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

/// The first own field that holds a text, else the first column.
fn field_of(record: &dyn Record, found: &str) -> Option<String> {
    let holds = |value: &Value| value.any_text(&mut |text| text.contains(found));
    let mut field = None;
    record.each_field(&mut |name, value| {
        if field.is_none() && holds(value) {
            field = Some(name.to_owned());
        }
    });
    let column = || Column::ALL.iter().find(|column| record.column(**column).is_some_and(holds));
    field.or_else(|| column().map(|column| column.name().to_owned()))
}
