//! Windows event logs (EVTX), chunk by chunk, each record rendered as JSON. A chunk or record that is damaged
//! gives a reason in its place and the rest goes on.

use super::{Item, Items};
use bytes::Bytes;
use evtx::{EvtxParser, ParserSettings};
use std::error::Error;
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) const MAGIC: &[u8] = b"ElfFile\0";

/// Records of one event log.
pub(crate) fn items(reader: impl Read + Seek + Send + 'static) -> Items {
    let settings = Arc::new(ParserSettings::default().num_threads(1).indent(false));
    let parser = match EvtxParser::from_read_seek(reader) {
        Ok(parser) => parser,
        Err(error) => return Box::new(std::iter::once((1, Err(reason(&error))))),
    };
    let mut position = 0;
    Box::new(parser.into_chunks().flat_map(move |chunk| {
        let mut batch: Vec<Item> = Vec::new();
        let mut add = |result: Result<Bytes, String>| {
            position += 1;
            batch.push((position, result));
        };
        match chunk {
            Err(error) => add(Err(reason(&error))),
            Ok(mut chunk) => {
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
