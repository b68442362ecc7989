//! Merkle trees as in RFC 9162 §2.1, with SHA-256: one hash stands for a list, and a short path proves that a leaf is
//! in it.

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// Hash of a leaf (RFC 9162 §2.1.1).
pub(crate) fn leaf(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that grows leaf by leaf and keeps one hash a level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    leaves: u64,
    /// Roots of full trees, the largest first.
    full: Vec<Hash>,
}

impl Tree {
    pub(crate) fn add(&mut self, leaf: Hash) {
        self.full.push(leaf);
        self.leaves += 1;
        for _ in 0..self.leaves.trailing_zeros() {
            if let (Some(right), Some(left)) = (self.full.pop(), self.full.pop()) {
                self.full.push(node(&left, &right));
            }
        }
    }

    /// The hash of all leaves; of none it is the hash of nothing.
    pub(crate) fn root(&self) -> Hash {
        let mut roots = self.full.iter().rev().copied();
        let Some(last) = roots.next() else { return Sha256::digest([]).into() };
        roots.fold(last, |right, left| node(&left, &right))
    }
}

/// The path from the leaf at `index` to the root, from below (RFC 9162 §2.1.3.1).
pub(crate) fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    let count = leaves.len();
    if count < 2 || index >= count {
        return Vec::new();
    }
    // The largest power of two below the count.
    let split = count.next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let (mut below, other) = match index < split {
        true => (path(left, index), right),
        false => (path(right, index - split), left),
    };
    below.push(root_of(other));
    below
}

fn root_of(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.add(*leaf));
    tree.root()
}

/// The root that a leaf and its path lead to (RFC 9162 §2.1.3.2); nothing where the path has a wrong length.
pub(crate) fn root_from(leaf: Hash, index: u64, count: u64, path: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    let (mut place, mut last, mut hash) = (index, count - 1, leaf);
    for other in path {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            hash = node(other, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, other);
        }
        place >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::hex;
    use proptest::prelude::*;

    /// The definition, word by word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            many => {
                let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
                node(&defined(left), &defined(right))
            }
        }
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|number| leaf(&[&number.to_be_bytes()])).collect()
    }

    #[test]
    fn known_hashes() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&Tree::default().root()), empty);
        let one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex(&leaf(&[])), one);
    }

    proptest! {
        #[test]
        fn every_leaf_leads_to_the_root_and_no_other_does(count in 1_usize..70, at in 0_usize..70, other in 0_usize..70) {
            let leaves = leaves(count);
            let (at, other) = (at % count, other % count);
            let path = path(&leaves, at);
            let root = defined(&leaves);
            prop_assert_eq!(root_of(&leaves), root);
            prop_assert_eq!(root_from(leaves[at], at as u64, count as u64, &path), Some(root));
            if other != at {
                prop_assert_ne!(root_from(leaves[other], at as u64, count as u64, &path), Some(root));
                prop_assert_ne!(root_from(leaves[at], other as u64, count as u64, &path), Some(root));
            }
            prop_assert_eq!(root_from(leaves[at], at as u64, count as u64, &[path.as_slice(), &[root]].concat()), None);
        }
    }
}
