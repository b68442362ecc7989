//! What of an indicator is compared, as few bytes as can be, and its hash. Lists come from outside: the hash is keyed by
//! numbers that every set draws for itself, so that nobody can write a list whose lines all meet in one place of the table.

use super::link::Link;
use super::reading::address_of;
use super::{Indicator, IndicatorKind};
use ipnet::IpNet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::IpAddr;

/// What the hashes of one set are keyed by. It decides speed, never what is found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Secret {
    start: u64,
    /// Odd, so that no two states become one.
    factor: u64,
}

impl Default for Secret {
    fn default() -> Self {
        let number = || RandomState::new().build_hasher().finish();
        Self { start: number(), factor: number() | 1 }
    }
}

impl Secret {
    /// Known to everybody, for tables of a fixed size.
    pub(super) const NONE: Self = Self { start: 0x9e37_79b9_7f4a_7c15, factor: 0x0100_0000_01b3 };

    pub(super) fn begin(self, kind: IndicatorKind) -> KeyHash {
        KeyHash { state: self.start ^ (kind as u64), factor: self.factor }
    }

    pub(super) fn of(self, kind: IndicatorKind, bytes: impl Iterator<Item = u8>) -> u64 {
        let mut hash = self.begin(kind);
        bytes.for_each(|byte| hash.push(byte));
        hash.finish()
    }

    /// Hash of a key as it lies in a set.
    pub(super) fn of_key(self, kind: IndicatorKind, key: &[u8]) -> u64 {
        match kind {
            IndicatorKind::Domain => self.of(kind, key.iter().rev().copied()),
            IndicatorKind::Hash => self.of_digest(key),
            _ => self.of(kind, key.iter().copied()),
        }
    }

    /// Digests are a multiple of four bytes long.
    pub(super) fn of_digest(self, digest: &[u8]) -> u64 {
        let mut hash = self.begin(IndicatorKind::Hash);
        digest.as_chunks::<4>().0.iter().for_each(|part| hash.mix(u32::from_le_bytes(*part).into()));
        hash.finish()
    }
}

/// Hash of a key under way. Keys of domains are fed from their end, so that a name's hash meets those of all names that
/// it lies under on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyHash {
    state: u64,
    factor: u64,
}

impl KeyHash {
    pub(super) fn push(&mut self, byte: u8) {
        self.mix(byte.into());
    }

    fn mix(&mut self, part: u64) {
        self.state = (self.state ^ part).wrapping_mul(self.factor);
    }

    pub(super) fn finish(self) -> u64 {
        let mixed = (self.state ^ (self.state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    }
}

/// Key of a range: its fixed bits' number, then the bytes of its first address.
pub(super) fn range_key(address: IpAddr, prefix: u8) -> ([u8; 17], usize) {
    let mut key = [0; 17];
    let length = match address {
        IpAddr::V4(address) => copy(&mut key, &address.octets()),
        IpAddr::V6(address) => copy(&mut key, &address.octets()),
    };
    if let Some(first) = key.first_mut() {
        *first = prefix;
    }
    (key, length + 1)
}

fn copy(key: &mut [u8; 17], octets: &[u8]) -> usize {
    key.iter_mut().skip(1).zip(octets).for_each(|(place, octet)| *place = *octet);
    octets.len()
}

/// Bytes of a digest from its hexadecimal digits; `None` for lengths that no indicator has.
pub(super) fn digest(digits: &str) -> Option<([u8; 32], usize)> {
    let length = digits.len() / 2;
    let mut bytes = [0; 32];
    for (place, pair) in bytes.get_mut(..length)?.iter_mut().zip(digits.as_bytes().as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *place = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some((bytes, length))
}

/// Appends the key of an indicator.
pub(super) fn append(key: &mut Vec<u8>, indicator: &Indicator) {
    let text = indicator.text();
    match indicator.kind() {
        IndicatorKind::Domain | IndicatorKind::Mail | IndicatorKind::FileName => key.extend(text.bytes()),
        IndicatorKind::Url => key.extend(Link::read(text).into_iter().flat_map(|link| link.key(link.host))),
        IndicatorKind::Hash => {
            if let Some((bytes, length)) = digest(text) {
                key.extend(bytes.iter().take(length));
            }
        }
        IndicatorKind::Address => {
            if let Some(range) = address_of(text) {
                let (bytes, length) = range_key(range.addr(), range.prefix_len());
                key.extend(bytes.iter().take(length));
            }
        }
    }
}

/// The text of a key, as [`Indicator::text`] has it but for the scheme of links.
pub(super) fn text_of(kind: IndicatorKind, key: &[u8]) -> String {
    match kind {
        IndicatorKind::Hash => key.iter().map(|byte| format!("{byte:02x}")).collect(),
        IndicatorKind::Address => {
            range_of(key).map_or_else(String::new, |range| match range.prefix_len() == range.max_prefix_len() {
                true => range.addr().to_string(),
                false => range.to_string(),
            })
        }
        _ => String::from_utf8_lossy(key).into_owned(),
    }
}

fn range_of(key: &[u8]) -> Option<IpNet> {
    let (prefix, octets) = key.split_first()?;
    let address = match (octets.first_chunk::<16>(), octets.first_chunk::<4>()) {
        (Some(octets), _) => IpAddr::from(*octets),
        (None, Some(octets)) => IpAddr::from(*octets),
        (None, None) => return None,
    };
    IpNet::new(address, *prefix).ok()
}
