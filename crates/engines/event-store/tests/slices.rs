//! A search that is walked slice by slice finds what the events say, tells on the way only what is true, and ends with
//! its reader.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Event, Micros};
use luytre_event_store::{Cursor, Options, QueryContext, SearchRequest, SearchResult, Store, StoreError, search};
use proptest::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::{MIDNIGHT, SECOND, all, event, fill, open, options};

const DAY: Micros = 86_400 * SECOND;

/// Events that came together, and whether they were sealed then; what is not stays in memory, or goes with the next.
type Chapter = (Vec<Micros>, bool);

/// In order, at the same moment, late by days, of a clock that is wrong by years.
fn moment() -> impl Strategy<Value = Micros> {
    prop_oneof![
        5 => (0i64..3_600).prop_map(|second| 10 * DAY + second * SECOND),
        2 => (0i64..4).prop_map(|second| 10 * DAY + second * SECOND),
        2 => (0i64..10, 0i64..86_400).prop_map(|(day, second)| day * DAY + second * SECOND),
        1 => Just(-9_000 * DAY),
    ]
}

/// The last is an import of many days: more than get files of their own.
fn story() -> impl Strategy<Value = Vec<Chapter>> {
    let chapter = (prop::collection::vec(moment(), 1..40), any::<bool>());
    (prop::collection::vec(chapter, 1..5), any::<bool>()).prop_map(|(mut chapters, long)| {
        if long {
            chapters.push(((0..55).map(|day| day * 3 * DAY + day).collect(), true));
        }
        chapters
    })
}

async fn told(dir: &Path, story: &[Chapter]) -> (Store, Vec<Event>) {
    let store = open(dir);
    let mut events = Vec::new();
    for (times, sealed) in story {
        let first = events.len() as u64 + 1;
        let more: Vec<Event> = (first..).zip(times).map(|(seq, time)| one(seq, MIDNIGHT + time)).collect();
        store.insert(more.clone()).await.unwrap();
        events.extend(more);
        if *sealed {
            store.seal().await.unwrap();
        }
    }
    (store, events)
}

fn one(seq: u64, time: Micros) -> Event {
    let mut event = event(seq, if seq.is_multiple_of(3) { "source-b" } else { "source-a" }, &format!("line {seq}"));
    event.time = time;
    event
}

/// What the events themselves say.
fn matches<'e>(events: &'e [Event], request: &SearchRequest) -> Vec<&'e Event> {
    let query = search::parse(&request.query, &jiff::tz::TimeZone::UTC).unwrap();
    let within = |time: Micros| request.from.is_none_or(|from| from <= time) && request.to.is_none_or(|to| time < to);
    let mut found: Vec<_> = events.iter().filter(|event| within(event.time) && query.matches(event)).collect();
    found.sort_by_key(|event| std::cmp::Reverse((event.time, event.seq)));
    found
}

fn seqs(result: &SearchResult) -> Vec<u64> {
    result.rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect()
}

/// All but what depends on how the way was cut.
fn told_in_the_end(mut result: SearchResult) -> Value {
    result.files_read = 0;
    serde_json::to_value(result).unwrap()
}

async fn check(store: &Store, events: &[Event], request: &SearchRequest) {
    let found = matches(events, request);
    let counts = request.buckets > 0 || request.facets;
    let mut updates = store.search_updates(request, &all()).unwrap();
    let mut result = SearchResult::default();
    let (mut done, mut total, mut reached) = (false, 0, None);
    while let Some(update) = updates.next().await {
        let update = update.unwrap();
        assert!(!done, "nothing comes after the last");
        done = update.done;
        if let Some(time) = update.reached.filter(|_| counts) {
            let counted = found.iter().filter(|event| time <= event.time).count() as u64;
            assert_eq!(update.so_far.total, counted, "what is counted is all there is since {time}");
            assert!(reached.is_none_or(|before| time <= before));
            let shown: u64 = update.so_far.histogram.buckets.iter().map(|bucket| bucket.count).sum();
            assert!(request.buckets == 0 || shown == counted, "{shown} bars of {counted}");
        }
        reached = update.reached.or(reached);
        assert!(update.files_done <= update.files_to_do && total <= update.so_far.total);
        total = update.so_far.total;
        assert_eq!(update.so_far.total_exact, done && counts);
        result.take(update);
    }
    assert!(done);
    let older = |event: &&&Event| request.before.is_none_or(|at| (event.time, event.seq) < (at.time, at.seq));
    let page: Vec<u64> = found.iter().filter(older).map(|event| event.seq).collect();
    let (shown, left) = page.split_at(page.len().min(request.limit));
    assert_eq!(seqs(&result), shown);
    let last = result.next.map(|next| next.seq);
    assert_eq!(last, shown.last().copied().filter(|_| !left.is_empty()));
    assert_eq!(result.total as usize, if counts { found.len() } else { shown.len() });
    for bucket in &result.histogram.buckets {
        let end = bucket.time + result.histogram.bucket_micros;
        let count = found.iter().filter(|event| bucket.time <= event.time && event.time < end).count();
        assert_eq!(bucket.count as usize, count);
    }
    let whole = SearchRequest { slice_rows: u64::MAX, ..request.clone() };
    let whole = store.search(&whole, &all()).await.unwrap();
    assert_eq!(told_in_the_end(result), told_in_the_end(whole));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn a_search_in_slices_finds_what_the_events_say(
        story in story(),
        query in prop::sample::select(vec!["", "user_name:root", "line 7", "source_id:source-b -line", "nosuchfield:x"]),
        from in prop::option::of(moment()),
        length in prop::option::of(0i64..11 * DAY),
        limit in 1usize..30,
        before in prop::option::of((moment(), 1u64..100)),
        (facets, buckets) in prop::sample::select(vec![(true, 20), (false, 7), (true, 0), (false, 0)]),
        slice_rows in 1u64..60,
    ) {
        let from = from.map(|from| MIDNIGHT + from);
        let request = SearchRequest {
            query: query.into(),
            from,
            to: length.map(|length| from.unwrap_or(MIDNIGHT) + length),
            limit,
            before: before.map(|(time, seq)| Cursor { time: MIDNIGHT + time, seq }),
            facets,
            buckets,
            slice_rows,
            ..SearchRequest::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let (store, events) = told(dir.path(), &story).await;
            check(&store, &events, &request).await;
        });
    }
}

/// Twenty files of ten events.
async fn many(dir: &Path, options: Options) -> Store {
    let store = Store::open(dir, Options { compact_files: 1000, ..options }).unwrap();
    for part in 0..20 {
        fill(&store, part * 10 + 1..=part * 10 + 10).await;
        store.seal().await.unwrap();
    }
    store
}

fn slowly() -> SearchRequest {
    SearchRequest { slice_rows: 1, limit: 5, ..SearchRequest::default() }
}

#[tokio::test]
async fn the_first_page_is_there_before_the_total() {
    let dir = tempfile::tempdir().unwrap();
    let store = many(dir.path(), options()).await;
    let mut updates = store.search_updates(&SearchRequest { slice_rows: 10, ..slowly() }, &all()).unwrap();
    let first = updates.next().await.unwrap().unwrap();
    assert_eq!(seqs(&first.so_far), [200, 199, 198, 197, 196]);
    assert!(first.page_complete && !first.done && !first.so_far.total_exact);
    assert!(first.so_far.next.is_some() && first.so_far.total < 50, "{}", first.so_far.total);
    assert_eq!((first.files_to_do, first.so_far.files_total), (20, 20));
    assert!(first.files_done < 5, "{}", first.files_done);
    // A page far back does not wait for the count of what is before it.
    let before = Some(Cursor { time: MIDNIGHT + 20 * SECOND, seq: 20 });
    let mut updates = store.search_updates(&SearchRequest { before, ..slowly() }, &all()).unwrap();
    let mut result = SearchResult::default();
    loop {
        let update = updates.next().await.unwrap().unwrap();
        let complete = update.page_complete;
        assert_eq!(update.reached, None);
        result.take(update);
        if complete {
            break;
        }
    }
    assert_eq!(seqs(&result), [19, 18, 17, 16, 15]);
}

#[tokio::test]
async fn what_nobody_filters_is_counted_without_reading_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { compact_files: 1000, ..options() }).unwrap();
    let mut events = Vec::new();
    for day in 0..20 {
        let some: Vec<Event> = (1..=50)
            .map(|number| one(day * 50 + number, MIDNIGHT + (day as i64 * 1440 + number as i64) * 60 * SECOND))
            .collect();
        store.insert(some.clone()).await.unwrap();
        store.seal().await.unwrap();
        events.extend(some);
    }
    let request = SearchRequest { limit: 5, facets: false, slice_rows: 10, ..SearchRequest::default() };
    check(&store, &events, &request).await;
    let everything = store.search(&request, &all()).await.unwrap();
    assert_eq!((everything.total, everything.total_exact, everything.files_read), (1000, true, 1));
    // Whoever may not see every source, or asks for something, has files read.
    let some = QueryContext::new(luytre_event_store::Sources::only(["source-a", "source-b"]));
    let theirs = store.search(&request, &some).await.unwrap();
    assert_eq!((theirs.total, theirs.files_read, theirs.histogram), (1000, 20, everything.histogram));
    let asked = SearchRequest { query: "user_name:root".into(), ..request };
    assert_eq!(store.search(&asked, &all()).await.unwrap().total, 500);
}

#[tokio::test]
async fn a_search_whose_reader_waits_or_goes_keeps_no_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = many(dir.path(), Options { concurrent_queries: 1, ..options() }).await;
    let mut updates = store.search_updates(&slowly(), &all()).unwrap();
    updates.next().await.unwrap().unwrap();
    // Nobody takes the next update, so the search stands still; others go by.
    assert_eq!(store.search(&SearchRequest::default(), &all()).await.unwrap().total, 200);
    drop(updates);
    assert_eq!(store.search(&SearchRequest::default(), &all()).await.unwrap().total, 200);
    let dropped: Vec<_> = (0..50).map(|_| store.search_updates(&slowly(), &all()).unwrap()).collect();
    drop(dropped);
    assert_eq!(store.search(&SearchRequest::default(), &all()).await.unwrap().total, 200);
}

async fn rest(mut updates: luytre_event_store::SearchUpdates) -> (usize, StoreError) {
    let mut count = 0;
    loop {
        match updates.next().await.expect("an end with a reason") {
            Ok(update) => assert!(!update.done),
            Err(error) => return (count, error),
        }
        count += 1;
    }
}

#[tokio::test]
async fn a_cancelled_search_and_one_out_of_time_end_with_what_they_had() {
    let dir = tempfile::tempdir().unwrap();
    let store = many(dir.path(), options()).await;
    let context = all();
    let mut updates = store.search_updates(&slowly(), &context).unwrap();
    updates.next().await.unwrap().unwrap();
    context.cancel.cancel();
    let (more, error) = rest(updates).await;
    assert!(more <= 2 && matches!(error, StoreError::Cancelled), "{more} {error}");

    let context = QueryContext { timeout: Duration::from_secs(2), ..all() };
    let mut updates = store.search_updates(&slowly(), &context).unwrap();
    updates.next().await.unwrap().unwrap();
    // Its time runs while nobody reads; what was made by then is still there.
    tokio::time::sleep(context.timeout).await;
    let (more, error) = rest(updates).await;
    assert!(more <= 2 && matches!(error, StoreError::Timeout { .. }), "{more} {error}");
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(dir.join("segments")).unwrap().map(|folder| folder.unwrap().path());
    let mut files: Vec<_> =
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn files_that_cannot_be_read_are_counted_where_they_matter() {
    let dir = tempfile::tempdir().unwrap();
    drop(many(dir.path(), options()).await);
    let files = segments(dir.path());
    std::fs::remove_file(&files[0]).unwrap();
    let store = open(dir.path());
    // One that was there when the store was opened, and is not any more.
    let bytes = std::fs::read(&files[10]).unwrap();
    std::fs::write(&files[10], vec![0; bytes.len()]).unwrap();
    let sliced = store.search(&slowly(), &all()).await.unwrap();
    assert_eq!((sliced.total, sliced.total_exact, sliced.unreadable_files), (180, true, 2));
    let request = SearchRequest { from: Some(MIDNIGHT + 150 * SECOND), ..SearchRequest::default() };
    let elsewhere = store.search(&request, &all()).await.unwrap();
    assert_eq!((elsewhere.total, elsewhere.unreadable_files), (51, 0));
    let other = QueryContext::new(luytre_event_store::Sources::only(["source-c"]));
    assert_eq!(store.search(&SearchRequest::default(), &other).await.unwrap().unreadable_files, 0);
}
