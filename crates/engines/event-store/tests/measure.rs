//! Figures, not verdicts: `cargo test -p luytre-event-store --test measure -- --ignored --nocapture`. Reads the
//! shared data; says so where it is absent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use event::{Column, Event, Fields, RawRecord, Value};
use flate2::read::GzDecoder;
use luytre_event_store::{Options, SearchRequest, Store};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::{MIDNIGHT, all, record};

fn shared_data() -> PathBuf {
    match std::env::var_os("LUYTRE_SHARED_DATA") {
        Some(path) => path.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"),
    }
}

fn lines() -> Option<Vec<String>> {
    let file = std::fs::File::open(shared_data().join("windows-json/noise.jsonl.gz")).ok()?;
    BufReader::new(GzDecoder::new(file)).lines().collect::<Result<_, _>>().ok()
}

fn windows_event(seq: u64, line: &str) -> Event {
    let mut event = Event {
        seq,
        time: MIDNIGHT + seq as i64 * 1_000,
        arrival: MIDNIGHT + seq as i64 * 1_000,
        source_id: Some(format!("source-{}", seq % 20).as_str().into()),
        format: "windows@1".into(),
        understood: true,
        raw: Bytes::from(line.to_owned()),
        ..Event::default()
    };
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
    let mut fields = Fields::with_capacity(object.len());
    for (name, value) in object {
        let value = match value {
            serde_json::Value::String(text) => text.into(),
            serde_json::Value::Number(number) => number.as_i64().map_or(Value::Null, Value::Int),
            serde_json::Value::Bool(truth) => Value::Bool(truth),
            other => other.to_string().into(),
        };
        fields.set(&name, value);
    }
    for (column, name) in [
        (Column::EventCode, "EventID"),
        (Column::HostName, "Hostname"),
        (Column::UserName, "SubjectUserName"),
        (Column::ProcessExecutable, "Image"),
        (Column::ProcessCommandLine, "CommandLine"),
        (Column::SourceIp, "SourceAddress"),
        (Column::DestinationIp, "DestAddress"),
        (Column::RegistryPath, "TargetObject"),
    ] {
        if let Some(value) = fields.get(name) {
            event.columns.set(column, value);
        }
    }
    event.message = fields.text("Message").map(std::borrow::Cow::into_owned);
    event.fields = fields;
    event
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints measurements"]
async fn appending_with_fsync() {
    for (clients, batch) in [(1, 1), (64, 1), (16, 100), (8, 1000)] {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let store = Store::open(dir.path(), Options::default()).unwrap();
        let began = Instant::now();
        let tasks = (0..clients).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let records: Vec<RawRecord> = (0..batch).map(|_| record(&"x".repeat(1000))).collect();
                let mut waits = Vec::new();
                while began.elapsed() < Duration::from_secs(4) {
                    let sent = Instant::now();
                    if store.append(records.clone(), None).await.is_ok() {
                        waits.push(sent.elapsed());
                    }
                }
                waits
            })
        });
        let mut waits: Vec<Duration> =
            futures::future::join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
        let seconds = began.elapsed().as_secs_f64();
        waits.sort();
        let at = |part: f64| waits[(waits.len() as f64 * part) as usize];
        let statistics = store.statistics();
        println!(
            "{clients} clients x {batch}: {:.0} events/s, {:.0} syncs/s, write and sync {:.1} ms, acknowledged after p50 {:?} p99 {:?}",
            (waits.len() * batch) as f64 / seconds,
            statistics.syncs as f64 / seconds,
            statistics.sync_micros as f64 / statistics.syncs as f64 / 1000.0,
            at(0.5),
            at(0.99)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints measurements"]
async fn sealing_and_asking() {
    let Some(lines) = lines() else {
        println!("no shared data: nothing measured");
        return;
    };
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::open(dir.path(), Options::default()).unwrap();
    let copies = 4;
    let (mut raw, mut made, mut inserted) = (0, Duration::ZERO, Duration::ZERO);
    for copy in 0..copies {
        for part in lines.chunks(1000) {
            let began = Instant::now();
            let first = store.statistics().events + 1;
            let events: Vec<Event> = (first..).zip(part).map(|(seq, line)| windows_event(seq, line)).collect();
            raw += part.iter().map(String::len).sum::<usize>();
            made += began.elapsed();
            let began = Instant::now();
            store.insert(events).await.unwrap();
            inserted += began.elapsed();
        }
        if copy == 0 {
            store.seal().await.unwrap();
            let statistics = store.statistics();
            println!(
                "recorded events once: {} events, {} bytes raw each, {} bytes sealed each, of them {:.1} index",
                statistics.events,
                raw as u64 / statistics.events,
                statistics.segment_bytes / statistics.events,
                statistics.index_bytes as f64 / statistics.events as f64
            );
        }
    }
    let began = Instant::now();
    store.seal().await.unwrap();
    let statistics = store.statistics();
    println!(
        "insert {:.1} us/event, last seal {:?}, {} segments",
        inserted.as_secs_f64() * 1e6 / statistics.events as f64,
        began.elapsed(),
        statistics.segments
    );
    for sql in [
        "SELECT count(*) FROM events",
        "SELECT date_bin(INTERVAL '1 minute', time) AS m, count(*) FROM events GROUP BY m",
        "SELECT host_name, count(*) AS n FROM events GROUP BY host_name ORDER BY n DESC LIMIT 10",
        "SELECT * FROM events ORDER BY time DESC LIMIT 100",
        "SELECT count(*) FROM events WHERE raw LIKE '%sekurlsa%'",
        "SELECT count(*) FROM events WHERE text_has(raw, 'sekurlsa')",
        "SELECT count(*) FROM events WHERE field(fields, 'EventID') = '4688'",
        "SELECT count(*) FROM events WHERE observables LIKE '% 203.0.113.77 %'",
    ] {
        let result = store.query(sql, &all()).await.unwrap();
        println!("{:>8.1} ms  {sql}", result.elapsed.as_secs_f64() * 1e3);
    }
    for query in ["", "powershell", "event_code:4688", "EventID:4688 and not user_name:system", "source_ip:10.0.0.0/8"]
    {
        let request = SearchRequest { query: query.into(), ..SearchRequest::default() };
        let result = store.search(&request, &all()).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        println!(
            "{:>8.1} ms  search {query:?}: {} of {}",
            result.elapsed.as_secs_f64() * 1e3,
            result.total,
            statistics.events
        );
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status")
        && let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM"))
    {
        println!("peak memory of the whole test {}", peak.trim_start_matches("VmHWM:").trim());
    }
}
