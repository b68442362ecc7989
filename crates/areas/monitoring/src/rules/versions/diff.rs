//! What changed from one text to another, line by line. Pure.

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
/// Largest table of the comparison; beyond it everything between the equal ends counts as replaced.
const MOST_CELLS: usize = 4_000_000;

/// The lines of both texts, in order; long stretches without a change are gaps.
pub fn diff(before: &str, after: &str) -> Vec<Line> {
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    with_gaps(compare(&before, &after))
}

fn line(change: Change, text: &str) -> Line {
    Line { change, text: text.to_owned() }
}

fn compare(before: &[&str], after: &[&str]) -> Vec<Line> {
    let head = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (same_head, old) = before.split_at(head);
    let new = after.get(head..).unwrap_or_default();
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, same_tail) = old.split_at(old.len() - tail);
    let new = new.get(..new.len() - tail).unwrap_or_default();
    let same = |text: &&str| line(Change::Same, text);
    let mut lines: Vec<Line> = same_head.iter().map(same).collect();
    lines.extend(middle(old, new));
    lines.extend(same_tail.iter().map(same));
    lines
}

fn middle(old: &[&str], new: &[&str]) -> Vec<Line> {
    if old.len().saturating_mul(new.len()) > MOST_CELLS {
        let removed = old.iter().map(|text| line(Change::Removed, text));
        return removed.chain(new.iter().map(|text| line(Change::Added, text))).collect();
    }
    let lengths = common_lengths(old, new);
    let length = |row: usize, column: usize| lengths.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
    let (mut row, mut column) = (0, 0);
    let mut lines = Vec::new();
    loop {
        match (old.get(row), new.get(column)) {
            (Some(one), Some(other)) if one == other => {
                lines.push(line(Change::Same, one));
                row += 1;
                column += 1;
            }
            (Some(one), Some(_)) if length(row + 1, column) >= length(row, column + 1) => {
                lines.push(line(Change::Removed, one));
                row += 1;
            }
            (_, Some(other)) => {
                lines.push(line(Change::Added, other));
                column += 1;
            }
            (Some(one), None) => {
                lines.push(line(Change::Removed, one));
                row += 1;
            }
            (None, None) => return lines,
        }
    }
}

/// For each pair of places the length of the longest common subsequence of what follows.
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let mut below = vec![0_u32; new.len() + 1];
    let mut table = vec![below.clone()];
    for one in old.iter().rev() {
        let mut row = vec![0_u32];
        for (other, pair) in new.iter().rev().zip(below.windows(2).rev()) {
            let [straight, diagonal] = pair else { continue };
            let beside = row.last().copied().unwrap_or(0);
            row.push(if one == other { diagonal + 1 } else { (*straight).max(beside) });
        }
        row.reverse();
        table.push(row.clone());
        below = row;
    }
    table.reverse();
    table
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
