//! One hunt under way: stretch after stretch of sequences within the owner's scope, alerts and progress in one
//! transaction each.

use super::gather::Gathered;
use super::keeper::Parts;
use super::quarry::Quarry;
use super::store::{self, Stretch};
use super::{Hunt, State};
use crate::alerts::grouping::{Grouping, Owner};
use crate::alerts::record::{self, Damping};
use crate::enrichment::Enrichment;
use crate::rules::explain::event_of;
use crate::search::run::{refusal, sequence, text};
use crate::search::senders::{Sender, senders, touched};
use crate::settings::Settings;
use crate::sources::sources_in_scope;
use event_store::{Lane, QueryContext, Unreadable};
use kit::clock::{MINUTE, Micros};
use kit::{Error, Scope, Tx};
use organisation::audit::{Reading, Touched, record_reading};
use organisation::{audit, people};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Rows read at once.
const MOST_ROWS: usize = 4_000;
/// Sequences of the first stretch where the indexes of the store answer, and of the longest; where everything is read a
/// stretch is what can be read at once.
const FIRST_STRETCH: u64 = 200_000;
const LONGEST_STRETCH: u64 = 20_000_000;
/// How often a hunt that goes on looks whether its owner still may.
const ASK_EVERY: Micros = MINUTE;
/// Longest time of one question.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What a hunt carries from stretch to stretch.
struct Chase {
    scope: Scope,
    settings: Arc<Settings>,
    quarry: Quarry,
    grouping: Grouping,
    damping: Damping,
    /// What registers know now.
    known: Arc<Enrichment>,
    /// Sequences of the next stretch, and of the longest that is tried.
    length: u64,
    longest: u64,
    /// When the owner was last asked after.
    asked_at: Micros,
}

/// Runs a hunt to its end, until it is cancelled or until the program stops; then it goes on after the next start.
pub(super) async fn run(parts: &Parts, mut hunt: Hunt, stop: &CancellationToken) -> Result<(), Error> {
    let now = parts.clock.now();
    let may = |scope: &Scope| super::service::NEEDED.iter().all(|needed| scope.may(*needed));
    let Some(scope) = owner(parts, &hunt, now).await?.filter(may) else {
        return end(parts, &hunt.id, State::Failed, Some(&Error::Forbidden("hunt"))).await;
    };
    let settings = parts.settings.current();
    let rules = parts.rules.current();
    let quarry = Quarry::of(&parts.db.scoped(&scope).read(), &settings, &rules, &hunt, now).await?;
    hunt = begin(parts, &scope, &quarry, hunt, now).await?;
    let mut chase = Chase {
        scope,
        length: if quarry.narrowed.is_some() { FIRST_STRETCH } else { MOST_ROWS as u64 },
        longest: LONGEST_STRETCH,
        quarry,
        grouping: Grouping::new(settings.scoring.clone()),
        settings,
        damping: Damping::default(),
        known: parts.enrichment.current(),
        asked_at: now,
    };
    while let Some((_, last)) = hunt.sequences.filter(|(_, last)| hunt.next_sequence <= *last) {
        let now = parts.clock.now();
        if now.saturating_sub(chase.asked_at) >= ASK_EVERY {
            let Some(scope) = owner(parts, &hunt, now).await?.filter(may) else {
                return end(parts, &hunt.id, State::Failed, Some(&Error::Forbidden("hunt"))).await;
            };
            (chase.scope, chase.asked_at) = (scope, now);
        }
        let advanced = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            advanced = advance(parts, &mut chase, &mut hunt, last) => advanced?,
        };
        if !advanced {
            return Ok(());
        }
    }
    end(parts, &hunt.id, State::Done, None).await
}

/// The scope of the owner as it is now; `None` where they left.
async fn owner(parts: &Parts, hunt: &Hunt, now: Micros) -> Result<Option<Scope>, Error> {
    if hunt.owner_id.starts_with("service:") {
        return Ok(Some(parts.scope.clone()));
    }
    people::scope_of(&parts.db, &parts.policies, &hunt.owner_id, hunt.reach_agency_id.as_deref(), now).await
}

/// Finds the sequences of the window and marks the hunt as under way.
async fn begin(parts: &Parts, scope: &Scope, quarry: &Quarry, hunt: Hunt, now: Micros) -> Result<Hunt, Error> {
    let scoped = parts.db.scoped(&parts.scope);
    if hunt.state == State::Waiting {
        let sql = format!("SELECT min(seq) AS first_seq, max(seq) AS last_seq FROM events WHERE {}", window(&hunt));
        let mut answer = ask(parts, scope, &sql, 1).await?;
        let row = answer.rows.pop().unwrap_or_default();
        let sequence = |name: &str| row.get(name).and_then(Value::as_u64);
        let tx = scoped.begin().await?;
        let sequences = sequence("first_seq").zip(sequence("last_seq"));
        store::begin(&tx, &hunt.id, sequences, &answer.unread_days, now).await?;
        tx.commit().await?;
    } else if quarry.remembers() {
        let tx = scoped.begin().await?;
        store::rewind(&tx, &hunt).await?;
        tx.commit().await?;
    }
    store::find(&scoped.read(), &hunt.id).await
}

fn window(hunt: &Hunt) -> String {
    let moment = |at: Micros| {
        let text = jiff::Timestamp::from_microsecond(at).map(|at| at.to_string()).unwrap_or_default();
        format!("TIMESTAMP '{text}'")
    };
    format!("time >= {} AND time < {}", moment(hunt.from), moment(hunt.to))
}

/// What a statement finds.
struct Asked {
    rows: Vec<Map<String, Value>>,
    /// There were more.
    truncated: bool,
    /// Days that may hold rows and could not be read.
    unread_days: Vec<String>,
}

/// Asks in the scope of the owner.
async fn ask(parts: &Parts, scope: &Scope, sql: &str, most: usize) -> Result<Asked, Error> {
    let mut context = QueryContext::new(sources_in_scope(&parts.db.scoped(scope).read()).await?);
    context.lane = Lane::Background;
    context.asker = Some("hunts".into());
    context.patience = TIMEOUT;
    context.timeout = TIMEOUT;
    context.max_rows = most;
    let result = parts.store.query(sql, &context).await.map_err(refusal)?;
    let (truncated, unread_days) = (result.truncated, Unreadable::days_of(&result.unreadable));
    let rows = tokio::task::spawn_blocking(move || result.to_json_rows()).await.map_err(Error::internal)?;
    Ok(Asked { rows: rows.map_err(refusal)?, truncated, unread_days })
}

/// The records of a stretch that fulfil one of the conditions, as many as are read at once, and days of it that could not
/// be read.
async fn gather(
    parts: &Parts,
    chase: &Chase,
    hunt: &Hunt,
    end: u64,
) -> Result<(Gathered<Map<String, Value>>, Vec<String>), Error> {
    let everything = [String::new()];
    let conditions = chase.quarry.narrowed.as_deref().unwrap_or(&everything);
    let (mut gathered, mut unread_days) = (Gathered::new(end, MOST_ROWS), Vec::new());
    for condition in conditions {
        let narrowed = if condition.is_empty() { String::new() } else { format!(" AND {condition}") };
        let sql = format!(
            "SELECT * FROM events WHERE seq >= {} AND seq < {} AND {}{narrowed} ORDER BY seq LIMIT {}",
            hunt.next_sequence,
            gathered.end(),
            window(hunt),
            MOST_ROWS + 1
        );
        let answer = ask(parts, &chase.scope, &sql, MOST_ROWS).await?;
        gathered.take(answer.rows.into_iter().map(|row| (sequence(&row), row)), answer.truncated);
        unread_days.extend(answer.unread_days);
    }
    Ok((gathered, unread_days))
}

/// One stretch; false where the hunt was cancelled meanwhile.
async fn advance(parts: &Parts, chase: &mut Chase, hunt: &mut Hunt, last: u64) -> Result<bool, Error> {
    // Rows are read in the order of their sequences, so what was read of a longer stretch counts as well.
    let (rows, next, unread_days) = loop {
        let end = hunt.next_sequence.saturating_add(chase.length).min(last.saturating_add(1));
        match gather(parts, chase, hunt, end).await {
            Ok((gathered, unread_days)) => {
                let next = gathered.end();
                if next < end {
                    chase.length = next.saturating_sub(hunt.next_sequence).max(1);
                }
                break (gathered.into_rows(), next, unread_days);
            }
            // Too much for one question; a shorter one may still be answered.
            Err(error)
                if matches!(error.code(), "query-timeout" | "query-memory" | "query-spill") && chase.length > 1 =>
            {
                chase.length = (chase.length / 8).max(1);
                chase.longest = chase.length;
            }
            Err(error) => return Err(error),
        }
    };
    let found = rows.len();
    let (owners, touched) = owners(parts, chase, &rows).await?;
    let mut matches = 0;
    let work = move || rows.iter().map(event_of).collect::<Vec<_>>();
    for event in tokio::task::spawn_blocking(work).await.map_err(Error::internal)? {
        let source_id = event.source_id.clone().unwrap_or_default();
        let unknown = || Owner { source_id: source_id.clone(), ..Owner::default() };
        let owner = owners.get(&*source_id).cloned().unwrap_or_else(unknown);
        matches += chase.quarry.look(&event, &chase.known, &owner, &mut chase.grouping);
    }
    let now = parts.clock.now();
    let scoped = parts.db.scoped(&parts.scope);
    let tx = scoped.begin().await?;
    let bundles = chase.grouping.take();
    let Settings { scoring, entity_risk, .. } = &*chase.settings;
    let changes = record::write_bundles(&tx, bundles, scoring, entity_risk, &mut chase.damping, now).await?;
    for change in changes.iter().filter(|change| change.is_new) {
        store::mark(&tx, &hunt.id, &change.id).await?;
    }
    let alerts = changes.iter().filter(|change| change.is_new).count() as u64;
    let stretch = Stretch { next_sequence: next, events: found as u64, matches, alerts, touched, unread_days };
    if !store::advance(&tx, hunt, &stretch).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    tx.commit().await?;
    if !changes.is_empty() {
        // Lists ask anew; nobody is called for what is over.
        parts.live.send("alert", None, json!({ "many": true, "new": false }));
    }
    if found < MOST_ROWS / 2 {
        chase.length = (chase.length * 2).min(chase.longest);
    }
    Ok(true)
}

/// Whose the sources of these rows are, and whose rows were read.
async fn owners(
    parts: &Parts,
    chase: &Chase,
    rows: &[Map<String, Value>],
) -> Result<(HashMap<String, Owner>, Touched), Error> {
    let ids = rows.iter().filter_map(|row| text(row, "source_id"));
    let found = senders(&parts.db.scoped(&chase.scope).read(), ids, parts.clock.now()).await?;
    let touched = touched(rows, &found);
    let owner = |(id, sender): (String, Sender)| {
        let owner = Owner {
            source_id: id.as_str().into(),
            system_id: sender.system_id.map(Into::into),
            agency_id: sender.agency_id.map(Into::into),
            system_level: sender.system_level,
        };
        (id, owner)
    };
    Ok((found.into_iter().map(owner).collect(), touched))
}

/// Ends a hunt, with what its owner read in the trail.
pub(super) async fn end(parts: &Parts, id: &str, state: State, error: Option<&Error>) -> Result<(), Error> {
    let now = parts.clock.now();
    let hunt = store::find(&parts.db.scoped(&parts.scope).read(), id).await?;
    let scope = owner(parts, &hunt, now).await?.unwrap_or_else(|| parts.scope.clone());
    let tx = parts.db.scoped(&scope).begin().await?;
    // What a mistake says with its variables is not kept in a language: the heading is a text, the rest is quoted.
    let words = |error: &Error| match error {
        Error::Mistake(mistake) => Some(mistake.words.chars().take(500).collect()),
        error => error.own_words().map(|words| words.chars().take(500).collect()),
    };
    let told = error.map(|error| (error.key(), words(error)));
    if !store::end(&tx, id, state, told, now).await? {
        return tx.rollback().await;
    }
    let details = json!({
        "subject": hunt.subject_name, "owner": hunt.owner_id, "state": state, "events": hunt.events,
        "matches": hunt.matches, "alerts": hunt.alerts, "unread_days": hunt.unread_days,
    });
    audit::record(&tx, now, "hunt.end", "hunt", id, hunt.reach_agency_id.as_deref(), details).await?;
    tell_trail(&tx, &hunt, now).await?;
    tx.commit().await
}

/// Tells the trail what was read for a hunt that was cancelled.
pub(super) async fn tell(parts: &Parts, hunt: &Hunt) -> Result<(), Error> {
    let now = parts.clock.now();
    let scope = owner(parts, hunt, now).await?.unwrap_or_else(|| parts.scope.clone());
    let tx = parts.db.scoped(&scope).begin().await?;
    tell_trail(&tx, hunt, now).await?;
    tx.commit().await
}

async fn tell_trail(tx: &Tx<'_>, hunt: &Hunt, now: Micros) -> Result<(), Error> {
    store::set_told(tx, &hunt.id).await?;
    if hunt.events == 0 {
        return Ok(());
    }
    let reading = Reading {
        object_kind: "event",
        object_id: "",
        purpose: "hunt",
        query: &format!("{} {}", hunt.subject_kind.code(), hunt.subject_id),
        count: hunt.events,
        touched: &hunt.touched,
    };
    record_reading(tx, now, &reading).await
}
