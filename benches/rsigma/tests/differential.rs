//! The same rules and records through our engine and rsigma-eval. Where they differ it is known why, and who is right by
//! the specification stands in `crates/engines/detection/tests/golden/README.md`.

use detection::{Engine, Matches, RuleSet};
use event::{Event, Origin, RawRecord, Value};
use ingest::files::{FileRecords, Limits, list};
use luytre_rsigma_comparison::{formats, other, shared_data};
use proptest::prelude::*;
use proptest::sample::select;
use rsigma_eval::JsonEvent;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The record as rsigma reads it: flat, under the names that our formats give.
fn json(event: &Event) -> serde_json::Value {
    let mut all = serde_json::Map::new();
    for (name, value) in event.fields.iter() {
        all.insert(name.to_owned(), serde_json::to_value(value).unwrap());
    }
    if let Some(message) = &event.message {
        all.entry("message of the record").or_insert_with(|| message.as_str().into());
    }
    serde_json::Value::Object(all)
}

fn theirs(engine: &rsigma_eval::Engine, event: &Event) -> BTreeSet<String> {
    let json = json(event);
    let view = JsonEvent::borrow(&json);
    other::log_sources(&event.log_source)
        .iter()
        .flat_map(|source| engine.evaluate_pruned(&view, source))
        .filter_map(|found| found.header.rule_id)
        .collect()
}

fn ours(engine: &Engine, matches: &mut Matches, event: &Event) -> BTreeSet<String> {
    engine.evaluate(event, matches);
    matches.detections().iter().map(|found| engine.rules()[found.rule].id.clone()).collect()
}

/// Rules on which the two differ over the shared data, and the line of the README that says why.
const KNOWN: &[(&str, &str)] = &[];

#[test]
fn all_records_of_the_shared_data_match_the_same_rules() {
    let rules = shared_data("sigma");
    let (own, errors) = RuleSet::from_directory(&rules);
    assert_eq!(errors, []);
    let own = Engine::new(own);
    let (rsigma, problems) = other::engine(&rules).unwrap();
    println!("rsigma: {} rules, {problems:?}", rsigma.rule_count());
    let formats = formats().unwrap();
    let mut origin = Arc::new(Origin::default());
    let folders = ["evtx", "regression", "windows-json", "zeek-json", "logs"].map(shared_data);
    let (mut records, mut agreed, mut matches) = (0, 0, Matches::default());
    let mut differing: BTreeMap<(String, bool), (usize, String)> = BTreeMap::new();
    for file in list(&folders).files {
        for record in FileRecords::new(&file.path, Limits::default()) {
            let Ok(bytes) = record.result else { continue };
            origin = origin.under(record.header.as_deref());
            let raw =
                RawRecord { bytes, arrival: 1_790_000_000_000_000, origin: origin.clone(), position: record.position };
            let event = formats.parse(&raw);
            records += 1;
            let (own, other) = (ours(&own, &mut matches, &event), theirs(&rsigma, &event));
            agreed += own.intersection(&other).count();
            for rule in own.symmetric_difference(&other) {
                let entry = differing.entry((rule.clone(), own.contains(rule))).or_default();
                entry.0 += 1;
                if entry.1.is_empty() {
                    entry.1 = format!("{}:{}", record.file, record.position);
                }
            }
        }
    }
    println!("{records} records, {agreed} matches of both");
    let mut unknown = 0;
    for ((rule, own), (count, first)) in &differing {
        let why = KNOWN.iter().find(|(known, _)| known == rule).map(|(_, why)| *why);
        unknown += usize::from(why.is_none());
        println!(
            "{rule}: {count} only {}, first in {first}: {}",
            if *own { "ours" } else { "rsigma" },
            why.unwrap_or("?")
        );
    }
    assert!(records > 10_000 && agreed > 500, "{records} records, {agreed} matches");
    assert_eq!(unknown, 0, "differences that nobody has looked at");
}

fn word() -> impl Strategy<Value = String> {
    "[abcAB đĐ.1]{1,5}"
}

/// Lines of detections about whose meaning there is no dispute.
fn item() -> impl Strategy<Value = String> {
    let list = |words: Vec<String>| words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let field = || select(vec!["a", "b", "c"]);
    prop_oneof![
        6 => (field(), select(vec!["", "|contains", "|startswith", "|endswith", "|contains|all", "|cased", "|contains|cased"]), prop::collection::vec(word(), 1..4))
            .prop_map(move |(field, modifiers, words)| format!("'{field}{modifiers}': [{}]", list(words))),
        2 => (field(), "[ab]{1,2}(\\*|\\?)[bc]{1,2}").prop_map(|(field, word)| format!("'{field}': '{word}'")),
        2 => (field(), select(vec!["a+b", "^a", "c$", "(a|b)c"]), select(vec!["|re", "|re|i"]))
            .prop_map(|(field, regex, modifiers)| format!("'{field}{modifiers}': '{regex}'")),
        1 => (field(), any::<bool>()).prop_map(|(field, truth)| format!("'{field}|exists': {truth}")),
        1 => (field(), select(vec!["lt", "gte"]), 0..12).prop_map(|(field, modifier, number)| format!("'{field}|{modifier}': {number}")),
        1 => (field(), 0..12).prop_map(|(field, number)| format!("'{field}': {number}")),
    ]
}

fn detection() -> impl Strategy<Value = String> {
    prop::collection::vec(item(), 1..3).prop_map(|mut items| {
        items.sort();
        items.dedup_by_key(|item| item.split("':").next().unwrap_or_default().to_owned());
        format!("{{{}}}", items.join(", "))
    })
}

fn record() -> impl Strategy<Value = Event> {
    let value = || prop_oneof![6 => "[abcAB đĐ.1]{0,8}".prop_map(Value::from), 2 => (0..12_i64).prop_map(Value::Int)];
    prop::collection::vec(prop::option::of(value()), 3).prop_map(|values| {
        let mut event = Event::default();
        event.log_source.product = Some("p".into());
        for (name, value) in ["a", "b", "c"].into_iter().zip(values) {
            value.into_iter().for_each(|value| event.fields.set(name, value));
        }
        event
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn generated_rules_match_the_same_records(
        rules in prop::collection::vec((detection(), detection(), select(vec!["s", "s and not t", "s or t", "1 of them", "all of them", "not s"])), 1..8),
        records in prop::collection::vec(record(), 1..12),
    ) {
        let texts: Vec<String> = rules.iter().enumerate().map(|(number, (one, other, condition))| format!(
            "title: t\nid: 00000000-0000-4000-8000-{number:012}\nlogsource: {{product: p}}\ndetection:\n  s: {one}\n  t: {other}\n  condition: {condition}\n"
        )).collect();
        let (set, errors) = RuleSet::from_texts(texts.iter().enumerate().map(|(number, text)| (number.to_string(), text.as_str())));
        prop_assert_eq!(errors, []);
        let own = Engine::new(set);
        let mut rsigma = rsigma_eval::Engine::new();
        for text in &texts {
            rsigma.add_collection(&rsigma_parser::parse_sigma_yaml(text).unwrap()).unwrap();
        }
        let mut matches = Matches::default();
        for event in &records {
            let (own, other) = (ours(&own, &mut matches, event), theirs(&rsigma, event));
            prop_assert!(own == other, "ours {own:?} rsigma {other:?} on {:?}\n{}", event.fields, texts.concat());
        }
    }
}
