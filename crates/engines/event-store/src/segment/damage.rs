//! What a changed byte takes with it: the row groups it lies in, not the whole file. Checksums of the file's pieces
//! stand in the manifest; a file whose footer or page indexes are hit cannot be trusted anywhere.

use super::{BLOCK, Blocks};
use crate::manifest::SegmentRow;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// Bytes that one checksum covers.
pub(super) const PIECE: usize = 64 << 10;

/// Checksums of a file's pieces, made while it is written or read.
#[derive(Debug, Default)]
pub(super) struct Checksums {
    done: Vec<u32>,
    current: u32,
    filled: usize,
}

impl Checksums {
    pub(super) fn add(&mut self, mut bytes: &[u8]) {
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

    pub(super) fn finish(mut self) -> Vec<u32> {
        if self.filled > 0 {
            self.done.push(self.current);
        }
        self.done
    }
}

/// Why a segment is not what was written, and what of it can still be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub reason: String,
    pub readable: Blocks,
    pub readable_rows: u64,
}

/// Reads the file and compares; gives its rows.
pub(crate) fn check(path: &Path, row: &SegmentRow) -> Result<u64, Found> {
    let rows = usize::try_from(row.rows).unwrap_or(usize::MAX);
    let blocks = rows.div_ceil(BLOCK);
    let nothing = |reason: String| Found { reason, readable: Blocks::none(blocks), readable_rows: 0 };
    let (sha256, checksums) = read(path).map_err(|error| nothing(error.to_string()))?;
    if sha256 != row.sha256 {
        let reason = format!("its SHA-256 is {sha256}, the manifest says {}", row.sha256);
        let bad = damaged_bytes(&row.checksums, &checksums);
        let footer = File::open(path).ok().and_then(|file| SerializedFileReader::new(file).ok());
        return Err(match footer {
            Some(reader) if !row.checksums.is_empty() => around(reader.metadata(), &bad, row, reason),
            _ => nothing(reason),
        });
    }
    let reader = File::open(path).map_err(|error| nothing(error.to_string()))?;
    let reader = SerializedFileReader::new(reader).map_err(|error| nothing(error.to_string()))?;
    let have = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    match have == row.rows {
        true => Ok(row.rows),
        false => Err(nothing(format!("it has {have} rows, the manifest says {}", row.rows))),
    }
}

/// SHA-256 and checksums of a file.
pub(super) fn read(path: &Path) -> std::io::Result<(String, Vec<u32>)> {
    let mut file = File::open(path)?;
    let (mut hash, mut checksums) = (Sha256::new(), Checksums::default());
    let mut piece = vec![0; 1 << 18];
    loop {
        let length = file.read(&mut piece)?;
        let bytes = piece.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Ok((super::hex(&hash.finalize()), checksums.finish()));
        }
        hash.update(bytes);
        checksums.add(bytes);
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
    let rows = usize::try_from(row.rows).unwrap_or(usize::MAX);
    let blocks = rows.div_ceil(BLOCK);
    let hit = |range: &Range<u64>| bad.iter().any(|bad| bad.start < range.end && range.start < bad.end);
    let mut found = Found { reason, readable: Blocks::none(blocks), readable_rows: 0 };
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
    if behind.iter().any(|range| !range.is_empty() && hit(range)) {
        found.readable = Blocks::none(blocks);
        found.readable_rows = 0;
        found.reason.push_str("; the damage is in what says where its rows are");
    } else if !lost.is_empty() {
        found.reason.push_str(&format!("; row groups {} are lost, the others are read", lost.join(", ")));
    }
    found
}
