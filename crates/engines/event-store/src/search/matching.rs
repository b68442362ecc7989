//! The same language over one event in memory, for the live tail. What the SQL condition finds in a column
//! is found here in the event.

use super::language::{Bound, Field, Node, Predicate, Query, Test};
use crate::pattern::{self, Contains, Expression, Like};
use crate::rows;
use event::{Column, Event, Value};
use ipnet::IpNet;
use std::borrow::Cow;

/// A search made ready to test many events.
#[derive(Debug, Clone)]
pub struct Matcher(Tree);

#[derive(Debug, Clone)]
enum Tree {
    All,
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Term(Field, Ready),
}

#[derive(Debug, Clone)]
enum Ready {
    /// The text as written, folded, for whole values; `inside` looks within longer texts.
    Text {
        wanted: String,
        folded: String,
        inside: Contains,
    },
    /// An address or hash anywhere.
    Observable {
        word: String,
        inside: Contains,
    },
    Wildcard {
        whole: Like,
        words: Like,
    },
    Expression(Expression),
    Range {
        low: Bound,
        high: Bound,
    },
    Network(IpNet),
    Exists,
    Known(Predicate),
}

impl Test {
    /// Whether a value passes, as that of a field does, for many values.
    pub fn prepared(&self) -> impl Fn(&Value) -> bool + Send + Sync + use<> {
        let ready = ready(self);
        move |found| value(&ready, found, false)
    }
}

impl Query {
    pub fn matcher(&self) -> Matcher {
        Matcher(tree(&self.root))
    }

    /// Whether an event passes; for more than a few events make a [`Matcher`].
    pub fn matches(&self, event: &Event) -> bool {
        self.matcher().matches(event)
    }
}

impl Matcher {
    pub fn matches(&self, event: &Event) -> bool {
        self.0.matches(event)
    }
}

fn tree(node: &Node) -> Tree {
    match node {
        Node::All => Tree::All,
        Node::And(nodes) => Tree::And(nodes.iter().map(tree).collect()),
        Node::Or(nodes) => Tree::Or(nodes.iter().map(tree).collect()),
        Node::Not(inner) => Tree::Not(Box::new(tree(inner))),
        Node::Term(term) => Tree::Term(term.field.clone(), ready(&term.test)),
    }
}

fn ready(test: &Test) -> Ready {
    match test {
        Test::Text(text) => {
            Ready::Text { wanted: text.clone(), folded: pattern::fold(text).into_owned(), inside: Contains::new(text) }
        }
        Test::Observable(word) => Ready::Observable { word: word.clone(), inside: Contains::new(word) },
        Test::Wildcard(wild) => Ready::Wildcard { whole: Like::whole(wild), words: Like::words(wild) },
        Test::Expression(source) => Ready::Expression(Expression::new(source)),
        Test::Range { low, high } => Ready::Range { low: *low, high: *high },
        Test::Network(network) => Ready::Network(*network),
        Test::Exists => Ready::Exists,
        Test::Known(predicate) => Ready::Known(predicate.clone()),
    }
}

impl Tree {
    fn matches(&self, event: &Event) -> bool {
        match self {
            Self::All => true,
            Self::And(parts) => parts.iter().all(|one| one.matches(event)),
            Self::Or(parts) => parts.iter().any(|one| one.matches(event)),
            Self::Not(inner) => !inner.matches(event),
            Self::Term(Field::Anywhere, test) => anywhere(test, event),
            Self::Term(Field::Column(name), test) => common(name, test, event),
            Self::Term(Field::Own(name), test) => match event.fields.get(name) {
                None => false,
                Some(Value::List(items)) => items.iter().any(|item| value(test, item, false)),
                Some(one) => value(test, one, false),
            },
        }
    }
}

fn anywhere(test: &Ready, event: &Event) -> bool {
    let raw = String::from_utf8_lossy(&event.raw);
    let message = event.message.as_deref().unwrap_or_default();
    match test {
        Ready::Text { inside, .. } => inside.is_in(&raw) || inside.is_in(message),
        Ready::Observable { word, inside } => {
            let listed = crate::observables::of_event(event).unwrap_or_default();
            listed.contains(&format!(" {word} ")) || (listed.ends_with(" + ") && inside.is_in(&raw))
        }
        Ready::Wildcard { words, .. } => words.fits(&raw) || words.fits(message),
        Ready::Expression(expression) => expression.fits(&raw) || expression.fits(message),
        Ready::Network(network) => {
            let listed = crate::observables::of_event(event).unwrap_or_default();
            let mut columns = [Column::SourceIp, Column::DestinationIp, Column::HostIp].into_iter();
            pattern::holds_address_within(network, &listed)
                || (listed.ends_with(" + ") && pattern::holds_address_within(network, &raw))
                || columns.any(|column| is_within(network, event, column))
        }
        Ready::Exists | Ready::Range { .. } | Ready::Known(_) => true,
    }
}

fn is_within(network: &IpNet, event: &Event, column: Column) -> bool {
    event.columns.text(column).is_some_and(|text| pattern::address_within(network, text))
}

fn common(name: &str, test: &Ready, event: &Event) -> bool {
    if let (Ready::Network(network), Some(column), true) = (test, Column::from_name(name), name.ends_with("_ip")) {
        return is_within(network, event, column);
    }
    if let Some(column) = Column::from_name(name) {
        return event.columns.get(column).is_some_and(|found| value(test, found, false));
    }
    let text = |text: Option<&str>| text.map(Value::from);
    let joined = |words: &[std::sync::Arc<str>]| (!words.is_empty()).then(|| Value::from(words.join(" ")));
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
        "observables" => crate::observables::of_event(event).map(Value::from),
        "message" => text(event.message.as_deref()),
        "raw" => Some(Value::Text(String::from_utf8_lossy(&event.raw).into())),
        "raw_encoding" => text(std::str::from_utf8(&event.raw).is_err().then_some("base64")),
        "fields" => rows::fields(event).map(Value::from),
        _ => None,
    };
    found.is_some_and(|found| value(test, &found, matches!(name, "message" | "raw" | "observables")))
}

fn value(test: &Ready, found: &Value, inside_text: bool) -> bool {
    let text = || found.as_text().unwrap_or(Cow::Borrowed(""));
    match test {
        Ready::Exists => !matches!(found, Value::Null),
        Ready::Text { inside, .. } | Ready::Observable { inside, .. } if inside_text => inside.is_in(&text()),
        Ready::Text { wanted, folded, .. } => match found {
            Value::Bool(truth) => match wanted.as_str() {
                "true" | "yes" | "1" => *truth,
                "false" | "no" | "0" => !*truth,
                _ => false,
            },
            _ => found.as_text().is_some_and(|text| pattern::equal(folded, &text)),
        },
        Ready::Observable { word, .. } => found.as_text().is_some_and(|text| pattern::equal(word, &text)),
        Ready::Wildcard { whole, .. } => found.as_text().is_some_and(|text| whole.fits(&text)),
        Ready::Expression(expression) => found.as_text().is_some_and(|text| expression.fits(&text)),
        Ready::Network(network) => pattern::holds_address_within(network, &text()),
        Ready::Known(predicate) => found.as_text().is_some_and(|text| predicate.holds(&text)),
        Ready::Range { low, high } => found.as_f64().is_some_and(|number| {
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
