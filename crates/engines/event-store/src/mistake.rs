//! Mistakes of an asker, each with a stable code and its variables, so that pages and programs can say it in their own
//! language. The words beside them are English and for whoever wants to know more.

use crate::StoreError;
use std::fmt::Display;

/// What is wrong with a question or a search text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// One of [`MISTAKES`].
    pub code: &'static str,
    /// Variables of the sentence.
    pub arguments: Vec<(&'static str, String)>,
    pub words: String,
}

/// Every code there is.
pub const MISTAKES: [&str; 57] = [
    "query-ambiguous-column",
    "query-cast",
    "query-divide-zero",
    "query-duplicate-column",
    "query-empty",
    "query-explain-plain",
    "query-group-by",
    "query-grows",
    "query-number-range",
    "query-one-select",
    "query-percentile",
    "query-recursive",
    "query-select-into",
    "query-syntax",
    "query-syntax-end",
    "query-syntax-sign",
    "query-table-closed",
    "query-tallies",
    "query-time-unreadable",
    "query-too-deep",
    "query-too-long",
    "query-too-many-parts",
    "query-too-many-words",
    "query-type-mismatch",
    "query-unknown-column",
    "query-unknown-function",
    "query-unknown-table",
    "search-address-range",
    "search-close-without-open",
    "search-expression",
    "search-expression-field",
    "search-expression-large",
    "search-expression-slash",
    "search-field-missing",
    "search-goes-on",
    "search-ends-early",
    "search-network",
    "search-no-address",
    "search-no-number",
    "search-no-time",
    "search-no-truth",
    "search-no-whole-number",
    "search-nothing-inside",
    "search-open",
    "search-phrase-open",
    "search-range-backwards",
    "search-range-ends",
    "search-range-field",
    "search-range-open",
    "search-too-deep",
    "search-too-long",
    "search-too-many-expressions",
    "search-too-many-terms",
    "search-value-missing",
    "search-value-space",
    "search-word-before",
    "search-unknown-column",
];

/// Those of them that come of the values met while a question is answered.
const OF_VALUES: [&str; 4] = ["query-cast", "query-divide-zero", "query-number-range", "query-time-unreadable"];

impl Mistake {
    /// Whether a mistake of this code may tell of a row that was met, as those of reading a question cannot.
    pub fn may_tell_of_rows(code: &str) -> bool {
        OF_VALUES.contains(&code)
    }

    pub(crate) fn new(code: &'static str, words: impl Into<String>) -> Self {
        debug_assert!(MISTAKES.contains(&code), "{code}");
        Self { code, arguments: Vec::new(), words: words.into() }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }

    /// With names like the one that does not exist; `none` where nothing is near.
    #[must_use]
    pub(crate) fn near<'n>(self, wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let near = nearest(wanted, names);
        let near = if near.is_empty() { "none".to_owned() } else { near.join(", ") };
        self.with("near", near)
    }
}

impl From<Mistake> for StoreError {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(Box::new(mistake))
    }
}

/// Names told at the most.
const MOST_NEAR: usize = 3;

/// Names that differ little from the one wanted, or hold it, nearest first.
fn nearest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let letters = plain(wanted);
    let near = |name: &'n str| {
        let other = plain(name.rsplit('.').next().unwrap_or(name));
        let far = distance(&letters, &other).min(distance(&letters, &plain(name)));
        let holds = letters.len() > 2 && contains(&other, &letters);
        // `agency` and `agencies`.
        let same = letters.iter().zip(&other).take_while(|(one, other)| one == other).count();
        let begins = same >= 4 && same * 3 >= letters.len() * 2;
        (far <= 2.max(letters.len() / 4) && far < letters.len() || holds || begins).then_some((far, name))
    };
    let mut found: Vec<_> = names.into_iter().filter_map(near).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(MOST_NEAR).map(|(_, name)| name).collect()
}

fn contains(long: &[char], short: &[char]) -> bool {
    long.windows(short.len().max(1)).any(|part| part == short)
}

/// The letters and digits of a name, small.
pub(crate) fn plain(name: &str) -> Vec<char> {
    name.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// Letters to change, add or leave out.
pub(crate) fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.iter().enumerate() {
        let mut next = vec![index + 1];
        for (at, right) in other.iter().enumerate() {
            let changed = row.get(at).copied().unwrap_or(0) + usize::from(left != right);
            let longer = row.get(at + 1).copied().unwrap_or(0) + 1;
            let shorter = next.last().copied().unwrap_or(0) + 1;
            next.push(changed.min(longer).min(shorter));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_were_perhaps_meant_come_nearest_first() {
        let columns = ["source_ip", "destination_ip", "user_name", "host_name", "raw"];
        assert_eq!(nearest("user_nam", columns), ["user_name"]);
        assert_eq!(nearest("sourceip", columns), ["source_ip"]);
        assert_eq!(nearest("name", columns), ["host_name", "user_name"]);
        assert!(nearest("nonsense", columns).is_empty());
        assert_eq!(nearest("alert", ["monitoring.alerts", "events"]), ["monitoring.alerts"]);
    }
}
