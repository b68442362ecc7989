//! What the planner and the engine say of a question, read into mistakes that have a code. What is not recognised here
//! stays as the engine says it.

use super::functions;
use super::guard::clean;
use crate::mistake::Mistake;
use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

/// The mistake behind an error. `tables` names those that there are.
pub(super) fn recognised(error: &DataFusionError, tables: &dyn Fn() -> Vec<String>) -> Option<Mistake> {
    let words = clean(error);
    match error.find_root() {
        DataFusionError::SQL(parser, _) => Some(syntax(parser, words)),
        DataFusionError::SchemaError(schema, _) => Some(of_schema(schema, words)),
        DataFusionError::ArrowError(arrow, _) => of_values(arrow, words),
        _ => of_words(words, tables),
    }
}

/// A text that cannot be read, with its line and column.
pub(super) fn syntax(error: &ParserError, words: String) -> Mistake {
    let text = match error {
        ParserError::RecursionLimitExceeded => return Mistake::new("query-too-deep", words),
        ParserError::TokenizerError(text) => return placed("query-syntax-sign", text, words.clone()),
        ParserError::ParserError(text) => text,
    };
    let found = text.split_once("found: ").map(|(_, rest)| rest.split(" at Line:").next().unwrap_or(rest));
    match found {
        Some("EOF") => Mistake::new("query-syntax-end", words),
        Some(found) => placed("query-syntax", text, words.clone()).with("found", found),
        None => placed("query-syntax-sign", text, words.clone()),
    }
}

fn placed(code: &'static str, text: &str, words: String) -> Mistake {
    let number = |name: &str| {
        let digits = text.rsplit_once(name).map(|(_, rest)| rest.trim_start());
        digits.and_then(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next()).unwrap_or_default()
    };
    Mistake::new(code, words.as_str()).with("line", number("Line:")).with("column", number("Column:"))
}

fn of_schema(error: &SchemaError, words: String) -> Mistake {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => Mistake::new("query-unknown-column", words)
            .with("column", field.flat_name())
            .near(&field.name, valid_fields.iter().map(|one| one.name.as_str())),
        SchemaError::AmbiguousReference { field } => {
            Mistake::new("query-ambiguous-column", words).with("column", &field.name)
        }
        SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
            Mistake::new("query-duplicate-column", words).with("column", name)
        }
    }
}

fn of_values(error: &ArrowError, words: String) -> Option<Mistake> {
    match error {
        ArrowError::DivideByZero => Some(Mistake::new("query-divide-zero", words)),
        ArrowError::ArithmeticOverflow(_) => Some(Mistake::new("query-number-range", words)),
        ArrowError::CastError(text) | ArrowError::ParseError(text) => {
            let value = quoted(text).unwrap_or(text).to_owned();
            let time = ["timestamp", "Timestamp", "date", "Date", "time zone"].iter().any(|word| text.contains(word));
            let code = if time { "query-time-unreadable" } else { "query-cast" };
            Some(Mistake::new(code, words).with("value", value))
        }
        _ => None,
    }
}

fn of_words(words: String, tables: &dyn Fn() -> Vec<String>) -> Option<Mistake> {
    let text = words.clone();
    let unknown_table = |name: &str| {
        let name = name.trim_start_matches("centre.").trim_start_matches("public.");
        let tables = tables();
        let last = name.rsplit('.').next().unwrap_or(name).to_owned();
        let near = tables.iter().map(String::as_str);
        Mistake::new("query-unknown-table", words.as_str()).with("table", name).near(&last, near)
    };
    if let Some(name) = text.strip_prefix("failed to resolve schema: ") {
        return Some(unknown_table(name));
    }
    if text.starts_with("table '") && text.contains("' not found") {
        return Some(unknown_table(quoted(&text)?));
    }
    if let Some(rest) = text.strip_prefix("Invalid function '") {
        let name = rest.split('\'').next().unwrap_or(rest).to_owned();
        let names = functions::names();
        return Some(
            Mistake::new("query-unknown-function", words)
                .with("function", &name)
                .near(&name, names.iter().map(String::as_str)),
        );
    }
    if text.contains("must appear in the GROUP BY clause") {
        let column = text.split_once("column \"").and_then(|(_, rest)| rest.split_once("\" must"));
        let column = column.map_or("", |(column, _)| column).to_owned();
        return Some(Mistake::new("query-group-by", words).with("column", column));
    }
    if text.contains("require unique expression names") {
        let column = text.split_once("expression \"").and_then(|(_, rest)| rest.split_once("\" at position"));
        let column = column.map_or("", |(column, _)| column).to_owned();
        return Some(Mistake::new("query-duplicate-column", words).with("column", column));
    }
    if text.to_lowercase().contains("divide by zero") {
        return Some(Mistake::new("query-divide-zero", words));
    }
    let types = ["coerc", "argument type", "does not support type", "Unsupported CAST", "but received", "expects"];
    types.iter().any(|sign| text.contains(sign)).then(|| {
        let part = between(&text, "arithmetic expression ", " to valid types")
            .or_else(|| between(&text, "comparison operation ", "\n"))
            .or_else(|| quoted(&text))
            .unwrap_or_else(|| text.lines().next().unwrap_or_default());
        Mistake::new("query-type-mismatch", words.as_str()).with("part", with_plain_types(part))
    })
}

/// What stands in the first single quotation marks.
fn quoted(text: &str) -> Option<&str> {
    text.split_once('\'')?.1.split_once('\'').map(|(inside, _)| inside)
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let rest = text.split_once(before)?.1;
    Some(rest.split_once(after).map_or(rest, |(inside, _)| inside))
}

/// Types as the catalogue names them.
fn with_plain_types(text: &str) -> String {
    const TYPES: [(&str, &str); 12] = [
        ("LargeUtf8", "text"),
        ("Utf8View", "text"),
        ("Utf8", "text"),
        ("UInt64", "integer"),
        ("Int64", "integer"),
        ("Int32", "integer"),
        ("Float64", "float"),
        ("Boolean", "boolean"),
        ("Timestamp(µs, \"UTC\")", "time"),
        ("Timestamp(µs)", "time"),
        ("Timestamp(ns)", "time"),
        ("Interval(MonthDayNano)", "interval"),
    ];
    TYPES.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_values_may_tell_of_rows_and_what_comes_of_reading_may_not() {
        let text = |words: &str| words.to_owned();
        let values = [
            ArrowError::DivideByZero,
            ArrowError::ArithmeticOverflow(text("Overflow happened on: 9223372036854775807 + 1")),
            ArrowError::CastError(text("Cannot cast string 'Failed password' to value of Int64 type")),
            ArrowError::ParseError(text("Error parsing timestamp from 'Failed password': error parsing date")),
        ];
        for error in &values {
            let mistake = of_values(error, error.to_string()).expect("a mistake");
            assert!(Mistake::may_tell_of_rows(mistake.code), "{error}");
        }
        let spoken = of_words(text("Arrow error: Divide by zero error"), &Vec::<String>::new).expect("a mistake");
        assert!(Mistake::may_tell_of_rows(spoken.code));

        let read = syntax(&ParserError::ParserError(text("Expected: an expression, found: EOF")), String::new());
        let unknown =
            of_words(text("table 'centre.public.nothing' not found"), &Vec::<String>::new).expect("a mistake");
        for mistake in [read, unknown] {
            assert!(!Mistake::may_tell_of_rows(mistake.code), "{}", mistake.code);
        }
    }
}
