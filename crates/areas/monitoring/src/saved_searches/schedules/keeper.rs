//! Runs what is due, one after another, in a lane of its own so that nobody waits for it; stops what its owner may no
//! longer do; says once what does not work.

use super::super::{SavedSearch, store};
use super::run::{Failure, commit, prepare};
use super::{Schedule, StopReason, service};
use crate::alerts::record::Damping;
use crate::{enrichment, settings};
use event_store::Store;
use kit::clock::{Clock, Micros};
use kit::live::Live;
use kit::page::Severity;
use kit::{Db, Error, Scope};
use organisation::Policies;
use organisation::inbox::{self, Message, Recipient};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What runs need.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub db: Db,
    /// The program's own scope, to find what is due. Runs have the scope of their owner.
    pub scope: Scope,
    pub policies: Arc<Policies>,
    pub clock: Arc<dyn Clock>,
    pub live: Live,
    pub settings: settings::Shelf,
    /// What registers and files know of events, for what searches ask of it.
    pub enrichment: enrichment::Shelf,
}

/// Goes on until stopped. A run that is under way then leaves nothing behind and is done again after the next start.
pub async fn keep_running(parts: Parts, stop: CancellationToken) {
    let mut damping = Damping::default();
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let look = async {
            ticks.tick().await;
            run_due(&parts, &mut damping, parts.clock.now()).await
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            outcome = look => if let Err(error) = outcome {
                tracing::error!(%error, "scheduled searches could not run; trying again");
            }
        }
    }
}

/// Runs what is due at `now`, the most overdue first; gives how many runs there were.
pub async fn run_due(parts: &Parts, damping: &mut Damping, now: Micros) -> Result<usize, Error> {
    let most = parts.settings.current().saved_searches.runs_at_once;
    let due = store::due(&parts.db.scoped(&parts.scope).read(), now, most).await?;
    let runs = due.len();
    for saved in due {
        let (id, told) = (saved.id.clone(), saved.clone());
        match prepare(parts, saved, now).await {
            Ok(prepared) => {
                let done = commit(parts, prepared, damping, now).await?;
                tracing::debug!(id, done, "a scheduled search ran");
            }
            Err(Failure::RightLost) => stop(parts, &told, now).await?,
            Err(Failure::Other(error @ Error::Database(_))) => return Err(error),
            Err(Failure::Other(error)) => note_error(parts, &told, &error, now).await?,
        }
    }
    Ok(runs)
}

pub(super) fn message(saved: &SavedSearch, title_key: &'static str, severity: Severity) -> Message {
    Message {
        severity,
        title_key,
        title_arguments: vec![("name", saved.name.clone()), ("owner", saved.owner_name.clone())],
        body: String::new(),
        link: String::new(),
        agency_id: saved.agency_id.clone(),
    }
}

/// The owner left or may no longer do this: it ends, and those on duty hear that nobody watches for it any more.
async fn stop(parts: &Parts, saved: &SavedSearch, now: Micros) -> Result<(), Error> {
    let scoped = parts.db.scoped(&parts.scope);
    let tx = scoped.begin().await?;
    let own = Message {
        link: format!("/saved-searches/{}", saved.id),
        ..message(saved, "saved-search-message-stopped", Severity::Medium)
    };
    inbox::notify(&tx, &parts.live, now, Recipient::Person(&saved.owner_id), &own).await?;
    let duty = message(saved, "saved-search-message-stopped-duty", Severity::Medium);
    inbox::notify(&tx, &parts.live, now, Recipient::OnDuty, &duty).await?;
    service::halt(&tx, saved, StopReason::RightLost, now).await?;
    tx.commit().await
}

/// A run that failed is tried again at its next time, from where it was; the owner hears of the first failure in a row.
async fn note_error(parts: &Parts, saved: &SavedSearch, error: &Error, now: Micros) -> Result<(), Error> {
    tracing::warn!(id = saved.id, %error, "a scheduled search failed");
    let Some(schedule) = &saved.schedule else { return Ok(()) };
    let scoped = parts.db.scoped(&parts.scope);
    let tx = scoped.begin().await?;
    let sql = "UPDATE search_schedules SET next_run_at = $2, last_run_at = $3, error_key = $4, error_words = $5, \
               error_at = COALESCE(error_at, $3) WHERE saved_search_id = $1 AND revision = $6";
    // What a mistake says with its variables is not kept in a language: the heading is a text, the rest is quoted.
    let words = match error {
        Error::Mistake(mistake) => Some(mistake.words.as_str()),
        error => error.own_words(),
    };
    let words: Option<String> = words.map(|words| words.chars().take(500).collect());
    let values = [
        saved.id.as_str().into(),
        schedule.next_after(now).into(),
        now.into(),
        error.key().into(),
        words.into(),
        schedule.revision.into(),
    ];
    store::execute(&tx, sql, values).await?;
    if is_first(schedule) {
        let told = Message {
            link: format!("/saved-searches/{}", saved.id),
            ..message(saved, "saved-search-message-error", Severity::Low)
        };
        inbox::notify(&tx, &parts.live, now, Recipient::Person(&saved.owner_id), &told).await?;
    }
    tx.commit().await
}

fn is_first(schedule: &Schedule) -> bool {
    schedule.error_at.is_none()
}
