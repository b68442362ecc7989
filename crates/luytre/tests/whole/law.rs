//! The law in force from the command line: looked at, checked, changed with a second person, and kept.

use crate::program::{Serving, ask, command, failure, free_port, run, run_with_input, until};
use kit::Capability;
use kit::live::Live;
use kit::scope::{Actor, Agencies, Scope};
use luytre::centre::Registers;
use luytre::configuration::Configuration;
use organisation::elevations;
use organisation::people;
use serde_json::{Value, json};
use std::path::Path;

const PATH: &str = "duties/plans-2026.toml";

/// Another person approves the draft of this digest, having seen it.
async fn approved(data: &Path, digest: &str) {
    let configuration = Configuration::load(data, None).expect("configuration");
    let registers = Registers::open(data, &configuration, &Live::default()).await.expect("registers");
    let (db, policies, now) = (&registers.db, &registers.policies, registers.clock.now());
    let service = Scope::service("test");
    let head = people::by_account(&db.scoped(&service).read(), "lanhdao").await.expect("asked").expect("an account");
    let actor = Actor::Person { id: head.id.as_str().into(), name: "Lãnh Đạo".into() };
    let above = Scope::new(actor, Agencies::All, [Capability::ApproveElevations], None);
    let asked = elevations::waiting_for(&db.scoped(&above).read(), digest).await.expect("asked").expect("a request");
    let tx = db.scoped(&above).begin().await.expect("transaction");
    elevations::approve(&tx, &Live::default(), policies, now, &asked.id, digest).await.expect("approved");
    tx.commit().await.expect("commit");
    registers.db.close().await.expect("closed");
}

/// Keeps a file as the draft of the administrator; gives its digest.
fn asked(data: &Path, name: &str, reason: &str, basis: &str) -> String {
    let options = ["--account", "quantri", "--reason", reason, "--basis", basis, "--json"];
    let kept = ask(data, &["law", "ask", name].into_iter().chain(options).collect::<Vec<_>>());
    kept["digest"].as_str().expect("a digest").to_owned()
}

fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("runtime").block_on(work)
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

    let says = |arguments: &[&str], words: [&str; 2]| {
        let said = failure(data, arguments);
        assert!(words.iter().any(|words| said.contains(words)), "{arguments:?}: {said}");
    };
    let ask_as = |account: &'static str| {
        ["law", "ask", name, "--account", account, "--reason", "Kế hoạch sửa đổi", "--basis", "Kế hoạch 12"]
    };
    let apply = ["law", "apply", PATH, "--account", "quantri"];
    says(&apply, ["has no draft", "không có bản nháp"]);
    says(&ask_as("lanhdao"), ["Change regulations in force", "Sửa quy định đang áp dụng"]);
    says(&ask_as("nobody"), ["no account nobody", "không có tài khoản nobody"]);
    let stale = [&ask_as("quantri")[..], &["--built-on", "0123"]].concat();
    says(&stale, ["has changed since you began", "đã đổi từ khi bạn bắt đầu sửa"]);
    let digest = asked(data, name, "Kế hoạch sửa đổi", "Kế hoạch 12");
    says(&apply, ["Another person has to approve", "một người khác duyệt trước"]);
    in_time(approved(data, &digest));
    // Another draft in its place was approved by nobody.
    std::fs::write(&file, old.replacen("amount = 24", "amount = 6", 1)).expect("file");
    asked(data, name, "Kế hoạch sửa đổi", "Kế hoạch 12");
    says(&apply, ["What was approved is something else", "Điều đã được duyệt là một việc khác"]);
    assert_eq!(listed(data)["source"], json!("embedded"));
    std::fs::write(&file, old.replacen("amount = 24", "amount = 12", 1)).expect("file");
    assert_eq!(asked(data, name, "Kế hoạch sửa đổi", "Kế hoạch 12"), digest);
    let server = Serving::start(data, free_port(), free_port(), free_port());
    run(data, &apply);
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
    let digest = asked(data, name, "Năm mới", "Bộ luật Lao động, Điều 112");
    in_time(approved(data, &digest));
    run(data, &["law", "apply", "calendars/2028.toml", "--account", "quantri"]);
    until("the server knows of it", || law()["says"] != before);
    server.stop();
}

#[test]
fn settings_of_the_content_directory_are_in_force_and_a_broken_file_is_refused_at_the_start() {
    const PATH: &str = "monitoring/retention.toml";
    let data = tempfile::tempdir().expect("directory");
    let content = tempfile::tempdir().expect("directory");
    let (data, file) = (data.path(), content.path().join(PATH));
    let built_in = run(data, &["law", "show", PATH]);
    let days = || ask(data, &["store", "status", "--json"])["retention"]["wanted_days"].clone();
    assert_eq!(days(), json!(366));
    std::fs::write(data.join("luytre.toml"), format!("content_directory = {:?}\n", content.path())).expect("settings");
    std::fs::create_dir(content.path().join("monitoring")).expect("directory");
    std::fs::write(&file, built_in.replace("days = 366", "days = 400")).expect("file");
    assert_eq!(days(), json!(400));
    std::fs::write(&file, built_in.replace("warn_days = 30", "warn_days = 0")).expect("file");
    let said = failure(data, &["store", "status"]);
    assert!(said.contains(PATH) && said.contains("care.warn_days"), "{said}");
}

#[test]
fn detectors_are_judged_by_the_settings_in_force_or_of_a_directory() {
    const PATH: &str = "monitoring/early-warning.toml";
    let data = tempfile::tempdir().expect("directory");
    let data = data.path();
    let (log, content, bare) = (data.join("auth.log"), data.join("content"), data.join("bare"));
    let line = |minute: u32| {
        format!("Nov 21 09:{minute:02}:01 web01 sshd[7]: Failed password for an from 203.0.113.9 port 4711 ssh2\n")
    };
    std::fs::write(&log, (0..60).map(line).collect::<String>()).expect("log");
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/monitoring/early-warning.toml");
    let built_in = std::fs::read_to_string(built_in).expect("the settings built in");
    let others = built_in.split("[[detector]]").filter(|block| !block.contains("id = \"early-volume\""));
    let file = content.join(PATH);
    std::fs::create_dir_all(content.join("monitoring")).expect("directory");
    std::fs::create_dir(&bare).expect("directory");
    std::fs::write(&file, others.collect::<Vec<_>>().join("[[detector]]")).expect("file");
    let text = |path: &Path| path.to_str().expect("path").to_owned();
    let log = text(&log);
    let judges_volume = |more: &[&str]| {
        let figures =
            ask(data, &[&["early-warning", "evaluate", log.as_str(), "--trials", "1", "--json"][..], more].concat());
        figures.as_array().expect("figures").iter().any(|one| one["detector"] == "early-volume")
    };
    let (content, bare) = (text(&content), text(&bare));
    assert!(judges_volume(&[]) && !judges_volume(&["--content", &content]));
    assert!(!data.join("registers.sqlite").exists(), "who only asks leaves no registers behind");
    for (account, role) in [("quantri", "administrator"), ("lanhdao", "leader")] {
        let add = ["user", "add", account, "--name", account, "--role", role];
        run_with_input(data, &add, "Tre-Xanh.Ven-Song.1975\n");
    }
    assert!(judges_volume(&[]));
    let digest = asked(data, &text(&file), "Bớt một bộ phát hiện", "Quyết định 12");
    in_time(approved(data, &digest));
    run(data, &["law", "apply", PATH, "--account", "quantri"]);
    assert!(!judges_volume(&[]) && judges_volume(&["--content", &bare]));
    std::fs::write(&file, "history_days = 0\n").expect("file");
    let said = failure(data, &["early-warning", "evaluate", &log, "--content", &content]);
    assert!(said.contains(PATH), "{said}");
}

const GATE: &str = "name = \"gate\"\nversion = 1\ntitle = \"Cổng\"\norder = 450\nextract = \"patterns\"\n\n[recognise]\n\
    lines = ['^gate [0-9]+ ']\n\n[columns]\nuser_name = \"user\"\n\n[[pattern]]\n\
    regex = '^gate (?P<gate>[0-9]+) opened by (?P<user>[a-z]+)$'\n\n[[sample]]\nline = \"gate 3 opened by anna\"\n\
    origin = \"a gate\"\nevidence = \"seen\"\ncolumns = { user_name = \"anna\" }\n";

#[test]
fn a_format_that_was_approved_reads_lines_in_the_running_server() {
    let data = tempfile::tempdir().expect("directory");
    let data = data.path();
    for (account, role) in [("quantri", "administrator"), ("lanhdao", "leader")] {
        let add = ["user", "add", account, "--name", account, "--role", role];
        run_with_input(data, &add, "Tre-Xanh.Ven-Song.1975\n");
    }
    let server = Serving::start(data, free_port(), free_port(), free_port());
    let number = |sql: &str| crate::program::number(data, sql);
    let import = |name: &str, lines: &str| {
        let file = data.join(name);
        std::fs::write(&file, lines).expect("file");
        ask(data, &["import", "--json", file.to_str().expect("path")]);
    };
    import("first.log", "gate 3 opened by anna\ngate 4 opened by bao\n");
    let waiting = "SELECT COUNT(*) AS n FROM monitoring.unread_lines WHERE state = 'new' AND lines = 2";
    assert_eq!(number(waiting), 1, "both are of one template");

    let folder = data.join("formats");
    std::fs::create_dir(&folder).expect("directory");
    let file = folder.join("gate.toml");
    let name = file.to_str().expect("path");
    std::fs::write(&file, GATE.replacen("\"anna\" }", "\"bao\" }", 1)).expect("file");
    let output = command(data).args(["law", "check", name]).output().expect("luytre");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("user_name"), "a sample that is read otherwise: {said}");
    std::fs::write(&file, GATE).expect("file");
    let digest = asked(data, name, "Thiết bị mới", "Định dạng nhật ký");
    in_time(approved(data, &digest));
    run(data, &["law", "apply", "formats/gate.toml", "--account", "quantri"]);

    let solved = "SELECT COUNT(*) AS n FROM monitoring.unread_lines WHERE state = 'solved' AND solved_by = 'gate@1'";
    until("its lines leave the list", || number(solved) == 1);
    import("second.log", "gate 5 opened by chi\n");
    assert_eq!(number("SELECT COUNT(*) AS n FROM events WHERE format = 'gate@1' AND user_name = 'chi'"), 1);
    server.stop();
    import("third.log", "gate 6 opened by dao\n");
    assert_eq!(number("SELECT COUNT(*) AS n FROM events WHERE format = 'gate@1'"), 2, "it holds after a restart");
    assert_eq!(number("SELECT COUNT(*) AS n FROM monitoring.unread_lines"), 1);
}
