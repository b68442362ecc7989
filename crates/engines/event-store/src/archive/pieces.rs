//! Reads segments of the archive by pieces: from what is kept here, or fetched, neighbours together. A piece counts only
//! with the checksum that the manifest names.

use super::{Archive, STEP};
use crate::manifest::SegmentRow;
use crate::segment::{Change, PIECE, corrected};
use bytes::{Bytes, BytesMut};
use std::collections::HashMap;
use std::io;
use std::ops::Range;

/// Pieces between two that are wanted which are fetched along: less trouble than another request.
const BRIDGE: u64 = 2;

impl Archive {
    /// Ranges of a segment: from what is kept here where that has the checksum of the manifest, otherwise fetched, and with
    /// changes undone.
    ///
    /// # Errors
    /// `InvalidData` where the archive has something else than was put there, `NotFound` where it has nothing,
    /// `NotConnected` where it does not answer.
    pub(crate) fn read(&self, row: &SegmentRow, ranges: &[Range<u64>], changes: &[Change]) -> io::Result<Vec<Bytes>> {
        let piece = PIECE as u64;
        let mut pieces: HashMap<u64, Bytes> = HashMap::new();
        let mut missing: Vec<u64> = Vec::new();
        let mut wanted: Vec<u64> =
            ranges.iter().flat_map(|range| range.start / piece..range.end.div_ceil(piece)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        for number in wanted {
            let place = place(row, number);
            let kept = self.cache.read(&row.path, place.start, length(&place));
            match kept.filter(|bytes| is_sound(row, number, bytes)) {
                Some(bytes) => drop(pieces.insert(number, bytes.into())),
                None => missing.push(number),
            }
        }
        for run in runs(&missing) {
            let from = place(row, run.start).start;
            let bytes = self.fetch(row, from..place(row, run.end - 1).end)?;
            for number in run {
                let place = place(row, number);
                let start = length(&(from..place.start));
                let mut piece = bytes.slice(start..start + length(&place));
                if !changes.is_empty() && !is_sound(row, number, &piece) {
                    piece = corrected(&piece, place.start, changes);
                }
                if !is_sound(row, number, &piece) {
                    let words = format!("bytes {} to {} are not those that were archived", place.start, place.end);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, words));
                }
                self.cache.keep(&row.path, place.start, &piece);
                pieces.insert(number, piece);
            }
        }
        ranges.iter().map(|range| cut(&pieces, range)).collect()
    }
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)
}

fn place(row: &SegmentRow, piece: u64) -> Range<u64> {
    piece * PIECE as u64..((piece + 1) * PIECE as u64).min(row.bytes)
}

fn is_sound(row: &SegmentRow, piece: u64, bytes: &[u8]) -> bool {
    let expected = usize::try_from(piece).ok().and_then(|piece| row.checksums.get(piece));
    expected == Some(&crc32c::crc32c(bytes))
}

/// Pieces to be fetched together.
fn runs(missing: &[u64]) -> Vec<Range<u64>> {
    let most = STEP / PIECE as u64;
    let mut runs: Vec<Range<u64>> = Vec::new();
    for piece in missing {
        match runs.last_mut() {
            Some(run) if *piece <= run.end + BRIDGE && *piece - run.start < most => run.end = piece + 1,
            _ => runs.push(*piece..piece + 1),
        }
    }
    runs
}

fn cut(pieces: &HashMap<u64, Bytes>, range: &Range<u64>) -> io::Result<Bytes> {
    let piece = PIECE as u64;
    let mut out = BytesMut::new();
    for number in range.start / piece..range.end.div_ceil(piece) {
        let beyond = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let bytes = pieces.get(&number).ok_or_else(beyond)?;
        let from = length(&(number * piece..range.start)).min(bytes.len());
        let to = length(&(number * piece..range.end)).min(bytes.len());
        if range.start / piece == range.end.saturating_sub(1) / piece {
            return Ok(bytes.slice(from..to));
        }
        out.extend_from_slice(bytes.get(from..to).unwrap_or_default());
    }
    match out.len() == length(range) {
        true => Ok(out.freeze()),
        false => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_fetched_together_and_no_more_than_a_step() {
        assert_eq!(runs(&[]), Vec::<Range<u64>>::new());
        assert_eq!(runs(&[0, 1, 4, 9]), vec![0..5, 9..10]);
        let all: Vec<u64> = (0..300).collect();
        assert_eq!(runs(&all), vec![0..128, 128..256, 256..300]);
    }
}
