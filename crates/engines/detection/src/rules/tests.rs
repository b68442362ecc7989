//! Loading: what rules say about themselves, what is refused and where, filters, replacement, hostile text.

use crate::{Engine, Level, LoadOptions, Matches, RuleSet, RuleSource};
use event::{Event, Value};
use proptest::prelude::*;

mod told;

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

/// Answers of a rule with this one line to records with this one field.
fn answers(line: &str, name: &str, values: &[Value]) -> Vec<bool> {
    let (rules, errors) =
        load(&format!("title: t\nlogsource: {{product: windows}}\ndetection:\n  s:\n    {line}\n  condition: s\n"));
    assert_eq!(errors, [], "{line}");
    let engine = Engine::new(rules);
    values.iter().map(|value| !titles(&engine, &windows(&[(name, value.clone())])).is_empty()).collect()
}

/// "It extracts a numeric value from a date" (modifiers 2.1, time modifiers): so the numeric modifiers fit behind it.
#[test]
fn parts_of_times_are_compared() {
    let at = |hour: &str| Value::from(format!("2026-03-03T{hour}:15:00Z"));
    let hours = ["05", "06", "21", "22", "23"].map(at);
    assert_eq!(answers("t|hour|gte: 22", "t", &hours), [false, false, false, true, true]);
    assert_eq!(answers("t|lt|hour: 6", "t", &hours), [true, false, false, false, false]);
    assert_eq!(answers("t|hour|neq: 22", "t", &hours), [true, true, true, false, true]);
    assert_eq!(answers("t|hour: [5, 23]", "t", &hours), [true, false, false, false, true]);
    for wrong in ["t|hour: x", "t|hour|gte: 1.5", "t|hour|contains: 2"] {
        let text = format!("title: t\nlogsource: {{product: x}}\ndetection:\n  s:\n    {wrong}\n  condition: s\n");
        let (rules, errors) = load(&text);
        assert_eq!((rules.len(), errors.len(), errors[0].line), (0, 1, 5), "{wrong}");
    }
}

/// "`wide`: an alias for the `utf16le` modifier"; `utf16` "prepends a byte order mark" (modifiers 2.1, encoding).
#[test]
fn the_names_of_utf_16_mean_what_they_say() {
    let texts = ["SQBFAFgA", "AEkARQBY", "//5JAEUAWAA="].map(Value::from);
    assert_eq!(answers("a|utf16le|base64: IEX", "a", &texts), [true, false, false]);
    assert_eq!(answers("a|wide|base64: IEX", "a", &texts), [true, false, false]);
    assert_eq!(answers("a|utf16be|base64: IEX", "a", &texts), [false, true, false]);
    assert_eq!(answers("a|utf16|base64: IEX", "a", &texts), [false, false, true]);
}

/// `neq`: "The field is different from the specified values"; "can be combined with" `fieldref` (modifiers 2.1).
#[test]
fn different_from_every_value() {
    let values = [Value::from("x"), "y".into(), "z".into(), 1.into(), Value::Null];
    assert_eq!(answers("a|neq: [x, 1]", "a", &values), [false, true, true, false, true]);
    assert_eq!(answers("a|contains|neq: y", "a", &values), [true, false, true, true, true]);
}

/// Regular expressions of the specification's flavour, and the three flags together.
#[test]
fn flags_of_regular_expressions_add_up() {
    let values = ["a\nB", "A\nb", "b", "x\nb\ny"].map(Value::from);
    assert_eq!(answers("a|re: '^b$'", "a", &values), [false, false, true, false]);
    assert_eq!(answers("a|re|m: '^b$'", "a", &values), [false, true, true, true]);
    assert_eq!(answers("a|re|i|m: '^b$'", "a", &values), [true, true, true, true]);
    assert_eq!(answers("a|re|i|s: 'a.b'", "a", &values), [true, true, false, false]);
}

/// Collections of the older specification: a global part, repeated rules, a reset.
#[test]
fn parts_of_a_collection_share_what_is_global() {
    let text = "action: global
title: both
logsource: {product: windows}
detection:
  condition: s
---
detection:
  s: {a: 1}
---
action: repeat
title: repeated
detection:
  s: {a: 2}
---
action: reset
---
title: alone
logsource: {product: windows}
detection: {s: {a: 3}, condition: s}
";
    let (rules, errors) = load(text);
    assert_eq!(errors, []);
    let engine = Engine::new(rules);
    let of = |number: i64| titles(&engine, &windows(&[("a", number.into())]));
    assert_eq!((of(1), of(2), of(3)), (vec!["both".to_owned()], vec!["repeated".to_owned()], vec!["alone".to_owned()]));
}

/// "Rule obsoletes the referred rule or rules, which aren't used anymore" (rules 2.1, related).
#[test]
fn a_rule_whose_place_is_taken_is_told() {
    let newer = RULE
        .replace("5a0001", "5a0002")
        .replace("status: test", "status: test\nrelated: [{id: 0B6F0F7A-3C0E-4D3E-9B1F-6A0D5A5A0001, type: obsolete}]");
    let old = RULE.replace("status: test", "status: deprecated");
    let (rules, errors) = load(&format!("{old}---{newer}"));
    assert_eq!((rules.len(), errors), (2, vec![]));
    let reasons: Vec<String> = rules.warnings().into_iter().map(|warning| warning.reason).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].contains("deprecated") && reasons[1].contains("5a0002"));
}

/// "The rules may be still existing", "which may remain active" (rules 2.1, related): only some relations take a place.
#[test]
fn a_place_is_taken_by_rules_that_alert_and_never_in_a_circle() {
    let naming = |own: &str, kind: &str, other: &str| {
        let related = format!("status: test\nrelated: [{{id: 0b6f0f7a-3c0e-4d3e-9b1f-6a0d5a{other}, type: {kind}}}]");
        RULE.replace("5a0001", own).replace("status: test", &related)
    };
    let newer = |texts: &[String]| -> Vec<usize> {
        let (rules, errors) = load(&texts.join("---\n"));
        assert_eq!(errors, []);
        rules.rules().iter().map(|rule| rule.superseded_by.len()).collect()
    };
    for (kind, taken) in [("obsolete", 1), ("merged", 1), ("renamed", 0), ("derived", 0), ("similar", 0)] {
        assert_eq!(newer(&[RULE.to_owned(), naming("5a0002", kind, "5a0001")]), [taken, 0], "{kind}");
    }
    let (first, second) = (naming("5a0001", "obsolete", "5a0002"), naming("5a0002", "obsolete", "5a0001"));
    assert_eq!(newer(&[first, second]), [0, 0]);
    assert_eq!(newer(&[naming("5a0001", "obsolete", "5a0001")]), [0]);
}

/// One bad rule among good ones is refused alone, with file, line and a reason.
#[test]
fn an_unknown_modifier_spoils_nothing_else() {
    let bad = "title: b\nlogsource: {product: windows}\ndetection:\n  s:\n    a|contians: x\n  condition: s\n";
    let (rules, errors) = load(&format!("{RULE}---\n{bad}---\n{}", RULE.replace("5a0001", "5a0002")));
    assert_eq!(rules.len(), 2);
    let before = RULE.lines().count();
    assert_eq!((errors.len(), errors[0].line), (1, before + 6), "{errors:?}");
    assert_eq!(errors[0].path, std::path::Path::new("a.yml"));
    assert!(errors[0].reason.contains("contians"), "{}", errors[0].reason);
}

/// A network is compiled for each log source once, and again only for other rules.
#[test]
fn the_next_engine_is_ready_for_what_the_last_one_met() {
    let (before, after) = (Engine::new(load(RULE).0), Engine::new(load(RULE).0));
    titles(&before, &windows(&[]));
    assert_eq!((before.networks_ready(), after.networks_ready()), (1, 0));
    after.prepare_like(&before);
    assert_eq!(after.networks_ready(), 1);
    assert_eq!(titles(&after, &windows(&[("Image", "x\\whoami.exe".into())])), ["Whoami"]);
    assert_eq!(after.networks_ready(), 1);
}

/// Records may call themselves what they like.
#[test]
fn junk_log_sources_neither_pile_up_nor_hide_the_real_ones() {
    let general = "title: any\nid: g\nlogsource: {product: windows}\ndetection: {s: {a: b}, condition: s}\n";
    let texts = || load(&format!("{RULE}---\n{general}")).0;
    let (before, after) = (Engine::new(texts()), Engine::new(texts()));
    let mut matches = Matches::default();
    for number in 0..5_000 {
        let mut junk = windows(&[]);
        junk.log_source.categories.clear();
        junk.log_source.services = vec![format!("junk-{number}").into()];
        before.evaluate(&junk, &mut matches);
    }
    titles(&before, &windows(&[]));
    assert_eq!(before.networks_ready(), 2);
    assert!(before.met().len() <= 20, "{}", before.met().len());
    after.prepare_like(&before);
    assert_eq!(after.networks_ready(), 2);
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
        let moment = crate::Moment { time: 0, arrival: i64::MIN, seq: 1, scope: 0 };
        state.observe(&engine, &event, moment, &matches, &mut |_| true);
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
