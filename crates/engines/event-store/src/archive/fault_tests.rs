//! An archive that fails: at every call in turn while segments are moved, read and removed, and for a time. Nothing is
//! lost, nothing is twice, nothing is left over, and everything comes right by itself.

use super::byte_tests::{Place, each_place};
use super::bytes::{ByteStore, Described};
use super::settings::{ArchivePlace, Archiving};
use super::{Archive, Folder, MARK, Moved, Objects};
use crate::files::RealFiles;
use crate::{
    ExportFormat, Options, QueryContext, RetentionPlan, SearchRequest, SearchResult, Selection, Sources, Store,
    StoreError, Why,
};
use bytes::Bytes;
use event::Event;
use object_store::memory::InMemory;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

const DAY: i64 = 86_400_000_000;
/// The day of the first event.
const FIRST: i64 = 20_000;

/// Hands everything on, until it fails.
struct Failing {
    inner: Arc<dyn ByteStore>,
    calls: AtomicU64,
    /// The call that fails; from it on all of them where `for_good`.
    fails: u64,
    for_good: bool,
}

impl Failing {
    fn call(&self) -> io::Result<()> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        match number == self.fails || self.for_good && number > self.fails {
            true => Err(io::Error::other("the line is cut")),
            false => Ok(()),
        }
    }
}

impl ByteStore for Failing {
    fn place(&self) -> String {
        "failing".into()
    }

    fn put(&self, name: &str, from: &mut dyn Read) -> io::Result<()> {
        self.call()?;
        self.inner.put(name, from)?;
        // It is there, and whoever put it does not know.
        self.call()
    }

    fn put_new(&self, name: &str, bytes: Bytes) -> io::Result<bool> {
        self.call()?;
        self.inner.put_new(name, bytes)
    }

    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Bytes> {
        self.call()?;
        self.inner.read(name, range)
    }

    fn describe(&self, name: &str) -> io::Result<Option<Described>> {
        self.call()?;
        self.inner.describe(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.call()?;
        self.inner.list(folder)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.call()?;
        self.inner.remove(name)?;
        self.call()
    }
}

fn settings() -> Archiving {
    let somewhere = ArchivePlace::Folder("unused".into());
    Archiving { pause: Duration::from_millis(400), cache_bytes: 0, ..Archiving::new(somewhere, 2) }
}

/// A store whose day is `today`, with its archive on these bytes.
fn open(dir: &Path, bytes: &Arc<dyn ByteStore>, today: &Arc<AtomicI64>) -> Store {
    let (files, today) = (Arc::new(RealFiles), today.clone());
    let options = Options {
        linger: Duration::ZERO,
        archiving: Some(settings()),
        clock: Arc::new(move || today.load(Ordering::SeqCst) * DAY + DAY / 2),
        ..Options::default()
    };
    let archive = Archive::on(bytes.clone(), dir, Some(settings()));
    Store::open_with(dir, options, files, archive).unwrap()
}

fn event(seq: u64, day: i64) -> Event {
    let time = day * DAY + seq as i64;
    let raw = format!("line {seq}").into();
    Event { seq, time, arrival: time, format: "test@1".into(), raw, ..Event::default() }
}

/// Ten events a day, four days, a file each.
async fn fill(store: &Store) {
    for day in 0..4_u64 {
        store.insert((1..=10).map(|number| event(day * 10 + number, FIRST + day as i64)).collect()).await.unwrap();
        store.seal().await.unwrap();
    }
}

fn memory() -> Arc<dyn ByteStore> {
    Arc::new(Objects::new(Arc::new(InMemory::new()), "", "memory".into()).unwrap())
}

async fn search(store: &Store) -> SearchResult {
    store.search(&SearchRequest { limit: 1000, ..SearchRequest::default() }, &all()).await.unwrap()
}

fn all() -> QueryContext {
    QueryContext::new(Sources::All)
}

/// Waits until the archive is asked again.
async fn pause() {
    tokio::time::sleep(settings().pause * 2).await;
}

/// Everything is there once, and the archive holds what the manifest says and nothing else.
async fn settled(store: &Store, bytes: &Arc<dyn ByteStore>, days: usize, what: &str) {
    let mut sequences: Vec<u64> = search(store).await.rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, ((4 - days as u64) * 10 + 1..=40).collect::<Vec<_>>(), "{what}");
    let report = store.verify().await.unwrap();
    assert!(report.ok(), "{what}: {:?}", report.problems);
    assert_eq!(bytes.list("segments").unwrap().len(), store.statistics().archived_segments, "{what}");
}

/// Moves, reads and removes with a failure at one call; gives whether it came to it.
async fn disturbed(fails: u64, for_good: bool) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let bytes = memory();
    let today = Arc::new(AtomicI64::new(FIRST + 4));
    let failing = Arc::new(Failing { inner: bytes.clone(), calls: AtomicU64::new(0), fails, for_good });
    let broken: Arc<dyn ByteStore> = failing.clone();
    let what = format!("call {fails}, for good: {for_good}");
    {
        let store = open(dir.path(), &broken, &today);
        fill(&store).await;
        let _ = store.archive().await;
        assert_eq!(store.statistics().events, 40, "{what}");
        // The first day goes for good, as far as the archive lets it.
        store.enforce_retention(&RetentionPlan::days(4)).await.unwrap();
        let _ = store.archive().await;
        store.close().await;
    }
    let store = open(dir.path(), &bytes, &today);
    store.archive().await.unwrap();
    settled(&store, &bytes, 3, &what).await;
    assert_eq!(store.archive().await.unwrap(), Moved::default(), "{what}: nothing is left to be done");
    store.close().await;
    failing.calls.load(Ordering::SeqCst) > fails
}

#[tokio::test]
async fn a_call_that_fails_loses_nothing_and_leaves_nothing_behind() {
    for for_good in [false, true] {
        let mut fails = 0;
        while disturbed(fails, for_good).await {
            fails += 1;
        }
        assert!(fails > 5, "the life of the test became too short to mean anything: {fails} calls");
    }
}

#[tokio::test]
async fn an_archive_that_is_away_is_told_with_its_days_and_is_used_again_once_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = memory();
    let today = Arc::new(AtomicI64::new(FIRST + 4));
    let store = open(dir.path(), &bytes, &today);
    fill(&store).await;
    assert_eq!(store.archive().await.unwrap().files, 2, "the last two days stay");
    settled(&store, &bytes, 4, "archived").await;
    store.close().await;
    drop(store);

    let away: Arc<dyn ByteStore> =
        Arc::new(Failing { inner: bytes.clone(), calls: AtomicU64::new(1), fails: 0, for_good: true });
    let store = open(dir.path(), &away, &today);
    let found = search(&store).await;
    assert_eq!((found.total, found.rows.len(), found.unreadable_files), (20, 20, 2), "what is here is found");
    let told = &found.unreadable[0];
    assert_eq!(
        (told.why, told.days.as_slice()),
        (Why::Unreachable, &["2024-10-04".to_owned(), "2024-10-05".into()][..])
    );
    assert!(told.words.contains("the line is cut"), "{told:?}");
    assert!(store.statistics().archive_outage.is_some());
    let asked = store.query("SELECT count(raw) FROM events WHERE raw LIKE '%line%'", &all()).await;
    assert!(matches!(&asked, Err(StoreError::Unreachable { days, .. }) if days.contains("2024-10-04")), "{asked:?}");
    let file = dir.path().join("days.jsonl");
    let refused = store.export(&Selection::default(), ExportFormat::JsonLines, &file).await;
    assert!(
        matches!(&refused, Err(StoreError::Unreachable { days, .. }) if days.contains("2024-10-04")),
        "{refused:?}"
    );
    let without = Selection { without_unreadable: true, ..Selection::default() };
    let done = store.export(&without, ExportFormat::JsonLines, &file).await.unwrap();
    assert_eq!((done.events, done.unreadable[0].why, done.unreadable[0].events), (20, Why::Unreachable, 20));
    let recent = "SELECT count(raw) FROM events WHERE seq > 20";
    assert_eq!(store.query(recent, &all()).await.unwrap().rows, 1, "a question about what is here is answered");
    store.insert(vec![event(41, FIRST + 4)]).await.unwrap();
    store.seal().await.unwrap();
    today.store(FIRST + 9, Ordering::SeqCst);
    assert!(store.archive().await.is_err(), "what cannot go stays here");
    pause().await;
    let report = store.verify().await.unwrap();
    assert!(report.problems.len() == 2 && report.problems[0].reason.contains("the line is cut"), "{report:?}");
    store.close().await;
    drop(store);

    // The same store sees it come back.
    let away = Arc::new(Failing { inner: bytes.clone(), calls: AtomicU64::new(0), fails: 1, for_good: false });
    let seen: Arc<dyn ByteStore> = away.clone();
    let store = open(dir.path(), &seen, &today);
    away.calls.store(1, Ordering::SeqCst);
    assert_eq!(search(&store).await.unreadable_files, 2, "one failure, and it is left alone for a moment");
    pause().await;
    let found = search(&store).await;
    assert_eq!((found.total, found.unreadable_files), (41, 0));
    assert_eq!(store.archive().await.unwrap().files, 3);
    assert_eq!(store.statistics().archive_outage, None);
    store.close().await;
}

#[tokio::test]
async fn another_folder_than_the_archive_is_not_taken_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let today = Arc::new(AtomicI64::new(FIRST + 9));
    let disk = tempfile::tempdir().unwrap();
    let place = |at: &Path| -> Arc<dyn ByteStore> { Arc::new(Folder::new(at.to_owned(), Arc::new(RealFiles))) };
    let store = open(dir.path(), &place(disk.path()), &today);
    fill(&store).await;
    assert_eq!(store.archive().await.unwrap().files, 4);
    assert!(disk.path().join(MARK).exists());
    store.insert(vec![event(41, FIRST)]).await.unwrap();
    store.seal().await.unwrap();
    store.close().await;
    drop(store);
    let empty = tempfile::tempdir().unwrap();
    let store = open(dir.path(), &place(empty.path()), &today);
    let found = search(&store).await;
    assert_eq!((found.total, found.unreadable[0].why), (1, Why::Unreachable));
    pause().await;
    let error = store.archive().await.unwrap_err().to_string();
    assert!(error.contains(MARK), "{error}");
    assert_eq!(store.statistics().damaged_segments, 0, "the disk that is not mounted says nothing about them");
    store.close().await;
    drop(store);
    let store = open(dir.path(), &place(disk.path()), &today);
    assert_eq!(search(&store).await.total, 41);
    store.close().await;
}

#[test]
fn every_place_is_an_archive() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    each_place(|Place { name, bytes }| {
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let today = Arc::new(AtomicI64::new(FIRST + 4));
            let store = open(dir.path(), &bytes, &today);
            fill(&store).await;
            assert_eq!(store.archive().await.unwrap().files, 2, "{name}");
            settled(&store, &bytes, 4, name).await;
            store.enforce_retention(&RetentionPlan::days(4)).await.unwrap();
            assert_eq!(store.archive().await.unwrap().removed, 1, "{name}");
            settled(&store, &bytes, 3, name).await;
            store.close().await;
        });
    });
}
