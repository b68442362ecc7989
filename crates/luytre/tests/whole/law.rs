//! The law in force from the command line: looked at, checked, changed with a second person, and kept.

use crate::program::{Serving, ask, command, failure, free_port, run, run_with_input, until};
use kit::Capability;
use kit::live::Live;
use kit::scope::{Actor, Agencies, Scope};
use luytre::centre::Registers;
use luytre::configuration::Configuration;
use organisation::elevations::{self, Asked};
use organisation::people;
use serde_json::{Value, json};
use std::path::Path;

const PATH: &str = "duties/plans-2026.toml";

/// Makes an administrator and lets another person approve that this one changes the law.
async fn approved(data: &Path) {
    let configuration = Configuration::load(data, None).expect("configuration");
    let registers = Registers::open(data, &configuration, &Live::default()).await.expect("registers");
    let (db, policies, now) = (&registers.db, &registers.policies, registers.clock.now());
    let service = Scope::service("test");
    let view = db.scoped(&service);
    let admin = people::by_account(&view.read(), "quantri").await.expect("asked").expect("an account");
    let head = people::by_account(&view.read(), "lanhdao").await.expect("asked").expect("an account");
    let own = people::scope_of(db, policies, &admin.id, None, now).await.expect("asked").expect("a scope");
    let asked = Asked {
        kind: "change-law".into(),
        agency_id: admin.agency_id.clone(),
        reason: "Nghị định mới".into(),
        ..Asked::default()
    };
    let tx = db.scoped(&own).begin().await.expect("transaction");
    let id = elevations::ask(&tx, &Live::default(), policies, now, &asked).await.expect("asked");
    tx.commit().await.expect("commit");
    let actor = Actor::Person { id: head.id.as_str().into(), name: "Lãnh Đạo".into() };
    let above = Scope::new(actor, Agencies::All, [Capability::ApproveElevations], None);
    let tx = db.scoped(&above).begin().await.expect("transaction");
    elevations::approve(&tx, &Live::default(), policies, now, &id, "").await.expect("approved");
    tx.commit().await.expect("commit");
}

fn listed(data: &Path) -> Value {
    let list = ask(data, &["law", "list", "--json"]);
    let files = list["files"].as_array().cloned().expect("files");
    files.into_iter().find(|file| file["path"] == PATH).expect("the plans")
}

#[test]
fn a_change_by_command_needs_the_same_second_person_and_is_there_after_a_restart() {
    let data = tempfile::tempdir().expect("directory");
    let data = data.path();
    for (account, role) in [("quantri", "administrator"), ("lanhdao", "leader")] {
        let add = ["user", "add", account, "--name", account, "--role", role];
        run_with_input(data, &add, "Tre-Xanh.Ven-Song.1975\n");
    }
    assert_eq!(listed(data)["source"], json!("embedded"));
    let old = run(data, &["law", "show", PATH]);
    let folder = data.join("duties");
    std::fs::create_dir(&folder).expect("directory");
    let file = folder.join("plans-2026.toml");
    let name = file.to_str().expect("path");
    std::fs::write(&file, old.replacen("amount = 24", "amount = 12", 1)).expect("file");
    let checked = ask(data, &["law", "check", name, "--json"]);
    assert_eq!((&checked["loads"], &checked["added"], &checked["removed"]), (&json!(true), &json!(1), &json!(1)));
    let effects = checked["effects"].as_array().expect("effects").len();
    assert_eq!(effects, 1, "{checked}");

    let apply = |account: &str| {
        let options = ["--account", account, "--reason", "Kế hoạch sửa đổi", "--basis", "Kế hoạch 12"];
        ["law", "apply", name].into_iter().chain(options).map(str::to_owned).collect::<Vec<_>>()
    };
    let refused = |account: &str| {
        let arguments = apply(account);
        failure(data, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let says = |account: &str, words: [&str; 2]| {
        let said = refused(account);
        assert!(words.iter().any(|words| said.contains(words)), "{account}: {said}");
    };
    says("quantri", ["Another person has to approve", "một người khác duyệt trước"]);
    says("lanhdao", ["Change regulations in force", "Sửa quy định đang áp dụng"]);
    says("nobody", ["no account nobody", "không có tài khoản nobody"]);
    assert_eq!(listed(data)["source"], json!("embedded"));
    tokio::runtime::Runtime::new().expect("runtime").block_on(approved(data));
    let server = Serving::start(data, free_port(), free_port(), free_port());
    let arguments = apply("quantri");
    run(data, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let changed = listed(data);
    assert_eq!(
        (&changed["source"], &changed["version"], &changed["by"]),
        (&json!("version"), &json!(1), &json!("quantri"))
    );
    server.stop();
    assert!(run(data, &["law", "show", PATH]).contains("amount = 12"));
    assert_eq!(run(data, &["law", "show", PATH, "--version", "0"]), old);
    assert!(failure(data, &["law", "show", PATH, "--version", "7"]).contains(PATH));
    let trail = "SELECT COUNT(*) AS n FROM organisation.audit WHERE action IN ('law.change', 'elevation.use')";
    assert_eq!(crate::program::number(data, trail), 2);

    std::fs::write(&file, old.replacen("amount = 24", "amont = 24", 1)).expect("file");
    let output = command(data).args(["law", "check", name]).output().expect("luytre");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("amont") && said.contains("11"), "{said}");
}

#[test]
fn a_running_server_takes_up_what_a_command_has_changed() {
    let data = tempfile::tempdir().expect("directory");
    let data = data.path();
    for (account, role) in [("quantri", "administrator"), ("lanhdao", "leader")] {
        let add = ["user", "add", account, "--name", account, "--role", role];
        run_with_input(data, &add, "Tre-Xanh.Ven-Song.1975\n");
    }
    tokio::runtime::Runtime::new().expect("runtime").block_on(approved(data));
    let server = Serving::start(data, free_port(), free_port(), free_port());
    let law = || {
        // A disk that is nearly full makes the command fail; that is not looked at here.
        let output = command(data).args(["doctor", "--json"]).output().expect("doctor");
        let checks: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let check = checks.as_array().and_then(|checks| checks.iter().find(|check| check["name"] == "law").cloned());
        check.expect("the law is looked at")
    };
    assert_eq!(law()["well"], json!(true));
    let folder = data.join("calendars");
    std::fs::create_dir(&folder).expect("directory");
    let file = folder.join("2028.toml");
    let text = "year = 2028\nstatus = \"draft\"\n\n[[day_off]]\ndate = \"2028-01-01\"\nname.vi = \"Tết Dương lịch\"\n\
                name.en = \"New Year\"\ncertainty = \"stated\"\n";
    std::fs::write(&file, text).expect("file");
    let before = law()["says"].clone();
    let name = file.to_str().expect("path");
    let options = ["--account", "quantri", "--reason", "Năm mới", "--basis", "Bộ luật Lao động, Điều 112"];
    run(data, &["law", "apply", name].into_iter().chain(options).collect::<Vec<_>>());
    until("the server knows of it", || law()["says"] != before);
    server.stop();
}
