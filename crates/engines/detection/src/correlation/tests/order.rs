//! Which match raises what: order of time and of arrival, late records, and what is evidence.

use super::{BRUTE_FORCE, Stream};
use crate::CorrelationMatch;
use proptest::prelude::*;
use std::collections::HashSet;

const FAILED: [(&str, &str); 2] = [("result", "failed"), ("ip", "a")];
const OK: [(&str, &str); 2] = [("result", "ok"), ("ip", "a")];

const ORDERED: &str = "
title: in order
correlation:
  type: temporal_ordered
  rules: [failed, success]
  group-by: [ip]
  timespan: 1m
";

fn unordered() -> String {
    ORDERED.replace("temporal_ordered", "temporal")
}

fn chain() -> String {
    let over = ORDERED.replace("[failed, success]", "[many, success]").replace("1m", "5m");
    format!("{BRUTE_FORCE}---{over}")
}

/// Those of what was found that the rule with this title raised.
fn of(stream: &Stream, found: Vec<CorrelationMatch>, title: &str) -> Vec<CorrelationMatch> {
    found.into_iter().filter(|one| stream.engine.rules()[one.rule].title == title).collect()
}

/// "The events appear in the order provided in the rule attribute": an event that is no link of such a row raises nothing,
/// whatever else lies in the window.
#[test]
fn a_first_step_alone_raises_nothing_after_a_row_was_complete() {
    let mut stream = Stream::new(ORDERED);
    assert!(stream.send(0, &FAILED).is_empty());
    assert_eq!(stream.send(10, &OK)[0].seqs, [1, 2]);
    assert!(stream.send(20, &FAILED).is_empty(), "nothing follows it");
    let again = stream.send(30, &OK);
    assert_eq!((again[0].started, again[0].first_seq, again[0].seqs.clone()), (false, 1, vec![4]));
    assert!(stream.send(85, &OK).is_empty(), "the last first step is more than a minute ago");
}

#[test]
fn guessing_that_goes_on_after_the_success_is_no_second_break_in() {
    let mut stream = Stream::new(&chain());
    for second in 0..6 {
        let found = stream.send(second, &FAILED);
        assert!(of(&stream, found, "in order").is_empty());
    }
    let found = stream.send(10, &OK);
    let broken_in = of(&stream, found, "in order");
    assert_eq!((broken_in.len(), broken_in[0].seqs.clone()), (1, vec![1, 7]));
    for second in 11..19 {
        let found = stream.send(second, &FAILED);
        assert!(of(&stream, found, "in order").is_empty(), "at {second} nobody got in");
    }
}

#[test]
fn a_success_that_arrives_late_is_found_behind_the_guessing() {
    let mut stream = Stream::new(&chain());
    for second in [1, 2, 3, 4, 50] {
        stream.send(second, &FAILED);
    }
    let found = stream.send(30, &OK);
    let broken_in = of(&stream, found, "in order");
    assert_eq!(broken_in.len(), 1);
    assert_eq!((broken_in[0].first, broken_in[0].last), (3_000_000, 30_000_000));
    assert_eq!(broken_in[0].seqs, [1, 6]);
}

/// Long guessing counts where it ended as well as where it began.
#[test]
fn guessing_of_an_hour_and_a_success_at_its_end_is_found() {
    let mut stream = Stream::new(&chain());
    for step in 0..180 {
        stream.send(step * 20, &FAILED);
    }
    let found = stream.send(3_600, &OK);
    assert_eq!(of(&stream, found, "in order").len(), 1);
}

/// An episode that goes on for long takes no more room for every record of it.
#[test]
fn long_guessing_takes_little_room_above_it() {
    let mut stream = Stream::new(&chain());
    for second in 0..3_000 {
        stream.send(second, &FAILED);
    }
    let entries = stream.state.counters().entries;
    assert!(entries < 661 + 200, "{entries}");
    let found = stream.send(2_500, &OK);
    assert_eq!(of(&stream, found, "in order").len(), 1, "late, in the middle of it");
}

#[test]
fn the_record_that_completes_a_chain_late_is_evidence() {
    let mut stream = Stream::new(&chain());
    stream.send(1, &FAILED);
    stream.send(2, &FAILED);
    stream.send(30, &OK);
    let found = stream.send(3, &FAILED);
    assert_eq!(of(&stream, found, "in order")[0].seqs, [1, 4, 3]);
}

/// Without an order every further event of one of the rules is a match with what is in its window.
#[test]
fn without_an_order_each_event_of_a_pair_is_told_by_its_own_number() {
    let mut stream = Stream::new(&unordered());
    assert!(stream.send(0, &OK).is_empty());
    assert_eq!(stream.send(10, &FAILED)[0].seqs, [1, 2]);
    assert_eq!(stream.send(20, &FAILED)[0].seqs, [3]);
    assert_eq!(stream.send(200, &FAILED), []);
}

#[test]
fn only_rules_that_the_condition_names_are_in_order() {
    let bases: Vec<String> = ["a", "b", "c", "d"]
        .map(|name| {
            format!(
                "\ntitle: {name}\nname: {name}\nlogsource: {{product: x}}\ndetection: {{s: {{step: {name}}}, condition: s}}\n---"
            )
        })
        .into();
    let over = |condition: &str| {
        format!(
            "{}\ntitle: over\ncorrelation:\n  type: temporal_ordered\n  rules: [a, b, c, d]\n  timespan: 1m\n  \
             condition: {condition}\n",
            bases.concat()
        )
    };
    let raised = |condition: &str, steps: &[&str]| -> Vec<usize> {
        let mut stream = Stream::new(&over(condition));
        let sent = steps.iter().zip(0..).map(|(step, second)| stream.send(second, &[("step", *step)]).len());
        sent.collect()
    };
    assert_eq!(raised("a and d", &["b", "a", "d", "c"]), [0, 0, 1, 0]);
    assert_eq!(raised("a and d", &["d", "a"]), [0, 0]);
    assert_eq!(raised("(a or b) and d", &["d", "b", "c", "d"]), [0, 0, 0, 1]);
    assert_eq!(raised("a and b and c", &["a", "c", "b", "c"]), [0, 0, 0, 1]);
    assert_eq!(raised("a or d", &["d", "b", "a"]), [1, 0, 1]);
}

/// Whether anything with the title is found of records that arrive in this order.
fn is_found(rules: &str, title: &str, records: &[(i64, bool)]) -> bool {
    let mut stream = Stream::new(rules);
    records.iter().fold(false, |before, (second, failed)| {
        let found = stream.send(*second, if *failed { &FAILED } else { &OK });
        let now = !of(&stream, found, title).is_empty();
        before || now
    })
}

/// Seconds, each with whether a logon failed.
type Records = Vec<(i64, bool)>;

fn records() -> impl Strategy<Value = (Records, Records)> {
    let at_times = prop::collection::btree_map(0_i64..150, prop::bool::weighted(0.7), 1..10);
    at_times.prop_flat_map(|records| {
        let records: Records = records.into_iter().collect();
        (Just(records.clone()), Just(records).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn order_of_arrival_never_matters((in_time, arriving) in records()) {
        let rules = [
            (BRUTE_FORCE.to_owned(), "many"),
            (ORDERED.to_owned(), "in order"),
            (unordered(), "in order"),
            (chain(), "in order"),
        ];
        for (rules, title) in &rules {
            let (expected, found) = (is_found(rules, title, &in_time), is_found(rules, title, &arriving));
            prop_assert_eq!(expected, found, "{} {:?} {:?}", rules, &in_time, &arriving);
        }
        let follows = |from: &(i64, bool), to: &(i64, bool)| from.1 && !to.1 && from.0 < to.0 && to.0 - from.0 <= 60;
        let expected = in_time.iter().any(|from| in_time.iter().any(|to| follows(from, to)));
        prop_assert_eq!(expected, is_found(ORDERED, "in order", &arriving));
    }

    #[test]
    fn a_replay_raises_the_same((_, arriving) in records()) {
        let run = |rules: &str| {
            let mut stream = Stream::new(rules);
            let send = |(second, failed): &(i64, bool)| stream.send(*second, if *failed { &FAILED } else { &OK });
            arriving.iter().map(send).collect::<Vec<_>>()
        };
        for rules in [ORDERED.to_owned(), unordered(), chain()] {
            let found = run(&rules);
            let once = found.iter().flatten().all(|one| one.seqs.iter().collect::<HashSet<_>>().len() == one.seqs.len());
            prop_assert!(once);
            prop_assert_eq!(run(&rules), found);
        }
    }
}
