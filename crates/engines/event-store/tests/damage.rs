//! Damage of every part: it is named, it takes little with it, and a repair makes the store whole around it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::Event;
use luytre_event_store::{
    ExportFormat, Options, QueryContext, SearchRequest, SearchResult, Selection, SinceRequest, Sources, Store,
    StoreError, Unreadable, Why, repair,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::{MIDNIGHT, all, event, fill, number, open, options, record};

const COUNT: &str = "SELECT count(*) FROM events";
const GROUP: u64 = 64 * 1024;
const BLOCK: u64 = 8192;

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

/// Two bytes beside each other: more than a checksum can put right.
fn spoil(file: &Path, place: usize) {
    flip(file, place);
    flip(file, place + 1);
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
async fn damage_takes_the_blocks_of_its_pages_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    {
        // One seal: an event a second, so a day of them and a part of the next.
        let options = Options { seal_bytes: 1 << 30, memory_bytes: 2 << 30, ..options() };
        let store = Store::open(dir.path(), options).unwrap();
        for part in 0..7 {
            // Records that do not pack into one piece of a file.
            let noise = |seq: u64| -> String {
                Sha256::digest(seq.to_be_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
            };
            let seqs = part * 20_000 + 1..=part * 20_000 + 20_000;
            let events = seqs.map(|seq| event(seq, "source-a", &format!("line {seq} {}", noise(seq))));
            store.insert(events.collect()).await.unwrap();
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
    spoil(&file, middle_of(&file, "raw"));
    let readable = {
        let store = open(dir.path());
        let report = store.verify().await.unwrap();
        assert!(
            report.problems.len() == 1 && report.problems[0].reason.contains("blocks of rows are lost"),
            "{report:?}"
        );
        let readable = number(&store, COUNT).await as u64;
        let lost = 140_000 - readable;
        assert!(lost > 0 && lost < GROUP && lost.is_multiple_of(BLOCK), "{lost}: the other pages are read");
        let filtered = "SELECT count(*) FROM events WHERE host_name = 'may-chu' AND raw LIKE '%line%' AND seq > 0";
        assert_eq!(number(&store, filtered).await as u64, readable);
        let found = search(&store, "\"line 139999\"").await;
        assert_eq!((found.unreadable_files, found.unreadable[0].why), (1, Why::Damaged));
        assert_eq!(
            number(&store, "SELECT count(DISTINCT seq) FROM events WHERE raw LIKE '%line%'").await as u64,
            readable
        );
        assert!(matches!(repair(dir.path(), &options()), Err(luytre_event_store::StoreError::Locked { .. })));
        readable
    };
    let done = repair(dir.path(), &options()).unwrap();
    assert_eq!((done.manifest_rebuilt, done.segments.len()), (false, 1), "{done:?}");
    assert_eq!(done.segments[0].rows_before - done.segments[0].rows_after, 140_000 - readable);
    let store = open(dir.path());
    assert_eq!(number(&store, COUNT).await as u64, readable);
    let report = store.verify().await.unwrap();
    assert!(report.ok() && report.losses.len() == 1, "{report:?}");
    assert_eq!(std::fs::read_dir(dir.path().join("damaged")).unwrap().count(), 1, "the old file is kept");
    assert_eq!(repair_again(dir.path(), store), 0);
}

/// Whoever meets the damage first looks at it; the others, who met it before that look ended, have their answers as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_meets_damage_that_another_looks_at_has_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        fill(&store, 1..=3_000).await;
        store.seal().await.unwrap();
    }
    let file = segments(dir.path()).remove(0);
    let length = file.metadata().unwrap().len() as usize;
    for part in 1..4 {
        spoil(&file, length * part / 4);
    }
    let context = all();
    for _ in 0..24 {
        let store = open(dir.path());
        let asked = (0..4).map(|_| store.query("SELECT count(raw) FROM events", &context));
        let (verified, answers) = futures::join!(store.verify(), futures::future::join_all(asked));
        assert_eq!(verified.unwrap().problems.len(), 1);
        for answer in answers {
            let answer = answer.unwrap();
            assert_eq!(answer.unreadable.len(), 1);
        }
        assert_eq!(number(&store, "SELECT count(raw) FROM events").await, 0);
    }
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
        assert!(rows(&store).await == truth, "bit {} of byte {}", part % 8, length * part / 48 + part);
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

/// Where the data of a column in the first row group has its middle.
fn middle_of(file: &Path, column: &str) -> usize {
    let reader = SerializedFileReader::new(std::fs::File::open(file).unwrap()).unwrap();
    let group = reader.metadata().row_group(0);
    let found = group.columns().iter().find(|one| one.column_path().string() == column).unwrap();
    let (start, length) = found.byte_range();
    (start + length / 2) as usize
}

/// Where a bloom filter and the first place of pages lie.
fn behind_the_rows(file: &Path) -> [usize; 2] {
    let reader = SerializedFileReader::new(std::fs::File::open(file).unwrap()).unwrap();
    let group = reader.metadata().row_group(0);
    let filter = group.columns().iter().find_map(|one| one.bloom_filter_offset()).unwrap();
    [filter as usize + 40, group.column(0).offset_index_offset().unwrap() as usize + 1]
}

/// Rows of the row groups that have nothing in the piece of a place.
fn rows_apart(file: &Path, place: usize) -> i64 {
    let piece = place as u64 / (64 << 10);
    let reader = SerializedFileReader::new(std::fs::File::open(file).unwrap()).unwrap();
    let apart = |group: &&RowGroupMetaData| {
        let mut ranges = group.columns().iter().map(|column| column.byte_range());
        ranges.all(|(start, length)| {
            let (first, last) = (start / (64 << 10), (start + length - 1) / (64 << 10));
            !(first..=last).contains(&piece)
        })
    };
    reader.metadata().row_groups().iter().filter(apart).map(RowGroupMetaData::num_rows).sum()
}

/// Where the spare of the footer begins.
fn spare_of(file: &Path) -> usize {
    let reader = SerializedFileReader::new(std::fs::File::open(file).unwrap()).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let words = pairs.iter().find(|pair| pair.key == "luytre.words").unwrap().value.clone().unwrap();
    words.split(' ').map(|number| number.parse::<usize>().unwrap()).sum()
}

async fn search(store: &Store, query: &str) -> SearchResult {
    let request = SearchRequest { query: query.to_owned(), ..SearchRequest::default() };
    store.search(&request, &all()).await.unwrap()
}

#[tokio::test]
async fn one_changed_byte_costs_nothing_wherever_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        fill(&store, 1..=3_000).await;
        store.seal().await.unwrap();
    }
    let file = segments(dir.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    let mut places = behind_the_rows(&file).to_vec();
    places.extend([middle_of(&file, "raw"), whole.len() - 2, whole.len() - 6, whole.len() - 200, 0]);
    for place in places {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x5a;
        std::fs::write(&file, bytes).unwrap();
        let store = open(dir.path());
        let report = store.verify().await.unwrap();
        let said = format!("byte {place} was changed and is corrected");
        assert!(report.problems.len() == 1 && report.problems[0].reason.contains(&said), "{place}: {report:?}");
        assert_eq!(number(&store, "SELECT count(raw) FROM events WHERE host_name = 'may-chu'").await, 3_000, "{place}");
        let found = search(&store, "\"line 2999\"").await;
        assert_eq!((found.total, found.unreadable_files), (1, 0), "{place}: nothing is missing");
    }
    let done = repair(dir.path(), &options()).unwrap();
    let kept: Vec<_> = done.segments.iter().map(|one| (one.rows_before, one.rows_after)).collect();
    assert_eq!(kept, [(3_000, 3_000)]);
    let store = open(dir.path());
    let report = store.verify().await.unwrap();
    assert!(report.ok() && report.losses.is_empty(), "{report:?}");
    assert_eq!(number(&store, "SELECT count(DISTINCT seq) FROM events").await, 3_000);
}

#[tokio::test]
async fn a_spoilt_bloom_filter_leaves_out_nothing_and_a_spoilt_footer_has_a_spare() {
    let dir = tempfile::tempdir().unwrap();
    {
        let options = Options { seal_bytes: 1 << 30, memory_bytes: 2 << 30, ..options() };
        let store = Store::open(dir.path(), options).unwrap();
        for part in 0..4 {
            fill(&store, part * 20_000 + 1..=part * 20_000 + 20_000).await;
        }
        store.seal().await.unwrap();
    }
    let file = segments(dir.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    let mut places = behind_the_rows(&file).to_vec();
    places.push(whole.len() - 100);
    for place in places {
        std::fs::write(&file, &whole).unwrap();
        // Rows in whole row groups that share no piece with the damage are read at the least.
        let least = rows_apart(&file, place);
        spoil(&file, place);
        let store = open(dir.path());
        assert_eq!(store.verify().await.unwrap().problems.len(), 1, "{place}");
        assert!(number(&store, COUNT).await >= least, "{place}: {least}");
        let equal = "SELECT count(raw) FROM events WHERE host_name = 'may-chu' AND user_name = 'root'";
        let found = number(&store, equal).await;
        assert_eq!(found, number(&store, "SELECT count(raw) FROM events WHERE seq % 2 = 0").await, "{place}");
    }
    // The footer and its spare.
    std::fs::write(&file, &whole).unwrap();
    let spare = spare_of(&file);
    spoil(&file, spare + 20);
    spoil(&file, whole.len() - 100);
    {
        let store = open(dir.path());
        assert_eq!(store.verify().await.unwrap().problems.len(), 1);
        assert_eq!(number(&store, COUNT).await, 0);
    }
    assert_eq!(repair(dir.path(), &options()).unwrap().segments.len(), 1);
    assert_eq!(std::fs::read_dir(dir.path().join("damaged")).unwrap().count(), 1, "the old file is kept");
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
        spoil(&file, length * part / 16);
        let done = repair(dir.path(), &options()).unwrap();
        assert_eq!(done.segments.len(), 1, "{part}: {done:?}");
        assert_eq!(done.segments[0].rows_after, 0, "{part}: its one row group is lost, whatever still reads");
    }
}

/// What SQL says that it lacks.
async fn lacks(store: &Store, sql: &str, context: &QueryContext) -> Vec<(Why, u64, String)> {
    let told = store.query(sql, context).await.unwrap().unreadable;
    told.into_iter().map(|one| (one.why, one.events, one.days.join(", "))).collect()
}

#[tokio::test]
async fn whoever_asks_is_told_what_is_not_in_the_answer_before_and_after_a_repair() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        fill(&store, 1..=500).await;
        store.seal().await.unwrap();
        fill(&store, 90_001..=90_018).await;
        store.seal().await.unwrap();
        assert_eq!(lacks(&store, COUNT, &all()).await, []);
    }
    let file = segments(dir.path()).remove(0);
    spoil(&file, file.metadata().unwrap().len() as usize / 3);
    let day = || "2026-11-21".to_owned();
    let (first, second) =
        ("SELECT count(raw) FROM events WHERE seq < 900", "SELECT count(raw) FROM events WHERE seq > 900");
    let everything = "SELECT count(raw) FROM events";
    let request = |after: u64| SinceRequest { after, up_to: 100_000, ..SinceRequest::default() };
    let (refused, rest) = (dir.path().join("refused.jsonl"), dir.path().join("rest.jsonl"));
    let without = Selection { without_unreadable: true, ..Selection::default() };
    {
        let store = open(dir.path());
        assert_eq!(number(&store, everything).await, 18);
        assert_eq!(lacks(&store, everything, &all()).await, [(Why::Damaged, 500, day())]);
        assert_eq!(lacks(&store, first, &all()).await, [(Why::Damaged, 500, day())]);
        assert_eq!(lacks(&store, second, &all()).await, [], "the manifest says that none of these was in it");
        let only = QueryContext::new(Sources::only(["source-a"]));
        assert_eq!(lacks(&store, everything, &only).await, [(Why::Damaged, 0, day())], "of others no number is told");
        let stranger = QueryContext::new(Sources::only(["source-z"]));
        assert_eq!(lacks(&store, everything, &stranger).await, [], "nothing of theirs is missing");

        let since = store.since(&request(0), &all()).await.unwrap();
        assert_eq!(Unreadable::days_of(&since.unreadable), [day()]);
        assert_eq!(store.since(&request(900), &all()).await.unwrap().unreadable, []);

        let outcome = store.export(&Selection::default(), ExportFormat::JsonLines, &refused).await;
        assert!(matches!(&outcome, Err(StoreError::Incomplete { days, .. }) if *days == day()), "{outcome:?}");
        assert!(!refused.exists() && !refused.with_extension("part").exists());
        let done = store.export(&without, ExportFormat::JsonLines, &rest).await.unwrap();
        assert_eq!((done.events, done.unreadable[0].why, done.unreadable[0].events), (18, Why::Damaged, 500));
    }
    assert_eq!(repair(dir.path(), &options()).unwrap().segments[0].rows_after, 0);
    for _ in 0..2 {
        let store = open(dir.path());
        assert_eq!(lacks(&store, everything, &all()).await, [(Why::Lost, 500, day())], "it stays known");
        assert_eq!(lacks(&store, second, &all()).await, []);
        let found = store.search(&SearchRequest::default(), &all()).await.unwrap();
        assert_eq!((found.total, found.unreadable[0].why, found.unreadable[0].events), (18, Why::Lost, 500));
        let report = store.verify().await.unwrap();
        assert!(report.ok() && report.lost.len() == 1 && report.lost[0].events == 500, "{report:?}");
        assert!(!report.lost[0].is_open());
    }
    let store = open(dir.path());
    let done = store.export(&Selection::default(), ExportFormat::JsonLines, &refused).await.unwrap();
    assert_eq!((done.events, done.unreadable[0].why), (18, Why::Lost), "nothing can be waited for any more");
}

#[tokio::test]
async fn a_file_that_is_gone_is_missing_from_the_answers_of_its_day() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open(dir.path());
        fill(&store, 1..=100).await;
        fill(&store, 90_001..=90_100).await;
        store.seal().await.unwrap();
    }
    let files = segments(dir.path());
    assert_eq!(files.len(), 2, "a day each");
    std::fs::remove_file(&files[1]).unwrap();
    let store = open(dir.path());
    let next_day = "SELECT count(*) FROM events WHERE time >= '2026-11-22T00:00:00Z'";
    assert_eq!(lacks(&store, next_day, &all()).await, [(Why::Missing, 100, "2026-11-22".to_owned())]);
    let first_day = "SELECT count(*) FROM events WHERE time < '2026-11-22T00:00:00Z'";
    assert_eq!((number(&store, first_day).await, lacks(&store, first_day, &all()).await), (100, Vec::new()));
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
    let kept = lost[1].2;
    assert_eq!(lost, [(1, 100, 0), (101, 200, kept)]);
    let store = open(dir.path());
    assert!(store.verify().await.unwrap().ok());
    assert_eq!(number(&store, COUNT).await as u64, 100 + kept);
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
