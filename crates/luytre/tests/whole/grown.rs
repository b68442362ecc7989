//! Files that grew since they were imported, and files that are none.

use crate::program::{ask, number};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

fn lines(from: usize, to: usize) -> String {
    (from..to).fold(String::new(), |mut text, number| {
        writeln!(text, "Jul  5 08:00:00 web1 sshd[{number}]: Failed password for root from 203.0.113.9 port 4022 ssh2")
            .expect("text");
        text
    })
}

fn import(data: &Path, file: &Path) -> Value {
    ask(data, &["import", "--json", file.to_str().expect("path")])
}

#[test]
fn of_a_file_that_has_grown_only_the_new_lines_are_stored() {
    let data = tempfile::tempdir().expect("directory");
    let file = data.path().join("auth.log");
    std::fs::write(&file, lines(0, 3_000)).expect("file");
    assert_eq!(import(data.path(), &file)["stored"], json!(3_000));
    std::fs::write(&file, lines(0, 3_010) + &"x".repeat(2 << 20)).expect("file");
    let report = import(data.path(), &file);
    assert_eq!((&report["read"], &report["stored"]), (&json!(11), &json!(10)), "{report}");
    assert_eq!(report["rejected"][0]["record"], json!(3_011), "lines are counted from the beginning of the file");
    assert_eq!(report["marked"], json!(1));
    assert!(report["skipped"][0]["reason"].as_str().is_some_and(|reason| reason.contains("line 3000")), "{report}");
    assert_eq!(number(data.path(), "SELECT count(DISTINCT raw) FROM events WHERE understood"), 3_010);
    assert_eq!(number(data.path(), "SELECT count(*) FROM events"), 3_011);
    let nothing = import(data.path(), &file);
    assert_eq!((&nothing["read"], &nothing["stored"]), (&json!(0), &json!(0)), "{nothing}");
    std::fs::write(&file, lines(5_000, 5_002)).expect("file");
    assert_eq!(import(data.path(), &file)["stored"], json!(2), "another content under the same name");
}

#[test]
fn a_pipe_is_refused_with_a_reason() {
    let data = tempfile::tempdir().expect("directory");
    let pipe = data.path().join("pipe.log");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let report = import(data.path(), &pipe);
    let reason = report["rejected"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("no regular file"), "{report}");
}
