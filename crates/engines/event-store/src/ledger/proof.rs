//! A proof that one event was stored as it is: the row, its path in the tree of its segment, and the signed entry of
//! the ledger that names the segment. It is checked without the store.

use super::entry::Sealed;
use super::key::unhex;
use super::tree::{Hash, leaf, root_from};
use super::{Cause, Listed};
use crate::StoreError;
use crate::compaction::adapt;
use crate::segment::{Segment, hex};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The columns that a leaf is made of.
const COLUMNS: [&str; 5] = ["seq", "time", "arrival", "source_id", "raw"];

/// What is proven of an event, as its segment holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenEvent {
    pub seq: i64,
    /// Microseconds since 1970, UTC.
    pub time: i64,
    pub arrival: i64,
    pub source_id: Option<String>,
    /// The record as it arrived; base64 where it is no UTF-8.
    pub raw: String,
}

impl ProvenEvent {
    fn leaf(&self) -> Hash {
        row_leaf(self.seq, self.time, self.arrival, self.source_id.as_deref(), &self.raw)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub version: u32,
    pub event: ProvenEvent,
    /// The segment by the ledger's name.
    pub segment: Listed,
    /// Row of the segment, from 0.
    pub row: u64,
    /// Hashes from the leaf to the root, from below (RFC 9162 §2.1.3), hexadecimal.
    pub path: Vec<String>,
    pub entry: Sealed,
}

/// What a proof says, once it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proven {
    pub seq: i64,
    pub time: i64,
    pub raw: String,
    pub segment: String,
    pub entry: u64,
    /// When the entry was signed, microseconds since 1970, UTC.
    pub signed_at: i64,
    /// Public key of the signature. Compare it with the centre's own.
    pub key: String,
}

impl Proof {
    /// Checks every hash and the signature.
    ///
    /// # Errors
    /// In words, what does not fit.
    pub fn check(&self) -> Result<Proven, String> {
        if self.version != 1 {
            return Err(format!("version {} is not known", self.version));
        }
        let entry = self.entry.open()?;
        let named = entry.changes.iter().flat_map(|change| &change.added).any(|one| *one == self.segment);
        if !named {
            return Err("the entry does not name the segment".into());
        }
        let path: Option<Vec<Hash>> = self.path.iter().map(|hash| unhex::<32>(hash)).collect();
        let path = path.ok_or("the path holds something that is no hash")?;
        let root = root_from(self.event.leaf(), self.row, self.segment.rows, &path).map(|root| hex(&root));
        if root.is_none() || root != self.segment.rows_root {
            return Err("the event does not lead to the root of the segment".into());
        }
        Ok(Proven {
            seq: self.event.seq,
            time: self.event.time,
            raw: self.event.raw.clone(),
            segment: self.segment.path.clone(),
            entry: entry.number,
            signed_at: entry.at,
            key: self.entry.seal.key.clone(),
        })
    }

    /// Whether an entry brought a segment in.
    pub(crate) fn names(sealed: &Sealed, segment: &Listed) -> bool {
        let Ok(entry) = sealed.open() else { return false };
        let mut added = entry.changes.iter().filter(|change| change.cause != Cause::Known).flat_map(|one| &one.added);
        added.any(|one| one == segment)
    }
}

fn row_leaf(seq: i64, time: i64, arrival: i64, source: Option<&str>, raw: &str) -> Hash {
    let length = source.map_or(u32::MAX, |source| u32::try_from(source.len()).unwrap_or(u32::MAX - 1));
    leaf(&[
        &seq.to_be_bytes(),
        &time.to_be_bytes(),
        &arrival.to_be_bytes(),
        &length.to_be_bytes(),
        source.unwrap_or_default().as_bytes(),
        raw.as_bytes(),
    ])
}

/// The rows of a batch as the tree sees them.
fn events(batch: &RecordBatch) -> Option<impl Iterator<Item = (i64, i64, i64, Option<&str>, &str)>> {
    let seqs = batch.column_by_name("seq")?.as_primitive_opt::<Int64Type>()?.values();
    let times = batch.column_by_name("time")?.as_primitive_opt::<TimestampMicrosecondType>()?.values();
    let arrivals = batch.column_by_name("arrival")?.as_primitive_opt::<TimestampMicrosecondType>()?.values();
    let sources = batch.column_by_name("source_id")?.as_string_view_opt()?;
    let raws = batch.column_by_name("raw")?.as_string_view_opt()?;
    let texts = sources.iter().zip(raws.iter());
    let rows = seqs.iter().zip(times).zip(arrivals).zip(texts);
    Some(rows.map(|(((seq, time), arrival), (source, raw))| (*seq, *time, *arrival, source, raw.unwrap_or_default())))
}

/// Leaves of the rows of a batch, in their order.
pub(crate) fn leaves_of(batch: &RecordBatch) -> Vec<Hash> {
    let rows = events(batch);
    rows.into_iter()
        .flatten()
        .map(|(seq, time, arrival, source, raw)| row_leaf(seq, time, arrival, source, raw))
        .collect()
}

/// The row of a sequence in a segment, with its event and the leaves of all rows; nothing where it is not there.
pub(crate) fn find_row(
    segment: &Arc<Segment>,
    seq: i64,
) -> Result<Option<(usize, ProvenEvent, Vec<Hash>)>, StoreError> {
    let broken = |error: &dyn std::fmt::Display| StoreError::Segment {
        file: segment.row.path.clone(),
        reason: error.to_string(),
    };
    let reader = ParquetRecordBatchReaderBuilder::try_new(segment.reader()).map_err(|error| broken(&error))?;
    let only = ProjectionMask::columns(reader.parquet_schema(), COLUMNS);
    let (mut leaves, mut found) = (Vec::new(), None);
    for batch in reader.with_projection(only).build().map_err(|error| broken(&error))? {
        let batch = adapt(&batch.map_err(|error| broken(&error))?).map_err(|error| broken(&error))?;
        let rows = events(&batch).ok_or_else(|| broken(&"a column is missing"))?;
        for (at, time, arrival, source, raw) in rows {
            if at == seq {
                let event =
                    ProvenEvent { seq, time, arrival, source_id: source.map(str::to_owned), raw: raw.to_owned() };
                found = Some((leaves.len(), event));
            }
            leaves.push(row_leaf(at, time, arrival, source, raw));
        }
    }
    Ok(found.map(|(row, event)| (row, event, leaves)))
}
