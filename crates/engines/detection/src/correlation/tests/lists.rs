//! Records that hold lists, that match several of the rules, and numbers that are not whole.

use super::{BASES, Stream, engine};
use crate::{CorrelationLimits, CorrelationState, Matches, Moment, RuleSet};
use event::{Event, Value};

fn list(values: &[&str]) -> Value {
    Value::List(values.iter().map(|value| Value::from(*value)).collect())
}

/// Sends a failed sign-in with these fields. Gives the groups and numbers of what is found.
fn fail(stream: &mut Stream, second: i64, fields: &[(&str, Value)]) -> Vec<(Vec<(String, String)>, f64)> {
    let mut event = Event::default();
    event.log_source.product = Some("x".into());
    event.fields.set("result", "failed");
    fields.iter().for_each(|(name, value)| event.fields.set(name, value.clone()));
    let mut matches = Matches::default();
    stream.engine.evaluate(&event, &mut matches);
    stream.seq += 1;
    let time = second * 1_000_000;
    let moment = Moment { time, arrival: time, seq: stream.seq, scope: 0 };
    let found = stream.state.observe(&stream.engine, &event, moment, &matches, &mut |_| true);
    found.into_iter().map(|one| (one.group, one.number)).collect()
}

const SPRAY: &str = "
title: spray
name: spray
correlation:
  type: value_count
  rules: [failed]
  group-by: [ip]
  timespan: 1m
  condition: {gte: 3, field: user}
";

#[test]
fn every_element_of_a_list_is_a_value() {
    let mut stream = Stream::new(SPRAY);
    let ip = || ("ip", Value::from("a"));
    assert_eq!(fail(&mut stream, 0, &[ip(), ("user", list(&["x", "y"]))]), []);
    assert_eq!(fail(&mut stream, 1, &[ip(), ("user", list(&["y", "x", "x"]))]), []);
    let saved = stream.state.save(1 << 20);
    stream.state = CorrelationState::load(CorrelationLimits::default(), &saved).unwrap();
    assert_eq!(stream.state.save(1 << 20), saved);
    let found = fail(&mut stream, 2, &[ip(), ("user", list(&["z"]))]);
    assert_eq!(found.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [3.0]);
}

#[test]
fn every_element_of_a_list_is_a_group_and_a_chain_stays_in_its_own() {
    let chain = "
title: twice
correlation:
  type: event_count
  rules: [spray]
  group-by: [ip]
  timespan: 1h
  condition: {gte: 1}
";
    let mut stream = Stream::new(&format!("{SPRAY}---{chain}"));
    for user in ["x", "y"] {
        assert_eq!(fail(&mut stream, 0, &[("ip", list(&["a"])), ("user", user.into())]), []);
    }
    let found = fail(&mut stream, 1, &[("ip", list(&["a", "b"])), ("user", "z".into())]);
    let of_a = vec![("ip".to_owned(), "a".to_owned())];
    assert_eq!(found, [(of_a.clone(), 3.0), (of_a, 1.0)]);
    assert_eq!(stream.state.counters().groups, 3);
    let many: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    fail(&mut stream, 2, &[("ip", list(&many)), ("user", "z".into())]);
    let counters = stream.state.counters();
    assert_eq!((counters.groups, counters.forgotten_entries), (3 + 64, 1), "{counters:?}");
}

#[test]
fn a_record_that_matches_two_of_the_rules_is_one_event() {
    let over = "
title: from here
name: here
logsource: {product: x}
detection: {s: {ip: a}, condition: s}
---
title: many
correlation:
  type: event_count
  rules: [failed, here]
  timespan: 1m
  condition: {gte: 3}
---
title: much
correlation:
  type: value_sum
  rules: [failed, here]
  timespan: 1m
  condition: {gte: 3, field: bytes}
";
    let mut stream = Stream::new(over);
    let fields = [("result", "failed"), ("ip", "a"), ("bytes", "1")];
    assert_eq!(stream.send(0, &fields), []);
    assert_eq!(stream.send(1, &fields), []);
    let numbers: Vec<f64> = stream.send(2, &fields).iter().map(|one| one.number).collect();
    assert_eq!(numbers, [3.0, 3.0]);
}

#[test]
fn thresholds_need_not_be_whole() {
    let over = "
title: load
correlation:
  type: value_avg
  rules: [failed]
  timespan: 1m
  condition: {gt: 0.5, lte: 1.5, field: load}
---
title: debt
correlation:
  type: value_sum
  rules: [failed]
  timespan: 1m
  condition: {lt: 10, gt: -1.5, neq: 0, field: load}
";
    let mut stream = Stream::new(over);
    let mut send = |load: &str| stream.send(0, &[("result", "failed"), ("load", load)]).len();
    assert_eq!(send("0.4"), 1, "the sum alone");
    assert_eq!(send("1.6"), 2);
    assert_eq!(send("-9"), 0);
    let wrong = format!(
        "{BASES}---\ntitle: w\ncorrelation: {{type: value_sum, rules: [failed], timespan: 1m, condition: {{gte: many, field: load}}}}\n"
    );
    let (_, errors) = RuleSet::from_texts([("a.yml", wrong)]);
    assert!(errors[0].reason.contains("numeric"), "{errors:?}");
}

#[test]
fn percentiles_need_not_be_whole() {
    let over = "
title: nearly all
correlation:
  type: value_percentile
  rules: [failed]
  timespan: 1m
  condition: {gte: 1, field: load, percentile: 99.5}
";
    let rules = engine(over);
    assert_eq!(rules.correlation(2).unwrap().measure, crate::correlation::Measure::Percentile(99.5));
}
