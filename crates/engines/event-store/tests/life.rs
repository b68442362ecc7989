//! A store through its life: append, read, insert, seal, reopen, merge, expire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use luytre_event_store::{BatchId, Options, RetentionPlan, Store, StoreError};
use std::time::Duration;
use support::{MIDNIGHT, event, fill, number, open, options, record};

const COUNTS: &str = "SELECT count(*) * 1000000 + count(DISTINCT seq) AS n FROM events";

#[tokio::test]
async fn records_come_back_in_order_and_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        for number in 0..5 {
            let appended = store.append(vec![record(&format!("a{number}")), record("b")], None).await.unwrap();
            assert_eq!((appended.first_seq, appended.count), (number * 2 + 1, 2));
        }
        let mut reader = store.read_log(3);
        let got = reader.next(3).await.unwrap();
        assert_eq!(got.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [3, 4]);
        let mut live = store.read_log(11);
        let (later, _) = tokio::join!(live.next(10), store.append(vec![record("live")], None));
        assert_eq!(later.unwrap()[0].1.bytes, "live");
    }
    let store = open(dir.path());
    assert_eq!((store.last_seq(), store.next_needed()), (11, 1));
    let mut reader = store.read_log(1);
    let mut seqs = Vec::new();
    while seqs.len() < 11 {
        for (seq, record) in reader.next(4).await.unwrap() {
            assert_eq!(record.origin.peer.as_deref(), Some("192.0.2.9"));
            seqs.push(seq);
        }
    }
    assert_eq!(seqs, (1..=11).collect::<Vec<u64>>());
    assert_eq!(store.append(vec![record("next")], None).await.unwrap().first_seq, 12);
}

#[tokio::test]
async fn senders_are_held_up_while_search_is_behind_and_never_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let options = |pace| Options { behind_records: 10, pace, ..options() };
    {
        let store = Store::open(dir.path(), options(Duration::from_secs(3600))).unwrap();
        store.append((0..10).map(|_| record("x")).collect(), None).await.unwrap();
        store.pace().await;
        store.append((0..20).map(|_| record("x")).collect(), None).await.unwrap();
        let mut held_up = std::pin::pin!(store.pace());
        assert!(futures::poll!(held_up.as_mut()).is_pending(), "thirty wait, ten may");
        fill(&store, 1..=19).await;
        assert!(futures::poll!(held_up.as_mut()).is_pending(), "eleven wait");
        fill(&store, 20..=20).await;
        held_up.await;
    }
    let store = Store::open(dir.path(), options(Duration::from_millis(20))).unwrap();
    store.pace().await;
}

#[tokio::test]
async fn a_batch_sent_again_is_stored_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let id = Some(BatchId::of_body("192.0.2.1", b"body"));
    {
        let store = open(dir.path());
        let (first, second) = tokio::join!(
            store.append(vec![record("x"), record("x")], id),
            store.append(vec![record("x"), record("x")], id)
        );
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.duplicate != second.duplicate);
        assert_eq!(first.first_seq, second.first_seq);
        assert_eq!(store.last_seq(), 2, "two equal lines in one batch are two events");
    }
    let store = open(dir.path());
    let again = store.append(vec![record("x"), record("x")], id).await.unwrap();
    assert!(again.duplicate);
    assert_eq!((again.first_seq, store.last_seq()), (1, 2));
}

#[tokio::test]
async fn a_batch_id_outlives_its_log_file_and_not_its_time() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(MIDNIGHT));
    let clock = now.clone();
    let options = || Options {
        clock: {
            let clock = clock.clone();
            Arc::new(move || clock.load(Ordering::Relaxed))
        },
        log_file_bytes: 1,
        ..options()
    };
    let id = Some(BatchId::of_client("sender", "7"));
    {
        let store = luytre_event_store::Store::open(dir.path(), options()).unwrap();
        store.append(vec![record("x")], id).await.unwrap();
        store.append(vec![record("y")], None).await.unwrap();
        fill(&store, 1..=2).await;
        store.set_evaluated(2);
        store.seal().await.unwrap();
        assert_eq!(store.statistics().log_files, 1, "the file of the batch should be gone");
    }
    let store = luytre_event_store::Store::open(dir.path(), options()).unwrap();
    assert!(store.append(vec![record("x")], id).await.unwrap().duplicate);
    now.fetch_add(601 * 1_000_000, Ordering::Relaxed);
    assert!(!store.append(vec![record("x")], id).await.unwrap().duplicate);
}

#[tokio::test]
async fn an_event_is_seen_once_in_memory_and_in_segments() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        fill(&store, 1..=5000).await;
        assert_eq!(number(&store, COUNTS).await, 5_000_005_000);
        // Replayed, as after a restart.
        fill(&store, 4000..=5100).await;
        assert_eq!(number(&store, COUNTS).await, 5_100_005_100);
        store.seal().await.unwrap();
        assert_eq!(number(&store, COUNTS).await, 5_100_005_100);
        fill(&store, 5101..=5200).await;
        assert_eq!(number(&store, COUNTS).await, 5_200_005_200);
        assert_eq!(store.sealed(), 5100);
    }
    let store = open(dir.path());
    assert_eq!(number(&store, COUNTS).await, 5_100_005_100);
    fill(&store, 1..=5200).await;
    assert_eq!(number(&store, COUNTS).await, 5_200_005_200);
    assert!(store.verify().await.unwrap().ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_stay_visible_once_while_seals_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let writer = store.clone();
    let task = tokio::spawn(async move {
        for part in 0..30u64 {
            fill(&writer, part * 100 + 1..=part * 100 + 100).await;
            if part % 3 == 0 {
                writer.seal().await.unwrap();
            }
            if part % 10 == 9 {
                writer.compact().await.unwrap();
            }
        }
    });
    let mut last = 0;
    while !task.is_finished() {
        let counts = number(&store, COUNTS).await;
        let (rows, distinct) = (counts / 1_000_000, counts % 1_000_000);
        assert_eq!(rows, distinct, "an event was seen twice");
        assert!(rows >= last, "events vanished");
        last = rows;
    }
    task.await.unwrap();
    assert_eq!(number(&store, COUNTS).await, 3_000_003_000);
}

#[tokio::test]
async fn the_log_goes_only_when_sealed_and_evaluated() {
    let dir = tempfile::tempdir().unwrap();
    let store = luytre_event_store::Store::open(dir.path(), Options { log_file_bytes: 1, ..options() }).unwrap();
    for number in 0..4 {
        store.append(vec![record(&format!("{number}"))], None).await.unwrap();
    }
    fill(&store, 1..=4).await;
    store.seal().await.unwrap();
    assert_eq!((store.statistics().log_files, store.next_needed()), (4, 1), "not evaluated yet");
    store.set_evaluated(2);
    store.seal().await.unwrap();
    fill(&store, 5..=5).await;
    store.seal().await.unwrap();
    assert_eq!((store.statistics().log_files, store.next_needed()), (2, 3));
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.next_needed(), 3);
    assert_eq!(store.read_log(3).next(10).await.unwrap()[0].0, 3);
}

#[tokio::test]
async fn a_second_open_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    match luytre_event_store::Store::open(dir.path(), options()) {
        Err(StoreError::Locked { pid, .. }) => assert_eq!(pid, std::process::id()),
        other => panic!("{:?}", other.map(|_| ())),
    }
    drop(store);
    open(dir.path());
}

#[tokio::test]
async fn a_full_queue_and_a_huge_batch_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { queue_bytes: 1000, batch_bytes: 5000, linger: Duration::from_millis(20), ..options() };
    let store = luytre_event_store::Store::open(dir.path(), options).unwrap();
    let huge = store.append(vec![record(&"x".repeat(6000))], None).await;
    assert!(matches!(huge, Err(StoreError::TooLarge { limit: 5000, .. })));
    let many = futures::future::join_all((0..20).map(|_| store.append(vec![record(&"x".repeat(400))], None))).await;
    let full = many.iter().filter(|one| matches!(one, Err(StoreError::Full { .. }))).count();
    assert!(full > 0 && full < 20, "{full} of 20 refused");
    let stored = many.iter().filter(|one| one.is_ok()).count() as u64;
    assert_eq!(store.last_seq(), stored);
    assert!(store.append(vec![record("later")], None).await.is_ok());
}

#[tokio::test]
async fn small_files_are_merged_and_old_ones_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let options =
        Options { compact_files: 4, clock: std::sync::Arc::new(|| MIDNIGHT + 40 * 86_400_000_000), ..options() };
    let store = luytre_event_store::Store::open(dir.path(), options).unwrap();
    for part in 0..6u64 {
        fill(&store, part * 10 + 1..=part * 10 + 10).await;
        store.seal().await.unwrap();
    }
    let mut young = event(61, "source-a", "young");
    young.arrival = MIDNIGHT + 39 * 86_400_000_000;
    store.insert(vec![young]).await.unwrap();
    store.seal().await.unwrap();
    let compacted = store.compact().await.unwrap();
    assert_eq!((compacted.files_before, compacted.files_after), (7, 1));
    assert_eq!(number(&store, COUNTS).await, 61_000_061);
    assert!(store.verify().await.unwrap().ok());
    assert_eq!(std::fs::read_dir(dir.path().join("segments/2026-11-21")).unwrap().count(), 1);
    let kept = store.enforce_retention(&RetentionPlan::days(30)).await.unwrap();
    assert_eq!((kept.files, kept.rewritten, kept.events), (0, 1, 60), "one arrived lately and stays");
    let mut old = event(62, "source-a", "old");
    (old.time, old.arrival) = (MIDNIGHT - 86_400_000_000, MIDNIGHT);
    store.insert(vec![old]).await.unwrap();
    store.seal().await.unwrap();
    let dropped = store.enforce_retention(&RetentionPlan::days(30)).await.unwrap();
    assert_eq!((dropped.files, dropped.events), (1, 1));
    assert_eq!(number(&store, COUNTS).await, 1_000_001);
    assert!(!dir.path().join("segments/2026-11-20/000000000062-000000000062-0.parquet").exists());
}

#[tokio::test]
async fn a_flipped_bit_is_found_and_the_rest_stays_readable() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        for number in 0..3 {
            store.append(vec![record(&format!("record {number}"))], None).await.unwrap();
        }
        fill(&store, 1..=3).await;
        store.seal().await.unwrap();
        assert!(store.verify().await.unwrap().ok());
    }
    let flip = |path: &std::path::Path, at: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[at] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let first = |folder: &str| std::fs::read_dir(dir.path().join(folder)).unwrap().next().unwrap().unwrap().path();
    let log = first("log");
    // Inside the second frame: the file header has 16 bytes, a frame here about 130.
    flip(&log, 16 + 160);
    let segment = first("segments/2026-11-21");
    let mut bytes = std::fs::read(&segment).unwrap();
    let length = bytes.len();
    bytes[4..length / 2].fill(0xff);
    std::fs::write(&segment, bytes).unwrap();
    let store = open(dir.path());
    fill(&store, 4..=5).await;
    // The segment cannot be read: it is found, left out, and the rest answers.
    assert_eq!(number(&store, "SELECT count(DISTINCT raw || host_name) FROM events").await, 2);
    assert_eq!(store.statistics().damaged_segments, 1);
    let report = store.verify().await.unwrap();
    let parts: Vec<&str> = report.problems.iter().map(|problem| problem.part.as_str()).collect();
    assert!(parts.contains(&"log") && parts.contains(&"segment"), "{report:?}");
    let mut reader = store.read_log(1);
    let mut seqs = Vec::new();
    while seqs.last() != Some(&3) {
        seqs.extend(reader.next(10).await.unwrap().into_iter().map(|(seq, _)| seq));
    }
    assert_eq!(seqs, [1, 3], "the damaged record is left out, the others are read");
}

#[tokio::test]
async fn files_whose_events_are_elsewhere_are_removed_and_lost_segments_named() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        fill(&store, 1..=10).await;
        store.seal().await.unwrap();
        fill(&store, 11..=20).await;
        store.seal().await.unwrap();
    }
    let day = dir.path().join("segments/2026-11-21");
    std::fs::copy(day.join("000000000001-000000000010-0.parquet"), day.join("000000000001-000000000010-9.parquet"))
        .unwrap();
    std::fs::write(dir.path().join("unfinished/0.parquet"), "half").unwrap();
    std::fs::remove_file(day.join("000000000011-000000000020-0.parquet")).unwrap();
    let store = open(dir.path());
    assert_eq!(number(&store, COUNTS).await, 10_000_010);
    assert!(!day.join("000000000001-000000000010-9.parquet").exists());
    assert!(!dir.path().join("unfinished/0.parquet").exists());
    let report = store.verify().await.unwrap();
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].file.contains("000000000011"));
}

#[tokio::test]
async fn imports_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        assert_eq!(store.import_known("abc").unwrap(), None);
        store.remember_import("abc", "12 records").unwrap();
    }
    assert_eq!(open(dir.path()).import_known("abc").unwrap().as_deref(), Some("12 records"));
}

#[tokio::test]
async fn a_closed_store_ends_its_readers_and_refuses_records() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append(vec![record("one")], None).await.unwrap();
    let mut reader = store.read_log(1);
    assert_eq!(reader.next(5).await.unwrap().len(), 1);
    let (rest, ()) = tokio::join!(reader.next(5), store.close());
    assert!(rest.unwrap().is_empty());
    assert!(matches!(store.append(vec![record("two")], None).await, Err(StoreError::Closed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_falls_back_to_the_files_and_misses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { recent_bytes: 300, log_file_bytes: 2000, ..options() };
    let store = luytre_event_store::Store::open(dir.path(), options).unwrap();
    let writer = store.clone();
    let task = tokio::spawn(async move {
        for number in 0..200 {
            let batch = (0..1 + number % 5).map(|line| record(&format!("{number}-{line}"))).collect();
            writer.append(batch, None).await.unwrap();
        }
    });
    let mut reader = store.read_log(1);
    let (mut next, mut turn) = (1, 0);
    while next <= 600 {
        turn += 1;
        for (seq, _) in reader.next(turn % 7 + 1).await.unwrap() {
            assert_eq!(seq, next);
            next += 1;
        }
        if turn % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    task.await.unwrap();
    assert_eq!(store.last_seq(), 600);
}

#[tokio::test]
async fn odd_events_survive_sealing_merging_and_asking() {
    use event::{Event, Fields, Value};
    let dir = tempfile::tempdir().unwrap();
    let store = luytre_event_store::Store::open(dir.path(), Options { compact_files: 2, ..options() }).unwrap();
    let mut seq = 0;
    for round in 0..2 {
        let mut events = Vec::new();
        for time in [i64::MIN, -1, 0, MIDNIGHT, i64::MAX] {
            for raw in [&b""[..], b"\0\xff\xfe", "{\"a\":\"\u{0}\"}".as_bytes(), "Ti\u{1EBF}ng Vi\u{1EC7}t".as_bytes()]
            {
                seq += 1;
                let mut fields = Fields::default();
                fields.push("", "empty name");
                fields.push("quote\"\\", Value::Float(f64::NAN));
                fields.push("list", Value::List(vec![Value::Null, Value::Bool(true), "x".into()]));
                fields.push("long", "y".repeat(100_000));
                let message = (seq % 2 == 0).then(|| String::from_utf8_lossy(raw).into_owned());
                let raw = bytes::Bytes::copy_from_slice(raw);
                events.push(Event {
                    seq,
                    time,
                    arrival: -time.saturating_abs(),
                    raw,
                    message,
                    fields,
                    ..Event::default()
                });
            }
        }
        store.insert(events).await.unwrap();
        if round == 0 {
            let rows = store.query("SELECT * FROM events", &support::all()).await.unwrap();
            assert_eq!(rows.to_json_rows().unwrap().len(), 20);
            assert!(rows.to_csv().unwrap().len() > 20);
        }
        store.seal().await.unwrap();
    }
    // Two files of each ordinary day are merged.
    assert!(store.compact().await.unwrap().files_after > 0);
    assert_eq!(number(&store, COUNTS).await, 40_000_040);
    let rows = store.query("SELECT * FROM events ORDER BY seq", &support::all()).await.unwrap().to_json_rows().unwrap();
    assert_eq!(rows[3]["raw"], "Ti\u{1EBF}ng Vi\u{1EC7}t");
    assert_eq!(rows[3]["message"], "Ti\u{1EBF}ng Vi\u{1EC7}t");
    assert_eq!((&rows[1]["raw"], &rows[1]["raw_encoding"]), (&"AP/+".into(), &"base64".into()));
    let result = store.search(&luytre_event_store::SearchRequest::default(), &support::all()).await.unwrap();
    assert_eq!((result.total, result.rows.len()), (40, 40));
    assert!(store.verify().await.unwrap().ok());
}

#[tokio::test]
async fn many_days_share_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut events: Vec<event::Event> = (1..=300).map(|seq| event(seq, "a", "x")).collect();
    events.iter_mut().for_each(|event| event.time -= event.seq as i64 * 86_400_000_000);
    store.insert(events).await.unwrap();
    store.seal().await.unwrap();
    assert_eq!(number(&store, COUNTS).await, 300_000_300);
    let segments = store.statistics().segments;
    assert!((2..60).contains(&segments), "{segments}");
    assert!(dir.path().join("segments/several-days").exists());
}

#[tokio::test]
async fn a_day_that_is_over_becomes_one_file_and_stays_it_when_a_late_event_comes() {
    let dir = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(|| MIDNIGHT + 40 * 86_400_000_000);
    let store = luytre_event_store::Store::open(dir.path(), Options { clock, ..options() }).unwrap();
    for part in 0..3u64 {
        fill(&store, part * 100 + 1..=part * 100 + 100).await;
        store.seal().await.unwrap();
    }
    let compacted = store.compact().await.unwrap();
    assert_eq!((compacted.files_before, compacted.files_after), (3, 1), "fewer than many, but the day is over");
    // Noise that does not shrink, so that the day is larger than a late event with its footer.
    let noise =
        |seq: u64| (0..40).map(move |part| format!("{:016x}", (seq * 40 + part).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let many = (301..=3_000).map(|seq| event(seq, "source-a", &noise(seq).collect::<String>()));
    store.insert(many.collect()).await.unwrap();
    store.seal().await.unwrap();
    store.compact().await.unwrap();
    fill(&store, 3_001..=3_001).await;
    store.seal().await.unwrap();
    let again = store.compact().await.unwrap();
    assert!(again.bytes_before < 100_000, "the small ones among themselves, not the day: {again:?}");
    assert_eq!(number(&store, COUNTS).await, 3_001_003_001);
}
