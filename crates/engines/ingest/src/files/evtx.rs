//! Windows event logs (EVTX), chunk by chunk, each record rendered as JSON. A chunk or record that is damaged
//! gives a reason in its place and the rest goes on.

use super::{Item, Items};
use bytes::Bytes;
use evtx::{EvtxParser, ParserSettings};
use std::error::Error;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) const MAGIC: &[u8] = b"ElfFile\0";
/// Bytes of the header of a file, and of each block after it.
const HEADER: u64 = 4 << 10;
const BLOCK: u64 = 64 << 10;

/// Records of one event log.
pub(crate) fn items(mut reader: impl Read + Seek + Send + 'static) -> Items {
    let length = match reader.seek(SeekFrom::End(0)) {
        Ok(length) => length,
        Err(error) => return Box::new(std::iter::once((1, Err(reason(&error))))),
    };
    let reader = Filled { reader, length, whole: whole(length), at: 0, reader_at: length };
    let cut = reader.whole - length;
    let settings = Arc::new(ParserSettings::default().num_threads(1).indent(false));
    let parser = match EvtxParser::from_read_seek(reader) {
        Ok(parser) => parser,
        Err(error) => return Box::new(std::iter::once((1, Err(reason(&error))))),
    };
    let mut position = 0;
    let chunks = parser.into_chunks().map(Some).chain((cut > 0).then_some(None));
    Box::new(chunks.flat_map(move |chunk| {
        let mut batch: Vec<Item> = Vec::new();
        let mut add = |result: Result<Bytes, String>| {
            position += 1;
            batch.push((position, result));
        };
        match chunk {
            None => add(Err(format!("the file was cut: {cut} bytes of its last block are missing"))),
            Some(Err(error)) => add(Err(reason(&error))),
            Some(Ok(mut chunk)) => {
                // The decoder is another's; a panic in it must cost one chunk, not the import.
                let records = catch_unwind(AssertUnwindSafe(|| match chunk.parse(settings.clone()) {
                    Err(error) => vec![Err(reason(&error))],
                    Ok(mut chunk) => chunk
                        .iter()
                        .map(|record| {
                            record
                                .and_then(|record| record.into_json_bytes())
                                .map(|record| Bytes::from(record.data))
                                .map_err(|error| reason(&error))
                        })
                        .collect(),
                }));
                match records {
                    Ok(records) => records.into_iter().for_each(add),
                    Err(_) => add(Err("the chunk is damaged beyond what the decoder can read".to_owned())),
                }
            }
        }
        batch
    }))
}

/// Length of a file whose last block is whole.
fn whole(length: u64) -> u64 {
    match length.checked_sub(HEADER) {
        Some(blocks) => HEADER + blocks.next_multiple_of(BLOCK),
        None => length,
    }
}

/// A file that was cut within a block, with zeros up to the end of the block, so that its first records are read.
struct Filled<R> {
    reader: R,
    length: u64,
    whole: u64,
    at: u64,
    /// Where the reader beneath stands; moving it costs its buffer.
    reader_at: u64,
}

impl<R: Read + Seek> Read for Filled<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if self.at < self.length {
            if self.reader_at != self.at {
                self.reader_at = self.reader.seek(SeekFrom::Start(self.at))?;
            }
            let read = self.reader.read(buffer)?;
            self.reader_at += read as u64;
            read
        } else {
            let zeros = usize::try_from(self.whole.saturating_sub(self.at)).unwrap_or(usize::MAX).min(buffer.len());
            buffer.iter_mut().take(zeros).for_each(|byte| *byte = 0);
            zeros
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl<R> Seek for Filled<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.whole.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// The error with its causes, in one line.
fn reason(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text.replace('\n', " ")
}
