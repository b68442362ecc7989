//! The audit trail and the keys from the command line.

use crate::program::{Serving, ask, command, failure, free_port, query, run, run_with_input, until};
use kit::bus::Bus;
use kit::{Db, Scope};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use std::path::Path;

/// Does something with the registers that no service would do.
fn behind_its_back(data: &Path, sql: &str) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = Db::open_sqlite(data, Bus::default()).await.unwrap();
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx.commit().await.unwrap();
    });
}

fn text(data: &Path, sql: &str) -> String {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = Db::open_sqlite(data, Bus::default()).await.unwrap();
        let scope = Scope::service("test");
        let view = db.scoped(&scope).read();
        let row = view.query_one_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
        row.expect("a row").try_get("", "value").unwrap()
    })
}

/// What `audit verify` says of a trail that does not fit.
fn found(data: &Path, arguments: &[&str]) -> Value {
    let output = command(data).args(["audit", "verify", "--json"]).args(arguments).output().expect("luytre");
    assert_eq!(output.status.code(), Some(1));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_bent_row_is_found_in_the_registers_and_not_in_the_file_written_before() {
    let data = tempfile::tempdir().expect("directory");
    for _ in 0..3 {
        query(data.path(), "SELECT 1 AS one");
    }
    let sound = ask(data.path(), &["audit", "verify", "--json"]);
    // The first row says which rules were loaded.
    assert_eq!((&sound["rows"], &sound["problems"]), (&json!(4), &json!([])));
    let file = data.path().join("trail.jsonl");
    let name = file.to_str().expect("path");
    let exported = ask(data.path(), &["audit", "export", name, "--json"]);
    assert_eq!((&exported["rows"], &exported["checkpoints"]), (&json!(5), &json!(1)));
    assert!(failure(data.path(), &["audit", "export", name]).contains("trail.jsonl"), "nothing is written over");
    behind_its_back(data.path(), "UPDATE audit_entries SET actor_name = 'nobody' WHERE sequence = 2");
    let bent = found(data.path(), &[]);
    assert_eq!(bent["problems"], json!([{ "first": 2, "last": 2, "fault": "altered" }]));
    let output = command(data.path()).args(["audit", "verify"]).output().expect("luytre");
    assert!(String::from_utf8_lossy(&output.stdout).contains("✗ Row 2 was altered"), "{output:?}");
    let elsewhere = tempfile::tempdir().expect("directory");
    let key = exported["key"].as_str().expect("a fingerprint");
    let nowhere = elsewhere.path().join("none");
    let verified = ask(&nowhere, &["audit", "verify", "--json", "--file", name, "--key", key]);
    assert_eq!((&verified["rows"], &verified["problems"]), (&json!(5), &json!([])));
    assert!(!nowhere.exists(), "a file is verified without a data directory");
    assert!(failure(&nowhere, &["audit", "verify", "--file", name, "--key", "another"]).contains("other keys"));
    let mut text = std::fs::read_to_string(&file).expect("file");
    text = text.replace("SELECT 1", "SELECT 2");
    std::fs::write(&file, text).expect("file");
    assert_eq!(found(&nowhere, &["--file", name])["problems"][0], json!({ "first": 2, "last": 2, "fault": "altered" }));
}

#[test]
fn a_server_signs_the_trail_when_it_starts_and_when_it_ends() {
    let data = tempfile::tempdir().expect("directory");
    query(data.path(), "SELECT 1 AS one");
    let server = Serving::start(data.path(), free_port(), free_port(), free_port());
    until("the first checkpoint", || data.path().join("audit/checkpoints.jsonl").exists());
    until("its row in the trail", || {
        text(data.path(), "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries") == "3"
    });
    query(data.path(), "SELECT 2 AS two");
    let beside = ask(data.path(), &["audit", "verify", "--json"]);
    assert_eq!(beside["problems"], json!([]), "beside a running server");
    server.stop();
    let report = ask(data.path(), &["audit", "verify", "--json"]);
    assert_eq!(
        (&report["checkpoints"], &report["signed_rows"], &report["problems"]),
        (&json!(2), &json!(4), &json!([]))
    );
    let asked = text(data.path(), "SELECT on_behalf_of AS value FROM audit_entries WHERE action = 'question.read'");
    assert!(!asked.is_empty(), "who ran the command");
    std::fs::remove_file(data.path().join("audit/checkpoints.jsonl")).expect("checkpoints");
    assert_eq!(found(data.path(), &[])["problems"][0]["fault"], json!("checkpoint_missing"));
}

#[test]
fn a_lost_key_of_the_trail_is_told_of_and_replaced_only_when_somebody_says_so() {
    let data = tempfile::tempdir().expect("directory");
    query(data.path(), "SELECT 1 AS one");
    ask(data.path(), &["audit", "checkpoint", "--json"]);
    let accept = ["keys", "accept-trail-key", "--reason", "mất máy chủ cũ", "--json"];
    assert!(failure(data.path(), &accept).contains("nothing to accept"));
    let (key, kept) = (data.path().join("audit.key"), data.path().join("kept"));
    std::fs::rename(&key, &kept).expect("the key");
    query(data.path(), "SELECT 2 AS two");
    assert!(failure(data.path(), &["audit", "checkpoint"]).contains("audit.key) is missing"));
    let doctor = || {
        let output = command(data.path()).args(["doctor", "--json"]).output().expect("doctor");
        let checks: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        checks.as_array().expect("checks").iter().find(|check| check["name"] == "audit trail").expect("a check").clone()
    };
    let check = doctor();
    assert!(
        check["well"] == json!(false) && check["says"].as_str().expect("text").contains("accept-trail-key"),
        "{check}"
    );
    let server = Serving::start(data.path(), free_port(), free_port(), free_port());
    assert!(!key.exists(), "no key is made in silence");
    assert!(failure(data.path(), &accept).contains("stop the server"));
    server.stop();
    std::fs::rename(&kept, &key).expect("the key");
    assert_eq!(doctor()["well"], json!(true), "it was found again");
    std::fs::remove_file(&key).expect("the key");
    let fingerprint = ask(data.path(), &accept)["key"].as_str().expect("a fingerprint").to_owned();
    let report = ask(data.path(), &["audit", "verify", "--json"]);
    assert_eq!((&report["key"], &report["problems"]), (&json!(fingerprint), &json!([])), "{report}");
    assert_eq!(report["checkpoints"], json!(2), "what the lost key signed is judged by its public half");
    let reason = text(data.path(), "SELECT details AS value FROM audit_entries WHERE action = 'audit.accept-key'");
    assert!(reason.contains("mất máy chủ cũ") && reason.contains(&fingerprint), "{reason}");
    assert_eq!(doctor()["well"], json!(true));
}

#[test]
fn personal_data_from_before_is_sealed_and_a_new_key_replaces_the_old_one() {
    let data = tempfile::tempdir().expect("directory");
    let add = ["user", "add", "quantri", "--name", "Q", "--role", "administrator"];
    run_with_input(data.path(), &add, "Tre-Xanh.Ven-Song.1975\n");
    behind_its_back(data.path(), "UPDATE people SET phone = '0912 345 678'");
    let stored = || text(data.path(), "SELECT phone AS value FROM people");
    run(data.path(), &["user", "list"]);
    let sealed = stored();
    assert!(sealed.starts_with("sealed:") && !sealed.contains("345"), "{sealed}");
    let keys = data.path().join("fields.key");
    let old = std::fs::read_to_string(&keys).expect("keys");
    let done = ask(data.path(), &["keys", "rotate", "--json"]);
    assert_eq!(done, json!({ "sealed": 1, "unreadable": 0 }));
    let new = std::fs::read_to_string(&keys).expect("keys");
    assert!(new.trim().len() == 64 && new != old, "one new key alone");
    assert_ne!(stored().split(':').nth(1), sealed.split(':').nth(1), "sealed with another key");
    std::fs::remove_file(&keys).expect("keys");
    assert!(failure(data.path(), &["user", "list"]).contains("fields.key is missing"));
    let from_environment =
        command(data.path()).args(["doctor", "--json"]).env("LUYTRE_SECRETS__KEYS", new.trim()).output();
    let checks: Value = serde_json::from_slice(&from_environment.expect("doctor").stdout).expect("JSON");
    let sealed = checks.as_array().expect("checks").iter().find(|check| check["name"] == "sealed fields");
    assert_eq!(sealed.expect("a check")["well"], json!(true), "{checks}");
    std::fs::write(&keys, &old).expect("keys");
    let output = command(data.path()).args(["doctor", "--json"]).output().expect("doctor");
    let checks: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sealed = checks.as_array().expect("checks").iter().find(|check| check["name"] == "sealed fields");
    assert_eq!(sealed.expect("a check")["well"], json!(false), "the key at hand is another: {checks}");
}
