//! What is different between two texts, line by line. Pure.

/// Pairs of lines that are compared one with another at most; beyond it everything between the first and the last
/// difference counts as new.
const MOST_PAIRS: usize = 4_000_000;

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
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let shorter = old.len().min(new.len());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let tail = old.iter().rev().zip(new.iter().rev()).take(shorter - head).take_while(|(old, new)| old == new).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let mut found = Vec::with_capacity(old.len() + new.len());
    let same = |old_at: usize, new_at: usize, text: &str| Line {
        mark: Mark::Same,
        old: Some(old_at + 1),
        new: Some(new_at + 1),
        text: text.to_owned(),
    };
    found.extend(old[..head].iter().enumerate().map(|(at, text)| same(at, at, text)));
    middle(&old[head..old_end], &new[head..new_end], head, &mut found);
    found.extend(old[old_end..].iter().enumerate().map(|(at, text)| same(old_end + at, new_end + at, text)));
    found
}

/// The part between what both begin and end with, by the longest common sequence of lines.
fn middle(old: &[&str], new: &[&str], before: usize, found: &mut Vec<Line>) {
    let removed =
        |at: usize| Line { mark: Mark::Removed, old: Some(before + at + 1), new: None, text: old[at].to_owned() };
    let added = |at: usize| Line { mark: Mark::Added, old: None, new: Some(before + at + 1), text: new[at].to_owned() };
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        found.extend((0..old.len()).map(removed));
        found.extend((0..new.len()).map(added));
        return;
    }
    // Length of the longest common sequence of what is left from here on.
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for (old_at, old_line) in old.iter().enumerate().rev() {
        for (new_at, new_line) in new.iter().enumerate().rev() {
            common[old_at][new_at] = match old_line == new_line {
                true => common[old_at + 1][new_at + 1] + 1,
                false => common[old_at + 1][new_at].max(common[old_at][new_at + 1]),
            };
        }
    }
    let (mut old_at, mut new_at) = (0, 0);
    while old_at < old.len() || new_at < new.len() {
        let both = old_at < old.len() && new_at < new.len();
        if both && old[old_at] == new[new_at] {
            found.push(Line {
                mark: Mark::Same,
                old: Some(before + old_at + 1),
                new: Some(before + new_at + 1),
                text: old[old_at].to_owned(),
            });
            (old_at, new_at) = (old_at + 1, new_at + 1);
        } else if new_at == new.len() || both && common[old_at + 1][new_at] >= common[old_at][new_at + 1] {
            found.push(removed(old_at));
            old_at += 1;
        } else {
            found.push(added(new_at));
            new_at += 1;
        }
    }
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
