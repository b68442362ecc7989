//! A store is copied while it takes records in, seals, merges, deletes and signs: the copy is whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use luytre_event_store::{CopiedStore, Inspected, LedgerKey, LogReader, Options, Store, inspect};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use support::{event, number, options, record};

const COUNTS: &str = "SELECT count(*) * 1000000 + count(DISTINCT seq) AS n FROM events";

/// Everything happens often: a file of the log for each write, a merge for every two segments.
fn busy() -> Options {
    let ledger_key = Some(LedgerKey::from_seed(&[7; 32]));
    Options { log_file_bytes: 1, compact_files: 2, ledger_key, ..options() }
}

async fn append(store: &Store, count: u64) -> u64 {
    let records = (0..count).map(|number| record(&format!("record {number}"))).collect();
    store.append(records, None).await.unwrap().first_seq + count - 1
}

/// Reads on in the log, makes what is there searchable, and says that it was evaluated.
async fn follow(store: &Store, reader: &mut LogReader) {
    let records = seqs_of(reader).await;
    let Some(last) = records.last().copied() else { return };
    store.insert(records.into_iter().map(|seq| event(seq, "source-a", "line")).collect()).await.unwrap();
    store.set_evaluated(last);
}

async fn seqs_of(reader: &mut LogReader) -> Vec<u64> {
    let mut seqs = Vec::new();
    loop {
        let more = reader.next_stored(1_000).await.unwrap();
        if more.is_empty() {
            return seqs;
        }
        seqs.extend(more.into_iter().map(|(seq, _)| seq));
    }
}

async fn copy(store: &Store, dir: &Path) -> CopiedStore {
    store.begin_copy(dir).await.unwrap().finish().await.unwrap()
}

fn examined(dir: &Path) -> Inspected {
    let scratch = tempfile::tempdir().unwrap();
    inspect(dir, scratch.path(), &BTreeMap::new()).unwrap()
}

fn log_files(dir: &Path) -> usize {
    std::fs::read_dir(dir.join("log")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_copy_is_in_it_once_whatever_happens_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("events"), busy()).unwrap();
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load = {
        let (store, stop, acknowledged) = (store.clone(), stop.clone(), acknowledged.clone());
        tokio::spawn(async move {
            let mut reader = store.read_log(1);
            for round in 1.. {
                acknowledged.store(append(&store, 20).await, Ordering::Release);
                follow(&store, &mut reader).await;
                if round % 3 == 0 {
                    store.seal().await.unwrap();
                }
                if round % 12 == 0 {
                    store.compact().await.unwrap();
                    store.sign_ledger().await.unwrap();
                }
                if stop.load(Ordering::Acquire) {
                    return;
                }
            }
        })
    };
    let mut copies = Vec::new();
    for number in 0..6 {
        // Each after some more has come than before.
        let goal = 300 * (number + 1);
        while acknowledged.load(Ordering::Acquire) < goal {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let before = acknowledged.load(Ordering::Acquire);
        let place = dir.path().join(format!("copy-{number}"));
        copies.push((before, copy(&store, &place).await, place));
    }
    stop.store(true, Ordering::Release);
    load.await.unwrap();
    for (before, copied, place) in copies {
        assert!(copied.last_seq >= before && copied.problems.is_empty(), "{copied:?}");
        let found = examined(&place);
        assert!(found.report.ok(), "{:?}", found.report);
        assert_eq!((found.last_seq, found.events, found.sealed), (copied.last_seq, copied.last_seq, copied.sealed));
        let files: Vec<&str> = copied.files.iter().map(|file| file.path.as_str()).collect();
        assert!(
            files.contains(&"manifest.sqlite") && files.iter().any(|path| path.starts_with("segments/")),
            "{files:?}"
        );
        let restored = Store::open(&place, busy()).unwrap();
        let mut reader = restored.read_log(restored.next_needed());
        follow(&restored, &mut reader).await;
        let expected = i64::try_from(copied.last_seq * 1_000_001).unwrap();
        assert_eq!(number(&restored, COUNTS).await, expected, "each once");
        assert!(restored.verify().await.unwrap().ok());
        assert_eq!(append(&restored, 1).await, copied.last_seq + 1, "it goes on where the copy ends");
    }
}

#[tokio::test]
async fn the_log_keeps_its_files_while_a_copy_is_made_and_gives_them_up_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("events");
    let store = Store::open(&live, busy()).unwrap();
    let mut reader = store.read_log(1);
    append(&store, 5).await;
    follow(&store, &mut reader).await;
    let begun = store.begin_copy(&dir.path().join("copy")).await.unwrap();
    for _ in 0..3 {
        append(&store, 5).await;
        follow(&store, &mut reader).await;
        store.seal().await.unwrap();
    }
    assert_eq!(log_files(&live), 4, "sealed and evaluated, and still needed");
    let copied = begun.finish().await.unwrap();
    assert_eq!((copied.sealed, copied.last_seq), (0, 20));
    assert_eq!(examined(&dir.path().join("copy")).events, 20);
    append(&store, 5).await;
    follow(&store, &mut reader).await;
    let gone = async {
        store.seal().await.unwrap();
        while log_files(&live) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("files of the log go");
}

#[tokio::test]
async fn a_segment_that_is_gone_before_the_moment_is_not_in_the_copy() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("events"), busy()).unwrap();
    let mut reader = store.read_log(1);
    for _ in 0..4 {
        append(&store, 5).await;
        follow(&store, &mut reader).await;
        store.seal().await.unwrap();
    }
    let before = copy(&store, &dir.path().join("before")).await;
    assert_eq!(store.compact().await.unwrap().files_before, 4);
    let after = copy(&store, &dir.path().join("after")).await;
    let segments = |copied: &CopiedStore| copied.files.iter().filter(|file| file.path.ends_with(".parquet")).count();
    assert_eq!((segments(&before), segments(&after)), (4, 1));
    assert!(examined(&dir.path().join("before")).report.ok());
    assert!(store.begin_copy(&dir.path().join("after")).await.is_err(), "nothing is written over");
}

fn one_file(dir: &Path, ending: &str) -> PathBuf {
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                return path;
            }
        }
    }
    panic!("no file ends with {ending}");
}

fn bend(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn damage_is_named_in_the_copy_and_when_it_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("events");
    let store = Store::open(&live, busy()).unwrap();
    let mut reader = store.read_log(1);
    append(&store, 500).await;
    follow(&store, &mut reader).await;
    store.seal().await.unwrap();
    store.sign_ledger().await.unwrap();
    append(&store, 500).await;
    for (ending, part) in [(".parquet", "segment"), (".log", "log"), (".jsonl", "ledger")] {
        let place = dir.path().join(part);
        assert_eq!(copy(&store, &place).await.problems, []);
        bend(&one_file(&place, ending));
        let parts: Vec<String> = examined(&place).report.problems.into_iter().map(|one| one.part).collect();
        assert!(parts.iter().any(|one| one == part), "{part}: {parts:?}");
    }
    bend(&one_file(&live.join("segments"), ".parquet"));
    let copied = copy(&store, &dir.path().join("bent")).await;
    assert_eq!(copied.problems.len(), 1, "{:?}", copied.problems);
    assert_eq!(copied.problems[0].part, "segment");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_and_the_rest_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("events");
    let store = Store::open(&live, busy()).unwrap();
    let mut reader = store.read_log(1);
    for _ in 0..2 {
        append(&store, 50).await;
        follow(&store, &mut reader).await;
        store.seal().await.unwrap();
    }
    // A folder opens and does not read, whoever asks.
    let lost = one_file(&live.join("segments"), ".parquet");
    std::fs::remove_file(&lost).unwrap();
    std::fs::create_dir(&lost).unwrap();
    let place = dir.path().join("copy");
    let copied = copy(&store, &place).await;
    let name = lost.strip_prefix(&live).unwrap().to_str().unwrap();
    assert_eq!(copied.uncopied.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), [name]);
    assert!(!copied.uncopied[0].reason.is_empty() && copied.problems.is_empty(), "{copied:?}");
    assert!(!place.join(name).exists() && copied.files.iter().all(|file| file.path != name), "nothing half is left");
    let found = examined(&place);
    assert_eq!((found.report.segments, found.report.problems.len()), (2, 1), "{:?}", found.report);
    assert_eq!(found.report.rows, 50, "the other one is whole");
}

#[tokio::test]
async fn what_was_measured_is_not_read_again_and_another_measure_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("events"), busy()).unwrap();
    let mut reader = store.read_log(1);
    append(&store, 500).await;
    follow(&store, &mut reader).await;
    store.seal().await.unwrap();
    let place = dir.path().join("copy");
    let copied = copy(&store, &place).await;
    let mut measured: BTreeMap<String, String> =
        copied.files.into_iter().map(|file| (file.path, file.sha256)).collect();
    let inspected = |measured: &BTreeMap<String, String>| {
        let scratch = tempfile::tempdir().unwrap();
        inspect(&place, scratch.path(), measured).unwrap().report.problems.len()
    };
    assert_eq!(inspected(&measured), 0);
    // A byte among the rows, which the footer does not know: only reading the file finds it.
    let path = one_file(&place.join("segments"), ".parquet");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(inspected(&measured), 0, "whoever measured it answers for it");
    assert_eq!(inspected(&BTreeMap::new()), 1);
    let name = format!("segments/{}", path.strip_prefix(place.join("segments")).unwrap().display());
    measured.insert(name, "0".repeat(64));
    assert_eq!(inspected(&measured), 1, "what was measured is another file than the one named in the manifest");
}
