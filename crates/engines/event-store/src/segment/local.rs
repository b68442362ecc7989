//! Reads ranges of a segment's file on the store's own disk. Whole pieces are read, and what is read counts only with the
//! checksum that the manifest names: a changed bit is put right or an error, never a changed answer.

use super::PIECE;
use super::correction::{Change, undo};
use crate::manifest::SegmentRow;
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The bytes of each range, with changes undone. Segments of the first layout have no checksums of pieces and are read as
/// they are.
///
/// # Errors
/// `InvalidData` where the file has something else than was written.
pub(super) fn read_checked(
    row: &SegmentRow,
    path: &Path,
    ranges: &[Range<u64>],
    changes: &[Change],
) -> io::Result<Vec<Bytes>> {
    if row.checksums.is_empty() {
        return read_as_is(path, ranges);
    }
    let file = File::open(path)?;
    let mut regions: Vec<(u64, Bytes)> = Vec::new();
    for region in regions_of(row, ranges)? {
        let mut bytes = read(&file, &region)?;
        check(row, region.start, &mut bytes, changes)?;
        regions.push((region.start, bytes.into()));
    }
    let part = |range: &Range<u64>| {
        let before = regions.partition_point(|(start, _)| *start <= range.start);
        let Some((start, bytes)) = regions.get(before.wrapping_sub(1)).filter(|_| !range.is_empty()) else {
            return Ok(Bytes::new());
        };
        let from = length(&(*start..range.start))?;
        Ok(bytes.slice(from..from + length(range)?))
    };
    ranges.iter().map(part).collect()
}

/// The whole pieces that ranges lie in, in their order, those beside each other as one: no piece is read twice.
fn regions_of(row: &SegmentRow, ranges: &[Range<u64>]) -> io::Result<Vec<Range<u64>>> {
    let mut order: Vec<&Range<u64>> = ranges.iter().filter(|range| !range.is_empty()).collect();
    order.sort_by_key(|range| range.start);
    let mut regions: Vec<Range<u64>> = Vec::new();
    for range in order {
        if range.end > row.bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let pieces = pieces(row, range);
        match regions.last_mut() {
            Some(last) if pieces.start <= last.end => last.end = last.end.max(pieces.end),
            _ => regions.push(pieces),
        }
    }
    Ok(regions)
}

/// The bytes of each range, whatever they are.
fn read_as_is(path: &Path, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
    let file = File::open(path)?;
    ranges.iter().map(|range| Ok(read(&file, range)?.into())).collect()
}

fn read(file: &File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length(range)?];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes)
}

fn length(range: &Range<u64>) -> io::Result<usize> {
    usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)
}

/// A range widened to whole pieces.
fn pieces(row: &SegmentRow, range: &Range<u64>) -> Range<u64> {
    let piece = PIECE as u64;
    range.start / piece * piece..range.end.next_multiple_of(piece).min(row.bytes)
}

fn check(row: &SegmentRow, start: u64, bytes: &mut [u8], changes: &[Change]) -> io::Result<()> {
    let first = usize::try_from(start / PIECE as u64).map_err(io::Error::other)?;
    for (number, piece) in bytes.chunks_mut(PIECE).enumerate() {
        let from = start + (number * PIECE) as u64;
        let is_sound = |piece: &[u8]| row.checksums.get(first + number) == Some(&crc32c::crc32c(piece));
        if is_sound(piece) {
            continue;
        }
        undo(piece, from, changes);
        if !is_sound(piece) {
            let words = format!("bytes {from} to {} are not those that were written", from + piece.len() as u64);
            return Err(io::Error::new(io::ErrorKind::InvalidData, words));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Digest;
    use proptest::prelude::*;

    fn written(content: &[u8]) -> (tempfile::TempDir, std::path::PathBuf, SegmentRow) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some.parquet");
        std::fs::write(&path, content).unwrap();
        let mut digest = Digest::default();
        digest.add(content);
        let checksums = digest.finish().1;
        let row = SegmentRow { bytes: content.len() as u64, checksums, ..SegmentRow::empty(None) };
        (dir, path, row)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn ranges_are_what_was_written_and_a_changed_bit_is_an_error(
            size in 1usize..300_000,
            places in proptest::collection::vec((0usize..300_000, 0usize..150_000), 1..12),
            flip in 0usize..300_000,
        ) {
            let content: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
            let (_dir, path, row) = written(&content);
            let ranges: Vec<_> = places.iter().map(|(from, length)| {
                let from = from % size;
                from as u64..(from + length).min(size) as u64
            }).collect();
            let read = read_checked(&row, &path, &ranges, &[]).unwrap();
            for (range, bytes) in ranges.iter().zip(&read) {
                prop_assert_eq!(&bytes[..], &content[range.start as usize..range.end as usize]);
            }
            let flip = flip % size;
            let mut changed = content;
            changed[flip] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            let touched = ranges.iter().any(|range| !range.is_empty() && pieces(&row, range).contains(&(flip as u64)));
            prop_assert_eq!(read_checked(&row, &path, &ranges, &[]).is_err(), touched);
            let change = Change { at: flip as u64, bits: 1 };
            prop_assert_eq!(read_checked(&row, &path, &ranges, &[change]).unwrap(), read);
            prop_assert_eq!(read_checked(&row, &path, &ranges, &[Change { bits: 3, ..change }]).is_err(), touched);
        }
    }

    #[test]
    fn beyond_the_end_is_an_error() {
        let (_dir, path, row) = written(b"short");
        assert_eq!(
            read_checked(&row, &path, std::slice::from_ref(&(0..6)), &[]).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert_eq!(read_checked(&row, &path, &[5..5, 1..3], &[]).unwrap(), [&b""[..], &b"ho"[..]]);
    }
}
