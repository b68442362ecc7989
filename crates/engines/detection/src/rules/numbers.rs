//! Numbers that the parser does not take as their file writes them: those of a correlation's condition that are not whole, and
//! whole ones beyond 64 bits with a sign.

use crate::correlation::Numbers;
use rsigma_parser::ConditionOperator as Operator;
use serde_yaml_ng::Value;

/// In the order in which the parser lists them.
const OPERATORS: [(&str, Operator); 6] = [
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("eq", Operator::Eq),
    ("neq", Operator::Neq),
];

/// The numbers of a document that is one correlation.
pub(super) fn read(text: &str) -> Option<Numbers> {
    let document: Value = serde_yaml_ng::from_str(text).ok()?;
    let condition = document.get("correlation")?.get("condition")?;
    let number = |name: &str| condition.get(name)?.as_f64().filter(|number| number.is_finite());
    let comparisons = OPERATORS.iter().filter_map(|(name, operator)| Some((*operator, number(name)?))).collect();
    Some(Numbers { comparisons, percentile: number("percentile") })
}

/// The document with 1 in the place of every number of the condition that is not whole; nothing where there is none.
pub(super) fn with_whole(text: &str) -> Option<String> {
    let mut document: Value = serde_yaml_ng::from_str(text).ok()?;
    let condition = document.get_mut("correlation")?.get_mut("condition")?;
    let mut replaced = false;
    for (name, _) in OPERATORS {
        if let Some(number) = condition.get_mut(name).filter(|value| value.is_number() && value.as_u64().is_none()) {
            *number = Value::from(1_u64);
            replaced = true;
        }
    }
    replaced.then(|| serde_yaml_ng::to_string(&document).ok()).flatten()
}

/// The document with every value that is a whole number too large for the parser as a text of its digits, which is what records
/// have there; nothing where there is none. Only plain values of one line are seen.
pub(super) fn with_digits(text: &str) -> Option<String> {
    let mut quoted = String::new();
    let mut done = 0;
    let mut at = 0;
    for part in text.split_inclusive(|letter: char| !letter.is_ascii_digit()) {
        let digits = part.trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let (start, end) = (at, at + digits.len());
        at += part.len();
        if digits.len() < 19 || digits.parse::<i64>().is_ok() {
            continue;
        }
        let before = text.get(..start).unwrap_or_default();
        let bare = before.trim_end_matches(' ');
        let begins = bare.ends_with(['[', ',']) || bare.len() < before.len() && bare.ends_with([':', '-']);
        let behind = text.get(end..).unwrap_or_default().trim_start_matches(' ');
        if begins && (behind.is_empty() || behind.starts_with([',', ']', '}', '#', '\n', '\r'])) {
            quoted.push_str(text.get(done..start).unwrap_or_default());
            quoted.extend(["'", digits, "'"]);
            done = end;
        }
    }
    quoted.push_str(text.get(done..).unwrap_or_default());
    (done > 0).then_some(quoted)
}

#[cfg(test)]
mod tests {
    use super::with_digits;

    #[test]
    fn only_values_too_large_become_texts() {
        let quoted = |text: &str| with_digits(text).unwrap_or_default();
        assert_eq!(quoted("a: 18446744073709551615"), "a: '18446744073709551615'");
        assert_eq!(quoted("a: [1, 9223372036854775808]\n"), "a: [1, '9223372036854775808']\n");
        assert_eq!(quoted("a:\n  - 9223372036854775808 # x\n"), "a:\n  - '9223372036854775808' # x\n");
        for same in [
            "a: 9223372036854775807",
            "a: x9223372036854775808",
            "a: 9223372036854775808.5",
            "a: '9223372036854775808'",
        ] {
            assert_eq!(with_digits(same), None, "{same}");
        }
    }
}
