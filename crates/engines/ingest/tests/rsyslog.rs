//! A real rsyslogd as sender: plain TCP, octet-counted TCP, RELP with a sink that refuses at first, and
//! omelasticsearch's `_bulk` bodies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use event::{Column, RawRecord};
use luytre_ingest::bulk::parse_bulk;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::door::{Door, Memory, Speech};
use support::programs::{self, Running};
use support::senders;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

const LINES: usize = 3000;

fn installed() -> bool {
    programs::installed(&["rsyslogd"])
}

/// Starts rsyslogd reading a file of numbered lines and sending them with the given action.
fn start(modules: &str, action: &str) -> Running {
    let lines: String = (0..LINES)
        .map(|number| format!("Failed password for root from 192.0.2.{} port {number} ssh2\n", number % 250))
        .collect();
    programs::rsyslog(&lines, "", modules, action)
}

/// The ports that the lines name, read down to the words of sshd.
fn ports<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Vec<usize> {
    let formats = support::formats();
    let port = |bytes: &[u8]| {
        let event = formats.parse(&support::record(bytes.to_vec()));
        assert_eq!(&*event.format, "sshd@1", "{}", String::from_utf8_lossy(bytes));
        assert_eq!(event.columns.text(Column::UserName), Some("root"));
        usize::try_from(event.columns.integer(Column::SourcePort).unwrap()).unwrap()
    };
    records.into_iter().map(port).collect()
}

fn bytes(records: &[RawRecord]) -> impl Iterator<Item = &[u8]> {
    records.iter().map(|record| &*record.bytes)
}

async fn over_tcp(action: impl FnOnce(u16) -> String) {
    let door = Door::open(Speech::SyslogTcp).await;
    let mut rsyslog = start("", &action(door.port));
    door.until("all lines", |door| {
        rsyslog.assert_lives();
        door.stored() >= LINES
    })
    .await;
    drop(rsyslog);
    let counters = door.counters.clone();
    assert_eq!(ports(bytes(&door.close().await)), (0..LINES).collect::<Vec<_>>());
    assert_eq!(counters.snapshot().delivered, LINES as u64);
}

#[tokio::test]
async fn rsyslog_sends_lines_over_tcp() {
    if installed() {
        over_tcp(|port| {
            format!(
                "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" \
                 TCP_Framing=\"traditional\" template=\"RSYSLOG_SyslogProtocol23Format\")"
            )
        })
        .await;
    }
}

#[tokio::test]
async fn rsyslog_sends_counted_messages_over_tcp_with_the_lines_of_the_page() {
    if installed() {
        over_tcp(|port| senders::lines("rsyslog-tcp", port, &[])).await;
    }
}

#[tokio::test]
async fn rsyslog_repeats_over_relp_what_was_refused() {
    if !installed() {
        return;
    }
    let door = Door::with(Speech::Relp, None, Memory::refusing(1)).await;
    let action = format!(
        "action(type=\"omrelp\" target=\"127.0.0.1\" port=\"{}\" action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\")",
        door.port
    );
    let mut rsyslog = start("module(load=\"omrelp\")", &action);
    door.until("all lines", |door| {
        rsyslog.assert_lives();
        let mut texts: Vec<_> = door.memory.records().iter().map(|record| record.bytes.clone()).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len() >= LINES
    })
    .await;
    drop(rsyslog);
    let memory = door.memory.clone();
    let mut seen = ports(bytes(&door.close().await));
    println!("{} stored, {} refused and repeated", seen.len(), memory.refused());
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (0..LINES).collect::<Vec<_>>());
    assert!(memory.refused() > 0);
}

/// `module(…)` stands outside of rulesets.
fn apart(lines: &str) -> (String, String) {
    let (modules, actions): (Vec<_>, Vec<_>) = lines.lines().partition(|line| line.starts_with("module("));
    (modules.join("\n"), actions.join("\n"))
}

#[tokio::test]
async fn rsyslog_sends_over_relp_with_the_lines_of_the_page() {
    if !installed() {
        return;
    }
    let door = Door::open(Speech::Relp).await;
    let (modules, action) = apart(&senders::lines("rsyslog-relp", door.port, &[]));
    let mut rsyslog = start(&modules, &action);
    door.until("all lines", |door| {
        rsyslog.assert_lives();
        door.stored() >= LINES
    })
    .await;
    drop(rsyslog);
    assert_eq!(ports(bytes(&door.close().await)), (0..LINES).collect::<Vec<_>>());
}

/// Enough HTTP to let omelasticsearch speak: a health check, then `_bulk` requests, connection kept alive.
async fn bulk_server(listener: TcpListener, memory: Arc<Mutex<Vec<Bytes>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let memory = memory.clone();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            loop {
                let (mut request, mut length, mut line) = (String::new(), 0_usize, String::new());
                loop {
                    line.clear();
                    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                        return;
                    }
                    let header = line.to_lowercase();
                    if request.is_empty() {
                        request.clone_from(&line);
                    } else if let Some(value) = header.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    } else if header.starts_with("expect:") {
                        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
                    } else if line.trim().is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.unwrap();
                let answer = if request.contains("_bulk") {
                    let items = parse_bulk(&Bytes::from(body), None).expect("rsyslog's body is understood");
                    let mut answers = Vec::new();
                    for item in items {
                        let action = item.action.as_str();
                        memory.lock().unwrap().push(item.document.expect("rsyslog's document is understood"));
                        answers.push(format!("{{\"{action}\":{{\"_index\":\"{}\",\"status\":201}}}}", item.index));
                    }
                    format!("{{\"took\":1,\"errors\":false,\"items\":[{}]}}", answers.join(","))
                } else {
                    "{\"status\":\"green\"}".to_owned()
                };
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
                stream.write_all(format!("{head} {}\r\n\r\n{answer}", answer.len()).as_bytes()).await.unwrap();
            }
        });
    }
}

#[tokio::test]
async fn bulk_bodies_of_omelasticsearch_are_understood_down_to_the_ssh_line() {
    if !installed() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let memory = Arc::new(Mutex::new(Vec::new()));
    let server = tokio::spawn(bulk_server(listener, memory.clone()));
    let action = format!(
        "action(type=\"omelasticsearch\" server=\"127.0.0.1\" serverport=\"{port}\" searchIndex=\"logs\" searchType=\"\" bulkmode=\"on\" action.resumeRetryCount=\"-1\")"
    );
    let mut rsyslog = start("module(load=\"omelasticsearch\")", &action);
    let begun = Instant::now();
    while memory.lock().unwrap().len() < LINES {
        rsyslog.assert_lives();
        assert!(begun.elapsed() < Duration::from_secs(60), "{} of {LINES} arrived", memory.lock().unwrap().len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(rsyslog);
    server.abort();
    println!("{}", String::from_utf8_lossy(&memory.lock().unwrap()[0]));
    assert_eq!(ports(memory.lock().unwrap().iter().map(|bytes| &**bytes)), (0..LINES).collect::<Vec<_>>());
}
