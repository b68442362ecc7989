//! Runs hunts one after another, in a lane of their own so that nobody waits for them.

use super::{Hunt, State, run, store};
use crate::rules::Shelf;
use crate::{enrichment, settings};
use event_store::Store;
use kit::clock::Clock;
use kit::live::Live;
use kit::{Db, Error, Scope};
use organisation::Policies;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often is looked for a hunt that waits.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What hunts need.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub db: Db,
    /// The program's own scope, to find and write hunts. What is read for a hunt is read in the scope of its owner.
    pub scope: Scope,
    pub policies: Arc<Policies>,
    pub clock: Arc<dyn Clock>,
    pub live: Live,
    /// A hunt keeps those in force at its beginning.
    pub settings: settings::Shelf,
    pub rules: Shelf,
    /// What registers know of events.
    pub enrichment: enrichment::Shelf,
}

/// Goes on until stopped. A hunt that is under way then goes on after the next start, from its last stretch.
pub async fn keep_hunting(parts: Parts, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = run_next(&parts, &stop).await {
            tracing::error!(%error, "hunts could not run; trying again");
        }
    }
}

/// Runs the hunt that is next, if there is one; gives it as it stands then.
pub async fn run_next(parts: &Parts, stop: &CancellationToken) -> Result<Option<Hunt>, Error> {
    let scoped = parts.db.scoped(&parts.scope);
    if let Some(hunt) = store::untold(&scoped.read()).await? {
        run::tell(parts, &hunt).await?;
    }
    let Some(hunt) = store::next(&scoped.read()).await? else { return Ok(None) };
    let id = hunt.id.clone();
    match run::run(parts, hunt, stop).await {
        Ok(()) => {}
        // The registers are away: the hunt is still there.
        Err(error @ Error::Database(_)) => return Err(error),
        Err(error) => {
            tracing::warn!(id, %error, "a hunt failed");
            run::end(parts, &id, State::Failed, Some(&error)).await?;
        }
    }
    store::find(&scoped.read(), &id).await.map(Some)
}
