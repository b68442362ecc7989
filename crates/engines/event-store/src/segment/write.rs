//! Writes one segment: Parquet under a temporary name, fsync, rename, fsync of the folder. The manifest
//! learns of it only afterwards; what becomes of a file that it does not know is decided at the next start.

use super::damage::Digest;
use super::partition::DAY;
use super::tally::Tally;
use super::words::{BLOCK, KEY, WordsBuilder};
use super::{Part, spare};
use crate::files::{AppendFile, FileLayer, is_disk_full};
use crate::ledger::{Tree, leaves_of};
use crate::manifest::SegmentRow;
use crate::{StoreError, columns};
use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Root of the Merkle tree over the rows, in the footer.
pub(super) const ROWS_ROOT: &str = "luytre.rows_root";
const ROW_GROUP: usize = 64 * 1024;
/// Rows copied together at a time.
const STEP: usize = 8192;
/// Bytes of a page before compression, about. One long text is read by unpacking its page; smaller ones would make
/// files larger (by a twentieth at half the size).
const PAGE: usize = 256 << 10;
/// Rows after which the size of a page is looked at.
const PAGE_STEP: usize = 256;
/// Of zstd. What comes from memory is packed lightly, since it is merged soon.
const FIRST_LEVEL: i32 = 1;
const LEVEL: i32 = 3;
/// Gathered before a write to the disk.
const BUFFER: usize = 1 << 20;

fn properties(generation: u32) -> Result<WriterProperties, StoreError> {
    let level = if generation == 0 { FIRST_LEVEL } else { LEVEL };
    let level = ZstdLevel::try_new(level).map_err(|error| parquet_error("", &error))?;
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("luytre event-store {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_data_page_row_count_limit(BLOCK)
        .set_data_page_size_limit(PAGE)
        .set_write_batch_size(PAGE_STEP)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_key_value_metadata(Some(vec![
            KeyValue::new("luytre.layout".to_owned(), "1".to_owned()),
            KeyValue::new("luytre.generation".to_owned(), generation.to_string()),
        ]))
        .set_sorting_columns(Some(vec![SortingColumn { column_idx: 1, descending: false, nulls_first: false }]));
    for name in ["seq", "time", "arrival", "position"] {
        let path = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_compression(path.clone(), Compression::UNCOMPRESSED)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    for name in columns::LONG {
        builder = builder.set_column_compression(ColumnPath::from(*name), Compression::ZSTD(level));
    }
    for name in ["message", "raw", "fields"] {
        let path = ColumnPath::from(name);
        // Long texts are hardly ever equal, and their least and greatest value prune nothing.
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    for name in columns::EXACT {
        let path = ColumnPath::from(*name);
        builder = builder.set_column_bloom_filter_enabled(path.clone(), true).set_column_bloom_filter_fpp(path, 0.01);
    }
    Ok(builder.build())
}

fn parquet_error(file: &str, error: &(dyn Error + 'static)) -> StoreError {
    // A full disk lies beneath the error of the format.
    let mut causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| Error::source(*error));
    if causes.any(|cause| cause.downcast_ref().is_some_and(is_disk_full)) {
        return StoreError::DiskFull;
    }
    StoreError::Segment { file: file.to_owned(), reason: error.to_string() }
}

/// Counts, hashes and gathers what goes into a file.
struct Sink {
    file: Box<dyn AppendFile>,
    digest: Digest,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.digest.add(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        self.file.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// The temporary file; removed unless it got its final name, so that failed attempts do not fill the disk.
struct Unfinished<'a> {
    files: &'a dyn FileLayer,
    path: PathBuf,
    done: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be removed now is removed at the next start.
            let _ = self.files.remove(&self.path);
        }
    }
}

/// A segment being written, batch by batch in order of time.
pub(crate) struct SegmentWriter<'a> {
    unfinished: Unfinished<'a>,
    segments: &'a Path,
    writer: ArrowWriter<Sink>,
    tally: Tally,
    words: WordsBuilder,
    rows: Tree,
}

impl<'a> SegmentWriter<'a> {
    /// `temporary` names a file in the folder for unfinished work, on the same file system.
    pub(crate) fn begin(
        files: &'a dyn FileLayer,
        segments: &'a Path,
        temporary: PathBuf,
        day: Option<i32>,
        generation: u32,
    ) -> Result<Self, StoreError> {
        let file = files.create(&temporary).map_err(|error| StoreError::io("create a segment", error))?;
        let unfinished = Unfinished { files, path: temporary, done: false };
        let sink = Sink { file, digest: Digest::default(), bytes: 0, buffer: Vec::new() };
        let writer = ArrowWriter::try_new(sink, columns::schema(), Some(properties(generation)?))
            .map_err(|error| parquet_error("", &error))?;
        let row = SegmentRow { generation, ..SegmentRow::empty(day) };
        let (tally, words) = (Tally::new(row), WordsBuilder::default());
        Ok(Self { unfinished, segments, writer, tally, words, rows: Tree::default() })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        self.tally.add(batch);
        self.words.add(batch).map_err(|error| StoreError::io("make the word index of a segment", error))?;
        leaves_of(batch).into_iter().for_each(|leaf| self.rows.add(leaf));
        self.writer.write(batch).map_err(|error| parquet_error("", &error))
    }

    /// Makes the file durable under its final name. It counts once the manifest knows it.
    pub(crate) fn finish(mut self) -> Result<SegmentRow, StoreError> {
        let failed = |what: &'static str| move |error| StoreError::io(what, error);
        let words = self.words.finish().map_err(failed("make the word index of a segment"))?;
        let (mut writer, _) = self.writer.into_serialized_writer().map_err(|error| parquet_error("", &error))?;
        let offset = writer.bytes_written() as u64;
        writer.write_all(&words).map_err(failed("write the word index of a segment"))?;
        let place = (offset, words.len() as u64);
        let spare = spare::write(writer.flushed_row_groups(), writer.properties());
        let spare = spare.map_err(|error| parquet_error("", &error))?;
        writer.write_all(&spare).map_err(failed("write a segment"))?;
        writer.append_key_value_metadata(KeyValue::new(KEY.to_owned(), format!("{} {}", place.0, place.1)));
        let root = hex(&self.rows.root());
        writer.append_key_value_metadata(KeyValue::new(ROWS_ROOT.to_owned(), root.clone()));
        // Writes the footer as well.
        let mut sink = writer.into_inner().map_err(|error| parquet_error("", &error))?;
        sink.flush().map_err(failed("write a segment"))?;
        sink.file.sync().map_err(failed("sync a segment"))?;
        let mut row = self.tally.finish();
        row.bytes = sink.bytes;
        row.words = Some(place);
        row.rows_root = Some(root);
        (row.sha256, row.checksums) = sink.digest.finish();
        let folder = folder(row.day);
        // Never `name=value`: several engines read that as a partition and then find no file.
        row.path = format!("{folder}/{:012}-{:012}-{}.parquet", row.min_seq, row.max_seq, row.generation);
        let dir = self.segments.join(&folder);
        let files = self.unfinished.files;
        files.create_dir_all(&dir).map_err(failed("create a folder of segments"))?;
        files.rename(&self.unfinished.path, &self.segments.join(&row.path)).map_err(failed("rename a segment"))?;
        self.unfinished.done = true;
        files.sync_dir(&dir).map_err(failed("sync a folder of segments"))?;
        files.sync_dir(self.segments).map_err(failed("sync the folder of segments"))?;
        Ok(row)
    }
}

/// Writes the rows of one part.
pub(crate) fn write_part(
    mut writer: SegmentWriter<'_>,
    batches: &[RecordBatch],
    part: &Part,
) -> Result<SegmentRow, StoreError> {
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    for places in part.places.chunks(STEP) {
        let batch = interleave_record_batch(&batches, places).map_err(|error| parquet_error("", &error))?;
        writer.write(&batch)?;
    }
    writer.finish()
}

/// The folder of a day's segments.
pub(crate) fn folder(day: Option<i32>) -> String {
    let date = day.and_then(|day| jiff::Timestamp::from_microsecond(i64::from(day) * DAY).ok());
    match date {
        Some(date) => date.strftime("%Y-%m-%d").to_string(),
        None => "several-days".to_owned(),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
