//! `luytre import` over real attacks and real logs.

use crate::program::{ask, number, query, shared_data};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn text<'value>(value: &'value Value, name: &str) -> &'value str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn count(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("{name} in {value}"))
}

fn assert_accounts_for_everything(report: &Value) {
    let rejected = report.get("rejected").and_then(Value::as_array).expect("rejected");
    assert_eq!(count(report, "read"), count(report, "stored") + rejected.len() as u64, "read = stored + rejected");
}

#[test]
fn every_regression_attack_raises_the_alert_of_its_rule() {
    let Some(shared) = shared_data() else { return };
    let data = tempfile::tempdir().expect("directory");
    let (rules, attacks) = (shared.join("sigma"), shared.join("regression"));
    let report = ask(
        data.path(),
        &["import", "--json", "--rules", rules.to_str().expect("path"), attacks.to_str().expect("path")],
    );
    assert_accounts_for_everything(&report);
    let alerts = report.get("alerts").and_then(Value::as_array).expect("alerts");
    let mut folders = 0;
    let mut missed = Vec::new();
    for info in infos(&attacks) {
        let body: serde_json::Value =
            serde_yaml_ng::from_str(&std::fs::read_to_string(&info).expect("info.yml")).expect("YAML");
        let Some(rule) = body.pointer("/rule_metadata/0/id").and_then(Value::as_str) else { continue };
        folders += 1;
        let folder = info.parent().expect("folder").to_string_lossy().into_owned();
        let raised = alerts.iter().any(|alert| {
            text(alert, "rule_id") == rule
                && alert
                    .get("files")
                    .and_then(Value::as_array)
                    .is_some_and(|files| files.iter().filter_map(Value::as_str).any(|file| file.starts_with(&folder)))
        });
        if !raised {
            missed.push((folder, rule.to_owned()));
        }
    }
    println!("{} of {folders} regression folders raise their alert; missed: {missed:#?}", folders - missed.len());
    assert!(folders > 0 && missed.is_empty(), "missed: {missed:#?}");
}

fn infos(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("directory").map(|entry| entry.expect("entry").path()) {
        if entry.is_dir() {
            found.extend(infos(&entry));
        } else if entry.file_name().is_some_and(|name| name == "info.yml") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

#[test]
fn every_record_of_real_logs_is_stored_or_rejected_and_all_can_be_found() {
    let Some(shared) = shared_data() else { return };
    let data = tempfile::tempdir().expect("directory");
    let paths: Vec<String> = ["evtx", "logs", "windows-json", "zeek-json"]
        .iter()
        .map(|name| shared.join(name).to_str().expect("path").to_owned())
        .collect();
    let mut arguments = vec!["import", "--json"];
    arguments.extend(paths.iter().map(String::as_str));
    let report = ask(data.path(), &arguments);
    assert_accounts_for_everything(&report);
    let stored =
        number(data.path(), "SELECT count(*) FROM events WHERE problem IS NULL OR problem NOT LIKE 'rejected:%'");
    assert_eq!(u64::try_from(stored).expect("a count"), count(&report, "stored"));
    let rejected = report.get("rejected").and_then(Value::as_array).expect("rejected");
    for one in rejected {
        let sql = format!(
            "SELECT count(*) FROM events WHERE file = '{}' AND position = {}",
            text(one, "file").replace('\'', "''"),
            count(one, "record")
        );
        assert!(number(data.path(), &sql) > 0, "the rejected record is not found: {one}");
    }
    let not_understood = number(data.path(), "SELECT count(*) FROM events WHERE NOT understood");
    println!("stored {stored}, rejected {}, not understood {not_understood}", rejected.len());

    let again = ask(data.path(), &arguments);
    assert_eq!(count(&again, "stored"), 0, "the same files again store nothing");

    let rules: BTreeSet<String> = query(data.path(), "SELECT DISTINCT rule_id FROM monitoring.alerts")
        .iter()
        .map(|row| text(row, "rule_id").to_owned())
        .collect();
    assert!(rules.len() >= 10, "our own pack sees the attacks in these logs: {rules:?}");
}

#[test]
fn a_log_of_iis_is_read_under_its_list_of_fields_also_where_it_has_grown() {
    let data = tempfile::tempdir().expect("directory");
    let log = data.path().join("u_ex260303.log");
    let path = log.to_str().expect("path");
    let begin = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n\
        #Date: 2026-03-03 03:00:00\r\n\
        #Fields: date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status\r\n\
        2026-03-03 03:11:12 POST /uploads/logo.aspx - 203.0.113.7 Mozilla/5.0 200\r\n\
        2026-03-03 03:11:13 GET /Orion/logoimagehandler.ashx clazz=x 203.0.113.7 Mozilla/5.0 200\r\n";
    let raised = |report: &Value| -> BTreeSet<String> {
        let alerts = report.get("alerts").and_then(Value::as_array).expect("alerts");
        alerts.iter().map(|alert| text(alert, "rule_id").to_owned()).collect()
    };
    std::fs::write(&log, begin).expect("log");
    let shared = shared_data().map(|shared| shared.join("sigma"));
    let rules = shared.as_ref().map(|rules| ["--rules", rules.to_str().expect("path")]);
    let arguments: Vec<&str> = ["import", "--json", path].into_iter().chain(rules.into_iter().flatten()).collect();
    let report = ask(data.path(), &arguments);
    assert_accounts_for_everything(&report);
    assert_eq!(count(&report, "stored"), 6);
    let first = raised(&report);
    assert!(first.contains("c7764745-54ba-4863-bc05-3d45358df6c3"), "a script among uploads: {report}");
    if shared.is_some() {
        assert!(first.contains("a2cee20b-eacc-459f-861d-c02e5d12f1db"), "a rule of SigmaHQ: {report}");
    }
    let more = "2026-03-03 03:11:14 GET /portal/help.aspx cmd=whoami 203.0.113.7 Mozilla/5.0 200\r\n";
    std::fs::write(&log, format!("{begin}{more}")).expect("log");
    let report = ask(data.path(), &["import", "--json", path]);
    assert_eq!(count(&report, "read"), 1, "{report}");
    assert!(raised(&report).contains("46b0070b-7e00-4246-a32b-1177237c5c9a"), "a command in the address: {report}");
    let sql = "SELECT url_original, problem FROM events WHERE http_request_method IS NOT NULL ORDER BY time";
    let addresses: Vec<String> =
        query(data.path(), sql).iter().map(|row| text(row, "url_original").to_owned()).collect();
    assert_eq!(
        addresses,
        ["/uploads/logo.aspx", "/Orion/logoimagehandler.ashx?clazz=x", "/portal/help.aspx?cmd=whoami"]
    );
    assert_eq!(number(data.path(), "SELECT count(*) FROM events WHERE problem IS NOT NULL OR NOT understood"), 0);
}
