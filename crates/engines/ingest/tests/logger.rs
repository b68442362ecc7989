//! The program `logger` of util-linux as sender: both syslog forms over UDP and TCP, lines and counted messages, structured data.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Column, Event};
use support::door::{Door, Speech};
use support::{programs, senders};

const LINES: usize = 50;

/// Lets it send a file of numbered lines, and gives what they are read as.
async fn sent(speech: Speech, arguments: &[&str]) -> Vec<Event> {
    let door = Door::open(speech).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    let lines: String =
        (0..LINES).map(|number| format!("Failed password for root from 2001:db8::9 port {number} ssh2\n")).collect();
    std::fs::write(&file, lines).unwrap();
    let port = door.port.to_string();
    let mut command = programs::command("logger");
    command.args(["-n", "127.0.0.1", "-P", &port, "-t", "sshd", "-p", "auth.info", "--id=77"]);
    programs::run(command.args(arguments).arg("-f").arg(&file)).await;
    door.until("all lines", |door| door.stored() >= LINES).await;
    let formats = support::formats();
    door.close().await.iter().map(|record| formats.parse(record)).collect()
}

fn assert_all(events: &[Event]) {
    for event in events {
        assert_eq!(&*event.format, "sshd@1", "{event:?}");
        assert_eq!(event.columns.text(Column::SourceIp), Some("2001:db8::9"));
        assert_eq!(event.columns.text(Column::ProcessName), Some("sshd"));
        assert_eq!(event.columns.integer(Column::ProcessPid), Some(77));
        assert!(event.columns.text(Column::HostName).is_some());
    }
    let ports: Vec<_> = events.iter().map(|event| event.columns.integer(Column::SourcePort).unwrap()).collect();
    assert_eq!(ports, (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn both_forms_over_udp() {
    if programs::installed(&["logger"]) {
        for form in ["--rfc5424", "--rfc3164", "--rfc5424=notq"] {
            assert_all(&sent(Speech::SyslogUdp, &["-d", form]).await);
        }
    }
}

#[tokio::test]
async fn both_forms_over_tcp_as_lines_and_counted() {
    if programs::installed(&["logger"]) {
        for form in ["--rfc5424", "--rfc3164"] {
            assert_all(&sent(Speech::SyslogTcp, &["-T", form]).await);
            assert_all(&sent(Speech::SyslogTcp, &["-T", "--octet-count", form]).await);
        }
    }
}

#[tokio::test]
async fn its_structured_data_are_fields() {
    if !programs::installed(&["logger"]) {
        return;
    }
    let data =
        ["--sd-id", "may@32473", "--sd-param", "phong=\"mot cua\"", "--sd-param", "tang=\"2\"", "--msgid", "LOGIN"];
    let arguments = [&["-T", "--octet-count", "--rfc5424"][..], &data].concat();
    for event in sent(Speech::SyslogTcp, &arguments).await {
        assert_eq!(event.fields.text("sd.may@32473.phong").as_deref(), Some("mot cua"), "{event:?}");
        assert_eq!(event.fields.text("sd.may@32473.tang").as_deref(), Some("2"), "{event:?}");
    }
}

/// As the page says it to who has no service to configure: one command.
#[tokio::test]
async fn the_command_of_the_page() {
    if !programs::installed(&["logger"]) {
        return;
    }
    let door = Door::open(Speech::SyslogTcp).await;
    let line = senders::lines("logger", door.port, &[]);
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), line).unwrap();
    programs::run(programs::command("sh").arg(script.path())).await;
    door.until("a line", |door| door.stored() >= 1).await;
    let event = support::formats().parse(&door.close().await[0]);
    assert_eq!(event.columns.text(Column::ProcessName), Some("luytre"), "{event:?}");
}
