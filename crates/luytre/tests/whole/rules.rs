//! Our own rules with their cases, through the formats that the program brings along.

use crate::program::{ask, failure, query, run, shared_data};
use detection::{RuleSet, RuleTestFile};
use kit::Scope;
use kit::live::Live;
use luytre::centre::Registers;
use luytre::commands::rules::run_cases;
use luytre::configuration::Configuration;
use monitoring::value_lists::service::{ValueInput, keep};
use serde_json::json;
use std::path::Path;
use test_support::workbook::packed;

#[test]
fn every_case_of_every_own_rule_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules");
    let written: usize = RuleTestFile::from_directory(&folder).0.iter().map(|file| file.cases.len()).sum();
    let (count, failed) = run_cases(&folder, &RuleSet::from_directory(&folder).0).expect("cases");
    let failed: Vec<String> = failed.iter().map(ToString::to_string).collect();
    println!("{count} cases run");
    assert!(count == written && count > 400, "{count} of {written} cases run");
    assert!(failed.is_empty(), "{} of {count} cases fail:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn real_scans_raise_web_rules_and_ordinary_logs_do_not() {
    let Some(shared) = shared_data() else { return };
    let raised = |log: &str| {
        let data = tempfile::tempdir().expect("directory");
        let log = shared.join("logs").join(log);
        let report = ask(data.path(), &["import", "--json", log.to_str().expect("path")]);
        let alerts = report["alerts"].as_array().cloned().expect("alerts");
        alerts.iter().map(|alert| alert["title"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let attacks = ["SQL injection", "Path traversal", "Command injection", "Cross-site scripting"];
    let probes = ["One address tries web parameters for injection", "One address makes a web application fail"];
    let acunetix = raised("web-scan-acunetix.log");
    for rule in attacks.iter().chain(&probes) {
        assert!(acunetix.iter().any(|title| title.starts_with(rule)), "{rule}: {acunetix:?}");
    }
    // This scan sent its attacks in forms; the addresses hold quotes and brackets only.
    let w3af = raised("web-scan-w3af.log");
    assert!(probes.iter().all(|rule| w3af.iter().any(|title| title.starts_with(rule))), "{w3af:?}");
    assert!(!attacks.iter().any(|rule| w3af.iter().any(|title| title.starts_with(rule))), "{w3af:?}");
    for ordinary in ["nginx-json.log", "apache.log", "linux.log", "suricata-eve-alerts.json"] {
        let titles = raised(ordinary);
        assert!(!titles.iter().any(|title| title.contains("web")), "{ordinary}: {titles:?}");
    }
}

#[test]
fn rules_check_lists_what_is_odd() {
    let folder = tempfile::tempdir().expect("directory");
    let path = |name: &str| folder.path().join(name);
    let rule = |id: u8, level: &str, value: &str| {
        format!(
            "title: Root\nid: 3a731990-e462-4bdd-914a-9effd0484f8{id}\nlogsource: {{product: linux}}\nlevel: {level}\n\
             detection: {{user: {{{value}}}, condition: user}}\n"
        )
    };
    std::fs::write(path("a.yml"), rule(1, "high", "user_name: root")).expect("rule");
    std::fs::write(path("b.yml"), rule(1, "high", "user_name: admin")).expect("rule");
    std::fs::write(path("c.yml"), rule(2, "severe", "user_name: root")).expect("rule");
    std::fs::write(path("d.yml"), rule(3, "low", "'user_name|expand': '%admins%'")).expect("rule");
    let made = std::process::Command::new("mkfifo").arg(path("e.yml")).status().expect("mkfifo");
    assert!(made.success());
    let report = ask(folder.path(), &["rules", "check", "--json", folder.path().to_str().expect("path")]);
    let told = |list: &str, name: &str, words: &str| {
        let named = report[list].as_array().expect("list").iter().filter(|one| one["path"] == json!(path(name)));
        let reasons: Vec<&str> = named.filter_map(|one| one["reason"].as_str()).collect();
        assert!(reasons.iter().any(|reason| reason.contains(words)), "{name}: {report}");
    };
    assert_eq!(report["loaded"], json!(3));
    told("failed", "b.yml", path("a.yml").to_str().expect("path"));
    told("failed", "e.yml", "no regular file");
    told("warnings", "c.yml", "level");
    told("warnings", "d.yml", "admins");
}

#[test]
fn rules_check_reports_a_case_that_does_not_hold() {
    let folder = tempfile::tempdir().expect("directory");
    let rule = "title: Root\nid: 3a731990-e462-4bdd-914a-9effd0484f8e\nlogsource: {product: linux}\n\
                detection: {user: {user_name: root}, condition: user}\n";
    let case = "origin: documented\ncases:\n  - name: nobody\n    expect: []\n    events:\n      \
                - {log_source: {product: linux}, columns: {user_name: root}}\n";
    std::fs::write(folder.path().join("root.yml"), rule).expect("rule");
    std::fs::write(folder.path().join("root.test.yml"), case).expect("case");
    let report = ask(folder.path(), &["rules", "check", "--json", folder.path().to_str().expect("path")]);
    assert_eq!(report["loaded"], json!(1));
    assert_eq!(report["failed"][0]["line"], json!(3));
    assert_eq!(report["failed"][0]["path"], json!(folder.path().join("root.test.yml")));
    assert!(report["failed"][0]["reason"].as_str().is_some_and(|reason| reason.starts_with("nobody: raised [3a73")));
}

#[test]
fn rules_check_knows_the_rules_in_force() {
    let data = tempfile::tempdir().expect("directory");
    let folder = data.path().join("rules/mine");
    std::fs::create_dir_all(&folder).expect("folder");
    let over = |number: u8, name: &str| {
        format!(
            "title: Often\nid: 6f3b2a10-0000-4000-8000-00000000000{number}\ncorrelation: {{type: event_count, rules: \
             [{name}], timespan: 1m, condition: {{gte: 3}}}}\n"
        )
    };
    let filter = "title: Not the scanner\nlogsource: {product: linux}\nfilter:\n  rules: [own_step]\n  selection: \
                  {source_ip: 192.0.2.1}\n  condition: not selection\n";
    let own = "title: Own\nname: own_step\nid: 6f3b2a10-0000-4000-8000-000000000009\nlogsource: {product: linux}\n\
               detection: {s: {user_name: root}, condition: s}\n";
    std::fs::write(data.path().join("rules/own.yml"), own).expect("rule");
    std::fs::write(folder.join("a.yml"), over(1, "ssh_logon_failed")).expect("rule");
    std::fs::write(folder.join("b.yml"), over(2, "own_step")).expect("rule");
    std::fs::write(folder.join("c.yml"), over(3, "nobody")).expect("rule");
    std::fs::write(folder.join("d.yml"), filter).expect("filter");
    let report = ask(data.path(), &["rules", "check", "--json", folder.to_str().expect("path")]);
    assert_eq!((&report["loaded"], &report["warnings"]), (&json!(2), &json!([])), "{report}");
    let failed = report["failed"].as_array().expect("list");
    assert_eq!((failed.len(), &failed[0]["path"]), (1, &json!(folder.join("c.yml"))), "{report}");
    let whole = data.path().join("rules");
    let report = ask(data.path(), &["rules", "check", "--json", whole.to_str().expect("path")]);
    assert_eq!(report["loaded"], json!(3), "{report}");
}

fn pack_rule(number: u8, value: &str) -> String {
    format!(
        "title: Rule {number}\nid: 6f3b2a10-0000-4000-8000-00000000000{number}\nauthor: A. Author\nlogsource: {{product: \
         linux}}\nlevel: high\ndetection:\n  s: {{user_name: {value}}}\n  condition: s\n"
    )
}

#[test]
fn a_release_is_previewed_taken_and_replaced_by_the_next() {
    let data = tempfile::tempdir().expect("directory");
    let packs = tempfile::tempdir().expect("directory");
    let broken =
        "title: Broken\nlogsource: {product: linux}\ndetection:\n  s: {user_name|nonsense: x}\n  condition: s\n";
    let archive = |name: &str, files: &[(&str, &str)]| {
        let parts: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        let path = packs.path().join(name);
        std::fs::write(&path, packed(&parts)).expect("archive");
        path.to_str().expect("path").to_owned()
    };
    let (one, two, other) = (pack_rule(1, "root"), pack_rule(2, "root"), pack_rule(2, "admin"));
    let licence = "# Detection Rule License (DRL) 1.1\n";
    let first = archive(
        "r1.zip",
        &[
            ("sigma-1/LICENSE", licence),
            ("sigma-1/rules/a.yml", &one),
            ("sigma-1/rules/b.yml", &two),
            ("sigma-1/rules/c.yml", broken),
        ],
    );
    let dry = ask(data.path(), &["rules", "import", "--dry-run", "--json", "--name", "sigma", &first]);
    assert_eq!((dry["added"].as_array().map(Vec::len), dry["dry_run"].as_bool()), (Some(2), Some(true)), "{dry}");
    assert_eq!(dry["added"][0]["rule_licence"], json!("DRL-1.1"));
    assert_eq!((&dry["refused"][0]["path"], &dry["refused"][0]["line"]), (&json!("rules/c.yml"), &json!(4)), "{dry}");
    assert!(!data.path().join("rules/sigma").exists(), "nothing was kept");
    let taken = ask(data.path(), &["rules", "import", "--json", "--on-trial", "--name", "sigma", &first]);
    assert_eq!(taken["added"].as_array().map(Vec::len), Some(2), "{taken}");
    assert!(data.path().join("rules/sigma/LICENSE").exists() && data.path().join("rules/sigma/rules/a.yml").exists());
    assert!(!data.path().join("rules/sigma/rules/c.yml").exists(), "what is refused does not come along");
    let second = archive("r2.zip", &[("sigma-2/LICENSE", licence), ("sigma-2/rules/b.yml", &other)]);
    let next = ask(data.path(), &["rules", "import", "--json", "--name", "sigma", &second]);
    assert_eq!(next["changed"][0]["title"], json!("Rule 2"), "{next}");
    assert_eq!(next["removed"][0]["title"], json!("Rule 1"), "{next}");
    assert!(!data.path().join("rules/sigma/rules/a.yml").exists());
    let states = query(data.path(), "SELECT state, count(*) AS rules FROM monitoring.rule_states GROUP BY 1");
    assert_eq!(states, [json!({ "state": "shadow", "rules": 2 })]);
    let told = query(data.path(), "SELECT count(*) AS told FROM organisation.audit WHERE action = 'rule.import'");
    assert_eq!(told, [json!({ "told": 2 })]);
    let empty = archive("none.zip", &[("readme.yml", "a: b\n")]);
    assert!(failure(data.path(), &["rules", "import", "--name", "sigma", &empty]).contains("no rule"));
    assert!(failure(data.path(), &["rules", "import", "--name", "../out", &first]).contains("--name"));
}

#[test]
fn an_archive_that_leads_out_of_itself_writes_nothing_outside() {
    let data = tempfile::tempdir().expect("directory");
    let path = data.path().join("evil.zip");
    let rule = pack_rule(1, "root");
    let parts: [(&str, &[u8]); 2] = [("../../evil.yml", rule.as_bytes()), ("good.yml", rule.as_bytes())];
    std::fs::write(&path, packed(&parts)).expect("archive");
    let taken = ask(data.path(), &["rules", "import", "--json", "--name", "x", path.to_str().expect("path")]);
    assert_eq!(taken["added"].as_array().map(Vec::len), Some(1), "{taken}");
    assert!(taken["refused"].to_string().contains("leads out"), "{taken}");
    assert!(!data.path().join("evil.yml").exists() && data.path().join("rules/x/good.yml").exists());
}

#[test]
fn a_rule_is_explained_on_a_file_and_on_an_event_of_the_store() {
    let data = tempfile::tempdir().expect("directory");
    let rules = data.path().join("own");
    std::fs::create_dir(&rules).expect("directory");
    let rule = "title: Root from afar\nid: 6f3b2a10-0000-4000-8000-000000000009\nlogsource: {product: linux}\n\
                detection:\n  s: {user_name: root, event_outcome: failure}\n  condition: s\n";
    std::fs::write(rules.join("root.yml"), rule).expect("rule");
    let log = data.path().join("auth.log");
    let line = "Nov 21 09:00:01 web01 sshd[7]: Failed password for root from 203.0.113.9 port 4711 ssh2\n";
    std::fs::write(&log, format!("{line}{}", line.replace("root", "an"))).expect("log");
    let (rules, log) = (rules.to_str().expect("path"), log.to_str().expect("path"));
    let id = "6f3b2a10-0000-4000-8000-000000000009";
    let explain =
        |event: &str| ask(data.path(), &["rules", "explain", id, "--json", "--rules", rules, "--event", event]);
    let both = explain(log);
    assert_eq!((&both["events"][0]["matches"], &both["events"][1]["matches"]), (&json!(true), &json!(false)), "{both}");
    let failed = both["events"][1]["rules"][0]["lines"].as_array().expect("lines").clone();
    assert!(failed.iter().any(|line| line["holds"] == json!(false) && line["met"] == json!("an")), "{both}");
    run(data.path(), &["import", log]);
    let seqs = query(data.path(), "SELECT seq FROM events WHERE user_name = 'root'");
    let stored = explain(&seqs[0]["seq"].to_string());
    assert_eq!(stored["events"][0]["matches"], json!(true), "{stored}");
    assert!(failure(data.path(), &["rules", "explain", id, "--event", "999999", "--rules", rules]).contains("999999"));
    assert!(failure(data.path(), &["rules", "explain", "none", "--event", log]).contains("none"));
}

#[test]
fn the_built_in_cases_are_listed_with_their_outcome() {
    let data = tempfile::tempdir().expect("directory");
    let report = ask(data.path(), &["rules", "test", "--json"]);
    assert_eq!(report["failed"], json!(0), "{report}");
    assert!(report["cases"].as_array().is_some_and(|cases| cases.len() > 100));
}

#[test]
fn every_stage_of_the_pipeline_is_measured_and_finds_what_it_would_find() {
    let folder = tempfile::tempdir().expect("directory");
    let path = |name: &str| folder.path().join(name).to_str().expect("path").to_owned();
    let rules = "title: Refused\nid: 6f3b2a10-0000-4000-8000-000000000041\nname: refused\nlogsource: {product: windows, \
                 service: security}\ndetection: {s: {EventID: 4625}, condition: s}\n---\ntitle: Many\nid: \
                 6f3b2a10-0000-4000-8000-000000000042\ncorrelation: {type: event_count, rules: [refused], group-by: \
                 [source_ip], timespan: 10m, condition: {gte: 3}}\n";
    let line = |second: u8| {
        format!(
            "{{\"EventID\":4625,\"Channel\":\"Security\",\"Computer\":\"pc\",\"IpAddress\":\"198.51.100.7\",\
             \"@timestamp\":\"2026-11-20T01:02:0{second}Z\"}}\n"
        )
    };
    std::fs::create_dir(path("rules")).expect("folder");
    std::fs::write(path("rules/refused.yml"), rules).expect("rules");
    std::fs::write(path("events.jsonl"), (0..5).map(line).collect::<String>()).expect("events");
    std::fs::write(path("list.txt"), "198.51.100.7\nevil.example\n").expect("indicators");
    let (rules, events, list) = (path("rules"), path("events.jsonl"), path("list.txt"));
    let files = ["--rules", rules.as_str(), "--events", events.as_str(), "--indicators", list.as_str()];
    let arguments = [&["rules", "bench", "--stages"][..], &files[..]].concat();
    let report = ask(folder.path(), &[&arguments[..], &["--json"][..]].concat());
    let found =
        ["events", "detections", "correlations", "indicators_found"].map(|name| report["measured"][name].as_u64());
    assert_eq!(found, [Some(5), Some(5), Some(3), Some(5)], "{report}");
    let stages = report["nanoseconds_per_event"].as_object().expect("stages");
    assert!(stages.len() == 8 && stages.values().all(|one| one.as_f64().is_some_and(|nanoseconds| nanoseconds >= 0.0)));
    assert!(stages["read"].as_f64() > Some(0.0), "{report}");
    assert!(run(folder.path(), &arguments).lines().count() >= 11, "each stage has its line");
}

#[test]
fn another_engine_is_measured_in_the_same_run_and_the_ratio_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("directory");
    let path = |name: &str| folder.path().join(name).to_str().expect("path").to_owned();
    let (rules, events, program) = (path("rules"), path("events.jsonl"), path("peer"));
    let rule = "title: Refused\nid: 6f3b2a10-0000-4000-8000-000000000043\nlogsource: {product: windows}\n\
                detection: {s: {EventID: 4625}, condition: s}\n";
    std::fs::create_dir(&rules).expect("folder");
    std::fs::write(path("rules/refused.yml"), rule).expect("rule");
    let line = "{\"EventID\":4625,\"Channel\":\"Security\",\"Computer\":\"pc\"}\n";
    std::fs::write(&events, line.repeat(3)).expect("events");
    // It sees the same rules and events, and is slow.
    let peer = r#"#!/bin/sh
test "$1 $3" = "--rules --events" && test -f "$2/refused.yml" || exit 3
echo '{"name":"slow","rules":1,"events":'$(wc -l < "$4")',"parse_s":3000,"match_s":6000,"detections":3}'
"#;
    std::fs::write(&program, peer).expect("program");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("may be run");
    let bench = ["rules", "bench", "--rules", rules.as_str(), "--events", events.as_str()];
    let beside = [&bench[..], &["--peer", program.as_str()][..]].concat();
    let report = ask(folder.path(), &[&beside[..], &["--json"][..]].concat());
    assert_eq!((&report["detections"], &report["beside"]["peer"]["events"]), (&json!(3), &json!(3)), "{report}");
    let seconds = |name: &str| report[name].as_f64().expect("seconds");
    let together = 9000.0 / (seconds("parse_s") + seconds("match_s")).max(1e-9);
    let told = report["beside"]["together"].as_f64().expect("a ratio");
    assert!((told / together - 1.0).abs() < 1e-6, "{report}");
    assert!(run(folder.path(), &beside).contains("slow"));
    let alone = ask(folder.path(), &[&bench[..], &["--json"][..]].concat());
    assert!(alone.get("beside").is_none(), "{alone}");
    assert!(run(folder.path(), &bench).contains("make rules"), "it says how to get the other engine");
    let none = path("nobody");
    assert!(failure(folder.path(), &[&bench[..], &["--peer", none.as_str()][..]].concat()).contains("make rules"));
}

/// Puts a value of the whole centre on a list.
pub(crate) async fn listed(data: &Path, list: &str, value: &str) {
    let configuration = Configuration::load(data, None).expect("configuration");
    let registers = Registers::open(data, &configuration, &Live::default()).await.expect("registers");
    let scope = Scope::service("test");
    let tx = registers.db.scoped(&scope).begin().await.expect("transaction");
    let input = ValueInput { list: list.into(), value: value.into(), ..ValueInput::default() };
    let settings = monitoring::settings::Settings::embedded().expect("sound").tuning.enrichment;
    keep(&tx, &settings, &input, registers.clock.now()).await.expect("kept");
    tx.commit().await.expect("commit");
    registers.db.close().await.expect("closed");
}

#[test]
fn explaining_and_testing_know_the_lists_of_the_centre() {
    let data = tempfile::tempdir().expect("directory");
    let rules = data.path().join("own");
    std::fs::create_dir(&rules).expect("directory");
    let (expands, asks) = ("6f3b2a10-0000-4000-8000-000000000010", "6f3b2a10-0000-4000-8000-000000000011");
    let rule = |id: &str, part: &str| {
        format!(
            "title: T\nid: {id}\nlevel: high\nlogsource: {{product: linux}}\ndetection: {{s: {{{part}}}, condition: s}}\n"
        )
    };
    std::fs::write(rules.join("a.yml"), rule(expands, "'user_name|expand': '%administrators%'")).expect("rule");
    std::fs::write(rules.join("b.yml"), rule(asks, "user_name_list: administrators")).expect("rule");
    let case = format!(
        "origin: documented\ncases:\n  - name: an administrator\n    expect: [{expands}]\n    events:\n\
         \x20     - log_source: {{product: linux}}\n        columns: {{user_name: quantri}}\n"
    );
    std::fs::write(rules.join("a.test.yml"), case).expect("case");
    let (log, list) = (data.path().join("auth.log"), data.path().join("list.txt"));
    std::fs::write(
        &log,
        "Nov 21 09:00:01 web01 sshd[7]: Failed password for quantri from 203.0.113.9 port 4711 ssh2\n",
    )
    .expect("log");
    std::fs::write(&list, "an\nQuanTri\n").expect("list");
    let (rules, log) = (rules.to_str().expect("path"), log.to_str().expect("path"));
    let given = format!("administrators={}", list.display());
    let answers = |more: &[&str]| {
        let explain = |id: &str| {
            let question = ["rules", "explain", id, "--json", "--rules", rules, "--event", log];
            ask(data.path(), &[&question[..], more].concat())["events"][0]["matches"].clone()
        };
        let tested = ask(data.path(), &[&["rules", "test", rules, "--json"][..], more].concat());
        (explain(expands), explain(asks), tested["failed"].clone())
    };
    assert_eq!(answers(&[]), (json!(false), json!(false), json!(1)));
    assert!(!data.path().join("registers.sqlite").exists(), "who only asks leaves no registers behind");
    assert_eq!(answers(&["--list", &given]), (json!(true), json!(true), json!(0)));
    let wrong = ["rules", "explain", expands, "--rules", rules, "--event", log, "--list", "administrators"];
    assert!(failure(data.path(), &wrong).contains("administrators"));
    tokio::runtime::Runtime::new().expect("runtime").block_on(listed(data.path(), "administrators", "quantri"));
    assert_eq!(answers(&[]), (json!(true), json!(true), json!(0)));
    std::fs::write(&list, "an\n").expect("list");
    assert_eq!(answers(&["--list", &given]), (json!(false), json!(false), json!(1)), "the file takes the list's place");
}
