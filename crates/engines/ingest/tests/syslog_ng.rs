//! A real syslog-ng as sender, with the very lines that an officer copies: UDP, TCP, TLS with its certificate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Column, RawRecord};
use support::certificates::Certificates;
use support::door::{Door, Memory, Speech};
use support::programs;
use support::senders;

const LINES: usize = 500;

/// Lets syslog-ng send numbered lines, and gives what came.
async fn sent(door: Door, configuration: &str) -> Vec<RawRecord> {
    let lines: String =
        (0..LINES).map(|number| format!("Failed password for root from 192.0.2.9 port {number} ssh2\n")).collect();
    let mut sender = programs::syslog_ng(&lines, configuration);
    door.until("all lines", |door| {
        sender.assert_lives();
        door.stored() >= LINES
    })
    .await;
    door.close().await
}

/// All lines are there once, in order, and are read down to the words of sshd.
fn assert_all(records: &[RawRecord]) {
    let formats = support::formats();
    let port = |record: &RawRecord| {
        let event = formats.parse(record);
        assert_eq!(&*event.format, "sshd@1", "{}", String::from_utf8_lossy(&record.bytes));
        assert_eq!(event.columns.text(Column::UserName), Some("root"));
        assert!(event.columns.text(Column::HostName).is_some());
        usize::try_from(event.columns.integer(Column::SourcePort).unwrap()).unwrap()
    };
    assert_eq!(records.iter().map(port).collect::<Vec<_>>(), (0..LINES).collect::<Vec<_>>());
}

#[tokio::test]
async fn over_tcp() {
    if programs::installed(&["syslog-ng"]) {
        let door = Door::open(Speech::SyslogTcp).await;
        let lines = senders::lines("syslog-ng", door.port, &[]);
        assert_all(&sent(door, &lines).await);
    }
}

#[tokio::test]
async fn over_udp() {
    if programs::installed(&["syslog-ng"]) {
        let door = Door::open(Speech::SyslogUdp).await;
        let lines = senders::lines("syslog-ng-udp", door.port, &[]);
        assert_all(&sent(door, &lines).await);
    }
}

/// The older form, as its driver `network()` writes it.
#[tokio::test]
async fn over_tcp_in_the_form_of_rfc_3164() {
    if programs::installed(&["syslog-ng"]) {
        let door = Door::open(Speech::SyslogTcp).await;
        let lines = format!(
            "destination d_old {{ network(\"127.0.0.1\" transport(\"tcp\") port({})); }};\nlog {{ source(s_src); destination(d_old); }};\n",
            door.port
        );
        assert_all(&sent(door, &lines).await);
    }
}

#[tokio::test]
async fn over_tls_with_its_certificate() {
    if !programs::installed(&["syslog-ng", "openssl"]) {
        return;
    }
    let certificates = Certificates::new();
    let door = Door::with(Speech::SyslogTcp, Some(&certificates.door(true, true)), Memory::default()).await;
    let file = |name: &str| certificates.path(name).display().to_string();
    let files = [
        ("/etc/ssl/luytre-ca.pem", file("authority.pem")),
        ("/etc/ssl/host.pem", file("sender.pem")),
        ("/etc/ssl/host.key", file("sender.key")),
    ];
    let lines = senders::lines("syslog-ng-tls", door.port, &files);
    let records = sent(door, &lines).await;
    assert_all(&records);
    let fingerprint = certificates.fingerprint("sender");
    assert!(records.iter().all(|record| record.origin.certificate.as_deref() == Some(&*fingerprint)));
}
