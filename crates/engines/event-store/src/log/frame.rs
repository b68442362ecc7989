//! One write to the log: a header, the ids of the batches in it, and the records, compressed, all under one
//! checksum. A frame is valid or not as a whole, and a batch lies in exactly one frame, so a batch survives
//! a crash whole or not at all.
//!
//! Layout, little-endian: magic `LTF1`, payload length u32, length before compression u32, records u32,
//! batches u32, first sequence u64, written at i64 (microseconds), CRC-32C u32 over everything else;
//! then per batch id [32], first sequence u64, records u32; then the payload (zstd).

use super::batches::{BatchId, StoredBatch};
use bytes::Bytes;
use event::{Micros, Origin, RawRecord};
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) const MAGIC: [u8; 4] = *b"LTF1";
pub(crate) const HEADER: usize = 40;
const CRC_AT: usize = 36;
const BATCH: usize = 44;
/// What a record takes before compression, besides its bytes.
const RECORD: usize = 24;
/// A frame above this is not one of ours; keeps a damaged length from asking for the machine's memory.
pub(crate) const LARGEST: usize = 512 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub payload: usize,
    pub unpacked: usize,
    pub count: u32,
    pub batches: u32,
    pub first_seq: u64,
    pub written_at: Micros,
    crc: u32,
}

impl Header {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut input = Input(bytes);
        (input.take(4)? == MAGIC).then_some(())?;
        let header = Self {
            payload: input.u32()? as usize,
            unpacked: input.u32()? as usize,
            count: input.u32()?,
            batches: input.u32()?,
            first_seq: input.u64()?,
            written_at: input.u64()? as i64,
            crc: input.u32()?,
        };
        let plausible = header.count > 0
            && header.first_seq > 0
            && header.first_seq.checked_add(u64::from(header.count)).is_some()
            && header.unpacked <= LARGEST
            && header.length() <= LARGEST;
        plausible.then_some(header)
    }

    /// Bytes of the whole frame.
    pub(crate) fn length(&self) -> usize {
        HEADER + self.batches as usize * BATCH + self.payload
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.first_seq + u64::from(self.count) - 1
    }
}

/// The valid frame at the start of `bytes`, if there is one.
pub(crate) fn check(bytes: &[u8]) -> Option<Header> {
    let (head, body) = bytes.split_at_checked(HEADER)?;
    fits(head, body)
}

fn fits(head: &[u8], body: &[u8]) -> Option<Header> {
    let header = Header::parse(head)?;
    let body = body.get(..header.length() - HEADER)?;
    let crc = crc32c::crc32c_append(crc32c::crc32c(head.get(..CRC_AT)?), body);
    (crc == header.crc).then_some(header)
}

/// What bytes at the end of a file are that are no valid frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A write that was cut short: it ends before its own length, or nothing but zeros stand where more than its header
    /// should.
    Cut,
    /// A frame that is there in its length and is not what was written, and how many records it had where its header
    /// tells.
    Damaged { count: Option<u32> },
}

/// Judges bytes that begin with no valid frame and in which none follows.
pub(crate) fn ending(bytes: &[u8]) -> Ending {
    if let Some(header) = one_bit_off(bytes) {
        return Ending::Damaged { count: Some(header.count) };
    }
    match Header::parse(bytes) {
        Some(header) if header.length() > bytes.len() => Ending::Cut,
        Some(header) => {
            let fits = (header.count as usize).saturating_mul(RECORD) <= header.unpacked;
            Ending::Damaged { count: fits.then_some(header.count) }
        }
        None if bytes.iter().skip(HEADER).all(|byte| *byte == 0) => Ending::Cut,
        None => Ending::Damaged { count: None },
    }
}

/// The true header of a frame of which one bit is wrong, in its header: a wrong length must not pass for a write that was
/// cut short, nor a wrong number for the true one.
fn one_bit_off(bytes: &[u8]) -> Option<Header> {
    let (head, body) = bytes.split_at_checked(HEADER)?;
    let mut head = head.to_vec();
    for bit in 0..HEADER * 8 {
        flip(&mut head, bit);
        if let Some(header) = fits(&head, body) {
            return Some(header);
        }
        flip(&mut head, bit);
    }
    None
}

fn flip(bytes: &mut [u8], bit: usize) {
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
}

/// The batches of a valid frame.
pub(crate) fn batches(bytes: &[u8], header: &Header) -> Vec<StoredBatch> {
    let mut input = Input(bytes.get(HEADER..).unwrap_or_default());
    let mut found = Vec::new();
    for _ in 0..header.batches {
        let Some(batch) = (|| {
            Some(StoredBatch {
                id: BatchId(input.take(32)?.try_into().ok()?),
                first_seq: input.u64()?,
                count: input.u32()?,
                at: header.written_at,
            })
        })() else {
            break;
        };
        found.push(batch);
    }
    found
}

/// Packs records into a frame. `records` must not be empty.
pub(crate) fn encode(
    first_seq: u64,
    written_at: Micros,
    records: &[RawRecord],
    batches: &[StoredBatch],
) -> std::io::Result<Vec<u8>> {
    let payload = pack(records);
    let unpacked = payload.len();
    let payload = zstd::bulk::compress(&payload, 1)?;
    let mut frame = Vec::with_capacity(HEADER + batches.len() * BATCH + payload.len());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    frame.extend_from_slice(&(unpacked as u32).to_le_bytes());
    frame.extend_from_slice(&(records.len() as u32).to_le_bytes());
    frame.extend_from_slice(&(batches.len() as u32).to_le_bytes());
    frame.extend_from_slice(&first_seq.to_le_bytes());
    frame.extend_from_slice(&written_at.to_le_bytes());
    let before = crc32c::crc32c(&frame);
    frame.extend_from_slice(&[0; 4]);
    for batch in batches {
        frame.extend_from_slice(&batch.id.0);
        frame.extend_from_slice(&batch.first_seq.to_le_bytes());
        frame.extend_from_slice(&batch.count.to_le_bytes());
    }
    frame.extend_from_slice(&payload);
    let (_, rest) = frame.split_at(HEADER);
    let crc = crc32c::crc32c_append(before, rest).to_le_bytes();
    frame.splice(CRC_AT..HEADER, crc);
    Ok(frame)
}

fn pack(records: &[RawRecord]) -> Vec<u8> {
    let mut numbers: HashMap<&Origin, u32> = HashMap::new();
    let mut origins: Vec<&Origin> = Vec::new();
    let mut last: Option<(&Arc<Origin>, u32)> = None;
    let of_records: Vec<u32> = records
        .iter()
        .map(|record| {
            let number = match last {
                // The usual case, without hashing: the records of a batch share their origin.
                Some((origin, number)) if Arc::ptr_eq(origin, &record.origin) => number,
                _ => *numbers.entry(&record.origin).or_insert_with(|| {
                    origins.push(&record.origin);
                    (origins.len() - 1) as u32
                }),
            };
            last = Some((&record.origin, number));
            number
        })
        .collect();
    // An origin is plain data; serialising it cannot fail, and an empty text reads back as the default.
    let origins: Vec<Vec<u8>> =
        origins.into_iter().map(|origin| serde_json::to_vec(origin).unwrap_or_default()).collect();
    let length = 4
        + origins.iter().map(|text| 4 + text.len()).sum::<usize>()
        + records.iter().map(|record| RECORD + record.bytes.len()).sum::<usize>();
    let mut payload = Vec::with_capacity(length);
    payload.extend_from_slice(&(origins.len() as u32).to_le_bytes());
    for text in origins {
        payload.extend_from_slice(&(text.len() as u32).to_le_bytes());
        payload.extend_from_slice(&text);
    }
    for (record, number) in records.iter().zip(of_records) {
        payload.extend_from_slice(&number.to_le_bytes());
        payload.extend_from_slice(&record.arrival.to_le_bytes());
        payload.extend_from_slice(&record.position.to_le_bytes());
        payload.extend_from_slice(&(record.bytes.len() as u32).to_le_bytes());
        payload.extend_from_slice(&record.bytes);
    }
    payload
}

/// The records of a frame that [`check`] found valid. `None` where the content contradicts the header.
pub(crate) fn decode(frame: &[u8], header: &Header) -> Option<Vec<RawRecord>> {
    let payload = frame.get(header.length() - header.payload..header.length())?;
    let payload = Bytes::from(zstd::bulk::decompress(payload, header.unpacked).ok()?);
    let mut input = Input(&payload);
    let mut origins = Vec::new();
    for _ in 0..input.u32()? {
        let length = input.u32()? as usize;
        origins.push(Arc::new(serde_json::from_slice::<Origin>(input.take(length)?).unwrap_or_default()));
    }
    let mut records = Vec::new();
    for _ in 0..header.count {
        let origin = origins.get(input.u32()? as usize)?.clone();
        let arrival = input.u64()? as i64;
        let position = input.u64()?;
        let length = input.u32()? as usize;
        let bytes = payload.slice_ref(input.take(length)?);
        records.push(RawRecord { bytes, arrival, origin, position });
    }
    Some(records)
}

/// Reads numbers off the front of a slice and never past its end.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Listener;
    use proptest::prelude::*;

    fn records(texts: &[Vec<u8>]) -> Vec<RawRecord> {
        let origin = Arc::new(Origin { listener: Listener::Relp, peer: Some("192.0.2.1".into()), ..Origin::default() });
        let one = |(index, text): (usize, &Vec<u8>)| RawRecord {
            bytes: Bytes::from(text.clone()),
            arrival: -7 + index as i64,
            origin: origin.clone(),
            position: index as u64,
        };
        texts.iter().enumerate().map(one).collect()
    }

    proptest! {
        #[test]
        fn a_frame_reads_back_as_it_was_written(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..20)) {
            let records = records(&texts);
            let batch = StoredBatch { id: BatchId([9; 32]), first_seq: 5, count: 1, at: 77 };
            let frame = encode(5, 77, &records, &[batch]).unwrap();
            let header = check(&frame).unwrap();
            prop_assert_eq!(header.last_seq(), 4 + records.len() as u64);
            prop_assert_eq!(batches(&frame, &header), vec![batch]);
            prop_assert_eq!(decode(&frame, &header).unwrap(), records);
        }

        #[test]
        fn any_changed_byte_is_noticed(at in 0usize..200, change in 1u8..) {
            let mut frame = encode(1, 1, &records(&[b"one".to_vec(), b"two".to_vec()]), &[]).unwrap();
            let at = at % frame.len();
            frame[at] ^= change;
            prop_assert!(check(&frame).is_none());
        }

        #[test]
        fn arbitrary_bytes_are_no_frame_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(check(&bytes).is_none());
            ending(&bytes);
        }

        #[test]
        fn a_frame_that_is_cut_short_is_told_from_one_that_is_damaged(
            cut in 0usize..500, bit in 0usize..4_000, count in 1usize..9,
        ) {
            let texts: Vec<_> = (0..count).map(|number| format!("line {number}").into_bytes()).collect();
            let whole = encode(7, 1, &records(&texts), &[]).unwrap();
            let cut = cut % whole.len();
            prop_assert_eq!(ending(&whole[..cut]), Ending::Cut);
            let mut changed = whole.clone();
            flip(&mut changed, bit % (whole.len() * 8));
            prop_assert_eq!(ending(&changed), Ending::Damaged { count: Some(count as u32) });
            let mut zeros = whole[..cut.min(HEADER / 4)].to_vec();
            zeros.resize(whole.len(), 0);
            prop_assert_eq!(ending(&zeros), Ending::Cut, "its length came before it");
        }
    }
}
