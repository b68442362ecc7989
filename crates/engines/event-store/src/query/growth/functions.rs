//! How many times as long as its arguments the result of a function can be.

use super::{ONE, SMALL, STORED, UNKNOWN};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;
use regex_syntax::hir::Hir;

/// The longest text of a format of `to_char`, `%+`, against the format itself.
const FORMATTED: f64 = 18.0;

/// Functions with a short result, however long their arguments are.
const SHORT: &[&str] = &[
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_length",
    "array_position",
    "ascii",
    "bit_length",
    "cardinality",
    "character_length",
    "chr",
    "contains",
    "ends_with",
    "field_equals",
    "field_like",
    "field_number",
    "find_in_set",
    "ip_in",
    "levenshtein",
    "octet_length",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "starts_with",
    "strpos",
    "text_equals",
    "text_has",
    "text_like",
    "text_number",
    "text_word",
];

/// Functions whose result is no longer than the longest of their arguments.
const KEEPING: &[&str] = &[
    "array_distinct",
    "array_element",
    "array_sort",
    "btrim",
    "coalesce",
    "field",
    "fold",
    "get_field",
    "greatest",
    "initcap",
    "least",
    "left",
    "lower",
    "ltrim",
    "nullif",
    "nvl",
    "nvl2",
    "reverse",
    "right",
    "rtrim",
    "split_part",
    "substr",
    "substr_index",
    "to_hex",
    "upper",
];

/// The factor of a call, from those of its arguments.
pub(super) fn scalar(call: &ScalarFunction, factors: &[f64]) -> f64 {
    let first = factors.first().copied().unwrap_or(0.0);
    let sum = factors.iter().sum::<f64>();
    match call.name() {
        name if SHORT.contains(&name) => SMALL,
        name if KEEPING.contains(&name) => most(factors),
        // The first argument stands between the others.
        "concat_ws" => sum + first * factors.len() as f64,
        "replace" => first * replaced(&call.args, sum),
        "regexp_replace" => regexp_replaced(first, &call.args),
        "regexp_match" => first * groups(&call.args),
        "make_array" => factors.iter().map(|factor| factor.max(SMALL)).sum(),
        "string_to_array" => first + SMALL,
        "array_to_string" => first * (1.0 + (sum - first) * STORED),
        "to_char" => SMALL + (sum - first) * FORMATTED,
        _ => sum.max(SMALL),
    }
}

pub(super) fn most(factors: &[f64]) -> f64 {
    factors.iter().copied().fold(0.0, f64::max)
}

/// A value of many rows. How long a list or text of all of them becomes is the memory pool's business.
pub(super) fn gathered(function: &str, factors: &[f64]) -> f64 {
    match function {
        "min" | "max" | "first_value" | "last_value" | "nth_value" | "lag" | "lead" => most(factors),
        "array_agg" | "string_agg" => factors.iter().sum::<f64>().max(ONE),
        _ => SMALL,
    }
}

fn literal(arguments: &[Expr], number: usize) -> Option<&str> {
    match arguments.get(number) {
        Some(Expr::Literal(value, _)) => value.try_as_str().map(Option::unwrap_or_default),
        _ => None,
    }
}

/// What `replace` makes of a text: `to` for every `from`.
fn replaced(arguments: &[Expr], sum: f64) -> f64 {
    let Some(to) = literal(arguments, 2) else { return UNKNOWN * sum.max(ONE) };
    let from = literal(arguments, 1).map_or(1, str::len).max(1);
    (to.len() as f64 / from as f64).max(1.0)
}

fn expression(arguments: &[Expr], pattern: &str, flags: usize) -> Option<Hir> {
    let flags = match arguments.get(flags) {
        Some(_) => literal(arguments, flags)?.replace('g', ""),
        None => String::new(),
    };
    let pattern = if flags.is_empty() { pattern.to_owned() } else { format!("(?{flags}){pattern}") };
    regex_syntax::parse(&pattern).ok()
}

/// The same of `regexp_replace`: `to` for the first match or, where the flags say so, for each. It may name groups,
/// each as long as the match at most; and what can match nothing matches before every letter.
fn regexp_replaced(text: f64, arguments: &[Expr]) -> f64 {
    let (Some(pattern), Some(to)) = (literal(arguments, 1), literal(arguments, 2)) else {
        return UNKNOWN * text.max(ONE);
    };
    let length = to.len() as f64;
    let named = to.matches(['$', '\\']).count() as f64;
    let each = arguments.len() > 3 && literal(arguments, 3).is_none_or(|flags| flags.contains('g'));
    if !each {
        return text * named.max(1.0) + length / STORED;
    }
    let shortest = expression(arguments, pattern, 3).and_then(|parsed| parsed.properties().minimum_len()).unwrap_or(0);
    match shortest {
        0 => text * (named.max(1.0) + length) + length / STORED,
        bytes => text * (named + length / bytes as f64).max(1.0),
    }
}

/// Parts of a text that `regexp_match` lists, each as long as the text at most.
fn groups(arguments: &[Expr]) -> f64 {
    let Some(pattern) = literal(arguments, 1) else { return UNKNOWN };
    let parsed = expression(arguments, pattern, 2);
    parsed.map_or(UNKNOWN, |parsed| parsed.properties().explicit_captures_len().max(1) as f64)
}
