//! A real softflowd as exporter: it reads packets from a file and sends their flows as NetFlow 5, NetFlow 9 with
//! sampling, IPFIX over UDP and over TCP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use async_trait::async_trait;
use event::{Column, Listener, RawRecord};
use luytre_ingest::flows::{Elements, FlowLimits};
use luytre_ingest::listeners::{
    Counters, DeliverError, FlowBoard, Sink, TcpSettings, UdpSettings, bind_udp, serve_flows_udp, serve_ipfix_tcp,
};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Flows, each of two packets of 100 bytes.
const FLOWS: u16 = 300;

#[derive(Default)]
struct Memory(Mutex<Vec<RawRecord>>);

#[async_trait]
impl Sink for Memory {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

/// The program, or a line saying that the test could not run.
fn installed() -> bool {
    if Path::new("/usr/sbin/softflowd").exists() {
        return true;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "softflowd is not installed");
    println!("could not run: softflowd is not installed");
    false
}

/// Packets of UDP in a file as tcpdump writes them.
fn packets() -> Vec<u8> {
    let mut file = Vec::new();
    for number in [0xa1b2_c3d4_u32, 2 | 4 << 16, 0, 0, 65_535, 1] {
        file.extend(number.to_le_bytes());
    }
    for flow in 0..FLOWS {
        let mut packet = vec![0; 12];
        packet.extend([8, 0, 0x45, 0, 0, 100, 0, 1, 0, 0, 64, 17, 0, 0]);
        packet.extend([192, 0, 2, u8::try_from(flow % 250 + 1).unwrap(), 198, 51, 100, 7]);
        for number in [1_000 + flow, 53, 80, 0] {
            packet.extend(number.to_be_bytes());
        }
        packet.resize(114, b'x');
        for time in [0_u32, 1_000] {
            for number in [1_795_402_810 + u32::from(flow) / 100, time, 114, 114] {
                file.extend(number.to_le_bytes());
            }
            file.extend(&packet);
        }
    }
    file
}

fn board() -> FlowBoard {
    let elements = Arc::new(Elements::parse(&support::elements()).unwrap());
    FlowBoard::open(elements, FlowLimits::default(), None)
}

/// Runs softflowd to its end.
async fn export(to: SocketAddr, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("packets"), packets()).unwrap();
    let mut child = Command::new("/usr/sbin/softflowd")
        .args(["-d", "-a", "-n", &to.to_string()])
        .args(arguments)
        .arg("-r")
        .arg(file("packets"))
        .arg("-p")
        .arg(file("pid"))
        // With a socket for its control program it waits for that at the end of the file.
        .args(["-c", "none"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("softflowd does not end");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Lets softflowd send, and gives what it sent: (version, bytes, destination port) of each flow, by source port.
async fn sent(arguments: &[&str], tcp: bool, wanted: usize) -> Vec<(i64, i64, i64)> {
    let (memory, counters, stop) =
        (Arc::new(Memory::default()), Arc::new(Counters::default()), CancellationToken::new());
    let board = board();
    let (address, task) = if tcp {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = TcpSettings::default();
        let served = serve_ipfix_tcp(listener, board.clone(), memory.clone(), settings, counters.clone(), stop.clone());
        (address, tokio::spawn(served))
    } else {
        let socket = bind_udp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let settings = UdpSettings::default();
        let served = serve_flows_udp(socket, board.clone(), memory.clone(), settings, counters.clone(), stop.clone());
        (address, tokio::spawn(served))
    };
    export(address, arguments).await;
    let flows = || {
        let records = memory.0.lock().unwrap();
        records.iter().filter(|record| !record.bytes.starts_with(b"{\"flow\":{\"kind\":\"options\"")).count()
    };
    let start = Instant::now();
    while flows() < wanted {
        assert!(start.elapsed() < Duration::from_secs(30), "{} of {wanted}, {:?}", flows(), counters.snapshot());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    task.await.unwrap().unwrap();
    let counted = counters.snapshot();
    assert_eq!((counted.undecoded, counted.dropped, counted.received), (0, 0, counted.delivered), "{counted:?}");
    assert!(board.figures().iter().all(|one| one.missed == 0), "{:?}", board.figures());
    let formats = support::formats();
    let mut found = Vec::new();
    for record in memory.0.lock().unwrap().iter() {
        assert_eq!((record.origin.listener, record.origin.peer.as_deref()), (Listener::Flow, Some("127.0.0.1")));
        let event = formats.parse(record);
        assert_eq!(&*event.format, "netflow@1");
        if event.log_source.matches(None, None, Some("options")) {
            continue;
        }
        let number = |column| event.columns.integer(column).unwrap();
        assert_eq!(event.columns.text(Column::DestinationIp), Some("198.51.100.7"));
        let version: serde_json::Value = serde_json::from_slice(&record.bytes).unwrap();
        let version = version["flow"]["version"].as_i64().unwrap();
        found.push((
            number(Column::SourcePort),
            (version, number(Column::NetworkBytes), number(Column::DestinationPort)),
        ));
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|(_, one)| one).collect()
}

#[tokio::test]
async fn netflow_5() {
    if installed() {
        let flows = usize::from(FLOWS);
        assert_eq!(sent(&["-v", "5"], false, flows).await, vec![(5, 200, 53); flows]);
    }
}

#[tokio::test]
async fn netflow_9_of_every_tenth_packet() {
    if installed() {
        // Of 600 packets 60 are looked at; each stands for ten.
        assert_eq!(sent(&["-v", "9", "-s", "10"], false, 60).await, vec![(9, 1_000, 53); 60]);
    }
}

#[tokio::test]
async fn ipfix_over_udp() {
    if installed() {
        let flows = usize::from(FLOWS);
        assert_eq!(sent(&["-v", "10"], false, flows).await, vec![(10, 200, 53); flows]);
    }
}

#[tokio::test]
async fn ipfix_over_tcp() {
    if installed() {
        let flows = usize::from(FLOWS);
        assert_eq!(sent(&["-v", "10", "-P", "tcp"], true, flows).await, vec![(10, 200, 53); flows]);
    }
}
