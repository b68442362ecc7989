//! What an event costs in each stage: records go through the pipeline's own objects one stage after the other, on one thread,
//! in its batches. Nothing is bound to sources, judged or written to the registers, and there is no log.

use super::read::BATCH;
use crate::alerts::grouping::Owner;
use crate::early_warning::watch::Watch;
use crate::enrichment::{Asked, Enriched, Enrichment};
use crate::indicators::in_force::held_at;
use crate::settings::Settings;
use detection::{CorrelationState, Engine, IndicatorHits, IndicatorSet, Matches, Moment};
use event::{Event, LogSource, RawRecord};
use event_store::{Store, StoreError};
use ingest::FormatSet;
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;

/// What events go through.
#[derive(Clone, Copy)]
pub struct StageParts<'p> {
    pub formats: &'p FormatSet,
    pub enrichment: &'p Enrichment,
    pub engine: &'p Engine,
    pub indicators: &'p IndicatorSet,
    pub settings: &'p Settings,
    /// An empty one.
    pub store: &'p Store,
    /// CPU time of this thread, in seconds.
    pub thread_clock: fn() -> f64,
    /// CPU time of the whole process, in seconds.
    pub process_clock: fn() -> f64,
}

/// CPU seconds of all events together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StageSeconds {
    /// Formats, columns, times.
    pub read: f64,
    /// What registers know, looked up for every field that a rule could ask.
    pub enrich: f64,
    #[serde(rename = "match")]
    pub matching: f64,
    pub correlate: f64,
    pub indicators: f64,
    pub early_warning: f64,
    /// Into the memory of the store.
    pub insert: f64,
    /// Out of it into segments, merging included, by the threads of the store.
    pub seal: f64,
}

/// What was measured, and what was found on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Measured {
    pub events: u64,
    pub detections: u64,
    pub correlations: u64,
    pub indicators_found: u64,
    pub unusual: u64,
    pub seconds: StageSeconds,
}

/// A run under way.
pub struct StageRun<'p> {
    parts: StageParts<'p>,
    owner: Owner,
    matches: Matches,
    correlations: CorrelationState,
    hits: IndicatorHits,
    watch: Watch,
    measured: Measured,
    /// Log sources whose rules are compiled.
    met: HashSet<LogSource>,
    /// The clocks at the beginning.
    began: (f64, f64),
}

impl<'p> StageRun<'p> {
    pub fn new(parts: StageParts<'p>) -> Self {
        Self {
            owner: Owner { source_id: "measured".into(), ..Owner::default() },
            matches: Matches::default(),
            correlations: CorrelationState::new(parts.settings.tuning.correlations.limits()),
            hits: IndicatorHits::default(),
            watch: Watch::beginning(Arc::clone(&parts.settings.early_warning)),
            measured: Measured::default(),
            met: HashSet::new(),
            began: ((parts.thread_clock)(), (parts.process_clock)()),
            parts,
        }
    }

    /// Takes records through all stages.
    pub async fn run(&mut self, records: &[RawRecord]) -> Result<(), StoreError> {
        for batch in records.chunks(BATCH) {
            let events = self.read(batch);
            self.evaluate(&events);
            self.look_up(&events);
            self.watch(&events);
            self.insert(events).await?;
        }
        Ok(())
    }

    /// Empties the memory of the store; what was measured.
    pub async fn finish(self) -> Result<Measured, StoreError> {
        let Self { parts, mut measured, began: (thread, process), .. } = self;
        parts.store.seal().await?;
        let own = (parts.thread_clock)() - thread;
        measured.seconds.seal = ((parts.process_clock)() - process - own).max(0.0);
        Ok(measured)
    }

    fn read(&mut self, batch: &[RawRecord]) -> Vec<Event> {
        let Self { parts, owner, measured, .. } = self;
        let began = (parts.thread_clock)();
        let numbered = batch.iter().zip(measured.events + 1..);
        let mut events: Vec<Event> = numbered.map(|(raw, seq)| Event { seq, ..parts.formats.parse(raw) }).collect();
        measured.seconds.read += (parts.thread_clock)() - began;
        measured.events += events.len() as u64;
        for event in &mut events {
            event.source_id = Some(Arc::clone(&owner.source_id));
        }
        events
    }

    fn evaluate(&mut self, events: &[Event]) {
        let Self { parts, owner, matches, correlations, measured, met, .. } = self;
        // The first event of a log source compiles its rules, which belongs to loading.
        for event in events {
            if !met.contains(&event.log_source) {
                parts.engine.evaluate(event, matches);
                met.insert(event.log_source.clone());
            }
        }
        let began = (parts.thread_clock)();
        let enriched: Vec<Enriched<'_>> =
            events.iter().map(|event| Enriched::of(event, parts.enrichment, Asked::ALL)).collect();
        let known = (parts.thread_clock)();
        let mut matched = Vec::new();
        for (place, record) in enriched.iter().enumerate() {
            parts.engine.evaluate(record, matches);
            if !matches.is_empty() {
                measured.detections += matches.detections().len() as u64;
                matched.push(place);
            }
        }
        measured.seconds.enrich += known - began;
        measured.seconds.matching += (parts.thread_clock)() - known;
        // Again and not measured, since each is to keep its matches until correlations are asked.
        let again = |place: usize| {
            let (event, record) = (events.get(place)?, enriched.get(place)?);
            let mut own = Matches::default();
            parts.engine.evaluate(record, &mut own);
            Some((event, record, own))
        };
        let matched: Vec<_> = matched.into_iter().filter_map(again).collect();
        let began = (parts.thread_clock)();
        for (event, record, own) in &matched {
            let moment = Moment { time: event.time, arrival: event.arrival, seq: event.seq, scope: owner.scope() };
            let found = correlations.observe(parts.engine, *record, moment, own, &mut |_| true);
            measured.correlations += found.len() as u64;
        }
        measured.seconds.correlate += (parts.thread_clock)() - began;
    }

    fn look_up(&mut self, events: &[Event]) {
        let Self { parts, hits, measured, .. } = self;
        let began = (parts.thread_clock)();
        for event in events {
            parts.indicators.look(event, held_at(event), hits);
            measured.indicators_found += hits.iter().count() as u64;
        }
        measured.seconds.indicators += (parts.thread_clock)() - began;
    }

    fn watch(&mut self, events: &[Event]) {
        let Self { parts, owner, watch, measured, .. } = self;
        let began = (parts.thread_clock)();
        for event in events {
            measured.unusual += watch.observe(event, owner, parts.enrichment).len() as u64;
        }
        measured.seconds.early_warning += (parts.thread_clock)() - began;
    }

    async fn insert(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        let began = (self.parts.thread_clock)();
        self.parts.store.insert(events).await?;
        self.measured.seconds.insert += (self.parts.thread_clock)() - began;
        Ok(())
    }
}

impl Measured {
    /// Stages in the order of the pipeline, each with its nanoseconds per event.
    pub fn stages(&self) -> [(&'static str, f64); 8] {
        let StageSeconds { read, enrich, matching, correlate, indicators, early_warning, insert, seal } = self.seconds;
        let each = |seconds: f64| seconds * 1e9 / self.events.max(1) as f64;
        [
            ("read", each(read)),
            ("enrich", each(enrich)),
            ("match", each(matching)),
            ("correlate", each(correlate)),
            ("indicators", each(indicators)),
            ("early-warning", each(early_warning)),
            ("insert", each(insert)),
            ("seal", each(seal)),
        ]
    }
}
