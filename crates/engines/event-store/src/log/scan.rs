//! Finds the valid frames in the bytes of a log file, also past damage: after a bad frame the search goes on
//! at the next place where a whole valid frame begins.

use super::frame::{self, Header, MAGIC};

/// What stands in front of the frames of each log file.
pub(crate) const FILE_HEADER: [u8; 16] = *b"luytre-log-1\n\0\0\0";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Frame { offset: usize, header: Header },
    Damage { offset: usize, length: usize },
}

pub(crate) fn scan(bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut offset = 0;
    if bytes.starts_with(&FILE_HEADER) {
        offset = FILE_HEADER.len();
    }
    while let Some(rest) = bytes.get(offset..)
        && !rest.is_empty()
    {
        match frame::check(rest) {
            Some(header) => {
                pieces.push(Piece::Frame { offset, header });
                offset += header.length();
            }
            None => {
                let next = next_frame(rest).map_or(bytes.len(), |distance| offset + distance);
                pieces.push(Piece::Damage { offset, length: next - offset });
                offset = next;
            }
        }
    }
    pieces
}

/// Distance to the next valid frame that does not start at 0.
fn next_frame(bytes: &[u8]) -> Option<usize> {
    let mut from = 1;
    loop {
        let distance = bytes.get(from..)?.windows(MAGIC.len()).position(|window| window == MAGIC)? + from;
        if bytes.get(distance..).and_then(frame::check).is_some() {
            return Some(distance);
        }
        from = distance + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use event::{Origin, RawRecord};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn frame(seq: u64) -> Vec<u8> {
        let record = RawRecord {
            bytes: Bytes::from(format!("line {seq}")),
            arrival: 0,
            origin: Arc::new(Origin::default()),
            position: 0,
        };
        frame::encode(seq, 0, &[record], &[]).unwrap()
    }

    #[test]
    fn damage_in_the_middle_costs_only_its_own_frame() {
        let mut file = FILE_HEADER.to_vec();
        let frames = [frame(1), frame(2), frame(3)];
        for one in &frames {
            file.extend_from_slice(one);
        }
        file[FILE_HEADER.len() + frames[0].len() + 50] ^= 1;
        let pieces = scan(&file);
        assert!(matches!(pieces[0], Piece::Frame { header, .. } if header.first_seq == 1), "{pieces:?}");
        assert!(matches!(pieces[1], Piece::Damage { length, .. } if length == frames[1].len()), "{pieces:?}");
        assert!(matches!(pieces[2], Piece::Frame { header, .. } if header.first_seq == 3), "{pieces:?}");
    }

    proptest! {
        #[test]
        fn pieces_cover_the_whole_file(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..300) {
            let mut file = bytes.clone();
            let at = at.min(file.len());
            file.splice(at..at, frame(7));
            let mut expected = 0;
            let mut frames = 0;
            for piece in scan(&file) {
                let (offset, length) = match piece {
                    Piece::Frame { offset, header } => { frames += 1; (offset, header.length()) }
                    Piece::Damage { offset, length } => (offset, length),
                };
                prop_assert_eq!(offset, expected);
                expected += length;
            }
            prop_assert_eq!(expected, file.len());
            prop_assert_eq!(frames, 1);
        }
    }
}
