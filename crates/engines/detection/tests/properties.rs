//! The engine against a naive evaluator on rules and records of chance; the order of rules, fields and records.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at what cannot be")]

mod naive;

use event::{Event, Value};
use luytre_detection::{Engine, Matches, RuleSet};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Values as YAML writes them; small alphabets make things meet.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => select(vec!["a", "b", "c", "A", "B", "K", "s", ".", "-", "/", " ", "đ", "Đ", "ẵ", "İ", "ſ", "1", "0"]),
        2 => select(vec!["*", "?", "\\*", "\\?", "\\\\", "\\"]),
    ];
    prop::collection::vec(character, 0..7).prop_map(|parts| parts.concat())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn plain_value() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => text().prop_map(|text| quoted(&text)),
        1 => select(vec!["1", "0", "10", "-1", "1.5", "true", "false", "null", "''"]).prop_map(str::to_owned),
    ]
}

fn field() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b", "Long_field_name", "another.long field name"])
}

/// One line of a detection: key and values.
fn item() -> impl Strategy<Value = String> {
    let several = |values: Vec<String>| format!("[{}]", values.join(", "));
    let plain = (
        field(),
        select(vec![
            "",
            "|contains",
            "|startswith",
            "|endswith",
            "|contains|cased",
            "|cased",
            "|neq",
            "|contains|windash",
        ]),
        any::<bool>(),
        prop::collection::vec(plain_value(), 1..5),
    )
        .prop_map(move |(field, modifiers, all, mut values)| {
            if modifiers.contains("windash") || modifiers.contains("cased") || modifiers.contains("with") {
                values.retain(|value| value.starts_with('\'') && value.matches(['-', '/']).count() <= 3);
            }
            if values.is_empty() {
                values.push("'a'".to_owned());
            }
            if modifiers.contains("contains") {
                values.iter_mut().filter(|value| *value == "null").for_each(|value| *value = "'b'".to_owned());
            }
            let all = if all && values.len() > 1 { "|all" } else { "" };
            format!("{}: {}", quoted(&format!("{field}{modifiers}{all}")), several(values))
        });
    let regex = (
        field(),
        select(vec!["|re", "|re|i", "|re|m", "|re|i|s"]),
        select(vec!["a", "^a", "a$", "a.b", "[ab]+c?", "(a|b)K", "a{2}", "ab|cs?", ".", "", "k.*s", "\\\\"]),
    )
        .prop_map(|(field, modifiers, regex)| format!("{}: {}", quoted(&format!("{field}{modifiers}")), quoted(regex)));
    let other = (
        field(),
        select(vec![
            ("|exists", "true"),
            ("|exists", "false"),
            ("|lt", "1"),
            ("|gte", "0.5"),
            ("|gt", "-1"),
            ("|lte", "10"),
            ("|fieldref", "b"),
            ("|fieldref|startswith", "a"),
            ("|fieldref|contains", "b"),
            ("|cidr", "10.0.0.0/9"),
            ("|base64", "ab"),
            ("|base64offset|contains", "a"),
            ("|base64offset|contains", "abc"),
            ("|wide|base64offset|contains", "a"),
            ("", "[]"),
        ]),
    )
        .prop_map(|(field, (modifiers, value))| format!("{}: {value}", quoted(&format!("{field}{modifiers}"))));
    prop_oneof![6 => plain, 2 => regex, 2 => other]
}

/// A detection in flow style.
fn detection() -> impl Strategy<Value = String> {
    let map = prop::collection::vec(item(), 1..4).prop_map(|mut items| {
        items.sort();
        items.dedup_by_key(|item| item.split("':").next().unwrap_or_default().to_owned());
        format!("{{{}}}", items.join(", "))
    });
    let map = map.boxed();
    let keywords = prop::collection::vec("[abcK.đ]{1,4}|a\\*b|b\\?c", 1..4)
        .prop_map(|words| format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ")));
    let all_keywords = prop::collection::vec("[abcKđ]{1,3}", 2..4).prop_map(|words| {
        format!("{{'|all': [{}]}}", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
    });
    prop_oneof![
        6 => map.clone(),
        2 => prop::collection::vec(map, 1..3).prop_map(|maps| format!("[{}]", maps.join(", "))),
        2 => keywords,
        1 => all_keywords,
    ]
}

fn rule() -> impl Strategy<Value = String> {
    let condition = select(vec![
        "s1",
        "s1 and not s2",
        "s1 or s2",
        "1 of s*",
        "all of s*",
        "not s1",
        "not (s1 or s2) and s3",
        "s1 and (s2 or not s3)",
        "1 of them",
        "2 of s*",
        "not 1 of s*",
        "not (not s1)",
        "all of them or s3",
    ]);
    (detection(), detection(), detection(), condition).prop_map(|(one, two, three, condition)| {
        format!(
            "title: t\nlogsource: {{product: p}}\ndetection:\n  s1: {one}\n  s2: {two}\n  s3: {three}\n  condition: {condition}\n"
        )
    })
}

fn value() -> impl Strategy<Value = Value> {
    let texts = prop_oneof![
        6 => "[abcABKs.đĐẵİſ/1 –-]{0,8}",
        1 => "[abc]{60,90}",
        1 => select(vec!["10.1.2.3", "::ffff:10.200.0.1", "YWI=", "xYWJj", "YQBi", "xhAGIA", "\\", "a\nb", "true", "1.5", "10"]).prop_map(str::to_owned),
    ];
    let scalar = prop_oneof![
        8 => texts.prop_map(Value::from),
        1 => select(vec![0, 1, 10, -1]).prop_map(Value::Int),
        1 => select(vec![0.5, 1.0, 1.5, 10.0]).prop_map(Value::Float),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
    ]
    .boxed();
    prop_oneof![8 => scalar.clone(), 1 => prop::collection::vec(scalar, 0..3).prop_map(Value::List)]
}

fn record() -> impl Strategy<Value = Event> {
    let names = subsequence(vec!["a", "b", "Long_field_name", "another.long field name", "c"], 0..=5).prop_shuffle();
    (names, prop::collection::vec(value(), 5), prop::option::of("[abcK.đ ]{0,20}")).prop_map(
        |(names, values, message)| {
            let mut event = Event::default();
            event.log_source.product = Some("p".into());
            for (name, value) in names.into_iter().zip(values) {
                event.fields.set(name, value);
            }
            event.message = message;
            event
        },
    )
}

fn found(engine: &Engine, matches: &mut Matches, event: &Event) -> Vec<String> {
    engine.evaluate(event, matches);
    let mut ids: Vec<String> =
        matches.detections().iter().map(|one| engine.rules()[one.rule].path.display().to_string()).collect();
    ids.sort();
    ids
}

/// An engine of rules that all load, each under its number.
fn engine(rules: &[(usize, String)]) -> Engine {
    let (set, errors) = RuleSet::from_texts(rules.iter().map(|(number, text)| {
        (
            format!("{number}"),
            text.replace("title: t\n", &format!("title: t\nid: 00000000-0000-4000-8000-{number:012}\n")),
        )
    }));
    assert_eq!(errors, [], "{rules:?}");
    Engine::new(set)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_answers_as_the_naive_evaluator(
        rules in prop::collection::vec(rule(), 1..20),
        records in prop::collection::vec(record(), 1..20),
    ) {
        let parsed: Vec<_> = rules.iter().map(|text| rsigma_parser::parse_sigma_yaml(text).unwrap()).collect();
        let numbered: Vec<(usize, String)> = rules.iter().cloned().enumerate().collect();
        let engine = engine(&numbered);
        let mut matches = Matches::default();
        for record in &records {
            let have = found(&engine, &mut matches, record);
            let mut want: Vec<String> = (0..rules.len())
                .filter(|number| naive::holds(&parsed[*number].rules[0].detection, record))
                .map(|number| number.to_string())
                .collect();
            want.sort();
            let differing: Vec<&String> = rules.iter().enumerate()
                .filter(|(number, _)| have.contains(&number.to_string()) != want.contains(&number.to_string()))
                .map(|(_, text)| text)
                .collect();
            prop_assert!(have == want, "have {have:?} want {want:?} for {:?} {:?}\n{}", record.fields, record.message,
                differing.iter().map(|text| text.as_str()).collect::<String>());
        }
    }

    #[test]
    fn order_does_not_matter(
        rules in prop::collection::vec(rule(), 2..15),
        records in prop::collection::vec(record(), 2..15),
        turn in any::<prop::sample::Index>(),
    ) {
        let numbered: Vec<(usize, String)> = rules.into_iter().enumerate().collect();
        let mut turned = numbered.clone();
        turned.rotate_left(turn.index(numbered.len()));
        turned.swap(0, 1);
        let (first, second) = (engine(&numbered), engine(&turned));
        let (mut one, mut other) = (Matches::default(), Matches::default());
        let answers: Vec<Vec<String>> = records.iter().map(|record| found(&first, &mut one, record)).collect();
        // Records backwards, with the memory of the other engine between them, and their fields backwards.
        for (record, answer) in records.iter().zip(&answers).rev() {
            let mut backwards = record.clone();
            backwards.fields = record
                .fields
                .iter()
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .map(|(name, value)| (name.into(), value.clone()))
                .collect();
            prop_assert_eq!(&found(&second, &mut other, &backwards), answer);
            prop_assert_eq!(&found(&second, &mut one, record), answer);
            prop_assert_eq!(&found(&second, &mut Matches::default(), record), answer);
        }
    }
}
