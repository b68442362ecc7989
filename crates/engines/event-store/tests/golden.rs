//! Stores written by every earlier version of the layout, kept under `golden/`, must stay readable and open to new
//! events. `cargo nextest run --run-ignored only write_the_golden_store` writes that of today's version.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use luytre_event_store::{SearchRequest, Store};
use std::fs;
use std::path::{Path, PathBuf};
use support::{all, fill, number, open, options, record};

/// Of the manifest, which tells the version of the whole folder.
const VERSION: &str = "5";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// 60 events in two segments, 20 that only the log holds.
#[tokio::test]
#[ignore = "writes into the sources"]
async fn write_the_golden_store() {
    let dir = golden().join(format!("version-{VERSION}"));
    assert!(!dir.exists(), "a version is written once");
    fs::create_dir_all(&dir).unwrap();
    let store = open(&dir);
    for part in [1..=30, 31..=60, 61..=80_u64] {
        let records = part.clone().map(|seq| record(&format!("<13>line {seq}"))).collect();
        store.append(records, None).await.unwrap();
        if *part.end() <= 60 {
            fill(&store, part).await;
            store.seal().await.unwrap();
        }
    }
    store.remember_import("key", "note").unwrap();
    store.close().await;
    for left in ["lock", "unfinished"] {
        let path = dir.join(left);
        let _ = fs::remove_dir(&path).or_else(|_| fs::remove_file(&path));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn every_earlier_version_is_read_and_written_on() {
    let mut versions: Vec<PathBuf> = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    assert!(versions.iter().any(|path| path.ends_with(format!("version-{VERSION}"))), "today's version is kept too");
    for version in versions {
        let dir = tempfile::tempdir().unwrap();
        copy(&version, dir.path());
        let store = Store::open(dir.path(), options()).unwrap_or_else(|error| panic!("{}: {error}", version.display()));
        let name = version.display();
        assert_eq!(number(&store, "SELECT count(*) FROM events").await, 60, "{name}");
        assert_eq!(
            number(&store, "SELECT count(*) FROM events WHERE message = concat('line ', seq)").await,
            60,
            "{name}"
        );
        assert_eq!(number(&store, "SELECT count(DISTINCT raw) FROM events").await, 60, "{name}");
        assert_eq!(
            number(&store, "SELECT count(*) FROM events WHERE field(fields, 'EventID') = 4000 + seq").await,
            60,
            "{name}"
        );
        let request = SearchRequest { query: "\"line 17\"".into(), ..SearchRequest::default() };
        assert_eq!(store.search(&request, &all()).await.unwrap().total, 1, "{name}");
        assert_eq!(store.import_known("key").unwrap().as_deref(), Some("note"), "{name}");
        // The rest waits in the log, and goes on as if nothing had changed.
        let waiting = store.read_log(61).next(100).await.unwrap();
        assert_eq!(waiting.first().map(|(seq, _)| *seq), Some(61), "{name}");
        fill(&store, 61..=80).await;
        store.seal().await.unwrap();
        store.compact().await.unwrap();
        assert_eq!(number(&store, "SELECT count(*) FROM events WHERE raw LIKE '<13>line %'").await, 80, "{name}");
        let report = store.verify().await.unwrap();
        assert!(report.ok(), "{name}: {:?}", report.problems);
        store.close().await;
    }
}
