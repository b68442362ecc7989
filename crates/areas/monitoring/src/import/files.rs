//! Files read on a blocking thread, handed over in chunks of bounded size.

use bytes::Bytes;
use ingest::files::{FileRecord, FileRecords, Limits, Place};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Records and bytes of one chunk, which becomes one batch of the log.
const CHUNK_RECORDS: usize = 2_000;
const CHUNK_BYTES: usize = 4 << 20;
/// Chunks that may wait to be stored.
const WAITING: usize = 3;

/// One record of a file.
pub(crate) struct Piece {
    pub(crate) file: Arc<str>,
    pub(crate) position: u64,
    pub(crate) header: Option<Arc<str>>,
    pub(crate) result: Result<Bytes, String>,
}

#[derive(Default)]
pub(crate) struct Chunk {
    pub(crate) pieces: Vec<Piece>,
    bytes: usize,
}

/// SHA-256 of a file in hexadecimal.
pub(crate) fn hash(path: &Path) -> io::Result<String> {
    let mut file = ingest::files::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
    Ok(text_of(hasher))
}

/// A hash in hexadecimal.
pub(crate) fn text_of(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is kept in the place of a record that could not be read, so that search finds it.
pub(crate) fn unread(file: &str, position: u64, reason: &str) -> Bytes {
    format!("[luytre] record {position} of {file} could not be read: {reason}").into()
}

/// Reads all records of a file, or those behind a place. The chunks end with the file; the handle tells whether reading ended well.
pub(crate) fn read(path: PathBuf, limits: Limits, from: Option<Place>) -> (mpsc::Receiver<Chunk>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let handle = tokio::task::spawn_blocking(move || {
        let mut chunk = Chunk::default();
        let records = FileRecords::new(&path, limits).behind(from.unwrap_or_default());
        for FileRecord { file, position, header, result } in records {
            chunk.bytes += result.as_ref().map_or(200, Bytes::len);
            chunk.pieces.push(Piece { file, position, header, result });
            if chunk.pieces.len() >= CHUNK_RECORDS || chunk.bytes >= CHUNK_BYTES {
                // Nobody takes them any more: the import has ended with an error of its own.
                if sender.blocking_send(std::mem::take(&mut chunk)).is_err() {
                    return;
                }
            }
        }
        if !chunk.pieces.is_empty() {
            let _ = sender.blocking_send(chunk);
        }
    });
    (receiver, handle)
}
