//! Third stage: one transaction with new and grown alerts, hits of rules, the figures of sources, the detection cursor and
//! what correlations, baselines and lists of fields remember.

use super::{Pipeline, Worker};
use crate::alerts::grouping::Bundle;
use crate::alerts::record::{self, Change, Cursor};
use crate::alerts::{news, notices};
use crate::hunts;
use crate::rules::hits::{self, Hit};
use crate::settings::Settings;
use kit::Error;
use std::time::{Duration, Instant};

/// Writes everything gathered and moves the cursor; with `status` also the figures of sources. Tries until it
/// succeeds or the pipeline is stopped. False where it was not written: it is still in the log, and nothing that comes after
/// it may be written before it.
pub(super) async fn write(pipeline: &Pipeline, worker: &mut Worker, status: bool) -> bool {
    let bundles = worker.grouping.take();
    let hits = worker.hits.take();
    let status = status && worker.board.has_news(pipeline.0.clock.now());
    let moved = worker.reached != worker.committed || worker.memory.is_ready() || worker.watch.is_ready();
    let moved = moved || worker.field_lists.has_changed();
    if bundles.is_empty() && !moved && !status {
        publish(pipeline, worker);
        return true;
    }
    let started = Instant::now();
    let mut pause = Duration::from_millis(200);
    loop {
        match pipeline.while_running(attempt(pipeline, worker, bundles.clone(), &hits, status)).await {
            Ok(changes) => {
                pipeline.set_refused(None);
                if status {
                    worker.board.written();
                }
                worker.committed = worker.reached;
                let before = needed_from(worker);
                worker.memory.written();
                worker.watch.written();
                worker.field_lists.written();
                worker.unread.written();
                let position = needed_from(worker);
                if position != before {
                    pipeline.0.store.set_evaluated(position);
                }
                pipeline.0.counters.add_write(&changes, worker.damping.damped_matches, started.elapsed());
                publish(pipeline, worker);
                news::tell(&pipeline.0.live, &changes);
                return true;
            }
            Err(error) => {
                pipeline.0.counters.add_database_error();
                tracing::error!(%error, "alerts could not be written; trying again");
                pipeline.set_refused(Some(error));
                if pipeline.0.stop.is_cancelled() {
                    return false;
                }
                pipeline.pause(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
        }
    }
}

/// Neither correlations nor baselines need what is in the log up to here.
fn needed_from(worker: &Worker) -> u64 {
    worker.memory.kept().min(worker.watch.position())
}

/// Lets those know who wait for a record to be searchable and evaluated.
fn publish(pipeline: &Pipeline, worker: &Worker) {
    let reached = worker.inserted.min(worker.committed);
    pipeline.0.evaluated.send_if_modified(|at| std::mem::replace(at, reached) != reached);
}

async fn attempt(
    pipeline: &Pipeline,
    worker: &mut Worker,
    bundles: Vec<(String, Bundle)>,
    hits: &[Hit],
    status: bool,
) -> Result<Vec<Change>, Error> {
    let inner = &pipeline.0;
    let now = inner.clock.now();
    let scoped = inner.db.scoped(&inner.scope);
    let tx = scoped.begin().await?;
    let settings = worker.settings.clone();
    let Settings { scoring, entity_risk, .. } = &*settings;
    let mut changes = record::write_bundles(&tx, bundles, scoring, entity_risk, &mut worker.damping, now).await?;
    let grown: Vec<&str> = changes.iter().filter(|change| !change.is_new).map(|change| change.id.as_str()).collect();
    let resumed = hunts::store::unmark(&tx, &grown).await?;
    // What a hunt found in the past goes on: that is news.
    changes.iter_mut().filter(|change| resumed.contains(&change.id)).for_each(|change| change.is_new = true);
    notices::tell(&tx, &inner.live, &settings.duty.notices, &changes, now).await?;
    hits::store::add(&tx, hits).await?;
    if status {
        worker.board.write(&tx, now).await?;
    }
    if worker.reached != worker.committed {
        record::set_cursor(&tx, Cursor::Detection, worker.reached, now).await?;
    }
    worker.memory.write(&tx, now).await?;
    worker.watch.write(&tx, now).await?;
    worker.field_lists.write(&tx).await?;
    worker.unread.write(&tx).await?;
    tx.commit().await?;
    Ok(changes)
}
