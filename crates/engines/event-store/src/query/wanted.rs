//! What the conditions of a query ask of a record's text, for the word indexes of segments. A condition that says
//! nothing about texts, or says it in a way that is not understood here, asks for anything.

use crate::columns;
use crate::observables;
use crate::pattern::{Expression, Like};
use crate::segment::Wanted;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// What rows must hold to pass all filters.
pub(super) fn wanted(filters: &[Expr]) -> Wanted {
    Wanted::all(filters.iter().map(one).collect())
}

fn one(filter: &Expr) -> Wanted {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => Wanted::all(vec![one(left), one(right)]),
            Operator::Or => Wanted::any(vec![one(left), one(right)]),
            Operator::Eq => match (text(right), text(left)) {
                (Some(value), _) => equal(left, value),
                (_, Some(value)) => equal(right, value),
                _ => Wanted::Anything,
            },
            Operator::RegexMatch | Operator::RegexIMatch => match text(right) {
                Some(pattern) if is_indexed(left) => regex(pattern),
                _ => Wanted::Anything,
            },
            _ => Wanted::Anything,
        },
        Expr::Like(like) if !like.negated => match text(&like.pattern) {
            Some(pattern) => self::like(&like.expr, pattern, like.escape_char),
            None => Wanted::Anything,
        },
        Expr::InList(InList { expr, list, negated: false }) => Wanted::any(
            list.iter().map(|value| text(value).map_or(Wanted::Anything, |text| equal(expr, text))).collect(),
        ),
        Expr::ScalarFunction(function) => called(function),
        Expr::IsTrue(inner) => one(inner),
        Expr::Alias(alias) => one(&alias.expr),
        _ => Wanted::Anything,
    }
}

/// Our own functions and those of DataFusion that look for a text.
fn called(function: &ScalarFunction) -> Wanted {
    let argument = |place: usize| function.args.get(place).and_then(text);
    let Some(first) = function.args.first().filter(|first| is_indexed(first)) else { return Wanted::Anything };
    let wildcards = |pattern: Option<&str>| match pattern {
        Some(pattern) => Wanted::all(Like::literals(pattern).into_iter().map(Wanted::Text).collect()),
        None => Wanted::Anything,
    };
    let texts = |text: Option<&str>| text.map_or(Wanted::Anything, |text| Wanted::Text(text.to_owned()));
    match function.func.name() {
        "text_has" | "contains" | "starts_with" | "ends_with" => texts(argument(1)),
        "text_equals" => argument(1).map_or(Wanted::Anything, |value| equal(first, value)),
        "text_like" | "text_word" => wildcards(argument(1)),
        "field_equals" => texts(argument(2)),
        "field_like" => wildcards(argument(2)),
        "text_expression" => argument(1).map_or(Wanted::Anything, |source| regex(&Expression::folded(source))),
        "field_expression" => argument(2).map_or(Wanted::Anything, |source| regex(&Expression::folded(source))),
        // Flags may change what the pattern means.
        "regexp_like" if function.args.len() == 2 => argument(1).map_or(Wanted::Anything, regex),
        _ => Wanted::Anything,
    }
}

fn equal(value: &Expr, text: &str) -> Wanted {
    if !is_indexed(value) {
        return Wanted::Anything;
    }
    let common = matches!(value, Expr::Column(column) if columns::event_texts().any(|name| name == column.name()));
    match observables::word(text) {
        // Every column's observables are listed, up to a number; the mark says where some were not.
        Some(word) if common => Wanted::any(vec![Wanted::Whole(word), Wanted::Whole("+".to_owned())]),
        _ if common => Wanted::Column(text.to_owned()),
        _ => Wanted::Text(text.to_owned()),
    }
}

fn like(value: &Expr, pattern: &str, escape: Option<char>) -> Wanted {
    let pieces = pieces(pattern, escape);
    if matches!(value, Expr::Column(column) if column.name() == "observables") {
        let word = pieces.first().and_then(|piece| piece.strip_prefix(' ')?.strip_suffix(' '));
        return match (word, pieces.len()) {
            (Some(word), 1) if !word.contains(' ') => Wanted::Whole(word.to_owned()),
            _ => Wanted::Anything,
        };
    }
    match is_indexed(value) {
        true => Wanted::all(pieces.into_iter().map(Wanted::Text).collect()),
        false => Wanted::Anything,
    }
}

/// The plain texts between the wildcards of LIKE.
fn pieces(pattern: &str, escape: Option<char>) -> Vec<String> {
    let escape = escape.unwrap_or('\\');
    let mut pieces = vec![String::new()];
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let plain = match letter {
            '%' | '_' => None,
            letter if letter == escape => letters.next().or(Some(letter)),
            letter => Some(letter),
        };
        match (plain, pieces.last_mut()) {
            (Some(letter), Some(piece)) => piece.push(letter),
            _ => pieces.push(String::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The plain texts that whatever a regular expression fits must hold.
fn regex(pattern: &str) -> Wanted {
    match regex_syntax::Parser::new().parse(pattern) {
        Ok(parsed) => required(&parsed),
        Err(_) => Wanted::Anything,
    }
}

fn required(part: &regex_syntax::hir::Hir) -> Wanted {
    use regex_syntax::hir::HirKind;
    match part.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Wanted::Text(text.to_owned()),
            Err(_) => Wanted::Anything,
        },
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Concat(parts) => Wanted::all(parts.iter().map(required).collect()),
        HirKind::Alternation(parts) => Wanted::any(parts.iter().map(required).collect()),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        _ => Wanted::Anything,
    }
}

fn text(value: &Expr) -> Option<&str> {
    match value {
        Expr::Literal(ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text), _) => {
            text.as_deref()
        }
        _ => None,
    }
}

/// Whether a value is made of texts that the index has read, and of nothing that could bring in other words.
fn is_indexed(value: &Expr) -> bool {
    match value {
        Expr::Column(column) => {
            let name = column.name();
            matches!(name, "raw" | "message" | "fields") || columns::event_texts().any(|text| text == name)
        }
        Expr::Literal(literal, _) => literal.is_null(),
        Expr::Alias(alias) => is_indexed(&alias.expr),
        Expr::Cast(cast) => is_indexed(&cast.expr),
        Expr::Case(case) => {
            case.when_then_expr.iter().all(|(_, then)| is_indexed(then))
                && case.else_expr.as_ref().is_none_or(|otherwise| is_indexed(otherwise))
        }
        Expr::ScalarFunction(function) => {
            let parts = ["substr", "field", "fold", "lower", "left", "right", "btrim", "ltrim", "rtrim"];
            parts.contains(&function.func.name()) && function.args.first().is_some_and(is_indexed)
        }
        _ => false,
    }
}
