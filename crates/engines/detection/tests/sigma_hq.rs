//! All SigmaHQ rules of the shared data load, and a changed set of them takes over. What they find stands in
//! `luytre/tests/whole/golden.rs`, where records are read as an import reads them.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data should stop")]

mod support;

use luytre_detection::{Engine, Matches, RuleSet};

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

/// CPU time of this thread in milliseconds (Linux).
fn cpu_millis() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e6
}

#[test]
fn a_changed_rule_set_takes_over_without_a_wait() {
    let folders = ["sigma", "windows-json"].map(support::shared_data);
    let [Some(rules), Some(windows)] = folders else { return };
    let records = support::windows_records(&windows).unwrap();
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
