//! The manifest lost, emptied or put back to an earlier time, files that it does not know, a log that lost its end: no
//! command takes an event away, the store says what to do, and a repair brings everything back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::Event;
use luytre_event_store::{
    Hold, LedgerKey, Options, Repaired, Report, RetentionPlan, Store, StoreError, repair, verify,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::{MIDNIGHT, fill, number, open, options, record};

const COUNTS: &str = "SELECT count(*) * 1000000 + count(DISTINCT seq) FROM events";
const DAY: i64 = 86_400_000_000;

fn signing() -> Options {
    let ledger_key = Some(LedgerKey::from_seed(&[7; 32]));
    Options { ledger_key, clock: Arc::new(|| MIDNIGHT), log_file_bytes: 1, compact_files: 2, ..options() }
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// Every file with its content.
fn whole(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files_below(dir).into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

fn looked(dir: &Path) -> Report {
    let scratch = tempfile::tempdir().unwrap();
    let before = whole(dir);
    let report = verify(dir, scratch.path(), &signing()).unwrap();
    assert!(whole(dir) == before, "verifying changed something");
    report
}

async fn append(store: &Store, count: u64) -> u64 {
    let records = (0..count).map(|number| record(&format!("record {number}"))).collect();
    store.append(records, None).await.unwrap().first_seq
}

/// Reads the log as the pipeline does, with events on three days.
async fn follow(store: &Store) {
    let mut reader = store.read_log(store.next_needed());
    loop {
        let records = reader.next_stored(1000).await.unwrap();
        let Some((last, _)) = records.last() else { return };
        let last = *last;
        let events = records.into_iter().map(|(seq, record)| Event {
            seq,
            time: MIDNIGHT + (seq as i64 % 3) * DAY,
            arrival: record.arrival,
            format: "test@1".into(),
            raw: record.bytes,
            origin: record.origin,
            ..Event::default()
        });
        store.insert(events.collect()).await.unwrap();
        store.set_evaluated(last);
    }
}

/// 20 more records, sealed: the log gives up what came before.
async fn more(store: &Store) {
    append(store, 20).await;
    follow(store).await;
    store.seal().await.unwrap();
}

fn manifest_files(dir: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm"].map(|end| dir.join(format!("manifest.sqlite{end}"))).to_vec()
}

fn drop_manifest(dir: &Path) {
    for file in manifest_files(dir) {
        let _ = std::fs::remove_file(file);
    }
}

/// Keeps the manifest of a closed store, for later.
fn manifest_of(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join("manifest.sqlite")).unwrap()
}

async fn closed(store: Store) {
    store.close().await;
    drop(store);
}

fn refused(dir: &Path) -> String {
    let before = whole(&dir.join("segments"));
    let error = match Store::open(dir, signing()) {
        Err(StoreError::Manifest(words)) => words,
        other => panic!("{:?}", other.map(|_| ())),
    };
    assert!(error.contains("luytre store repair"), "{error}");
    assert!(whole(&dir.join("segments")) == before, "a refused start changed something");
    error
}

async fn counts(dir: &Path) -> i64 {
    let store = Store::open(dir, signing()).unwrap();
    follow(&store).await;
    let counts = number(&store, COUNTS).await;
    let report = store.verify().await.unwrap();
    assert!(report.ok(), "{:?}", report.problems);
    closed(store).await;
    counts
}

fn repaired(dir: &Path) -> Repaired {
    let done = repair(dir, &signing()).unwrap();
    assert!(done.manifest_rebuilt && done.segments.is_empty(), "{done:?}");
    done
}

#[tokio::test]
async fn without_its_manifest_a_store_is_not_opened_and_loses_nothing() {
    type Lose = fn(&Path);
    let cases: [(&str, Lose); 4] = [
        ("missing", drop_manifest),
        ("empty", |dir| {
            drop_manifest(dir);
            std::fs::write(dir.join("manifest.sqlite"), "").unwrap();
        }),
        ("without tables", |dir| {
            drop_manifest(dir);
            let new = rusqlite::Connection::open(dir.join("manifest.sqlite")).unwrap();
            new.pragma_update(None, "journal_mode", "WAL").unwrap();
        }),
        ("missing, and its log is left", |dir| {
            drop_manifest(dir);
            std::fs::write(dir.join("manifest.sqlite-wal"), [0; 100]).unwrap();
        }),
    ];
    for (name, lose) in cases {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), signing()).unwrap();
        for _ in 0..3 {
            more(&store).await;
        }
        store.sign_ledger().await.unwrap();
        more(&store).await;
        append(&store, 5).await;
        closed(store).await;
        lose(dir.path());
        let report = looked(dir.path());
        assert!(report.problems.len() == 1 && report.problems[0].part == "manifest", "{name}: {report:?}");
        for _ in 0..2 {
            assert!(refused(dir.path()).contains("missing or empty"), "{name}");
        }
        repaired(dir.path());
        assert_eq!(counts(dir.path()).await, 85_000_085, "{name}");
        assert!(looked(dir.path()).ok(), "{name}");
        let done = repair(dir.path(), &signing()).unwrap();
        assert_eq!(done, Repaired::default(), "{name}: once is enough");
    }
}

#[tokio::test]
async fn a_manifest_of_an_earlier_time_is_not_believed() {
    // Whether the ledger knows better, or only the segments do.
    for signs in [true, false] {
        // Whether what came later was merged.
        for merges in [true, false] {
            let what = format!("signed {signs}, merged {merges}");
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(dir.path(), signing()).unwrap();
            more(&store).await;
            let hold = Hold { id: "SC-1".into(), reason: "evidence".into(), ..Hold::default() };
            store.hold(hold.clone()).await.unwrap();
            closed(store).await;
            let old = manifest_of(dir.path());
            let store = Store::open(dir.path(), signing()).unwrap();
            more(&store).await;
            more(&store).await;
            if merges {
                assert!(store.compact().await.unwrap().files_after > 0, "{what}");
            }
            if signs {
                store.sign_ledger().await.unwrap();
            }
            append(&store, 5).await;
            closed(store).await;
            drop_manifest(dir.path());
            std::fs::write(dir.path().join("manifest.sqlite"), old).unwrap();
            let report = looked(dir.path());
            assert!(report.problems.iter().any(|one| one.part == "manifest"), "{what}: {report:?}");
            refused(dir.path());
            repaired(dir.path());
            assert_eq!(counts(dir.path()).await, 65_000_065, "{what}");
            let store = Store::open(dir.path(), signing()).unwrap();
            assert_eq!(store.holds().unwrap(), [hold], "{what}: what it knew besides stays");
            assert_eq!(append(&store, 1).await, 66, "{what}");
            store.sign_ledger().await.unwrap();
            assert!(store.verify().await.unwrap().ok(), "{what}");
        }
    }
}

#[tokio::test]
async fn what_was_let_go_or_merged_before_a_kill_does_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let late = || Options { clock: Arc::new(|| MIDNIGHT + 40 * DAY), ..signing() };
    let store = Store::open(dir.path(), late()).unwrap();
    more(&store).await;
    more(&store).await;
    let before = whole(&dir.path().join("segments"));
    assert!(store.compact().await.unwrap().files_after > 0);
    let merged = whole(&dir.path().join("segments"));
    assert_eq!(store.enforce_retention(&RetentionPlan::days(30)).await.unwrap().events, 40);
    closed(store).await;
    // As if the files had not gone yet; once with the changes in the manifest, once in the ledger.
    for signs in [false, true] {
        if signs {
            let store = Store::open(dir.path(), late()).unwrap();
            store.sign_ledger().await.unwrap();
            closed(store).await;
        }
        for (file, bytes) in before.iter().chain(&merged) {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        assert!(looked(dir.path()).ok(), "nothing that matters is wrong");
        let store = Store::open(dir.path(), late()).unwrap();
        assert_eq!(number(&store, "SELECT count(*) FROM events").await, 0);
        assert_eq!(files_below(&dir.path().join("segments")), Vec::<PathBuf>::new());
        assert!(store.verify().await.unwrap().ok());
        closed(store).await;
    }
    assert_eq!(files_below(&dir.path().join("damaged")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_file_that_nothing_explains_is_set_aside_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    {
        // Its numbers are among those that the first store sealed, and their events are gone there.
        let store = open(other.path());
        fill(&store, 1..=10).await;
        store.seal().await.unwrap();
        let store = open(dir.path());
        fill(&store, 11..=30).await;
        store.seal().await.unwrap();
    }
    let stray = files_below(&other.path().join("segments")).remove(0);
    let day = dir.path().join("segments/2026-11-21");
    let name = stray.file_name().unwrap();
    std::fs::copy(&stray, day.join(name)).unwrap();
    std::fs::write(day.join("000000000012-000000000013-0.parquet"), "no segment").unwrap();
    let named = |report: &Report| {
        let unclaimed = report.problems.iter().filter(|one| one.part == "segment" && one.reason.contains("not know"));
        assert_eq!((unclaimed.count(), report.problems.len()), (2, 2), "{report:?}");
    };
    named(&looked(dir.path()));
    {
        let store = open(dir.path());
        assert_eq!(number(&store, COUNTS).await, 20_000_020);
        named(&store.verify().await.unwrap());
    }
    assert_eq!(files_below(&day).len(), 1);
    let aside = whole(&dir.path().join("damaged"));
    assert!(aside.len() == 2 && aside.values().any(|bytes| *bytes == std::fs::read(&stray).unwrap()));
    named(&looked(dir.path()));
    // A repair has heard of it; what comes later under the same name does not take its place.
    repair(dir.path(), &options()).unwrap();
    let report = looked(dir.path());
    assert!(report.ok() && report.losses.len() == 2, "{report:?}");
    std::fs::copy(&stray, day.join(name)).unwrap();
    let done = repair(dir.path(), &options()).unwrap();
    assert!(!done.manifest_rebuilt && done.unclaimed.len() == 1, "{done:?}");
    assert_eq!(files_below(&dir.path().join("damaged")).len(), 3);
}

#[tokio::test]
async fn verifying_leaves_a_torn_end_and_unfinished_work_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    assert!(looked(dir.path()).ok(), "a folder without a store is sound");
    let store = open(dir.path());
    append(&store, 20).await;
    follow(&store).await;
    append(&store, 20).await;
    closed(store).await;
    let log = files_below(&dir.path().join("log")).remove(0);
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 3]).unwrap();
    std::fs::write(dir.path().join("unfinished/0.parquet"), "half").unwrap();
    let report = looked(dir.path());
    assert!(report.ok() && report.torn_ends == 1, "{report:?}");
    let scratch = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(matches!(verify(dir.path(), scratch.path(), &options()), Err(StoreError::Locked { .. })));
    assert_eq!((store.last_seq(), append(&store, 1).await), (20, 21), "it was never acknowledged");
    assert_eq!(store.verify().await.unwrap().torn_ends, 1);
}

#[tokio::test]
async fn a_flipped_bit_in_the_last_frame_is_named_and_its_numbers_are_not_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, 100).await;
    append(&store, 200).await;
    follow(&store).await;
    assert_eq!(store.evaluated(), 300);
    // Nothing of it is in the manifest yet, as after a kill.
    closed(store).await;
    let log = files_below(&dir.path().join("log")).remove(0);
    let mut bytes = std::fs::read(&log).unwrap();
    let length = bytes.len();
    bytes[length - 20] ^= 4;
    std::fs::write(&log, bytes).unwrap();
    let named = |report: &Report| {
        let reason = report.problems.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>().join("; ");
        assert!(report.problems.len() == 1 && reason.contains("records 101 to 300"), "{report:?}");
    };
    named(&looked(dir.path()));
    for _ in 0..2 {
        let store = open(dir.path());
        assert_eq!((store.last_seq(), store.last_given()), (100, 300));
        store.note_evaluated(300).unwrap();
        follow(&store).await;
        named(&store.verify().await.unwrap());
        closed(store).await;
    }
    let store = open(dir.path());
    assert_eq!(append(&store, 5).await, 301, "no number is given twice");
    follow(&store).await;
    assert_eq!((number(&store, COUNTS).await, store.evaluated()), (105_000_105, 305));
    closed(store).await;
    let done = repair(dir.path(), &options()).unwrap();
    assert_eq!(done.log_damage, 1, "{done:?}");
    let report = looked(dir.path());
    assert!(report.ok() && report.losses.len() == 1, "{report:?}");
    let kept = files_below(&dir.path().join("damaged"));
    assert!(kept.len() == 1 && kept[0].to_string_lossy().ends_with(".damaged"), "{kept:?}");
    assert_eq!(append(&open(dir.path()), 1).await, 306);
}

#[tokio::test]
async fn numbers_of_a_damaged_frame_are_not_given_again_once_its_file_has_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, 10).await;
    append(&store, 10).await;
    follow(&store).await;
    store.seal().await.unwrap();
    closed(store).await;
    let log = files_below(&dir.path().join("log")).remove(0);
    let bytes = std::fs::read(&log).unwrap();
    let mut changed = bytes.clone();
    changed[bytes.len() - 20] ^= 4;
    std::fs::write(&log, &changed).unwrap();
    let store = open(dir.path());
    assert_eq!((store.sealed(), store.last_given()), (20, 20), "what it had is sealed already");
    assert_eq!(number(&store, COUNTS).await, 20_000_020);
    closed(store).await;
    // Sealed and evaluated, it may have gone by itself.
    let _ = std::fs::remove_file(&log);
    assert_eq!(append(&open(dir.path()), 1).await, 21);
}

#[tokio::test]
async fn a_log_that_ends_before_what_was_evaluated_is_a_loss_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, 20).await;
    follow(&store).await;
    append(&store, 20).await;
    follow(&store).await;
    closed(store).await;
    let log = files_below(&dir.path().join("log")).remove(0);
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 3]).unwrap();
    let store = open(dir.path());
    assert_eq!((store.last_seq(), store.last_given()), (20, 20), "the log alone looks like a write cut short");
    // Detection knows better, and says so at every start.
    for _ in 0..2 {
        store.note_evaluated(40).unwrap();
    }
    let named = |report: &Report| {
        assert!(report.problems.len() == 1 && report.problems[0].file == "21-40", "{report:?}");
    };
    named(&store.verify().await.unwrap());
    assert_eq!((store.last_seq(), store.last_given()), (20, 40), "nobody waits for what is lost");
    closed(store).await;
    named(&looked(dir.path()));
    let store = open(dir.path());
    store.note_evaluated(40).unwrap();
    assert_eq!(append(&store, 1).await, 41);
    follow(&store).await;
    assert_eq!(number(&store, COUNTS).await, 21_000_021);
    closed(store).await;
    repair(dir.path(), &options()).unwrap();
    let report = looked(dir.path());
    assert!(report.ok() && report.losses.len() == 1, "{report:?}");
}

#[tokio::test]
async fn a_log_that_is_gone_is_a_loss_by_what_the_manifest_knows() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, 20).await;
    // Evaluated up to its end and searchable only in part: the rest was in the log alone.
    let mut reader = store.read_log(1);
    let (seq, _) = reader.next(1).await.unwrap().remove(0);
    fill(&store, seq..=seq).await;
    store.set_evaluated(20);
    store.seal().await.unwrap();
    closed(store).await;
    std::fs::remove_file(files_below(&dir.path().join("log")).remove(0)).unwrap();
    let named = |report: &Report| {
        assert!(report.problems.len() == 1 && report.problems[0].file == "2-20", "{report:?}");
    };
    named(&looked(dir.path()));
    for _ in 0..2 {
        let store = open(dir.path());
        named(&store.verify().await.unwrap());
        assert_eq!((store.last_seq(), store.last_given()), (1, 20));
        closed(store).await;
    }
    assert_eq!(append(&open(dir.path()), 1).await, 21);
}
