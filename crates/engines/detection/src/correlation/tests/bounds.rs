//! What a group keeps, what all of them keep, and what goes first.

use super::{BRUTE_FORCE, Stream};
use crate::{CorrelationLimits, CorrelationState};

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
fn a_scope_that_floods_makes_no_other_forget() {
    let mut stream = Stream::new(BRUTE_FORCE);
    stream.state = CorrelationState::new(CorrelationLimits { groups: 100, ..CorrelationLimits::default() });
    let failed = [("result", "failed"), ("ip", "a")];
    stream.send_of(1, 1, 0, &failed);
    stream.send_of(1, 2, 0, &failed);
    for number in 3..2_000 {
        stream.send_of(2, number, 1, &[("result", "failed"), ("ip", &number.to_string())]);
    }
    assert!(stream.state.counters().forgotten_groups > 1_800);
    assert_eq!(stream.send_of(1, 2_000, 2, &failed)[0].seqs, [1, 2, 2_000]);
}
