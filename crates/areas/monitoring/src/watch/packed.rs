//! Logs that rotation packed with gzip: what was read before they were packed is not read again.

use super::marks::{Known, known};
use event_store::Store;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Bytes of a first line that are looked at, as for files that are followed.
const FIRST_LINE: usize = 16 << 10;
/// Bytes before a place by which it is known.
const TAIL: usize = 1_024;

/// Up to where a packed file of lines was read before it was packed.
pub(super) fn read_before(store: &Store, path: &Path) -> io::Result<Option<Known>> {
    let mut head = [0; 2];
    let mut file = ingest::files::open(path)?;
    let begins = file.read(&mut head)?;
    if begins < head.len() || head != [0x1f, 0x8b] {
        return Ok(None);
    }
    io::Seek::rewind(&mut file)?;
    let mut text = MultiGzDecoder::new(BufReader::new(file));
    let mut window = Vec::new();
    // What is broken is told when it is read as a whole.
    if text.by_ref().take(FIRST_LINE as u64).read_to_end(&mut window).is_err() {
        return Ok(None);
    }
    let line = window.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut places = known(store, line).map_err(io::Error::other)?;
    // The nearest first, since the text comes once.
    places.reverse();
    let (mut at, mut found) = (window.len() as u64, None);
    let mut part = vec![0; 64 << 10];
    for one in places.into_iter().filter(|one| one.place.bytes > 0) {
        while at < one.place.bytes {
            let wanted = usize::try_from(one.place.bytes - at).unwrap_or(usize::MAX).min(part.len());
            let Some(room) = part.get_mut(..wanted) else { break };
            let read = match text.read(room) {
                Ok(0) | Err(_) => return Ok(found),
                Ok(read) => read,
            };
            at += read as u64;
            window.extend_from_slice(part.get(..read).unwrap_or_default());
            // As much stays as places within the first line need.
            let late = window.len().saturating_sub(FIRST_LINE.max(TAIL));
            window.drain(..late);
        }
        // The window ends where the text was read to, which may be behind the place.
        let behind = usize::try_from(at - one.place.bytes).unwrap_or(usize::MAX);
        let end = window.len().saturating_sub(behind);
        if one.is_at(window.get(..end).unwrap_or_default()) {
            found = Some(one);
        }
    }
    Ok(found)
}
