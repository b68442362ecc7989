//! The log against a disk that may stop or fail at any operation: whatever was acknowledged is there, once,
//! under its number, and a batch is there whole or not at all.

use super::batches::{BatchId, StoredBatch};
use super::frame;
use super::scan::{Piece, scan};
use super::{Log, recover};
use crate::StoreError;
use crate::files::FileLayer;
use crate::files::simulated::{Choices, Disk, Fault};
use bytes::Bytes;
use event::{Origin, RawRecord};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const DIR: &str = "/log";
const ASIDE: &str = "/damaged";

fn record(text: &str) -> RawRecord {
    RawRecord { bytes: Bytes::from(text.to_owned()), arrival: 1, origin: Arc::new(Origin::default()), position: 0 }
}

/// What the test knows: number and text of every acknowledged record, and how far the log was released.
#[derive(Default)]
struct Expected {
    acknowledged: BTreeMap<u64, String>,
    batches: Vec<StoredBatch>,
    released: u64,
    /// Of batches whose answer was an error: they may be there whole, or not.
    doubtful: Vec<Vec<String>>,
    counter: u32,
}

fn open(disk: &Disk, expected: &Expected) -> Log {
    let found = recover(disk, Path::new(DIR), Path::new(ASIDE)).unwrap();
    for damage in found.damage.iter().filter(|damage| !damage.torn) {
        // A frame that was never acknowledged may have got its length before its content.
        let (first, last) = damage.records.unwrap_or_else(|| panic!("nobody knows what was lost: {damage:?}"));
        let acknowledged = expected.acknowledged.range(first..=last).next();
        assert_eq!(acknowledged, None, "a crash took what was acknowledged: {damage:?}");
    }
    let last = found.given.max(expected.released);
    Log::new(Arc::new(disk.clone()), Path::new(DIR), 300, found.files, last + 1)
}

fn contents(disk: &Disk) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    for name in disk.list(Path::new(DIR)).unwrap() {
        let bytes = disk.read(&Path::new(DIR).join(name)).unwrap();
        for piece in scan(&bytes) {
            if let Piece::Frame { offset, header } = piece {
                let records = frame::decode(&bytes[offset..], &header).unwrap();
                let texts = records.into_iter().map(|record| String::from_utf8(record.bytes.to_vec()).unwrap());
                all.extend((header.first_seq..).zip(texts));
            }
        }
    }
    all
}

fn check(disk: &Disk, expected: &Expected) {
    let all = contents(disk);
    let mut numbers: Vec<u64> = all.iter().map(|(seq, _)| *seq).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), all.len(), "a number is there twice");
    let by_number: BTreeMap<u64, String> = all.iter().cloned().collect();
    for (seq, text) in expected.acknowledged.range(expected.released + 1..) {
        assert_eq!(by_number.get(seq), Some(text), "acknowledged record {seq}");
    }
    let mut texts: Vec<&String> = all.iter().map(|(_, text)| text).collect();
    texts.sort();
    let before = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), before, "a record is there twice");
    for batch in &expected.doubtful {
        let there = batch.iter().filter(|text| texts.binary_search(text).is_ok()).count();
        assert!(there == 0 || there == batch.len(), "half a batch: {batch:?}");
    }
}

/// Writes until `steps` are done or the disk stops; says whether it stopped or the log was poisoned.
fn work(log: &mut Log, disk: &Disk, expected: &mut Expected, choices: &mut Choices, steps: usize) {
    for _ in 0..steps {
        if choices.below(6) == 0 {
            let seq = log.next_seq().saturating_sub(1 + choices.below(4) as u64);
            let gone = log.release(seq);
            if let Some(last) = gone.iter().map(|file| file.last_seq).max() {
                expected.released = expected.released.max(last);
            }
            for file in gone {
                let _ = disk.remove(&file.path);
            }
            continue;
        }
        let texts: Vec<String> = (0..1 + choices.below(3))
            .map(|_| {
                expected.counter += 1;
                format!("record {} {}", expected.counter, "x".repeat(choices.below(120)))
            })
            .collect();
        let records: Vec<RawRecord> = texts.iter().map(|text| record(text)).collect();
        let mut id = [0; 32];
        id[..4].copy_from_slice(&expected.counter.to_le_bytes());
        let batch = StoredBatch { id: BatchId(id), first_seq: log.next_seq(), count: records.len() as u32, at: 7 };
        match log.commit(&records, &[batch], 7) {
            Ok(first_seq) => {
                expected.acknowledged.extend((first_seq..).zip(texts));
                expected.batches.push(batch);
            }
            Err(StoreError::DiskFull) => {
                // Undone: it must not be there, now or later.
                let there = contents(disk).iter().any(|(_, text)| texts.contains(text));
                assert!(!there, "a refused batch is in the log");
            }
            Err(StoreError::Poisoned { .. }) => {
                expected.doubtful.push(texts);
                let again = log.commit(&[record("late")], &[], 8);
                assert!(matches!(again, Err(StoreError::Poisoned { .. })), "a poisoned log went on: {again:?}");
                return;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

fn run(seed: u64, fault: Fault) {
    let mut choices = Choices(seed);
    let mut expected = Expected::default();
    let mut disk = Disk::default();
    for _ in 0..3 {
        let mut log = open(&disk, &expected);
        disk.plan(choices.below(40), fault);
        let steps = 1 + choices.below(15);
        work(&mut log, &disk, &mut expected, &mut choices, steps);
        disk = disk.crash(&mut choices);
        // A crash during recovery is followed by another recovery.
        disk.plan(choices.below(4), Fault::PowerCut);
        let _ = recover(&disk, Path::new(DIR), Path::new(ASIDE));
        disk = disk.crash(&mut choices);
        let found = recover(&disk, Path::new(DIR), Path::new(ASIDE)).unwrap();
        check(&disk, &expected);
        for batch in expected.batches.iter().filter(|batch| batch.first_seq > expected.released) {
            assert!(found.batches.contains(batch), "a batch id was forgotten");
        }
        assert!(found.last_seq >= expected.acknowledged.keys().last().copied().unwrap_or(0).min(found.last_seq));
    }
}

/// Random lives per fault; `make soak` asks for more.
fn lives() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(3000))
}

proptest! {
    #![proptest_config(lives())]

    #[test]
    fn a_power_cut_at_any_operation_loses_nothing_acknowledged(seed in any::<u64>()) {
        run(seed, Fault::PowerCut);
    }

    #[test]
    fn a_failed_sync_stops_the_log_and_loses_nothing_acknowledged(seed in any::<u64>()) {
        run(seed, Fault::BadSync);
    }

    #[test]
    fn a_full_disk_is_undone_and_said(seed in any::<u64>()) {
        run(seed, Fault::NoSpace);
    }

    #[test]
    fn a_failed_write_stops_the_log_and_loses_nothing_acknowledged(seed in any::<u64>()) {
        run(seed, Fault::BadWrite);
    }
}

#[test]
fn after_a_full_disk_the_log_goes_on() {
    let disk = Disk::default();
    let mut log = open(&disk, &Expected::default());
    assert_eq!(log.commit(&[record("one")], &[], 1).unwrap(), 1);
    disk.plan(0, Fault::NoSpace);
    assert!(matches!(log.commit(&[record("two")], &[], 1), Err(StoreError::DiskFull)));
    assert_eq!(log.commit(&[record("three")], &[], 1).unwrap(), 2);
    assert_eq!(contents(&disk), vec![(1, "one".to_owned()), (2, "three".to_owned())]);
    assert!(disk.operations() > 0);
}

#[test]
fn a_flipped_bit_in_the_middle_is_named_and_costs_one_frame() {
    let disk = Disk::default();
    let mut log = open(&disk, &Expected::default());
    for number in 0..3 {
        log.commit(&[record(&format!("record {number}"))], &[], 1).unwrap();
    }
    let path = log.list()[0].path.clone();
    let mut bytes = disk.read(&path).unwrap();
    let length = bytes.len();
    bytes[length / 2] ^= 4;
    disk.open(&path).unwrap().truncate(0).unwrap();
    disk.open(&path).unwrap().append(&bytes).unwrap();
    let found = recover(&disk, Path::new(DIR), Path::new(ASIDE)).unwrap();
    assert_eq!(found.damage.len(), 1);
    assert!(!found.damage[0].torn && !found.damage[0].last);
    assert_eq!(found.damage[0].records, Some((2, 2)));
    assert_eq!(contents(&disk).len(), 2);
}

/// Puts other bytes into the only file of the log.
fn change(disk: &Disk, log: &Log, change: impl FnOnce(&mut Vec<u8>)) {
    let path = log.list()[0].path.clone();
    let mut bytes = disk.read(&path).unwrap();
    change(&mut bytes);
    disk.open(&path).unwrap().truncate(0).unwrap();
    disk.open(&path).unwrap().append(&bytes).unwrap();
}

/// One frame with record 1, one with records 2 to 4; gives the place of the second, too.
fn two_frames(disk: &Disk) -> (Log, usize) {
    let mut log = open(disk, &Expected::default());
    log.commit(&[record("one")], &[], 1).unwrap();
    let place = log.list()[0].bytes as usize;
    log.commit(&[record("two"), record("three"), record("four")], &[], 1).unwrap();
    (log, place)
}

#[test]
fn a_flipped_bit_in_the_last_frame_is_damage_and_its_numbers_are_not_given_again() {
    let length = {
        let disk = Disk::default();
        let (log, place) = two_frames(&disk);
        log.list()[0].bytes as usize - place
    };
    for bit in 0..length * 8 {
        let disk = Disk::default();
        let (log, place) = two_frames(&disk);
        change(&disk, &log, |bytes| bytes[place + bit / 8] ^= 1 << (bit % 8));
        let found = recover(&disk, Path::new(DIR), Path::new(ASIDE)).unwrap();
        assert_eq!(found.damage.len(), 1, "bit {bit}");
        let damage = &found.damage[0];
        assert!(!damage.torn && damage.last && damage.reason().contains("the last frame"), "bit {bit}: {damage:?}");
        assert_eq!((damage.records, found.last_seq, found.given), (Some((2, 4)), 1, 4), "bit {bit}");
        assert_eq!(disk.list(Path::new(ASIDE)).unwrap().len(), 1, "bit {bit}: its bytes are kept");
        // It stays where it is, and the next start says the same.
        let mut log = Log::new(Arc::new(disk.clone()), Path::new(DIR), 300, found.files, found.given + 1);
        assert_eq!(log.commit(&[record("five")], &[], 1).unwrap(), 5);
        assert_eq!(contents(&disk), vec![(1, "one".to_owned()), (5, "five".to_owned())], "bit {bit}");
        let again = recover(&disk, Path::new(DIR), Path::new(ASIDE)).unwrap();
        assert_eq!((again.damage[0].records, again.given), (Some((2, 4)), 5), "bit {bit}");
    }
}

#[test]
fn only_a_frame_that_ends_before_its_length_is_torn() {
    let length = {
        let disk = Disk::default();
        let (log, place) = two_frames(&disk);
        log.list()[0].bytes as usize - place
    };
    for left in 1..length {
        let disk = Disk::default();
        let (log, place) = two_frames(&disk);
        change(&disk, &log, |bytes| bytes.truncate(place + left));
        let found = recover(&disk, Path::new(DIR), Path::new(ASIDE)).unwrap();
        assert!(found.damage.len() == 1 && found.damage[0].torn, "{left} bytes: {:?}", found.damage);
        assert_eq!((found.last_seq, found.given), (1, 1), "{left} bytes: it was never acknowledged");
        assert_eq!(recover(&disk, Path::new(DIR), Path::new(ASIDE)).unwrap().damage, [], "{left} bytes: cut off");
    }
}
