//! The same rules and records through our engine and rsigma-eval. Where they differ, `disputes.md` says why and who is
//! right by the specification, and a naive evaluator is asked as a third.

mod disputes;
#[path = "../../../crates/engines/detection/tests/naive/mod.rs"]
mod naive;

use detection::{Engine, Matches, RuleSet};
use event::{Event, Origin, RawRecord, Value};
use ingest::files::{FileRecords, Limits, list};
use luytre_rsigma_comparison::{formats, other, shared_data};
use proptest::prelude::*;
use proptest::sample::select;
use rsigma_eval::JsonEvent;
use rsigma_parser::{Detections, SigmaCollection, parse_sigma_directory, parse_sigma_yaml};
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

/// Where the two differ on a record, the rest of which agrees.
struct Difference {
    rule: String,
    own: bool,
    /// The line of `disputes.md`, if there is one.
    dispute: Option<&'static str>,
    /// Whether a naive evaluator answers as we do.
    right: bool,
}

impl Difference {
    fn all(own: &BTreeSet<String>, other: &BTreeSet<String>, rules: &Rules, event: &Event) -> Vec<Self> {
        let of = |id: &String| {
            let (rule, own) = (&rules[id], own.contains(id));
            let right = naive::holds(rule, event) == own;
            Self { rule: id.clone(), own, dispute: disputes::of(rule, event), right }
        };
        own.symmetric_difference(other).map(of).collect()
    }

    fn is_settled(&self) -> bool {
        self.right && self.dispute.is_some()
    }

    fn words(&self) -> String {
        let side = if self.own { "ours" } else { "rsigma" };
        let right = if self.right { "ours is right" } else { "OURS IS WRONG" };
        format!("{} only {side}: {}, {right}", self.rule, self.dispute.unwrap_or("NOT IN disputes.md"))
    }
}

/// What rules ask, by id.
type Rules = BTreeMap<String, Detections>;

fn rules_of(collection: SigmaCollection) -> Rules {
    collection.rules.into_iter().filter_map(|rule| Some((rule.id?, rule.detection))).collect()
}

#[test]
fn every_dispute_is_written_down_with_its_sentence() {
    let written: Vec<&str> = disputes::WRITTEN
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter(|line| line.contains('"'))
        .filter_map(|line| line.split(" | ").next())
        .collect();
    assert_eq!(written, disputes::names().collect::<Vec<_>>());
}

#[test]
fn all_records_of_the_shared_data_match_the_same_rules() {
    // The naive evaluator goes one step down for each character of a text.
    let room = std::thread::Builder::new().stack_size(1 << 30);
    room.spawn(compare_shared_data).unwrap().join().unwrap();
}

fn compare_shared_data() {
    let folder = shared_data("sigma");
    let (own, errors) = RuleSet::from_directory(&folder);
    assert_eq!(errors, []);
    let own = Engine::new(own);
    let (rsigma, problems) = other::engine(&folder).unwrap();
    println!("rsigma: {} rules, {problems:?}", rsigma.rule_count());
    let rules = rules_of(parse_sigma_directory(&folder).unwrap());
    let formats = formats().unwrap();
    let mut origin = Arc::new(Origin::default());
    let folders = ["evtx", "regression", "windows-json", "zeek-json", "logs"].map(shared_data);
    let (mut records, mut agreed, mut matches) = (0, 0, Matches::default());
    let mut differing: BTreeMap<String, (usize, bool, String)> = BTreeMap::new();
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
            for difference in Difference::all(&own, &other, &rules, &event) {
                let first = || (0, difference.is_settled(), format!("{}:{}", record.file, record.position));
                differing.entry(difference.words()).or_insert_with(first).0 += 1;
            }
        }
    }
    println!("{records} records, {agreed} matches of both");
    for (words, (count, _, first)) in &differing {
        println!("{count} x {words}; first in {first}");
    }
    let unsettled = differing.values().filter(|(_, settled, _)| !settled).count();
    assert!(records > 10_000 && agreed > 500, "{records} records, {agreed} matches");
    assert_eq!(unsettled, 0, "differences that are not settled");
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
            .prop_map(move |(field, modifiers, words)| {
                // A single value with `all` is no valid rule.
                let modifiers = if words.len() > 1 { modifiers } else { modifiers.trim_end_matches("|all") };
                format!("'{field}{modifiers}': [{}]", list(words))
            }),
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
    prop::collection::vec(prop::option::of(value()), 3).prop_map(of_fields)
}

/// Items about which the two differ: see `disputes.md`.
fn disputed() -> impl Strategy<Value = String> {
    let field = || select(vec!["a", "b", "c"]);
    let of = |modifiers: Vec<&'static str>, values: Vec<&'static str>| {
        (field(), select(modifiers), select(values))
            .prop_map(|(field, modifiers, value)| format!("{{'{field}{modifiers}': {value}}}"))
    };
    let placed = vec!["", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased"];
    let texts = vec!["'a*b'", "'a?'", "'?b'", "'*k'", "'S'", "'ab'", "'σας'", "'İ'", "'1'", "'-a'", "''"];
    prop_oneof![
        4 => of(placed, texts),
        1 => of(vec!["|contains|windash", "|windash"], vec!["' -a'", "' /a'", "'a-b'", "'/a -b'"]),
        1 => of(vec!["|base64offset|contains"], vec!["a", "ab", "abc"]),
        1 => of(vec!["|exists"], vec!["true", "false"]),
        1 => of(vec!["|neq"], vec!["ab", "1", "[ab, S]"]),
        1 => of(vec!["|fieldref", "|fieldref|contains"], vec!["b", "c"]),
        1 => of(vec!["|cidr"], vec!["10.0.0.0/9"]),
        1 => of(vec!["|lt", "|gte"], vec!["1", "4"]),
        2 => of(vec![""], vec!["1", "4", "1.5", "true", "false", "null", "[1, ab]"]),
        1 => select(vec!["['a*b', S]", "['1']", "[ab, '?b']", "{'|all': [a, b]}", "{'|all': ['1', ab]}"])
            .prop_map(str::to_owned),
    ]
}

/// Records in which the differences show.
fn odd_record() -> impl Strategy<Value = Event> {
    let texts = vec![
        "ab",
        "aXb",
        "a\nb",
        "xa",
        "bx",
        "k",
        "K",
        "\u{212a}",
        "ſ",
        "s",
        "ΣΑΣ",
        "σας",
        "İ",
        "i",
        "1",
        "01",
        "1.0",
        " 4",
        "4",
        "true",
        "YES",
        "no",
        " -a",
        " /a",
        " –a",
        "a-b",
        "a/b",
        "/a /b",
        "-a",
        "YWI=",
        "xYWJj",
        "YQ",
        "WFh",
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "",
    ];
    let scalar = prop_oneof![
        8 => select(texts).prop_map(Value::from),
        2 => (0..5_i64).prop_map(Value::Int),
        1 => select(vec![1.0, 1.5, 4.0]).prop_map(Value::Float),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
    ]
    .boxed();
    let value =
        prop_oneof![8 => scalar.clone(), 1 => prop::collection::vec(scalar, 0..3).prop_map(Value::List)].boxed();
    prop::collection::vec(prop::option::of(value), 3).prop_map(of_fields)
}

fn of_fields(values: Vec<Option<Value>>) -> Event {
    let mut event = Event::default();
    event.log_source.product = Some("p".into());
    for (name, value) in ["a", "b", "c"].into_iter().zip(values) {
        value.into_iter().for_each(|value| event.fields.set(name, value));
    }
    event
}

/// Texts of rules made of two detections and a condition.
fn texts(rules: &[(String, String, &str)]) -> Vec<String> {
    let text = |(number, (one, other, condition)): (usize, &(String, String, &str))| {
        format!(
            "title: t\nid: 00000000-0000-4000-8000-{number:012}\nlogsource: {{product: p}}\ndetection:\n  s: {one}\n  \
             t: {other}\n  condition: {condition}\n"
        )
    };
    rules.iter().enumerate().map(text).collect()
}

fn parsed(texts: &[String]) -> Rules {
    texts.iter().flat_map(|text| rules_of(parse_sigma_yaml(text).unwrap())).collect()
}

/// Both engines with the same rules.
fn engines(texts: &[String]) -> (Engine, rsigma_eval::Engine) {
    let numbered = texts.iter().enumerate().map(|(number, text)| (number.to_string(), text.as_str()));
    let (set, errors) = RuleSet::from_texts(numbered);
    assert_eq!(errors, [], "{}", texts.concat());
    let mut rsigma = rsigma_eval::Engine::new();
    for text in texts {
        rsigma.add_collection(&parse_sigma_yaml(text).unwrap()).unwrap();
    }
    (Engine::new(set), rsigma)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn generated_rules_match_the_same_records(
        rules in prop::collection::vec((detection(), detection(), select(vec!["s", "s and not t", "s or t", "1 of them", "all of them", "not s"])), 1..8),
        records in prop::collection::vec(record(), 1..12),
    ) {
        let texts = texts(&rules);
        let (own, rsigma) = engines(&texts);
        let rules = parsed(&texts);
        let mut matches = Matches::default();
        for event in &records {
            let (own, other) = (ours(&own, &mut matches, event), theirs(&rsigma, event));
            for difference in Difference::all(&own, &other, &rules, event) {
                // What stands in the alphabet, whatever the item.
                let known = matches!(difference.dispute, Some("numbers" | "letters beyond ASCII"));
                prop_assert!(known && difference.right, "{} on {:?}\n{}", difference.words(), event.fields, texts.concat());
            }
        }
    }

    #[test]
    fn disputed_rules_differ_only_as_written_down(
        rules in prop::collection::vec((disputed(), disputed(), select(vec!["s", "s and not t", "s or t", "not s"])), 1..8),
        records in prop::collection::vec(odd_record(), 1..12),
    ) {
        let texts = texts(&rules);
        let (own, rsigma) = engines(&texts);
        let rules = parsed(&texts);
        let mut matches = Matches::default();
        for event in &records {
            let (own, other) = (ours(&own, &mut matches, event), theirs(&rsigma, event));
            for difference in Difference::all(&own, &other, &rules, event) {
                prop_assert!(difference.is_settled(), "{} on {:?}\n{}", difference.words(), event.fields, texts.concat());
            }
        }
    }
}
