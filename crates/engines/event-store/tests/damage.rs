//! Damage of every part: it is named, it takes little with it, and a repair makes the store whole around it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::Event;
use luytre_event_store::{Options, QueryContext, Store, repair};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::{MIDNIGHT, all, fill, number, open, options, record};

const COUNT: &str = "SELECT count(*) FROM events";
const GROUP: u64 = 64 * 1024;

fn segments(dir: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(dir.join("segments")).unwrap().map(|folder| folder.unwrap().path());
    let mut files: Vec<_> =
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn flip(file: &Path, place: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[place] ^= 0x10;
    std::fs::write(file, bytes).unwrap();
}

/// Records in the log, and the events made of them, over three days.
async fn receive(store: &Store, count: u64) {
    let texts: Vec<String> = (0..count).map(|number| format!("record {number}")).collect();
    let first = store.append(texts.iter().map(|text| record(text)).collect(), None).await.unwrap().first_seq;
    follow(store, first + count - 1).await;
}

async fn follow(store: &Store, until: u64) {
    let mut reader = store.read_log(store.next_needed());
    while reader.position() <= until {
        let records = reader.next(1000).await.unwrap();
        let events = records.into_iter().map(|(seq, record)| Event {
            seq,
            time: MIDNIGHT + (seq as i64 % 3) * 86_400_000_000,
            arrival: record.arrival,
            format: "test@1".into(),
            raw: record.bytes,
            origin: record.origin,
            ..Event::default()
        });
        store.insert(events.collect()).await.unwrap();
    }
}

#[tokio::test]
async fn a_changed_byte_takes_its_row_group_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    {
        // One seal: an event a second, so a day of them and a part of the next.
        let options = Options { seal_bytes: 1 << 30, memory_bytes: 2 << 30, ..options() };
        let store = Store::open(dir.path(), options).unwrap();
        for part in 0..7 {
            fill(&store, part * 20_000 + 1..=part * 20_000 + 20_000).await;
        }
        store.seal().await.unwrap();
        assert_eq!(number(&store, COUNT).await, 140_000);
    }
    let file = segments(dir.path()).into_iter().max_by_key(|file| file.metadata().unwrap().len()).unwrap();
    let rows = {
        let store = open(dir.path());
        store.verify().await.unwrap().rows
    };
    assert_eq!(rows, 140_000);
    flip(&file, 200_000);
    let readable = {
        let store = open(dir.path());
        let report = store.verify().await.unwrap();
        assert!(
            report.problems.len() == 1 && report.problems[0].reason.contains("row groups 0 are lost"),
            "{report:?}"
        );
        let readable = number(&store, COUNT).await as u64;
        assert_eq!(readable, 140_000 - GROUP);
        assert_eq!(
            number(&store, "SELECT count(DISTINCT seq) FROM events WHERE raw LIKE '%line%'").await as u64,
            readable
        );
        assert!(matches!(repair(dir.path(), &options()), Err(luytre_event_store::StoreError::Locked { .. })));
        readable
    };
    let done = repair(dir.path(), &options()).unwrap();
    assert_eq!((done.manifest_rebuilt, done.segments.len()), (false, 1), "{done:?}");
    assert_eq!(done.segments[0].rows_before - done.segments[0].rows_after, GROUP);
    let store = open(dir.path());
    assert_eq!(number(&store, COUNT).await as u64, readable);
    let report = store.verify().await.unwrap();
    assert!(report.ok() && report.losses.len() == 1, "{report:?}");
    assert_eq!(std::fs::read_dir(dir.path().join("damaged")).unwrap().count(), 1, "the old file is kept");
    assert_eq!(repair_again(dir.path(), store), 0);
}

/// Every row of the store as JSON, by its sequence.
async fn rows(store: &Store) -> BTreeMap<u64, String> {
    let context = QueryContext { max_rows: 100_000, ..all() };
    let result = store.query("SELECT * FROM events", &context).await.unwrap();
    let rows = result.to_json_rows().unwrap();
    rows.into_iter().map(|row| (row["seq"].as_u64().unwrap(), serde_json::to_string(&row).unwrap())).collect()
}

#[tokio::test]
async fn a_changed_bit_changes_no_answer_and_is_not_merged_into_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { compact_files: 2, ..options() };
    let open = || Store::open(dir.path(), options.clone()).unwrap();
    let truth = {
        let store = open();
        fill(&store, 1..=3_000).await;
        store.seal().await.unwrap();
        fill(&store, 3_001..=6_000).await;
        store.seal().await.unwrap();
        rows(&store).await
    };
    assert_eq!(truth.len(), 6_000);
    let file = segments(dir.path()).remove(0);
    let length = file.metadata().unwrap().len() as usize;
    let whole = std::fs::read(&file).unwrap();
    for part in 0..48 {
        let mut bytes = whole.clone();
        bytes[length * part / 48 + part] ^= 1 << (part % 8);
        std::fs::write(&file, bytes).unwrap();
        let store = open();
        for (seq, row) in rows(&store).await {
            assert_eq!(row, truth[&seq], "bit {} of byte {}", part % 8, length * part / 48 + part);
        }
        assert_eq!(store.statistics().damaged_segments, 1, "{part}: it was noticed");
        assert_eq!(store.compact().await.unwrap().files_before, 0, "{part}");
    }
    std::fs::write(&file, &whole).unwrap();
    flip(&file, length / 3);
    {
        // Nobody has asked anything yet: the merge is the first to read it.
        let store = open();
        assert_eq!(store.compact().await.unwrap().files_before, 0);
        assert_eq!(store.statistics().damaged_segments, 1);
    }
    std::fs::write(&file, &whole).unwrap();
    let store = open();
    assert_eq!(store.compact().await.unwrap().files_before, 2);
    assert_eq!(rows(&store).await, truth);
}

/// A bit of a page that is not packed can change without making the page unreadable.
#[tokio::test]
async fn what_a_changed_bit_may_have_altered_is_not_mended_as_if_it_were_true() {
    for part in 1..8 {
        let dir = tempfile::tempdir().unwrap();
        {
            let store = open(dir.path());
            fill(&store, 1..=2_000).await;
            store.seal().await.unwrap();
        }
        let file = segments(dir.path()).remove(0);
        let length = file.metadata().unwrap().len() as usize;
        flip(&file, length * part / 16);
        let done = repair(dir.path(), &options()).unwrap();
        assert_eq!(done.segments.len(), 1, "{part}: {done:?}");
        assert_eq!(done.segments[0].rows_after, 0, "{part}: its one row group is lost, whatever still reads");
    }
}

fn repair_again(dir: &Path, store: Store) -> usize {
    drop(store);
    repair(dir, &options()).unwrap().segments.len()
}

#[tokio::test]
async fn a_segment_that_is_gone_or_has_no_footer_is_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        for part in 0..3 {
            fill(&store, part * 100 + 1..=part * 100 + 100).await;
            store.seal().await.unwrap();
        }
    }
    let files = segments(dir.path());
    std::fs::remove_file(&files[0]).unwrap();
    let bytes = std::fs::read(&files[1]).unwrap();
    std::fs::write(&files[1], &bytes[..bytes.len() - 30]).unwrap();
    {
        let store = open(dir.path());
        assert_eq!(number(&store, COUNT).await, 100);
        assert_eq!(store.verify().await.unwrap().problems.len(), 2);
    }
    let done = repair(dir.path(), &options()).unwrap();
    let lost: Vec<_> = done.segments.iter().map(|one| (one.first_seq, one.last_seq, one.rows_after)).collect();
    assert_eq!(lost, [(1, 100, 0), (101, 200, 0)]);
    let store = open(dir.path());
    assert!(store.verify().await.unwrap().ok());
    assert_eq!(number(&store, COUNT).await, 100);
}

#[tokio::test]
async fn a_lost_manifest_is_made_from_segments_and_log() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        receive(&store, 500).await;
        store.seal().await.unwrap();
        receive(&store, 500).await;
        store.seal().await.unwrap();
        receive(&store, 100).await;
    }
    let mut bytes = std::fs::read(dir.path().join("manifest.sqlite")).unwrap();
    bytes.iter_mut().step_by(7).for_each(|byte| *byte ^= 0x55);
    std::fs::write(dir.path().join("manifest.sqlite"), bytes).unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.path().join(format!("manifest.sqlite{end}")));
    }
    assert!(Store::open(dir.path(), options()).is_err(), "what cannot be trusted is not opened");
    let done = repair(dir.path(), &options()).unwrap();
    assert!(done.manifest_rebuilt && done.removed.is_empty() && done.segments.is_empty(), "{done:?}");
    let store = open(dir.path());
    assert_eq!((store.sealed(), store.last_seq()), (1000, 1100));
    follow(&store, 1100).await;
    assert_eq!(number(&store, "SELECT count(*) * 10000 + count(DISTINCT seq) FROM events").await, 11_001_100);
    assert!(store.verify().await.unwrap().ok());
}

#[tokio::test]
async fn a_seal_that_had_not_ended_comes_again_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        receive(&store, 300).await;
        store.seal().await.unwrap();
        receive(&store, 300).await;
        store.seal().await.unwrap();
    }
    // As if the power had gone before the third file of the second seal, and the manifest with it.
    let last = segments(dir.path()).into_iter().rfind(|file| file.to_string_lossy().contains("000000000600")).unwrap();
    std::fs::remove_file(last).unwrap();
    std::fs::remove_file(dir.path().join("manifest.sqlite")).unwrap();
    std::fs::write(dir.path().join("manifest.sqlite"), b"no database").unwrap();
    let done = repair(dir.path(), &options()).unwrap();
    assert_eq!(done.removed.len(), 2, "{done:?}");
    let store = open(dir.path());
    assert_eq!(store.sealed(), 300);
    follow(&store, 600).await;
    assert_eq!(number(&store, "SELECT count(*) * 10000 + count(DISTINCT seq) FROM events").await, 6_000_600);
}

#[tokio::test]
async fn what_a_disk_forgets_is_found_a_part_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for part in 0..3 {
        fill(&store, part * 10 + 1..=part * 10 + 10).await;
        store.seal().await.unwrap();
    }
    for _ in 0..4 {
        assert_eq!(store.scrub(1).await.unwrap(), []);
    }
    let folder = dir.path().join("segments/2026-11-21");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    files.sort();
    let mut bytes = std::fs::read(&files[2]).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&files[2], bytes).unwrap();
    // The first was the last to be read; a byte at a time is a file at a time.
    assert_eq!(store.scrub(1).await.unwrap(), []);
    let found = store.scrub(1).await.unwrap();
    assert!(found.len() == 1 && files[2].ends_with(&found[0].file), "{found:?}");
    assert_eq!(store.statistics().damaged_segments, 1);
    assert_eq!(store.scrub(u64::MAX).await.unwrap().len(), 1, "all of them, once");
}
