//! A real nfreplay as exporter: flows that nfpcapd made of packets are sent as NetFlow 5 and NetFlow 9.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use support::door::{Door, Speech};
use support::flow_records::{Flow, flows, is_flow};
use support::packets::{FLOWS, packets};
use support::programs;

/// Flows as nfpcapd writes them: of UDP, each packet is one.
async fn replay(version: &str) -> Vec<Flow> {
    let door = Door::open(Speech::FlowUdp).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, made) = (folder.path().join("packets"), folder.path().join("flows"));
    std::fs::write(&file, packets()).unwrap();
    std::fs::create_dir(&made).unwrap();
    programs::run(programs::command("nfpcapd").arg("-r").arg(&file).arg("-w").arg(&made)).await;
    let files: Vec<_> = std::fs::read_dir(&made).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let port = door.port.to_string();
    programs::run(
        programs::command("nfreplay").args(["-H", "127.0.0.1", "-p", &port, "-v", version]).arg("-r").arg(file),
    )
    .await;
    let wanted = 2 * usize::from(FLOWS);
    door.until("all flows", |door| door.memory.records().iter().filter(|record| is_flow(record)).count() >= wanted)
        .await;
    let (counters, board) = (door.counters.clone(), door.flows.clone());
    let records = door.close().await;
    let counted = counters.snapshot();
    assert_eq!((counted.undecoded, counted.dropped, counted.received), (0, 0, counted.delivered), "{counted:?}");
    println!("NetFlow {version}: {:?}", board.figures());
    flows(&records)
}

fn wanted(version: i64) -> Vec<Flow> {
    let twice = (0..FLOWS).flat_map(|number| [number, number]);
    let flow = |number| Flow { source_port: 1_000 + i64::from(number), version, bytes: 100, destination_port: 53 };
    twice.map(flow).collect()
}

#[tokio::test]
async fn netflow_5() {
    if programs::installed(&["nfpcapd", "nfreplay"]) {
        assert_eq!(replay("5").await, wanted(5));
    }
}

#[tokio::test]
async fn netflow_9() {
    if programs::installed(&["nfpcapd", "nfreplay"]) {
        assert_eq!(replay("9").await, wanted(9));
    }
}
