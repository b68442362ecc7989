//! Doors in TLS with a real rsyslogd as sender: syslog (RFC 5425) and RELP, with and without certificates of its own; and senders
//! that are turned away.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::RawRecord;
use luytre_ingest::listeners::{TlsDoor, TlsSettings};
use support::certificates::Certificates;
use support::door::{Door, Memory, Speech};
use support::programs::{self, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LINES: usize = 500;

fn installed() -> bool {
    programs::installed(&["rsyslogd", "openssl"])
}

fn lines() -> String {
    (0..LINES).map(|number| format!("line number {number}\n")).collect()
}

fn rsyslog(global: &str, modules: &str, action: &str) -> Running {
    programs::rsyslog(&lines(), global, modules, action)
}

async fn door(speech: Speech, tls: &TlsSettings) -> Door {
    Door::with(speech, Some(tls), Memory::default()).await
}

/// All lines are there once, in order, from who showed this certificate.
fn assert_all(records: &[RawRecord], certificate: Option<&str>) {
    let numbers: Vec<usize> = records
        .iter()
        .map(|record| String::from_utf8_lossy(&record.bytes).trim().rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (0..LINES).collect::<Vec<_>>());
    assert!(records.iter().all(|record| record.origin.certificate.as_deref() == certificate));
    assert!(records.iter().all(|record| record.origin.peer.as_deref() == Some("127.0.0.1")));
}

fn tls_of_rsyslog(certificates: &Certificates, sender: Option<&str>) -> String {
    let authority = certificates.path("authority.pem").display().to_string();
    let own = sender.map_or_else(String::new, |name| {
        let [certificate, key] =
            ["pem", "key"].map(|end| certificates.path(&format!("{name}.{end}")).display().to_string());
        format!("defaultNetstreamDriverCertFile=\"{certificate}\" defaultNetstreamDriverKeyFile=\"{key}\"")
    });
    format!("defaultNetstreamDriver=\"gtls\" defaultNetstreamDriverCAFile=\"{authority}\" {own}")
}

fn forward(port: u16, framing: &str) -> String {
    format!(
        "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" TCP_Framing=\"{framing}\" \
         StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" \
         StreamDriverPermittedPeers=\"door.example\" action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" \
         template=\"RSYSLOG_SyslogProtocol23Format\")"
    )
}

#[tokio::test]
async fn rsyslog_sends_in_tls_with_and_without_its_certificate() {
    if !installed() {
        return;
    }
    let certificates = Certificates::new();
    for (framing, sender) in [("octet-counted", None), ("traditional", Some("sender"))] {
        let door = door(Speech::SyslogTcp, &certificates.door(sender.is_some(), sender.is_some())).await;
        let _rsyslog = rsyslog(&tls_of_rsyslog(&certificates, sender), "", &forward(door.port, framing));
        door.until("all lines", |door| door.stored() >= LINES).await;
        let shown = sender.map(|name| certificates.fingerprint(name));
        assert_all(&door.close().await, shown.as_deref());
    }
}

#[tokio::test]
async fn rsyslog_sends_relp_in_tls_with_its_certificate() {
    if !installed() {
        return;
    }
    let certificates = Certificates::new();
    let door = door(Speech::Relp, &certificates.door(true, true)).await;
    let [authority, certificate, key] =
        ["authority.pem", "sender.pem", "sender.key"].map(|name| certificates.path(name).display().to_string());
    let action = format!(
        "action(type=\"omrelp\" target=\"127.0.0.1\" port=\"{}\" tls=\"on\" tls.caCert=\"{authority}\" \
         tls.myCert=\"{certificate}\" tls.myPrivKey=\"{key}\" tls.authMode=\"name\" tls.permittedPeer=[\"door.example\"] \
         action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\")",
        door.port
    );
    let _rsyslog = rsyslog("", "module(load=\"omrelp\")", &action);
    door.until("all lines", |door| door.stored() >= LINES).await;
    assert_all(&door.close().await, Some(&certificates.fingerprint("sender")));
}

#[tokio::test]
async fn who_shows_no_certificate_or_one_of_a_stranger_is_turned_away_and_counted() {
    if !installed() {
        return;
    }
    let certificates = Certificates::new();
    let door = door(Speech::SyslogTcp, &certificates.door(true, true)).await;
    for sender in [None, Some("stranger")] {
        let before = door.counters.snapshot().greetings_failed;
        let _rsyslog = rsyslog(&tls_of_rsyslog(&certificates, sender), "", &forward(door.port, "octet-counted"));
        door.until("a refusal", |door| door.counters.snapshot().greetings_failed > before).await;
    }
    // Nor is anybody heard who speaks no TLS at all, or ends in the midst of the greeting.
    let before = door.counters.snapshot().greetings_failed;
    let mut plain = TcpStream::connect(("127.0.0.1", door.port)).await.unwrap();
    plain.write_all(b"<13>Nov 24 10:00:00 web app: not in TLS\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    drop(TcpStream::connect(("127.0.0.1", door.port)).await.unwrap());
    door.until("two refusals", |door| door.counters.snapshot().greetings_failed >= before + 2).await;
    let counted = door.counters.snapshot();
    assert_eq!(counted.received, 0, "{counted:?}");
    assert!(door.close().await.is_empty());
}

#[tokio::test]
async fn an_optional_certificate_is_told_where_it_is_shown() {
    if !installed() {
        return;
    }
    let certificates = Certificates::new();
    let door = door(Speech::SyslogTcp, &certificates.door(true, false)).await;
    let sender = rsyslog(&tls_of_rsyslog(&certificates, Some("sender")), "", &forward(door.port, "octet-counted"));
    door.until("lines with a certificate", |door| door.stored() >= LINES).await;
    drop(sender);
    let _nameless = rsyslog(&tls_of_rsyslog(&certificates, None), "", &forward(door.port, "octet-counted"));
    door.until("lines without", |door| door.stored() >= 2 * LINES).await;
    let records = door.close().await;
    assert_all(&records[..LINES], Some(&certificates.fingerprint("sender")));
    assert_all(&records[LINES..], None);
}

#[test]
fn files_that_are_missing_or_hold_something_else_are_named() {
    if !installed() {
        return;
    }
    let certificates = Certificates::new();
    let refused = |settings: TlsSettings| TlsDoor::open(&settings).err().expect("an error").to_string();
    let sound = certificates.door(true, true);
    let missing = refused(TlsSettings { certificate: certificates.path("missing.pem"), ..sound.clone() });
    assert!(missing.contains("missing.pem"), "{missing}");
    let no_key = refused(TlsSettings { key: certificates.path("door.pem"), ..sound.clone() });
    assert!(no_key.contains("door.pem"), "{no_key}");
    let not_its_key = refused(TlsSettings { key: certificates.path("sender.key"), ..sound.clone() });
    assert!(not_its_key.contains("door.pem"), "{not_its_key}");
    let nobody = refused(TlsSettings { client_authority: None, ..sound });
    assert!(nobody.contains("no authority"), "{nobody}");
}
