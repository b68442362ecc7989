//! Sizes and times of a store. The defaults suit two processors and two gigabytes.

use crate::{Archiving, LedgerKey, ReadLimits};
use event::Micros;
use jiff::tz::TimeZone;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone)]
pub struct Options {
    /// How long the log waits for more batches before it writes; at most 20 ms.
    pub linger: Duration,
    /// One write to the log holds at most about this many bytes.
    pub group_bytes: usize,
    /// A single batch above this is refused.
    pub batch_bytes: usize,
    /// Bytes that may wait for the log before `append` answers `Full`.
    pub queue_bytes: usize,
    /// Durable records that may wait to become searchable before senders are held up, and for how long they are.
    pub behind_records: u64,
    pub pace: Duration,
    /// Recent records kept in memory for the reader of the log.
    pub recent_bytes: usize,
    /// A log file is closed at this size.
    pub log_file_bytes: u64,
    /// How long a batch id is remembered.
    pub batch_memory: Duration,
    /// Memory of unsealed events that starts a seal.
    pub seal_bytes: usize,
    /// Age of the oldest unsealed event that starts a seal.
    pub seal_age: Duration,
    /// Above this, `insert` waits for the seal under way.
    pub memory_bytes: usize,
    /// Small files of one day are merged once there are this many.
    pub compact_files: usize,
    /// Files at or above this size are left alone by compaction.
    pub compact_bytes: u64,
    /// Threads of the query runtime.
    pub query_threads: usize,
    /// Queries that may run at the same time; others wait. Questions in SQL have half as many places of their own, and
    /// what nobody waits for has two.
    pub concurrent_queries: usize,
    /// Bytes of segments that questions may read.
    pub read_limits: ReadLimits,
    /// Disk that sorts and groupings may use while they run, per query.
    pub spill_bytes: u64,
    /// Where segments of days long past go; they stay here without it.
    pub archiving: Option<Archiving>,
    /// Signs the ledger of segments once a day; without it nothing is signed.
    pub ledger_key: Option<LedgerKey>,
    /// Zone of times in searches that name none.
    pub time_zone: TimeZone,
    /// The clock, microseconds UTC.
    pub clock: Arc<dyn Fn() -> Micros + Send + Sync>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            linger: Duration::from_millis(2),
            group_bytes: 8 << 20,
            batch_bytes: 64 << 20,
            queue_bytes: 64 << 20,
            behind_records: 250_000,
            pace: Duration::from_millis(500),
            recent_bytes: 32 << 20,
            log_file_bytes: 64 << 20,
            batch_memory: Duration::from_secs(600),
            seal_bytes: 64 << 20,
            seal_age: Duration::from_secs(300),
            memory_bytes: 192 << 20,
            compact_files: 8,
            compact_bytes: 128 << 20,
            query_threads: 2,
            concurrent_queries: 4,
            read_limits: ReadLimits::default(),
            spill_bytes: 1 << 30,
            archiving: None,
            ledger_key: None,
            time_zone: TimeZone::UTC,
            clock: Arc::new(system_clock),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("linger", &self.linger)
            .field("queue_bytes", &self.queue_bytes)
            .field("log_file_bytes", &self.log_file_bytes)
            .field("seal_bytes", &self.seal_bytes)
            .field("seal_age", &self.seal_age)
            .finish_non_exhaustive()
    }
}

fn system_clock() -> Micros {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}
