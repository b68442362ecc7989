//! Second stage: whose is it, what does it match; then into the store, where it can be searched.

use super::early_warning::watch_one;
use super::indicators::look_up;
use super::read::Parsed;
use super::tally::ImportTally;
use super::{Inserting, Pipeline, Worker};
use crate::alerts::SampleField;
use crate::enrichment::{Asked, Enriched, Enrichment};
use crate::rules::hits::Fate;
use crate::sources::resolver::{Known, Reading};
use detection::{Engine, MatchedField, Moment};
use event::{Event, Listener, Origin, RawRecord, TimeQuality};
use kit::Error;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// Takes one batch through binding and evaluation, and begins its insertion once the one before has ended.
pub(super) async fn process(pipeline: &Pipeline, worker: Worker, parsed: Parsed) -> Result<Worker, Error> {
    let Parsed { mut events } = parsed;
    let bound = bind(pipeline, &mut events).await?;
    let (mut worker, events) = evaluate(pipeline, worker, events, bound).await?;
    settle(pipeline, &mut worker).await?;
    if let Some(last) = events.last().map(|event| event.seq) {
        let store = pipeline.0.store.clone();
        let task = AbortOnDropHandle::new(tokio::spawn(async move { store.insert(events).await }));
        worker.inserting = Some(Inserting { last, task });
        worker.reached = worker.reached.max(last);
        worker.memory.observed(last);
        worker.watch.observed(last);
    }
    Ok(worker)
}

/// Waits for the insertion under way.
pub(super) async fn settle(pipeline: &Pipeline, worker: &mut Worker) -> Result<(), Error> {
    let Some(Inserting { last, task }) = worker.inserting.take() else { return Ok(()) };
    tokio::select! {
        biased;
        inserted = task => inserted.map_err(Error::internal)?.map_err(Error::internal)?,
        () = pipeline.stopped_without_room() => {
            let reason = pipeline.no_room().unwrap_or_else(|| "the event store takes nothing in".to_owned());
            return Err(Error::Unavailable(reason));
        }
    }
    worker.inserted = worker.inserted.max(last);
    Ok(())
}

/// Binding needs the register only for senders never met; while it is away the pipeline waits, until it is to stop.
async fn bind(pipeline: &Pipeline, events: &mut [Event]) -> Result<Vec<Arc<Known>>, Error> {
    loop {
        match pipeline.while_running(pipeline.0.sources.bind(events)).await {
            Ok(bound) => return Ok(bound),
            Err(error) => {
                pipeline.0.counters.add_database_error();
                if pipeline.0.stop.is_cancelled() {
                    return Err(error);
                }
                tracing::error!(%error, "the register of sources is away; trying again");
                pipeline.pause(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn evaluate(
    pipeline: &Pipeline,
    mut worker: Worker,
    mut events: Vec<Event>,
    bound: Vec<Arc<Known>>,
) -> Result<(Worker, Vec<Event>), Error> {
    let (engine, tuning, in_force) = (pipeline.engine(), pipeline.tuning(), pipeline.indicators());
    let enrichment = pipeline.known();
    let formats = pipeline.formats();
    let settings = pipeline.0.settings.current();
    let counters = pipeline.0.counters.clone();
    let tally = pipeline.0.tally.read().unwrap_or_else(PoisonError::into_inner).clone();
    let work = move || {
        worker.take_over(settings);
        let begun = Instant::now();
        let before = worker.judge.engine();
        let mut changed = false;
        if worker.judge.take_over(&engine, &tuning) {
            worker.correlations.retain(&engine);
            worker.asked = Asked::of(engine.rules());
            if let Some(before) = before {
                // Thousands of rules take tens of milliseconds to be taken apart, which this batch need not wait for.
                let matches = std::mem::take(&mut worker.matches);
                tokio::task::spawn_blocking(move || drop((before, matches)));
                counters.add_rule_change(begun.elapsed());
                changed = true;
            }
        }
        if let Some(before) = worker.finder.take_over(&in_force) {
            // A million indicators likewise.
            tokio::task::spawn_blocking(move || drop(before));
        }
        let mut matched = 0;
        for (event, known) in events.iter_mut().zip(&bound) {
            let stated = worker.field_lists.of(&formats, event, &worker.settings.sources.field_lists);
            if stated.is_some() || known.reading.is_some() {
                read_again(&formats, event, stated.as_deref(), known.reading.as_ref());
            }
            // The clock is measured by what the sender states.
            worker.board.hear(known, event);
            put_clock_right(event, known.reading.as_ref());
            matched += match_one(&mut worker, &engine, &enrichment, event, known, tally.as_deref());
            matched += look_up(&mut worker, event, known, tally.as_deref());
            matched += watch_one(&mut worker, &enrichment, event, known);
        }
        let unread = &worker.settings.sources.unread_lines;
        worker.unread.hear(&formats, &events, &bound, worker.written_to, unread);
        if changed {
            counters.add_changed_batch(begun.elapsed());
        }
        counters.add_evaluated(events.len() as u64, matched, worker.correlations.counters());
        (worker, events)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// Parses again by the list of fields that stands above in its log, and with what the source's settings say, where sender and
/// record do not.
pub(super) fn read_again(
    formats: &ingest::FormatSet,
    event: &mut Event,
    stated: Option<&str>,
    reading: Option<&Reading>,
) {
    let under = |header: Option<&str>| {
        let origin = &event.origin;
        let told = Origin {
            format: origin.format.clone().or_else(|| reading?.format.clone()),
            header: origin.header.clone().or_else(|| header.map(str::to_owned)),
            time_zone: origin.time_zone.clone().or_else(|| reading?.time_zone.clone()),
            year: origin.year.or_else(|| reading?.year),
            ..Origin::clone(origin)
        };
        if told == **origin {
            return None;
        }
        let (bytes, position) = (event.raw.clone(), event.position);
        let again = formats.parse(&RawRecord { bytes, arrival: event.arrival, origin: Arc::new(told), position });
        let (seq, source_id, origin) = (event.seq, event.source_id.clone(), origin.clone());
        Some(Event { seq, source_id, origin, ..again })
    };
    // Where a sender does not tell its logs apart, a line may be of another: what another format reads without fault stays.
    let fits = |again: &Event| again.problem.is_none() || !event.understood || event.problem.is_some();
    let by_list = stated.and_then(|names| under(Some(names))).filter(fits);
    let again = by_list.or_else(|| under(reading?.header.as_deref()));
    if let Some(again) = again {
        *event = again;
    }
}

/// Field that holds the time as a record stated it, where the clock of its source is corrected.
const TIME_STATED: &str = "time_stated";

/// Puts the time back by as much as the clock of the source is ahead, where somebody asked for it. A time that the record does not
/// state for certain is ours already.
fn put_clock_right(event: &mut Event, reading: Option<&Reading>) {
    let Some(ahead) = reading.and_then(|reading| reading.clock_ahead) else { return };
    if event.time_quality == TimeQuality::Exact {
        event.fields.set(TIME_STATED, kit::page::iso(event.time));
        event.time = event.time.saturating_sub(ahead);
    }
}

/// Evaluates one event and gathers what it matched. Returns the number of matches that are alerts.
fn match_one(
    worker: &mut Worker,
    engine: &Engine,
    enrichment: &Enrichment,
    event: &Event,
    known: &Known,
    tally: Option<&ImportTally>,
) -> u64 {
    if worker.memory.has_seen(event.seq) {
        return 0;
    }
    let enriched = Enriched::of(event, enrichment, worker.asked);
    engine.evaluate(&enriched, &mut worker.matches);
    if worker.matches.is_empty() {
        return 0;
    }
    let Worker { judge, judged, matches, correlations, grouping, hits, written_to, .. } = worker;
    let is_new = event.seq > *written_to;
    judged.clear();
    matches.retain(|detection| {
        let Some(ruling) = judge.ruling(detection.rule) else { return false };
        match ruling.fate(&known.owner, event, &[]) {
            None => false,
            Some(Fate::Excepted) => {
                if is_new {
                    hits.add(&ruling.facts.id, &known.owner, event, &[], Fate::Excepted);
                }
                false
            }
            Some(fate) => {
                judged.push((ruling, fate));
                true
            }
        }
    });
    let moment = Moment { time: event.time, arrival: event.arrival, seq: event.seq, scope: known.owner.scope() };
    // Correlations are fed also with what was evaluated before the restart and is not in what they remember of it.
    let correlated = correlations.observe(engine, &enriched, moment, matches, &mut |found| {
        let fate = judge.ruling(found.rule).and_then(|ruling| ruling.fate(&known.owner, event, &found.group));
        feeds(fate)
    });
    if !is_new {
        return 0;
    }
    let mut matched = 0;
    let tally = tally.filter(|_| event.origin.listener == Listener::Import);
    for (detection, (ruling, fate)) in matches.detections().iter().zip(judged.iter()) {
        if !ruling.alerts {
            continue;
        }
        hits.add(&ruling.facts.id, &known.owner, event, &[], *fate);
        if *fate != Fate::Alerted {
            continue;
        }
        let fields = detection.fields.iter().map(sample_field).collect();
        grouping.add(ruling.matched(&known.owner, event, &[]), event, fields);
        if let Some(tally) = tally {
            tally.add(&ruling.facts, event);
        }
        matched += 1;
    }
    for found in &correlated {
        let Some(ruling) = judge.ruling(found.rule) else { continue };
        let Some(fate) = ruling.fate(&known.owner, event, &found.group) else { continue };
        if !ruling.alerts && fate != Fate::Excepted {
            continue;
        }
        hits.add(&ruling.facts.id, &known.owner, event, &found.group, fate);
        if fate != Fate::Alerted {
            continue;
        }
        grouping.add_correlation(ruling.matched(&known.owner, event, &found.group), event, found);
        if let Some(tally) = tally {
            tally.add(&ruling.facts, event);
        }
        matched += 1;
    }
    matched
}

/// Whether a match counts for correlations. One on trial does: what is above it may be on.
fn feeds(fate: Option<Fate>) -> bool {
    matches!(fate, Some(Fate::Alerted | Fate::Shadowed))
}

fn sample_field(field: &MatchedField) -> SampleField {
    SampleField { field: field.field.clone(), value: field.value.clone(), pattern: field.pattern.clone() }
}
