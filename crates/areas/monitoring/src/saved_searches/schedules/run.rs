//! One run: what came since the last one is counted in the scope of the owner, and what it found is committed together
//! with how far the schedule has come. Between the two nothing is written, so a program that dies there has done nothing,
//! and the next run counts the same events again.

use super::super::SavedSearch;
use super::super::alerts::rule_id;
use super::super::store::execute;
use super::keeper::message;
use super::{Parts, Schedule, hits, service};
use crate::alerts::grouping::{Bundle, Owner, RuleFacts};
use crate::alerts::record::{self, Damping};
use crate::alerts::{news, notices};
use crate::search::names;
use crate::search::run::refusal;
use crate::search::senders::senders;
use crate::sources::sources_in_scope;
use crate::suppressions;
use event_store::{Lane, QueryContext, Since, SinceRequest, Unreadable};
use kit::clock::{MINUTE, Micros};
use kit::page::Severity;
use kit::{Error, Scope, Tx};
use organisation::audit::{Reading, Touched, record_reading};
use organisation::inbox::{self, Recipient};
use organisation::people;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// First matches of a run that are looked at one by one, for the samples of alerts.
const SAMPLES: usize = 2_000;

/// Longest time that a run waits for its place: a hunt may have it, one question of which is shorter.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a run found, not yet written.
pub struct Prepared {
    saved: SavedSearch,
    schedule: Schedule,
    scope: Scope,
    up_to: u64,
    pub matches: i64,
    pub bundles: Vec<(String, Bundle)>,
    /// Days with events among those that came since, or that lay between them, which could not be read.
    unread_days: String,
}

/// Why a run came to nothing.
#[derive(Debug)]
pub enum Failure {
    /// The owner left or may no longer do this.
    RightLost,
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Counts what came since the last run.
pub async fn prepare(parts: &Parts, saved: SavedSearch, now: Micros) -> Result<Prepared, Failure> {
    let schedule = saved.schedule.clone().ok_or(Error::NotFound)?;
    let reach = schedule.reach_agency_id.as_deref();
    let scope = people::scope_of(&parts.db, &parts.policies, &saved.owner_id, reach, now).await?;
    let scope = scope.filter(service::may_run).ok_or(Failure::RightLost)?;
    let inserted = parts.store.inserted();
    let (after, up_to) = range(&schedule, inserted, parts.store.last_seq().max(inserted));
    let unread_days = String::new();
    let mut prepared = Prepared { saved, schedule, scope, up_to, matches: 0, bundles: Vec::new(), unread_days };
    if after < up_to {
        let since = count(parts, &prepared, after).await?;
        let owners = owners(parts, &prepared.scope, &since, now).await?;
        let rule = Arc::new(facts(&prepared));
        let schedule = &prepared.schedule;
        prepared.matches = hits::matches(schedule, &since);
        prepared.unread_days = Unreadable::days_of(&since.unreadable).join(", ");
        prepared.bundles = hits::bundles(schedule, &rule, &since, &owners, parts.settings.current().scoring.samples);
    }
    Ok(prepared)
}

/// From behind which sequence up to which. After a start the store may still be behind the schedule: nothing is there
/// yet. A schedule that is ahead of everything that was ever stored belongs to another store and begins anew.
fn range(schedule: &Schedule, inserted: u64, last: u64) -> (u64, u64) {
    if schedule.last_sequence > last {
        tracing::warn!(
            at = schedule.last_sequence,
            last,
            "a schedule is ahead of the event store; the store was replaced"
        );
        return (inserted, inserted);
    }
    (schedule.last_sequence, inserted.max(schedule.last_sequence))
}

async fn count(parts: &Parts, prepared: &Prepared, after: u64) -> Result<Since, Error> {
    let (saved, schedule) = (&prepared.saved, &prepared.schedule);
    let view = parts.db.scoped(&prepared.scope).read();
    let mut context = QueryContext::new(sources_in_scope(&view).await?);
    context.names = names::of_text(&view, &parts.enrichment.current(), &parts.store, &saved.text).await?;
    context.lane = Lane::Background;
    context.asker = Some("schedules".into());
    context.patience = PATIENCE;
    context.timeout = parts.settings.current().saved_searches.timeout();
    let request = SinceRequest {
        query: saved.text.clone(),
        after,
        up_to: prepared.up_to,
        from: saved.from,
        to: saved.to,
        longest_delay: schedule.longest_delay_minutes.map(|minutes| minutes.saturating_mul(MINUTE)),
        group_by: schedule.group_by.clone(),
        samples: SAMPLES,
    };
    parts.store.since(&request, &context).await.map_err(refusal)
}

async fn owners(parts: &Parts, scope: &Scope, since: &Since, now: Micros) -> Result<HashMap<String, Owner>, Error> {
    let ids: BTreeSet<String> = since.tallies.iter().filter_map(|tally| tally.source_id.clone()).collect();
    let found = senders(&parts.db.scoped(scope).read(), ids, now).await?;
    let owner = |(id, sender): (String, crate::search::senders::Sender)| {
        let owner = Owner {
            source_id: id.as_str().into(),
            system_id: sender.system_id.map(Into::into),
            agency_id: sender.agency_id.map(Into::into),
            system_level: sender.system_level,
        };
        (id, owner)
    };
    Ok(found.into_iter().map(owner).collect())
}

/// The saved search as the rule of its alerts.
fn facts(prepared: &Prepared) -> RuleFacts {
    RuleFacts {
        id: rule_id(&prepared.saved.id),
        title: prepared.saved.name.clone(),
        title_vi: None,
        level: prepared.schedule.severity,
        techniques: Vec::new(),
        tactics: Vec::new(),
    }
}

/// Writes alerts and how far the schedule has come, in one transaction. False where the schedule was changed, stopped or
/// run by somebody else meanwhile: then nothing is written.
pub async fn commit(parts: &Parts, prepared: Prepared, damping: &mut Damping, now: Micros) -> Result<bool, Error> {
    let Prepared { saved, schedule, scope, up_to, matches, bundles, unread_days } = prepared;
    let scoped = parts.db.scoped(&scope);
    let tx = scoped.begin().await?;
    let number = |sequence: u64| i64::try_from(sequence).unwrap_or(i64::MAX);
    // First of all: who comes second waits here, and then finds that it has been done.
    let claim = "UPDATE search_schedules SET last_sequence = $2, next_run_at = $3, last_run_at = $4, last_matches = $5, \
                 error_key = NULL, error_words = NULL, error_at = NULL \
                 WHERE saved_search_id = $1 AND state = 'active' AND revision = $6 AND last_sequence = $7";
    let values = [
        saved.id.as_str().into(),
        number(up_to).into(),
        schedule.next_after(now).into(),
        now.into(),
        matches.into(),
        schedule.revision.into(),
        number(schedule.last_sequence).into(),
    ];
    if execute(&tx, claim, values).await? == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    if !unread_days.is_empty() {
        tell_unread(parts, &tx, &saved, &schedule, &unread_days, now).await?;
    }
    let settings = parts.settings.current();
    let scoring = settings.scoring.with_window(schedule.window_minutes.saturating_mul(MINUTE));
    let owners = bundles.iter().filter_map(|(_, bundle)| bundle.owner.agency_id.as_ref());
    let touched: Touched = owners.map(|agency| (agency.to_string(), None)).collect();
    let bundles = suppressions::hold_back(bundles, &suppressions::store::windows(&tx, now).await?, now);
    let quiet_since = now.saturating_sub(schedule.quiet_minutes.saturating_mul(MINUTE));
    let (bundles, quiet) = match schedule.quiet_minutes {
        0 => (bundles, 0),
        _ => record::outside_quiet(&tx, bundles, scoring.window, quiet_since).await?,
    };
    let changes = record::write_bundles(&tx, bundles, &scoring, &settings.entity_risk, damping, now).await?;
    notices::tell(&tx, &parts.live, &settings.duty.notices, &changes, now).await?;
    if quiet > 0 || !changes.is_empty() {
        let raised = changes.iter().any(|change| change.is_new).then_some(now);
        let sql = "UPDATE search_schedules SET quiet_matches = quiet_matches + $2, \
                   last_alert_at = COALESCE($3, last_alert_at) WHERE saved_search_id = $1";
        execute(&tx, sql, [saved.id.as_str().into(), quiet.into(), raised.into()]).await?;
    }
    // A run that shows nobody anything reads nothing for anybody.
    if !changes.is_empty() {
        let reading = Reading {
            object_kind: "event",
            object_id: "",
            purpose: "schedule",
            query: &saved.text,
            count: u64::try_from(matches).unwrap_or(0),
            touched: &touched,
        };
        record_reading(&tx, now, &reading).await?;
    }
    tx.commit().await?;
    news::tell(&parts.live, &changes);
    Ok(true)
}

/// What could not be read will not come back by itself, and waiting for it would hold up all that comes after: the run goes
/// on and says for which days nobody has looked. Its page keeps them, and the owner hears of each set of days once. A day
/// that lies in an archive which does not answer is no such day: the run fails there and begins again from where it was.
async fn tell_unread(
    parts: &Parts,
    tx: &Tx<'_>,
    saved: &SavedSearch,
    schedule: &Schedule,
    days: &str,
    now: Micros,
) -> Result<(), Error> {
    tracing::warn!(id = saved.id, days, "a scheduled search could not look at all events");
    let sql = "UPDATE search_schedules SET unread_days = $2, unread_at = $3 WHERE saved_search_id = $1";
    execute(tx, sql, [saved.id.as_str().into(), days.into(), now.into()]).await?;
    if schedule.unread_days.as_deref() == Some(days) {
        return Ok(());
    }
    let mut told = message(saved, "saved-search-message-unread", Severity::Medium);
    told.title_arguments.push(("days", days.to_owned()));
    told.link = format!("/saved-searches/{}", saved.id);
    inbox::notify(tx, &parts.live, now, Recipient::Person(&saved.owner_id), &told).await.map(drop)
}
