//! What an answer lacks because files could not be read: which days, and why.

use crate::manifest::SegmentRow;
use crate::segment::folder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The file is gone from the disk.
    Missing,
    /// The file, or a part of it, is not what was written.
    Damaged,
    /// The archive does not answer; later the same question may be answered whole.
    Unreachable,
    /// A repair could not save them: nothing will bring these events back.
    Lost,
}

impl Why {
    /// As it is serialised.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Damaged => "damaged",
            Self::Unreachable => "unreachable",
            Self::Lost => "lost",
        }
    }
}

/// Files that one reason kept out of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    pub why: Why,
    /// `2026-11-21`, or `2026-01-01..2026-03-05` for a file of stray times; UTC, ascending.
    pub days: Vec<String>,
    pub files: usize,
    /// Events that are not in the answer, by the manifest; 0 where that is not known, or not for the asker to know.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub events: u64,
    /// What the archive said, where it is the reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

impl Unreadable {
    /// Whether somebody can still do something about it: what a repair gave up stays as it is.
    pub fn is_open(&self) -> bool {
        self.why != Why::Lost
    }

    /// The days of all of them, each once, ascending.
    pub fn days_of<'u>(all: impl IntoIterator<Item = &'u Self>) -> Vec<String> {
        let days: BTreeSet<&String> = all.into_iter().flat_map(|one| &one.days).collect();
        days.into_iter().cloned().collect()
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Events that are in no answer any more: a segment that the disk lost, or what a repair could not save.
#[derive(Debug, Clone)]
pub(crate) struct Gap {
    pub(crate) why: Why,
    /// Of the segment; its rows are those that are gone.
    pub(crate) row: SegmentRow,
}

/// One file that an answer lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) why: Why,
    pub(crate) days: String,
    pub(crate) words: String,
    pub(crate) events: u64,
}

impl Unread {
    pub(crate) fn new(why: Why, row: &SegmentRow, events: u64) -> Self {
        Self { why, days: days_of(row), words: String::new(), events }
    }
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
pub(crate) fn gather(files: impl IntoIterator<Item = Unread>) -> Vec<Unreadable> {
    let mut gathered: Vec<Unreadable> = Vec::new();
    for Unread { why, days, words, events } in files {
        match gathered.iter_mut().find(|have| have.why == why && have.words == words) {
            Some(have) => {
                have.files += 1;
                have.events += events;
                have.days.push(days);
            }
            None => gathered.push(Unreadable { why, days: vec![days], files: 1, events, words }),
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
        let file = |why, day: &str, words: &str| Unread { why, days: day.into(), words: words.into(), events: 5 };
        let told = gather([
            file(Why::Unreachable, "2026-01-02", "away"),
            file(Why::Missing, "2026-01-03", ""),
            file(Why::Unreachable, "2026-01-01", "away"),
            file(Why::Unreachable, "2026-01-02", "away"),
        ]);
        assert_eq!((told.len(), told[0].why, told[1].files), (2, Why::Missing, 3));
        assert_eq!(told[1].days, ["2026-01-01", "2026-01-02"]);
        assert_eq!(told[1].events, 15);
        assert_eq!(Unreadable::days_of(&told), ["2026-01-01", "2026-01-02", "2026-01-03"]);
        assert!(told.iter().all(Unreadable::is_open));
        for why in [Why::Missing, Why::Damaged, Why::Unreachable, Why::Lost] {
            assert_eq!(serde_json::to_value(why).unwrap(), why.code());
        }
        let stray = SegmentRow { min_time: 0, max_time: 86_400_000_000, ..SegmentRow::empty(None) };
        assert_eq!(days_of(&stray), "1970-01-01..1970-01-02");
    }
}
