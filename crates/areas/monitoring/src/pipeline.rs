//! The order of things that happen to one event, named in one place:
//! log (durable) → `read` → formats (bytes to fields) → sources (whose is it?) → enrichment (what do registers know of it?) →
//! detection (rules, correlations), each match through `judge` (is its rule off or on trial, is it excepted?) → `indicators`
//! (is it on a list?) → `early_warning` (is it usual?) → event store
//! (searchable) → grouping → one transaction with alerts, hits, the detection cursor and from time to time what correlations
//! remember (`memory`) → the store is told.
//!
//! When a stage is slow the ones before it wait; what has not been read waits in the log, durable. Nothing here
//! drops a record. The database being away stops the stage that writes, and is tried again.

mod counters;
mod early_warning;
mod enrichment;
mod evaluate;
mod field_lists;
mod indicators;
mod judge;
mod memory;
mod read;
mod room;
pub mod stages;
mod tally;
mod tuning;
mod unread_lines;
mod write;

pub use counters::{Counters, CountersSnapshot};
pub use room::Shown;
pub use tally::{ImportTally, RuleTally};

use crate::alerts::grouping::Grouping;
use crate::alerts::notices;
use crate::alerts::record::{self, Cursor, Damping};
use crate::coverage;
use crate::early_warning::watch::Watch;
use crate::enrichment::{Asked, Enrichment, GeoIp, Placeholders};
use crate::indicators::in_force::InForce;
use crate::redactions::Gate;
use crate::rules::hits::Fate;
use crate::rules::hits::tally::Tally;
use crate::rules::tuning::Tuning;
use crate::settings::{self, Settings};
use crate::sources::resolver::Reading;
use crate::sources::status::StatusBoard;
use crate::sources::{SourceResolver, flood, learning, silence};
use crate::unread_lines::gather::Gathering;
use detection::{CorrelationState, Engine, Matches};
use event_store::{Store, StoreError};
use field_lists::FieldLists;
use ingest::FormatSet;
use kit::clock::{Clock, MINUTE, Micros, SECOND};
use kit::live::Live;
use kit::{Db, Error, Scope, Shelf};
use memory::{Left, Memory};
use read::Parsed;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Alerts and cursor are written at most this often (`settled` 4).
const WRITE_EVERY: Duration = Duration::from_millis(250);
/// Figures of sources are written, and the register of sources is looked at, this often.
const STATUS_EVERY: Duration = Duration::from_secs(2);
/// Silent sources are looked for this often.
const SILENCE_EVERY: Duration = Duration::from_secs(20);
/// Parsed batches that may wait for evaluation.
const WAITING_BATCHES: usize = 2;

/// What the pipeline is made of.
pub struct Parts {
    pub store: Store,
    pub formats: Shelf<FormatSet>,
    pub engine: Arc<Engine>,
    pub db: Db,
    /// The program's own scope.
    pub scope: Scope,
    pub clock: Arc<dyn Clock>,
    pub live: Live,
    /// Correlations, baselines and what watches for the unusual are made of those in force at the start.
    pub settings: settings::Shelf,
    /// Files in the format MMDB that say where addresses are from.
    pub geoip: Vec<PathBuf>,
}

/// The running pipeline. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline(Arc<Inner>);

struct Inner {
    store: Store,
    settings: settings::Shelf,
    formats: Shelf<FormatSet>,
    engine: Shelf<Engine>,
    /// What people decided about rules.
    tuning: Shelf<Tuning>,
    indicators: Shelf<InForce>,
    /// What events are told before rules are asked.
    enrichment: Shelf<Enrichment>,
    placeholders: watch::Sender<Arc<Placeholders>>,
    sources: Arc<SourceResolver>,
    /// What stands before the log.
    gate: Arc<Gate>,
    counters: Arc<Counters>,
    /// Everything up to here is in the store's memory or segments, evaluated and committed. After a start it runs
    /// through what the log gives again.
    evaluated: watch::Sender<u64>,
    tally: RwLock<Option<Arc<ImportTally>>>,
    /// Why alerts could not be written at the last try.
    refused: RwLock<Option<Error>>,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    db: Db,
    scope: Scope,
    clock: Arc<dyn Clock>,
    live: Live,
}

/// Parses again with what the settings of its source say, where it has any.
pub(crate) fn read_by_source(formats: &FormatSet, event: &mut event::Event, reading: Option<&Reading>) {
    if reading.is_some() {
        evaluate::read_again(formats, event, None, reading);
    }
}

impl Pipeline {
    /// Starts where the last run committed: what the store or the memory of correlations still needs is read from the log
    /// again, what was evaluated already raises nothing.
    pub async fn start(parts: Parts) -> Result<Self, Error> {
        let Parts { store, formats, engine, db, scope, clock, live, settings: shelf, geoip } = parts;
        let settings = shelf.current();
        let sources = Arc::new(SourceResolver::open(db.clone(), scope.clone(), clock.clone(), shelf.clone()).await?);
        let cursor = record::cursor(&db.scoped(&scope).read(), Cursor::Detection).await?;
        let tuning = Tuning::read(&db.scoped(&scope).read(), clock.now()).await?;
        let indicators = InForce::read(&db.scoped(&scope).read(), clock.now()).await?;
        let most = settings.tuning.enrichment.geoip_megabytes;
        let geoip = tokio::task::spawn_blocking(move || GeoIp::open(&geoip, most)).await.map_err(Error::internal)?;
        let enrichment = Enrichment::read(&db.scoped(&scope).read()).await?.with_geoip(Arc::new(geoip));
        // Where the store lost what was evaluated, what comes gets later numbers: none is passed over as done.
        store.note_evaluated(cursor).map_err(Error::internal)?;
        let last = store.last_given();
        let left = Memory::take_up(&db.scoped(&scope).read(), settings.tuning.correlations, cursor, last).await?;
        let policy = settings.early_warning.clone();
        let watch = Watch::take_up(&db.scoped(&scope).read(), policy, cursor, last).await?;
        let field_lists = FieldLists::take_up(&db.scoped(&scope).read(), last).await?;
        let unread = Gathering::take_up(&db.scoped(&scope).read(), &settings.sources.unread_lines).await?;
        store.set_evaluated(left.position.min(watch.position()));
        let pipeline = Self(Arc::new(Inner {
            settings: shelf,
            engine: Shelf::new(engine),
            tuning: Shelf::new(tuning),
            indicators: Shelf::new(indicators),
            placeholders: watch::Sender::new(enrichment.placeholders().clone()),
            enrichment: Shelf::new(enrichment),
            gate: Gate::new(formats.clone(), sources.clone()),
            formats,
            sources,
            counters: Arc::default(),
            evaluated: watch::Sender::new(store.next_needed().saturating_sub(1)),
            tally: RwLock::default(),
            refused: RwLock::default(),
            stop: CancellationToken::new(),
            tasks: Mutex::default(),
            store,
            db,
            scope,
            clock,
            live,
        }));
        pipeline.0.store.set_gate(pipeline.0.gate.clone());
        let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
        let worker =
            Worker::new(settings, cursor, pipeline.evaluated(), left, watch, Remembered { field_lists, unread });
        let tasks = vec![
            tokio::spawn(read::run(pipeline.clone(), sender)),
            tokio::spawn(run(pipeline.clone(), worker, receiver)),
            tokio::spawn(watch_silence(pipeline.clone())),
            tokio::spawn(tuning::watch(pipeline.clone())),
            tokio::spawn(indicators::watch(pipeline.clone())),
            tokio::spawn(early_warning::forget(pipeline.clone())),
            tokio::spawn(enrichment::watch(pipeline.clone())),
            tokio::spawn(unread_lines::watch(pipeline.clone())),
        ];
        *pipeline.0.tasks.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
        Ok(pipeline)
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub fn sources(&self) -> &Arc<SourceResolver> {
        &self.0.sources
    }

    /// Rules in force.
    pub fn engine(&self) -> Arc<Engine> {
        self.0.engine.current()
    }

    /// Puts other rules in force from the next batch on. Correlations that take in the same matches keep what they saw.
    /// Compiles before it does so, on a thread that may block, for some tenths of a second with thousands of rules: no batch
    /// waits and no task.
    pub async fn set_engine(&self, engine: Arc<Engine>) -> Result<(), Error> {
        let pipeline = self.clone();
        let change = move || {
            engine.prepare_like(&pipeline.engine());
            pipeline.0.engine.replace(engine);
        };
        tokio::task::spawn_blocking(change).await.map_err(Error::internal)
    }

    pub fn formats(&self) -> Arc<FormatSet> {
        self.0.formats.current()
    }

    /// Figures of every stage.
    pub fn counters(&self) -> CountersSnapshot {
        let waiting = self.0.store.last_seq().saturating_sub(*self.0.evaluated.borrow());
        self.0.counters.snapshot(waiting)
    }

    /// Last sequence that can be searched and is evaluated with its alerts committed.
    pub fn evaluated(&self) -> u64 {
        *self.0.evaluated.borrow()
    }

    /// Waits until everything up to `seq` can be searched, is evaluated and its alerts are committed. An error means that the
    /// pipeline has stopped before.
    pub async fn wait_evaluated(&self, seq: u64) -> Result<(), Error> {
        let mut evaluated = self.0.evaluated.subscribe();
        let ended = async {
            // The worker holds no sender of its own; its end shows in the token that it cancels.
            self.0.counters.stopped().await;
        };
        tokio::select! {
            biased;
            reached = evaluated.wait_for(|at| *at >= seq) => reached.map(|_| ()).map_err(Error::internal),
            () = ended => {
                if *self.0.evaluated.borrow() >= seq { Ok(()) } else { Err(Error::Unavailable("the pipeline stopped".into())) }
            }
        }
    }

    /// Counts matches of imported records from now on, by rule and file, until replaced or taken away.
    pub fn tally_imports(&self, tally: Option<Arc<ImportTally>>) {
        *self.0.tally.write().unwrap_or_else(PoisonError::into_inner) = tally;
    }

    /// Evaluates what is in the log now, commits, and stops.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        let tasks = std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the pipeline ended badly");
            }
        }
    }

    /// Stops at once and leaves everything as it is, as a kill would.
    pub fn abandon(&self) {
        for task in self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        self.0.counters.set_stopped();
    }
}

/// What evaluation carries from batch to batch. One task owns it.
pub(crate) struct Worker {
    /// Those in force at the batch under way.
    settings: Arc<Settings>,
    grouping: Grouping,
    board: StatusBoard,
    correlations: CorrelationState,
    memory: Memory,
    matches: Matches,
    damping: Damping,
    judge: judge::Judge,
    /// What the rules in force ask beside the record.
    asked: Asked,
    finder: indicators::Finder,
    watch: Watch,
    field_lists: FieldLists,
    /// Templates of what no format reads.
    unread: Gathering,
    /// Rulings on the detections of the event under evaluation, in their order.
    judged: Vec<(Arc<judge::Ruling>, Fate)>,
    hits: Tally,
    /// Matches up to here were written before the start.
    written_to: u64,
    /// Evaluated in memory, in this run or before.
    reached: u64,
    /// Inserted into the store in this run.
    inserted: u64,
    /// The batch before, on its way into the store while the next one is evaluated.
    inserting: Option<Inserting>,
    committed: u64,
}

/// What the registers remember of sources.
struct Remembered {
    field_lists: FieldLists,
    unread: Gathering,
}

/// An insertion under way, up to a sequence.
struct Inserting {
    last: u64,
    task: AbortOnDropHandle<Result<(), StoreError>>,
}

impl Worker {
    fn new(
        settings: Arc<Settings>,
        cursor: u64,
        inserted: u64,
        left: Left,
        watch: Watch,
        Remembered { field_lists, unread }: Remembered,
    ) -> Self {
        Self {
            grouping: Grouping::new(settings.scoring.clone()),
            board: StatusBoard::default(),
            correlations: left.correlations,
            memory: left.memory,
            matches: Matches::default(),
            damping: Damping::default(),
            judge: judge::Judge::default(),
            asked: Asked::default(),
            finder: indicators::Finder::default(),
            watch,
            field_lists,
            unread,
            judged: Vec::new(),
            hits: Tally::new(&settings.tuning.hits),
            settings,
            written_to: cursor,
            reached: cursor,
            inserted,
            inserting: None,
            committed: cursor,
        }
    }

    /// Goes on under other settings; what was gathered stays.
    fn take_over(&mut self, settings: Arc<Settings>) {
        if Arc::ptr_eq(&self.settings, &settings) {
            return;
        }
        self.grouping.set_scoring(settings.scoring.clone());
        self.hits.set(&settings.tuning.hits);
        self.finder.forget_facts();
        self.settings = settings;
    }
}

/// The worker: bind, evaluate, insert, gather; write on time.
async fn run(pipeline: Pipeline, mut worker: Worker, mut batches: mpsc::Receiver<Parsed>) {
    let mut next_write = Instant::now() + WRITE_EVERY;
    let mut next_status = Instant::now() + STATUS_EVERY;
    loop {
        let received = tokio::select! {
            received = batches.recv() => Some(received),
            () = sleep_until(next_write.min(next_status)) => None,
        };
        let ended = matches!(received, Some(None));
        let status = ended || Instant::now() >= next_status;
        let writes = ended || status || Instant::now() >= next_write;
        let processed = match received.flatten() {
            Some(parsed) => evaluate::process(&pipeline, worker, parsed).await,
            None => Ok(worker),
        };
        let settled = match processed {
            Ok(mut worker) if writes => match evaluate::settle(&pipeline, &mut worker).await {
                Ok(()) => match memory::prepare(worker, ended).await {
                    Ok(worker) => early_warning::prepare(worker, ended).await,
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            },
            processed => processed,
        };
        worker = match settled {
            Ok(worker) => worker,
            Err(error) => {
                // Only a closed store, a panic inside a rule or format and, when it is to stop, a full disk or
                // registers that are away come here; the log keeps everything.
                match pipeline.0.stop.is_cancelled() {
                    true => tracing::info!(%error, "the rest of the log waits for the next start"),
                    false => tracing::error!(%error, "the pipeline stops"),
                }
                break;
            }
        };
        if writes {
            if !write::write(&pipeline, &mut worker, status).await {
                break;
            }
            next_write = Instant::now() + WRITE_EVERY;
            if status {
                next_status = Instant::now() + STATUS_EVERY;
                if let Err(error) = pipeline.0.sources.refresh().await {
                    tracing::warn!(%error, "the register of sources could not be read");
                }
                if let Err(error) = pipeline.0.gate.write_counts(&pipeline.0.db, &pipeline.0.scope).await {
                    tracing::warn!(%error, "what was redacted could not be counted; it is counted later");
                }
            }
        }
        if ended {
            break;
        }
    }
    pipeline.0.counters.set_stopped();
}

async fn watch_silence(pipeline: Pipeline) {
    let mut ticks = tokio::time::interval(SILENCE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // After a start everybody gets a minute to connect again before silence is told, and to send what waited after
    // the disk was full: a centre that takes nothing in is itself silent.
    let mut hears_since = pipeline.0.clock.now();
    let mut was_full = false;
    let mut rolled_up_at = None;
    loop {
        tokio::select! {
            () = pipeline.0.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let (now, is_full) = (pipeline.0.clock.now(), pipeline.0.store.is_disk_full());
        sum_up(&pipeline, now).await;
        if std::mem::replace(&mut was_full, is_full) != is_full {
            hears_since = now;
            pipeline.0.live.send("source", None, serde_json::json!({ "disk_full": is_full }));
        }
        if is_full || now < hears_since.saturating_add(60 * SECOND) {
            continue;
        }
        let inner = &pipeline.0;
        let checked = tokio::select! {
            () = inner.stop.cancelled() => return,
            checked = look_after_sources(inner, now, &mut rolled_up_at) => checked,
        };
        if let Err(error) = checked {
            tracing::warn!(%error, "silent sources could not be looked for");
        }
    }
}

/// Silence and floods; once a minute the coverage of the running day and what sources teach of their rhythm.
async fn look_after_sources(inner: &Inner, now: Micros, rolled_up_at: &mut Option<Micros>) -> Result<(), Error> {
    let settings = inner.settings.current();
    silence::check(&inner.db, &inner.scope, &inner.live, &settings, now).await?;
    flood::check(&inner.db, &inner.scope, &inner.live, &settings, now).await?;
    if rolled_up_at.is_some_and(|last| now < last + MINUTE) {
        return Ok(());
    }
    learning::learn_some(&inner.db, &inner.scope, &settings.sources.rhythm, now).await?;
    coverage::roll_up::roll_up(&inner.db, &inner.scope, &settings.sources, now).await?;
    *rolled_up_at = Some(now);
    Ok(())
}

/// Alerts beyond what is told one by one.
async fn sum_up(pipeline: &Pipeline, now: Micros) {
    let Inner { db, scope, live, settings, .. } = &*pipeline.0;
    if let Err(error) = notices::sum_up(db, scope, live, &settings.current().duty.notices, now).await {
        tracing::warn!(%error, "alerts could not be summed up");
    }
}
