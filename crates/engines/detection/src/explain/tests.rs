//! The tree says what the engine decides, part by part.

use crate::{Ask, CorrelationMeasure, Engine, How, Link, Matches, Part, Reading, RuleSet};
use event::{Event, Value};

fn rule(detection: &str) -> RuleSet {
    let text = format!("title: T\nlogsource: {{product: windows}}\ndetection:\n{detection}\n");
    let (set, errors) = RuleSet::from_texts([("a.yml", text)]);
    assert_eq!(errors, []);
    set
}

fn windows(fields: &[(&str, Value)]) -> Event {
    let mut event = Event::default();
    event.log_source.product = Some("windows".into());
    fields.iter().for_each(|(name, value)| event.fields.set(name, value.clone()));
    event
}

fn asks(part: &Part) -> Vec<&Ask> {
    match &part.link {
        Link::Ask(ask) => vec![ask],
        _ => part.parts.iter().flat_map(asks).collect(),
    }
}

fn condition(set: &RuleSet) -> Part {
    match set.reading(0) {
        Some(Reading::Condition(part)) => part,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_condition_is_read_field_by_field() {
    let set = rule(
        "  one: {Image|endswith: '\\cmd.exe', User: [root, 'adm*'], Port|gte: 1024, Name: null}\n  \
         two: {CommandLine|contains|all: [' -a', b]}\n  three: {A|cidr: 10.0.0.0/8, B|re: '^x', C|exists: true}\n  \
         condition: one and not 1 of t*",
    );
    let part = condition(&set);
    assert_eq!((&part.link, part.holds), (&Link::All, None));
    let hows: Vec<_> = asks(&part).iter().map(|ask| (ask.field.as_deref().unwrap_or("-"), ask.how)).collect();
    for wanted in [
        ("Image", How::EndsWith),
        ("User", How::Equals),
        ("User", How::StartsWith),
        ("Port", How::GreaterOrEqual),
        ("Name", How::Empty),
        ("CommandLine", How::Contains),
        ("A", How::Network),
        ("B", How::Regex),
        ("C", How::Present),
    ] {
        assert!(hows.contains(&wanted), "{wanted:?} is not in {hows:?}");
    }
    assert_eq!(part.parts.last().map(|part| &part.link), Some(&Link::Not));
}

#[test]
fn a_value_in_many_forms_is_one_question() {
    let set = rule("  s: {CommandLine|windash|contains: ' -enc', B|base64offset|contains: whoami}\n  condition: s");
    let part = condition(&set);
    let asks = asks(&part);
    let shown: Vec<_> = asks.iter().map(|ask| (ask.how, ask.value.as_str())).collect();
    assert_eq!(shown, vec![(How::Contains, " -enc"), (How::Derived, "whoami")]);
    let event = windows(&[("CommandLine", "x /enc y".into()), ("B", "xyz".into())]);
    let explained = set.explain(0, &event).expect("a condition");
    let held: Vec<_> = explained.condition.parts.iter().map(|part| part.holds).collect();
    assert_eq!(held, vec![Some(true), Some(false)]);
    assert!(!explained.matches());
}

#[test]
fn each_part_is_marked_with_what_the_record_has_there() {
    let set = rule("  s: {User: root, Image|endswith: cmd.exe}\n  f: {Host: backup}\n  condition: s and not f");
    let event = windows(&[("User", "ROOT".into()), ("Host", Value::List(vec!["a".into(), "backup".into()]))]);
    let explained = set.explain(0, &event).expect("a condition");
    assert!(explained.log_source_fits && !explained.matches());
    let met: Vec<_> = asks(&explained.condition).iter().map(|ask| ask.met.clone()).collect();
    assert_eq!(met, vec![Some("ROOT".to_owned()), None, Some("a, backup".to_owned())]);
    let not = explained.condition.parts.last().expect("not f");
    assert_eq!((not.holds, not.parts[0].holds), (Some(false), Some(true)));
    let mut linux = event;
    linux.log_source.product = Some("linux".into());
    assert!(!set.explain(0, &linux).expect("a condition").log_source_fits);
}

#[test]
fn the_tree_and_the_engine_agree() {
    let rules = [
        "  s: {User: root}\n  condition: s",
        "  s: {User: [root, admin], Port|lt: 100}\n  condition: s",
        "  s: {User|startswith: ro}\n  f: {Port: 22}\n  condition: s and not f",
        "  a: {User: root}\n  b: {Port: 22}\n  c: {Host: h}\n  condition: 2 of them",
        "  s: [failed, '*denied*']\n  condition: s",
        "  s: {User|fieldref: Host}\n  condition: not s",
        "  s: {Port: null}\n  condition: s",
    ];
    let events = [
        windows(&[]),
        windows(&[("User", "root".into()), ("Port", Value::Int(22))]),
        windows(&[("User", "Robert".into()), ("Host", "robert".into())]),
        windows(&[("User", "admin".into()), ("Port", Value::Int(99)), ("Host", "h".into())]),
        windows(&[("Message", "access DENIED by policy".into()), ("Port", Value::Null)]),
    ];
    for text in rules {
        let set = rule(text);
        let engine = Engine::new(set.clone());
        let mut matches = Matches::default();
        for event in &events {
            engine.evaluate(event, &mut matches);
            let explained = set.explain(0, event).expect("a condition");
            assert_eq!(explained.matches(), !matches.is_empty(), "{text}\n{event:?}\n{explained:?}");
        }
    }
}

#[test]
fn a_correlation_is_read_with_its_base_rules() {
    let base = "title: Base\nid: 6f3b2a10-0000-4000-8000-000000000001\nlogsource: {product: linux}\n\
                detection: {s: {a: b}, condition: s}\n";
    let many = "title: Many\nid: 6f3b2a10-0000-4000-8000-000000000002\ncorrelation: {type: event_count, \
                rules: [6f3b2a10-0000-4000-8000-000000000001], group-by: [user], timespan: 5m, condition: {gte: 10}}\n";
    let (set, errors) = RuleSet::from_texts([("a.yml", base), ("b.yml", many)]);
    assert_eq!(errors, []);
    let Some(Reading::Correlation(reading)) = set.reading(1) else { panic!("no correlation") };
    assert_eq!(reading.measure, CorrelationMeasure::Events);
    assert_eq!((reading.comparisons, reading.bases), (vec![(How::GreaterOrEqual, 10.0)], vec![0]));
    assert_eq!((reading.group_by, reading.span), (vec!["user".to_owned()], 300_000_000));
    assert_eq!(set.explain(1, &Event::default()), None);
}
