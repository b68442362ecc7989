//! Why a rule does or does not match one event, part by part. Pure; the page is in `explain_page`, the command in the program.

use super::reading::{self, Line, Words};
use super::{Book, title};
use crate::search::run::{text, time};
use event::{Column, Event, Fields, LogSource, Record, Value};
use kit::Lang;
use kit::page::Format;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// What an event answers to one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    pub rule_id: String,
    pub title: String,
    /// The rule is written for this kind of log.
    pub log_source_fits: bool,
    /// Placeholders without a value, because of which it matches nothing.
    pub waits_for: Vec<String>,
    pub matches: bool,
    pub lines: Vec<Line>,
}

/// Why a rule fired or not: of a correlation what its base rules say, since it asks about their matches and not about the
/// event itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    pub answers: Vec<Answer>,
    /// What the correlation asks of these matches.
    pub correlation: Option<Words>,
}

impl Why {
    /// Whether the rule, or any base rule of the correlation, matches the event.
    pub fn matches(&self) -> bool {
        self.answers.iter().any(|answer| answer.matches)
    }
}

/// Asks the rule at a position of the set.
pub fn why(book: &Book, position: usize, event: &dyn Record, lang: Lang, format: &Format) -> Why {
    if let Some(answer) = answer(book, position, event, lang) {
        return Why { answers: vec![answer], correlation: None };
    }
    let words = reading::of(book, position, lang, format);
    let bases = words.bases.iter().filter_map(|base| book.set.position(&base.rule_id));
    Why { answers: bases.filter_map(|base| answer(book, base, event, lang)).collect(), correlation: Some(words) }
}

fn answer(book: &Book, position: usize, event: &dyn Record, lang: Lang) -> Option<Answer> {
    let explanation = book.set.explain(position, event)?;
    let rule = book.set.rules().get(position)?;
    Some(Answer {
        rule_id: rule.id.clone(),
        title: title(rule, lang).to_owned(),
        log_source_fits: explanation.log_source_fits,
        waits_for: rule.needs_placeholders.clone(),
        matches: explanation.matches() && rule.needs_placeholders.is_empty(),
        lines: reading::explained(&explanation, lang),
    })
}

/// The event behind a row of `SELECT * FROM events`, as far as rules ask about it.
pub fn event_of(row: &Map<String, Json>) -> Event {
    let words = |name: &str| -> Vec<Arc<str>> {
        text(row, name).unwrap_or_default().split_whitespace().map(Into::into).collect()
    };
    let mut event = Event {
        seq: row.get("seq").and_then(Json::as_u64).unwrap_or_default(),
        time: time(row, "time").unwrap_or_default(),
        arrival: time(row, "arrival").unwrap_or_default(),
        source_id: text(row, "source_id").map(Into::into),
        format: text(row, "format").unwrap_or_default().into(),
        understood: row.get("understood").and_then(Json::as_bool).unwrap_or(true),
        log_source: LogSource {
            product: text(row, "log_product").map(Into::into),
            categories: words("log_categories"),
            services: words("log_services"),
        },
        message: text(row, "message"),
        // Bytes that are no text are searched by no keyword.
        raw: match text(row, "raw_encoding") {
            None => text(row, "raw").unwrap_or_default().into(),
            Some(_) => Default::default(),
        },
        fields: fields_of(row.get("fields")),
        ..Event::default()
    };
    for column in Column::ALL {
        if let Some(value) = row.get(column.name()).and_then(value_of) {
            event.columns.set(*column, &value);
        }
    }
    event
}

fn fields_of(json: Option<&Json>) -> Fields {
    let parsed: Map<String, Json> = match json {
        Some(Json::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Json::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    let mut fields = Fields::with_capacity(parsed.len());
    for (name, value) in &parsed {
        fields.set(name, value_of(value).unwrap_or(Value::Null));
    }
    fields
}

/// A value as the formats make it; nothing for null.
fn value_of(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(values) => Value::List(values.iter().map(|one| value_of(one).unwrap_or(Value::Null)).collect()),
        object @ Json::Object(_) => object.to_string().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use detection::RuleSet;

    const BASE: &str = "title: Wrong password\nid: 6f3b2a10-0000-4000-8000-000000000001\nlogsource: {product: linux, \
        service: sshd}\ndetection: {s: {event_outcome: failure, port: 22}, condition: s}\n";
    const MANY: &str = "title: Many\nid: 6f3b2a10-0000-4000-8000-000000000002\ncorrelation: {type: event_count, rules: \
        [6f3b2a10-0000-4000-8000-000000000001], group-by: [source_ip], timespan: 10m, condition: {gte: 5}}\n";

    fn book() -> Book {
        let (set, errors) = RuleSet::from_texts([("a.yml", BASE), ("b.yml", MANY)]);
        assert_eq!(errors, []);
        Book { set: Arc::new(set), ..Book::default() }
    }

    fn row(outcome: &str) -> Map<String, Json> {
        let row = serde_json::json!({
            "seq": 7, "time": "2026-11-21T02:11:00Z", "log_product": "linux", "log_services": "sshd auth",
            "event_outcome": outcome, "fields": "{\"port\":22,\"tags\":[\"a\",null]}", "raw": "line", "source_ip": null,
        });
        row.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_row_of_the_store_answers_as_the_event_did() {
        let (book, format) = (book(), Format::new(Lang::Vi, 0));
        let event = event_of(&row("failure"));
        assert_eq!((event.seq, event.log_source.services.len()), (7, 2));
        let fired = why(&book, 0, &event, Lang::Vi, &format);
        assert!(fired.matches() && fired.answers[0].lines.iter().all(|line| line.holds == Some(true)), "{fired:?}");
        let not = why(&book, 0, &event_of(&row("success")), Lang::Vi, &format);
        let failed: Vec<_> =
            not.answers[0].lines.iter().filter(|line| line.asks && line.holds == Some(false)).collect();
        assert!(!not.matches() && failed.len() == 1 && failed[0].met.as_deref() == Some("success"), "{not:?}");
    }

    #[test]
    fn a_correlation_answers_with_its_base_rules() {
        let why = why(&book(), 1, &event_of(&row("failure")), Lang::Vi, &Format::new(Lang::Vi, 0));
        assert_eq!(why.answers.iter().map(|answer| answer.title.as_str()).collect::<Vec<_>>(), vec!["Wrong password"]);
        assert!(why.correlation.is_some() && why.matches());
    }
}
