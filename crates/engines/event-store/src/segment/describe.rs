//! Reads from a segment's file what the manifest should say of it.

use super::damage::read;
use super::tally::Tally;
use super::words::KEY;
use super::{DAY, write};
use crate::StoreError;
use crate::manifest::SegmentRow;
use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

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
