//! Finds which byte of a piece was changed, from what became of its checksum: a CRC is linear, so the difference of two
//! tells where in the piece one byte differs and in which bits. What is found so may be chance (once in some hundred
//! pieces with more damage); the SHA-256 of the whole file decides.

use super::damage::PIECE;
use bytes::Bytes;

/// Of CRC-32C, lowest bit first (RFC 3720, appendix B.4).
const POLYNOMIAL: u32 = 0x82F6_3B78;

/// What the register becomes by a byte.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut register = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            register = if register & 1 == 1 { register >> 1 ^ POLYNOMIAL } else { register >> 1 };
            bit += 1;
        }
        table[byte] = register;
        byte += 1;
    }
    table
};

/// The byte whose entry begins with this byte; each entry begins with another.
const BY_TOP: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        bytes[(TABLE[byte] >> 24) as usize] = byte as u8;
        byte += 1;
    }
    bytes
};

/// More ways than these to explain the damage of a file are not tried.
const MOST_WAYS: usize = 16;

/// A byte of a file that is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub at: u64,
    /// Its bits that differ.
    pub bits: u8,
}

/// Undoes those of `changes` that lie in the piece, which begins at `start`.
pub(crate) fn corrected(piece: &[u8], start: u64, changes: &[Change]) -> Bytes {
    let mut piece = piece.to_vec();
    undo(&mut piece, start, changes);
    piece.into()
}

/// The same in place.
pub(super) fn undo(bytes: &mut [u8], start: u64, changes: &[Change]) {
    for change in changes {
        let place = change.at.checked_sub(start).and_then(|place| usize::try_from(place).ok());
        if let Some(byte) = place.and_then(|place| bytes.get_mut(place)) {
            *byte ^= change.bits;
        }
    }
}

/// Ways to explain the damage of a file of `bytes` bytes with one changed byte in each piece that differs; none where a
/// piece has more damage than that.
pub(super) fn ways(expected: &[u32], found: &[u32], bytes: u64) -> Vec<Vec<Change>> {
    if expected.len() != found.len() {
        return Vec::new();
    }
    let mut ways = vec![Vec::new()];
    for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
        if expected == found {
            continue;
        }
        let start = (number * PIECE) as u64;
        let length = usize::try_from(bytes.saturating_sub(start)).unwrap_or(PIECE).min(PIECE);
        let here = changed_bytes(expected ^ found, length);
        if here.is_empty() {
            return Vec::new();
        }
        let longer = ways.iter().flat_map(|way: &Vec<Change>| {
            here.iter().map(move |(place, bits)| {
                let change = Change { at: start + *place as u64, bits: *bits };
                way.iter().copied().chain([change]).collect::<Vec<Change>>()
            })
        });
        ways = longer.take(MOST_WAYS).collect();
    }
    ways.retain(|way| !way.is_empty());
    ways
}

/// Places in a piece of so many bytes, and their bits, of which a change alone makes this difference of the checksum.
fn changed_bytes(difference: u32, length: usize) -> Vec<(usize, u8)> {
    let entry = |bits: u8| TABLE.get(usize::from(bits)).copied().unwrap_or_default();
    let top = |register: u32| BY_TOP.get((register >> 24) as usize).copied().unwrap_or_default();
    let mut found = Vec::new();
    // Behind the changed byte both had the same bytes: wound back, the difference is that of the byte itself.
    let mut register = difference;
    for place in (0..length).rev() {
        let bits = top(register);
        if register == entry(bits) && bits != 0 {
            found.push((place, bits));
        }
        register = (register ^ entry(bits)) << 8 | u32::from(bits);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Digest;
    use proptest::prelude::*;

    fn checksums(content: &[u8]) -> Vec<u32> {
        let mut digest = Digest::default();
        digest.add(content);
        digest.finish().1
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_changed_byte_is_found_wherever_it_is(
            size in 1usize..200_000,
            place in 0usize..200_000,
            bits in 1u8..=255,
        ) {
            let content: Vec<u8> = (0..size).map(|at| (at * 37 % 253) as u8).collect();
            let place = place % size;
            let mut changed = content.clone();
            changed[place] ^= bits;
            let ways = ways(&checksums(&content), &checksums(&changed), size as u64);
            let change = Change { at: place as u64, bits };
            prop_assert!(ways.contains(&vec![change]), "{ways:?}");
            undo(&mut changed, 0, &[change]);
            prop_assert_eq!(changed, content);
        }
    }

    #[test]
    fn a_byte_in_each_of_several_pieces_is_found_and_two_in_one_are_not() {
        let content = vec![7_u8; 3 * PIECE];
        let mut changed = content.clone();
        changed[10] ^= 1;
        changed[2 * PIECE + 5] ^= 0x80;
        let found = ways(&checksums(&content), &checksums(&changed), content.len() as u64);
        let expected = vec![Change { at: 10, bits: 1 }, Change { at: 2 * PIECE as u64 + 5, bits: 0x80 }];
        assert!(found.contains(&expected), "{found:?}");
        changed[500] ^= 1;
        let found = ways(&checksums(&content), &checksums(&changed), content.len() as u64);
        assert!(!found.iter().any(|way| way.contains(&expected[0])), "{found:?}");
        assert!(ways(&checksums(&content), &checksums(&content), content.len() as u64).is_empty());
        assert!(ways(&checksums(&content), &checksums(&content[..PIECE]), content.len() as u64).is_empty());
    }
}
