//! Expressions of format files. `\d`, `\w` and `\b` mean ASCII in them: digits, letters and words of all of Unicode would make
//! the sets that are searched with every record ten times as large, and no log is told by them.

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Memory that one compiled expression may take.
const REGEX_LIMIT: usize = 4 << 20;

pub(crate) fn build_regex(expression: &str) -> Result<Regex, String> {
    RegexBuilder::new(&ascii(expression)).size_limit(REGEX_LIMIT).build().map_err(|error| error.to_string())
}

/// A set of expressions searched at once.
pub(crate) fn build_set<'a>(expressions: impl Iterator<Item = &'a str>) -> Result<RegexSet, String> {
    RegexSetBuilder::new(expressions.map(ascii)).size_limit(16 * REGEX_LIMIT).build().map_err(|error| error.to_string())
}

fn ascii(expression: &str) -> String {
    let mut out = String::with_capacity(2 * expression.len());
    let mut letters = expression.chars();
    while let Some(one) = letters.next() {
        if one != '\\' {
            out.push(one);
            continue;
        }
        match letters.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('b') => out.push_str(r"(?-u:\b)"),
            other => {
                out.push('\\');
                out.extend(other);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_words_and_boundaries_are_ascii_also_within_brackets() {
        let word = build_regex(r"^[\w.-]+@[^\d]+\b:\d{2}$").unwrap();
        assert!(word.is_match("an.b-c@may:12"));
        assert!(!word.is_match("ân@may:12"));
        assert!(!word.is_match("an@may:١٢"));
        let set = build_set([r"^\w$", r"^\\d$", r"^\S+$"].into_iter()).unwrap();
        assert_eq!(set.matches(r"\d").into_iter().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(set.matches("á").into_iter().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for wrong in ["(", r"\", r"[\d", r"\w{99999999}"] {
            assert!(build_regex(wrong).is_err(), "{wrong}");
        }
    }
}
