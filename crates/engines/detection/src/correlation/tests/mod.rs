//! Correlations over small streams: thresholds, order of arrival, episodes, chains, scopes.

mod bounds;
mod lists;
mod memory;
mod names;
mod order;

use crate::{CorrelationLimits, CorrelationMatch, CorrelationState, Engine, Matches, Moment, RuleSet};
use event::Event;

const BASES: &str = "
title: failed
name: failed
logsource: {product: x}
detection: {s: {result: failed}, condition: s}
---
title: success
name: success
logsource: {product: x}
detection: {s: {result: ok}, condition: s}
";

fn engine(correlations: &str) -> Engine {
    let (rules, errors) = RuleSet::from_texts([("rules.yml", format!("{BASES}---{correlations}"))]);
    assert_eq!(errors, []);
    Engine::new(rules)
}

fn record(fields: &[(&str, &str)]) -> Event {
    let mut event = Event::default();
    event.log_source.product = Some("x".into());
    fields.iter().for_each(|(name, value)| event.fields.set(name, *value));
    event
}

struct Stream {
    engine: Engine,
    state: CorrelationState,
    seq: u64,
}

impl Stream {
    fn new(correlations: &str) -> Self {
        Self { engine: engine(correlations), state: CorrelationState::new(CorrelationLimits::default()), seq: 0 }
    }

    fn send(&mut self, second: i64, fields: &[(&str, &str)]) -> Vec<CorrelationMatch> {
        self.seq += 1;
        self.send_as(self.seq, second, fields)
    }

    fn send_as(&mut self, seq: u64, second: i64, fields: &[(&str, &str)]) -> Vec<CorrelationMatch> {
        self.send_of(0, seq, second, fields)
    }

    fn send_of(&mut self, scope: u64, seq: u64, second: i64, fields: &[(&str, &str)]) -> Vec<CorrelationMatch> {
        let (event, mut matches) = (record(fields), Matches::default());
        self.engine.evaluate(&event, &mut matches);
        let time = second * 1_000_000;
        self.state.observe(&self.engine, &event, Moment { time, arrival: time, seq, scope }, &matches, &mut |_| true)
    }
}

const BRUTE_FORCE: &str = "
title: many
name: many
correlation:
  type: event_count
  rules: [failed]
  group-by: [ip]
  timespan: 1m
  condition: {gte: 3}
";

#[test]
fn a_count_fires_once_and_goes_on_under_the_same_first_record() {
    let mut stream = Stream::new(BRUTE_FORCE);
    let failed = [("result", "failed"), ("ip", "a")];
    assert!(stream.send(0, &failed).is_empty());
    assert!(stream.send(10, &[("result", "failed"), ("ip", "b")]).is_empty());
    assert!(stream.send(20, &failed).is_empty());
    let first = stream.send(30, &failed);
    assert_eq!((first[0].started, first[0].first_seq, first[0].seqs.clone()), (true, 1, vec![1, 3, 4]));
    assert_eq!(first[0].group, [("ip".to_owned(), "a".to_owned())]);
    let more = stream.send(40, &failed);
    assert_eq!((more[0].started, more[0].first_seq, more[0].seqs.clone(), more[0].number), (false, 1, vec![5], 4.0));
    for second in [500, 510] {
        assert!(stream.send(second, &failed).is_empty());
    }
    assert!(stream.send(520, &failed)[0].started);
}

#[test]
fn order_of_arrival_does_not_matter() {
    let mut stream = Stream::new(BRUTE_FORCE);
    let failed = [("result", "failed"), ("ip", "a")];
    for second in [100, 0] {
        assert!(stream.send(second, &failed).is_empty());
    }
    assert!(stream.send(50, &failed).is_empty(), "0 to 100 is longer than a minute");
    let late = stream.send(60, &failed);
    assert_eq!(late[0].seqs, [2, 3, 4]);
}

#[test]
fn the_same_record_again_changes_nothing() {
    let mut stream = Stream::new(BRUTE_FORCE);
    let failed = [("result", "failed"), ("ip", "a")];
    stream.send_as(1, 0, &failed);
    stream.send_as(2, 1, &failed);
    assert!(stream.send_as(2, 1, &failed).is_empty());
    assert_eq!(stream.send_as(3, 2, &failed).len(), 1);
    assert!(stream.send_as(3, 2, &failed).is_empty());
    assert_eq!(stream.state.counters().entries, 3);
}

#[test]
fn values_are_counted_once_each() {
    let mut stream = Stream::new(
        "
title: spray
correlation:
  type: value_count
  rules: [failed]
  group-by: [ip]
  timespan: 1m
  condition: {gt: 2, field: user}
",
    );
    let send =
        |stream: &mut Stream, second, user| stream.send(second, &[("result", "failed"), ("ip", "a"), ("user", user)]);
    assert!(send(&mut stream, 0, "x").is_empty());
    assert!(send(&mut stream, 1, "x").is_empty());
    assert!(send(&mut stream, 2, "y").is_empty());
    assert!(stream.send(2, &[("result", "failed"), ("ip", "a")]).is_empty(), "no user, no value");
    assert_eq!(send(&mut stream, 3, "z")[0].number, 3.0);
    assert_eq!(stream.state.counters().without_group, 1);
}

#[test]
fn many_failures_and_then_a_success_is_a_chain_in_order() {
    let chain = format!(
        "{BRUTE_FORCE}---
title: broken in
correlation:
  type: temporal_ordered
  rules: [many, success]
  group-by: [ip]
  timespan: 5m
"
    );
    let mut stream = Stream::new(&chain);
    let titles = |stream: &Stream, found: &[CorrelationMatch]| -> Vec<String> {
        found.iter().map(|one| stream.engine.rules()[one.rule].title.clone()).collect()
    };
    stream.send(0, &[("result", "ok"), ("ip", "a")]);
    for second in 1..20 {
        let found = stream.send(second * 20, &[("result", "failed"), ("ip", "a")]);
        assert!(!titles(&stream, &found).contains(&"broken in".to_owned()), "the success came before");
    }
    let found = stream.send(400, &[("result", "ok"), ("ip", "a")]);
    assert_eq!(titles(&stream, &found), ["broken in"]);
    assert!(stream.send(410, &[("result", "ok"), ("ip", "b")]).is_empty());
    let silent: Vec<&str> =
        stream.engine.rules().iter().filter(|rule| !rule.alerts()).map(|rule| rule.title.as_str()).collect();
    assert_eq!(silent, ["failed", "success", "many"]);
}

#[test]
fn records_of_two_scopes_are_never_counted_together_nor_in_chains() {
    let chain = "
title: broken in
correlation:
  type: temporal_ordered
  rules: [many, success]
  group-by: [ip]
  timespan: 5m
";
    let mut stream = Stream::new(&format!("{BRUTE_FORCE}---{chain}"));
    let (failed, success) = ([("result", "failed"), ("ip", "a")], [("result", "ok"), ("ip", "a")]);
    for seq in 1..=4 {
        assert!(stream.send_of(seq % 2, seq, 0, &failed).is_empty(), "two of each scope make no three");
    }
    assert_eq!(stream.send_of(1, 5, 1, &failed)[0].seqs, [1, 3, 5]);
    assert!(stream.send_of(0, 6, 2, &success).is_empty(), "the other scope saw no brute force");
    assert_eq!(stream.send_of(1, 7, 2, &success).len(), 1);
    assert_eq!(stream.state.counters().groups, 4);
}

#[test]
fn a_correlation_that_is_refused_is_told_and_feeds_none_above_it() {
    let chain = "
title: twice many
correlation:
  type: event_count
  rules: [many]
  group-by: [ip]
  timespan: 1h
  condition: {gte: 1}
";
    let mut stream = Stream::new(&format!("{BRUTE_FORCE}---{chain}"));
    let failed = [("result", "failed"), ("ip", "a")];
    let mut send = |feeds: bool, seq: u64| {
        let (event, mut matches) = (record(&failed), Matches::default());
        stream.engine.evaluate(&event, &mut matches);
        let moment = Moment { time: seq as i64, arrival: seq as i64, seq, scope: 0 };
        let found = stream.state.observe(&stream.engine, &event, moment, &matches, &mut |_| feeds);
        found.into_iter().map(|one| stream.engine.rules()[one.rule].title.clone()).collect::<Vec<_>>()
    };
    assert_eq!((send(false, 1), send(false, 2), send(false, 3)), (vec![], vec![], vec!["many".to_owned()]));
    assert_eq!(send(true, 4), ["many", "twice many"]);
    assert_eq!(send(false, 5), ["many"]);
}

#[test]
fn temporal_wants_every_rule_in_any_order_and_aliases_join_fields() {
    let mut stream = Stream::new(
        "
title: both
generate: true
correlation:
  type: temporal
  rules: [failed, success]
  group-by: [address]
  timespan: 10s
  aliases:
    address:
      failed: from
      success: to
",
    );
    assert!(stream.send(0, &[("result", "ok"), ("to", "a")]).is_empty());
    assert!(stream.send(11, &[("result", "failed"), ("from", "a")]).is_empty());
    assert_eq!(stream.send(12, &[("result", "ok"), ("to", "a")])[0].seqs, [2, 3]);
    assert!(stream.engine.rules().iter().all(|rule| rule.alerts()), "generate keeps the base rules' own alerts");
}

#[test]
fn sums_and_percentiles_are_taken_over_the_window() {
    let mut stream = Stream::new(
        "
title: much
correlation:
  type: value_sum
  rules: [failed]
  timespan: 1m
  condition: {gte: 100, field: bytes}
---
title: median
correlation:
  type: value_median
  rules: [failed]
  timespan: 1m
  condition: {gt: 50, field: bytes}
",
    );
    assert!(stream.send(0, &[("result", "failed"), ("bytes", "40")]).is_empty());
    let found = stream.send(1, &[("result", "failed"), ("bytes", "70")]);
    assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), [110.0, 55.0]);
}

#[test]
fn correlations_that_cannot_work_are_refused_with_their_line() {
    let text = format!(
        "{BASES}---
title: unknown base
correlation: {{type: event_count, rules: [nobody], timespan: 1m, condition: {{gte: 3}}}}
---
title: circle a
name: a
correlation: {{type: temporal, rules: [b, failed], timespan: 1m}}
---
title: circle b
name: b
correlation: {{type: temporal, rules: [a, failed], timespan: 1m}}
---
title: silence
correlation: {{type: event_count, rules: [failed], timespan: 1m, condition: {{lt: 3}}}}
---
title: fieldless
correlation: {{type: value_count, rules: [failed], timespan: 1m, condition: {{gt: 3}}}}
---
title: endless
correlation: {{type: value_count, rules: [failed], timespan: 1m, condition: {{gt: 300000, field: user}}}}
"
    );
    let (rules, errors) = RuleSet::from_texts([("rules.yml", text)]);
    assert_eq!(rules.len(), 2);
    let reasons: Vec<(usize, &str)> = errors.iter().map(|error| (error.line, error.reason.as_str())).collect();
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    assert_eq!(reasons[0], (12, "the rule 'nobody' that the correlation names is not loaded"));
    assert!(reasons[1].1.contains("depends on itself") && reasons[2].1.contains("depends on itself"));
    assert!(reasons[3].1.contains("lower bound") && reasons[4].1.contains("needs a field"));
    assert!(reasons[5].1.contains("not kept in memory"));
}

#[test]
fn a_clock_that_runs_ahead_makes_nobody_forget() {
    let mut stream = Stream::new(BRUTE_FORCE);
    let failed = [("result", "failed"), ("ip", "a")];
    stream.send(0, &failed);
    stream.send(1, &failed);
    let (event, mut matches) = (record(&failed), Matches::default());
    stream.engine.evaluate(&event, &mut matches);
    let ahead = Moment { time: 4_000_000_000_000_000, arrival: 1_500_000, seq: 50, scope: 0 };
    assert!(stream.state.observe(&stream.engine, &event, ahead, &matches, &mut |_| true).is_empty());
    assert_eq!(stream.send(2, &failed)[0].seqs, [1, 2, 3]);
}

#[test]
fn a_late_record_counts_within_the_allowance() {
    let mut stream = Stream::new(BRUTE_FORCE);
    let failed = [("result", "failed"), ("ip", "a")];
    stream.send(0, &failed);
    stream.send(10, &failed);
    // Ten minutes and the window's one are kept behind the newest.
    stream.send(650, &failed);
    assert_eq!(stream.send(20, &failed)[0].seqs, [1, 2, 4]);
    stream.send(2_000, &failed);
    assert_eq!(stream.state.counters().entries, 1, "what nothing can join any more is let go");
}
