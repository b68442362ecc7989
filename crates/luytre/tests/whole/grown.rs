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

#[test]
fn the_same_content_under_another_name_is_known_and_told_where_it_is_stored_twice() {
    let data = tempfile::tempdir().expect("directory");
    let logs = tempfile::tempdir().expect("directory");
    let (one, copy) = (logs.path().join("one.log"), logs.path().join("copy.log"));
    std::fs::write(&one, lines(0, 20)).expect("file");
    std::fs::write(&copy, lines(0, 20)).expect("file");
    let both = import(data.path(), logs.path());
    assert_eq!(both["stored"], json!(40), "two machines may write the same: {both}");
    assert_eq!(both["repeated"][0]["file"], json!(one.to_str()), "{both}");
    assert_eq!(both["repeated"][0]["same_as"], json!(copy.to_str()), "{both}");
    let third = logs.path().join("third.log");
    std::fs::write(&third, lines(0, 20)).expect("file");
    let known = import(data.path(), &third);
    assert_eq!(known["stored"], json!(0), "{known}");
    let again = ask(data.path(), &["import", "--json", "--again", third.to_str().expect("path")]);
    assert_eq!(again["stored"], json!(20), "{again}");
}

#[test]
fn an_export_of_windows_events_on_one_line_is_its_events() {
    let data = tempfile::tempdir().expect("directory");
    let event = |id: u32, record: u32| {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider \
             Name='Microsoft-Windows-Security-Auditing'/><EventID>{id}</EventID><TimeCreated \
             SystemTime='2026-07-05T01:00:0{record}.000Z'/><EventRecordID>{record}</EventRecordID>\
             <Channel>Security</Channel><Computer>pc-1</Computer></System><EventData><Data \
             Name='TargetUserName'>an</Data></EventData></Event>"
        )
    };
    let export = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<Events>{}{}{}</Events>",
        event(4625, 1),
        event(4625, 2),
        event(4624, 3)
    );
    let file = data.path().join("export.xml");
    std::fs::write(&file, export).expect("file");
    let report = import(data.path(), &file);
    assert_eq!((&report["read"], &report["stored"]), (&json!(3), &json!(3)), "{report}");
    assert_eq!(number(data.path(), "SELECT count(*) FROM events WHERE understood AND host_name = 'pc-1'"), 3);
    assert_eq!(number(data.path(), "SELECT count(*) FROM events WHERE event_code = '4625'"), 2);
}
