//! A set of blocks of one segment.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blocks {
    count: usize,
    bits: Vec<u64>,
}

impl Blocks {
    pub(crate) fn none(count: usize) -> Self {
        Self { count, bits: vec![0; count.div_ceil(64)] }
    }

    pub(crate) fn all(count: usize) -> Self {
        let mut blocks = Self::none(count);
        (0..count).for_each(|block| blocks.insert(block));
        blocks
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn insert(&mut self, block: usize) {
        if block < self.count
            && let Some(bits) = self.bits.get_mut(block / 64)
        {
            *bits |= 1 << (block % 64);
        }
    }

    pub(crate) fn contains(&self, block: usize) -> bool {
        self.bits.get(block / 64).is_some_and(|bits| bits >> (block % 64) & 1 == 1)
    }

    pub(crate) fn len(&self) -> usize {
        self.bits.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bits.iter().all(|bits| *bits == 0)
    }

    pub(crate) fn keep(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(bits, other)| *bits &= other);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(bits, other)| *bits |= other);
    }
}
