//! Correlations over small streams: thresholds, order of arrival, episodes, chains, limits.

use crate::{
    CorrelationError, CorrelationLimits, CorrelationMatch, CorrelationState, Engine, Matches, Moment, RuleSet,
};
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
        stream.engine.rules().iter().filter(|rule| !rule.alerts).map(|rule| rule.title.as_str()).collect();
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
    assert!(stream.engine.rules().iter().all(|rule| rule.alerts), "generate keeps the base rules' own alerts");
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
fn memory_stays_within_the_limits_and_says_what_it_forgot() {
    let mut stream = Stream::new(BRUTE_FORCE);
    stream.state = CorrelationState::new(CorrelationLimits { groups: 100, ..CorrelationLimits::default() });
    for number in 0..1_000 {
        stream.send(number / 100, &[("result", "failed"), ("ip", &number.to_string())]);
    }
    let counters = stream.state.counters();
    assert!(counters.groups <= 101, "{counters:?}");
    assert!(counters.forgotten_groups >= 890, "{counters:?}");
    assert_eq!(counters.entries, counters.groups);
}

#[test]
fn long_values_are_kept_as_their_beginning_and_a_hash_and_all_of_them_within_the_bytes() {
    let mut stream = Stream::new(BRUTE_FORCE);
    let limits = CorrelationLimits { bytes: 10_000, value_bytes: 200, ..CorrelationLimits::default() };
    stream.state = CorrelationState::new(limits);
    let long = |end: &str| format!("{}{end}", "à".repeat(50_000));
    let (one, other) = (long("1"), long("2"));
    for _ in 0..3 {
        stream.send(0, &[("result", "failed"), ("ip", &other)]);
    }
    stream.send(1, &[("result", "failed"), ("ip", &one)]);
    stream.send(1, &[("result", "failed"), ("ip", &one)]);
    assert_eq!(stream.state.counters().groups, 2, "long values that differ are different");
    let found = stream.send(1, &[("result", "failed"), ("ip", &one)]);
    let value = &found[0].group[0].1;
    assert!(value.len() <= 200 && value.starts_with("àà"), "{value}");
    let counters = stream.state.counters();
    assert_eq!(counters.shortened, 6);
    assert!(counters.bytes <= 400, "{counters:?}");
    for number in 0..1_000 {
        stream.send(2, &[("result", "failed"), ("ip", &long(&number.to_string()))]);
    }
    let counters = stream.state.counters();
    assert!(counters.bytes <= 10_200 && counters.forgotten_groups > 900, "{counters:?}");
}

#[test]
fn a_sum_takes_more_records_than_a_group_keeps() {
    let mut stream = Stream::new(
        "
title: much
correlation:
  type: value_sum
  rules: [failed]
  timespan: 100m
  condition: {gte: 50000, field: bytes}
---
title: usual
correlation:
  type: value_avg
  rules: [failed]
  timespan: 100m
  condition: {gte: 9, field: bytes}
---
title: median
correlation:
  type: value_median
  rules: [failed]
  timespan: 100m
  condition: {gte: 1, field: bytes}
",
    );
    let mut found = Vec::new();
    for second in 0..6_000 {
        found = stream.send(second, &[("result", "failed"), ("bytes", if second % 2 == 0 { "4" } else { "16" })]);
        assert_eq!(found.iter().any(|one| one.rule == 2), second >= 4_999, "at {second}: {found:?}");
    }
    let numbers: Vec<f64> = found.iter().map(|one| one.number).collect();
    assert_eq!(numbers[..2], [60_000.0, 10.0]);
    assert!([4.0, 10.0, 16.0].contains(&numbers[2]), "{numbers:?}");
    let counters = stream.state.counters();
    assert!(counters.entries <= 3 * 1_024 && counters.forgotten_entries == 0, "{counters:?}");
    // Most of a window later only what came since counts.
    let found = stream.send(11_000, &[("result", "failed"), ("bytes", "60")]);
    let average = found.iter().find(|one| one.rule == 3).unwrap().number;
    assert!((9.5..11.0).contains(&average), "{average}");
    assert!(found.iter().all(|one| one.rule != 2), "{found:?}");
}

#[test]
fn a_percentile_of_more_numbers_than_are_kept_is_near() {
    let mut stream = Stream::new(
        "
title: nearly all
correlation:
  type: value_percentile
  rules: [failed]
  timespan: 100m
  condition: {gte: 1, field: bytes, percentile: 90}
",
    );
    let mut number = 0.0;
    for second in 0..5_999 {
        let value = (second * 7_919 % 1_000).to_string();
        let found = stream.send(second, &[("result", "failed"), ("bytes", &value)]);
        number = found.first().map_or(number, |one| one.number);
    }
    assert!((850.0..950.0).contains(&number), "{number}");
}

#[test]
fn repetitions_do_not_push_out_what_is_counted_once() {
    let mut stream = Stream::new(
        "
title: spray
correlation:
  type: value_count
  rules: [failed]
  group-by: [ip]
  timespan: 1h
  condition: {gte: 3, field: user}
---
title: in order
correlation:
  type: temporal_ordered
  rules: [success, failed]
  group-by: [ip]
  timespan: 1h
",
    );
    let failed = |user| [("result", "failed"), ("ip", "a"), ("user", user)];
    stream.send(0, &failed("x"));
    stream.send(1, &failed("y"));
    stream.send(1, &[("result", "ok"), ("ip", "b")]);
    for second in 2..3_000 {
        assert!(stream.send(second, &failed("x")).is_empty());
        stream.send(second, &[("result", "ok"), ("ip", "b")]);
    }
    assert_eq!(stream.send(3_000, &failed("z"))[0].number, 3.0);
    assert_eq!(stream.send(3_000, &[("result", "failed"), ("ip", "b"), ("user", "x")]).len(), 1);
    let counters = stream.state.counters();
    assert!(counters.forgotten_entries == 0 && counters.entries < 5_000, "{counters:?}");
}

#[test]
fn state_outlives_a_new_engine_for_correlations_that_take_in_the_same() {
    let mut stream = Stream::new(BRUTE_FORCE);
    let failed = [("result", "failed"), ("ip", "a")];
    stream.send(0, &failed);
    stream.send(1, &failed);
    let own = BRUTE_FORCE.replace("name: many", "name: many\nid: 6f3b2a10-0000-4000-8000-0000000000aa");
    stream.engine = engine(&own);
    stream.state.retain(&stream.engine);
    assert_eq!(stream.state.counters().groups, 0, "a rule without an id is another with every change");
    stream.send(0, &failed);
    stream.send(1, &failed);
    // Other rules, another title, another threshold: the same matches are taken in.
    let other = "---\ntitle: other\nlogsource: {product: y}\ndetection: {s: {a: b}, condition: s}\n";
    let more = own.replace("title: many", "title: Many a time").replace("gte: 3", "gte: 4");
    stream.engine = engine(&format!("{more}{other}"));
    stream.state.retain(&stream.engine);
    assert!(stream.send(2, &failed).is_empty());
    assert_eq!(stream.send(3, &failed).len(), 1);
    for changed in [own.replace("[ip]", "[user]"), own.replace("rules: [failed]", "rules: [failed, success]")] {
        let mut other = Stream::new(&own);
        other.send(0, &failed);
        other.engine = engine(&changed);
        other.state.retain(&other.engine);
        assert_eq!(other.state.counters().groups, 0, "{changed}");
    }
    let filter = "---
title: not ours
logsource: {product: x}
filter: {rules: [failed], selection: {ip: '10.0.0.1'}, condition: not selection}
";
    stream.engine = engine(&format!("{more}{filter}"));
    stream.state.retain(&stream.engine);
    assert_eq!(stream.state.counters().groups, 0, "what the base asks has changed");
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
---
title: then in
correlation:
  type: temporal_ordered
  rules: [spray, success]
  group-by: [ip]
  timespan: 5m
";

/// Number, time and fields of a record.
type Chance = (u64, i64, Vec<(&'static str, String)>);

/// A stream of chance, the same every time: late, repeated, interleaved.
fn stream_of_chance(records: usize) -> Vec<Chance> {
    let mut number = 88_172_645_463_325_252_u64;
    let mut next = |below: u64| {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        number % below
    };
    let one = |seq: u64| {
        let late = if next(5) == 0 { next(300) as i64 } else { 0 };
        let result = if next(6) == 0 { "ok" } else { "failed" };
        let fields = vec![("result", result.to_owned()), ("ip", next(7).to_string()), ("user", next(4).to_string())];
        (seq, seq as i64 * 3 - late, fields)
    };
    (1..=records as u64).map(one).collect()
}

/// Every group as it is saved, without how often it was looked at.
fn groups_of(state: &mut CorrelationState) -> Vec<String> {
    let untouched = |line: &str| {
        let mut group: Vec<serde_json::Value> = serde_json::from_str(line).unwrap();
        group[2] = 0.into();
        serde_json::to_string(&group).unwrap()
    };
    let mut groups: Vec<String> = state.save(1 << 20).lines().skip(2).map(untouched).collect();
    groups.sort();
    groups
}

#[test]
fn what_was_saved_is_refused_as_a_whole_where_it_is_damaged_or_of_another_version() {
    let mut stream = Stream::new(SUMS_AND_SPRAY);
    for second in 0..4 {
        let user = format!("Ẩn\u{0}\n{second}");
        stream.send(second, &[("result", "failed"), ("ip", "a"), ("user", &user), ("bytes", "0.1")]);
    }
    let text = stream.state.save(1 << 20);
    let limits = CorrelationLimits::default();
    let refused = |text: &str| CorrelationState::load(limits, text).err();
    assert_eq!(refused(&text), None);
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        assert_eq!(refused(&text[..at]), Some(CorrelationError::Damaged), "cut at {at}");
        let other = if text[at..].starts_with('7') { "8" } else { "7" };
        let changed = format!("{}{other}{}", &text[..at], &text[text.ceil_char_boundary(at + 1)..]);
        assert!(refused(&changed).is_some(), "changed at {at}: {changed}");
    }
    let newer = text.replacen("luytre-correlations 1 ", "luytre-correlations 2 ", 1);
    assert_eq!(refused(&newer), Some(CorrelationError::OtherVersion));
    // Whoever changes this changes the number of the version too, or running centres misread what they have.
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[1]), (4, "[8,3000000]"));
    let group: Vec<serde_json::Value> = serde_json::from_str(lines[2]).unwrap();
    assert_eq!(serde_json::to_string(&group[1..6]).unwrap(), "[0,8,60000000,[\"a\"],null]");
    assert_eq!(group[6][0], serde_json::json!([0, 1, 0, 1, 0.1_f64.to_bits()]));
    let group: Vec<serde_json::Value> = serde_json::from_str(lines[3]).unwrap();
    assert_eq!(serde_json::to_string(&group[1..6]).unwrap(), "[0,7,60000000,[\"a\"],[1,3000000]]");
    assert_eq!(group[6][3], serde_json::json!([3_000_000, 4, 0, 1, "Ẩn\u{0}\n3"]));
}

#[test]
fn what_there_is_no_room_for_is_counted_and_the_newest_is_saved() {
    let mut stream = Stream::new(BRUTE_FORCE);
    for number in 0..100 {
        stream.send(number, &[("result", "failed"), ("ip", &number.to_string())]);
    }
    let saved = stream.state.save(2_000);
    let unsaved = stream.state.counters().unsaved_groups;
    assert!(saved.len() < 2_100 && (60..95).contains(&unsaved), "{unsaved}");
    stream.state = CorrelationState::load(CorrelationLimits::default(), &saved).unwrap();
    assert_eq!(stream.state.counters().groups as u64, 100 - unsaved);
    stream.send(99, &[("result", "failed"), ("ip", "99")]);
    assert_eq!(stream.send(99, &[("result", "failed"), ("ip", "99")]).len(), 1);
}

const SUMS_AND_SPRAY: &str = "
title: spray
correlation:
  type: value_count
  rules: [failed]
  group-by: [ip]
  timespan: 1m
  condition: {gte: 3, field: user}
---
title: much
correlation:
  type: value_sum
  rules: [failed]
  group-by: [ip]
  timespan: 1m
  condition: {gte: 3, field: bytes}
";

#[test]
fn a_restart_with_what_was_saved_changes_nothing() {
    let records = stream_of_chance(400);
    let run = |restarts: usize| -> (Vec<CorrelationMatch>, Vec<String>) {
        let mut stream = Stream::new(&format!("{BRUTE_FORCE}---{SPRAY}"));
        let mut found = Vec::new();
        for (number, (seq, second, fields)) in records.iter().enumerate() {
            if restarts > 0 && number % restarts == 0 {
                let saved = stream.state.save(1 << 20);
                assert_eq!(stream.state.counters().unsaved_groups, 0);
                stream.state = CorrelationState::load(CorrelationLimits::default(), &saved).unwrap();
                assert_eq!(stream.state.save(1 << 20), saved);
                // What was already evaluated is read from the log again.
                for (seq, second, fields) in &records[number.saturating_sub(20)..number] {
                    let fields: Vec<(&str, &str)> =
                        fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    stream.send_as(*seq, *second, &fields);
                }
            }
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            found.extend(stream.send_as(*seq, *second, &fields));
        }
        (found, groups_of(&mut stream.state))
    };
    let (found, state) = run(0);
    assert!(found.iter().filter(|one| one.started).count() > 20, "{}", found.len());
    assert_eq!(run(0), (found.clone(), state.clone()), "a replay is the same");
    assert_eq!(run(1_000), (found.clone(), state.clone()));
    assert_eq!(run(37), (found, state));
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
