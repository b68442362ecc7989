//! Reads the bytes of a segment wherever it lies, for the Parquet reader.

use super::Segment;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes that a reader of an archived segment asks for at a time.
const AHEAD: u64 = 256 << 10;

/// A segment to be read in one pass.
pub(crate) enum SegmentReader {
    Here(File),
    Archived(Arc<Segment>),
}

impl Length for SegmentReader {
    fn len(&self) -> u64 {
        match self {
            Self::Here(file) => Length::len(file),
            Self::Archived(segment) => segment.row.bytes,
        }
    }
}

impl ChunkReader for SegmentReader {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(match self {
            Self::Here(file) => Box::new(file.get_read(start)?),
            Self::Archived(segment) => Box::new(Archived { segment: segment.clone(), at: start, ahead: Bytes::new() }),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Self::Here(file) => file.get_bytes(start, length),
            Self::Archived(segment) => {
                let range = start..start.saturating_add(length as u64);
                segment.read(range).map_err(|error| ParquetError::External(Box::new(error)))
            }
        }
    }
}

struct Archived {
    segment: Arc<Segment>,
    at: u64,
    ahead: Bytes,
}

impl Read for Archived {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            let end = self.segment.row.bytes.min(self.at + AHEAD);
            self.ahead = self.segment.read(self.at.min(end)..end)?;
            self.at = end;
        }
        self.ahead.as_ref().read(into).inspect(|length| drop(self.ahead.split_to(*length)))
    }
}
