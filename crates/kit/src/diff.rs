//! What is different between two texts, line by line.

use similar::{Change, ChangeTag, TextDiff};
use std::time::Duration;

/// After so long what is left of two texts counts as gone and come: texts that share nothing take the square of their length.
const LONGEST: Duration = Duration::from_millis(500);

/// How a line stands between two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Same,
    Added,
    Removed,
}

impl Mark {
    /// The sign before the line, so that colour is not alone.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Added => "+",
            Self::Removed => "−",
        }
    }

    /// Its class on a page.
    pub fn class(self) -> &'static str {
        match self {
            Self::Same => "diff-same",
            Self::Added => "diff-added",
            Self::Removed => "diff-removed",
        }
    }
}

/// One line, with its numbers in both texts, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub mark: Mark,
    pub old: Option<usize>,
    pub new: Option<usize>,
    pub text: String,
}

/// All lines of both texts in order: what went stands before what came.
pub fn lines(before: &str, after: &str) -> Vec<Line> {
    between(&before.lines().collect::<Vec<_>>(), &after.lines().collect::<Vec<_>>())
}

/// The same of texts that are lines already.
pub fn between(old: &[&str], new: &[&str]) -> Vec<Line> {
    let found = TextDiff::configure().timeout(LONGEST).diff_slices(old, new);
    let line = |change: Change<&str>| Line {
        mark: match change.tag() {
            ChangeTag::Equal => Mark::Same,
            ChangeTag::Insert => Mark::Added,
            ChangeTag::Delete => Mark::Removed,
        },
        old: change.old_index().map(|at| at + 1),
        new: change.new_index().map(|at| at + 1),
        text: change.value().to_owned(),
    };
    found.iter_all_changes().map(line).collect()
}

/// Only what is different, with so many lines around it: each part apart from the next by lines left out.
pub fn parts(lines: &[Line], around: usize) -> Vec<Vec<Line>> {
    let mut parts: Vec<Vec<Line>> = Vec::new();
    let mut last = None;
    for (at, line) in lines.iter().enumerate() {
        let from = at.saturating_sub(around);
        let near = lines.iter().skip(from).take(at - from + around + 1).any(|other| other.mark != Mark::Same);
        if !near {
            continue;
        }
        match parts.last_mut().filter(|_| last.is_some_and(|last| last + 1 == at)) {
            Some(part) => part.push(line.clone()),
            None => parts.push(vec![line.clone()]),
        }
        last = Some(at);
    }
    parts
}

/// How many lines came, and how many went.
pub fn counts(lines: &[Line]) -> (usize, usize) {
    let of = |mark| lines.iter().filter(|line| line.mark == mark).count();
    (of(Mark::Added), of(Mark::Removed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(before: &str, after: &str) -> Vec<String> {
        lines(before, after).iter().map(|line| format!("{}{}", line.mark.sign(), line.text)).collect()
    }

    #[test]
    fn a_changed_line_goes_and_comes_and_the_rest_stays() {
        let before = "a\namount = 24\nb\nc\n";
        assert_eq!(drawn(before, "a\namount = 48\nb\nc\n"), [" a", "−amount = 24", "+amount = 48", " b", " c"]);
        assert_eq!(drawn(before, before), [" a", " amount = 24", " b", " c"]);
        assert_eq!(drawn("", "x\n"), ["+x"]);
        assert_eq!(drawn("x\n", ""), ["−x"]);
        assert_eq!(drawn("a\nb\nc\n", "b\nd\nc\n"), ["−a", " b", "+d", " c"]);
    }

    #[test]
    fn numbers_are_those_of_each_text() {
        let found = lines("a\nb\nc\n", "a\nx\ny\nc\n");
        let numbers: Vec<_> = found.iter().map(|line| (line.old, line.new)).collect();
        assert_eq!(
            numbers,
            [(Some(1), Some(1)), (Some(2), None), (None, Some(2)), (None, Some(3)), (Some(3), Some(4))]
        );
        assert_eq!(counts(&found), (2, 1));
    }

    #[test]
    fn parts_hold_what_is_near_a_difference() {
        let numbered = |changed: &[usize]| {
            let line = |at: usize| if changed.contains(&at) { format!("x{at}\n") } else { format!("{at}\n") };
            (0..20).map(line).collect::<String>()
        };
        let found = parts(&lines(&numbered(&[]), &numbered(&[3, 15])), 2);
        let lengths: Vec<_> = found.iter().map(Vec::len).collect();
        assert_eq!(lengths, [6, 6], "two before, one gone, one come, two after");
        assert!(parts(&lines("a\n", "a\n"), 2).is_empty());
    }

    proptest! {
        /// The lines that stayed or went are the old text, those that stayed or came the new one.
        #[test]
        fn both_texts_are_in_it(before in "[abc\n]{0,60}", after in "[abc\n]{0,60}") {
            let found = lines(&before, &after);
            let kept = |left_out: Mark| -> Vec<String> {
                found.iter().filter(|line| line.mark != left_out).map(|line| line.text.clone()).collect()
            };
            prop_assert_eq!(kept(Mark::Added), before.lines().map(str::to_owned).collect::<Vec<_>>());
            prop_assert_eq!(kept(Mark::Removed), after.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
