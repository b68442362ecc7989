//! What of an indicator is compared, as few bytes as can be, and its hash. Lists come from outside, records too, but only
//! lists fill the table, and nobody gains by making his own list slow: a plain multiplicative hash will do.

use super::link::Link;
use super::reading::address_of;
use super::{Indicator, IndicatorKind};
use ipnet::IpNet;
use std::net::IpAddr;

/// Hash of a key under way. Keys of domains are fed from their end, so that a name's hash meets those of all names that
/// it lies under on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyHash(u64);

impl KeyHash {
    pub(super) fn new(kind: IndicatorKind) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ (kind as u64))
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    pub(super) fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    }

    pub(super) fn of(kind: IndicatorKind, bytes: impl Iterator<Item = u8>) -> u64 {
        let mut hash = Self::new(kind);
        bytes.for_each(|byte| hash.push(byte));
        hash.finish()
    }

    /// Hash of a key as it lies in a set.
    pub(super) fn of_key(kind: IndicatorKind, key: &[u8]) -> u64 {
        match kind {
            IndicatorKind::Domain => Self::of(kind, key.iter().rev().copied()),
            IndicatorKind::Hash => Self::of_digest(key),
            _ => Self::of(kind, key.iter().copied()),
        }
    }

    /// Digests are as good as random already.
    pub(super) fn of_digest(digest: &[u8]) -> u64 {
        digest.first_chunk().map_or(0, |head| u64::from_le_bytes(*head))
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
