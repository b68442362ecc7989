//! Takes over what people change about what events are enriched with.

use super::Pipeline;
use crate::enrichment::{Enrichment, Placeholders, Shelf};
use kit::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// Registers and files are looked at this often.
const EVERY: Duration = Duration::from_secs(2);

impl Pipeline {
    pub(super) fn known(&self) -> Arc<Enrichment> {
        self.0.enrichment.current()
    }

    /// What events are enriched with, for pages.
    pub fn enrichment(&self) -> Shelf {
        self.0.enrichment.clone()
    }

    /// Values that rules expand, as they change.
    pub fn placeholders(&self) -> watch::Receiver<Arc<Placeholders>> {
        self.0.placeholders.subscribe()
    }

    /// Reads registers again where one has changed; what was read holds from the next batch on.
    pub async fn refresh_enrichment(&self) -> Result<(), Error> {
        let inner = &self.0;
        let (known, view) = (self.known(), inner.db.scoped(&inner.scope).read());
        let files = known.geoip().clone();
        let most = inner.settings.current().tuning.enrichment.geoip_megabytes;
        let replaced = tokio::task::spawn_blocking(move || files.changed(most)).await.map_err(Error::internal)?;
        let changed = match &replaced {
            Some(_) => Some(Enrichment::read(&view).await?),
            None => known.changed(&view).await?,
        };
        if let Some(changed) = changed {
            let changed = changed.with_geoip(replaced.map_or_else(|| known.geoip().clone(), Arc::new));
            let placeholders = changed.placeholders().clone();
            inner.enrichment.replace(changed);
            inner.placeholders.send_if_modified(|have| {
                let differs = **have != *placeholders;
                *have = placeholders;
                differs
            });
        }
        Ok(())
    }
}

pub(super) async fn watch(pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = pipeline.refresh_enrichment().await {
            tracing::warn!(%error, "what events are enriched with could not be read; the old holds");
        }
    }
}
