//! SIGKILL in the middle of everything: the test starts itself as a child that appends, inserts, seals and
//! merges without pause, kills it, and counts. (A kill keeps the page cache; lost writes are tested in
//! `log/crash_tests.rs`.)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Event, RawRecord};
use luytre_event_store::{Options, QueryContext, Sources, Store};
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{MIDNIGHT, record};

const DIR: &str = "LUYTRE_STORE_KILL_DIR";
const ROUND: &str = "LUYTRE_STORE_KILL_ROUND";
/// Kills that one store goes through.
const LIFE: usize = 200;

fn options() -> Options {
    Options { seal_bytes: 200_000, log_file_bytes: 30_000, compact_files: 3, ..support::options() }
}

fn understood(seq: u64, record: RawRecord) -> Event {
    Event {
        seq,
        // Three days, so that a seal writes several files.
        time: MIDNIGHT + (seq as i64 % 3) * 86_400_000_000,
        arrival: record.arrival,
        format: "test@1".into(),
        raw: record.bytes,
        origin: record.origin,
        ..Event::default()
    }
}

/// Parses what the log holds from where the store needs it, up to `until` where given.
async fn follow(store: Store, until: Option<u64>) {
    let mut reader = store.read_log(store.next_needed());
    while until.is_none_or(|until| reader.position() <= until) {
        let records = reader.next(500).await.unwrap();
        let Some((last, _)) = records.last() else { return };
        let last = *last;
        let events = records.into_iter().map(|(seq, record)| understood(seq, record)).collect();
        store.insert(events).await.unwrap();
        store.set_evaluated(last);
    }
}

/// Not a test of its own: what the child does.
#[test]
fn child() {
    let (Ok(dir), Ok(round)) = (std::env::var(DIR), std::env::var(ROUND)) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(Path::new(&dir), options()).unwrap();
        tokio::spawn(follow(store.clone(), None));
        let merging = store.clone();
        tokio::spawn(async move {
            loop {
                merging.compact().await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let tasks = (0..4).map(|task| {
            let (store, round) = (store.clone(), round.clone());
            async move {
                for batch in 0.. {
                    let texts: Vec<String> = (0..20).map(|line| format!("{round}-{task}-{batch}-{line}")).collect();
                    store.append(texts.iter().map(|text| record(text)).collect(), None).await.unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "ack {round}-{task}-{batch}").unwrap();
                    out.flush().unwrap();
                }
            }
        });
        futures::future::join_all(tasks).await;
    });
}

#[test]
fn a_killed_store_has_everything_acknowledged_exactly_once() {
    let rounds: u64 = std::env::var("LUYTRE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let mut batches = 0;
    // A store lives for two hundred kills: everything in it is looked at again and again.
    for life in (0..rounds).step_by(LIFE) {
        batches += live(life..rounds.min(life + LIFE as u64));
    }
    assert!(batches > 20, "too little was acknowledged to mean anything: {batches}");
    println!("{rounds} kills, {batches} batches acknowledged, all there once");
}

/// Kills a store in each of these rounds; how many batches it had acknowledged.
fn live(rounds: Range<u64>) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<String> = Vec::new();
    let end = rounds.end;
    for round in rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture"])
            .env(DIR, dir.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let reading = std::thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines.filter_map(|line| line.split_once("ack ").map(|(_, batch)| batch.to_owned())).collect::<Vec<_>>()
        });
        // Different moments, the early ones during recovery.
        std::thread::sleep(Duration::from_millis(15 + round * 37 % 140));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reading.join().unwrap());
        if round % 20 == 19 || round + 1 == end {
            check(dir.path(), &acknowledged);
        }
    }
    acknowledged.len()
}

fn check(dir: &Path, acknowledged: &[String]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(dir, options()).unwrap();
        follow(store.clone(), Some(store.last_seq())).await;
        let context =
            QueryContext { max_rows: usize::MAX, timeout: Duration::from_secs(120), ..QueryContext::new(Sources::All) };
        let counts =
            store.query("SELECT count(*) AS rows, count(DISTINCT seq) AS seqs FROM events", &context).await.unwrap();
        let counts = counts.to_json_rows().unwrap();
        assert_eq!(counts[0]["rows"], counts[0]["seqs"]);
        let mut stored: HashSet<String> = HashSet::new();
        // An answer has a limit in bytes.
        for from in (0..=store.last_seq()).step_by(100_000) {
            let part = format!("SELECT raw FROM events WHERE seq >= {from} AND seq < {from} + 100000");
            let answer = store.query(&part, &context).await.unwrap();
            assert!(!answer.truncated);
            for row in answer.to_json_rows().unwrap() {
                let raw = row["raw"].as_str().unwrap().to_owned();
                assert!(!stored.contains(&raw), "{raw} is there twice");
                stored.insert(raw);
            }
        }
        for batch in acknowledged {
            for line in 0..20 {
                assert!(stored.contains(&format!("{batch}-{line}")), "{batch}-{line} was acknowledged and is gone");
            }
        }
        let report = store.verify().await.unwrap();
        assert!(report.ok(), "{report:?}");
    });
}
