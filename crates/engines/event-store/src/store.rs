//! The store: opens a directory, takes records in, hands them to the reader, takes events back, and keeps the
//! cursors between them.

use crate::archive::{Archive, Moved, Mover};
use crate::files::{FileLayer, RealFiles};
use crate::ledger::Sealed;
use crate::lock::DirectoryLock;
use crate::log::{self, BatchId, Damage, Log, LogReader, LogWriter, Published, WriterOptions};
use crate::maintenance::{Compacted, Dropped, Keeping, Maintenance};
use crate::manifest::{Manifest, SegmentRow};
use crate::memory::{Memory, Snapshot};
use crate::query::Engine;
use crate::retention::{Hold, RetentionPlan};
use crate::search::Query;
use crate::segment::Segment;
use crate::unreadable::{Gap, Why};
use crate::{Appended, Options, StoreError, orphans};
use event::{Event, RawRecord};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{Notify, broadcast};

/// Inserted batches that a slow live tail may be behind before it loses some.
const TAIL: usize = 64;
/// More records than a pipeline that keeps up has in hand.
const BEHIND: u64 = 20_000;
/// How often a sender who is held up looks whether it may go on.
const PACE_STEP: std::time::Duration = std::time::Duration::from_millis(5);

/// What records pass before they are kept: it may take from them what is not to be stored.
pub trait Gate: Send + Sync {
    /// Whether records have to pass at all.
    fn is_needed(&self) -> bool;

    /// Changes records in their places. It runs on a thread that may block. What is given back is called once they are kept;
    /// records that found no room pass again.
    fn pass(&self, records: &mut [RawRecord]) -> Box<dyn FnOnce() + Send>;
}

/// A store of events in one directory. Clones share it; the last one to go writes what waits and frees the
/// directory.
#[derive(Clone)]
pub struct Store(Arc<Handle>);

/// What only the store's owners hold; the maintenance threads hold [`Shared`].
struct Handle {
    shared: Arc<Shared>,
    maintenance: Maintenance,
    mover: Mover,
    engine: Engine,
    gate: OnceLock<Arc<dyn Gate>>,
    _lock: DirectoryLock,
}

pub(crate) struct Shared {
    pub dir: PathBuf,
    pub options: Options,
    pub files: Arc<dyn FileLayer>,
    pub manifest: Manifest,
    pub archive: Arc<Archive>,
    pub writer: LogWriter,
    memory: Mutex<Memory>,
    /// Woken when a seal made room.
    pub room: Notify,
    pub sealed: AtomicU64,
    pub evaluated: AtomicU64,
    /// Last sequence in memory or segments.
    inserted: AtomicU64,
    /// Sequences up to here were given before, whether their records are there or not.
    given: AtomicU64,
    /// The last seal found no room on the disk. Until one succeeds no record is taken in: what is left of the disk
    /// is for those that the log holds.
    pub no_room: AtomicBool,
    /// Woken at every seal that found no room.
    pub wants_room: Notify,
    /// The store ends: nothing takes its time any more.
    pub(crate) closing: AtomicBool,
    /// Insertions that wait for a seal.
    held_back: AtomicUsize,
    tail: broadcast::Sender<Arc<Vec<Event>>>,
    /// Segments that the manifest knows and the disk does not have whole.
    pub missing: Vec<SegmentRow>,
    /// These, and what repairs could not save.
    pub gaps: Arc<Vec<Gap>>,
    /// Path of the segment that was last read again.
    scrubbed: Mutex<String>,
    /// Held while manifest and memory, or log and its list, change together.
    publishing: Mutex<()>,
    /// Copies under way: as long as there are some, no file of the log goes.
    pub log_kept: AtomicUsize,
}

impl Shared {
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn scrubbed(&self) -> MutexGuard<'_, String> {
        self.scrubbed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn publishing(&self) -> MutexGuard<'_, ()> {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.memory().snapshot().map_err(|error| StoreError::Query(error.to_string()))
    }

    /// Whether records wait to become searchable: whatever can wait should let them pass.
    pub(crate) fn is_behind(&self) -> bool {
        let waiting = self.writer.published.durable().saturating_sub(self.inserted.load(Ordering::Acquire));
        waiting > BEHIND
    }

    /// Whether the store ends: long work that the next start does anew is given up.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    pub(crate) fn segments_dir(&self) -> PathBuf {
        self.dir.join("segments")
    }

    /// Wraps a row of the manifest for use.
    pub(crate) fn segment(&self, row: SegmentRow) -> Arc<Segment> {
        segment(&self.dir, row, &self.archive, &self.files)
    }

    pub(crate) fn unfinished_dir(&self) -> PathBuf {
        self.dir.join("unfinished")
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.dir.join("log")
    }
}

impl Store {
    /// Opens or creates the store in `dir` and recovers what a crash left. Blocks while it reads the log.
    pub fn open(dir: &Path, options: Options) -> Result<Self, StoreError> {
        Self::open_on(dir, options, Arc::new(RealFiles))
    }

    /// The same on other files, for tests that let them fail.
    pub(crate) fn open_on(dir: &Path, options: Options, files: Arc<dyn FileLayer>) -> Result<Self, StoreError> {
        let archive = Archive::open(dir, options.archiving.as_ref(), files.clone())?;
        Self::open_with(dir, options, files, archive)
    }

    /// The same with an archive that lies elsewhere.
    pub(crate) fn open_with(
        dir: &Path,
        options: Options,
        files: Arc<dyn FileLayer>,
        archive: Arc<Archive>,
    ) -> Result<Self, StoreError> {
        for name in ["log", "segments", "unfinished"] {
            files
                .create_dir_all(&dir.join(name))
                .map_err(|error| StoreError::io("create the store's folders", error))?;
        }
        // The folders' own names must outlive a power cut as well as what is in them.
        for folder in [Some(dir), dir.parent()].into_iter().flatten().filter(|folder| !folder.as_os_str().is_empty()) {
            files.sync_dir(folder).map_err(|error| StoreError::io("sync the store's folders", error))?;
        }
        let lock = DirectoryLock::take(dir)?;
        let found = log::look(&*files, &dir.join("log"))?;
        let manifest = orphans::open_manifest(dir, &found)?;
        let wrap = |row| segment(dir, row, &archive, &files);
        let looked = orphans::look(dir, &manifest, &found.held, &wrap)?;
        looked.accept()?;
        let now = (options.clock)();
        looked.settle(dir, &manifest, now)?;
        found.settle(&*files, &dir.join("log"), &dir.join(orphans::ASIDE))?;
        let (sealed, evaluated) = (manifest.sequence("sealed")?, manifest.sequence("evaluated")?);
        let gone = looked.missing.iter().cloned().map(|row| Gap { why: Why::Missing, row });
        let lost = manifest.losses()?.into_iter().map(|row| Gap { why: Why::Lost, row });
        let gaps = Arc::new(gone.chain(lost).collect());
        let mut given = sealed.max(manifest.sequence("given")?);
        let damage: Vec<_> = found.damage.iter().cloned().chain(found.lost(given, evaluated)).collect();
        for damage in &damage {
            tracing::error!(?damage, "damage in the event log");
        }
        manifest.note_damage(&damage, now)?;
        // A number once given is never given again, whatever became of its record.
        given = given.max(found.given).max(evaluated);
        if given > found.last_seq.max(sealed) {
            manifest.note_given(given)?;
        }
        // Nobody waits for what cannot be read any more.
        let last_seq = found.last_seq.max(sealed.min(evaluated));
        let published = Published::new(files.clone(), found.files.clone(), last_seq, options.recent_bytes);
        let log = Log::new(files.clone(), &dir.join("log"), options.log_file_bytes, found.files, given + 1);
        let known = found.batches.into_iter().chain(manifest.batches()?).collect();
        let writer = LogWriter::start(log, known, published, writer_options(&options))?;
        let memory = Memory::new(looked.segments, sealed);
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            files,
            manifest,
            archive,
            writer,
            memory: Mutex::new(memory),
            room: Notify::new(),
            sealed: AtomicU64::new(sealed),
            evaluated: AtomicU64::new(evaluated),
            inserted: AtomicU64::new(sealed),
            no_room: AtomicBool::new(false),
            wants_room: Notify::new(),
            closing: AtomicBool::new(false),
            held_back: AtomicUsize::new(0),
            tail: broadcast::Sender::new(TAIL),
            missing: looked.missing,
            gaps,
            given: AtomicU64::new(given),
            scrubbed: Mutex::default(),
            publishing: Mutex::default(),
            log_kept: AtomicUsize::new(0),
            options,
        });
        let engine = Engine::new(&shared)?;
        let maintenance = Maintenance::start(shared.clone())?;
        let mover = Mover::start(shared.clone(), maintenance.sender())?;
        Ok(Self(Arc::new(Handle { shared, maintenance, mover, engine, gate: OnceLock::new(), _lock: lock })))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn maintenance(&self) -> &Maintenance {
        &self.0.maintenance
    }

    /// Stores records; returns once they are durable. A batch with an id that came within the last ten minutes
    /// is not stored again.
    ///
    /// # Errors
    /// `Full` (come again), `DiskFull` (undone; come again), `TooLarge`, `Poisoned` (until the next start).
    pub async fn append(&self, records: Vec<RawRecord>, batch: Option<BatchId>) -> Result<Appended, StoreError> {
        if self.is_disk_full() {
            return Err(StoreError::DiskFull);
        }
        let Some(gate) = self.0.gate.get().filter(|gate| gate.is_needed()).cloned() else {
            return self.shared().writer.append(records, batch).await;
        };
        let mut records = records;
        let work = move || {
            let kept = gate.pass(&mut records);
            (records, kept)
        };
        // Nothing is kept that did not pass.
        let passed = tokio::task::spawn_blocking(work).await;
        let (records, kept) = passed.map_err(|error| StoreError::Gate(error.to_string()))?;
        let appended = self.shared().writer.append(records, batch).await?;
        kept();
        Ok(appended)
    }

    /// What every record passes from now on before it is kept; the first one stays.
    pub fn set_gate(&self, gate: Arc<dyn Gate>) {
        let _ = self.0.gate.set(gate);
    }

    /// Holds up a sender who can wait while more records than `behind_records` are durable and not yet searchable, but
    /// never longer than `pace`: what is searched and watched stays close behind what is taken in.
    pub async fn pace(&self) {
        let options = &self.shared().options;
        let until = tokio::time::Instant::now() + options.pace;
        while self.last_seq().saturating_sub(self.inserted()) > options.behind_records
            && tokio::time::Instant::now() < until
        {
            tokio::time::sleep(PACE_STEP).await;
        }
    }

    /// Reads the log from a sequence on: what is there, then what comes.
    pub fn read_log(&self, from_seq: u64) -> LogReader {
        self.shared().writer.published.reader(from_seq)
    }

    /// Reads a search text; times that name no zone are in that of the store.
    ///
    /// # Errors
    /// `Search` with the place and a hint.
    pub fn parse(&self, text: &str) -> Result<Query, StoreError> {
        crate::search::parse(text, &self.shared().options.time_zone)
    }

    /// Takes in understood events, in the order of their sequences; searchable at once. Events at or below what
    /// is already inserted are ignored, so replaying the log stores nothing twice. Waits while memory is full.
    pub async fn insert(&self, mut events: Vec<Event>) -> Result<(), StoreError> {
        let shared = self.shared();
        loop {
            let room = shared.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            {
                let mut memory = shared.memory();
                if memory.bytes() <= shared.options.memory_bytes {
                    events.retain(|event| event.seq > memory.inserted);
                    events.sort_by_key(|event| event.seq);
                    events.dedup_by_key(|event| event.seq);
                    if events.is_empty() {
                        return Ok(());
                    }
                    let events = Arc::new(events);
                    memory.insert(events.clone()).map_err(|error| StoreError::Query(error.to_string()))?;
                    shared.inserted.store(memory.inserted, Ordering::Release);
                    if memory.unsealed_bytes() >= shared.options.seal_bytes {
                        self.0.maintenance.nudge();
                    }
                    drop(memory);
                    // Nobody may be listening.
                    let _ = shared.tail.send(events);
                    return Ok(());
                }
            }
            self.0.maintenance.nudge();
            let _held = HeldBack::begin(&shared.held_back);
            room.await;
        }
    }

    /// Events as they are inserted, for a live tail. A receiver that is too slow is told how many it lost.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Vec<Event>>> {
        self.shared().tail.subscribe()
    }

    /// Detection has evaluated everything up to `seq` and committed its cursor. Never goes back.
    pub fn set_evaluated(&self, seq: u64) {
        self.shared().evaluated.fetch_max(seq, Ordering::AcqRel);
    }

    pub fn evaluated(&self) -> u64 {
        self.shared().evaluated.load(Ordering::Acquire)
    }

    /// Last sequence whose event is in a segment, with all before it.
    pub fn sealed(&self) -> u64 {
        self.shared().sealed.load(Ordering::Acquire)
    }

    /// Last sequence that can be searched, with all before it.
    pub fn inserted(&self) -> u64 {
        self.shared().inserted.load(Ordering::Acquire)
    }

    /// Whether segments cannot be written for want of space. It is tried again every few seconds.
    pub fn is_disk_full(&self) -> bool {
        self.shared().no_room.load(Ordering::Acquire)
    }

    /// Whether an insertion waits for room that is not there: neither in memory nor on the disk.
    pub fn is_stuck(&self) -> bool {
        self.is_disk_full() && self.shared().held_back.load(Ordering::Acquire) > 0
    }

    /// Comes back when a seal has found no room on the disk; at once where one did since this was last asked.
    pub async fn without_room(&self) {
        self.shared().wants_room.notified().await;
    }

    /// Last durable sequence.
    pub fn last_seq(&self) -> u64 {
        self.shared().writer.published.durable()
    }

    /// Last sequence that was ever given; what comes gets a later one. Above [`Store::last_seq`] where the end of the log
    /// was lost.
    pub fn last_given(&self) -> u64 {
        self.last_seq().max(self.shared().given.load(Ordering::Acquire))
    }

    /// Detection once had evaluated everything up to `seq`. Where that was never given here, the records in between are
    /// lost: they are named from here on, and their numbers not given again. Blocks for a moment.
    pub fn note_evaluated(&self, seq: u64) -> Result<(), StoreError> {
        let (shared, last) = (self.shared(), self.last_given());
        if seq <= last {
            return Ok(());
        }
        tracing::error!(evaluated = seq, last, "the event store ends before what was evaluated: events are lost");
        shared.manifest.note_damage(&[Damage::lost(last + 1, seq)], (shared.options.clock)())?;
        shared.manifest.note_given(seq)?;
        shared.writer.skip(seq)?;
        shared.given.fetch_max(seq, Ordering::AcqRel);
        Ok(())
    }

    /// Where the reader of the log must start after a restart. Call [`Store::set_evaluated`] first where the
    /// detection cursor is kept elsewhere.
    pub fn next_needed(&self) -> u64 {
        self.sealed().min(self.evaluated()) + 1
    }

    /// Writes everything in memory to segments now.
    pub async fn seal(&self) -> Result<(), StoreError> {
        self.0.maintenance.seal().await
    }

    /// Merges small files of one day.
    pub async fn compact(&self) -> Result<Compacted, StoreError> {
        self.0.maintenance.ask(Keeping::Compact).await
    }

    /// Moves what is due to the archive now, and removes there what is no longer needed. Happens by itself; the answer
    /// is what was done since this was last asked.
    ///
    /// # Errors
    /// `Archive` where it cannot be written; what was not moved is still here.
    pub async fn archive(&self) -> Result<Moved, StoreError> {
        self.0.mover.ask().await
    }

    /// Removes events that the plan lets go, by the later of event time and arrival, unless they are held.
    pub async fn enforce_retention(&self, plan: &RetentionPlan) -> Result<Dropped, StoreError> {
        self.0.maintenance.ask(|answer| Keeping::Retain { plan: plan.clone(), budget: None, answer }).await
    }

    /// The same, oldest files first and only until all segments together are within `bytes`.
    pub async fn make_room(&self, plan: &RetentionPlan, bytes: u64) -> Result<Dropped, StoreError> {
        self.0.maintenance.ask(|answer| Keeping::Retain { plan: plan.clone(), budget: Some(bytes), answer }).await
    }

    /// Keeps events from being removed, until the hold is released. Not while a removal is under way.
    pub async fn hold(&self, hold: Hold) -> Result<(), StoreError> {
        self.0.maintenance.ask(|answer| Keeping::Hold { hold, answer }).await
    }

    /// Whether there was such a hold.
    pub async fn release_hold(&self, id: &str) -> Result<bool, StoreError> {
        self.0.maintenance.ask(|answer| Keeping::ReleaseHold { id: id.to_owned(), answer }).await
    }

    pub fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        self.shared().manifest.holds()
    }

    /// Signs what became of segments since the last entry of the ledger. Happens once a day by itself.
    ///
    /// # Errors
    /// `Ledger` where there is no key, or where what is signed already was changed.
    pub async fn sign_ledger(&self) -> Result<Sealed, StoreError> {
        self.0.maintenance.ask(Keeping::Sign).await
    }

    /// What was noted about an import (key: SHA-256 of the file), if it was done before.
    pub fn import_known(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.shared().manifest.import(key)
    }

    pub fn remember_import(&self, key: &str, note: &str) -> Result<(), StoreError> {
        let shared = self.shared();
        shared.manifest.remember_import(key, note, (shared.options.clock)())
    }

    /// Ends the log and the maintenance threads, after the work under way. Later appends answer `Closed`.
    /// Nothing is sealed: the log holds the rest.
    pub async fn close(&self) {
        let handle = self.0.clone();
        let _ = tokio::task::spawn_blocking(move || handle.stop()).await;
    }
}

impl Handle {
    fn stop(&self) {
        self.shared.closing.store(true, Ordering::Release);
        self.mover.stop();
        self.maintenance.stop();
        self.shared.writer.stop();
    }
}

/// An insertion that waits; given up or not, it is counted as long as it does.
struct HeldBack<'s>(&'s AtomicUsize);

impl<'s> HeldBack<'s> {
    fn begin(count: &'s AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for HeldBack<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

fn writer_options(options: &Options) -> WriterOptions {
    WriterOptions {
        linger: options.linger.min(std::time::Duration::from_millis(20)),
        group_bytes: options.group_bytes,
        batch_bytes: options.batch_bytes,
        queue_bytes: options.queue_bytes,
        batch_memory: i64::try_from(options.batch_memory.as_micros()).unwrap_or(i64::MAX),
        clock: options.clock.clone(),
    }
}

/// Wraps a row of the manifest for use.
pub(crate) fn segment(dir: &Path, row: SegmentRow, archive: &Arc<Archive>, files: &Arc<dyn FileLayer>) -> Arc<Segment> {
    match row.archived {
        true => Segment::archived(row, archive.clone()),
        false => {
            let file = dir.join("segments").join(&row.path);
            Segment::here(row, file, files.clone())
        }
    }
}
