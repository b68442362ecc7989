//! First stage: records from the log, parsed on the blocking threads, in order.

use super::Pipeline;
use event::{Event, RawRecord};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Records parsed together.
pub(super) const BATCH: usize = 2_000;
/// Batches below this are parsed on one thread.
const WORTH_SPLITTING: usize = 500;

/// A batch of understood events with nothing bound yet.
pub(super) struct Parsed {
    pub(super) events: Vec<Event>,
}

/// Reads until stopped (then up to what is durable by that time) or until the store closes.
pub(super) async fn run(pipeline: Pipeline, batches: mpsc::Sender<Parsed>) {
    let inner = &pipeline.0;
    let mut reader = inner.store.read_log(inner.store.next_needed());
    let mut until = None;
    loop {
        if until.is_none() && inner.stop.is_cancelled() {
            until = Some(inner.store.last_seq());
        }
        if until.is_some_and(|until| reader.position() > until) {
            return;
        }
        let records = tokio::select! {
            biased;
            () = inner.stop.cancelled(), if until.is_none() => continue,
            records = reader.next(BATCH) => records,
        };
        let mut records = match records {
            Ok(records) if records.is_empty() => return,
            Ok(records) => records,
            Err(error) => {
                inner.counters.add_read_error();
                if until.is_some() {
                    tracing::error!(%error, "the event log could not be read; the rest waits for the next start");
                    return;
                }
                tracing::error!(%error, "the event log could not be read; trying again");
                pipeline.pause(Duration::from_secs(1)).await;
                continue;
            }
        };
        // Many small appends make small batches; take along what is durable already.
        while records.len() < BATCH && reader.position() <= inner.store.last_seq() {
            match reader.next(BATCH - records.len()).await {
                Ok(more) if !more.is_empty() => records.extend(more),
                _ => break,
            }
        }
        let Some(events) = parse(&pipeline, records).await else { return };
        if batches.send(Parsed { events }).await.is_err() {
            return;
        }
    }
}

async fn parse(pipeline: &Pipeline, mut records: Vec<(u64, RawRecord)>) -> Option<Vec<Event>> {
    let formats = pipeline.formats();
    let count = records.len();
    let rest = if count >= WORTH_SPLITTING { records.split_off(count / 2) } else { Vec::new() };
    let parse_all = |records: Vec<(u64, RawRecord)>, formats: Arc<ingest::FormatSet>| {
        tokio::task::spawn_blocking(move || {
            records.iter().map(|(seq, raw)| Event { seq: *seq, ..formats.parse(raw) }).collect::<Vec<_>>()
        })
    };
    let (first, second) = tokio::join!(parse_all(records, formats.clone()), parse_all(rest, formats));
    let (mut events, rest) = match (first, second) {
        (Ok(first), Ok(second)) => (first, second),
        // The program ends before it has begun to serve.
        (Err(error), _) | (_, Err(error)) if error.is_cancelled() => return None,
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "parsing ended badly");
            return None;
        }
    };
    events.extend(rest);
    let misread = events.iter().filter(|event| !event.understood).count();
    pipeline.0.counters.add_read(count as u64, misread as u64);
    Some(events)
}
