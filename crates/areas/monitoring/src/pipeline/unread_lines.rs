//! Looks whether formats that come into force read what nothing read before, and forgets what has not come for long.

use super::Pipeline;
use crate::unread_lines::{solving, store};
use ingest::FormatSet;
use kit::Error;
use kit::clock::{DAY, HOUR};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Whether there are other formats is looked at this often.
const EVERY: Duration = Duration::from_secs(5);

impl Pipeline {
    /// Tries what nothing read on the formats in force. Gives how many templates are to be tried again,
    /// since lines came.
    pub async fn solve_unread(&self) -> Result<usize, Error> {
        let (inner, formats) = (&self.0, self.formats());
        solving::solve(&inner.db, &inner.scope, &inner.store, &formats, inner.clock.now()).await
    }

    async fn forget_unread(&self) -> Result<u64, Error> {
        let inner = &self.0;
        let days = inner.settings.current().sources.unread_lines.forget_days;
        let scoped = inner.db.scoped(&inner.scope);
        let tx = scoped.begin().await?;
        let forgotten = store::forget(&tx, inner.clock.now() - days * DAY).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

pub(super) async fn watch(pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut tried, mut kept_in): (Option<Arc<FormatSet>>, _) = (None, None);
    loop {
        tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let formats = pipeline.formats();
        if tried.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &formats)) {
            let solved = tokio::select! {
                () = pipeline.0.stop.cancelled() => return,
                solved = pipeline.solve_unread() => solved,
            };
            match solved {
                Ok(0) => tried = Some(formats),
                Ok(again) => tracing::debug!(again, "templates got lines while they were tried"),
                Err(error) => {
                    tracing::warn!(%error, "lines that nothing read could not be tried on the formats in force");
                    tried = Some(formats);
                }
            }
        }
        let hour = pipeline.0.clock.now().div_euclid(HOUR);
        if kept_in != Some(hour) {
            kept_in = Some(hour);
            if let Err(error) = pipeline.forget_unread().await {
                tracing::warn!(%error, "templates of lines that nothing reads could not be forgotten");
            }
        }
    }
}
