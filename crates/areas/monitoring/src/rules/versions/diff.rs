//! What changed from one text to another, line by line, with gaps where nothing did.

use kit::diff::Mark;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Same,
    Added,
    Removed,
    /// So many unchanged lines are left out here.
    Gap(usize),
}

impl Change {
    pub fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Gap(_) => "gap",
        }
    }

    /// The sign before the line: colour alone says nothing.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Added => "+",
            Self::Removed => "-",
            Self::Gap(_) => "…",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub change: Change,
    pub text: String,
}

/// Unchanged lines shown around a change.
const AROUND: usize = 3;

/// The lines of both texts, in order; long stretches without a change are gaps.
pub fn diff(before: &str, after: &str) -> Vec<Line> {
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    with_gaps(compare(&before, &after))
}

fn compare(before: &[&str], after: &[&str]) -> Vec<Line> {
    let change = |mark| match mark {
        Mark::Same => Change::Same,
        Mark::Added => Change::Added,
        Mark::Removed => Change::Removed,
    };
    kit::diff::between(before, after)
        .into_iter()
        .map(|line| Line { change: change(line.mark), text: line.text })
        .collect()
}

fn with_gaps(lines: Vec<Line>) -> Vec<Line> {
    let is_change = |(_, line): &(usize, &Line)| line.change != Change::Same;
    let changes: Vec<usize> = lines.iter().enumerate().filter(is_change).map(|(place, _)| place).collect();
    let is_near = |place: usize| {
        let next = changes.partition_point(|change| *change < place);
        let beside = next.checked_sub(1).into_iter().chain([next]).filter_map(|at| changes.get(at));
        beside.into_iter().any(|change| change.abs_diff(place) <= AROUND)
    };
    let mut shown: Vec<Line> = Vec::new();
    for (place, line) in lines.into_iter().enumerate() {
        if is_near(place) {
            shown.push(line);
            continue;
        }
        match shown.last_mut() {
            Some(Line { change: Change::Gap(count), .. }) => *count += 1,
            _ => shown.push(Line { change: Change::Gap(1), text: String::new() }),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(before: &str, after: &str) -> String {
        diff(before, after)
            .iter()
            .map(|line| format!("{}{}", line.change.sign(), line.text))
            .collect::<Vec<_>>()
            .join("|")
    }

    #[test]
    fn a_changed_line_stands_between_its_neighbours() {
        assert_eq!(signs("a\nb\nc", "a\nx\nc"), " a|-b|+x| c");
        assert_eq!(signs("a\nc", "a\nb\nc\nd"), " a|+b| c|+d");
        assert_eq!(signs("", "a"), "+a");
        assert_eq!(signs("a", ""), "-a");
    }

    #[test]
    fn what_stayed_far_away_is_a_gap() {
        let before: String = (0..40).map(|number| format!("{number}\n")).collect();
        let lines = diff(&before, &before.replace("\n20\n", "\nhai mươi\n"));
        let gap = |line: &Line| match line.change {
            Change::Gap(count) => Some(count),
            _ => None,
        };
        assert_eq!(lines.iter().filter_map(gap).collect::<Vec<_>>(), vec![17, 16]);
        assert_eq!(lines.len(), 2 + 2 * AROUND + 2);
        assert_eq!(diff(&before, &before), vec![Line { change: Change::Gap(40), text: String::new() }]);
    }

    #[test]
    fn both_texts_can_be_put_together_again() {
        let texts = ["a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc", "x\ny", "a\na\na"];
        for before in texts {
            for after in texts {
                let lines = compare(&before.lines().collect::<Vec<_>>(), &after.lines().collect::<Vec<_>>());
                let without = |change: Change| {
                    let kept = lines.iter().filter(|line| line.change != change).map(|line| line.text.as_str());
                    kept.collect::<Vec<_>>().join("\n")
                };
                assert_eq!((without(Change::Added), without(Change::Removed)), (before.to_owned(), after.to_owned()));
            }
        }
    }
}
