//! What damage takes with it: nothing where one byte of a piece was changed, since checksum and SHA-256 tell which; else the
//! blocks of rows whose pages were hit, not the whole file. Checksums of the file's pieces stand in the manifest. Bloom
//! filters and page indexes are done without; a file whose footer is hit cannot be trusted anywhere.

use super::correction::{self, Change};
use super::{BLOCK, Blocks};
use crate::manifest::SegmentRow;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::page_index::offset_index::PageLocation;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

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
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub reason: String,
    pub readable: Blocks,
    /// Blocks whose rows are as they were written, also where what says where they are is not; all where nothing is
    /// known of them.
    pub whole: Blocks,
    /// What to undo while reading; with it everything is as it was written.
    pub changes: Vec<Change>,
    /// What the file says of its rows, without bloom filters and with the places of pages where these are known; nothing
    /// where the file itself is asked.
    pub footer: Option<Arc<ParquetMetaData>>,
}

impl Found {
    /// Nothing can be read.
    pub(super) fn nothing(row: &SegmentRow, reason: String) -> Self {
        let blocks = blocks_of(row);
        let (readable, whole) = (Blocks::none(blocks), Blocks::all(blocks));
        Self { reason, readable, whole, changes: Vec::new(), footer: None }
    }

    /// Everything can be read once the changes are undone.
    fn corrected(row: &SegmentRow, mut reason: String, changes: Vec<Change>) -> Self {
        let places: Vec<String> = changes.iter().map(|change| format!("byte {}", change.at)).collect();
        reason
            .push_str(&format!("; no more than {} was changed and is corrected: every row is read", places.join(", ")));
        let all = Blocks::all(blocks_of(row));
        Self { reason, readable: all.clone(), whole: all, changes, footer: None }
    }
}

fn blocks_of(row: &SegmentRow) -> usize {
    usize::try_from(row.rows).unwrap_or(usize::MAX).div_ceil(BLOCK)
}

/// What a file says of its rows.
pub(super) enum Footer {
    /// As it was written.
    Sound(ParquetMetaData),
    /// Readable, and perhaps changed: good enough for a repair, which has nothing better.
    Doubtful(ParquetMetaData),
}

/// Compares what a segment's file is now with the manifest; gives its rows. `again` reads it once more with changes undone,
/// `footer` is read where it is needed.
pub(super) fn compare(
    row: &SegmentRow,
    (sha256, checksums): &(String, Vec<u32>),
    again: impl Fn(&[Change]) -> io::Result<(String, Vec<u32>)>,
    footer: impl FnOnce() -> Result<Footer, String>,
) -> Result<u64, Found> {
    let nothing = |reason: String| Found::nothing(row, reason);
    if *sha256 == row.sha256 {
        let (Footer::Sound(footer) | Footer::Doubtful(footer)) = footer().map_err(nothing)?;
        let have = u64::try_from(footer.file_metadata().num_rows()).unwrap_or(0);
        return match have == row.rows {
            true => Ok(row.rows),
            false => Err(nothing(format!("it has {have} rows, the manifest says {}", row.rows))),
        };
    }
    let reason = format!("its SHA-256 is {sha256}, the manifest says {}", row.sha256);
    if row.checksums.is_empty() {
        return Err(nothing(reason));
    }
    for changes in correction::ways(&row.checksums, checksums, row.bytes) {
        if again(&changes).is_ok_and(|(sha256, _)| sha256 == row.sha256) {
            return Err(Found::corrected(row, reason, changes));
        }
    }
    let bad = damaged_bytes(&row.checksums, checksums);
    Err(match footer() {
        Ok(Footer::Sound(footer)) => around(footer, &bad, row, reason),
        Ok(Footer::Doubtful(footer)) => {
            let reason = format!("{reason}; the damage is in what says where its rows are");
            let found = around(footer, &bad, row, String::new());
            Found { reason, readable: Blocks::none(found.readable.count()), ..found }
        }
        Err(error) => nothing(format!("{reason}; what says where its rows are cannot be read: {error}")),
    })
}

/// SHA-256 and checksums of a file, with changes undone.
pub(super) fn read(path: &Path, changes: &[Change]) -> io::Result<(String, Vec<u32>)> {
    let mut file = File::open(path)?;
    let mut digest = Digest::default();
    let mut piece = vec![0; 1 << 18];
    let mut at = 0;
    loop {
        let length = file.read(&mut piece)?;
        let bytes = piece.get_mut(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(digest.finish());
        }
        correction::undo(bytes, at, changes);
        digest.add(bytes);
        at += length as u64;
    }
}

/// Ranges of the file that differ.
fn damaged_bytes(expected: &[u32], found: &[u32]) -> Vec<Range<u64>> {
    let pieces = expected.len().max(found.len());
    let differs = |piece: &usize| expected.get(*piece) != found.get(*piece);
    let range = |piece: usize| (piece * PIECE) as u64..((piece + 1) * PIECE) as u64;
    (0..pieces).filter(differs).map(range).collect()
}

fn is_hit(bad: &[Range<u64>], range: Range<u64>) -> bool {
    !range.is_empty() && bad.iter().any(|bad| bad.start < range.end && range.start < bad.end)
}

/// What is readable around the damage: blocks of which no page was hit in any column.
fn around(footer: ParquetMetaData, bad: &[Range<u64>], row: &SegmentRow, mut reason: String) -> Found {
    let blocks = blocks_of(row);
    let (mut lost, mut first) = (Blocks::none(blocks), 0);
    for (number, group) in footer.row_groups().iter().enumerate() {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let pages = footer.offset_index().and_then(|index| index.get(number));
        for (place, column) in group.columns().iter().enumerate() {
            let pages = pages.and_then(|columns| columns.get(place)).map(|index| index.page_locations().as_slice());
            for hit in rows_hit(column, pages.unwrap_or_default(), rows, bad) {
                let (from, to) = ((first + hit.start) / BLOCK, (first + hit.end).div_ceil(BLOCK));
                (from..to).for_each(|block| lost.insert(block));
            }
        }
        first += rows;
    }
    let mut readable = Blocks::none(blocks);
    (0..blocks).filter(|block| !lost.contains(*block)).for_each(|block| readable.insert(block));
    match lost.is_empty() {
        true => reason.push_str("; no row is hit, every row is read"),
        false => reason.push_str(&format!("; {} of {blocks} blocks of rows are lost, the others are read", lost.len())),
    }
    match without_filters(footer) {
        Ok(footer) => {
            Found { reason, whole: readable.clone(), readable, changes: Vec::new(), footer: Some(Arc::new(footer)) }
        }
        Err(error) => Found::nothing(row, format!("{reason}; {error}")),
    }
}

/// Rows of a column's part of a row group, by their places in the group, of which a page was hit; all where it is not known
/// which, or where it was the dictionary.
fn rows_hit(
    column: &ColumnChunkMetaData,
    pages: &[PageLocation],
    rows: usize,
    bad: &[Range<u64>],
) -> Vec<Range<usize>> {
    let (start, length) = column.byte_range();
    if !is_hit(bad, start..start.saturating_add(length)) {
        return Vec::new();
    }
    let begin = |page: &PageLocation| u64::try_from(page.offset).unwrap_or(0);
    let length = |page: &PageLocation| u64::try_from(page.compressed_page_size).unwrap_or(0);
    let row = |page: &PageLocation| usize::try_from(page.first_row_index).unwrap_or(0).min(rows);
    match pages.first() {
        Some(first) if !is_hit(bad, start..begin(first)) => {
            let hit = pages.iter().enumerate().filter(|(_, page)| is_hit(bad, begin(page)..begin(page) + length(page)));
            hit.map(|(number, page)| row(page)..pages.get(number + 1).map_or(rows, row)).collect()
        }
        _ => std::iter::once(0..rows).collect(),
    }
}

/// Nothing that leaves out rows by what may be changed.
fn without_filters(footer: ParquetMetaData) -> Result<ParquetMetaData, String> {
    let mut builder = footer.into_builder();
    let mut groups = Vec::new();
    for group in builder.take_row_groups() {
        let mut group = group.into_builder();
        let columns = group.take_columns().into_iter().map(|column| {
            let column = column.into_builder().set_bloom_filter_offset(None).set_bloom_filter_length(None);
            column.set_column_index_offset(None).set_column_index_length(None).build()
        });
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        groups.push(group.set_column_metadata(columns).build().map_err(|error| error.to_string())?);
    }
    Ok(builder.set_row_groups(groups).set_column_index(None).build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use bytes::Bytes;
    use parquet::arrow::ArrowWriter;
    use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
    use parquet::file::properties::WriterProperties;

    const ROWS: usize = 20_000;

    /// Two columns of three pages each, in one row group.
    fn footer(places: PageIndexPolicy) -> ParquetMetaData {
        let texts = |of: &str| {
            Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("{of} {}", row * 7919)))) as ArrayRef
        };
        let batch = RecordBatch::try_from_iter([("a", texts("a")), ("b", texts("b"))]).unwrap();
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_bloom_filter_enabled(true)
            .set_data_page_row_count_limit(BLOCK)
            .set_write_batch_size(256)
            .build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let reader = ParquetMetaDataReader::new()
            .with_column_index_policy(PageIndexPolicy::Skip)
            .with_offset_index_policy(places);
        reader.parse_and_finish(&Bytes::from(file)).unwrap()
    }

    fn found(footer: ParquetMetaData, hit: Range<u64>) -> Found {
        let row = SegmentRow { rows: ROWS as u64, ..SegmentRow::empty(None) };
        around(footer, &[hit], &row, String::new())
    }

    fn readable(found: &Found) -> Vec<usize> {
        (0..found.readable.count()).filter(|block| found.readable.contains(*block)).collect()
    }

    #[test]
    fn a_page_takes_its_rows_and_no_others() {
        let footer = footer(PageIndexPolicy::Required);
        for column in 0..2 {
            for page in 0..3 {
                let place = &footer.offset_index().unwrap()[0][column].page_locations()[page];
                let found = found(footer.clone(), place.offset as u64 + 5..place.offset as u64 + 6);
                let others: Vec<usize> = (0..3).filter(|block| *block != page).collect();
                assert_eq!(readable(&found), others, "page {page} of column {column}");
                assert_eq!((found.whole, found.changes), (found.readable, Vec::new()));
            }
        }
    }

    #[test]
    fn a_column_of_which_no_places_are_known_takes_its_row_group() {
        let footer = footer(PageIndexPolicy::Skip);
        let (start, length) = footer.row_group(0).column(1).byte_range();
        assert_eq!(readable(&found(footer, start + length - 1..start + length)), [] as [usize; 0]);
    }

    #[test]
    fn a_bloom_filter_takes_nothing_and_is_not_asked_again() {
        let footer = footer(PageIndexPolicy::Required);
        let filter = footer.row_group(0).column(0).bloom_filter_offset().unwrap() as u64;
        let found = found(footer, filter..filter + 30);
        assert_eq!(readable(&found), [0, 1, 2]);
        let left = found.footer.unwrap();
        let columns = left.row_group(0).columns();
        assert!(columns.iter().all(|one| one.bloom_filter_offset().is_none() && one.column_index_offset().is_none()));
        assert!(left.offset_index().is_some());
    }
}
