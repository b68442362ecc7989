//! Loading: what rules say about themselves, what is refused and where, filters, replacement, hostile text.

use crate::{Engine, Level, LoadOptions, Matches, RuleSet, RuleSource};
use event::{Event, Value};
use proptest::prelude::*;

const RULE: &str = "
title: Whoami
id: 0b6f0f7a-3c0e-4d3e-9b1f-6a0d5a5a0001
status: test
description: d
author: A. Author
license: DRL-1.1
tags: [attack.discovery, attack.T1033, attack.t1059.001]
level: high
falsepositives: [admins]
luytre: {title_vi: Lệnh whoami, what_to_do_vi: Hỏi quản trị}
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\whoami.exe'
  condition: selection
";

fn load(text: &str) -> (RuleSet, Vec<crate::RuleError>) {
    RuleSet::from_texts([("a.yml", text)])
}

fn windows(fields: &[(&str, Value)]) -> Event {
    let mut event = Event::default();
    event.log_source.product = Some("windows".into());
    event.log_source.categories = vec!["process_creation".into()];
    fields.iter().for_each(|(name, value)| event.fields.set(name, value.clone()));
    event
}

fn titles(engine: &Engine, event: &Event) -> Vec<String> {
    let mut matches = Matches::default();
    engine.evaluate(event, &mut matches);
    matches.detections().iter().map(|found| engine.rules()[found.rule].title.clone()).collect()
}

#[test]
fn a_rule_keeps_what_it_says_about_itself() {
    let (rules, errors) = load(RULE);
    assert_eq!(errors, []);
    let rule = &rules.rules()[0];
    assert_eq!(rule.level, Level::High);
    assert_eq!(rule.techniques(), ["T1033", "T1059.001"]);
    assert_eq!(rule.tactics(), ["discovery"]);
    assert_eq!(rule.text_of("title_vi"), Some("Lệnh whoami"));
    assert_eq!((rule.author.as_deref(), rule.licence.as_deref()), (Some("A. Author"), Some("DRL-1.1")));
    assert_eq!(rule.log_source.category.as_deref(), Some("process_creation"));
    assert!(rule.text.contains("whoami.exe"));
    assert_eq!(rule.false_positives, ["admins"]);
}

#[test]
fn a_match_names_the_fields_that_made_it() {
    let engine = Engine::new(load(RULE).0);
    let mut matches = Matches::default();
    engine.evaluate(&windows(&[("Image", "C:\\Windows\\WhoAmI.exe".into())]), &mut matches);
    let field = &matches.detections()[0].fields[0];
    assert_eq!(field.field.as_deref(), Some("Image"));
    assert_eq!((field.value.as_str(), field.pattern.as_str()), ("C:\\Windows\\WhoAmI.exe", "\\whoami.exe"));
    engine.evaluate(&windows(&[("Image", "C:\\x.exe".into())]), &mut matches);
    assert!(matches.is_empty());
}

#[test]
fn refused_rules_name_reason_and_line_and_spoil_nothing() {
    let text = format!(
        "{RULE}---
title: bad modifier
logsource: {{product: x}}
detection:
  s:
    a|contians: b
  condition: s
---
title: unknown name
logsource: {{product: x}}
detection:
  s:
    a: b
  condition: s and t
---
title: bad regex
logsource: {{product: x}}
detection:
  s:
    ok: 1
    a|re: '('
  condition: s
---
title: no condition
logsource: {{product: x}}
detection:
  s: {{a: b}}
---
title: bad condition
logsource: {{product: x}}
detection:
  s: {{a: b}}
  condition: s and or
---
title: [unclosed
"
    );
    let (rules, errors) = load(&text);
    assert_eq!(rules.len(), 1);
    let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [22, 30, 37, 42, 49, 51], "{errors:#?}");
    assert!(errors[0].reason.contains("contians") && errors[1].reason.contains("'t'"));
}

#[test]
fn later_sources_replace_rules_of_the_same_id() {
    let text = |title: &str| RULE.replace("Whoami", title);
    let sources = [
        RuleSource::Text { path: "content/a.yml".into(), text: text("old") },
        RuleSource::Text { path: "local/b.yml".into(), text: text("new") },
    ];
    let (rules, errors) = RuleSet::load(&sources, &LoadOptions::default());
    assert_eq!((errors.len(), rules.len()), (0, 1));
    assert_eq!(rules.rules()[0].title, "new");
    assert_eq!(rules.replaced()[0].earlier.to_str(), Some("content/a.yml"));
    assert_eq!(rules.position("0B6F0F7A-3C0E-4D3E-9B1F-6A0D5A5A0001"), Some(0));
}

#[test]
fn filters_narrow_the_rules_they_name() {
    let filter = "---
title: not the monitoring account
logsource: {product: windows, category: process_creation}
filter:
  rules: [0b6f0f7a-3c0e-4d3e-9b1f-6a0d5a5a0001]
  selection: {User|endswith: '\\\\giamsat'}
  condition: not selection
";
    let engine = Engine::new(load(&format!("{RULE}{filter}")).0);
    let image = ("Image", Value::from("C:\\whoami.exe"));
    assert_eq!(titles(&engine, &windows(&[image.clone(), ("User", "X\\a".into())])), ["Whoami"]);
    assert!(titles(&engine, &windows(&[image.clone(), ("User", "X\\giamsat".into())])).is_empty());
    assert_eq!(titles(&engine, &windows(&[image])), ["Whoami"]);
}

#[test]
fn placeholders_are_filled_or_keep_the_rule_out() {
    let text =
        "title: p\nlogsource: {product: windows}\ndetection:\n  s: {User|expand: '%admins%_x'}\n  condition: not s\n";
    let (rules, errors) = load(text);
    assert_eq!((errors.len(), rules.rules()[0].needs_placeholders.clone()), (0, vec!["admins".to_owned()]));
    let engine = Engine::new(rules);
    assert_eq!(engine.active_rules(), 0);
    assert!(titles(&engine, &windows(&[("User", "a".into())])).is_empty());
    let mut options = LoadOptions::default();
    options.placeholders.insert("admins".into(), vec!["root".into(), "sa*".into()]);
    let source = RuleSource::Text { path: "a.yml".into(), text: text.into() };
    let engine = Engine::new(RuleSet::load(&[source], &options).0);
    assert!(titles(&engine, &windows(&[("User", "SAM_x".into())])).is_empty());
    assert_eq!(titles(&engine, &windows(&[("User", "guest_x".into())])), ["p"]);
}

#[test]
fn columns_stand_in_for_fields_that_the_record_lacks() {
    let text =
        "title: c\nlogsource: {product: windows}\ndetection:\n  s: {source_ip|cidr: 10.0.0.0/8}\n  condition: s\n";
    let engine = Engine::new(load(text).0);
    let mut event = windows(&[]);
    event.columns.set(event::Column::SourceIp, &"::ffff:10.1.2.3".into());
    assert_eq!(titles(&engine, &event), ["c"]);
    event.fields.set("source_ip", "192.0.2.1");
    assert!(titles(&engine, &event).is_empty(), "the own field wins");
}

#[test]
fn log_sources_decide_which_rules_see_a_record() {
    let rule = |title: &str, source: &str| {
        format!("---\ntitle: {title}\nlogsource: {source}\ndetection: {{s: {{a: b}}, condition: s}}\n")
    };
    let text = [
        rule("product", "{product: Windows}"),
        rule("category", "{category: process_creation}"),
        rule("both", "{product: windows, category: process_creation}"),
        rule("service", "{product: windows, service: security}"),
        rule("linux", "{product: linux}"),
        rule("any", "{}"),
    ]
    .concat();
    let engine = Engine::new(load(&text).0);
    assert_eq!(titles(&engine, &windows(&[("a", "B".into())])), ["product", "category", "both", "any"]);
}

fn yaml_like() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[ ]{0,6}[a-z|:*%?'\"{}\\[\\]-]{0,12}",
        Just("title: x".to_owned()),
        Just("logsource: {product: windows}".to_owned()),
        Just("detection:".to_owned()),
        Just("  s:".to_owned()),
        "    [a-c][|](contains|re|cidr|base64offset|windash|expand|fieldref|gt|exists|wide|all|hour|cased|neq|i)([|](contains|all|wide|re|m))?: ['\"]?[*?a-z0-9%/()\\\\-]{0,8}['\"]?",
        "  condition: (s|1 of s\\*|not s|all of them|s and|2 of them)",
        Just("correlation: {type: event_count, rules: [x], timespan: 1m, condition: {gte: 1}}".to_owned()),
        Just("filter: {rules: any, selection: {a: b}, condition: selection}".to_owned()),
        Just("---".to_owned()),
    ];
    prop::collection::vec(line, 0..14).prop_map(|lines| lines.join("\n"))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9T:. /-]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::List))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_and_no_record_makes_it_panic(
        text in yaml_like(),
        noise in "\\PC{0,80}",
        values in prop::collection::vec(("[abc]", value()), 0..4),
    ) {
        let (rules, errors) = RuleSet::from_texts([("a.yml", text.clone()), ("b.yml", noise)]);
        prop_assert!(errors.iter().all(|error| error.line >= 1 && !error.reason.is_empty()));
        let engine = Engine::new(rules);
        let mut event = windows(&[]);
        values.iter().for_each(|(name, value)| event.fields.set(name, value.clone()));
        let mut matches = Matches::default();
        engine.evaluate(&event, &mut matches);
        let mut state = crate::CorrelationState::new(crate::CorrelationLimits::default());
        state.observe(&engine, &event, crate::Moment { time: 0, arrival: i64::MIN, seq: 1 }, &matches);
    }

    /// The network chooses candidates; that must never lose a match that plain evaluation finds.
    #[test]
    fn candidates_are_never_lost(
        spec in "[aB*?ế1\\\\]{0,6}",
        modifier in prop_oneof![Just(""), Just("|contains"), Just("|startswith"), Just("|endswith"), Just("|cased"), Just("|re|i")],
        text in "[abAB1ếẾ]{0,8}",
    ) {
        prop_assume!(modifier != "|re|i" || regex::Regex::new(&spec).is_ok());
        let quoted = spec.replace('\'', "''");
        let rule = |condition: &str| format!(
            "title: {condition}\nlogsource: {{product: windows}}\ndetection:\n  s: {{a{modifier}: '{quoted}'}}\n  condition: {condition}\n");
        let (rules, errors) = RuleSet::from_texts([("a.yml", rule("s")), ("b.yml", rule("not s"))]);
        prop_assert_eq!(errors, vec![]);
        let engine = Engine::new(rules);
        // A rule under `not` has no trigger, so it is always evaluated: the two must disagree.
        prop_assert_eq!(titles(&engine, &windows(&[("a", text.into())])).len(), 1);
    }
}
