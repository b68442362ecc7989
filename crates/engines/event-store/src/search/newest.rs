//! Keeps the newest of rows that come in any order, by number and by weight: where records are wide, fewer of them.

use crate::query::{compact, weight};
use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

/// Rows gathered above those that are kept, before they are sorted.
const GATHERED: usize = 32_768;

/// Rows with the columns `time` and `seq`, the newest first once they are taken out.
pub(super) struct Newest {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    keep: usize,
    keep_bytes: usize,
}

impl Newest {
    /// Keeps so many rows, and fewer where they would weigh more than `keep_bytes`; one at least.
    pub(super) fn new(keep: usize, keep_bytes: usize) -> Self {
        Self { batches: Vec::new(), rows: 0, bytes: 0, keep, keep_bytes }
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.rows += batch.num_rows();
        self.bytes += weight(batch);
        self.batches.push(batch.clone());
        match self.rows > self.keep + GATHERED || self.bytes > self.keep_bytes * 2 {
            true => self.shrink(),
            false => Ok(()),
        }
    }

    fn shrink(&mut self) -> Result<(), ArrowError> {
        let Some(schema) = self.batches.first().map(RecordBatch::schema) else { return Ok(()) };
        let all = concat_batches(&schema, &self.batches)?;
        let down = Some(SortOptions { descending: true, nulls_first: false });
        let by: Vec<SortColumn> = ["time", "seq"]
            .into_iter()
            .filter_map(|name| all.column_by_name(name))
            .map(|values| SortColumn { values: values.clone(), options: down })
            .collect();
        let mut newest = take_record_batch(&all, &lexsort_to_indices(&by, Some(self.keep))?)?;
        self.bytes = weight(&newest);
        if self.bytes > self.keep_bytes {
            let (mut rows, mut bytes) = (0, 0);
            while rows < newest.num_rows() && bytes <= self.keep_bytes {
                bytes += weight(&newest.slice(rows, 1));
                rows += 1;
            }
            newest = newest.slice(0, rows);
            (self.keep, self.bytes) = (rows, bytes);
        }
        let newest = compact(&newest)?;
        self.rows = newest.num_rows();
        self.batches = vec![newest];
        Ok(())
    }

    pub(super) fn take(mut self, schema: SchemaRef) -> Result<RecordBatch, ArrowError> {
        self.shrink()?;
        Ok(self.batches.pop().unwrap_or_else(|| RecordBatch::new_empty(schema)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, AsArray, Int64Array, StringViewArray, TimestampMicrosecondArray};
    use arrow::datatypes::Int64Type;
    use std::sync::Arc;

    fn batch(times: &[i64], text: &str) -> RecordBatch {
        let columns: [(&str, ArrayRef); 3] = [
            ("time", Arc::new(TimestampMicrosecondArray::from(times.to_vec()))),
            ("seq", Arc::new(Int64Array::from(times.to_vec()))),
            ("raw", Arc::new(StringViewArray::from(vec![text; times.len()]))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn kept(mut newest: Newest, batches: &[RecordBatch]) -> Vec<i64> {
        batches.iter().for_each(|batch| newest.add(batch).unwrap());
        let all = newest.take(batches[0].schema()).unwrap();
        all.column_by_name("seq").unwrap().as_primitive::<Int64Type>().values().to_vec()
    }

    #[test]
    fn the_newest_are_kept_in_order_and_by_weight() {
        let batches = [batch(&[1, 9, 3], "x"), batch(&[], "x"), batch(&[8, 2, 7], "x")];
        assert_eq!(kept(Newest::new(4, 1 << 20), &batches), [9, 8, 7, 3]);
        let heavy = [batch(&[1, 9, 3], &"x".repeat(1000)), batch(&[8, 2, 7], &"x".repeat(1000))];
        assert_eq!(kept(Newest::new(4, 1500), &heavy), [9, 8], "the second fills it");
        assert_eq!(kept(Newest::new(4, 1), &heavy), [9]);
    }
}
