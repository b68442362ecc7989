//! Days long past in an archive: the same answers as from the own disk, read in pieces, checked, proven, mended.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Event, Value};
use luytre_event_store::{
    ArchivePlace, Archiving, ExportFormat, Hold, LedgerKey, Options, QueryContext, RetentionPlan, S3Bucket,
    SearchRequest, Selection, Sources, Store, Why, repair,
};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use support::{MIDNIGHT, SECOND, all, event, number, options};

const DAY: i64 = 86_400 * SECOND;

/// Days after [`MIDNIGHT`] that the clock of a store says.
type Today = Arc<AtomicI64>;

fn archived(dir: &Path, today: &Today) -> Options {
    let today = today.clone();
    let place = ArchivePlace::Folder(dir.join("archive"));
    Options {
        archiving: Some(Archiving { pause: Duration::from_millis(20), ..Archiving::new(place, 2) }),
        ledger_key: Some(LedgerKey::from_seed(&[7; 32])),
        clock: Arc::new(move || MIDNIGHT + today.load(Ordering::SeqCst) * DAY),
        seal_bytes: 1 << 30,
        memory_bytes: 2 << 30,
        ..options()
    }
}

/// The bucket named in `LUYTRE_TEST_S3` (`http://key:secret@host:port/bucket`), or the folder where there is none.
fn anywhere(dir: &Path, today: &Today) -> Options {
    let mut options = archived(dir, today);
    let Ok(address) = std::env::var("LUYTRE_TEST_S3") else { return options };
    let (scheme, rest) = address.split_once("://").unwrap();
    let (who, rest) = rest.split_once('@').unwrap();
    let ((key, secret), (host, bucket)) = (who.split_once(':').unwrap(), rest.split_once('/').unwrap());
    options.archiving.as_mut().unwrap().place = ArchivePlace::S3(S3Bucket {
        endpoint: format!("{scheme}://{host}"),
        bucket: bucket.into(),
        prefix: dir.file_name().unwrap().to_string_lossy().into_owned(),
        region: "us-east-1".into(),
        key: key.into(),
        secret: secret.into(),
        allow_http: true,
    });
    options
}

fn open(dir: &Path, today: &Today) -> Store {
    Store::open(dir, archived(dir, today)).unwrap()
}

fn day(number: i64) -> Today {
    Arc::new(AtomicI64::new(number))
}

/// Events of four days, some with a word that few have.
fn events(each: u64) -> Vec<Event> {
    let one = |seq: u64| {
        let source = if seq.is_multiple_of(3) { "source-b" } else { "source-a" };
        let mut one = event(seq, source, &format!("Accepted publickey for deploy{} from 10.0.0.7", seq % 97));
        if seq % 4_001 == 17 {
            one.raw = format!("<13>FAILED su for root by nguyenvana9x{}", seq % 5).into();
            one.fields.push("Note", Value::from("tống tiền"));
        }
        let day = (seq - 1) / each;
        one.time = MIDNIGHT + day as i64 * DAY + (seq % each) as i64 * SECOND;
        one.arrival = one.time;
        one
    };
    (1..=each * 4).map(one).collect()
}

async fn filled(dir: &Path, today: &Today, each: u64) -> Store {
    fill(open(dir, today), each).await
}

async fn fill(store: Store, each: u64) -> Store {
    for part in events(each).chunks(10_000) {
        store.insert(part.to_vec()).await.unwrap();
    }
    store.seal().await.unwrap();
    store
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

const SEARCHES: [&str; 9] = [
    "",
    "nguyenvana9x",
    "\"publickey for deploy17\" and source_id:source-b",
    "user_name:root and not deploy3",
    "source_ip:10.0.3.0/24",
    "EventID:4050",
    "tong tien",
    "http_response_status_code:>=400 and nguyenvana9x",
    "no-such-word-anywhere",
];

const QUESTIONS: [&str; 5] = [
    "SELECT count(*) AS n, count(DISTINCT seq) AS s, min(time) AS a, max(time) AS b, sum(character_length(raw)) AS c FROM events",
    "SELECT user_name, count(*) AS n FROM events GROUP BY user_name ORDER BY 1",
    "SELECT seq, raw, message, fields, observables FROM events WHERE raw LIKE '%nguyenvana9x%' ORDER BY seq",
    "SELECT date_trunc('hour', time) AS h, count(*) AS n FROM events WHERE source_id = 'source-b' GROUP BY 1 ORDER BY 1",
    "SELECT * FROM events ORDER BY time DESC, seq DESC LIMIT 50",
];

async fn answer(store: &Store, query: &str, from: Option<i64>, to: Option<i64>, context: &QueryContext) -> String {
    let request = SearchRequest { query: query.into(), from, to, limit: 300, ..SearchRequest::default() };
    let found = store.search(&request, context).await.unwrap();
    assert_eq!(found.unreadable_files, 0, "{query}");
    serde_json::to_string(&(found.rows, found.total, found.total_exact, found.histogram, found.facets)).unwrap()
}

#[tokio::test]
async fn everything_is_answered_as_from_the_own_disk() {
    let (dir, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let today = day(10);
    let here = filled(plain.path(), &day(0), 9_000).await;
    let store = fill(Store::open(dir.path(), anywhere(dir.path(), &today)).unwrap(), 9_000).await;
    let moved = store.archive().await.unwrap();
    assert_eq!((moved.files, files_below(&dir.path().join("segments")).len()), (4, 0));
    let statistics = store.statistics();
    assert_eq!((statistics.segment_bytes, statistics.archived_segments), (0, 4));
    assert_eq!(statistics.archived_bytes, here.statistics().segment_bytes);
    assert_eq!((store.forecast(1 << 30, 30).used, statistics.events), (0, 36_000));
    let narrow = QueryContext::new(Sources::only(["source-b"]));
    for query in SEARCHES {
        for context in [&all(), &narrow] {
            assert_eq!(
                answer(&store, query, None, None, context).await,
                answer(&here, query, None, None, context).await,
                "{query}"
            );
        }
    }
    for sql in QUESTIONS {
        let rows = async |store: &Store| store.query(sql, &all()).await.unwrap().to_json_rows().unwrap();
        assert_eq!(rows(&store).await, rows(&here).await, "{sql}");
    }
    let selection = Selection { query: "nguyenvana9x".into(), ..Selection::default() };
    let (theirs, ours) = (dir.path().join("a.jsonl"), dir.path().join("b.jsonl"));
    let exported = store.export(&selection, ExportFormat::JsonLines, &theirs).await.unwrap();
    here.export(&selection, ExportFormat::JsonLines, &ours).await.unwrap();
    // One segment after the other, in whatever order.
    let lines = |file: &Path| {
        let mut lines: Vec<String> = std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&theirs), lines(&ours));
    assert!(exported.events > 5);
    store.sign_ledger().await.unwrap();
    let proof = store.prove(17).await.unwrap();
    assert!(proof.check().unwrap().raw.contains("nguyenvana9x"));
    let report = store.verify().await.unwrap();
    assert!(report.ok() && report.archived == 4 && report.rows == 36_000, "{report:?}");
    // Deleted under it, what is kept for reading again is fetched again.
    std::fs::remove_dir_all(dir.path().join("cache")).unwrap();
    assert_eq!(number(&store, "SELECT count(raw) FROM events WHERE raw LIKE '%9x%'").await, exported.events as i64);
    store.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_search_of_any_time_says_the_same(
        word in 0..SEARCHES.len(), from in 0i64..4 * 86_400, length in 1i64..3 * 86_400, seed in 1u64..3_000,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (dir, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let (store, here) = (filled(dir.path(), &day(5), seed).await, filled(plain.path(), &day(0), seed).await);
            assert_eq!(store.archive().await.unwrap().files, 3, "one day is too young");
            let (from, to) = (Some(MIDNIGHT + from * SECOND), Some(MIDNIGHT + (from + length) * SECOND));
            let query = SEARCHES[word];
            assert_eq!(answer(&store, query, from, to, &all()).await, answer(&here, query, from, to, &all()).await);
            store.close().await;
            here.close().await;
        });
    }
}

#[tokio::test]
async fn a_rare_word_fetches_a_part_of_its_day_and_nothing_the_second_time() {
    let dir = tempfile::tempdir().unwrap();
    let today = day(20);
    let store = Store::open(dir.path(), anywhere(dir.path(), &today)).unwrap();
    let line = |seq: u64| {
        let noise = seq.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut one = event(seq, "source-a", &format!("session {noise:016x} {:016x} opened", noise.rotate_left(29)));
        one.time = MIDNIGHT + (seq as i64 % 80_000) * SECOND;
        one.arrival = MIDNIGHT;
        if seq == 70_017 {
            one.raw = "<13>FAILED su for root by nguyenvana9x".into();
        }
        one
    };
    for part in 0..14_u64 {
        store.insert((part * 10_000 + 1..=part * 10_000 + 10_000).map(line).collect()).await.unwrap();
    }
    store.seal().await.unwrap();
    assert_eq!(store.archive().await.unwrap().files, 1);
    store.close().await;
    drop(store);
    let store = Store::open(dir.path(), anywhere(dir.path(), &today)).unwrap();
    let find = async || {
        store.search(&SearchRequest { query: "nguyenvana9x".into(), ..SearchRequest::default() }, &all()).await
    };
    assert_eq!(find().await.unwrap().total, 1);
    let first = store.statistics();
    println!(
        "a rare word: {} of {} bytes in {} requests; {} bytes kept",
        first.fetched_bytes, first.archived_bytes, first.fetches, first.cached_bytes
    );
    assert!(first.fetched_bytes * 3 < first.archived_bytes, "{first:?}");
    assert_eq!(find().await.unwrap().total, 1);
    assert_eq!(store.statistics().fetched_bytes, first.fetched_bytes, "it was kept");
    store.close().await;
    drop(store);
    let store = Store::open(dir.path(), anywhere(dir.path(), &today)).unwrap();
    let nothing = SearchRequest { query: "nguyenvana9x".into(), ..SearchRequest::default() };
    assert_eq!(store.search(&nothing, &all()).await.unwrap().total, 1);
    assert_eq!(store.statistics().fetched_bytes, 0, "also beyond a restart");
    store.close().await;
}

#[tokio::test]
async fn what_is_kept_for_reading_again_stays_within_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = archived(dir.path(), &day(10));
    let bound = 100_000;
    options.archiving.as_mut().unwrap().cache_bytes = bound;
    let store = Store::open(dir.path(), options).unwrap();
    store.insert(events(9_000)).await.unwrap();
    store.seal().await.unwrap();
    store.archive().await.unwrap();
    assert!(store.statistics().archived_bytes > 2 * bound);
    for _ in 0..2 {
        assert_eq!(number(&store, "SELECT count(raw) FROM events WHERE raw <> ''").await, 36_000);
        assert!(store.statistics().cached_bytes <= bound, "{:?}", store.statistics());
    }
    store.close().await;
}

#[tokio::test]
async fn a_changed_object_is_named_and_costs_its_row_group() {
    let dir = tempfile::tempdir().unwrap();
    let today = day(10);
    let store = filled(dir.path(), &today, 70_000 / 2).await;
    store.archive().await.unwrap();
    store.sign_ledger().await.unwrap();
    store.close().await;
    drop(store);
    let objects = files_below(&dir.path().join("archive/segments"));
    let mut bytes = std::fs::read(&objects[1]).unwrap();
    for part in 1..6 {
        let place = bytes.len() * part / 12;
        bytes[place] ^= 1;
        bytes[part * 1_000] ^= 1;
    }
    std::fs::write(&objects[1], bytes).unwrap();
    let store = open(dir.path(), &today);
    let found =
        store.search(&SearchRequest { query: "deploy5".into(), ..SearchRequest::default() }, &all()).await.unwrap();
    assert_eq!((found.unreadable_files, found.unreadable[0].why), (1, Why::Damaged));
    assert_eq!(found.unreadable[0].days, ["2026-11-22"]);
    assert_eq!(number(&store, "SELECT count(raw) FROM events WHERE raw <> ''").await, 105_000, "the others are read");
    let report = store.verify().await.unwrap();
    let name = objects[1].file_name().unwrap().to_string_lossy().into_owned();
    assert!(report.problems.len() == 1 && report.problems[0].file.contains(&name), "{:?}", report.problems);
    assert!(report.problems[0].reason.contains("SHA-256"), "{:?}", report.problems);
    store.close().await;
    drop(store);
    // Gone altogether, and then mended. What was read of it before is gone as well: it could mend it.
    std::fs::remove_file(&objects[2]).unwrap();
    std::fs::remove_dir_all(dir.path().join("cache")).unwrap();
    let done = repair(dir.path(), &archived(dir.path(), &today)).unwrap();
    assert_eq!(done.segments.len(), 2, "{done:?}");
    let store = open(dir.path(), &today);
    assert!(store.verify().await.unwrap().ok());
    assert_eq!(number(&store, "SELECT count(raw) FROM events WHERE raw <> ''").await, 70_000);
    assert!(objects[1].exists(), "what is damaged is kept");
    store.close().await;
}

#[tokio::test]
async fn a_lost_manifest_is_made_anew_with_what_is_archived() {
    let dir = tempfile::tempdir().unwrap();
    let today = day(4);
    let store = filled(dir.path(), &today, 2_000).await;
    assert_eq!(store.archive().await.unwrap().files, 2);
    store.sign_ledger().await.unwrap();
    store.close().await;
    drop(store);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.path().join(format!("manifest.sqlite{end}")));
    }
    std::fs::write(dir.path().join("manifest.sqlite"), "nothing").unwrap();
    let done = repair(dir.path(), &archived(dir.path(), &today)).unwrap();
    assert!(done.manifest_rebuilt && done.segments.is_empty(), "{done:?}");
    let store = open(dir.path(), &today);
    assert_eq!(number(&store, "SELECT count(DISTINCT seq) FROM events").await, 8_000);
    assert_eq!(store.statistics().archived_segments, 2);
    let report = store.verify().await.unwrap();
    assert!(report.ok(), "{:?}", report.problems);
    store.close().await;
}

#[tokio::test]
async fn what_expires_goes_from_the_archive_unless_it_is_held_and_the_ledger_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let today = day(10);
    let store = filled(dir.path(), &today, 1_000).await;
    store.archive().await.unwrap();
    let objects = || files_below(&dir.path().join("archive/segments")).len();
    assert_eq!(objects(), 4);
    let hold = Hold { id: "SC-1".into(), reason: "evidence".into(), to: Some(MIDNIGHT + DAY), ..Hold::default() };
    store.hold(hold).await.unwrap();
    assert_eq!(store.make_room(&RetentionPlan::days(8), 0).await.unwrap().files, 0, "that would make no room here");
    assert_eq!(store.enforce_retention(&RetentionPlan::days(8)).await.unwrap().events, 1_000, "the second day");
    assert_eq!(store.archive().await.unwrap().removed, 1);
    assert_eq!((objects(), number(&store, "SELECT count(raw) FROM events").await), (3, 3_000));
    store.release_hold("SC-1").await.unwrap();
    assert_eq!(store.enforce_retention(&RetentionPlan::days(8)).await.unwrap().events, 1_000);
    store.archive().await.unwrap();
    assert_eq!(objects(), 2);
    store.sign_ledger().await.unwrap();
    assert!(store.verify().await.unwrap().ok());
    store.close().await;
    let ledger: String =
        files_below(&dir.path().join("ledger")).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert_eq!(ledger.matches("\"expired\"").count(), 2, "{ledger}");
}

#[tokio::test]
async fn a_quarter_that_expires_comes_back_as_a_smaller_file_and_goes_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let today = day(10);
    let store = filled(dir.path(), &today, 1_000).await;
    store.archive().await.unwrap();
    let hold =
        Hold { id: "b".into(), reason: "r".into(), sources: Some(["source-b".into()].into()), ..Hold::default() };
    store.hold(hold).await.unwrap();
    let gone = store.enforce_retention(&RetentionPlan::days(1)).await.unwrap();
    assert_eq!((gone.rewritten, number(&store, "SELECT count(raw) FROM events").await), (4, 1_333));
    let moved = store.archive().await.unwrap();
    assert_eq!((moved.files, moved.removed), (4, 4));
    assert_eq!(number(&store, "SELECT count(raw) FROM events WHERE source_id = 'source-b'").await, 1_333);
    store.sign_ledger().await.unwrap();
    assert!(store.verify().await.unwrap().ok());
    store.close().await;
}

#[tokio::test]
async fn a_file_left_here_after_it_was_archived_is_removed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let today = day(10);
    let store = filled(dir.path(), &today, 500).await;
    store.archive().await.unwrap();
    store.close().await;
    drop(store);
    let object = files_below(&dir.path().join("archive/segments")).remove(0);
    let left = dir.path().join("segments").join(object.strip_prefix(dir.path().join("archive/segments")).unwrap());
    std::fs::create_dir_all(left.parent().unwrap()).unwrap();
    std::fs::copy(&object, &left).unwrap();
    let store = open(dir.path(), &today);
    assert!(!left.exists() && object.exists());
    assert_eq!(number(&store, "SELECT count(*) FROM events").await, 2_000);
    store.close().await;
    drop(store);
    // Nobody says any more where the archive is: its days are missing, and that is said.
    let store = Store::open(dir.path(), options()).unwrap();
    let found = store.search(&SearchRequest::default(), &all()).await.unwrap();
    assert_eq!((found.total, found.unreadable_files, found.unreadable[0].why), (0, 4, Why::Unreachable));
    assert!(found.unreadable[0].words.contains("no archive is configured"));
    store.close().await;
}
