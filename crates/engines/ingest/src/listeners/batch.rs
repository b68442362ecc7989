//! From many connections to few batches: a bounded queue, drained by one task into the sink.

use super::counters::Counters;
use super::{DeliverError, Sink};
use event::RawRecord;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

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
        while batch.len() < most {
            match timeout_at(deadline, queue.recv()).await {
                Ok(Some(more)) => batch.extend(more),
                Ok(None) | Err(_) => break,
            }
        }
        // The senders of these doors cannot be told, so a refusal is counted and shown.
        let _ = deliver(&*sink, &counters, batch).await;
    }
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
