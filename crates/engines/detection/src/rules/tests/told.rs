//! Numbers however they are written, and what is told of rules that are wrong or odd.

use super::{answers, load};
use event::Value;

/// Zeek writes seconds with a fraction; other logs write numbers as text.
#[test]
fn parts_of_times_are_read_of_numbers_however_they_are_written() {
    // 24/03/2018 17:15:21 UTC.
    let of = |text: &str| Value::from(text);
    let times =
        [Value::Float(1_521_911_721.255387), Value::Int(1_521_911_721_255), of("1521911721.255387"), of("1521911721")];
    assert_eq!(answers("ts|minute|gte: 15", "ts", &times), [true; 4]);
    assert_eq!(answers("ts|hour: 17", "ts", &times), [true; 4]);
    assert_eq!(answers("ts|year|lt: 2018", "ts", &times), [false; 4]);
    let odd = [Value::Float(f64::NAN), Value::Float(f64::INFINITY), Value::Float(1e40), of("soon"), of("nan"), of("")];
    assert_eq!(answers("ts|year|gte: 0", "ts", &odd), [false; 6]);
}

/// Numbers that no whole number of records can be are texts there; their digits decide.
#[test]
fn whole_numbers_beyond_what_is_counted_are_compared_by_their_digits() {
    let texts = ["18446744073709551615", "18446744073709551614", "9223372036854775808"].map(Value::from);
    assert_eq!(answers("a: 18446744073709551615", "a", &texts), [true, false, false]);
    assert_eq!(answers("a: [1, 9223372036854775808]", "a", &texts), [false, false, true]);
    assert_eq!(answers("a: '18446744073709551615'", "a", &texts), [true, false, false]);
    assert_eq!(answers("a|gte: 9223372036854775808", "a", &texts), [true; 3]);
}

/// What people write wrong is told in words, once, with its line.
#[test]
fn conditions_that_are_not_understood_are_told_in_words() {
    let rule = |condition: &str| {
        format!("title: t\nlogsource: {{product: x}}\ndetection:\n  s: {{a: b}}\n  condition: {condition}\n")
    };
    let deep = format!("{}s{}", "(".repeat(300), ")".repeat(300));
    for (condition, words) in [
        ("s | count() by u > 5", "write a correlation"),
        ("s AND NOT t", "lower case"),
        (deep.as_str(), "nested too deeply"),
    ] {
        let errors = load(&rule(condition)).1;
        assert_eq!((errors.len(), errors[0].line), (1, 5), "{errors:?}");
        assert!(errors[0].reason.contains(words) && errors[0].reason.len() < 250, "{}", errors[0].reason);
    }
}

#[test]
fn what_is_odd_is_told_with_its_line() {
    let text = "title: a
name: known
logsource: {definition: everything}
detection: {s: {a: b}, condition: s}
level: severe
---
title: b
logsource: {product: x}
detection:
  s:
    User|expand: '%admins%'
  condition: s
status: deprecated
---
title: filters
logsource: {product: linux}
filter:
  selection: {a: b}
  rules: [nobody, known]
  condition: not selection
";
    let (rules, errors) = load(text);
    assert_eq!(errors, []);
    let told: Vec<(usize, String)> = rules.warnings().into_iter().map(|one| (one.line, one.reason)).collect();
    let words = ["level", "every record", "admins", "deprecated", "'nobody'", "'known'"];
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [5, 3, 11, 13, 19, 19], "{told:?}");
    assert!(told.iter().zip(words).all(|((_, reason), word)| reason.contains(word)), "{told:?}");
    assert_eq!(rules.filters(), [(std::path::PathBuf::from("a.yml"), 15)]);
}
