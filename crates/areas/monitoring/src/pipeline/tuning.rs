//! Takes over what people decide about rules, and lets go of hits that are too old.

use super::Pipeline;
use crate::rules::hits;
use crate::rules::settings::SETTINGS;
use crate::rules::tuning::Tuning;
use kit::Error;
use kit::clock::{DAY, HOUR};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Decisions are read again this often.
const EVERY: Duration = Duration::from_secs(2);

impl Pipeline {
    pub(super) fn tuning(&self) -> Arc<Tuning> {
        self.0.tuning.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads decisions again; they hold from the next batch on.
    pub async fn refresh_tuning(&self) -> Result<(), Error> {
        let tuning = Tuning::read(&self.0.db.scoped(&self.0.scope).read(), self.0.clock.now()).await?;
        if *self.tuning() != tuning {
            *self.0.tuning.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tuning);
        }
        Ok(())
    }

    async fn forget_hits(&self) -> Result<(), Error> {
        let inner = &self.0;
        let tx = inner.db.scoped(&inner.scope).begin().await?;
        hits::store::forget(&tx, inner.clock.now() - SETTINGS.hits.keep_days * DAY).await?;
        tx.commit().await
    }
}

pub(super) async fn watch(pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut forgotten_in = None;
    loop {
        tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = pipeline.refresh_tuning().await {
            tracing::warn!(%error, "decisions about rules could not be read; the old ones hold");
        }
        let hour = pipeline.0.clock.now().div_euclid(HOUR);
        if forgotten_in != Some(hour) {
            forgotten_in = Some(hour);
            if let Err(error) = pipeline.forget_hits().await {
                tracing::warn!(%error, "old hits of rules could not be forgotten");
            }
        }
    }
}
