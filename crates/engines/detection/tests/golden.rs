//! Replays `golden/golden.json`: what pySigma's parser and a naive evaluator say about small rules, our engine says too.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its data should stop")]

use event::{Event, Value};
use luytre_detection::{Engine, Matches, RuleSet};

fn value(json: &serde_json::Value) -> Value {
    serde_json::from_value(json.clone()).unwrap()
}

#[test]
fn every_answer_equals_the_golden_table() {
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    assert!(rows.len() > 90);
    let (mut answers, mut wrong) = (0, Vec::new());
    for row in &rows {
        let name = row["name"].as_str().unwrap();
        let (rules, errors) = RuleSet::from_texts([("golden.yml", row["rule"].as_str().unwrap())]);
        if let Some(reason) = row["refused"].as_str() {
            if errors.is_empty() {
                wrong.push(format!("{name}: loaded, but pySigma refuses it: {reason}"));
            }
            continue;
        }
        if let Some(error) = errors.first() {
            wrong.push(format!("{name}: refused: {error}"));
            continue;
        }
        let engine = Engine::new(rules);
        let mut matches = Matches::default();
        let events = row["events"].as_array().unwrap();
        for (fields, expected) in events.iter().zip(row["expected"].as_array().unwrap()) {
            let mut event = Event::default();
            event.log_source.product = Some("golden".into());
            for (field, json) in fields.as_object().unwrap() {
                event.fields.set(field, value(json));
            }
            engine.evaluate(&event, &mut matches);
            answers += 1;
            if Some(!matches.is_empty()) != expected.as_bool() {
                wrong.push(format!("{name}: {fields}: expected {expected}"));
            }
        }
    }
    println!("{} rules, {answers} answers", rows.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
