//! Figures for the health page and the start of a session.

use crate::Store;
use event::Micros;
use serde::Serialize;
use std::sync::atomic::Ordering;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// In segments and memory together.
    pub events: u64,
    pub segments: usize,
    /// Of segments on the store's own disk.
    pub segment_bytes: u64,
    /// Of word indexes, wherever they lie.
    pub index_bytes: u64,
    /// Of the segments, those in the archive, and where that is.
    pub archived_segments: usize,
    pub archived_bytes: u64,
    pub archive_place: Option<String>,
    /// Why the archive cannot be read just now.
    pub archive_outage: Option<String>,
    /// Of archived segments, kept here for reading again.
    pub cached_bytes: u64,
    /// Since the start: bytes read from the archive, and in how many requests.
    pub fetched_bytes: u64,
    pub fetches: u64,
    /// Segments that the disk lost; see `verify`.
    pub missing_segments: usize,
    /// Segments whose content is not what was written; queries leave out what cannot be read of them.
    pub damaged_segments: usize,
    pub memory_events: u64,
    pub memory_bytes: u64,
    pub log_files: usize,
    pub log_bytes: u64,
    /// Last durable sequence, and how far sealing and detection are.
    pub last_seq: u64,
    pub sealed: u64,
    pub evaluated: u64,
    /// Event times of the oldest and newest event in segments.
    pub oldest: Option<Micros>,
    pub newest: Option<Micros>,
    /// Since the start: writes with fsync, the time they took, batches recognised as sent again.
    pub syncs: u64,
    pub sync_micros: u64,
    pub duplicate_batches: u64,
}

impl Store {
    pub fn statistics(&self) -> Statistics {
        let shared = self.shared();
        let (segments, memory_events, memory_bytes) = {
            let memory = shared.memory();
            (memory.segments.clone(), memory.count() as u64, memory.bytes() as u64)
        };
        let log = shared.writer.published.file_list();
        let counters = &shared.writer.counters;
        let archive = &shared.archive;
        let (fetched_bytes, fetches) = archive.traffic();
        let bytes =
            |archived: bool| segments.iter().filter(|one| one.is_archived() == archived).map(|one| one.row.bytes).sum();
        Statistics {
            events: memory_events + segments.iter().map(|one| one.row.rows).sum::<u64>(),
            segments: segments.len(),
            segment_bytes: bytes(false),
            archived_segments: segments.iter().filter(|one| one.is_archived()).count(),
            archived_bytes: bytes(true),
            archive_place: archive.settings.as_ref().map(|_| archive.bytes.place()),
            archive_outage: archive.outage(),
            cached_bytes: archive.cached_bytes(),
            fetched_bytes,
            fetches,
            index_bytes: segments.iter().filter_map(|one| one.row.words).map(|(_, length)| length).sum(),
            missing_segments: shared.missing.len(),
            damaged_segments: segments.iter().filter(|one| one.is_damaged()).count(),
            memory_events,
            memory_bytes,
            log_files: log.len(),
            log_bytes: log.iter().map(|file| file.bytes).sum(),
            last_seq: self.last_seq(),
            sealed: self.sealed(),
            evaluated: self.evaluated(),
            oldest: segments.iter().map(|one| one.row.min_time).min(),
            newest: segments.iter().map(|one| one.row.max_time).max(),
            syncs: counters.syncs.load(Ordering::Relaxed),
            sync_micros: counters.sync_micros.load(Ordering::Relaxed),
            duplicate_batches: counters.duplicates.load(Ordering::Relaxed),
        }
    }
}
