//! Reads the bytes of a segment wherever it lies, for the Parquet reader.

use super::{PIECE, Segment};
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes that a reader of an archived segment asks for at a time; one of the own disk asks for the piece it is in.
const AHEAD: u64 = 256 << 10;

/// A segment to be read in one pass.
pub(crate) struct SegmentReader(pub(super) Arc<Segment>);

impl Length for SegmentReader {
    fn len(&self) -> u64 {
        self.0.row.bytes
    }
}

impl ChunkReader for SegmentReader {
    type T = Pieces;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(Pieces { segment: self.0.clone(), at: start, ahead: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let range = start..start.saturating_add(length as u64);
        self.0.read(range).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// Reads on from some place.
pub(crate) struct Pieces {
    segment: Arc<Segment>,
    at: u64,
    ahead: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            let end = match self.segment.is_archived() {
                true => self.at + AHEAD,
                false => (self.at + 1).next_multiple_of(PIECE as u64),
            };
            let end = end.min(self.segment.row.bytes);
            self.ahead = self.segment.read(self.at.min(end)..end)?;
            self.at = end;
        }
        self.ahead.as_ref().read(into).inspect(|length| drop(self.ahead.split_to(*length)))
    }
}
