//! The event store: records durable in a write-ahead log, events in memory and in Parquet segments, one SQL
//! catalogue and one search language over both. It knows records and events, nothing of a Cyber Security
//! Centre; who may see what comes in as a set of source ids.

mod archive;
#[cfg_attr(not(test), expect(dead_code, reason = "the seam for several nodes, which are wired later"))]
mod catalogue;
mod columns;
mod compaction;
mod copy;
#[cfg(test)]
mod crash_tests;
mod error;
mod export;
mod files;
mod forecast;
mod inspect;
mod ledger;
mod lock;
mod log;
mod maintenance;
mod manifest;
mod memory;
mod mistake;
mod observables;
mod options;
mod orphans;
mod pattern;
mod prove;
mod query;
mod rebuild;
mod repair;
mod retention;
mod rows;
mod scrub;
pub mod search;
mod seen;
mod segment;
mod sequences;
mod statistics;
mod store;
mod unreadable;
mod verify;

pub use archive::{ArchiveFound, ArchivePlace, Archiving, Moved, S3Bucket, examine_archive};
pub use columns::ColumnDoc;
pub use copy::{CopiedFile, CopiedStore, CopyFault, StoreCopy, UncopiedFile, copy_file, measure_file};
pub use error::StoreError;
pub use export::{ExportFormat, Exported, Selection};
pub use forecast::Forecast;
pub use inspect::{Inspected, holds_records, inspect, verify};
pub use ledger::{Cause, Change, Entry, LedgerKey, Listed, Proof, Proven, ProvenEvent, Seal, Sealed};
pub use lock::DirectoryLock;
pub use log::{Appended, BatchId, LogReader};
pub use maintenance::{Compacted, Dropped};
pub use mistake::{MISTAKES, Mistake};
pub use options::Options;
pub use pattern::fold;
pub use query::{
    Cell, ExternalColumn, ExternalKind, ExternalRows, ExternalTable, Lane, QueryContext, QueryResult, ReadLimits,
    Sources,
};
pub use repair::{Mended, Repaired, repair};
pub use retention::{Hold, RetentionPlan, RetentionRule};
pub use search::{
    Bucket, Cursor, Facet, Histogram, SearchRequest, SearchResult, SearchUpdate, SearchUpdates, Since, SinceRequest,
    Tally, UnknownField,
};
pub use statistics::Statistics;
pub use store::{Gate, Store};
pub use unreadable::{Unreadable, Why};
pub use verify::{Problem, Report};
