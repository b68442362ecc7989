//! What an answer lacks because files could not be read: which days, and why.

use crate::manifest::SegmentRow;
use crate::segment::folder;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The file is gone from the disk.
    Missing,
    /// The file, or a part of it, is not what was written.
    Damaged,
    /// The archive does not answer; later the same question may be answered whole.
    Unreachable,
}

/// Files that one reason kept out of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    pub why: Why,
    /// `2026-11-21`, or `2026-01-01..2026-03-05` for a file of stray times; UTC, ascending.
    pub days: Vec<String>,
    pub files: usize,
    /// What the archive said, where it is the reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

/// Days of the events of a file.
pub(crate) fn days_of(row: &SegmentRow) -> String {
    let day = |time: i64| folder(i32::try_from(time.div_euclid(crate::segment::DAY)).ok());
    match row.day {
        Some(_) => folder(row.day),
        None => format!("{}..{}", day(row.min_time), day(row.max_time)),
    }
}

/// Files with their reasons, put together by reason.
pub(crate) fn gather(files: impl IntoIterator<Item = (Why, String, String)>) -> Vec<Unreadable> {
    let mut gathered: Vec<Unreadable> = Vec::new();
    for (why, days, words) in files {
        match gathered.iter_mut().find(|have| have.why == why && have.words == words) {
            Some(have) => {
                have.files += 1;
                have.days.push(days);
            }
            None => gathered.push(Unreadable { why, days: vec![days], files: 1, words }),
        }
    }
    for one in &mut gathered {
        one.days.sort();
        one.days.dedup();
    }
    gathered.sort_by_key(|one| one.why);
    gathered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_once_for_each_reason() {
        let file = |why, day: &str, words: &str| (why, day.to_owned(), words.to_owned());
        let told = gather([
            file(Why::Unreachable, "2026-01-02", "away"),
            file(Why::Missing, "2026-01-03", ""),
            file(Why::Unreachable, "2026-01-01", "away"),
            file(Why::Unreachable, "2026-01-02", "away"),
        ]);
        assert_eq!((told.len(), told[0].why, told[1].files), (2, Why::Missing, 3));
        assert_eq!(told[1].days, ["2026-01-01", "2026-01-02"]);
        let stray = SegmentRow { min_time: 0, max_time: 86_400_000_000, ..SegmentRow::empty(None) };
        assert_eq!(days_of(&stray), "1970-01-01..1970-01-02");
    }
}
