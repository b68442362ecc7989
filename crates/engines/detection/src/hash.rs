//! FNV-1a, 64 bits: stable across runs and builds, and fast on short names. Only ever used to look things up in tables
//! that our own rules filled, so nobody outside can make them degenerate.

use std::hash::{BuildHasherDefault, Hasher};

const START: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(PRIME)
}

/// Hash of several parts; where one ends and the next begins counts.
pub(crate) fn stable_hash<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> u64 {
    parts.into_iter().fold(START, |hash, part| step(part.iter().fold(hash, |hash, byte| step(hash, *byte)), 0xff))
}

/// For tables keyed by names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        Self(START)
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| step(hash, *byte));
    }

    fn write_u64(&mut self, number: u64) {
        // Numbers in our tables are hashes already.
        self.0 ^= number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(crate) type NameHashBuilder = BuildHasherDefault<NameHasher>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_part_ends_counts() {
        assert_ne!(stable_hash([b"ab".as_slice(), b"c"]), stable_hash([b"a".as_slice(), b"bc"]));
    }
}
