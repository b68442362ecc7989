//! Doors in TLS of the real binary: named in its settings, known by the certificate that the sender shows.

use crate::program::{Serving, failure, free_port, number, query, until};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn openssl(folder: &Path, arguments: &str) -> String {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().expect("openssl");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// An authority that signed the certificates of the door and of a sender, in a folder of the data directory.
fn certificates(folder: &Path) {
    std::fs::create_dir_all(folder).expect("folder");
    openssl(
        folder,
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.pem",
    );
    for name in ["door", "sender"] {
        openssl(
            folder,
            &format!("req -newkey rsa:2048 -nodes -subj /CN={name}.example -keyout {name}.key -out {name}.csr"),
        );
        std::fs::write(folder.join("names"), format!("subjectAltName=DNS:{name}.example")).expect("names");
        let sign = "-CA authority.pem -CAkey authority.key -CAcreateserial -extfile names";
        openssl(folder, &format!("x509 -req -days 2 -in {name}.csr {sign} -out {name}.pem"));
    }
}

#[test]
fn a_door_in_tls_knows_senders_by_their_certificates() {
    if Command::new("openssl").arg("version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "openssl must be there in CI");
        eprintln!("no openssl: this test could not run");
        return;
    }
    let directory = tempfile::tempdir().expect("directory");
    let data = directory.path().join("data");
    let folder = data.join("tls");
    certificates(&folder);
    let port = free_port();
    let door = format!(
        "[[intake.listeners]]\nkind = \"syslog_tls\"\naddress = \"127.0.0.1:{port}\"\ncertificate = \"tls/door.pem\"\n\
         key = \"tls/door.key\"\nclient_authority = \"tls/authority.pem\"\nclient_required = true\n"
    );
    let settings = data.join("luytre.toml");
    for (wrong, said) in [
        (door.replace("syslog_tls", "syslog_tcp"), "takes no certificates"),
        (door.replace("key = \"tls/door.key\"\n", ""), "needs `certificate` and `key`"),
        (door.replace("client_authority = \"tls/authority.pem\"\n", ""), "needs `client_authority`"),
        (door.replace("tls/door.key", "tls/nothing.key"), "nothing.key"),
    ] {
        std::fs::write(&settings, wrong).expect("settings");
        let heard =
            failure(&data, &["serve", "--listen", "127.0.0.1:0", "--syslog", "127.0.0.1:0", "--relp", "127.0.0.1:0"]);
        assert!(heard.contains(said), "{said}: {heard}");
    }
    std::fs::write(&settings, door).expect("settings");
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    let mut client = Command::new("openssl")
        .current_dir(&folder)
        .args(["s_client", "-quiet", "-connect", &format!("127.0.0.1:{port}"), "-servername", "door.example"])
        .args(["-CAfile", "authority.pem", "-verify_return_error", "-cert", "sender.pem", "-key", "sender.key"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a client");
    let mut input = client.stdin.take().expect("stdin");
    for number in 0..3 {
        let text = format!("<13>1 2026-11-24T10:00:0{number}Z may-tls app 1 - - line {number}");
        write!(input, "{} {text}", text.len()).expect("a message");
    }
    input.flush().expect("sent");
    until("three records", || number(&data, "SELECT count(*) FROM events WHERE host_name = 'may-tls'") == 3);
    drop(input);
    let _ = client.kill();
    let _ = client.wait();
    let said = openssl(&folder, "x509 -noout -fingerprint -sha256 -in sender.pem");
    let fingerprint = said.trim().rsplit('=').next().expect("a fingerprint").replace(':', "").to_lowercase();
    let sources = query(&data, "SELECT match_certificate FROM monitoring.sources");
    let known: Vec<_> = sources.iter().filter_map(|row| row.get("match_certificate")?.as_str()).collect();
    assert_eq!(known, [fingerprint]);
    server.stop();
}
