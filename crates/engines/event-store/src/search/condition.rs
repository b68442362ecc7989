//! A search as a condition over the rows of segments.

use super::language::{Bound, Field, Node, Query, Term, Test};
use crate::columns;
use crate::query::functions::{
    field, field_equals, field_expression, field_like, field_number, ip_in, known, text_equals, text_expression,
    text_has, text_ip_in, text_like, text_number, text_word,
};
use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, lit};

pub(crate) fn condition(query: &Query) -> Result<Expr> {
    node(&query.root)
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

fn node(tree: &Node) -> Result<Expr> {
    let all = |nodes: &[Node]| nodes.iter().map(node).collect::<Result<Vec<_>>>();
    Ok(match tree {
        Node::All => lit(true),
        Node::And(nodes) => all(nodes)?.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true)),
        Node::Or(nodes) => all(nodes)?.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false)),
        // What is unknown (null) did not match, so its opposite holds.
        Node::Not(inner) => node(inner)?.is_not_true(),
        Node::Term(one) => term(one)?,
    })
}

fn term(term: &Term) -> Result<Expr> {
    Ok(match &term.field {
        Field::Anywhere => anywhere(&term.test),
        Field::Column(name) => common(name, columns::expression(name)?, &term.test),
        Field::Own(name) => own(columns::expression("fields")?, name, &term.test),
    })
}

/// The stored message is null where the record holds it, so it is not looked through twice.
fn anywhere(test: &Test) -> Expr {
    match test {
        Test::Text(text) => text_has(column("raw"), text).or(text_has(column("message"), text)),
        Test::Observable(word) => {
            let listed = column("observables").like(lit(format!("% {} %", escape(word))));
            listed.or(more().and(text_has(column("raw"), word)))
        }
        Test::Wildcard(pattern) => text_word(column("raw"), pattern).or(text_word(column("message"), pattern)),
        Test::Network(network) => {
            let network = network.to_string();
            let listed = text_ip_in(column("observables"), &network);
            let listed = listed.or(more().and(text_ip_in(column("raw"), &network)));
            ["source_ip", "destination_ip", "host_ip"]
                .into_iter()
                .map(|name| ip_in(column(name), &network))
                .fold(listed, Expr::or)
        }
        Test::Expression(source) => {
            text_expression(column("raw"), source).or(text_expression(column("message"), source))
        }
        Test::Exists | Test::Range { .. } | Test::Known(_) => lit(true),
    }
}

/// There were more addresses and hashes than are listed, so the record itself is looked into.
fn more() -> Expr {
    column("observables").like(lit("% + %"))
}

/// The wildcards of LIKE taken literally.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn common(name: &'static str, value: Expr, test: &Test) -> Expr {
    let kind = columns::schema().field_with_name(name).map(|field| field.data_type().clone());
    match (test, kind.unwrap_or(DataType::Utf8View)) {
        (Test::Exists, _) => value.is_not_null(),
        (Test::Observable(word), _) => text_has(value, word),
        (Test::Range { low, high }, DataType::Timestamp(..)) => range(low, high, |number| {
            (value.clone(), lit(ScalarValue::TimestampMicrosecond(Some(number as i64), Some("UTC".into()))))
        }),
        // Parts of whole numbers are compared as such: `>3.5`.
        (Test::Range { low, high }, DataType::Int64) => range(low, high, |number| match number.fract() == 0.0 {
            true => (value.clone(), lit(number as i64)),
            false => (cast_float(value.clone()), lit(number)),
        }),
        (Test::Range { low, high }, _) => range(low, high, |number| (text_number(value.clone()), lit(number))),
        (Test::Network(network), _) if name.ends_with("_ip") => ip_in(value, &network.to_string()),
        (Test::Network(network), DataType::Utf8View) => text_ip_in(value, &network.to_string()),
        (Test::Network(network), _) => text_ip_in(cast_text(value), &network.to_string()),
        (Test::Expression(source), DataType::Utf8View) => text_expression(value, source),
        (Test::Expression(source), _) => text_expression(cast_text(value), source),
        (Test::Known(predicate), DataType::Int64) => known(cast_text(value), predicate),
        (Test::Known(predicate), _) => known(value, predicate),
        (Test::Text(text), DataType::Int64) => match text.parse::<i64>() {
            Ok(number) => value.eq(lit(number)),
            Err(_) => lit(false),
        },
        (Test::Text(text), DataType::Boolean) => match text.as_str() {
            "true" | "yes" | "1" => value.is_true(),
            "false" | "no" | "0" => value.is_false(),
            _ => lit(false),
        },
        (Test::Text(text), _) if matches!(name, "message" | "raw" | "observables") => text_has(value, text),
        (Test::Text(text), _) => equal(name, text),
        (Test::Wildcard(pattern), DataType::Int64) => text_like(cast_text(value), pattern),
        (Test::Wildcard(pattern), _) => text_like(value, pattern),
    }
}

/// Equality that can use bloom filters where the spelling is certain, and folds where it is not.
fn equal(name: &str, text: &str) -> Expr {
    let exact = |text: String| column(name).eq(lit(ScalarValue::Utf8View(Some(text))));
    if !text.chars().any(char::is_alphabetic) {
        return exact(text.to_owned());
    }
    match name {
        "file_hash" => exact(text.to_lowercase()).or(exact(text.to_uppercase())),
        "source_id" | "listener" | "time_quality" | "format" => exact(text.to_owned()),
        _ => text_equals(column(name), text),
    }
}

fn own(fields: Expr, name: &str, test: &Test) -> Expr {
    let fields = || fields.clone();
    match test {
        Test::Exists => field_like(fields(), name, "*"),
        Test::Observable(word) => field_equals(fields(), name, word),
        Test::Range { low, high } => range(low, high, |number| (field_number(fields(), name), lit(number))),
        Test::Network(network) => text_ip_in(field(fields(), name), &network.to_string()),
        Test::Expression(source) => field_expression(fields(), name, source),
        Test::Known(predicate) => known(field(fields(), name), predicate),
        Test::Text(text) => field_equals(fields(), name, text),
        Test::Wildcard(pattern) => field_like(fields(), name, pattern),
    }
}

fn range(low: &Bound, high: &Bound, sides: impl Fn(f64) -> (Expr, Expr)) -> Expr {
    let part = |bound: &Bound, is_low: bool| {
        let (number, included) = match bound {
            Bound::Open => return None,
            Bound::Including(number) => (*number, true),
            Bound::Excluding(number) => (*number, false),
        };
        let (value, limit) = sides(number);
        Some(match (is_low, included) {
            (true, true) => value.gt_eq(limit),
            (true, false) => value.gt(limit),
            (false, true) => value.lt_eq(limit),
            (false, false) => value.lt(limit),
        })
    };
    match (part(low, true), part(high, false)) {
        (Some(low), Some(high)) => low.and(high),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => lit(true),
    }
}

fn cast_float(value: Expr) -> Expr {
    datafusion::logical_expr::cast(value, DataType::Float64)
}

fn cast_text(value: Expr) -> Expr {
    datafusion::logical_expr::cast(value, DataType::Utf8View)
}
