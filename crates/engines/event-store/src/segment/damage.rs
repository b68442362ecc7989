//! What a changed byte takes with it: the row groups it lies in, not the whole file. Checksums of the file's pieces
//! stand in the manifest; a file whose footer or page indexes are hit cannot be trusted anywhere.

use super::{BLOCK, Blocks};
use crate::manifest::SegmentRow;
use parquet::file::metadata::ParquetMetaData;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// Bytes that one checksum covers.
pub(crate) const PIECE: usize = 64 << 10;

/// Checksums of a file's pieces, made while it is written or read.
#[derive(Debug, Default)]
struct Checksums {
    done: Vec<u32>,
    current: u32,
    filled: usize,
}

impl Checksums {
    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(PIECE - self.filled));
            self.current = crc32c::crc32c_append(self.current, part);
            self.filled += part.len();
            if self.filled == PIECE {
                self.done.push(std::mem::take(&mut self.current));
                self.filled = 0;
            }
            bytes = rest;
        }
    }

    fn finish(mut self) -> Vec<u32> {
        if self.filled > 0 {
            self.done.push(self.current);
        }
        self.done
    }
}

/// What is said of a file's content: SHA-256 and the checksums of its pieces.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    hash: Sha256,
    checksums: Checksums,
}

impl Digest {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.checksums.add(bytes);
    }

    pub(crate) fn finish(self) -> (String, Vec<u32>) {
        (super::hex(&self.hash.finalize()), self.checksums.finish())
    }
}

/// Why a segment is not what was written, and what of it can still be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub reason: String,
    pub readable: Blocks,
    pub readable_rows: u64,
    /// Blocks whose rows are as they were written, also where what says where they are is not; all where nothing is
    /// known of them.
    pub whole: Blocks,
}

impl Found {
    /// Nothing can be read.
    pub(super) fn nothing(row: &SegmentRow, reason: String) -> Self {
        let blocks = usize::try_from(row.rows).unwrap_or(usize::MAX).div_ceil(BLOCK);
        Self { reason, readable: Blocks::none(blocks), readable_rows: 0, whole: Blocks::all(blocks) }
    }
}

/// Compares what a segment's file is now with the manifest; gives its rows. `footer` is read where it is needed.
pub(super) fn compare(
    row: &SegmentRow,
    (sha256, checksums): &(String, Vec<u32>),
    footer: impl FnOnce() -> Result<ParquetMetaData, String>,
) -> Result<u64, Found> {
    let nothing = |reason: String| Found::nothing(row, reason);
    if *sha256 != row.sha256 {
        let reason = format!("its SHA-256 is {sha256}, the manifest says {}", row.sha256);
        let bad = damaged_bytes(&row.checksums, checksums);
        return Err(match footer() {
            Ok(footer) if !row.checksums.is_empty() => around(&footer, &bad, row, reason),
            _ => nothing(reason),
        });
    }
    let have = u64::try_from(footer().map_err(nothing)?.file_metadata().num_rows()).unwrap_or(0);
    match have == row.rows {
        true => Ok(row.rows),
        false => Err(nothing(format!("it has {have} rows, the manifest says {}", row.rows))),
    }
}

/// SHA-256 and checksums of a file.
pub(super) fn read(path: &Path) -> std::io::Result<(String, Vec<u32>)> {
    let mut file = File::open(path)?;
    let mut digest = Digest::default();
    let mut piece = vec![0; 1 << 18];
    loop {
        let length = file.read(&mut piece)?;
        let bytes = piece.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(digest.finish());
        }
        digest.add(bytes);
    }
}

/// Ranges of the file that differ.
fn damaged_bytes(expected: &[u32], found: &[u32]) -> Vec<Range<u64>> {
    let pieces = expected.len().max(found.len());
    let differs = |piece: &usize| expected.get(*piece) != found.get(*piece);
    let range = |piece: usize| (piece * PIECE) as u64..((piece + 1) * PIECE) as u64;
    (0..pieces).filter(differs).map(range).collect()
}

/// What is readable around the damage.
fn around(metadata: &ParquetMetaData, bad: &[Range<u64>], row: &SegmentRow, reason: String) -> Found {
    let hit = |range: &Range<u64>| bad.iter().any(|bad| bad.start < range.end && range.start < bad.end);
    let mut found = Found::nothing(row, reason);
    let (mut first, mut end_of_rows) = (0, 0);
    let mut lost = Vec::new();
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let ranges: Vec<_> = group.columns().iter().map(|column| column.byte_range()).collect();
        let start = ranges.iter().map(|(start, _)| *start).min().unwrap_or(0);
        let end = ranges.iter().map(|(start, length)| start + length).max().unwrap_or(start);
        end_of_rows = end.max(end_of_rows);
        let count = usize::try_from(group.num_rows()).unwrap_or(0);
        if hit(&(start..end)) {
            lost.push(number.to_string());
        } else {
            (first / BLOCK..(first + count).div_ceil(BLOCK)).for_each(|block| found.readable.insert(block));
            found.readable_rows += count as u64;
        }
        first += count;
    }
    // Bloom filters, page indexes and footer stand behind the rows, with the word index among them, which has
    // checksums of its own.
    let (words, length) = row.words.unwrap_or((end_of_rows, 0));
    let behind = [end_of_rows..words, words + length..row.bytes];
    found.whole = found.readable.clone();
    if behind.iter().any(|range| !range.is_empty() && hit(range)) {
        found = Found { whole: found.whole, ..Found::nothing(row, found.reason) };
        found.reason.push_str("; the damage is in what says where its rows are");
    } else if !lost.is_empty() {
        found.reason.push_str(&format!("; row groups {} are lost, the others are read", lost.join(", ")));
    }
    found
}
