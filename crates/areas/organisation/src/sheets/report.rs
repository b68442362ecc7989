//! What came of a table, line by line: new, changed from what to what, as it was, or refused and why.

use super::faults::{Fault, Faults};
use crate::answers::csv_time;
use kit::civil;
use kit::clock::Micros;
use kit::locale::{Argument, texts};
use kit::{Error, Lang, Tx};
use serde::Serialize;
use std::collections::BTreeMap;

/// One value that a line changes. `key` is the key of what the value is called; personal data is masked already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub key: &'static str,
    pub before: String,
    pub after: String,
    /// The same for people, where the value is a moment: programs have it as CSV files do.
    #[serde(skip)]
    in_words: Option<(String, String)>,
}

impl Change {
    pub fn new(key: &'static str, before: impl ToString, after: impl ToString) -> Self {
        Self { key, before: before.to_string(), after: after.to_string(), in_words: None }
    }

    /// Of days and moments: people read `21/11/2026`, with the time where it is not midnight.
    pub fn of_moments(key: &'static str, before: Option<Micros>, after: Option<Micros>) -> Self {
        let words = |at: Option<Micros>| at.map(moment_words).unwrap_or_default();
        Self { in_words: Some((words(before), words(after))), ..Self::new(key, csv_time(before), csv_time(after)) }
    }
}

fn moment_words(at: Micros) -> String {
    if civil::is_midnight(at) { civil::day_field(at) } else { civil::moment_field(at) }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With what is given to it besides.
    New(Vec<Change>),
    Changed(Vec<Change>),
    Same,
    Refused(Vec<Fault>),
}

impl Outcome {
    /// Key of its word.
    pub fn key(&self) -> &'static str {
        match self {
            Self::New(_) => "sheet-new",
            Self::Changed(_) => "sheet-changed",
            Self::Same => "sheet-same",
            Self::Refused(_) => "sheet-refused",
        }
    }

    /// With more changes; what is refused stays so.
    pub fn and(self, more: Vec<Change>) -> Self {
        match self {
            Self::Same if !more.is_empty() => Self::Changed(more),
            Self::Changed(mut changes) => {
                changes.extend(more);
                Self::Changed(changes)
            }
            Self::New(mut given) => {
                given.extend(more);
                Self::New(given)
            }
            other => other,
        }
    }
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Number in the file, counted from 1.
    pub line: u64,
    /// Code or account, as far as it was read.
    pub subject: String,
    pub name: String,
    pub outcome: Outcome,
}

impl Line {
    /// What is wrong, in words; empty where nothing is.
    pub fn reasons(&self, lang: Lang) -> Vec<String> {
        let Outcome::Refused(faults) = &self.outcome else { return Vec::new() };
        faults.iter().map(|fault| fault.words(lang)).collect()
    }

    /// What changes, in words: `Tên: Xã A → Xã B`.
    pub fn changes(&self, lang: Lang) -> Vec<String> {
        let (Outcome::New(changes) | Outcome::Changed(changes)) = &self.outcome else { return Vec::new() };
        let or_dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
        changes
            .iter()
            .map(|change| {
                let name = texts().text(lang, change.key);
                let (before, after) = match &change.in_words {
                    Some((before, after)) => (before, after),
                    None => (&change.before, &change.after),
                };
                format!("{name}: {} → {}", or_dash(before), or_dash(after))
            })
            .collect()
    }
}

/// How many lines of each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub new: usize,
    pub changed: usize,
    pub same: usize,
    pub refused: usize,
}

/// Every line, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub lines: Vec<Line>,
}

impl Report {
    pub fn of(lines: BTreeMap<u64, Line>) -> Self {
        Self { lines: lines.into_values().collect() }
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for line in &self.lines {
            match line.outcome {
                Outcome::New(_) => totals.new += 1,
                Outcome::Changed(_) => totals.changed += 1,
                Outcome::Same => totals.same += 1,
                Outcome::Refused(_) => totals.refused += 1,
            }
        }
        totals
    }

    /// The totals in one sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        let Totals { new, changed, same, refused } = self.totals();
        let figure = |count: usize| -> Argument<'static> { u64::try_from(count).unwrap_or(u64::MAX).into() };
        let arguments =
            [("new", figure(new)), ("changed", figure(changed)), ("same", figure(same)), ("refused", figure(refused))];
        texts().text_with(lang, "sheet-totals", &arguments)
    }
}

/// Begins a line: what it writes can be taken back alone.
pub async fn begin_line(tx: &Tx<'_>) -> Result<(), Error> {
    tx.begin_part().await
}

/// Ends it: a line is taken whole, or not at all where it has faults.
pub async fn end_line(tx: &Tx<'_>, outcome: Outcome, faults: Faults) -> Result<Outcome, Error> {
    let outcome = if faults.is_empty() {
        outcome
    } else {
        tx.take_back_part().await?;
        Outcome::Refused(faults.into_found())
    };
    tx.end_part().await?;
    Ok(outcome)
}
