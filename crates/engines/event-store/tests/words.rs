//! What the word index leaves out never changes an answer: every question is asked of events in memory, where there is
//! no index, and again of the same events in segments.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use event::{Column, Event, Fields, Value};
use luytre_event_store::{SearchRequest, Store};
use support::{MIDNIGHT, all, number, open};

const EVENTS: u64 = 30_000;

/// Ordinary lines of four kinds, and a needle of each kind far apart.
fn events() -> Vec<Event> {
    let line = |seq: u64| match seq % 4 {
        0 => format!(
            "Nov 22 10:00:00 web-{} sshd[{seq}]: Accepted publickey for deploy from 10.1.{}.{}",
            seq % 9,
            seq % 200,
            seq % 251
        ),
        1 => format!(
            r#"{{"Image":"C:\\Windows\\System32\\svchost.exe","ProcessId":{seq},"User":"NT AUTHORITY\\SYSTEM"}}"#
        ),
        2 => format!("10.2.0.{} - - \"GET /trang-chu/bai-{seq}.html HTTP/1.1\" 200 512", seq % 250),
        _ => format!(r#"<14>1 2026-11-22T10:00:00Z fw-1 app - - - {{"note":"phi\u1ebfn h\u1ecdp {seq}"}}"#),
    };
    (1..=EVENTS)
        .map(|seq| {
            let raw = match seq {
                1_001 => "Nov 22 10:00:01 web-3 su: FAILED su for root by nguyenvana9x".to_owned(),
                9_002 => r#"{"Image":"C:\\Users\\Public\\procdump64.exe","CommandLine":"procdump64.exe -ma lsass.exe C:\\temp\\l.dmp","Guid":"{6F1E2D3C-0B1A-4C5D-8E9F-A0B1C2D3E4F5}"}"#.to_owned(),
                17_003 => "198.51.100.66 - - \"GET /wp-content/uploads/c99shell.php?cmd=id HTTP/1.1\" 200 9".to_owned(),
                25_004 => r#"<14>1 2026-11-22T10:00:00Z fw-1 app - - - {"note":"m\u00e3 \u0111\u1ed9c t\u1ed1ng ti\u1ec1n\nLockBit"}"#.to_owned(),
                _ => line(seq),
            };
            let mut event = Event {
                seq,
                time: MIDNIGHT + seq as i64 * 1_000_000,
                arrival: MIDNIGHT + seq as i64 * 1_000_000,
                source_id: Some("source-a".into()),
                format: "test@1".into(),
                understood: true,
                message: raw.split_once(": ").map(|(_, message)| message.to_owned()),
                ..Event::default()
            };
            if let Some(at) = raw.find("- - - ") {
                event.message = raw.get(at + 6..).map(str::to_owned);
            }
            if let Ok(object) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&raw) {
                let mut fields = Fields::default();
                for (name, value) in &object {
                    let value = value.as_str().map_or_else(|| Value::from(value.to_string()), Value::from);
                    fields.set(name, value);
                }
                event.columns.set(Column::ProcessExecutable, fields.get("Image").unwrap());
                event.fields = fields;
            }
            if raw.starts_with("198.") {
                event.columns.set(Column::SourceIp, &"198.51.100.66".into());
                event.columns.set(Column::RuleName, &"C99Shell.php".into());
            }
            event.raw = Bytes::from(raw);
            event
        })
        .collect()
}

const SEARCHES: &[&str] = &[
    "nguyenvana9x",
    "vana9",
    "\"FAILED su for root\"",
    "procdump64",
    "procdump*",
    "*cdump64.exe",
    r"process_executable:*\\procdump64.exe",
    r"C:\\temp\\l.dmp",
    "CommandLine:*lsass*",
    "6F1E2D3C-0B1A-4C5D-8E9F-A0B1C2D3E4F5",
    "198.51.100.66",
    "\"198.51.100.66\"",
    "\"198.51.100.66 - - \"",
    "198.51.100.66:9999",
    "198.51.100.64/29",
    "198.51.100.0/24",
    "message:198.51.0.0/16",
    r"/c\d+shell\.(php|asp)/",
    "/(procdump|mimikatz)64/ lsass",
    "/mã độc.*(tiền|tien)/",
    "/không-có-gì-[0-9]/",
    r"CommandLine:/-ma +LSASS\.exe/",
    "not 198.51.100.66",
    "source_ip:198.51.100.66",
    "rule_name:c99shell.PHP",
    "c99shell.php and not 10.2.0.1",
    "not procdump64 and lsass",
    "c99shell or LockBit",
    "\"mã độc tống tiền\"",
    "ma doc tong tien",
    "lockbit",
    "nlockbit",
    "phiên họp",
    "không-có-gì-như-thế",
    "svchost and 17",
];

const QUESTIONS: &[&str] = &[
    "SELECT count(*) FROM events WHERE raw LIKE '%procdump64%'",
    "SELECT count(*) FROM events WHERE raw ILIKE '%PROCDUMP64.EXE -ma%'",
    "SELECT count(*) FROM events WHERE raw LIKE '%nLockBit%'",
    "SELECT count(*) FROM events WHERE message LIKE '%FAILED su%'",
    "SELECT count(*) FROM events WHERE lower(message) = 'failed su for root by nguyenvana9x'",
    "SELECT count(*) FROM events WHERE regexp_like(raw, 'c\\d+shell\\.(php|asp)')",
    "SELECT count(*) FROM events WHERE raw ~ '(procdump|mimikatz)64' AND process_executable LIKE '%Public%'",
    "SELECT count(*) FROM events WHERE field(fields, 'CommandLine') LIKE '%lsass.exe%'",
    "SELECT count(*) FROM events WHERE rule_name IN ('C99Shell.php', 'other.php')",
    "SELECT count(*) FROM events WHERE rule_name = 'c99shell.php'",
    "SELECT count(*) FROM events WHERE observables LIKE '% 198.51.100.66 %'",
    "SELECT count(*) FROM events WHERE upper(raw) LIKE '%C99SHELL%'",
    "SELECT count(*) FROM events WHERE raw NOT LIKE '%svchost%'",
    "SELECT count(*) FROM events WHERE raw LIKE '%c99shell%' OR seq = 7",
    "SELECT count(*) FROM events WHERE replace(raw, 'c99', 'b64') LIKE '%b64shell%'",
];

async fn answers(store: &Store) -> Vec<(String, i64)> {
    let mut answers = Vec::new();
    for search in SEARCHES {
        let request = SearchRequest { query: (*search).to_owned(), ..SearchRequest::default() };
        answers.push(((*search).to_owned(), store.search(&request, &all()).await.unwrap().total as i64));
    }
    for sql in QUESTIONS {
        answers.push(((*sql).to_owned(), number(store, sql).await));
    }
    answers
}

#[tokio::test]
async fn segments_answer_as_memory_does() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.insert(events()).await.unwrap();
    let before = answers(&store).await;
    let found = |query: &str| before.iter().find(|(asked, _)| asked == query).unwrap().1;
    assert_eq!((found("procdump64"), found("ma doc tong tien"), found("198.51.100.66")), (1, 1, 1));
    assert!(found("phiên họp") > 7_000);
    store.seal().await.unwrap();
    assert_eq!(answers(&store).await, before);
}

#[tokio::test]
async fn a_file_without_the_word_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for piece in events().chunks(10_000) {
        store.insert(piece.to_vec()).await.unwrap();
        store.seal().await.unwrap();
    }
    let read = async |query: &str| {
        let request = SearchRequest { query: query.to_owned(), ..SearchRequest::default() };
        let result = store.search(&request, &all()).await.unwrap();
        (result.total, result.files_read)
    };
    assert_eq!(read("c99shell").await, (1, 1));
    assert_eq!(read("99she").await, (1, 1));
    assert_eq!(read("procdump64 or LockBit").await, (2, 2));
    assert_eq!(read("absentword").await, (0, 0));
    assert_eq!(read(r"/c\d+shell|absent.*word/").await, (1, 1));
    assert_eq!(read(r"/uploads\/c[0-9]+shell/").await, (1, 1));
    assert_eq!(read("/absent+word[0-9]/").await, (0, 0));
    assert_eq!(read("198.51.100.64/29").await.0, 1);
    assert_eq!(read("198.51.100.0/24").await, (1, 3));
    assert_eq!(read("accepted").await, (7_500 - 1, 3));
    // What merging writes has an index of its own.
    store.compact().await.unwrap();
    assert_eq!(read("absentword").await, (0, 0));
    assert_eq!(read("c99shell").await, (1, 1));
}
