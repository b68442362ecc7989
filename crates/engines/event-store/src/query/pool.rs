//! The memory of one question. What stands between two steps of a plan (rows that DataFusion's `RepartitionExec` has
//! sorted into partitions and nobody has taken yet) has a quarter for itself; sorting and grouping, which can go on from
//! disk, share the rest.
//!
//! A repartition that finds no memory would write to disk too, and with two writers can then wait for itself for ever
//! (apache/datafusion#24883, mended after 55.2.0). So the question ends instead, with what the asker can act on: it
//! needs more memory than it may have.

use datafusion::common::resources_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// How DataFusion calls the step whose memory stands apart.
const BETWEEN_STEPS: &str = "RepartitionExec[";

#[derive(Debug)]
pub(super) struct QuestionPool {
    limit: usize,
    taken: Mutex<Taken>,
    /// Rows between two steps found no memory.
    exhausted: CancellationToken,
}

/// Bytes.
#[derive(Debug, Default, Clone, Copy)]
struct Taken {
    between_steps: usize,
    rest: usize,
}

impl QuestionPool {
    pub(super) fn new(limit: usize, exhausted: CancellationToken) -> Self {
        Self { limit, taken: Mutex::default(), exhausted }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_between_steps(consumer: &MemoryConsumer) -> bool {
    consumer.name().starts_with(BETWEEN_STEPS)
}

impl fmt::Display for QuestionPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "memory of one question, {} bytes", self.limit)
    }
}

impl MemoryPool for QuestionPool {
    fn name(&self) -> &str {
        "question"
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        let mut taken = self.taken();
        match is_between_steps(reservation.consumer()) {
            true => taken.between_steps += additional,
            false => taken.rest += additional,
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let mut taken = self.taken();
        let side = match is_between_steps(reservation.consumer()) {
            true => &mut taken.between_steps,
            false => &mut taken.rest,
        };
        *side = side.saturating_sub(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let consumer = reservation.consumer();
        let mut taken = self.taken();
        let sum = taken.between_steps.saturating_add(taken.rest).saturating_add(additional);
        let between_steps = is_between_steps(consumer);
        let fits = match between_steps {
            true => sum <= self.limit,
            false => sum <= self.limit && taken.rest + additional <= self.limit - self.limit / 4,
        };
        if !fits {
            if between_steps {
                self.exhausted.cancel();
            }
            return Err(resources_datafusion_err!("{} bytes more for {}", additional, consumer.name()));
        }
        match between_steps {
            true => taken.between_steps += additional,
            false => taken.rest += additional,
        }
        Ok(())
    }

    fn reserved(&self) -> usize {
        let taken = *self.taken();
        taken.between_steps + taken.rest
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_quarter_is_left_for_rows_between_steps() {
        let exhausted = CancellationToken::new();
        let pool: Arc<dyn MemoryPool> = Arc::new(QuestionPool::new(1000, exhausted.clone()));
        let sort = MemoryConsumer::new("ExternalSorter[0]").with_can_spill(true).register(&pool);
        let between = MemoryConsumer::new("RepartitionExec[1]").with_can_spill(true).register(&pool);
        assert!(sort.try_grow(751).is_err());
        sort.try_grow(750).expect("three quarters");
        assert!(!exhausted.is_cancelled(), "a sort goes on from disk");
        between.try_grow(250).expect("the quarter");
        assert_eq!(pool.reserved(), 1000);
        sort.shrink(300);
        between.try_grow(300).expect("what the rest does not use");
        assert!(sort.try_grow(1).is_err());
        assert!(!exhausted.is_cancelled());
        assert!(between.try_grow(1).is_err());
        assert!(exhausted.is_cancelled());
        drop((sort, between));
        assert_eq!(pool.reserved(), 0);
    }
}
