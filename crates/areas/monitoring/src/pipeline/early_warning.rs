//! Holds events against what is normal (`early_warning::watch`), and lets go what was found long ago.

use super::{Pipeline, Worker};
use crate::alerts::SampleField;
use crate::alerts::grouping::Matched;
use crate::early_warning::store;
use crate::enrichment::Enrichment;
use crate::rules::hits::Fate;
use crate::sources::resolver::Known;
use event::Event;
use kit::Error;
use kit::clock::DAY;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Whether a new day has begun is looked at this often.
const EVERY: Duration = Duration::from_secs(600);

/// Feeds one event to the baselines and gathers what is unusual. Returns how much of it alerts: a detector is switched off, put
/// on trial, excepted and held back like a rule, and learns all the while. What was evaluated before the start and is not in
/// the baselines is fed to them, and raises nothing again. The summary of an import speaks of rules and indicators alone.
pub(super) fn watch_one(worker: &mut Worker, enrichment: &Enrichment, event: &Event, known: &Known) -> u64 {
    let Worker { watch, judge, grouping, hits, written_to, .. } = worker;
    let found = watch.observe(event, &known.owner, enrichment);
    if event.seq <= *written_to {
        return 0;
    }
    let mut alerted = 0;
    for one in found {
        let Some(fate) = judge.fate_of_found(&one.facts.id, &known.owner, event, &one.about) else { continue };
        hits.add(&one.facts.id, &known.owner, event, &one.about, fate);
        if fate != Fate::Alerted {
            continue;
        }
        let suppression = judge.held_back(&one.facts.id, &known.owner, event);
        let matched = Matched { rule: &one.facts, owner: &known.owner, suppression };
        grouping.add_about(matched, event, one.entity.clone(), one.about.iter().map(sample_field).collect());
        watch.keep(event, &known.owner, one);
        alerted += 1;
    }
    alerted
}

/// The alert tells by which columns its subject is known, and an exception begins with them.
fn sample_field((field, value): &(String, String)) -> SampleField {
    SampleField { field: Some(field.clone()), value: value.clone(), pattern: value.clone() }
}

/// Makes what the next transaction writes, where it is time; at the end it is always.
pub(super) async fn prepare(mut worker: Worker, ends: bool) -> Result<Worker, Error> {
    if !worker.watch.is_due(ends) {
        return Ok(worker);
    }
    let work = move || {
        worker.watch.make_ready();
        worker
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

impl Pipeline {
    async fn forget_warnings(&self) -> Result<(), Error> {
        let inner = &self.0;
        let tx = inner.db.scoped(&inner.scope).begin().await?;
        let days = inner.settings.current().early_warning.keep_days;
        store::forget(&tx, inner.clock.now().saturating_sub(days * DAY)).await?;
        tx.commit().await
    }
}

pub(super) async fn forget(pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut forgotten_on = None;
    loop {
        tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let day = pipeline.0.clock.now().div_euclid(DAY);
        if forgotten_on == Some(day) {
            continue;
        }
        let forgotten = tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            forgotten = pipeline.forget_warnings() => forgotten,
        };
        match forgotten {
            Ok(()) => forgotten_on = Some(day),
            Err(error) => tracing::warn!(%error, "old early warnings could not be forgotten"),
        }
    }
}
