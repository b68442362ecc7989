//! A real rsyslogd as sender: plain TCP, octet-counted TCP, RELP with a sink that refuses at first, and
//! omelasticsearch's `_bulk` bodies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use async_trait::async_trait;
use bytes::Bytes;
use event::{Column, RawRecord};
use luytre_ingest::bulk::parse_bulk;
use luytre_ingest::listeners::{Counters, DeliverError, RelpSettings, Sink, TcpSettings, serve_relp, serve_syslog_tcp};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const LINES: usize = 3000;

#[derive(Default)]
struct Memory {
    records: Mutex<Vec<Bytes>>,
    refuse: AtomicU64,
    refused: AtomicU64,
}

#[async_trait]
impl Sink for Memory {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        if self.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            self.refused.fetch_add(batch.len() as u64, Ordering::SeqCst);
            return Err(DeliverError("not now".to_owned()));
        }
        self.records.lock().unwrap().extend(batch.into_iter().map(|record| record.bytes));
        Ok(())
    }
}

struct Rsyslog {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, or a line saying that the test could not run.
fn installed() -> bool {
    if Path::new("/usr/sbin/rsyslogd").exists() {
        return true;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "rsyslogd is not installed");
    println!("could not run: rsyslogd is not installed");
    false
}

/// Starts rsyslogd reading a file of numbered lines and sending them with the given action.
fn start(modules: &str, action: &str) -> Rsyslog {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let lines: String = (0..LINES)
        .map(|number| format!("Failed password for root from 192.0.2.{} port {number} ssh2\n", number % 250))
        .collect();
    std::fs::write(folder.path().join("input.log"), lines).unwrap();
    let configuration = format!(
        "global(workDirectory=\"{path}\" maxMessageSize=\"64k\")\nmodule(load=\"imfile\")\n{modules}\n\
         input(type=\"imfile\" File=\"{path}/input.log\" Tag=\"sshd[77]:\" Severity=\"info\" Facility=\"auth\" ruleset=\"out\")\n\
         ruleset(name=\"out\") {{ {action} }}\n"
    );
    std::fs::write(folder.path().join("rsyslog.conf"), configuration).unwrap();
    let child = Command::new("/usr/sbin/rsyslogd")
        .arg("-n")
        .arg("-f")
        .arg(folder.path().join("rsyslog.conf"))
        .arg("-i")
        .arg(folder.path().join("pid"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Rsyslog { child, folder }
}

async fn wait_until(rsyslog: &mut Rsyslog, what: impl Fn() -> usize, wanted: usize) {
    let start = Instant::now();
    while what() < wanted {
        if let Some(status) = rsyslog.child.try_wait().unwrap() {
            panic!("rsyslogd ended with {status} in {}", rsyslog.folder.path().display());
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{} of {wanted} arrived", what());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn ports(memory: &Memory) -> Vec<usize> {
    let formats = support::formats();
    let records = memory.records.lock().unwrap();
    records
        .iter()
        .map(|bytes| {
            let event = formats.parse(&support::record(bytes.to_vec()));
            assert_eq!(&*event.format, "sshd@1", "{}", String::from_utf8_lossy(bytes));
            assert_eq!(event.columns.text(Column::UserName), Some("root"));
            usize::try_from(event.columns.integer(Column::SourcePort).unwrap()).unwrap()
        })
        .collect()
}

async fn over_tcp(framing: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (memory, counters, stop) =
        (Arc::new(Memory::default()), Arc::new(Counters::default()), CancellationToken::new());
    let task = tokio::spawn(serve_syslog_tcp(
        listener,
        memory.clone(),
        TcpSettings::default(),
        counters.clone(),
        stop.clone(),
    ));
    let action = format!(
        "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" TCP_Framing=\"{framing}\" template=\"RSYSLOG_SyslogProtocol23Format\")"
    );
    let mut rsyslog = start("", &action);
    wait_until(&mut rsyslog, || memory.records.lock().unwrap().len(), LINES).await;
    drop(rsyslog);
    stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(ports(&memory), (0..LINES).collect::<Vec<_>>());
    assert_eq!(counters.snapshot().delivered, LINES as u64);
}

#[tokio::test]
async fn rsyslog_sends_lines_over_tcp() {
    if installed() {
        over_tcp("traditional").await;
    }
}

#[tokio::test]
async fn rsyslog_sends_counted_messages_over_tcp() {
    if installed() {
        over_tcp("octet-counted").await;
    }
}

#[tokio::test]
async fn rsyslog_repeats_over_relp_what_was_refused() {
    if !installed() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (memory, counters, stop) =
        (Arc::new(Memory::default()), Arc::new(Counters::default()), CancellationToken::new());
    memory.refuse.store(1, Ordering::SeqCst);
    let task = tokio::spawn(serve_relp(
        listener,
        memory.clone(),
        RelpSettings::default(),
        Arc::default(),
        counters.clone(),
        stop.clone(),
    ));
    let action = format!(
        "action(type=\"omrelp\" target=\"127.0.0.1\" port=\"{port}\" action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\")"
    );
    let mut rsyslog = start("module(load=\"omrelp\")", &action);
    let distinct = || {
        let mut texts = memory.records.lock().unwrap().clone();
        texts.sort_unstable();
        texts.dedup();
        texts.len()
    };
    wait_until(&mut rsyslog, distinct, LINES).await;
    drop(rsyslog);
    stop.cancel();
    task.await.unwrap().unwrap();
    let mut seen = ports(&memory);
    println!("{} stored, {} refused and repeated", seen.len(), memory.refused.load(Ordering::SeqCst));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (0..LINES).collect::<Vec<_>>());
    assert!(memory.refused.load(Ordering::SeqCst) > 0);
}

/// Enough HTTP to let omelasticsearch speak: a health check, then `_bulk` requests, connection kept alive.
async fn bulk_server(listener: TcpListener, memory: Arc<Memory>) {
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
                        memory.records.lock().unwrap().push(item.document.expect("rsyslog's document is understood"));
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
    let memory = Arc::new(Memory::default());
    let server = tokio::spawn(bulk_server(listener, memory.clone()));
    let action = format!(
        "action(type=\"omelasticsearch\" server=\"127.0.0.1\" serverport=\"{port}\" searchIndex=\"logs\" searchType=\"\" bulkmode=\"on\" action.resumeRetryCount=\"-1\")"
    );
    let mut rsyslog = start("module(load=\"omelasticsearch\")", &action);
    wait_until(&mut rsyslog, || memory.records.lock().unwrap().len(), LINES).await;
    drop(rsyslog);
    server.abort();
    println!("{}", String::from_utf8_lossy(&memory.records.lock().unwrap()[0]));
    assert_eq!(ports(&memory), (0..LINES).collect::<Vec<_>>());
}
