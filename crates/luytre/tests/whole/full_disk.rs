//! A disk without room: commands end with the reason, what was acknowledged is kept, and all goes on with new room.

use crate::program::{Serving, ask, command, failure, free_port, number, run_with_input, until};
use crate::world::running;
use reqwest::Client;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A small disk in memory; only root may make one.
struct Disk(PathBuf);

impl Disk {
    fn new(directory: &Path, megabytes: u32) -> Option<Self> {
        let path = directory.join("disk");
        std::fs::create_dir(&path).expect("folder");
        let made = mount(&["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"], &path);
        if !made {
            eprintln!("no disk could be made: this test could not run");
        }
        made.then_some(Self(path))
    }

    /// Writes a file until nothing more fits.
    fn fill(&self, path: &Path) {
        assert!(path.starts_with(&self.0));
        let _ = std::io::copy(&mut std::io::repeat(0), &mut std::fs::File::create(path).expect("file"));
    }

    fn grow(&self, megabytes: u32) {
        assert!(mount(&["-o", &format!("remount,size={megabytes}m")], &self.0));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> bool {
    Command::new("mount").args(arguments).arg(path).status().is_ok_and(|status| status.success())
}

/// More than the disk takes.
const LINES: u64 = 45_000;

/// Lines that hardly shrink.
fn lines(count: u64) -> String {
    let mut state = 7_u64;
    (0..count).fold(String::new(), |mut text, number| {
        write!(text, "Jul  5 08:00:00 web1 app[{number}]: ").expect("text");
        for _ in 0..60 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(text, "{:016x}", state ^ (state >> 33)).expect("text");
        }
        text.push('\n');
        text
    })
}

#[test]
fn an_import_ends_with_the_reason_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("directory");
    let Some(disk) = Disk::new(folder.path(), 22) else { return };
    let data = disk.0.join("data");
    let file = folder.path().join("app.log");
    std::fs::write(&file, lines(LINES)).expect("file");
    let said = failure(&data, &["import", "--json", file.to_str().expect("path")]);
    assert!(said.contains("no space left"), "{said}");
    let words: Vec<&str> = said.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "records").expect("how many are stored");
    let stored: i64 = words[at - 1].parse().expect("a number");
    assert!((1..LINES as i64).contains(&stored), "{said}");

    let fill = disk.0.join("fill");
    disk.fill(&fill);
    assert_eq!(number(&data, "SELECT count(*) FROM events"), stored, "a full disk can be asked");
    // A command that ends gives back the room of its journal.
    let rest = disk.0.join("rest");
    disk.fill(&rest);
    let doctor = command(&data).args(["doctor", "--json"]).output().expect("doctor");
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(said.contains("\"disk\",\"well\":false"), "{said} {}", String::from_utf8_lossy(&doctor.stderr));

    std::fs::remove_file(&fill).expect("fill");
    std::fs::remove_file(&rest).expect("rest");
    disk.grow(400);
    let report = ask(&data, &["import", "--json", file.to_str().expect("path")]);
    assert_eq!(report["rejected"], json!([]));
    assert_eq!(number(&data, "SELECT count(*) FROM events"), LINES as i64, "nothing twice, nothing lost: {report}");
    assert_eq!(number(&data, "SELECT count(DISTINCT raw) FROM events"), LINES as i64);
}

/// Makes an administrator.
fn add(data: &Path, account: &str) {
    let arguments = ["user", "add", account, "--name", account, "--role", "administrator"];
    run_with_input(data, &arguments, "Tre-Xanh.Ven-Song.1975\n");
}

/// Sends one record; gives the status of the answer.
fn send(server: &Serving, key: &str, message: &str) -> u16 {
    let body = format!("{}\n{}\n", json!({ "create": { "_index": "logs" } }), json!({ "message": message }));
    running(async {
        let client = Client::builder().no_proxy().build().expect("client");
        let request = client.post(format!("{}/_bulk", server.address)).header("authorization", format!("ApiKey {key}"));
        let request = request.header("content-type", "application/x-ndjson").body(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let answer: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        assert!(status != 200 || answer["errors"] == json!(false), "{answer}");
        status
    })
}

#[test]
fn a_server_on_a_full_disk_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("directory");
    let Some(disk) = Disk::new(folder.path(), 72) else { return };
    let data = disk.0.join("data");
    add(&data, "quantri");
    let key = ask(&data, &["user", "add-key", "sender", "--json"]);
    let key = key["encoded"].as_str().expect("a key");
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    let fill = disk.0.join("fill");
    disk.fill(&fill);
    for attempt in 0..6 {
        assert_eq!(send(&server, key, &format!("refused {attempt}")), 503);
    }
    std::fs::remove_file(&fill).expect("fill");

    // Nothing of this sender was ever stored: the registers have yet to learn of it.
    let mut attempt = 0;
    until("records are taken in again", || {
        std::thread::sleep(Duration::from_millis(500));
        attempt += 1;
        send(&server, key, &format!("kept {attempt}")) == 200
    });
    assert_eq!(send(&server, key, "kept as well"), 200);
    let kept = "SELECT count(*) FROM events WHERE raw LIKE '%kept%'";
    until("what was acknowledged can be searched", || number(&data, kept) == 2);
    add(&data, "moi");
    server.stop();

    let server = Serving::start(&data, free_port(), free_port(), free_port());
    assert_eq!(number(&data, kept), 2);
    assert_eq!(number(&data, "SELECT count(*) FROM events WHERE raw LIKE '%refused%'"), 0);
    assert_eq!(number(&data, "SELECT count(*) FROM organisation.people"), 2);
    let made = "SELECT count(*) FROM organisation.audit WHERE action = 'person.create'";
    assert_eq!(number(&data, made), 2, "each with its row in the trail");
    let bound = "SELECT count(*) FROM events JOIN monitoring.sources ON events.source_id = sources.id";
    assert_eq!(number(&data, bound), 2);
    server.stop();
}
