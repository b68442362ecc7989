//! Our own rules with their cases, through the formats that the program brings along.

use crate::program::{ask, shared_data};
use detection::{RuleSet, RuleTestFile};
use luytre::commands::rules::run_cases;
use serde_json::json;
use std::path::Path;

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
