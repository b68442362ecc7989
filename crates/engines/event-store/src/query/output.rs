//! The answer of a query, and its two plain forms: JSON rows and CSV.

use crate::StoreError;
use arrow::array::{Array, RecordBatch};
use arrow::csv::WriterBuilder as CsvBuilder;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::json::writer::{JsonArray, WriterBuilder};
use serde_json::{Map, Value};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct QueryResult {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    pub rows: usize,
    /// There were more rows than the limit.
    pub truncated: bool,
    /// Segments that could not be left out by time, sequence or source.
    pub files_read: usize,
    pub files_total: usize,
    pub elapsed: Duration,
}

impl QueryResult {
    pub fn columns(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// One object per row, with nulls, in the order of the columns; times as RFC 3339 in UTC.
    pub fn to_json_rows(&self) -> Result<Vec<Map<String, Value>>, StoreError> {
        json_rows(&self.batches)
    }

    /// CSV (RFC 4180) with a line of names; times as RFC 3339 in UTC.
    pub fn to_csv(&self) -> Result<String, StoreError> {
        let failed = |error: &dyn std::fmt::Display| StoreError::Query(error.to_string());
        let mut writer = CsvBuilder::new().with_header(true).build(Vec::new());
        if self.batches.is_empty() {
            let empty = RecordBatch::new_empty(self.schema.clone());
            writer.write(&empty).map_err(|error| failed(&error))?;
        }
        for batch in &self.batches {
            writer.write(batch).map_err(|error| failed(&error))?;
        }
        String::from_utf8(writer.into_inner()).map_err(|error| failed(&error))
    }
}

pub(crate) fn json_rows(batches: &[RecordBatch]) -> Result<Vec<Map<String, Value>>, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::Query(error.to_string());
    let mut rows = Vec::new();
    for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
        writer.write(batch).map_err(|error| failed(&error))?;
        writer.finish().map_err(|error| failed(&error))?;
        let part: Vec<Map<String, Value>> =
            serde_json::from_slice(&writer.into_inner()).map_err(|error| failed(&error))?;
        rows.extend(part);
    }
    Ok(rows)
}

/// Bytes of a batch that count: long texts by their length, not by the buffers they share.
pub(crate) fn weight(batch: &RecordBatch) -> usize {
    let of = |array: &dyn Array| match array.data_type() {
        DataType::Utf8View => {
            let views = array.as_any().downcast_ref::<arrow::array::StringViewArray>();
            views.map_or(0, |views| views.lengths().map(|length| length as usize + 16).sum())
        }
        _ => array.get_array_memory_size().min(array.len() * 64),
    };
    batch.columns().iter().map(|array| of(array)).sum()
}
