//! All SigmaHQ rules of the shared data load, and each regression recording raises the rule it was made for.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data should stop")]

mod support;

use luytre_detection::{Engine, Matches, RuleSet};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

#[test]
fn every_sigma_hq_rule_loads_and_only_placeholders_are_left_out() {
    let Some(folder) = support::shared_data("sigma") else { return };
    let (rules, errors) = RuleSet::from_directory(&folder);
    for error in &errors {
        println!("{error}");
    }
    assert_eq!(errors.len(), 0);
    assert_eq!(rules.len(), 3_754);
    assert!(rules.replaced().is_empty());
    let waiting: Vec<&str> =
        rules.rules().iter().filter(|rule| !rule.needs_placeholders.is_empty()).map(|rule| rule.id.as_str()).collect();
    println!("{} rules wait for placeholders: {waiting:?}", waiting.len());
    assert_eq!(waiting.len(), 2);
    assert!(rules.rules().iter().all(|rule| rule.licence.as_deref() == Some("DRL-1.1")));
    let unsigned = rules.rules().iter().filter(|rule| rule.author.is_none()).count();
    assert_eq!(unsigned, 0, "the licence wants an author with every match");
    assert_eq!(Engine::new(rules).active_rules(), 3_752);
}

struct Recording {
    folder: PathBuf,
    rules: Vec<String>,
    wanted: Option<usize>,
}

#[test]
fn regression_recordings_raise_their_rules() {
    let (Some(rules), Some(folder)) = (support::shared_data("sigma"), support::shared_data("regression")) else {
        return;
    };
    let (rules, _) = RuleSet::from_directory(&rules);
    let engine = Engine::new(rules);
    let mut matches = Matches::default();
    let (mut raised, mut recordings, mut missed) = (0, 0, Vec::new());
    for recording in recordings_below(&folder) {
        recordings += 1;
        let events = events_of(&recording.folder);
        let mut counts: HashMap<String, usize> = HashMap::new();
        for event in &events {
            engine.evaluate(event, &mut matches);
            for found in matches.detections() {
                *counts.entry(engine.rules()[found.rule].id.clone()).or_default() += 1;
            }
        }
        let wanted = recording.wanted.unwrap_or(1);
        let fired = |rule: &String| counts.get(rule).copied().unwrap_or(0) >= wanted;
        if recording.rules.iter().all(fired) && !recording.rules.is_empty() {
            raised += 1;
        } else {
            missed.push(format!(
                "{} wants {:?} {wanted} times; {} events {:?} raised {counts:?}",
                recording.folder.strip_prefix(&folder).unwrap_or(&recording.folder).display(),
                recording.rules,
                events.len(),
                events.first().map(|event| &event.log_source),
            ));
        }
    }
    println!("{raised} of {recordings} recordings raised their rule");
    missed.iter().for_each(|line| println!("missed: {line}"));
    assert_eq!(recordings, 88);
    assert!(raised >= 87, "only the Cisco recording has no Windows JSON");
}

fn recordings_below(folder: &Path) -> Vec<Recording> {
    let mut found = Vec::new();
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            found.extend(recordings_below(&path));
        } else if path.ends_with("info.yml") {
            let info: serde_yaml_ng::Value = serde_yaml_ng::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let ids = info["rule_metadata"].as_sequence().into_iter().flatten();
            found.push(Recording {
                folder: folder.to_owned(),
                rules: ids.filter_map(|rule| rule["id"].as_str().map(str::to_owned)).collect(),
                wanted: info["regression_tests_info"][0]["match_count"].as_u64().map(|count| count as usize),
            });
        }
    }
    found
}

fn events_of(folder: &Path) -> Vec<event::Event> {
    let mut events = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let stream = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
            for json in stream.map_while(Result::ok) {
                match json {
                    serde_json::Value::Array(many) => events.extend(many.iter().map(support::dumped_windows)),
                    one => events.push(support::dumped_windows(&one)),
                }
            }
        }
    }
    events
}

/// How often each rule matches in each file, as pySigma's parser and a naive evaluator counted (`golden/README.md`).
#[test]
fn all_matches_on_the_shared_data_equal_the_golden_table() {
    let folders = ["sigma", "regression", "windows-json"].map(support::shared_data);
    let [Some(rules), Some(regression), Some(windows)] = folders else { return };
    let golden: BTreeMap<String, BTreeMap<String, usize>> =
        serde_json::from_str(include_str!("golden/golden_shared.json")).unwrap();
    let engine = Engine::new(RuleSet::from_directory(&rules).0);
    let mut matches = Matches::default();
    let mut counted: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut pairs = 0;
    for folder in [regression, windows] {
        for (file, event) in support::windows_records(&folder).unwrap() {
            engine.evaluate(&event, &mut matches);
            for found in matches.detections() {
                let rule = engine.rules()[found.rule].id.clone();
                *counted.entry(file.clone()).or_default().entry(rule).or_default() += 1;
                pairs += 1;
            }
        }
    }
    println!("{pairs} matches in {} files", counted.len());
    let mut differences = Vec::new();
    let files: BTreeSet<&String> = golden.keys().chain(counted.keys()).collect();
    let empty = BTreeMap::new();
    for file in files {
        let (want, have) = (golden.get(file).unwrap_or(&empty), counted.get(file).unwrap_or(&empty));
        for rule in want.keys().chain(have.keys()).collect::<BTreeSet<_>>() {
            if want.get(rule) != have.get(rule) {
                differences.push(format!("{file}: {rule}: golden {:?}, ours {:?}", want.get(rule), have.get(rule)));
            }
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

/// CPU time of this thread in milliseconds (Linux).
fn cpu_millis() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e6
}

#[test]
fn a_changed_rule_set_takes_over_without_a_wait() {
    let folders = ["sigma", "windows-json"].map(support::shared_data);
    let [Some(rules), Some(windows)] = folders else { return };
    let records: Vec<event::Event> =
        support::windows_records(&windows).unwrap().into_iter().map(|(_, event)| event).collect();
    let before = Engine::new(RuleSet::from_directory(&rules).0);
    let mut matches = Matches::default();
    records.iter().for_each(|record| before.evaluate(record, &mut matches));
    let sources = [
        luytre_detection::RuleSource::Directory(rules),
        luytre_detection::RuleSource::Text {
            path: "changed.yml".into(),
            text: "title: changed\nlogsource: {product: windows}\ndetection: {s: {EventID: 1}, condition: s}\n"
                .to_owned(),
        },
    ];
    let after = Engine::new(RuleSet::load(&sources, &Default::default()).0);
    std::thread::scope(|scope| scope.spawn(|| after.prepare_like(&before)).join().unwrap());
    // The very batch that meets the new rules first, with the memory of the old ones.
    let mut slowest = 0.0_f64;
    for batch in records.chunks(500) {
        let start = cpu_millis();
        batch.iter().for_each(|record| after.evaluate(record, &mut matches));
        slowest = slowest.max(cpu_millis() - start);
    }
    println!("slowest batch of 500: {slowest:.1} ms");
    assert!(slowest < 50.0, "a batch of 500 took {slowest} ms");
}
