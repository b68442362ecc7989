//! An open-addressing table from hashes to positions. Several positions may have one hash: lists overlap.

/// The table: each slot holds half of a hash and a position + 1; 0 is an empty slot. Two thirds full.
#[derive(Debug, Default)]
pub(super) struct Index(Box<[u64]>);

impl Index {
    /// Of the hashes of positions from 0 on; `count` is their number.
    pub(super) fn new(count: usize, hashes: impl Iterator<Item = u64>) -> Self {
        let mut slots = vec![0_u64; count + count / 2 + usize::from(count > 0)].into_boxed_slice();
        for (hash, position) in hashes.zip(1_u64..) {
            let start = start(hash, slots.len());
            let (before, behind) = slots.split_at_mut(start);
            if let Some(free) = behind.iter_mut().chain(before).find(|slot| **slot == 0) {
                *free = hash << 32 | position;
            }
        }
        Self(slots)
    }

    /// Positions whose hash is probably this one.
    pub(super) fn find(&self, hash: u64) -> impl Iterator<Item = usize> {
        let (before, behind) = self.0.split_at(start(hash, self.0.len()));
        behind
            .iter()
            .chain(before)
            .take_while(|slot| **slot != 0)
            .filter(move |slot| **slot >> 32 == hash & u64::from(u32::MAX))
            .map(|slot| (*slot & u64::from(u32::MAX)) as usize - 1)
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val::<[u64]>(&self.0)
    }
}

/// The upper half of the hash chooses the slot, the lower half is held in it.
fn start(hash: u64, slots: usize) -> usize {
    ((u128::from(hash) * slots as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_found_under_its_hash_and_nothing_else() {
        let hash = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number << 7;
        let index = Index::new(1_000, (0..1_000).map(|number| hash(number / 3)));
        for number in 0..334 {
            let found: Vec<_> = index.find(hash(number)).collect();
            let expected: Vec<_> = (number as usize * 3..1_000).take(3).collect();
            assert_eq!(found, expected);
        }
        assert!((334..5_000).all(|number| index.find(hash(number)).next().is_none()));
        assert_eq!(Index::default().find(7).count(), 0);
    }
}
