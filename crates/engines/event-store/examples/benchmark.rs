//! Fills a store with generated events and asks it the questions of a security centre; prints one JSON line a
//! question. `benches/compare.py` beside the workspace asks DuckDB and ClickHouse the same on the same files.
//!
//! `benchmark fill DIR EVENTS [DAYS]` · `benchmark ask DIR` · `benchmark scans DIR` (acknowledgements with and without
//! four full scans beside them)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement stops at the first surprise")]

use bytes::Bytes;
use event::{Column, Event, Fields, Listener, Origin, RawRecord, Value};
use luytre_event_store::{Options, QueryContext, SearchRequest, Sources, Store};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// 1 November 2026 in UTC.
const FIRST: i64 = 1_793_491_200_000_000;
const DAY: i64 = 86_400_000_000;
/// Over so many days the events are spread, where nothing else is said.
const DAYS: i64 = 30;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Small numbers often, large ones seldom.
    fn skewed(&mut self, limit: u64) -> u64 {
        let part = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((limit as f64).powf(part) - 1.0) as u64
    }

    fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }
}

struct Draft {
    raw: String,
    format: &'static str,
    message: Option<String>,
    columns: Vec<(Column, Value)>,
    fields: Vec<(&'static str, Value)>,
}

fn text(value: impl Into<String>) -> Value {
    Value::from(value.into())
}

fn address(dice: &mut Dice) -> String {
    let number = dice.skewed(200_000);
    format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
}

/// Programs, folders, sites and names that lines are made of.
const PROGRAMS: &[&str] =
    &["svchost", "explorer", "chrome", "winword", "taskhostw", "conhost", "vnpt-ca", "misa", "unikey", "teams"];
const PAGES: &[&str] = &["trang-chu", "thu-tuc", "tra-cuu", "tin-tuc", "nop-ho-so", "van-ban", "lien-he", "dang-nhap"];
const NAMES: &[&str] =
    &["an", "binh", "chi", "dung", "giang", "ha", "khanh", "lan", "minh", "nga", "phuong", "quang", "son", "thao"];

fn user(dice: &mut Dice) -> String {
    let number = dice.skewed(3_000);
    format!("{}.{number:04}", NAMES[number as usize % NAMES.len()])
}

fn draft(dice: &mut Dice, seq: u64, stamp: &str) -> Draft {
    let host = format!("may-{:04}", dice.skewed(2_000));
    let (from, to, who) = (address(dice), address(dice), user(dice));
    let program = PROGRAMS[dice.below(PROGRAMS.len() as u64) as usize];
    let mut columns = vec![(Column::HostName, text(host.as_str()))];
    match seq % 20 {
        0..=3 => {
            let port = 1024 + dice.below(60_000);
            let good = dice.below(5) > 0;
            let message = match good {
                true => format!("Accepted password for {who} from {from} port {port} ssh2"),
                false => format!("Failed password for {who} from {from} port {port} ssh2"),
            };
            columns.extend([(Column::SourceIp, text(from)), (Column::UserName, text(who))]);
            columns.push((Column::EventOutcome, text(if good { "success" } else { "failure" })));
            let raw = format!("<38>{stamp} {host} sshd[{}]: {message}", dice.below(40_000));
            Draft { raw, format: "syslog@1", message: Some(message), columns, fields: Vec::new() }
        }
        4..=8 => {
            let page = PAGES[dice.below(PAGES.len() as u64) as usize];
            let status = [200, 200, 200, 304, 404, 500][dice.below(6) as usize];
            let url = format!("/{page}/{}?ma={}", dice.below(5_000), dice.hex(8));
            let raw = format!(
                "{from} - - [{stamp}] \"GET {url} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64)\"",
                dice.below(90_000)
            );
            columns.extend([(Column::SourceIp, text(from)), (Column::UrlOriginal, text(url))]);
            columns.push((Column::HttpResponseStatusCode, Value::Int(status)));
            Draft { raw, format: "web-access@2", message: None, columns, fields: Vec::new() }
        }
        9..=12 => {
            let port = [53, 80, 443, 445, 3389, 8080][dice.below(6) as usize];
            let raw = format!(
                "<189>date={} time={} devname=\"fw-{}\" type=\"traffic\" srcip={from} srcport={} dstip={to} dstport={port} action=\"accept\" sentbyte={} rcvdbyte={} sessionid={}",
                &stamp[..10],
                &stamp[11..19],
                dice.below(40),
                1024 + dice.below(60_000),
                dice.below(1 << 20),
                dice.below(1 << 24),
                dice.next() >> 32
            );
            columns.extend([(Column::SourceIp, text(from)), (Column::DestinationIp, text(to))]);
            columns.push((Column::DestinationPort, Value::Int(port)));
            Draft { raw, format: "fortigate@1", message: None, columns, fields: Vec::new() }
        }
        13..=14 => {
            let name = format!("{}.{}.vn", ["www", "api", "cdn", "mail"][dice.below(4) as usize], dice.skewed(20_000));
            let raw = format!(
                r#"{{"ts":"{stamp}","uid":"C{}","id.orig_h":"{from}","id.resp_h":"{to}","query":"{name}","qtype_name":"A"}}"#,
                dice.hex(16)
            );
            columns.extend([(Column::SourceIp, text(from)), (Column::DnsQuestionName, text(name))]);
            Draft { raw, format: "zeek@1", message: None, columns, fields: Vec::new() }
        }
        _ => {
            let code = [4624, 4688, 1, 3, 11, 13][dice.below(6) as usize];
            let hash = dice.hex(64).to_uppercase();
            let guid = format!("{{{}-{}-{}-{}-{}}}", dice.hex(8), dice.hex(4), dice.hex(4), dice.hex(4), dice.hex(12));
            let image = format!(r"C:\Program Files\{program}\{program}.exe");
            let command = format!(
                "\"{image}\" --phien {} /tep D:\\HoSo\\{}\\{}.docx",
                dice.hex(12),
                dice.below(400),
                dice.below(9_000)
            );
            let fields = vec![
                ("EventID", Value::Int(code)),
                ("Image", text(image.as_str())),
                ("CommandLine", text(command.as_str())),
                ("SubjectUserName", text(who.as_str())),
                ("ProcessGuid", text(guid)),
                ("Hashes", text(format!("SHA256={hash}"))),
                ("SourceAddress", text(from.as_str())),
                (
                    "TargetObject",
                    text(format!(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\{program}\{}", dice.below(5_000))),
                ),
            ];
            let object: serde_json::Map<String, serde_json::Value> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), serde_json::to_value(value).unwrap())).collect();
            columns.extend([
                (Column::EventCode, text(code.to_string())),
                (Column::UserName, text(who)),
                (Column::SourceIp, text(from)),
                (Column::ProcessExecutable, text(image)),
                (Column::ProcessCommandLine, text(command)),
                (Column::FileHash, text(hash)),
            ]);
            let raw = serde_json::Value::Object(object).to_string();
            Draft { raw, format: "windows-event@2", message: None, columns, fields }
        }
    }
}

/// Rare things, each in a few events spread over the month.
fn plant(draft: &mut Draft, seq: u64, events: u64) {
    let every = |count: u64| seq % (events / count).max(1) == 7;
    if every(20) {
        draft.raw = format!("{} cmd=\"mimikatz sekurlsa::logonpasswords\"", draft.raw.trim_end_matches('}'));
        draft.fields.clear();
    }
    if every(12) {
        draft.raw = format!("{} peer 203.0.113.77", draft.raw.trim_end_matches('}'));
        draft.fields.clear();
    }
    if seq % (events / 5).max(1) == 9 {
        draft.columns.retain(|(column, _)| *column != Column::FileHash);
        draft.columns.push((Column::FileHash, text("A".repeat(64))));
    }
    if seq % (events / 300).max(1) == 11 {
        draft.columns.retain(|(column, _)| *column != Column::UserName);
        draft.columns.push((Column::UserName, text("nguyen.van.x")));
    }
}

fn generate(dice: &mut Dice, seq: u64, (events, days): (u64, i64)) -> Event {
    let step = days * DAY / events as i64;
    let time = FIRST + seq as i64 * step + dice.below(step.max(2) as u64) as i64;
    let stamp = jiff::Timestamp::from_microsecond(time).unwrap().to_string();
    let mut draft = draft(dice, seq, &stamp);
    plant(&mut draft, seq, events);
    let mut event = Event {
        seq,
        time,
        arrival: time + 500_000,
        source_id: Some(format!("0192aaaa-0000-7000-8000-{:012}", seq % 140).as_str().into()),
        format: draft.format.into(),
        understood: true,
        message: draft.message,
        raw: Bytes::from(draft.raw),
        ..Event::default()
    };
    let mut fields = Fields::with_capacity(draft.fields.len());
    for (name, value) in draft.fields {
        fields.set(name, value);
    }
    event.fields = fields;
    for (column, value) in &draft.columns {
        event.columns.set(*column, value);
    }
    event
}

/// CPU seconds and peak memory of this process so far.
fn usage() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    (ticks / 100.0, peak.split_whitespace().nth(1).unwrap().parse().unwrap())
}

async fn fill(store: &Store, events: u64, days: i64) {
    let mut dice = Dice(20_261_122);
    let (began, mut raw, mut inserting) = (Instant::now(), 0, Duration::ZERO);
    let mut seq = 1;
    while seq <= events {
        let batch: Vec<Event> =
            (seq..(seq + 2_000).min(events + 1)).map(|seq| generate(&mut dice, seq, (events, days))).collect();
        raw += batch.iter().map(|event| event.raw.len() as u64).sum::<u64>();
        seq += batch.len() as u64;
        let inserted = Instant::now();
        store.insert(batch).await.unwrap();
        inserting += inserted.elapsed();
    }
    store.seal().await.unwrap();
    let sealed = began.elapsed();
    store.compact().await.unwrap();
    let statistics = store.statistics();
    let (cpu, peak) = usage();
    let each = |bytes: u64| bytes as f64 / events as f64;
    println!(
        "{}",
        json!({
            "events": events, "raw_bytes_per_event": each(raw), "bytes_per_event": each(statistics.segment_bytes),
            "index_bytes_per_event": each(statistics.index_bytes), "segments": statistics.segments,
            "generated_inserted_sealed_s": sealed.as_secs_f64(), "insert_s": inserting.as_secs_f64(),
            "with_compaction_s": began.elapsed().as_secs_f64(), "cpu_s": cpu, "peak_kib": peak,
        })
    );
}

const WEEK: &str = "time >= TIMESTAMP '2026-11-08T00:00:00Z' AND time < TIMESTAMP '2026-11-15T00:00:00Z'";

async fn ask(store: &Store) {
    let context = QueryContext { timeout: Duration::from_secs(600), ..QueryContext::new(Sources::All) };
    let week = |rest: &str| rest.replace("WEEK", WEEK);
    let questions = [
        ("histogram 7 d by hour", week("SELECT date_trunc('hour', time) AS h, count(*) AS n FROM events WHERE WEEK GROUP BY h")),
        ("top 10 source_ip 30 d", "SELECT source_ip, count(*) AS n FROM events WHERE source_ip IS NOT NULL GROUP BY source_ip ORDER BY n DESC LIMIT 10".into()),
        ("user latest 100 with raw", "SELECT time, host_name, raw FROM events WHERE user_name = 'nguyen.van.x' ORDER BY time DESC LIMIT 100".into()),
        ("count user", "SELECT count(*) FROM events WHERE user_name = 'nguyen.van.x'".into()),
        ("rare word", "SELECT count(*) FROM events WHERE raw LIKE '%sekurlsa%'".into()),
        ("rare word, any case", "SELECT count(*) FROM events WHERE raw ILIKE '%SEKURLSA%'".into()),
        ("substring with a literal", "SELECT count(*) FROM events WHERE raw LIKE '%ekurlsa::logonpass%'".into()),
        ("regex with a literal", "SELECT count(*) FROM events WHERE regexp_like(raw, 'sekurlsa::(logon|tickets)')".into()),
        ("address anywhere", "SELECT count(*) FROM events WHERE observables LIKE '% 203.0.113.77 %'".into()),
        ("absent word", "SELECT count(*) FROM events WHERE raw LIKE '%khongcotunay%'".into()),
        ("hash", format!("SELECT count(*) FROM events WHERE file_hash = '{}'", "A".repeat(64))),
        ("count by code 7 d", week("SELECT event_code, count(*) AS n FROM events WHERE WEEK GROUP BY event_code")),
        ("host and status latest 100", "SELECT time, raw FROM events WHERE host_name = 'may-0003' AND http_response_status_code >= 500 ORDER BY time DESC LIMIT 100".into()),
        ("latest 100 all columns", "SELECT * FROM events ORDER BY time DESC LIMIT 100".into()),
        ("common word", "SELECT count(*) FROM events WHERE raw LIKE '%Failed password%'".into()),
    ];
    for (name, sql) in questions {
        let (mut walls, mut cpus, mut first) = (Vec::new(), Vec::new(), String::new());
        let mut read = 0;
        for _ in 0..3 {
            let (before, _) = usage();
            let began = Instant::now();
            let result = store.query(&sql, &context).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            walls.push(began.elapsed().as_secs_f64() * 1000.0);
            cpus.push((usage().0 - before) * 1000.0);
            read = result.files_read;
            let rows = result.to_json_rows().unwrap();
            first = match rows.len() {
                1 => rows[0].values().next().unwrap().to_string(),
                length => format!("{length} rows"),
            };
        }
        walls.sort_by(f64::total_cmp);
        cpus.sort_by(f64::total_cmp);
        println!(
            "{}",
            json!({ "question": name, "wall_ms": walls[1], "cpu_ms": cpus[1], "answer": first, "files": read, "peak_kib": usage().1 })
        );
    }
    for query in ["sekurlsa", "203.0.113.77", "user_name:nguyen.van.x", "\"failed password\"", ""] {
        let request = SearchRequest { query: query.into(), ..SearchRequest::default() };
        let whole = SearchRequest { slice_rows: u64::MAX, ..request.clone() };
        let (mut firsts, mut walls, mut in_one) = (Vec::new(), Vec::new(), Vec::new());
        let (mut total, mut updates) = (0, 0);
        for _ in 0..3 {
            let began = Instant::now();
            let mut under_way = store.search_updates(&request, &context).unwrap();
            updates = 0;
            let mut first = None;
            while let Some(update) = under_way.next().await {
                let update = update.unwrap_or_else(|error| panic!("{query}: {error}"));
                updates += 1;
                if first.is_none() && (update.page_complete || !update.so_far.rows.is_empty()) {
                    first = Some(began.elapsed().as_secs_f64() * 1000.0);
                }
                total = update.so_far.total;
            }
            firsts.extend(first);
            walls.push(began.elapsed().as_secs_f64() * 1000.0);
            let began = Instant::now();
            store.search(&whole, &context).await.unwrap_or_else(|error| panic!("{query}: {error}"));
            in_one.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        for times in [&mut firsts, &mut walls, &mut in_one] {
            times.sort_by(f64::total_cmp);
        }
        println!(
            "{}",
            json!({
                "search": query, "first_rows_ms": firsts.get(1), "wall_ms": walls[1], "in_one_slice_ms": in_one[1],
                "updates": updates, "total": total, "peak_kib": usage().1,
            })
        );
    }
}

/// Batches of a hundred records, fifty a second, as a busy centre sends them; milliseconds until each is durable.
async fn acknowledgements(store: &Store, batches: u32) -> Vec<f64> {
    let origin = Arc::new(Origin { listener: Listener::Relp, peer: Some("192.0.2.9".into()), ..Origin::default() });
    let mut every = tokio::time::interval(Duration::from_millis(20));
    let mut times = Vec::new();
    for batch in 0..batches {
        every.tick().await;
        let record = |line: u64| RawRecord {
            bytes: Bytes::from(format!(
                "<38>1 2026-11-30T00:00:00Z may-1 app - - - batch {batch} line {line} {}",
                "x".repeat(160)
            )),
            arrival: FIRST,
            origin: origin.clone(),
            position: line,
        };
        let began = Instant::now();
        store.append((0..100).map(record).collect(), None).await.unwrap();
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    times
}

async fn scans(store: &Store) {
    const BATCHES: u32 = 1_000;
    let part = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let alone = acknowledgements(store, BATCHES).await;
    let stop = CancellationToken::new();
    let scans: Vec<_> = (0..4)
        .map(|_| {
            let (store, stop) = (store.clone(), stop.clone());
            tokio::spawn(async move {
                let context = QueryContext { timeout: Duration::from_secs(600), ..QueryContext::new(Sources::All) };
                let sql = "SELECT count(*) FROM events WHERE regexp_like(raw, '[0-9]z[0-9]q')";
                let mut done = 0;
                while !stop.is_cancelled() {
                    store.query(sql, &context).await.unwrap();
                    done += 1;
                }
                done
            })
        })
        .collect();
    let beside = acknowledgements(store, BATCHES).await;
    stop.cancel();
    let mut done = 0;
    for scan in scans {
        done += scan.await.unwrap();
    }
    println!(
        "{}",
        json!({
            "p50_ms": part(&alone, 0.5), "p99_ms": part(&alone, 0.99), "scans": done,
            "p50_beside_scans_ms": part(&beside, 0.5), "p99_beside_scans_ms": part(&beside, 0.99),
            "p99_ratio": part(&beside, 0.99) / part(&alone, 0.99),
        })
    );
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let dir = arguments.get(2).expect("benchmark fill|ask|scans DIR [EVENTS [DAYS]]");
    let number = |place: usize| arguments.get(place).and_then(|text| text.parse::<i64>().ok());
    let days = number(4).unwrap_or(DAYS);
    // After the last day, so that all of them are over and merged.
    let clock = Arc::new(move || FIRST + (days + 1) * DAY);
    let began = Instant::now();
    let store = Store::open(Path::new(dir), Options { clock, ..Options::default() }).unwrap();
    if store.statistics().segments > 0 {
        println!("{}", json!({ "opened_ms": began.elapsed().as_secs_f64() * 1000.0, "peak_kib": usage().1 }));
    }
    match arguments[1].as_str() {
        "fill" => fill(&store, number(3).unwrap_or(1_000_000).unsigned_abs(), days).await,
        "scans" => scans(&store).await,
        _ => ask(&store).await,
    }
    store.close().await;
}
