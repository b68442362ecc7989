//! `luytre store`: what was imported is checked, written out, damaged on purpose and mended.

use crate::program::{ask, command, failure, number, run};
use crate::rules::listed;
use std::path::{Path, PathBuf};

const LINES: usize = 3_000;

fn import(data: &Path) {
    let file = data.join("app.log");
    let line =
        |number: usize| format!("Nov 21 10:{:02}:{:02} web-1 app: yêu cầu {number}\n", number / 60 % 60, number % 60);
    std::fs::write(&file, (0..LINES).map(line).collect::<String>()).expect("written");
    let report = ask(data, &["import", "--json", "--year", "2026", file.to_str().expect("path")]);
    assert_eq!(report.get("stored").and_then(serde_json::Value::as_u64), Some(LINES as u64), "{report}");
}

fn largest_segment(data: &Path) -> PathBuf {
    let folders = std::fs::read_dir(data.join("events/segments")).expect("segments");
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.expect("folder").path()).expect("files"));
    files
        .map(|file| file.expect("file").path())
        .max_by_key(|file| file.metadata().expect("length").len())
        .expect("a segment")
}

#[test]
fn events_are_written_out_as_lines_and_as_parquet() {
    let data = tempfile::tempdir().expect("directory");
    import(data.path());
    let report = ask(data.path(), &["store", "verify", "--json"]);
    assert_eq!(report.get("problems").and_then(serde_json::Value::as_array).map(Vec::len), Some(0), "{report}");
    let lines = data.path().join("day.jsonl");
    let parquet = data.path().join("found.parquet");
    let (lines_name, parquet_name) = (lines.to_str().expect("path"), parquet.to_str().expect("path"));
    let done = ask(data.path(), &["store", "export", "--json", "--day", "2026-11-21", lines_name]);
    assert_eq!(done.get("events").and_then(serde_json::Value::as_u64), Some(LINES as u64), "{done}");
    let text = std::fs::read_to_string(&lines).expect("written");
    assert_eq!(text.lines().count(), LINES);
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("an object a line");
        assert!(event.get("raw").and_then(serde_json::Value::as_str).is_some_and(|raw| raw.contains("yêu cầu")));
    }
    let said = run(data.path(), &["store", "export", "--search", "\"yeu cau 17\"", parquet_name]);
    assert!(said.starts_with("111 events"), "{said}");
    assert!(std::fs::read(&parquet).expect("written").starts_with(b"PAR1"));
    assert!(failure(data.path(), &["store", "export", parquet_name]).contains("exists"), "nothing is written over");
    assert!(failure(data.path(), &["store", "export", "--incident", "SC-X", "x.json"]).contains("SC-X"));
    tokio::runtime::Runtime::new().expect("runtime").block_on(listed(data.path(), "web", "WEB-1"));
    for (search, events) in [("host_name_list:web \"yeu cau 17\"", 111), ("host_name_list:nothing", 0)] {
        let file = data.path().join(format!("{events}.jsonl"));
        let done = ask(data.path(), &["store", "export", "--json", "--search", search, file.to_str().expect("path")]);
        assert_eq!(done.get("events").and_then(serde_json::Value::as_u64), Some(events), "{search}: {done}");
    }
    let audited = "SELECT count(*) FROM organisation.audit WHERE action = 'events.export'";
    assert_eq!(number(data.path(), audited), 4);
}

#[test]
fn damage_is_told_and_mended() {
    let data = tempfile::tempdir().expect("directory");
    import(data.path());
    let segment = largest_segment(data.path());
    let mut bytes = std::fs::read(&segment).expect("read");
    // Whatever is asked of the file meets it: pieces of 64 KiB have a checksum each. One changed byte of one would be put
    // right.
    bytes.iter_mut().skip(2_000).step_by(30_000).for_each(|byte| *byte ^= 1);
    std::fs::write(&segment, bytes).expect("written");
    let output = command(data.path()).args(["store", "verify"]).output().expect("luytre");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("✗ Segment"), "{said}");
    let (sql, whole, rest) =
        ("SELECT count(raw) FROM events", data.path().join("whole.json"), data.path().join("rest.json"));
    let output = command(data.path()).args(["query", "--format", "csv", sql]).output().expect("luytre");
    let (counted, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.code() == Some(2) && counted.ends_with("\n0\n"), "{counted}");
    assert!(told.contains("2026-11-21") && told.contains(&format!("{LINES} events are not in the answer")), "{told}");
    let refused = failure(data.path(), &["store", "export", whole.to_str().expect("path")]);
    assert!(refused.contains("2026-11-21") && refused.contains("--without-unreadable") && !whole.exists(), "{refused}");
    let rest = rest.to_str().expect("path");
    let done = ask(data.path(), &["store", "export", "--json", "--without-unreadable", rest]);
    assert_eq!(done.pointer("/unreadable/0/days/0").and_then(serde_json::Value::as_str), Some("2026-11-21"), "{done}");
    let done = ask(data.path(), &["store", "repair", "--json"]);
    assert_eq!(done.pointer("/segments/0/rows_before").and_then(serde_json::Value::as_u64), Some(LINES as u64));
    let said = run(data.path(), &["store", "verify"]);
    assert!(said.contains("every checksum fits") && said.contains("lost earlier"), "{said}");
    assert!(run(data.path(), &["store", "repair"]).contains("nothing to mend"));
    let output = command(data.path()).args(["query", sql]).output().expect("luytre");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("2026-11-21") && told.contains("could not all be saved"),
        "{told}"
    );
    let doctor = command(data.path()).args(["doctor", "--json"]).output().expect("luytre");
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(said.contains("events of 2026-11-21 were lost"), "{said}");
}

#[test]
fn a_lost_manifest_takes_no_event_with_it() {
    let data = tempfile::tempdir().expect("directory");
    import(data.path());
    let segment = largest_segment(data.path());
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(data.path().join(format!("events/manifest.sqlite{end}")));
    }
    let output = command(data.path()).args(["store", "verify"]).output().expect("luytre");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("✗ Manifest"), "{said}");
    assert!(failure(data.path(), &["search", "yeu"]).contains("store repair"));
    assert!(segment.exists(), "nothing was touched");
    let done = ask(data.path(), &["store", "repair", "--json"]);
    assert_eq!(done.get("manifest_rebuilt").and_then(serde_json::Value::as_bool), Some(true), "{done}");
    assert!(run(data.path(), &["store", "verify"]).contains("every checksum fits"));
    assert_eq!(number(data.path(), "SELECT count(DISTINCT raw) FROM events WHERE raw LIKE '%yêu cầu%'"), LINES as i64);
}

#[test]
fn an_event_is_proven_to_who_has_no_store_and_held_events_are_listed() {
    let data = tempfile::tempdir().expect("directory");
    import(data.path());
    let signed = ask(data.path(), &["store", "sign", "--json"]);
    let hash = signed.pointer("/seal/sha256").and_then(serde_json::Value::as_str).expect("a hash").to_owned();
    assert!(run(data.path(), &["store", "verify"]).contains(&hash), "the last entry is named by its hash");
    let proof = data.path().join("proof.json");
    let name = proof.to_str().expect("path");
    run(data.path(), &["store", "prove", "17", name]);
    assert!(failure(data.path(), &["store", "prove", "17", name]).contains("exists"), "nothing is written over");
    assert!(failure(data.path(), &["store", "prove", "9999999", "none.json"]).contains("9999999"));
    let nowhere = tempfile::tempdir().expect("directory");
    let proven = ask(nowhere.path(), &["store", "check-proof", "--json", name]);
    assert_eq!(proven.get("seq").and_then(serde_json::Value::as_u64), Some(17), "{proven}");
    let text = std::fs::read_to_string(&proof).expect("read");
    assert!(text.contains("yêu cầu 16"));
    std::fs::write(&proof, text.replace("yêu cầu 16", "yêu cầu 61")).expect("written");
    assert!(failure(nowhere.path(), &["store", "check-proof", name]).contains("does not lead"));

    run(data.path(), &["store", "hold", "add", "SC-1", "--reason", "evidence", "--from", "2026-11-01T00:00:00+07:00"]);
    assert!(failure(data.path(), &["store", "hold", "add", "SC-1", "--reason", "again"]).contains("already"));
    let backwards = ["store", "hold", "add", "SC-2", "--reason", "x", "--from", "1d", "--to", "2d"];
    assert!(failure(data.path(), &backwards).contains("before"));
    let held = ask(data.path(), &["store", "hold", "list", "--json"]);
    assert_eq!(held.pointer("/0/id").and_then(serde_json::Value::as_str), Some("SC-1"), "{held}");
    assert!(run(data.path(), &["store", "status"]).contains("TCVN 14423:2026"));
    run(data.path(), &["store", "hold", "release", "SC-1"]);
    assert!(failure(data.path(), &["store", "hold", "release", "SC-1"]).contains("no hold"));
    let audited =
        "SELECT count(*) FROM organisation.audit WHERE action IN ('events.hold', 'events.release', 'events.prove')";
    assert_eq!(number(data.path(), audited), 3);
}

#[test]
fn an_archive_is_examined_and_told_and_gets_nothing_before_its_time() {
    let data = tempfile::tempdir().expect("directory");
    let archive = tempfile::tempdir().expect("directory");
    import(data.path());
    let settings = format!("[events.archive]\nafter_days = 1\ndirectory = {:?}\n", archive.path());
    std::fs::write(data.path().join("luytre.toml"), &settings).expect("written");
    let moved = ask(data.path(), &["store", "archive", "--json"]);
    assert_eq!(moved.get("files").and_then(serde_json::Value::as_u64), Some(0), "today is not over: {moved}");
    let status = run(data.path(), &["store", "status"]);
    assert!(status.contains(&archive.path().display().to_string()), "{status}");
    let output = command(data.path()).args(["doctor", "--json"]).output().expect("luytre");
    let checks: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let found = checks.as_array().expect("checks").iter().find(|check| check["name"] == "archive").expect("archive");
    assert_eq!(found["well"], true, "{found}");
    let wrong = settings.replace("directory", "folder");
    std::fs::write(data.path().join("luytre.toml"), wrong).expect("written");
    assert!(failure(data.path(), &["store", "status"]).contains("folder"), "a key that is not known is refused");
}
