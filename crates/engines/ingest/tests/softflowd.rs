//! A real softflowd as exporter: it reads packets from a file and sends their flows as NetFlow 5, NetFlow 9 with
//! sampling, IPFIX over UDP and over TCP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use support::door::{Door, Speech};
use support::flow_records::{flows, is_flow};
use support::packets::{FLOWS, packets};
use support::programs;

fn installed() -> bool {
    programs::installed(&["softflowd"])
}

/// Lets softflowd send, and gives what it sent: (version, bytes, destination port) of each flow, by source port.
async fn sent(arguments: &[&str], tcp: bool, wanted: usize) -> Vec<(i64, i64, i64)> {
    let door = Door::open(if tcp { Speech::IpfixTcp } else { Speech::FlowUdp }).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("packets"), packets()).unwrap();
    let mut command = programs::command("softflowd");
    command.args(["-d", "-a", "-n", &format!("127.0.0.1:{}", door.port)]).args(arguments);
    // With a socket for its control program it waits for that at the end of the file.
    command.arg("-r").arg(file("packets")).arg("-p").arg(file("pid")).args(["-c", "none"]);
    programs::run(&mut command).await;
    door.until("all flows", |door| door.memory.records().iter().filter(|record| is_flow(record)).count() >= wanted)
        .await;
    let (counters, board) = (door.counters.clone(), door.flows.clone());
    let records = door.close().await;
    let counted = counters.snapshot();
    assert_eq!((counted.undecoded, counted.dropped, counted.received), (0, 0, counted.delivered), "{counted:?}");
    assert!(board.figures().iter().all(|one| one.missed == 0), "{:?}", board.figures());
    let mut found = flows(&records);
    found.dedup();
    found.into_iter().map(|one| (one.version, one.bytes, one.destination_port)).collect()
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
