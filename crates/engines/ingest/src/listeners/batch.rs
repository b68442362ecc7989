//! From many connections to few batches: a bounded queue, drained by one task into the sink.

use super::counters::Counters;
use super::{DeliverError, Sink};
use event::RawRecord;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Bytes from which a batch waits for no more; the store refuses far larger ones.
const ENOUGH: usize = 16 << 20;

/// Drains the queue until all senders are gone: batches of `most` records, or of what came within `linger` of the first.
pub(crate) async fn drain(
    mut queue: mpsc::Receiver<Vec<RawRecord>>,
    sink: Arc<dyn Sink>,
    counters: Arc<Counters>,
    most: usize,
    linger: Duration,
) {
    while let Some(mut batch) = queue.recv().await {
        let deadline = Instant::now() + linger;
        let mut bytes = size(&batch);
        while batch.len() < most && bytes < ENOUGH {
            match timeout_at(deadline, queue.recv()).await {
                Ok(Some(more)) => {
                    bytes += size(&more);
                    batch.extend(more);
                }
                Ok(None) | Err(_) => break,
            }
        }
        // The senders of these doors cannot be told, so a refusal is counted and shown.
        let _ = deliver(&*sink, &counters, batch).await;
    }
}

fn size(batch: &[RawRecord]) -> usize {
    batch.iter().map(|record| record.bytes.len()).sum()
}

/// Delivers one batch and counts it.
pub(crate) async fn deliver(sink: &dyn Sink, counters: &Counters, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
    let count = batch.len();
    let result = sink.deliver(batch).await;
    match &result {
        Ok(()) => Counters::add(&counters.delivered, count),
        Err(error) => {
            Counters::add(&counters.dropped, count);
            tracing::error!(records = count, %error, "a batch was not stored");
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listeners::Sink;
    use async_trait::async_trait;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Sizes(Mutex<Vec<usize>>);

    #[async_trait]
    impl Sink for Sizes {
        async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
            self.0.lock().unwrap().push(size(&batch));
            Ok(())
        }
    }

    #[tokio::test]
    async fn long_records_do_not_make_a_batch_that_the_store_refuses() {
        let (sender, queue) = mpsc::channel(64);
        let record = || RawRecord {
            bytes: vec![b'x'; event::LONGEST_RECORD].into(),
            arrival: 0,
            origin: Arc::default(),
            position: 0,
        };
        for _ in 0..40 {
            sender.try_send(vec![record()]).unwrap();
        }
        drop(sender);
        let sizes = Arc::new(Sizes::default());
        drain(queue, sizes.clone(), Arc::default(), 2048, Duration::from_secs(60)).await;
        assert_eq!(*sizes.0.lock().unwrap(), [16 << 20, 16 << 20, 8 << 20]);
    }
}
