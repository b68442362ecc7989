//! Which batches came lately, so that a batch sent again after a lost answer is not stored twice
//! (settled 3). Equal lines in different batches are never merged.

use event::Micros;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};

/// Identity of a whole batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchId(pub [u8; 32]);

impl BatchId {
    /// The id a client gave its batch; two senders may use the same one.
    pub fn of_client(sender: &str, id: &str) -> Self {
        Self::hash(b"client", sender, id.as_bytes())
    }

    /// The body of the request as it arrived.
    pub fn of_body(sender: &str, body: &[u8]) -> Self {
        Self::hash(b"body", sender, body)
    }

    fn hash(kind: &[u8], sender: &str, part: &[u8]) -> Self {
        let mut hash = Sha256::new();
        // The length before each part keeps ("ab", "c") and ("a", "bc") apart.
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(kind);
        add(sender.as_bytes());
        add(part);
        Self(hash.finalize().into())
    }
}

/// Where a batch was stored and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredBatch {
    pub id: BatchId,
    pub first_seq: u64,
    pub count: u32,
    pub at: Micros,
}

/// Bounds the memory if somebody sends very many tiny batches.
const MOST: usize = 200_000;

pub(crate) struct RecentBatches {
    known: HashMap<BatchId, StoredBatch>,
    order: VecDeque<(Micros, BatchId)>,
    memory: Micros,
}

impl RecentBatches {
    pub(crate) fn new(memory: Micros) -> Self {
        Self { known: HashMap::new(), order: VecDeque::new(), memory }
    }

    pub(crate) fn get(&self, id: &BatchId, now: Micros) -> Option<StoredBatch> {
        self.known.get(id).filter(|batch| now.saturating_sub(batch.at) < self.memory).copied()
    }

    pub(crate) fn remember(&mut self, batch: StoredBatch) {
        self.known.insert(batch.id, batch);
        self.order.push_back((batch.at, batch.id));
    }

    pub(crate) fn forget(&mut self, id: &BatchId) {
        self.known.remove(id);
    }

    /// Drops what is too old; called once per write to the log.
    pub(crate) fn expire(&mut self, now: Micros) {
        while let Some((at, id)) = self.order.front().copied()
            && (now.saturating_sub(at) >= self.memory || self.order.len() > MOST)
        {
            self.order.pop_front();
            // A batch remembered again later has a newer entry behind this one.
            if self.known.get(&id).is_some_and(|batch| batch.at == at) {
                self.known.remove(&id);
            }
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = StoredBatch> {
        self.known.values().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_different_senders_and_kinds_differ() {
        assert_ne!(BatchId::of_client("a", "1"), BatchId::of_client("b", "1"));
        assert_ne!(BatchId::of_client("a", "1"), BatchId::of_body("a", b"1"));
        assert_ne!(BatchId::of_body("a", b"bc"), BatchId::of_body("ab", b"c"));
    }

    #[test]
    fn a_batch_is_forgotten_after_its_time() {
        let mut recent = RecentBatches::new(600);
        let batch = StoredBatch { id: BatchId([1; 32]), first_seq: 1, count: 2, at: 1000 };
        recent.remember(batch);
        assert_eq!(recent.get(&batch.id, 1599), Some(batch));
        assert_eq!(recent.get(&batch.id, 1600), None);
        recent.expire(1600);
        assert_eq!(recent.all().count(), 0);
    }
}
