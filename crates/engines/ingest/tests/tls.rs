//! Doors in TLS with a real rsyslogd as sender: syslog (RFC 5425) and RELP, with and without certificates of its own; and senders
//! that are turned away.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use async_trait::async_trait;
use event::RawRecord;
use luytre_ingest::listeners::{
    Counters, DeliverError, RelpSettings, Sink, TcpSettings, TlsDoor, TlsSettings, serve_relp, serve_syslog_tcp,
};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const LINES: usize = 500;

#[derive(Default)]
struct Memory(Mutex<Vec<RawRecord>>);

#[async_trait]
impl Sink for Memory {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

/// Whether both programs are there; CI must have them.
fn installed() -> bool {
    let both = Path::new("/usr/sbin/rsyslogd").exists() && Command::new("openssl").arg("version").output().is_ok();
    assert!(both || std::env::var("CI").as_deref() != Ok("true"), "rsyslogd or openssl is not installed");
    if !both {
        println!("could not run: rsyslogd or openssl is not installed");
    }
    both
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An authority, a certificate of the door and one of a sender, and one of a sender that another authority signed.
struct Certificates(tempfile::TempDir);

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for authority in ["authority", "stranger-authority"] {
            let (key, certificate) = (format!("{authority}.key"), format!("{authority}.pem"));
            let subject = format!("/CN={authority}");
            let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &subject];
            openssl(folder.path(), &[&arguments[..], &["-keyout", &key, "-out", &certificate]].concat());
        }
        for (name, authority) in [("door", "authority"), ("sender", "authority"), ("stranger", "stranger-authority")] {
            let [key, request, certificate] = ["key", "csr", "pem"].map(|end| format!("{name}.{end}"));
            let subject = format!("/CN={name}.example");
            let arguments = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", &subject];
            openssl(folder.path(), &[&arguments[..], &["-keyout", &key, "-out", &request]].concat());
            std::fs::write(folder.path().join("names"), format!("subjectAltName=DNS:{name}.example,IP:127.0.0.1"))
                .unwrap();
            let (by, by_key) = (format!("{authority}.pem"), format!("{authority}.key"));
            let arguments = ["x509", "-req", "-days", "2", "-in", &request, "-CA", &by, "-CAkey", &by_key];
            let last = ["-CAcreateserial", "-extfile", "names", "-out", &certificate];
            openssl(folder.path(), &[&arguments[..], &last].concat());
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn door(&self, with_senders: bool, required: bool) -> TlsSettings {
        TlsSettings {
            certificate: self.path("door.pem"),
            key: self.path("door.key"),
            client_authority: with_senders.then(|| self.path("authority.pem")),
            client_required: required,
        }
    }

    fn fingerprint(&self, name: &str) -> String {
        let said =
            openssl(self.0.path(), &["x509", "-noout", "-fingerprint", "-sha256", "-in", &format!("{name}.pem")]);
        said.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase()
    }
}

struct Rsyslog(Child, #[expect(dead_code, reason = "the folder lives as long")] tempfile::TempDir);

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn rsyslog(global: &str, modules: &str, action: &str) -> Rsyslog {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let lines: String = (0..LINES).map(|number| format!("line number {number}\n")).collect();
    std::fs::write(folder.path().join("input.log"), lines).unwrap();
    let configuration = format!(
        "global(workDirectory=\"{path}\" {global})\nmodule(load=\"imfile\")\n{modules}\n\
         input(type=\"imfile\" File=\"{path}/input.log\" Tag=\"app:\" ruleset=\"out\")\nruleset(name=\"out\") {{ {action} }}\n"
    );
    std::fs::write(folder.path().join("rsyslog.conf"), configuration).unwrap();
    let child = Command::new("/usr/sbin/rsyslogd")
        .args(["-n", "-f", &format!("{path}/rsyslog.conf"), "-i", &format!("{path}/pid")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Rsyslog(child, folder)
}

struct Door {
    memory: Arc<Memory>,
    counters: Arc<Counters>,
    stop: CancellationToken,
    port: u16,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Door {
    async fn open(tls: &TlsSettings, relp: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (memory, counters, stop) =
            (Arc::new(Memory::default()), Arc::new(Counters::default()), CancellationToken::new());
        let tls = Some(TlsDoor::open(tls).unwrap());
        let (sink, counted, stopped) = (memory.clone(), counters.clone(), stop.clone());
        let task = if relp {
            let settings = RelpSettings { tls, ..RelpSettings::default() };
            tokio::spawn(serve_relp(listener, sink, settings, Arc::default(), counted, stopped))
        } else {
            let settings = TcpSettings { tls, ..TcpSettings::default() };
            tokio::spawn(serve_syslog_tcp(listener, sink, settings, counted, stopped))
        };
        Self { memory, counters, stop, port, task }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {:?}", self.counters.snapshot());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn stored(&self) -> usize {
        self.memory.0.lock().unwrap().len()
    }

    async fn close(self) -> Vec<RawRecord> {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
        std::mem::take(&mut *self.memory.0.lock().unwrap())
    }
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
        let door = Door::open(&certificates.door(sender.is_some(), sender.is_some()), false).await;
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
    let door = Door::open(&certificates.door(true, true), true).await;
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
    let door = Door::open(&certificates.door(true, true), false).await;
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
    let door = Door::open(&certificates.door(true, false), false).await;
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
