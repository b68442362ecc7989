//! Reads from a segment's file what the manifest should say of it.

use super::Segment;
use super::damage::read;
use super::tally::Tally;
use super::words::KEY;
use super::{DAY, write};
use crate::StoreError;
use crate::manifest::SegmentRow;
use crate::sequences::Sequences;
use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The row of the file at `path` in the folder of segments.
pub(crate) fn describe(segments: &Path, path: &str) -> Result<SegmentRow, StoreError> {
    let broken =
        |error: &dyn std::fmt::Display| StoreError::Segment { file: path.to_owned(), reason: error.to_string() };
    let file = segments.join(path);
    let (sha256, checksums) = read(&file, &[]).map_err(|error| broken(&error))?;
    let open = File::open(&file).map_err(|error| broken(&error))?;
    let bytes = open.metadata().map_err(|error| broken(&error))?.len();
    let reader = ParquetRecordBatchReaderBuilder::try_new(open).map_err(|error| broken(&error))?;
    let pairs = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let fact = |key: &str| pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone());
    let words = fact(KEY).and_then(|text| {
        let (offset, length) = text.split_once(' ')?;
        Some((offset.parse().ok()?, length.parse().ok()?))
    });
    let row = SegmentRow {
        path: path.to_owned(),
        generation: fact("luytre.generation").and_then(|text| text.parse().ok()).unwrap_or(0),
        bytes,
        sha256,
        words,
        checksums,
        rows_root: fact(write::ROWS_ROOT),
        ..SegmentRow::empty(None)
    };
    let only = ProjectionMask::columns(reader.parquet_schema(), ["seq", "time", "arrival", "source_id"]);
    let mut tally = Tally::new(row);
    let mut days = BTreeSet::new();
    for batch in reader.with_projection(only).build().map_err(|error| broken(&error))? {
        let batch = batch.map_err(|error| broken(&error))?;
        tally.add(&batch);
        if let Some(times) = batch.column_by_name("time") {
            days.extend(
                times.as_primitive::<TimestampMicrosecondType>().values().iter().map(|time| time.div_euclid(DAY)),
            );
        }
    }
    let day = if days.len() == 1 { days.first().and_then(|day| i32::try_from(*day).ok()) } else { None };
    Ok(SegmentRow { day, ..tally.finish() })
}

/// Sequences of the events in a segment.
pub(crate) fn sequences_of(one: &Arc<Segment>) -> Result<Sequences, StoreError> {
    sequences(one.reader()).map_err(|reason| StoreError::Segment { file: one.row.path.clone(), reason })
}

/// The same of a file that no manifest describes.
pub(crate) fn sequences_of_file(file: &Path) -> Result<Sequences, String> {
    sequences(File::open(file).map_err(|error| error.to_string())?)
}

fn sequences(file: impl ChunkReader + 'static) -> Result<Sequences, String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    let only = ProjectionMask::columns(reader.parquet_schema(), ["seq"]);
    let mut seqs = Sequences::default();
    for batch in reader.with_projection(only).build().map_err(|error| error.to_string())? {
        let batch = batch.map_err(|error| error.to_string())?;
        let column = batch.column_by_name("seq").ok_or("it has no sequences")?;
        let column = column.as_primitive_opt::<Int64Type>().ok_or("its sequences are no numbers")?;
        // In order of time, which is nearly that of sequences: a batch is sorted, then added run by run.
        let mut sorted: Vec<u64> = column.values().iter().map(|seq| *seq as u64).collect();
        sorted.sort_unstable();
        sorted.chunk_by(|a, b| a.saturating_add(1) == *b).for_each(|run| {
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                seqs.add(*first..=*last);
            }
        });
    }
    Ok(seqs)
}
