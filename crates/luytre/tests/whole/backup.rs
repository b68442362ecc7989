//! `luytre backup` and `luytre restore` with the real program: under load, bent, refused, approved, killed, on a new
//! machine, and with registers in PostgreSQL.

use crate::program::{Serving, ask, command, failure, free_port, number, query, run_with_input, until};
use kit::Scope;
use kit::live::Live;
use luytre::backup::{LOADING_LOCK, Prepared, RestoreQuestion};
use luytre::centre::Registers;
use luytre::configuration::Configuration;
use organisation::elevations::{self, Asked};
use organisation::people;
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const PASSWORD: &str = "Tre-Xanh.Ven-Song.1975\n";

fn running<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("runtime").block_on(work)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("path")
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// An administrator, and somebody who may approve what the administrator asks for.
fn two_people(data: &Path) {
    for (account, role) in [("quantri", "administrator"), ("lanhdao", "leader")] {
        run_with_input(data, &["user", "add", account, "--name", account, "--role", role], PASSWORD);
    }
}

/// Stores so many lines in segments.
fn import(data: &Path, first: usize, count: usize) {
    let file = data.with_extension("log");
    let line =
        |number: usize| format!("Nov 21 10:{:02}:{:02} web-1 app: old {number:06}\n", number / 60 % 60, number % 60);
    std::fs::write(&file, (first..first + count).map(line).collect::<String>()).expect("written");
    ask(data, &["import", "--json", "--year", "2026", text(&file)]);
    std::fs::remove_file(&file).expect("removed");
}

fn events(data: &Path) -> i64 {
    number(data, "SELECT count(*) FROM events")
}

fn backup(data: &Path, target: &Path, more: &[&str]) -> (PathBuf, Value) {
    let made = ask(data, &[&["backup", text(target), "--json"], more].concat());
    (PathBuf::from(string(&made["directory"])), made)
}

/// What `backup verify` finds, and how it ends.
fn verified(directory: &Path) -> (Value, bool) {
    let nowhere = directory.with_file_name("no-data");
    let output = command(&nowhere).args(["backup", "verify", text(directory), "--json"]).output().expect("luytre");
    assert!(!nowhere.exists(), "no data directory is needed");
    let found = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (found, output.status.success())
}

fn sound(directory: &Path) -> Value {
    let (found, well) = verified(directory);
    assert!(well && found["problems"] == json!([]), "{found}");
    found
}

/// The administrator asks for the right to restore this backup, and the other person approves it.
fn approved(data: &Path, sha256: &str) -> String {
    running(async {
        let configuration = Configuration::load(data, None).expect("configuration");
        let registers = Registers::open(data, &configuration, &Live::default()).await.expect("registers");
        let (db, policies, now) = (&registers.db, &registers.policies, registers.clock.now());
        let program = Scope::service("test");
        let mut scopes = Vec::new();
        let mut agency = String::new();
        for account in ["lanhdao", "quantri"] {
            let person =
                people::by_account(&db.scoped(&program).read(), account).await.expect("people").expect("a person");
            agency = person.agency_id;
            scopes.push(people::scope_of(db, policies, &person.id, None, now).await.expect("scope").expect("a reach"));
        }
        let asked = Asked {
            kind: "restore".into(),
            agency_id: agency,
            subject: sha256.to_owned(),
            reason: "Mất dữ liệu".into(),
            ..Asked::default()
        };
        let tx = db.scoped(&scopes[1]).begin().await.expect("transaction");
        let id = elevations::ask(&tx, &Live::default(), policies, now, &asked).await.expect("asked");
        tx.commit().await.expect("commit");
        let tx = db.scoped(&scopes[0]).begin().await.expect("transaction");
        elevations::approve(&tx, &Live::default(), policies, now, &id, "").await.expect("approved");
        tx.commit().await.expect("commit");
        registers.db.close().await.expect("closed");
        id
    })
}

/// Details of the newest row of an action in the trail.
fn details(data: &Path, action: &str) -> Value {
    let sql =
        format!("SELECT details FROM organisation.audit WHERE action = '{action}' ORDER BY sequence DESC LIMIT 1");
    let rows = query(data, &sql);
    let row = rows.first().unwrap_or_else(|| panic!("no {action} in the trail"));
    serde_json::from_str(&string(&row["details"])).expect("JSON")
}

/// Sends numbered lines to `_bulk` until it is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Load {
    fn begin(address: &str, key: &str) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (address, key) = (format!("{address}/_bulk"), format!("ApiKey {key}"));
        let (ends, counted) = (stop.clone(), acknowledged.clone());
        let send = async move {
            let client = Client::builder().no_proxy().build().expect("client");
            while !ends.load(Ordering::Acquire) {
                let from = counted.load(Ordering::Acquire);
                let document = |number: u64| {
                    format!("{{\"create\":{{\"_index\":\"logs\"}}}}\n{{\"message\":\"load={number:08}\"}}\n")
                };
                let body: String = (from..from + 25).map(document).collect();
                let request = client.post(&address).header("authorization", &key).body(body);
                let sent = request.header("content-type", "application/x-ndjson").send().await.expect("an answer");
                let answer: Value = serde_json::from_str(&sent.text().await.expect("text")).expect("JSON");
                assert_eq!(answer["errors"], json!(false), "{answer}");
                counted.store(from + 25, Ordering::Release);
            }
        };
        let thread = std::thread::spawn(move || running(send));
        Self { stop, acknowledged, thread }
    }

    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Release);
        self.thread.join().expect("the load ends");
        self.acknowledged.load(Ordering::Acquire)
    }
}

/// How often each numbered line is there.
fn load_seen(data: &Path) -> BTreeMap<u64, u32> {
    let mut seen = BTreeMap::new();
    for row in query(data, "SELECT raw FROM events WHERE raw LIKE '%load=%'") {
        let raw = string(&row["raw"]);
        let number = raw.split("load=").nth(1).and_then(|rest| rest.get(..8)).expect("a number");
        *seen.entry(number.parse().expect("a number")).or_default() += 1;
    }
    seen
}

#[test]
fn a_backup_under_load_brings_everything_sent_before_it_to_a_new_machine() {
    let folder = tempfile::tempdir().expect("directory");
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    std::fs::create_dir(&target).expect("target");
    two_people(&data);
    import(&data, 0, 2_000);
    let key = string(&ask(&data, &["user", "add-key", "load", "--json"])["encoded"]);
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    let load = Load::begin(&server.address, &key);
    until("some load", || load.acknowledged() >= 200);
    let before = load.acknowledged();
    let (directory, made) = backup(&data, &target, &["--account", "quantri"]);
    until("load after the backup", || load.acknowledged() >= before + 200);
    let all = load.end();
    assert!(failure(&data, &["restore", text(&directory)]).contains("stop the server first"));
    let row = details(&data, "backup.make");
    assert_eq!((&row["files"], &row["bytes"]), (&made["files"], &made["bytes"]));
    until("all of it can be searched", || load_seen(&data).len() as u64 == all);
    server.stop();

    let found = sound(&directory);
    assert!(found["events"].as_u64() >= Some(2_000 + before), "{found}");
    assert_eq!((&found["people"], &found["made_by"]), (&json!(2), &json!("quantri")));
    assert!(found["newest"].is_i64() && found["with_keys"] == json!(false), "{found}");
    let names = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("folder");
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    assert!(!names(&directory).iter().any(|name| name.ends_with(".key")), "keys lie elsewhere");
    assert_eq!(names(&target).len(), 1, "nothing unfinished is left");

    let new = folder.path().join("new");
    let restored = ask(&new, &["restore", text(&directory), "--json"]);
    let restored = &restored["restored"];
    assert_eq!((&restored["elevation"], &restored["replaced"]), (&Value::Null, &Value::Null), "{restored}");
    assert_eq!(restored["missing_keys"], json!(["audit.key", "ledger.key", "fields.key"]));
    for key in ["audit.key", "ledger.key", "fields.key"] {
        std::fs::copy(data.join(key), new.join(key)).expect("a key");
    }
    let seen = load_seen(&new);
    assert!(seen.values().all(|times| *times == 1), "nothing is there twice");
    assert!((0..before).all(|number| seen.contains_key(&number)), "what was acknowledged before is there");
    assert_eq!(events(&new) as u64, found["events"].as_u64().expect("a number"));
    assert_eq!(ask(&new, &["audit", "verify", "--json"])["problems"], json!([]));
    assert_eq!(ask(&new, &["store", "verify", "--json"])["problems"], json!([]));
    let first = found["trail_rows"].as_i64().expect("rows") + 1;
    let rows = query(&new, &format!("SELECT action, object_id FROM organisation.audit WHERE sequence = {first}"));
    assert_eq!(rows, [json!({ "action": "backup.restore", "object_id": made["sha256"] })], "the first row since");
    assert_eq!(details(&new, "backup.restore")["elevation"], Value::Null);
    let server = Serving::start(&new, free_port(), free_port(), free_port());
    let load = Load::begin(&server.address, &key);
    until("new load", || load.acknowledged() >= 50);
    load.end();
    server.stop();
}

/// A file of the backup whose path holds this text.
fn file_of(directory: &Path, part: &str) -> String {
    let text = std::fs::read_to_string(directory.join("backup.json")).expect("inventory");
    let inventory: Value = serde_json::from_str(&text).expect("JSON");
    let paths: Vec<String> =
        inventory["files"].as_array().expect("files").iter().map(|file| string(&file["path"])).collect();
    paths.iter().find(|path| path.contains(part)).unwrap_or_else(|| panic!("no {part} in {paths:?}")).clone()
}

#[test]
fn a_bent_byte_in_any_kind_of_file_is_found_and_the_file_named() {
    let folder = tempfile::tempdir().expect("directory");
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    std::fs::create_dir(&target).expect("target");
    two_people(&data);
    import(&data, 0, 500);
    ask(&data, &["store", "sign", "--json"]);
    std::fs::create_dir_all(data.join("rules")).expect("rules");
    std::fs::write(data.join("rules/note.txt"), "a rule of our own\n").expect("a rule");
    let key = string(&ask(&data, &["user", "add-key", "load", "--json"])["encoded"]);
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    let load = Load::begin(&server.address, &key);
    until("some load", || load.acknowledged() >= 50);
    load.end();
    let (directory, _) = backup(&data, &target, &["--with-keys"]);
    server.stop();
    sound(&directory);
    let kinds = [
        "registers.sqlite",
        "events/manifest.sqlite",
        ".parquet",
        "events/log/",
        "events/ledger/",
        "audit/checkpoints.jsonl",
        "rules/note.txt",
        "fields.key",
    ];
    let bend = |path: &Path| {
        let whole = std::fs::read(path).expect("read");
        let mut bent = whole.clone();
        let middle = bent.len() / 2;
        bent[middle] ^= 1;
        std::fs::write(path, bent).expect("written");
        whole
    };
    for kind in kinds {
        let name = file_of(&directory, kind);
        let whole = bend(&directory.join(&name));
        let (found, well) = verified(&directory);
        assert_eq!(
            (found["problems"].clone(), well),
            (json!([{ "file": name, "fault": "altered", "reason": "" }]), false)
        );
        let new = folder.path().join("new");
        let said = failure(&new, &["restore", text(&directory)]);
        assert!(said.contains(&name), "{said}");
        assert!(!new.exists() && !folder.path().join("new.restoring").exists(), "nothing is left of it");
        std::fs::write(directory.join(&name), whole).expect("written");
    }
    for name in ["backup.json", "backup.json.sha256"] {
        let whole = bend(&directory.join(name));
        assert!(failure(&data, &["backup", "verify", text(&directory)]).contains("backup.json"), "{name}");
        std::fs::write(directory.join(name), whole).expect("written");
    }
    let note = directory.join("rules/note.txt");
    std::fs::rename(&note, directory.join("rules/other.txt")).expect("renamed");
    let (found, _) = verified(&directory);
    let faults: Vec<&Value> = found["problems"].as_array().expect("problems").iter().map(|one| &one["fault"]).collect();
    assert_eq!(faults, [&json!("missing"), &json!("unlisted")]);
    std::fs::rename(directory.join("rules/other.txt"), &note).expect("renamed");
    sound(&directory);
    let inside = data.join("backups");
    std::fs::create_dir(&inside).expect("folder");
    assert!(failure(&data, &["backup", text(&inside)]).contains("lies in the data directory"));
    assert!(failure(&data, &["backup", text(&folder.path().join("none"))]).contains("is the disk mounted"));
    assert!(failure(&data, &["backup", text(&target), "--account", "lanhdao"]).contains("lanhdao"));
    assert!(failure(&data, &["backup", "verify", text(&target)]).contains("is no backup"));
}

/// The first file below a folder whose name ends so.
fn one_file(folder: &Path, ending: &str) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                return path;
            }
        }
    }
    panic!("no file ends with {ending}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_in_the_backup() {
    let folder = tempfile::tempdir().expect("directory");
    let (data, target, law) = (folder.path().join("data"), folder.path().join("backups"), folder.path().join("law"));
    for directory in [&target, &law, &data] {
        std::fs::create_dir(directory).expect("directory");
    }
    std::fs::write(data.join("luytre.toml"), format!("content_directory = {:?}\n", text(&law))).expect("settings");
    two_people(&data);
    import(&data, 0, 200);
    import(&data, 200, 300);
    let first = folder.path().join("first");
    std::fs::create_dir(&first).expect("target");
    let (_, made) = backup(&data, &first, &[]);
    assert_eq!((&made["uncopied"], &made["elsewhere"]), (&json!([]), &json!([law.canonicalize().expect("law")])));
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    // A folder opens and does not read, whoever asks.
    let lost = one_file(&data.join("events/segments"), ".parquet");
    std::fs::remove_file(&lost).expect("removed");
    std::fs::create_dir(&lost).expect("folder");
    let output = command(&data).args(["backup", text(&target), "--json"]).output().expect("luytre");
    let made: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let name = lost.strip_prefix(&data).expect("a path below").to_str().expect("path");
    assert_eq!((output.status.code(), &made["uncopied"][0]["path"]), (Some(2), &json!(name)), "{made}");
    assert_eq!((made["uncopied"].as_array().map(Vec::len), &made["problems"]), (Some(1), &json!([])), "{made}");
    server.stop();
    let directory = PathBuf::from(string(&made["directory"]));
    let (found, well) = verified(&directory);
    let faults = |found: &Value| -> Vec<String> {
        let problems = found["problems"].as_array().expect("problems").iter();
        problems.filter(|one| one["file"] == json!(name)).map(|one| string(&one["fault"])).collect()
    };
    assert!(!well && faults(&found).contains(&"uncopied".to_owned()), "{found}");
    let left = found["events"].as_i64().expect("a number");
    assert!([200, 300].contains(&left), "the other segment: {found}");
    let new = folder.path().join("new");
    let restored = ask(&new, &["restore", text(&directory), "--json"]);
    assert!(faults(&restored["restored"]).contains(&"uncopied".to_owned()), "{restored}");
    assert_eq!(number(&new, "SELECT count(*) FROM events WHERE raw LIKE '%old%'"), left);
    let other = folder.path().join("others");
    std::fs::create_dir(&other).expect("target");
    let told = command(&data).args(["backup", text(&other)]).output().expect("luytre");
    assert!(String::from_utf8_lossy(&told.stdout).contains(text(&law)), "{told:?}");
}

#[test]
fn a_path_that_climbs_out_of_a_backup_is_refused() {
    let folder = tempfile::tempdir().expect("directory");
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    std::fs::create_dir(&target).expect("target");
    import(&data, 0, 10);
    let (directory, _) = backup(&data, &target, &[]);
    let inventory = directory.join("backup.json");
    let text_of = std::fs::read_to_string(&inventory).expect("inventory").replace("registers.sqlite", "../climbed");
    std::fs::write(&inventory, &text_of).expect("written");
    let output = Command::new("sha256sum").arg("backup.json").current_dir(&directory).output().expect("sha256sum");
    std::fs::write(directory.join("backup.json.sha256"), output.stdout).expect("written");
    assert!(failure(&data, &["backup", "verify", text(&directory)]).contains("is no backup"));
    assert!(failure(&folder.path().join("new"), &["restore", text(&directory)]).contains("is no backup"));
}

#[test]
fn over_data_a_second_person_is_needed_and_what_was_there_is_kept() {
    let folder = tempfile::tempdir().expect("directory");
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    std::fs::create_dir(&target).expect("target");
    two_people(&data);
    import(&data, 0, 300);
    let (directory, made) = backup(&data, &target, &[]);
    import(&data, 300, 100);
    assert_eq!(events(&data), 400);
    let restore = ["restore", text(&directory), "--json"];
    let with_account = ["restore", text(&directory), "--json", "--account", "quantri"];
    assert!(failure(&data, &restore).contains("a second person has to approve"));
    assert!(failure(&data, &with_account).contains("a second person has to approve"));
    assert!(failure(&data, &["restore", text(&directory), "--account", "lanhdao"]).contains("lanhdao"));
    let mut vietnamese = command(&data);
    let output = vietnamese.args(with_account).env("LC_ALL", "vi_VN.UTF-8").output().expect("luytre");
    assert!(String::from_utf8_lossy(&output.stderr).contains("người thứ hai duyệt"), "{output:?}");
    assert_eq!(events(&data), 400, "nothing was changed");

    assert!(failure(&data, &with_account).contains(&string(&made["sha256"])), "which backup is to be asked for");
    approved(&data, &"0".repeat(64));
    assert!(failure(&data, &with_account).contains("What was approved is another backup"));
    let elevation = approved(&data, &string(&made["sha256"]));
    let restored = ask(&data, &with_account);
    let restored = &restored["restored"];
    assert_eq!((&restored["elevation"], &restored["sha256"]), (&json!(elevation), &made["sha256"]), "{restored}");
    assert_eq!((&restored["missing_keys"], &restored["problems"]), (&json!([]), &json!([])));
    assert_eq!(events(&data), 300);
    let replaced = PathBuf::from(string(&restored["replaced"]));
    assert_eq!(replaced.parent(), Some(folder.path().canonicalize().expect("folder").as_path()));
    let row = details(&data, "backup.restore");
    assert_eq!((&row["elevation"]["id"], &row["account"]), (&json!(elevation), &json!("quantri")), "{row}");
    assert_eq!(row["elevation"]["approver"], json!("lanhdao"));
    let last = query(&replaced, "SELECT sequence, hash, action FROM organisation.audit WHERE action = 'elevation.use'");
    let last = last.first().expect("its use is in the trail before");
    let replaced_trail = &row["replaced_trail"];
    assert_eq!((&replaced_trail["rows"], &replaced_trail["sha256"]), (&last["sequence"], &last["hash"]), "{row}");
    let elevations = query(&replaced, "SELECT details FROM organisation.audit WHERE action = 'elevation.use'");
    assert_eq!(elevations.len(), 1);
    assert_eq!(events(&replaced), 400, "what was there can be used on");
    assert_eq!(ask(&data, &["audit", "verify", "--json"])["problems"], json!([]));
    // The restored registers know nothing of the approval: it comes to an end with what it replaced.
    assert!(failure(&data, &with_account).contains("a second person has to approve"));
    let server = Serving::start(&data, free_port(), free_port(), free_port());
    assert_eq!(events(&data), 300);
    server.stop();
}

fn question(directory: &Path) -> RestoreQuestion {
    RestoreQuestion { backup: directory.to_owned(), account: Some("quantri".into()), user: "test".into() }
}

/// What a command says on standard error, and that it succeeds.
fn told(data: &Path) -> String {
    let output = command(data).args(["user", "list"]).output().expect("luytre");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn killed_between_its_steps_a_restore_leaves_the_old_or_the_restored_data() {
    let folder = tempfile::tempdir().expect("directory");
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    std::fs::create_dir(&target).expect("target");
    two_people(&data);
    import(&data, 0, 300);
    let (directory, made) = backup(&data, &target, &[]);
    import(&data, 300, 100);
    approved(&data, &string(&made["sha256"]));
    let configuration = Configuration::load(&data, None).expect("configuration");
    let beside = folder.path().join("data.restoring");

    let prepared = running(Prepared::make(&data, &configuration, &question(&directory))).expect("prepared");
    assert!(failure(&data, &["user", "list"]).contains("under way"), "nobody comes between");
    drop(prepared);
    assert!(told(&data).contains("changed nothing"));
    assert_eq!(events(&data), 400, "the old data");

    std::fs::remove_dir_all(&beside).expect("what is left goes");
    let with_account = ["restore", text(&directory), "--json", "--account", "quantri"];
    let mut child = command(&data).args(with_account).stdout(Stdio::null()).spawn().expect("luytre");
    until("it has begun anew", || {
        beside.join("events/manifest.sqlite").exists() || child.try_wait().expect("status").is_some()
    });
    child.kill().expect("kill");
    child.wait().expect("end");
    let left = events(&data);
    assert!(left == 400 || left == 300, "{left}");
    if left == 300 {
        return;
    }
    running(async {
        let _ = std::fs::remove_dir_all(&beside);
        let prepared = Prepared::make(&data, &configuration, &question(&directory)).await.expect("prepared");
        drop(prepared.exchange(&configuration).await.expect("exchanged"));
    });
    assert!(beside.exists(), "it has not got its name yet");
    let said = told(&data);
    assert!(said.contains("is complete") && said.contains("data.before-"), "{said}");
    assert_eq!(events(&data), 300, "the restored data");
    assert!(!beside.exists() && !told(&data).contains("restore"));
}

/// Whether this PostgreSQL's own programs are at hand.
fn has_programs() -> bool {
    let here = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    let all = ["pg_dump", "pg_restore", "psql"].into_iter().all(here);
    assert!(all || std::env::var_os("CI").is_none(), "the programs of PostgreSQL must be there in CI");
    all
}

fn in_database(data: &Path, url: &str) {
    std::fs::create_dir_all(data).expect("directory");
    std::fs::write(data.join("luytre.toml"), format!("[database]\nurl = {url:?}\n")).expect("settings");
}

#[test]
fn registers_in_postgresql_go_out_and_come_in_by_its_own_programs() {
    let Some(url) = running(test_support::empty_postgres()) else {
        eprintln!("PostgreSQL is not at hand (LUYTRE_TEST_POSTGRES): this test could not run");
        return;
    };
    let folder = tempfile::tempdir().expect("directory");
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    std::fs::create_dir(&target).expect("target");
    in_database(&data, &url);
    two_people(&data);
    import(&data, 0, 200);
    let output = command(&data).args(["backup", text(&target)]).env("PATH", folder.path()).output().expect("luytre");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("pg_dump") && said.contains("not installed"), "{said}");
    assert_eq!(std::fs::read_dir(&target).expect("target").count(), 0, "nothing is left");
    if !has_programs() {
        eprintln!("pg_dump is not installed: the rest of this test could not run");
        return;
    }
    let (directory, made) = backup(&data, &target, &[]);
    let found = sound(&directory);
    assert_eq!((&found["database"], &found["people"], &found["events"]), (&json!("postgres"), &json!(2), &json!(200)));
    run_with_input(&data, &["user", "add", "sau", "--name", "Sau", "--role", "analyst"], PASSWORD);
    import(&data, 200, 50);

    let with_account = ["restore", text(&directory), "--json", "--account", "quantri"];
    assert!(failure(&data, &with_account).contains("a second person has to approve"));
    let elevation = approved(&data, &string(&made["sha256"]));
    let restored = ask(&data, &with_account);
    let restored = &restored["restored"];
    assert_eq!((&restored["elevation"], &restored["problems"]), (&json!(elevation), &json!([])), "{restored}");
    assert!(string(&restored["schema"]).starts_with("before_restore_"));
    let people = |data: &Path| ask(data, &["user", "list", "--json"]).as_array().expect("people").len();
    assert_eq!((people(&data), events(&data)), (2, 200));
    assert!(!data.join("registers.dump").exists() && data.join("luytre.toml").exists());
    assert_eq!(ask(&data, &["audit", "verify", "--json"])["problems"], json!([]));
    assert_eq!(details(&data, "backup.restore")["elevation"]["id"], json!(elevation));

    let new = folder.path().join("new");
    let other = running(test_support::empty_postgres()).expect("PostgreSQL");
    in_database(&new, &other);
    for key in ["audit.key", "ledger.key", "fields.key"] {
        std::fs::copy(data.join(key), new.join(key)).expect("a key");
    }
    let restored = ask(&new, &["restore", text(&directory), "--json"]);
    let restored = &restored["restored"];
    assert_eq!((&restored["elevation"], &restored["schema"]), (&Value::Null, &Value::Null), "{restored}");
    assert_eq!((people(&new), events(&new)), (2, 200));
    let sqlite = folder.path().join("sqlite");
    assert!(failure(&sqlite, &["restore", text(&directory)]).contains("PostgreSQL"));
    assert!(!sqlite.exists());
}

/// A loading of registers that goes on although whoever began it is gone: its lock, held until this is dropped.
struct StillLoading(std::process::Child);

impl StillLoading {
    fn begin(url: &str) -> Self {
        let mut child = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql");
        let question = format!("SELECT 'held', pg_advisory_lock({LOADING_LOCK});\n");
        child.stdin.as_mut().expect("stdin").write_all(question.as_bytes()).expect("asked");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout")).read_line(&mut line).expect("an answer");
        assert!(line.starts_with("held"), "{line}");
        Self(child)
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("the end");
    }
}

#[test]
fn a_restore_that_was_killed_while_postgresql_loads_is_told_of_and_made_good() {
    let Some(url) = running(test_support::empty_postgres()).filter(|_| has_programs()) else {
        eprintln!("PostgreSQL or its programs are not at hand: this test could not run");
        return;
    };
    let folder = tempfile::tempdir().expect("directory");
    let (data, target) = (folder.path().join("data"), folder.path().join("backups"));
    std::fs::create_dir(&target).expect("target");
    in_database(&data, &url);
    two_people(&data);
    import(&data, 0, 200);
    let (directory, made) = backup(&data, &target, &[]);
    import(&data, 200, 50);
    approved(&data, &string(&made["sha256"]));
    let configuration = Configuration::load(&data, None).expect("configuration");
    let prepared = running(Prepared::make(&data, &configuration, &question(&directory))).expect("prepared");
    let beside = folder.path().join("data.restoring");
    std::fs::write(beside.join("restoring.registers"), "").expect("a mark");
    drop(prepared);
    let loading = StillLoading::begin(&url);
    let with_account = ["restore", text(&directory), "--json", "--account", "quantri"];
    let said = failure(&data, &with_account);
    assert!(said.contains("still loads the registers"), "{said}");
    assert!(beside.join("restoring.json").exists(), "nothing is cleared under it");
    assert!(failure(&data, &["user", "list"]).contains("once more"), "nobody works between");
    loading.end();
    let restored = ask(&data, &with_account);
    assert_eq!(restored["restored"]["events"], json!(200), "nothing had been loaded, so it begins anew: {restored}");
    assert_eq!(events(&data), 200);
    assert!(!beside.exists(), "and nothing is left of the first");
    let scripts: Vec<_> =
        std::fs::read_dir(&data).expect("data").filter_map(Result::ok).map(|one| one.file_name()).collect();
    assert!(!scripts.iter().any(|name| name.to_string_lossy().starts_with("loading-")), "{scripts:?}");
}
