//! What commands say and print.

use crate::program::{Serving, ask, command, failure, free_port, query, run};
use serde_json::json;
use std::io::{Read, Write};
use std::process::Stdio;
use test_support::workbook::workbook_of;

#[test]
fn a_search_may_begin_with_a_hyphen_and_names_the_field_perhaps_meant() {
    let data = tempfile::tempdir().expect("directory");
    let file = data.path().join("two.log");
    std::fs::write(&file, "Jul  5 08:00:00 h app: left\nJul  5 08:00:00 h app: right\n").expect("file");
    run(data.path(), &["import", file.to_str().expect("path")]);
    assert_eq!(ask(data.path(), &["search", "--json", "-left"])["total"], json!(1));
    let unknown = ask(data.path(), &["search", "--json", "sorce_ip:192.0.2.1"]);
    assert_eq!(unknown["unknown_fields"], json!([{ "field": "sorce_ip", "meant": "source_ip" }]));
    let said = failure(data.path(), &["search", "source_ip:10.0.0.0/33"]);
    assert!(said.contains("Character 11: ") && said.contains("from 0 to 32"), "{said}");
    let said = failure(data.path(), &["query", "selec 1"]);
    assert!(said.contains("line 1, column 1") && !said.contains("ParserError"), "{said}");
    assert!(failure(data.path(), &["search", "--from", "abc", "x"]).contains("neither an age"));
    assert!(failure(data.path(), &["search", "--from", "1d", "--to", "2d", "x"]).contains("--from is not before --to"));
    let all = ask(data.path(), &["search", "--json", "--from", "1000-01-01", "-left"]);
    assert_eq!(all["total"], json!(1), "a day is a moment as well");
}

#[test]
fn formats_say_what_they_make_of_a_file_and_which_samples_they_read_wrongly() {
    let data = tempfile::tempdir().expect("directory");
    let file = data.path().join("two.log");
    let line = "Jul  5 08:00:00 h sshd[1]: Accepted password for an from 192.0.2.1 port 2 ssh2";
    std::fs::write(&file, format!("{line}\nof no format\n")).expect("file");
    let read = ask(data.path(), &["formats", "read", "--json", file.to_str().expect("path")]);
    let figures = [&read["read"], &read["understood"], &read["unknown"], &read["unreadable"]];
    assert_eq!(figures, [&json!(2), &json!(1), &json!(1), &json!(0)], "{read}");
    assert_eq!(read["formats"]["sshd@1"]["records"], json!(1));
    assert_eq!(read["lines"][0]["text"], json!("of no format"));
    let tested = ask(data.path(), &["formats", "test", "--json"]);
    assert_eq!(tested["failed"], json!(0), "{tested}");
    let listed = ask(data.path(), &["formats", "list", "--json"]);
    assert_eq!(listed.as_array().map(Vec::len), tested["formats"].as_array().map(Vec::len));

    let own = data.path().join("formats");
    std::fs::create_dir(&own).expect("directory");
    let format = "name = 'own'\nversion = 1\ntitle = 'own'\norder = 50\nextract = 'patterns'\n\
                  [recognise]\nlines = ['^OWN ']\n[[pattern]]\nregex = '^OWN (?P<word>[a-z]+)$'\n\
                  [[sample]]\nline = 'OWN abc'\norigin = 'a test'\nevidence = 'documented'\nfields = { word = 'xyz' }\n";
    std::fs::write(own.join("own.toml"), format).expect("format");
    let output = command(data.path()).args(["formats", "test"]).arg(&own).output().expect("luytre");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("✗ own 0/1") && said.contains("OWN abc") && said.contains("✓ sshd "), "{said}");
}

#[test]
fn a_spreadsheet_runs_nothing_of_a_table() {
    let data = tempfile::tempdir().expect("directory");
    let sql = "SELECT '=1+1' AS a, -5 AS b, '@x' AS c, 'plain' AS d";
    assert_eq!(run(data.path(), &["query", "--format", "csv", sql]), "a,b,c,d\n\"'=1+1\",-5,\"'@x\",plain\n");
}

#[test]
fn nobody_reading_is_no_error() {
    let data = tempfile::tempdir().expect("directory");
    let mut child = command(data.path());
    let child = child.args(["query", "--tables"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("luytre");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut said).expect("text");
    assert!(child.wait().expect("end").success());
    assert_eq!(said, "");
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let data = tempfile::tempdir().expect("directory");
    let url = "postgres://luytre:geheim@127.0.0.1:1/luytre";
    let output = command(data.path()).arg("doctor").env("LUYTRE_DATABASE__URL", url).output().expect("doctor");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("127.0.0.1:1") && !said.contains("geheim"), "{said}");
}

#[test]
fn the_demonstration_does_not_pass_over_a_database_in_silence() {
    let data = tempfile::tempdir().expect("directory");
    let url = "postgres://luytre:geheim@127.0.0.1:1/luytre";
    let output = command(data.path()).args(["demo", "--port", "0"]).env("LUYTRE_DATABASE__URL", url).output();
    let output = output.expect("demo");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("LUYTRE_DATABASE__URL") && !said.contains("geheim"), "{said}");
}

#[test]
fn doctor_finds_a_fresh_centre_well_but_for_its_disk() {
    let data = tempfile::tempdir().expect("directory");
    let output = command(data.path()).args(["doctor", "--json"]).output().expect("doctor");
    let checks: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for check in checks.as_array().expect("checks").iter().filter(|check| check["name"] != "disk") {
        assert_eq!(check["well"], json!(true), "{check}");
    }
}

#[test]
fn columns_of_one_name_are_told_apart_and_now_is_a_moment() {
    let data = tempfile::tempdir().expect("directory");
    let file = data.path().join("one.log");
    std::fs::write(&file, "Jul  5 08:00:00 h app: left\n").expect("file");
    run(data.path(), &["import", file.to_str().expect("path")]);
    let sql = "SELECT * FROM (SELECT 1 AS x) AS a CROSS JOIN (SELECT 2 AS x) AS b";
    assert_eq!(query(data.path(), sql), [json!({ "x": 1, "x_2": 2 })]);
    assert_eq!(run(data.path(), &["query", "--format", "csv", sql]), "x,x_2\n1,2\n");
    let sql = "SELECT now() AS n, arrow_typeof(now()) AS kind, count(*) AS events FROM events \
               WHERE arrival > now() - INTERVAL '1 hour' AND arrival <= now() GROUP BY 1, 2";
    let rows = query(data.path(), sql);
    let row = rows.first().expect("a row");
    assert!(row["n"].as_str().is_some_and(|now| now.ends_with('Z')), "{row}");
    assert_eq!(row["events"], json!(1), "{row}");
}

#[test]
fn what_goes_wrong_is_said_in_the_language_of_the_terminal() {
    let data = tempfile::tempdir().expect("directory");
    let mut vietnamese = command(data.path());
    let output = vietnamese.args(["query", "SELECT nothing FROM events"]).env("LC_ALL", "vi_VN.UTF-8").output();
    let said = String::from_utf8_lossy(&output.expect("query").stderr).into_owned();
    assert!(said.contains("Không có cột “nothing”") && !said.contains("No field"), "{said}");
    let mut vietnamese = command(data.path());
    let output = vietnamese.arg("doctor").env("LC_ALL", "vi_VN.UTF-8").output().expect("doctor");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("kho sự kiện") && !said.contains("event store"), "{said}");
    let file = data.path().join("một.log");
    std::fs::write(&file, "Jul  5 08:00:00 h app: left\n").expect("file");
    for (arguments, expected) in [
        (vec!["import", file.to_str().expect("path")], "đọc 1, lưu 1, loại 0"),
        (vec!["import", file.to_str().expect("path")], "đã nạp trước đây"),
        (vec!["store", "verify"], "mọi mã băm đều khớp"),
        (vec!["store", "status"], "khóa ký sổ"),
        (vec!["store", "hold", "list"], ""),
        (vec!["store", "hold", "add", "A", "--reason", "x"], "đã giữ lại: A"),
        (vec!["store", "hold", "add", "A", "--reason", "x"], "đã có lệnh giữ A"),
    ] {
        let mut vietnamese = command(data.path());
        let output = vietnamese.args(&arguments).env("LC_ALL", "vi_VN.UTF-8").output().expect("luytre");
        let said = [output.stdout, output.stderr].map(|part| String::from_utf8_lossy(&part).into_owned()).concat();
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!["read ", "stored", "skipped", "events", "held:"].iter().any(|word| said.contains(word)), "{said}");
    }
}

#[test]
fn accounts_and_files_are_spoken_of_in_the_language_of_the_terminal() {
    let data = tempfile::tempdir().expect("directory");
    let said = |arguments: &[&str], input: &str| {
        let mut vietnamese = command(data.path());
        let vietnamese = vietnamese.args(arguments).env("LC_ALL", "vi_VN.UTF-8").stdin(Stdio::piped());
        let mut child = vietnamese.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("luytre");
        child.stdin.take().expect("stdin").write_all(input.as_bytes()).expect("input");
        let output = child.wait_with_output().expect("luytre ends");
        [output.stdout, output.stderr].map(|part| String::from_utf8_lossy(&part).into_owned()).concat()
    };
    let file = data.path().join("trail.jsonl");
    let file = file.to_str().expect("path");
    let add = ["user", "add", "quan.tri", "--name", "Quản Trị", "--role", "administrator"];
    let sound = "Tre-Xanh.Ven-Song.1975\n";
    let steps: [(&[&str], &str, &str); 18] = [
        (&add, "\n", "mật khẩu để trống"),
        (&add, "abc\n", "mật khẩu không đúng quy định"),
        (&add, sound, "quan.tri đã có thể đăng nhập"),
        (&["user", "set-password", "quan.tri"], "abc\n", "mật khẩu không đúng quy định"),
        (&["user", "set-password", "quan.tri"], "Song-Xanh.Ven-Tre.1975\n", "đã đặt mật khẩu của quan.tri"),
        (&["user", "set-password", "khong.co"], sound, "không có tài khoản khong.co"),
        (&["user", "reset-second-factors", "khong.co"], "", "không có tài khoản khong.co"),
        (&["user", "reset-second-factors", "quan.tri"], "", "yếu tố xác thực thứ hai"),
        (&["user", "open-second-factor", "quan.tri"], "", "quan.tri lại thêm được"),
        (&["user", "open-second-factor", "khong.co"], "", "không có tài khoản khong.co"),
        (&["user", "end-sessions", "quan.tri"], "", "đã kết thúc 0 phiên"),
        (&["user", "end-sessions", "--all", "--reason", "diễn tập"], "", "đã kết thúc 0 phiên"),
        (&["user", "add-key", "rsyslog", "--agency", "KHONG"], "", "không có cơ quan nào mang mã KHONG"),
        (&["user", "add-key", "rsyslog"], "", "Khóa không hiện lại lần nữa. Hết hạn lúc "),
        (&["user", "list-keys"], "", "2000 dòng trong 60 phút"),
        (&["audit", "export", file], "", "đã ghi"),
        (&["audit", "export", file], "", "đã có; không ghi đè"),
        (&["agencies", "import", "khong-co.csv"], "", "khong-co.csv không có"),
    ];
    for (arguments, input, expected) in steps {
        let said = said(arguments, input);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        let english = ["password", "account", "shown", "exists", "agency", "cannot", "No such"];
        assert!(!english.iter().any(|word| said.contains(word)), "{arguments:?}: {said}");
    }
    let tables = said(&["query", "--tables"], "");
    assert!(tables.contains("số nguyên") && tables.contains("Lúc bản ghi đến Trung tâm."), "{tables}");
}

#[test]
fn doctor_asks_a_running_server_for_the_same_list_and_imports_are_in_the_audit_trail() {
    let data = tempfile::tempdir().expect("directory");
    let file = data.path().join("one.log");
    std::fs::write(&file, "Jul  5 08:00:00 h app: left\n").expect("file");
    let name = file.to_str().expect("path").to_owned();
    let report = ask(data.path(), &["import", "--json", &name]);
    assert_eq!((&report["skipped"], &report["repeated"]), (&json!([]), &json!([])), "{report}");
    let names = || {
        let output = command(data.path()).args(["doctor", "--json"]).output().expect("doctor");
        let checks: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let checks = checks.as_array().expect("checks").clone();
        for check in checks.iter().filter(|check| check["name"] != "disk") {
            assert_eq!(check["well"], json!(true), "{check}");
        }
        checks.iter().map(|check| check["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let alone = names();
    let server = Serving::start(data.path(), free_port(), free_port(), free_port());
    let beside: Vec<_> = names().into_iter().filter(|name| name != "server" && name != "intake").collect();
    assert_eq!(beside, alone);
    assert!(alone.contains(&"event store".to_owned()) && alone.contains(&"audit trail".to_owned()), "{alone:?}");
    std::fs::write(&file, "Jul  5 08:00:00 h app: other\nJul  5 08:00:01 h app: more\n").expect("file");
    ask(data.path(), &["import", "--json", &name]);
    assert!(failure(data.path(), &["import", "--format", "nonsense", &name]).contains("nonsense"));
    server.stop();
    let rows = query(data.path(), "SELECT details FROM organisation.audit WHERE action = 'events.import' ORDER BY at");
    let details: Vec<serde_json::Value> =
        rows.iter().map(|row| serde_json::from_str(row["details"].as_str().expect("text")).expect("JSON")).collect();
    assert_eq!(details.len(), 3, "{details:?}");
    for (one, (read, stored)) in details.iter().zip([(1, 1), (2, 2)]) {
        assert_eq!((&one["done"]["read"], &one["done"]["stored"]), (&json!(read), &json!(stored)), "{one}");
        assert_eq!(one["done"]["rejected"], json!(0), "{one}");
        assert!(one["user"].as_str().is_some_and(|user| !user.is_empty()), "{one}");
        assert!(one["files"][0].as_str().is_some_and(|file| file.ends_with("one.log")), "{one}");
    }
    assert!(details[2]["done"]["ended"].is_string(), "{}", details[2]);
}

#[test]
fn a_table_of_agencies_is_tried_then_taken_and_a_wrong_line_is_named() {
    let data = tempfile::tempdir().expect("directory");
    let file = data.path().join("communes.csv");
    std::fs::write(&file, "code;name;kind\nX-1;Xã Một;commune\nX-2;Xã Hai;kingdom\n").expect("file");
    let import = |dry_run: bool| {
        let mut arguments = vec!["agencies", "import", file.to_str().expect("path"), "--json"];
        arguments.extend(dry_run.then_some("--dry-run"));
        ask(data.path(), &arguments)
    };
    let counted = || query(data.path(), "SELECT code FROM organisation.agencies WHERE code = 'X-1'").len();
    let tried = import(true);
    assert_eq!(tried["totals"], json!({ "new": 1, "changed": 0, "same": 0, "refused": 1 }));
    assert_eq!(counted(), 0);
    let taken = import(false);
    assert_eq!(taken["lines"][1]["outcome"]["refused"][0]["column"], json!("kind"), "{taken}");
    assert_eq!(counted(), 1);
    assert_eq!(import(false)["totals"]["same"], json!(1));
    let people = data.path().join("people.csv");
    std::fs::write(&people, "account,full_name,agency_code\nlan.nguyen,Nguyễn Thị Lan,X-1\n").expect("file");
    let made = ask(data.path(), &["user", "import", people.to_str().expect("path"), "--json"]);
    assert_eq!(made["totals"]["new"], json!(1), "{made}");
}

#[test]
fn a_workbook_is_known_by_its_bytes_and_not_by_its_name() {
    let data = tempfile::tempdir().expect("directory");
    let file = data.path().join("communes.csv");
    let name = file.to_str().expect("path");
    std::fs::write(&file, workbook_of(&[&["code", "name", "kind"], &["X-1", "Xã Một", "commune"]])).expect("file");
    let tried = ask(data.path(), &["agencies", "import", name, "--json", "--dry-run"]);
    assert_eq!(tried["totals"], json!({ "new": 1, "changed": 0, "same": 0, "refused": 0 }), "{tried}");
    assert_eq!(ask(data.path(), &["agencies", "import", name, "--json"]), tried);
    let lines: [&[&str]; 2] = [&["account", "full_name", "agency_code"], &["lan.nguyen", "Nguyễn Thị Lan", "X-1"]];
    std::fs::write(&file, workbook_of(&lines)).expect("file");
    let made = ask(data.path(), &["user", "import", name, "--json"]);
    assert_eq!(made["totals"]["new"], json!(1), "{made}");
    std::fs::write(&file, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").expect("file");
    assert!(failure(data.path(), &["agencies", "import", name]).contains("old Excel file"));
}
