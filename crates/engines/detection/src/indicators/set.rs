//! The set: entries of 36 bytes, their keys in one piece of memory, and a table from hashes to entries.

use super::index::Index;
use super::key::{self, Secret};
use super::{Indicator, IndicatorKind, Refusal};
use event::Micros;
use std::net::IpAddr;

/// What the owner of a list says of an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndicatorFacts {
    /// Number of the list, as its owner counts.
    pub list: u16,
    /// 0 to 100.
    pub confidence: u8,
    /// It holds from this moment on; `None` since ever. Kept in whole seconds.
    pub valid_from: Option<Micros>,
    /// It holds before this moment; `None` for ever. Kept in whole seconds.
    pub valid_until: Option<Micros>,
    /// A domain stands for everything below it as well.
    pub with_subdomains: bool,
    /// Where its owner finds it again, for example a UUID.
    pub reference: u128,
}

/// What is kept of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    start: u32,
    /// Second since 1970 from which it holds, 0 since ever.
    begins: u32,
    /// Second since 1970 from which it no longer holds.
    expires: u32,
    length: u16,
    list: u16,
    pub(super) kind: IndicatorKind,
    /// Confidence, and the highest bit for "with sub-domains".
    confidence: u8,
    reference: [u8; 16],
}

const SUBDOMAINS: u8 = 0x80;

impl Entry {
    pub(super) fn holds(&self, second: u32) -> bool {
        self.begins <= second && second < self.expires
    }

    pub(super) fn with_subdomains(&self) -> bool {
        self.confidence & SUBDOMAINS != 0
    }
}

/// The second of a moment, as entries count.
pub(super) fn second_of(moment: Micros) -> u32 {
    u32::try_from(moment.div_euclid(1_000_000).max(0)).unwrap_or(u32::MAX - 1).min(u32::MAX - 1)
}

/// Indicators ready to be looked up.
#[derive(Debug, Default)]
pub struct IndicatorSet {
    entries: Vec<Entry>,
    keys: Vec<u8>,
    index: Index,
    pub(super) secret: Secret,
    /// Prefix lengths that occur, of IPv4 and of IPv6.
    prefixes: [Vec<u8>; 2],
    pub(super) endings: Endings,
    /// Bit by kind.
    kinds: u8,
    /// A domain has letters of other scripts.
    pub(super) has_other_scripts: bool,
}

impl IndicatorSet {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn kind(&self, position: usize) -> Option<IndicatorKind> {
        self.entries.get(position).map(|entry| entry.kind)
    }

    /// The indicator as its list has it, links without their scheme.
    pub fn text(&self, position: usize) -> Option<String> {
        self.entries.get(position).map(|entry| key::text_of(entry.kind, self.key(entry)))
    }

    pub fn facts(&self, position: usize) -> Option<IndicatorFacts> {
        self.entries.get(position).map(|entry| IndicatorFacts {
            list: entry.list,
            confidence: entry.confidence & !SUBDOMAINS,
            valid_from: (entry.begins != 0).then(|| i64::from(entry.begins) * 1_000_000),
            valid_until: (entry.expires != u32::MAX).then(|| i64::from(entry.expires) * 1_000_000),
            with_subdomains: entry.with_subdomains(),
            reference: u128::from_be_bytes(entry.reference),
        })
    }

    /// Bytes of memory that the set holds.
    pub fn memory(&self) -> usize {
        let prefixes: usize = self.prefixes.iter().map(Vec::capacity).sum();
        size_of::<Self>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.keys.capacity()
            + self.index.memory()
            + prefixes
    }

    pub(super) fn has(&self, kind: IndicatorKind) -> bool {
        self.kinds & 1 << kind as u8 != 0
    }

    pub(super) fn prefixes(&self, address: IpAddr) -> &[u8] {
        let [ipv4, ipv6] = &self.prefixes;
        if address.is_ipv4() { ipv4 } else { ipv6 }
    }

    /// Entries of this kind whose hash is this one and whose key passes `same`.
    pub(super) fn find(
        &self,
        kind: IndicatorKind,
        hash: u64,
        same: impl Fn(&[u8]) -> bool,
    ) -> impl Iterator<Item = (usize, &Entry)> {
        self.index.find(hash).filter_map(move |position| {
            let entry = self.entries.get(position)?;
            (entry.kind == kind && same(self.key(entry))).then_some((position, entry))
        })
    }

    fn key(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        self.keys.get(start..start + usize::from(entry.length)).unwrap_or_default()
    }
}

/// Fills a set.
#[derive(Debug, Default)]
pub struct IndicatorSetBuilder {
    set: IndicatorSet,
}

impl IndicatorSetBuilder {
    /// Room for so many is made at once.
    pub fn with_capacity(count: usize) -> Self {
        let mut builder = Self::default();
        builder.set.entries.reserve_exact(count);
        builder
    }

    /// Refuses only what has no room. The same indicator may come from several lists.
    pub fn add(&mut self, indicator: &Indicator, facts: &IndicatorFacts) -> Result<(), Refusal> {
        let set = &mut self.set;
        let start = u32::try_from(set.keys.len()).map_err(|_| Refusal::SetFull)?;
        if set.entries.len() >= u32::MAX as usize - 1 {
            return Err(Refusal::SetFull);
        }
        key::append(&mut set.keys, indicator);
        let key = set.keys.get(start as usize..).unwrap_or_default();
        let length = u16::try_from(key.len()).map_err(|_| Refusal::TooLong)?;
        match (indicator.kind(), key.first()) {
            (IndicatorKind::Domain, _) => {
                set.endings.add(ending(key));
                set.has_other_scripts |= indicator.text().split('.').any(|label| label.starts_with("xn--"));
            }
            (IndicatorKind::Address, Some(prefix)) => {
                let [ipv4, ipv6] = &mut set.prefixes;
                let prefixes = if length == 5 { ipv4 } else { ipv6 };
                if !prefixes.contains(prefix) {
                    prefixes.push(*prefix);
                }
            }
            _ => {}
        }
        set.kinds |= 1 << indicator.kind() as u8;
        set.entries.push(Entry {
            start,
            begins: facts.valid_from.map_or(0, second_of),
            expires: facts.valid_until.map_or(u32::MAX, second_of),
            length,
            list: facts.list,
            kind: indicator.kind(),
            confidence: facts.confidence.min(100) | if facts.with_subdomains { SUBDOMAINS } else { 0 },
            reference: facts.reference.to_be_bytes(),
        });
        Ok(())
    }

    pub fn build(self) -> IndicatorSet {
        let mut set = self.set;
        set.entries.shrink_to_fit();
        set.keys.shrink_to_fit();
        let hashes = set.entries.iter().map(|entry| set.secret.of_key(entry.kind, set.key(entry)));
        set.index = Index::new(set.entries.len(), hashes);
        set
    }
}

/// Last labels of the domains, one bit for each hash: most names in records are of files and end otherwise.
#[derive(Debug)]
pub(super) struct Endings([u64; 256]);

impl Default for Endings {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Endings {
    fn place(ending: &[u8]) -> (usize, u32) {
        let hash = Secret::NONE.of(IndicatorKind::Domain, ending.iter().map(u8::to_ascii_lowercase));
        ((hash >> 56) as usize, (hash >> 48) as u32 & 63)
    }

    fn add(&mut self, ending: &[u8]) {
        let (word, bit) = Self::place(ending);
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << bit;
        }
    }

    pub(super) fn may_hold(&self, ending: &[u8]) -> bool {
        let (word, bit) = Self::place(ending);
        self.0.get(word).is_some_and(|bits| bits >> bit & 1 == 1)
    }
}

/// The last label of a name.
pub(super) fn ending(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b'.').next().unwrap_or_default()
}
