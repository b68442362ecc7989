//! What is kept and for how long: rules by source and format, holds, a disk that is too small.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use luytre_event_store::{Hold, LedgerKey, Options, RetentionPlan, RetentionRule, Store};
use std::path::Path;
use std::sync::Arc;
use support::{MIDNIGHT, event, number, options};

const DAY: i64 = 86_400_000_000;

/// A store on the given day; events are of [`MIDNIGHT`] unless they say otherwise.
fn on_day(dir: &Path, day: i64) -> Store {
    let clock = Arc::new(move || MIDNIGHT + day * DAY);
    let key = Some(LedgerKey::from_seed(&[7; 32]));
    Store::open(dir, Options { clock, ledger_key: key, ..options() }).unwrap()
}

fn rule(source: &str, days: u32) -> RetentionRule {
    RetentionRule { sources: Some([source.to_owned()].into()), formats: None, days, basis: "test".into() }
}

/// 40 events of level two, 30 of level three, 20 web accesses of level two, 10 of nobody; one file.
async fn filled(dir: &Path) -> Store {
    let store = on_day(dir, 0);
    let events = (1..=100_u64).map(|seq| {
        let mut one = event(seq, if seq <= 70 && seq > 40 { "level-3" } else { "level-2" }, &format!("line {seq}"));
        if seq > 70 {
            one.format = "web-access@2".into();
        }
        if seq > 90 {
            (one.source_id, one.format) = (None, "test@1".into());
        }
        one
    });
    store.insert(events.collect()).await.unwrap();
    store.seal().await.unwrap();
    store.close().await;
    store
}

fn plan() -> RetentionPlan {
    let web =
        RetentionRule { sources: None, formats: Some(["web-access".into()].into()), days: 366, basis: "test".into() };
    RetentionPlan { wanted_days: 0, other_days: 400, minima: vec![rule("level-2", 31), rule("level-3", 92), web] }
}

async fn counts(store: &Store) -> [i64; 4] {
    let count = async |what: &str| number(store, &format!("SELECT count(*) FROM events WHERE {what}")).await;
    [
        count("source_id = 'level-2' AND format = 'test@1'").await,
        count("source_id = 'level-3'").await,
        count("format = 'web-access@2'").await,
        count("source_id IS NULL").await,
    ]
}

#[tokio::test]
async fn every_kind_goes_in_its_time_and_the_ledger_says_so() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()).await);
    for (day, left) in
        [(20, [40, 30, 20, 10]), (32, [0, 30, 20, 10]), (93, [0, 0, 20, 10]), (368, [0, 0, 0, 10]), (402, [0, 0, 0, 0])]
    {
        let store = on_day(dir.path(), day);
        let before = counts(&store).await.iter().sum::<i64>();
        let gone = store.enforce_retention(&plan()).await.unwrap();
        assert_eq!(counts(&store).await, left, "day {day}");
        assert_eq!(gone.events as i64, before - left.iter().sum::<i64>(), "day {day}");
        let again = store.enforce_retention(&plan()).await.unwrap();
        assert_eq!(again.events, 0, "day {day}");
        store.sign_ledger().await.unwrap();
        let report = store.verify().await.unwrap();
        assert!(report.ok(), "day {day}: {:?}", report.problems);
        store.close().await;
    }
    let ledger: String = std::fs::read_dir(dir.path().join("ledger"))
        .unwrap()
        .map(|one| std::fs::read_to_string(one.unwrap().path()).unwrap())
        .collect();
    assert!(ledger.contains("\"expired\"") && ledger.contains("40 events past 31 to 400 days"), "{ledger}");
}

#[tokio::test]
async fn a_hold_keeps_what_it_covers_until_it_is_released() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()).await);
    let store = on_day(dir.path(), 1000);
    let hold = Hold {
        id: "SC-STTTT-2026-0001".into(),
        reason: "evidence".into(),
        sources: Some(["level-3".to_owned()].into()),
        from: Some(MIDNIGHT),
        to: Some(MIDNIGHT + 60 * 1_000_000),
    };
    store.hold(hold.clone()).await.unwrap();
    store.close().await;
    drop(store);
    let store = on_day(dir.path(), 1001);
    assert_eq!(store.holds().unwrap(), [hold]);
    store.enforce_retention(&plan()).await.unwrap();
    // Sequences 41 to 59 lie before the end of the hold.
    assert_eq!(counts(&store).await, [0, 19, 0, 0]);
    assert!(store.release_hold("SC-STTTT-2026-0001").await.unwrap());
    assert!(!store.release_hold("SC-STTTT-2026-0001").await.unwrap());
    store.enforce_retention(&plan()).await.unwrap();
    assert_eq!(counts(&store).await, [0; 4]);
    store.close().await;
}

#[tokio::test]
async fn less_than_a_quarter_of_a_file_waits() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()).await);
    let store = on_day(dir.path(), 60);
    let few =
        RetentionPlan { wanted_days: 0, other_days: 30, minima: vec![rule("level-2", 400), rule("level-3", 400)] };
    let gone = store.enforce_retention(&few).await.unwrap();
    assert_eq!((gone.events, gone.files, gone.rewritten), (0, 0, 0), "ten of a hundred");
    let more =
        RetentionPlan { wanted_days: 0, other_days: 30, minima: vec![rule("level-2", 30), rule("level-3", 400)] };
    let gone = store.enforce_retention(&more).await.unwrap();
    assert_eq!((gone.events, gone.files, gone.rewritten), (70, 0, 1));
    store.close().await;
}

#[tokio::test]
async fn for_want_of_room_the_oldest_go_first_and_nothing_below_its_minimum() {
    let dir = tempfile::tempdir().unwrap();
    let store = on_day(dir.path(), 100);
    for (day, source) in [(0, "level-2"), (10, "level-3"), (20, "level-2"), (90, "level-2")] {
        let events = (1..=50).map(|number| {
            let mut one = event(day as u64 * 100 + number, source, &format!("day {day} line {number}"));
            (one.time, one.arrival) = (MIDNIGHT + day * DAY, MIDNIGHT + day * DAY);
            one
        });
        store.insert(events.collect()).await.unwrap();
        store.seal().await.unwrap();
    }
    let wish = RetentionPlan { wanted_days: 366, ..plan() };
    assert_eq!(store.enforce_retention(&wish).await.unwrap().events, 0);
    let used = store.statistics().segment_bytes;
    let gone = store.make_room(&wish.at_minimum(), used - 1).await.unwrap();
    assert_eq!(gone.files, 1, "one is enough");
    assert_eq!(number(&store, "SELECT count(*) FROM events WHERE raw LIKE '%day 0 line%'").await, 0);
    let gone = store.make_room(&wish.at_minimum(), 0).await.unwrap();
    assert_eq!(gone.files, 1, "level three keeps its days, and so does what is young");
    assert_eq!(number(&store, "SELECT count(*) FROM events").await, 100);
    store.close().await;
}
