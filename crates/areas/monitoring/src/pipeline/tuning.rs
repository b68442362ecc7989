//! Takes over what people decide about rules, and keeps house among their hits.

use super::Pipeline;
use crate::rules::hits;
use crate::rules::tuning::Tuning;
use kit::Error;
use kit::clock::HOUR;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Whether there are newer decisions is looked at this often.
const EVERY: Duration = Duration::from_secs(2);

impl Pipeline {
    pub(super) fn tuning(&self) -> Arc<Tuning> {
        self.0.tuning.current()
    }

    /// Reads decisions again where there are newer ones; they hold from the next batch on.
    pub async fn refresh_tuning(&self) -> Result<(), Error> {
        let scoped = self.0.db.scoped(&self.0.scope);
        if let Some(newer) = self.tuning().read_newer(&scoped.read(), self.0.clock.now()).await? {
            self.0.tuning.replace(newer);
        }
        Ok(())
    }

    async fn keep_hits(&self) -> Result<bool, Error> {
        let inner = &self.0;
        let settings = inner.settings.current();
        hits::rollup::keep_house(&inner.db.scoped(&inner.scope), &settings.tuning.hits, inner.clock.now()).await
    }
}

pub(super) async fn watch(pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept_in = None;
    loop {
        tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = pipeline.refresh_tuning().await {
            tracing::warn!(%error, "decisions about rules could not be read; the old ones hold");
        }
        let hour = pipeline.0.clock.now().div_euclid(HOUR);
        if kept_in == Some(hour) {
            continue;
        }
        let kept = tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            kept = pipeline.keep_hits() => kept,
        };
        match kept {
            Ok(true) => kept_in = Some(hour),
            // The rest in the next round, after another look at what was decided.
            Ok(false) => {}
            Err(error) => {
                kept_in = Some(hour);
                tracing::warn!(%error, "old hits of rules could not be rolled up or forgotten");
            }
        }
    }
}
