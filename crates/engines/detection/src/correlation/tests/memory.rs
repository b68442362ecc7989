//! What is kept over a changed rule set and over a restart.

use super::{BRUTE_FORCE, Stream, engine};
use crate::{CorrelationError, CorrelationLimits, CorrelationMatch, CorrelationState};

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
    let newer = text.replacen("luytre-correlations 2 ", "luytre-correlations 3 ", 1);
    assert_eq!(refused(&newer), Some(CorrelationError::OtherVersion));
    let older = text.replacen("luytre-correlations 2 ", "luytre-correlations 1 ", 1);
    let read = CorrelationState::load(limits, &older).map(|mut state| state.save(1 << 20));
    assert_eq!(read.as_deref(), Ok(text.as_str()), "what an older program remembers is taken over");
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
