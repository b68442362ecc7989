//! Our own rules in `content/rules`: all load, all say what the style wants, and their tests hold as far as they give
//! ready fields (raw lines need the ingest engine; the program's tests run all).

use luytre_detection::{Engine, RuleSet, RuleTestFile};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/rules"))
}

#[test]
fn own_rules_load_and_are_complete() {
    let (rules, errors) = RuleSet::from_directory(&folder());
    assert_eq!(errors, []);
    assert!(rules.replaced().is_empty(), "an id is used twice: {:?}", rules.replaced());
    let alerting = rules.rules().iter().filter(|rule| rule.alerts()).count();
    println!("{} rules, {alerting} of them alert", rules.len());
    assert!(alerting >= 135);
    for rule in rules.rules() {
        assert_eq!(rule.warnings, [], "{}", rule.title);
        assert!(!rule.id.starts_with("text-"), "{} has no id", rule.title);
        assert_eq!(rule.author.as_deref(), Some("Lũy Tre"), "{}", rule.title);
        assert_eq!(rule.licence.as_deref(), Some("Apache-2.0"), "{}", rule.title);
        assert!(rule.text_of("title_vi").is_some(), "{} has no Vietnamese title", rule.title);
        let described = rule.text_of("description_vi").is_some();
        assert_eq!(described, rule.description.is_some(), "{} is described in one language alone", rule.title);
        let mistaken = rule.text_of("false_positives_vi").map_or(0, |text| text.split("; ").count());
        assert_eq!(mistaken, rule.false_positives.len(), "{} has other false positives in Vietnamese", rule.title);
        if rule.alerts() {
            for key in ["what_to_do_vi", "what_to_do_en"] {
                assert!(rule.text_of(key).is_some(), "{} has no {key}", rule.title);
            }
            assert!(!rule.tags.is_empty(), "{} has no ATT&CK tag", rule.title);
        }
    }
}

#[test]
fn every_alerting_rule_is_expected_by_a_case_and_spared_by_another() {
    let (rules, _) = RuleSet::from_directory(&folder());
    let (files, errors) = RuleTestFile::from_directory(&folder());
    assert_eq!(errors, []);
    let expected: Vec<&String> = files.iter().flat_map(|file| &file.cases).flat_map(|case| &case.expect).collect();
    for rule in rules.rules().iter().filter(|rule| rule.alerts()) {
        assert!(expected.contains(&&rule.id), "no test case expects {} ({})", rule.id, rule.title);
    }
    for file in &files {
        assert!(file.cases.iter().any(|case| case.expect.is_empty()), "{} never expects silence", file.path.display());
    }
}

#[test]
fn cases_with_ready_fields_hold() {
    let engine = Engine::new(RuleSet::from_directory(&folder()).0);
    let (mut run, mut raw, mut wrong) = (0, 0, Vec::new());
    for file in RuleTestFile::from_directory(&folder()).0 {
        for case in &file.cases {
            match case.ready_events() {
                Some(events) => {
                    run += 1;
                    wrong.extend(case.check(&engine, &file.rule_file(), &events).err());
                }
                None => raw += 1,
            }
        }
    }
    println!("{run} cases run, {raw} need the ingest engine");
    assert!(run > 150);
    assert_eq!(wrong, Vec::<String>::new());
}
