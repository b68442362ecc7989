//! The answer of a query, and its two plain forms: JSON rows and CSV.

use crate::StoreError;
use crate::unreadable::Unreadable;
use arrow::array::{Array, RecordBatch};
use arrow::csv::WriterBuilder as CsvBuilder;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{JsonArray, WriterBuilder};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;
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
    /// Of segments, wherever they lie.
    pub bytes_read: u64,
    /// Files that may hold what was asked for and could not be read, or not whole: the answer lacks them.
    pub unreadable: Vec<Unreadable>,
    /// Events were read, and not other tables alone.
    pub events_read: bool,
    pub elapsed: Duration,
}

impl QueryResult {
    /// Names of the columns, each once: a second `id` is `id_2`, as in the objects of [`Self::to_json_rows`].
    pub fn columns(&self) -> Vec<String> {
        distinct_names(&self.schema)
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
        let batch = &with_distinct_names(batch).map_err(|error| failed(&error))?;
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
        writer.write(batch).map_err(|error| failed(&error))?;
        writer.finish().map_err(|error| failed(&error))?;
        let part: Vec<Map<String, Value>> =
            serde_json::from_slice(&writer.into_inner()).map_err(|error| failed(&error))?;
        rows.extend(part);
    }
    Ok(rows)
}

/// Names of columns as they may stand in one object: a name that stood before gets the next number that is free.
fn distinct_names(schema: &Schema) -> Vec<String> {
    let mut taken: HashSet<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut seen = HashSet::new();
    let name = |name: &String| {
        if seen.insert(name.clone()) {
            return name.clone();
        }
        let free = (2_u32..).map(|number| format!("{name}_{number}")).find(|free| taken.insert(free.clone()));
        free.unwrap_or_default()
    };
    schema.fields().iter().map(|field| field.name()).map(name).collect()
}

/// The batch itself, unless two of its columns have one name (of two tables that were joined).
fn with_distinct_names(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let names = distinct_names(&schema);
    if names.iter().zip(schema.fields()).all(|(name, field)| name == field.name()) {
        return Ok(batch.clone());
    }
    let fields = schema.fields().iter().zip(names).map(|(field, name)| field.as_ref().clone().with_name(name));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), batch.columns().to_vec())
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use arrow::datatypes::Field;

    #[test]
    fn columns_of_one_name_all_stand_in_the_row() {
        let names = ["id", "id_2", "id", "name", "id"];
        let fields: Vec<_> = names.iter().map(|name| Field::new(*name, DataType::Int64, false)).collect();
        let columns = (1..=5).map(|number| Arc::new(Int64Array::from(vec![number])) as _).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("sound");
        let rows = json_rows(&[batch]).expect("rows");
        let expected = serde_json::json!({ "id": 1, "id_2": 2, "id_3": 3, "name": 4, "id_4": 5 });
        assert_eq!(Value::Object(rows[0].clone()), expected);
    }
}
