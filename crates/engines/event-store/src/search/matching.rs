//! The same language over one event in memory, for the live tail. What the SQL condition finds in a column
//! is found here in the event.

use super::language::{Bound, Field, Node, Query, Term, Test};
use super::parser::observable;
use crate::pattern::{self, Contains, Like};
use crate::rows;
use event::{Column, Event, Value};
use std::borrow::Cow;

impl Query {
    /// Whether an event passes. Patterns are prepared anew on each call; a tail is a few events a second.
    pub fn matches(&self, event: &Event) -> bool {
        node(&self.root, event)
    }
}

fn node(tree: &Node, event: &Event) -> bool {
    match tree {
        Node::All => true,
        Node::And(nodes) => nodes.iter().all(|one| node(one, event)),
        Node::Or(nodes) => nodes.iter().any(|one| node(one, event)),
        Node::Not(inner) => !node(inner, event),
        Node::Term(one) => term(one, event),
    }
}

fn term(term: &Term, event: &Event) -> bool {
    match &term.field {
        Field::Anywhere => anywhere(&term.test, event),
        Field::Column(name) => common(name, &term.test, event),
        Field::Own(name) => match event.fields.get(name) {
            None => false,
            Some(Value::List(items)) => items.iter().any(|item| value(&term.test, item, false)),
            Some(one) => value(&term.test, one, false),
        },
    }
}

fn anywhere(test: &Test, event: &Event) -> bool {
    let raw = String::from_utf8_lossy(&event.raw);
    let message = event.message.as_deref().unwrap_or_default();
    match test {
        Test::Text(text) => {
            let contains = Contains::new(text);
            match observable(text) {
                Some(word) => {
                    let listed = crate::observables::of_event(event).unwrap_or_default();
                    listed.contains(&format!(" {word} ")) || (listed.ends_with(" + ") && contains.is_in(&raw))
                }
                None => contains.is_in(&raw) || contains.is_in(message),
            }
        }
        Test::Wildcard(wild) => {
            let like = Like::words(wild);
            like.fits(&raw) || like.fits(message)
        }
        Test::Network(network) => [Column::SourceIp, Column::DestinationIp, Column::HostIp]
            .into_iter()
            .any(|column| event.columns.text(column).is_some_and(|text| pattern::address_within(network, text))),
        Test::Exists | Test::Range { .. } => true,
    }
}

fn common(name: &str, test: &Test, event: &Event) -> bool {
    if let Some(column) = Column::from_name(name) {
        return event.columns.get(column).is_some_and(|found| value(test, found, false));
    }
    let text = |text: Option<&str>| text.map(|text| Value::Text(text.to_owned()));
    let joined = |words: &[std::sync::Arc<str>]| (!words.is_empty()).then(|| Value::Text(words.join(" ")));
    let found = match name {
        "seq" => Some(Value::Int(event.seq as i64)),
        "time" => Some(Value::Int(event.time)),
        "arrival" => Some(Value::Int(event.arrival)),
        "time_quality" => text(Some(event.time_quality.as_str())),
        "source_id" => text(event.source_id.as_deref()),
        "format" => text(Some(&event.format)),
        "understood" => Some(Value::Bool(event.understood)),
        "problem" => text(event.problem.as_deref()),
        "listener" => text(Some(event.origin.listener.as_str())),
        "peer" => text(event.origin.peer.as_deref()),
        "file" => text(event.origin.file.as_deref()),
        "position" => (event.position > 0).then_some(Value::Int(event.position as i64)),
        "log_product" => text(event.log_source.product.as_deref()),
        "log_categories" => joined(&event.log_source.categories),
        "log_services" => joined(&event.log_source.services),
        "observables" => crate::observables::of_event(event).map(Value::Text),
        "message" => text(event.message.as_deref()),
        "raw" => Some(Value::Text(String::from_utf8_lossy(&event.raw).into_owned())),
        "raw_encoding" => text(std::str::from_utf8(&event.raw).is_err().then_some("base64")),
        "fields" => rows::fields(event).map(Value::Text),
        _ => None,
    };
    found.is_some_and(|found| value(test, &found, matches!(name, "message" | "raw" | "observables")))
}

fn value(test: &Test, found: &Value, inside: bool) -> bool {
    let text = || found.as_text().unwrap_or(Cow::Borrowed(""));
    match test {
        Test::Exists => !matches!(found, Value::Null),
        Test::Text(wanted) if inside => Contains::new(wanted).is_in(&text()),
        Test::Text(wanted) => match found {
            Value::Bool(truth) => match wanted.as_str() {
                "true" | "yes" | "1" => *truth,
                "false" | "no" | "0" => !*truth,
                _ => false,
            },
            _ => found.as_text().is_some_and(|text| pattern::equal(&pattern::fold(wanted), &text)),
        },
        Test::Wildcard(wild) => found.as_text().is_some_and(|text| Like::whole(wild).fits(&text)),
        Test::Network(network) => pattern::address_within(network, &text()),
        Test::Range { low, high } => found.as_f64().is_some_and(|number| {
            let above = match low {
                Bound::Open => true,
                Bound::Including(limit) => number >= *limit,
                Bound::Excluding(limit) => number > *limit,
            };
            let below = match high {
                Bound::Open => true,
                Bound::Including(limit) => number <= *limit,
                Bound::Excluding(limit) => number < *limit,
            };
            above && below
        }),
    }
}
