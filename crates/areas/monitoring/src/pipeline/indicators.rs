//! Looks events up in the indicators in force, and takes over what people change about lists.

use super::tally::ImportTally;
use super::{Pipeline, Worker};
use crate::alerts::grouping::{Matched, RuleFacts};
use crate::indicators::in_force::{InForce, by_indicator, held_at};
use crate::indicators::service;
use crate::sources::resolver::Known;
use detection::IndicatorHits;
use event::{Event, Listener};
use kit::Error;
use kit::clock::DAY;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Lists are looked at this often.
const EVERY: Duration = Duration::from_secs(2);
/// What alerts keep of so many indicators is remembered.
const REMEMBERED: usize = 10_000;

/// What looking up needs from event to event.
#[derive(Default)]
pub(super) struct Finder {
    in_force: Arc<InForce>,
    hits: IndicatorHits,
    facts: HashMap<u128, Arc<RuleFacts>>,
}

impl Finder {
    /// Alerts keep what is set now from here on.
    pub(super) fn forget_facts(&mut self) {
        self.facts.clear();
    }

    /// Takes over what is in force; gives what was before, where that is something else.
    pub(super) fn take_over(&mut self, in_force: &Arc<InForce>) -> Option<Arc<InForce>> {
        if Arc::ptr_eq(&self.in_force, in_force) {
            return None;
        }
        self.facts.clear();
        Some(std::mem::replace(&mut self.in_force, in_force.clone()))
    }
}

/// Looks up one event and gathers what was found. Returns the number of indicators found.
pub(super) fn look_up(worker: &mut Worker, event: &Event, known: &Known, tally: Option<&ImportTally>) -> u64 {
    let Worker { settings, finder, judge, grouping, written_to, .. } = worker;
    let Finder { in_force, hits, facts } = finder;
    if event.seq <= *written_to {
        return 0;
    }
    in_force.set.look(event, held_at(event), hits);
    if hits.is_empty() {
        return 0;
    }
    let tally = tally.filter(|_| event.origin.listener == Listener::Import);
    let found = by_indicator(&in_force.set, hits.iter());
    for (reference, hits) in &found {
        if facts.len() >= REMEMBERED {
            facts.clear();
        }
        let named = || Arc::new(in_force.facts(&settings.indicators, *reference, hits));
        let rule = facts.entry(*reference).or_insert_with(named);
        let field = hits.first().map(|hit| in_force.sample(hit));
        let suppression = judge.held_back(&rule.id, &known.owner, event);
        let matched = Matched { rule, owner: &known.owner, suppression };
        grouping.add(matched, event, field.into_iter().collect());
        if let Some(tally) = tally {
            tally.add(rule, event);
        }
    }
    found.len() as u64
}

impl Pipeline {
    pub(super) fn indicators(&self) -> Arc<InForce> {
        self.0.indicators.current()
    }

    /// Reads lists again where one has changed; what was read holds from the next batch on.
    pub async fn refresh_indicators(&self) -> Result<(), Error> {
        let inner = &self.0;
        let changed = self.indicators().changed(&inner.db.scoped(&inner.scope).read(), inner.clock.now()).await?;
        if let Some(changed) = changed {
            tracing::info!(indicators = changed.set.len(), bytes = changed.set.memory(), "indicators in force");
            inner.indicators.replace(changed);
        }
        Ok(())
    }

    async fn forget_indicators(&self) -> Result<(), Error> {
        let inner = &self.0;
        let tx = inner.db.scoped(&inner.scope).begin().await?;
        service::forget(&tx, &inner.settings.current().indicators, inner.clock.now()).await?;
        tx.commit().await
    }
}

pub(super) async fn watch(pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut forgotten_on = None;
    loop {
        tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = pipeline.refresh_indicators().await {
            tracing::warn!(%error, "lists of indicators could not be read; the old ones hold");
        }
        let day = pipeline.0.clock.now().div_euclid(DAY);
        if forgotten_on != Some(day) {
            forgotten_on = Some(day);
            let forgotten = tokio::select! {
                () = pipeline.0.stop.cancelled() => return,
                forgotten = pipeline.forget_indicators() => forgotten,
            };
            if let Err(error) = forgotten {
                tracing::warn!(%error, "old indicators could not be forgotten");
            }
        }
    }
}
