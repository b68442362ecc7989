//! The thread that owns the log: gathers waiting batches, writes them as one frame, syncs once, and only then
//! answers. While one sync runs the next group gathers, so no timer is needed beyond a short linger.

use super::batches::{RecentBatches, StoredBatch};
use super::reader::Published;
use super::{Batch, BatchId, Log, LogFile};
use crate::StoreError;
use event::{Micros, RawRecord};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Answer to `append`: the batch is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Sequence number of the first record.
    pub first_seq: u64,
    pub count: u32,
    /// The same batch was stored before (at `first_seq`); nothing was stored now.
    pub duplicate: bool,
}

#[derive(Clone)]
pub(crate) struct WriterOptions {
    pub linger: Duration,
    pub group_bytes: usize,
    pub batch_bytes: usize,
    pub queue_bytes: usize,
    pub batch_memory: Micros,
    pub clock: Arc<dyn Fn() -> Micros + Send + Sync>,
}

type Answer = oneshot::Sender<Result<Appended, StoreError>>;

enum Request {
    Append {
        batch: Batch,
        bytes: usize,
        answer: Answer,
    },
    /// Give up files up to this sequence; the answer names them and the batches still remembered.
    Release {
        seq: u64,
        answer: Sender<(Vec<LogFile>, Vec<StoredBatch>)>,
    },
    /// Numbers up to this one are not given; the answer comes once they are not.
    Skip {
        seq: u64,
        answer: Sender<()>,
    },
    Stop,
}

/// Time spent in the log since the start, for the health page.
#[derive(Debug, Default)]
pub(crate) struct LogCounters {
    pub syncs: AtomicU64,
    pub sync_micros: AtomicU64,
    pub duplicates: AtomicU64,
}

pub(crate) struct LogWriter {
    requests: Mutex<Sender<Request>>,
    waiting: Arc<AtomicUsize>,
    options: WriterOptions,
    thread: Mutex<Option<JoinHandle<()>>>,
    pub(crate) published: Arc<Published>,
    pub(crate) counters: Arc<LogCounters>,
}

impl LogWriter {
    pub(crate) fn start(
        log: Log,
        known: Vec<StoredBatch>,
        published: Arc<Published>,
        options: WriterOptions,
    ) -> Result<Self, StoreError> {
        let (requests, inbox) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counters = Arc::new(LogCounters::default());
        let mut recent = RecentBatches::new(options.batch_memory);
        let mut known = known;
        known.sort_by_key(|batch| batch.at);
        known.into_iter().for_each(|batch| recent.remember(batch));
        let mut worker = Worker {
            log,
            recent,
            published: published.clone(),
            options: options.clone(),
            waiting: waiting.clone(),
            counters: counters.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("event-log".into())
            .spawn(move || worker.run(&inbox))
            .map_err(|error| StoreError::io("start the log's thread", error))?;
        let thread = Mutex::new(Some(thread));
        Ok(Self { requests: Mutex::new(requests), waiting, options, thread, published, counters })
    }

    pub(crate) async fn append(&self, records: Vec<RawRecord>, id: Option<BatchId>) -> Result<Appended, StoreError> {
        if records.is_empty() {
            return Ok(Appended { first_seq: self.published.durable() + 1, count: 0, duplicate: false });
        }
        // What a record costs in memory besides its bytes.
        let bytes = records.iter().map(|record| record.bytes.len() + 64).sum();
        if bytes > self.options.batch_bytes {
            return Err(StoreError::TooLarge { bytes, limit: self.options.batch_bytes });
        }
        let before = self.waiting.fetch_add(bytes, Ordering::AcqRel);
        if before > 0 && before + bytes > self.options.queue_bytes {
            self.waiting.fetch_sub(bytes, Ordering::AcqRel);
            return Err(StoreError::Full { retry_after: Duration::from_millis(200) });
        }
        let (answer, answered) = oneshot::channel();
        if self.send(Request::Append { batch: Batch { id, records }, bytes, answer }).is_err() {
            self.waiting.fetch_sub(bytes, Ordering::AcqRel);
            return Err(StoreError::Closed);
        }
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes files whose records are all at or below `seq` off the log; the caller removes them.
    pub(crate) fn release(&self, seq: u64) -> Option<(Vec<LogFile>, Vec<StoredBatch>)> {
        let (answer, answered) = channel();
        self.send(Request::Release { seq, answer }).ok()?;
        answered.recv().ok()
    }

    /// Gives no number up to `seq` from here on.
    pub(crate) fn skip(&self, seq: u64) -> Result<(), StoreError> {
        let (answer, answered) = channel();
        self.send(Request::Skip { seq, answer })?;
        answered.recv().map_err(|_| StoreError::Closed)
    }

    fn send(&self, request: Request) -> Result<(), StoreError> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.send(request).map_err(|_| StoreError::Closed)
    }

    /// Writes what waits, then ends the thread.
    pub(crate) fn stop(&self) {
        let _ = self.send(Request::Stop);
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    log: Log,
    recent: RecentBatches,
    published: Arc<Published>,
    options: WriterOptions,
    waiting: Arc<AtomicUsize>,
    counters: Arc<LogCounters>,
}

/// Batches that go into one frame, and who waits for it.
#[derive(Default)]
struct Group {
    records: Vec<RawRecord>,
    batches: Vec<StoredBatch>,
    answers: Vec<(Answer, Appended)>,
    bytes: usize,
}

impl Worker {
    fn run(&mut self, inbox: &Receiver<Request>) {
        let mut group = Group::default();
        while let Ok(request) = inbox.recv() {
            let now = (self.options.clock)();
            self.recent.expire(now);
            let deadline = Instant::now() + self.options.linger;
            let mut next = Some(request);
            let mut stop = false;
            let mut release = None;
            let mut skip = None;
            while let Some(request) = next.take() {
                match request {
                    Request::Append { batch, bytes, answer } => self.join(&mut group, batch, bytes, answer, now),
                    Request::Release { seq, answer } => release = Some((seq, answer)),
                    Request::Skip { seq, answer } => skip = Some((seq, answer)),
                    Request::Stop => stop = true,
                }
                if stop || release.is_some() || skip.is_some() || group.bytes >= self.options.group_bytes {
                    break;
                }
                next = inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok();
            }
            self.write(&mut group, now);
            if let Some((seq, answer)) = release {
                let gone = self.log.release(seq);
                self.published.set_files(self.log.list());
                let _ = answer.send((gone, self.recent.all().collect()));
            }
            if let Some((seq, answer)) = skip {
                self.log.skip(seq);
                let _ = answer.send(());
            }
            if stop {
                break;
            }
        }
        self.published.close();
    }

    fn join(&mut self, group: &mut Group, batch: Batch, bytes: usize, answer: Answer, now: Micros) {
        group.bytes += bytes;
        if let Some(known) = batch.id.and_then(|id| self.recent.get(&id, now)) {
            self.counters.duplicates.fetch_add(1, Ordering::Relaxed);
            // It may lie in the very group that is not written yet, so this answer waits like the others.
            let appended = Appended { first_seq: known.first_seq, count: known.count, duplicate: true };
            group.answers.push((answer, appended));
            return;
        }
        let first_seq = self.log.next_seq() + group.records.len() as u64;
        let count = u32::try_from(batch.records.len()).unwrap_or(u32::MAX);
        if let Some(id) = batch.id {
            let stored = StoredBatch { id, first_seq, count, at: now };
            self.recent.remember(stored);
            group.batches.push(stored);
        }
        group.records.extend(batch.records);
        group.answers.push((answer, Appended { first_seq, count, duplicate: false }));
    }

    fn write(&mut self, group: &mut Group, now: Micros) {
        let Group { records, batches, answers, bytes } = std::mem::take(group);
        let began = Instant::now();
        let outcome = match records.is_empty() {
            true => Ok(()),
            false => self.log.commit(&records, &batches, now).map(|first_seq| {
                self.counters.syncs.fetch_add(1, Ordering::Relaxed);
                let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.counters.sync_micros.fetch_add(micros, Ordering::Relaxed);
                self.published.push(self.log.list(), first_seq, records, bytes);
            }),
        };
        self.waiting.fetch_sub(bytes, Ordering::AcqRel);
        if outcome.is_err() {
            batches.iter().for_each(|batch| self.recent.forget(&batch.id));
        }
        for (answer, appended) in answers {
            // Whoever no longer waits has gone; the records are stored all the same.
            let _ = answer.send(outcome.clone().map(|()| appended));
        }
    }
}
