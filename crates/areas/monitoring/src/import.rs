//! Reading files in: every record of every file is stored or rejected with a reason, whatever was rejected can be
//! found by search, and the summary says which rules it raised. The same file again stores nothing and says so.

pub(crate) mod files;
mod known;
mod skip;

pub use skip::Skip;

use crate::pipeline::{ImportTally, Pipeline};
use event::{Listener, Origin, RawRecord};
use event_store::{BatchId, StoreError};
use files::{Chunk, Piece};
use ingest::FormatSet;
use ingest::files::Limits;
use kit::clock::Clock;
use serde::Serialize;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Rejections listed in the summary; the rest is counted, and each is found by search.
const MOST_LISTED: usize = 100_000;

/// What the person who imports says.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Format by name; recognised by itself where absent.
    pub format: Option<String>,
    /// Year for records without one.
    pub year: Option<i16>,
    /// IANA name or offset for records without a zone.
    pub time_zone: Option<String>,
    /// Registered source that the files come from.
    pub source_id: Option<String>,
    /// Store files that were imported before once more.
    pub again: bool,
    pub limits: Limits,
}

/// One record that could not be read as a record at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    pub file: String,
    /// 1-based; the line's number for files of lines.
    pub record: u64,
    pub reason: String,
}

/// What one rule raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaisedAlert {
    pub rule_id: String,
    pub title: String,
    /// Events that matched.
    pub events: u64,
    pub files: Vec<String>,
}

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedFile {
    pub file: String,
    pub reason: String,
}

/// A file with the content of another one of the same import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepeatedFile {
    pub file: String,
    pub same_as: String,
    pub stored: u64,
}

/// Figures of one file (of one member, for archives).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FileFigures {
    pub file: String,
    pub read: u64,
    pub stored: u64,
    pub rejected: u64,
}

/// The summary. `read` is `stored` plus all rejected, for every file and in sum.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    pub read: u64,
    pub stored: u64,
    pub rejected: Vec<Rejected>,
    pub alerts: Vec<RaisedAlert>,
    /// Events of our own among the stored ones, not counted there: one for each rejected record, so that search finds it.
    pub marked: u64,
    pub skipped: Vec<SkippedFile>,
    /// Stored although another file of this import has the same content: two machines may write the same.
    pub repeated: Vec<RepeatedFile>,
    /// All rejected, also those beyond the list.
    #[serde(skip)]
    pub rejected_total: u64,
    #[serde(skip)]
    pub files: Vec<FileFigures>,
}

/// How far an import has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    pub file: String,
    pub files_done: u64,
    pub files_total: u64,
    pub bytes_done: u64,
    pub bytes_total: u64,
    pub read: u64,
    pub rejected: u64,
    /// Everything is stored; detection is still at it, this many records to go.
    pub evaluating: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk is full. What is stored is durable and evaluated at the next start.
    #[error(
        "{reason}; {stored} records of this import are safely stored. Make room and import the same files again: what is stored is not stored twice"
    )]
    NoRoom { stored: u64, reason: String },
    #[error("{0}")]
    Pipeline(#[from] kit::Error),
    #[error("reading ended badly: {0}")]
    Reading(String),
    #[error("no format is called {0}; there are {1}")]
    Format(String, String),
    #[error("no time zone is called {0}; give an IANA name or an offset such as +07:00")]
    TimeZone(String),
}

impl ImportOptions {
    /// Refuses names that mean nothing, before the first record is read.
    fn check(&self, formats: &FormatSet) -> Result<(), ImportError> {
        if let Some(format) = self.format.as_deref().filter(|format| !formats.names().contains(format)) {
            return Err(ImportError::Format(format.to_owned(), formats.names().join(", ")));
        }
        match self.time_zone.as_deref().filter(|zone| !ingest::is_time_zone(zone)) {
            Some(zone) => Err(ImportError::TimeZone(zone.to_owned())),
            None => Ok(()),
        }
    }
}

/// Imports files and directories. Returns when everything is durable, evaluated and its alerts are committed.
pub async fn import(
    pipeline: &Pipeline,
    clock: &dyn Clock,
    paths: &[PathBuf],
    options: &ImportOptions,
    mut progress: impl FnMut(&Progress),
) -> Result<ImportReport, ImportError> {
    options.check(&pipeline.formats())?;
    let tally = Arc::new(ImportTally::default());
    pipeline.tally_imports(Some(tally.clone()));
    let mut import = Import {
        pipeline,
        clock,
        options,
        report: ImportReport::default(),
        figures: HashMap::new(),
        seen: HashMap::new(),
        origins: HashMap::new(),
        last_seq: 0,
        durable: 0,
        progress: Progress::default(),
    };
    let result = import.run(paths, &mut progress).await;
    pipeline.tally_imports(None);
    result.map_err(|error| match error {
        ImportError::Store(error @ StoreError::DiskFull) => import.no_room(error.to_string()),
        error => error,
    })?;
    let mut report = import.report;
    report.alerts = tally
        .rules()
        .into_iter()
        .map(|(rule_id, rule)| RaisedAlert {
            rule_id,
            title: rule.title,
            events: rule.events,
            files: rule.files.into_iter().collect(),
        })
        .collect();
    report.files = import.figures.into_values().collect();
    report.files.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(report)
}

struct Import<'i> {
    pipeline: &'i Pipeline,
    clock: &'i dyn Clock,
    options: &'i ImportOptions,
    report: ImportReport,
    figures: HashMap<Arc<str>, FileFigures>,
    /// Contents stored by this import, with the file that had each first. Two files of one import with the same
    /// content are two files, and the summary says so.
    seen: HashMap<String, String>,
    origins: HashMap<Arc<str>, Arc<Origin>>,
    last_seq: u64,
    /// Records that the store has acknowledged.
    durable: u64,
    progress: Progress,
}

impl Import<'_> {
    async fn run(&mut self, paths: &[PathBuf], progress: &mut impl FnMut(&Progress)) -> Result<(), ImportError> {
        let listed = paths.to_vec();
        let list = tokio::task::spawn_blocking(move || ingest::files::list(&listed));
        let listing = list.await.map_err(|error| ImportError::Reading(error.to_string()))?;
        for skipped in listing.skipped {
            let file = skipped.path.display().to_string();
            self.report.skipped.push(SkippedFile { file, reason: skipped.reason });
        }
        self.progress.files_total = listing.files.len() as u64;
        self.progress.bytes_total = listing.files.iter().map(|file| file.size).sum();
        for file in listing.files {
            self.progress.file = file.path.display().to_string();
            progress(&self.progress);
            self.import_file(file.path, progress).await?;
            self.progress.files_done += 1;
            self.progress.bytes_done += file.size;
            self.origins.clear();
        }
        self.wait(progress).await
    }

    async fn import_file(&mut self, path: PathBuf, progress: &mut impl FnMut(&Progress)) -> Result<(), ImportError> {
        let store = self.pipeline.store().clone();
        let name = path.display().to_string();
        let hashed = path.clone();
        let key = tokio::task::spawn_blocking(move || files::hash(&hashed)).await;
        // A file that cannot be opened has no hash; its one record says so.
        let key = key.map_err(|error| ImportError::Reading(error.to_string()))?.ok();
        let new_here = key.as_ref().is_some_and(|key| self.seen.contains_key(key));
        if let Some(key) = key.as_deref().filter(|_| !new_here && !self.options.again)
            && let Some(note) = store.import_known(key)?
        {
            self.report.skipped.push(SkippedFile { file: name, reason: Skip::Before(note).to_string() });
            return Ok(());
        }
        // A log that has grown since is read on from where it ended.
        let grown = match self.options.again || new_here {
            true => None,
            false => known::grown(&store, &path, &self.seen).await?,
        };
        if let Some(place) = &grown {
            let reason = Skip::Grown(place.lines.to_string()).to_string();
            self.report.skipped.push(SkippedFile { file: name.clone(), reason });
        }
        // The first chunk behind a place is another than the first of the file.
        let place = grown.map_or(0, |place| place.bytes);
        let (mut chunks, reading) = files::read(path.clone(), self.options.limits, grown);
        let mut number = 0;
        let (before, stored_before) = (self.report.read, self.report.stored);
        while let Some(chunk) = chunks.recv().await {
            let batch = key.as_deref().filter(|_| !self.options.again);
            let batch = batch.map(|key| BatchId::of_client("import", &format!("{key}/{name}/{place}/{number}")));
            let next = chunk.pieces.first().map_or(0, |piece| piece.position);
            if let Err(error) = self.store_chunk(chunk, batch).await {
                // Whoever imports the file again goes on here; where this cannot be noted the batches are known for a while.
                let _ = known::remember(&store, &path, Some(next.saturating_sub(1))).await;
                return Err(error);
            }
            number += 1;
            progress(&self.progress);
        }
        reading.await.map_err(|error| ImportError::Reading(error.to_string()))?;
        if let Some(same_as) = key.as_ref().and_then(|key| self.seen.get(key)).cloned() {
            let stored = self.report.stored - stored_before;
            self.report.repeated.push(RepeatedFile { file: name.clone(), same_as, stored });
        }
        if let Some(key) = key {
            let note = format!("{name}, {} records", self.report.read - before);
            store.remember_import(&key, &note)?;
            known::remember(&store, &path, None).await?;
            self.seen.entry(key).or_insert(name);
        }
        Ok(())
    }

    async fn store_chunk(&mut self, chunk: Chunk, batch: Option<BatchId>) -> Result<(), ImportError> {
        let arrival = self.clock.now();
        let mut records = Vec::with_capacity(chunk.pieces.len());
        for Piece { file, position, header, result } in chunk.pieces {
            let figures = self
                .figures
                .entry(file.clone())
                .or_insert_with(|| FileFigures { file: file.to_string(), ..FileFigures::default() });
            figures.read += 1;
            self.report.read += 1;
            let bytes = match result {
                Ok(bytes) => {
                    figures.stored += 1;
                    self.report.stored += 1;
                    bytes
                }
                Err(reason) => {
                    figures.rejected += 1;
                    self.report.rejected_total += 1;
                    self.report.marked += 1;
                    // Kept as a line of its own, so that search finds what could not be read.
                    let marker = files::unread(&file, position, &reason);
                    if self.report.rejected.len() < MOST_LISTED {
                        self.report.rejected.push(Rejected { file: file.to_string(), record: position, reason });
                    }
                    marker
                }
            };
            let origin = self.origins.entry(file.clone()).or_insert_with(|| {
                Arc::new(Origin {
                    listener: Listener::Import,
                    source_id: self.options.source_id.clone(),
                    format: self.options.format.clone(),
                    file: Some(file.to_string()),
                    year: self.options.year,
                    time_zone: self.options.time_zone.clone(),
                    ..Origin::default()
                })
            });
            *origin = origin.under(header.as_deref());
            records.push(RawRecord { bytes, arrival, origin: origin.clone(), position });
        }
        self.progress.read = self.report.read;
        self.progress.rejected = self.report.rejected_total;
        let count = records.len() as u64;
        let appended = self.append(records, batch).await?;
        self.durable += count;
        self.last_seq = self.last_seq.max(appended);
        Ok(())
    }

    /// Appends, waiting while the store is full. Returns the last sequence.
    async fn append(&self, records: Vec<RawRecord>, batch: Option<BatchId>) -> Result<u64, ImportError> {
        loop {
            match self.pipeline.store().append(records.clone(), batch).await {
                Ok(appended) => return Ok((appended.first_seq + u64::from(appended.count)).saturating_sub(1)),
                Err(error @ StoreError::DiskFull) => return Err(self.no_room(error.to_string())),
                Err(StoreError::Full { retry_after }) => tokio::time::sleep(retry_after).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn no_room(&self, reason: String) -> ImportError {
        ImportError::NoRoom { stored: self.durable, reason }
    }

    /// Waits for detection, telling how much is left.
    async fn wait(&mut self, progress: &mut impl FnMut(&Progress)) -> Result<(), ImportError> {
        let evaluated = self.pipeline.wait_evaluated(self.last_seq);
        tokio::pin!(evaluated);
        let room = self.pipeline.out_of_room();
        tokio::pin!(room);
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(200));
        loop {
            tokio::select! {
                result = &mut evaluated => return Ok(result?),
                reason = &mut room => return Err(self.no_room(reason)),
                _ = ticks.tick() => {
                    let left = self.last_seq.saturating_sub(self.pipeline.evaluated());
                    self.progress.evaluating = Some(left);
                    progress(&self.progress);
                }
            }
        }
    }
}
