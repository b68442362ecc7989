//! The signed ledger: what becomes of segments is written down, later changes are found out, and one event is proven
//! without the store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use luytre_event_store::{LedgerKey, Options, Proof, Store, StoreError, verify};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use support::{MIDNIGHT, fill, options};

const DAY: i64 = 86_400_000_000;

fn signing() -> Options {
    Options { ledger_key: Some(LedgerKey::from_seed(&[7; 32])), clock: Arc::new(|| MIDNIGHT), ..options() }
}

/// Two signed entries: two files, then their merged one and a third.
async fn signed(dir: &Path) -> Store {
    let store = Store::open(dir, Options { compact_files: 2, ..signing() }).unwrap();
    for part in [1..=10, 11..=20] {
        fill(&store, part).await;
        store.seal().await.unwrap();
    }
    store.sign_ledger().await.unwrap();
    store.compact().await.unwrap();
    fill(&store, 21..=25).await;
    store.seal().await.unwrap();
    store.sign_ledger().await.unwrap();
    store
}

fn problems(dir: &Path) -> Vec<String> {
    let scratch = tempfile::tempdir().unwrap();
    let report = verify(dir, scratch.path(), &signing()).unwrap();
    report
        .problems
        .into_iter()
        .filter(|one| one.part == "ledger")
        .map(|one| format!("{}: {}", one.file, one.reason))
        .collect()
}

fn entry(dir: &Path, number: u64) -> std::path::PathBuf {
    dir.join(format!("ledger/{number:08}.jsonl"))
}

#[tokio::test]
async fn an_untouched_store_agrees_with_its_ledger_through_merges_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    signed(dir.path()).await.close().await;
    assert_eq!(problems(dir.path()), Vec::<String>::new());
    let store = Store::open(dir.path(), signing()).unwrap();
    fill(&store, 26..=30).await;
    store.seal().await.unwrap();
    let report = store.verify().await.unwrap();
    assert!(report.ok(), "what is not yet signed is no fault: {:?}", report.problems);
    // The first day was signed when the store first had something to say.
    assert!(report.ledger_entries >= 2);
}

#[tokio::test]
async fn whatever_is_changed_afterwards_is_found_out() {
    type Tamper = fn(&Path);
    let cases: [(&str, Tamper, &str); 7] = [
        ("a segment is taken out", |dir| drop_segment(dir, "21"), "is in the ledger and not in the manifest"),
        (
            "a segment gets other rows and another hash",
            |dir| execute(dir, "UPDATE segments SET rows_root = replace(rows_root, 'a', 'b'), rows = rows - 1"),
            "is not the file that the ledger names",
        ),
        ("a line is changed", |dir| edit(dir, 1, "sealed", "merged"), "its hash does not fit"),
        ("an entry is gone", |dir| std::fs::remove_file(entry(dir, 1)).unwrap(), "follows entry 0"),
        ("the last entry is gone", |dir| std::fs::remove_file(last(dir)).unwrap(), "ends with entry"),
        ("another key signs", resign, "is signed by another key"),
        (
            "a waiting change is gone",
            |dir| execute(dir, "DELETE FROM changes"),
            "in the manifest and not in the ledger",
        ),
    ];
    for (name, tamper, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let store = signed(dir.path()).await;
        fill(&store, 26..=30).await;
        store.seal().await.unwrap();
        store.close().await;
        drop(store);
        tamper(dir.path());
        let found = problems(dir.path());
        assert!(found.iter().any(|one| one.contains(expected)), "{name}: {found:?}");
    }
}

fn execute(dir: &Path, sql: &str) {
    assert!(Connection::open(dir.join("manifest.sqlite")).unwrap().execute(sql, []).unwrap() > 0);
}

fn drop_segment(dir: &Path, first: &str) {
    execute(dir, &format!("DELETE FROM segments WHERE min_seq = {first}"));
}

fn edit(dir: &Path, number: u64, from: &str, to: &str) {
    let text = std::fs::read_to_string(entry(dir, number)).unwrap();
    assert!(text.contains(from));
    std::fs::write(entry(dir, number), text.replacen(from, to, 1)).unwrap();
}

fn last(dir: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(dir.join("ledger")).unwrap().map(|one| one.unwrap().path()).collect();
    files.sort();
    files.pop().unwrap()
}

/// Writes the last entry again with another key, as somebody would who has the machine and not the key.
fn resign(dir: &Path) {
    let path = last(dir);
    let other = tempfile::tempdir().unwrap();
    let foreign = Options { ledger_key: Some(LedgerKey::from_seed(&[8; 32])), ..signing() };
    std::fs::remove_file(&path).unwrap();
    copy(dir, other.path());
    execute(other.path(), "UPDATE facts SET value = '0' WHERE name = 'ledger'");
    let other_dir = other.path();
    let signing = async move {
        let store = Store::open(other_dir, foreign).unwrap();
        store.sign_ledger().await.unwrap();
        store.close().await;
    };
    // A thread of its own: tampering is no asynchronous work, and a runtime cannot start inside another.
    std::thread::scope(|scope| {
        let alone = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(signing);
        scope.spawn(alone).join().unwrap();
    });
    std::fs::copy(last(other.path()), path).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for one in std::fs::read_dir(from).unwrap() {
        let one = one.unwrap();
        match one.file_type().unwrap().is_dir() {
            true => copy(&one.path(), &to.join(one.file_name())),
            false => drop(std::fs::copy(one.path(), to.join(one.file_name())).unwrap()),
        }
    }
}

#[tokio::test]
async fn one_event_is_proven_without_the_store_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = signed(dir.path()).await;
    for seq in [1, 10, 17, 20, 25] {
        let text = serde_json::to_string(&store.prove(seq).await.unwrap()).unwrap();
        let proof: Proof = serde_json::from_str(&text).unwrap();
        let proven = proof.check().unwrap();
        assert_eq!((proven.seq, proven.raw.as_str()), (seq as i64, format!("<13>line {seq}").as_str()));
        assert_eq!(proven.key, LedgerKey::from_seed(&[7; 32]).public());
        let changes: [fn(&mut Proof); 6] = [
            |proof| proof.event.raw.push('x'),
            |proof| proof.event.time += 1,
            |proof| proof.event.source_id = Some("another".into()),
            |proof| proof.row += 1,
            |proof| proof.segment.sha256 = proof.segment.sha256.replace('a', "b"),
            |proof| proof.entry.line = proof.entry.line.replace("\"number\":1", "\"number\":9"),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut false_one = proof.clone();
            change(&mut false_one);
            assert!(false_one == proof || false_one.check().is_err(), "change {number} of event {seq}");
        }
    }
    assert!(matches!(store.prove(999).await, Err(StoreError::Refused(_))));
    fill(&store, 26..=26).await;
    assert!(matches!(store.prove(26).await, Err(StoreError::Refused(_))), "only in memory");
    store.seal().await.unwrap();
    assert!(matches!(store.prove(26).await, Err(StoreError::Refused(_))), "not yet signed");
    store.sign_ledger().await.unwrap();
    store.prove(26).await.unwrap().check().unwrap();
}

#[tokio::test]
async fn an_entry_is_signed_every_day_and_none_when_the_clock_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(MIDNIGHT));
    let now = clock.clone();
    let store =
        Store::open(dir.path(), Options { clock: Arc::new(move || now.load(Ordering::Relaxed)), ..signing() }).unwrap();
    fill(&store, 1..=3).await;
    store.seal().await.unwrap();
    let entries = async |wanted: u64| {
        for _ in 0..200 {
            let report = store.verify().await.unwrap();
            assert!(report.ok(), "{:?}", report.problems);
            if report.ledger_entries >= wanted {
                return report.ledger_entries;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no entry {wanted}");
    };
    entries(1).await;
    clock.store(MIDNIGHT + DAY, Ordering::Relaxed);
    assert_eq!(entries(2).await, 2);
    clock.store(MIDNIGHT - DAY, Ordering::Relaxed);
    // Asking for a seal gives the thread a full turn, with a look at what is due after it.
    for _ in 0..3 {
        store.seal().await.unwrap();
    }
    assert_eq!(entries(2).await, 2);
    clock.store(MIDNIGHT + 2 * DAY, Ordering::Relaxed);
    assert_eq!(entries(3).await, 3);
    store.close().await;
}

#[tokio::test]
async fn a_manifest_made_anew_goes_on_with_the_old_chain() {
    let dir = tempfile::tempdir().unwrap();
    let store = signed(dir.path()).await;
    store.close().await;
    drop(store);
    std::fs::write(dir.path().join("manifest.sqlite"), "nothing").unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.path().join(format!("manifest.sqlite{end}")));
    }
    luytre_event_store::repair(dir.path(), &signing()).unwrap();
    assert_eq!(problems(dir.path()), Vec::<String>::new());
    let store = Store::open(dir.path(), signing()).unwrap();
    store.sign_ledger().await.unwrap();
    assert!(store.verify().await.unwrap().ok());
    store.prove(25).await.unwrap().check().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_use_is_not_called_tampered_with() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { compact_files: 2, ..signing() }).unwrap();
    let busy = store.clone();
    let work = tokio::spawn(async move {
        for seq in 1..=60 {
            fill(&busy, seq..=seq).await;
            busy.seal().await.unwrap();
            if seq % 5 == 0 {
                busy.compact().await.unwrap();
            }
            if seq % 7 == 0 {
                busy.sign_ledger().await.unwrap();
            }
        }
    });
    while !work.is_finished() {
        let problems = store.verify().await.unwrap().problems;
        assert!(problems.iter().all(|one| one.part != "ledger"), "{problems:?}");
    }
    work.await.unwrap();
    assert!(store.verify().await.unwrap().ok());
    store.close().await;
}
