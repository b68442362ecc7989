//! One walk over the rows of a trail in their order, from the database or from an exported file. It does not stop at
//! the first fault: an altered row leaves the rows after it judged by what they were chained to.

use super::checkpoints::{KEY_ACCEPTED, Line, MADE};
use super::{AuditEntry, Checkpoint, PublicKeys, Touched, chain, readings};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Faults that are told one by one; the rest is counted.
const MOST_TOLD: usize = 1_000;

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No row has these numbers.
    Missing,
    /// The row is not what was hashed, or was put in the place of another.
    Altered,
    /// A value of the row cannot be read at all.
    Unreadable,
    /// A row comes out of its order (in a file).
    Disordered,
    /// The agencies that a reading touched are not those that its details name.
    Readings,
    /// A row that is no part of the chain: its number is none, or behind the head.
    Stray,
    /// The index of readings names a row that is none.
    StrayReading,
    /// The head does not know the last row.
    Head,
    /// Rows at the end that a checkpoint has counted are gone.
    CutOff,
    /// The rows between two checkpoints were replaced together with their hashes.
    Rewritten,
    /// A checkpoint is damaged, out of order, or not signed by the key.
    Checkpoint,
    /// The trail says that a checkpoint was made, and there is none or another.
    CheckpointMissing,
    /// Another key signs than before, and no row of the trail says that it was accepted.
    Key,
}

impl Fault {
    /// Key of the sentence.
    pub fn key(self) -> &'static str {
        match self {
            Self::Missing => "audit-fault-missing",
            Self::Altered => "audit-fault-altered",
            Self::Unreadable => "audit-fault-unreadable",
            Self::Disordered => "audit-fault-disordered",
            Self::Readings => "audit-fault-readings",
            Self::Stray => "audit-fault-stray",
            Self::StrayReading => "audit-fault-stray-reading",
            Self::Head => "audit-fault-head",
            Self::CutOff => "audit-fault-cut-off",
            Self::Rewritten => "audit-fault-rewritten",
            Self::Checkpoint => "audit-fault-checkpoint",
            Self::CheckpointMissing => "audit-fault-checkpoint-missing",
            Self::Key => "audit-fault-key",
        }
    }
}

/// A fault and where it is: rows, or for checkpoints their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub first: i64,
    pub last: i64,
    pub fault: Fault,
}

/// What a walk found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub rows: u64,
    pub checkpoints: u64,
    /// Rows up to the last sound checkpoint.
    pub signed_rows: i64,
    /// Hash of the last row.
    pub hash: String,
    /// [`PublicKeys::fingerprint`] of the key that signs now; empty where checkpoints were not judged, or by none.
    pub key: String,
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more: u64,
}

impl Report {
    pub fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn tell(&mut self, first: i64, last: i64, fault: Fault) {
        match self.problems.len() < MOST_TOLD {
            true => self.problems.push(Problem { first, last, fault }),
            false => self.more += 1,
        }
    }
}

/// What the index of readings holds for a row.
pub(super) enum Index<'page> {
    /// There is no index: a file.
    Absent,
    Holds(&'page Touched),
    Unreadable,
}

/// The walk. `previous`: hashes that the next row may be chained to, none where that is not known.
pub(super) struct Walk {
    report: Report,
    expected: i64,
    previous: Vec<String>,
    /// Last row that is told to be at fault.
    broken: i64,
    /// Sound checkpoints by rows, those not reached yet.
    ahead: BTreeMap<i64, Checkpoint>,
    /// Digest by number of all sound checkpoints.
    digests: BTreeMap<u64, String>,
    /// Numbers of checkpoints that are told to be damaged or missing.
    lost: BTreeSet<u64>,
    /// Row after the last checkpoint passed.
    since: i64,
    /// Whether there are keys to judge checkpoints by.
    judges: bool,
    /// Key of the last checkpoint passed, and keys that the rows so far have accepted.
    signer: Option<String>,
    accepted: BTreeSet<String>,
}

impl Walk {
    /// `checkpoints` are judged by `keys`, of which the last one signs now.
    pub(super) fn new(checkpoints: Vec<Line>, keys: Option<&[PublicKeys]>) -> Self {
        let mut walk = Self {
            report: Report::default(),
            expected: 1,
            previous: vec![String::new()],
            broken: 0,
            ahead: BTreeMap::new(),
            digests: BTreeMap::new(),
            lost: BTreeSet::new(),
            since: 1,
            judges: keys.is_some(),
            signer: None,
            accepted: BTreeSet::new(),
        };
        if let Some(keys) = keys {
            walk.report.key = keys.last().map(PublicKeys::fingerprint).unwrap_or_default();
            walk.judge(checkpoints, keys);
        }
        walk
    }

    fn judge(&mut self, checkpoints: Vec<Line>, keys: &[PublicKeys]) {
        let is_signed = |one: &Checkpoint| keys.iter().any(|keys| one.is_by(keys));
        let mut next = 1;
        let mut before: Option<Checkpoint> = None;
        for line in checkpoints {
            let follows = |one: &Checkpoint| match &before {
                Some(before) if before.number + 1 == one.number => one.previous == before.digest(),
                _ => one.number > 1 || one.previous.is_empty(),
            };
            let rows = before.as_ref().map_or(0, |before| before.rows);
            match line.filter(|one| one.number >= next && one.rows > rows && follows(one) && is_signed(one)) {
                Some(one) => {
                    (next..one.number).for_each(|missing| self.lose(missing, Fault::CheckpointMissing));
                    next = one.number + 1;
                    self.report.checkpoints += 1;
                    self.digests.insert(one.number, one.digest());
                    self.ahead.insert(one.rows, one.clone());
                    before = Some(one);
                }
                None => {
                    self.lose(next, Fault::Checkpoint);
                    next += 1;
                }
            }
        }
    }

    /// A checkpoint that is no good, told once: the trail's own row about it says nothing new.
    fn lose(&mut self, number: u64, fault: Fault) {
        if self.lost.insert(number) {
            self.checkpoint(number, fault);
        }
    }

    fn checkpoint(&mut self, number: u64, fault: Fault) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.report.tell(number, number, fault);
    }

    fn row(&mut self, first: i64, last: i64, fault: Fault) {
        self.broken = self.broken.max(last);
        self.report.tell(first, last, fault);
    }

    /// The next row.
    pub(super) fn take(&mut self, entry: &AuditEntry, index: Index<'_>) {
        if entry.sequence < self.expected {
            self.row(entry.sequence, entry.sequence, Fault::Disordered);
            return;
        }
        self.pass_over_to(entry.sequence);
        let fits = self.previous.iter().any(|previous| chain::hash(previous, entry) == entry.hash);
        if fits || self.previous.is_empty() {
            self.previous = vec![entry.hash.clone()];
        } else {
            self.row(entry.sequence, entry.sequence, Fault::Altered);
            let computed = self.previous.iter().map(|previous| chain::hash(previous, entry));
            self.previous = std::iter::once(entry.hash.clone()).chain(computed).take(2).collect();
        }
        let agrees = match index {
            Index::Absent => true,
            Index::Holds(touched) => *touched == readings::named(entry),
            Index::Unreadable => false,
        };
        if !agrees {
            self.report.tell(entry.sequence, entry.sequence, Fault::Readings);
        }
        if entry.action == MADE && self.judges {
            self.find_checkpoint(entry);
        }
        if entry.action == KEY_ACCEPTED {
            self.accepted.extend(detail(entry, "after"));
        }
        self.reach(entry.sequence, Some(&entry.hash));
        self.report.rows += 1;
        self.report.hash.clone_from(&entry.hash);
        self.expected = entry.sequence + 1;
    }

    /// A row that is there and cannot be read.
    pub(super) fn unreadable(&mut self, sequence: i64) {
        self.pass_over_to(sequence);
        self.row(sequence, sequence, Fault::Unreadable);
        self.previous.clear();
        self.reach(sequence, None);
        self.report.rows += 1;
        self.expected = sequence + 1;
    }

    fn pass_over_to(&mut self, sequence: i64) {
        if sequence > self.expected {
            self.row(self.expected, sequence - 1, Fault::Missing);
            self.previous.clear();
            self.reach(sequence - 1, None);
            self.expected = sequence;
        }
    }

    /// Passes the checkpoints up to a row; the one over this very row must have its hash. A fault that is already told
    /// explains why it has not.
    fn reach(&mut self, sequence: i64, hash: Option<&str>) {
        while let Some((_, checkpoint)) = self.ahead.first_key_value().filter(|(rows, _)| **rows <= sequence) {
            let checkpoint = checkpoint.clone();
            self.ahead.remove(&checkpoint.rows);
            let fits = checkpoint.rows == sequence && hash.is_some_and(|hash| hash == checkpoint.hash);
            if fits {
                self.report.signed_rows = checkpoint.rows;
            } else if self.broken < self.since {
                self.row(self.since, checkpoint.rows, Fault::Rewritten);
            }
            self.since = checkpoint.rows + 1;
            let is_new = |signer: &String| *signer != checkpoint.key && !self.accepted.contains(&checkpoint.key);
            if self.signer.as_ref().is_some_and(is_new) {
                self.checkpoint(checkpoint.number, Fault::Key);
            }
            self.signer = Some(checkpoint.key);
        }
    }

    /// The trail's own row about a checkpoint.
    fn find_checkpoint(&mut self, entry: &AuditEntry) {
        let details: serde_json::Value = serde_json::from_str(&entry.details).unwrap_or_default();
        let number = details.get("number").and_then(serde_json::Value::as_u64).unwrap_or_default();
        if self.digests.get(&number).cloned() != detail(entry, "sha256") {
            self.lose(number, Fault::CheckpointMissing);
        }
    }

    /// The end. `head`: the last row by the word of the database; `latest`: the last one there was after checkpoints were
    /// read, for the trail grows meanwhile.
    pub(super) fn finish(mut self, head: Option<(i64, &str)>, latest: i64) -> Report {
        let last = self.expected - 1;
        if let Some((sequence, hash)) = head {
            if last < sequence {
                self.row(self.expected, sequence, Fault::Missing);
            } else if !self.previous.is_empty() && !self.previous.iter().any(|known| known == hash) {
                self.report.tell(sequence, sequence, Fault::Head);
            }
        }
        let counted = self.ahead.last_key_value().map(|(rows, _)| *rows);
        if let Some(rows) = counted.filter(|rows| *rows > last.max(latest)) {
            self.report.tell(last + 1, rows, Fault::CutOff);
        }
        self.report
    }
}

/// A text among the details of a row.
fn detail(entry: &AuditEntry, name: &str) -> Option<String> {
    let details: serde_json::Value = serde_json::from_str(&entry.details).ok()?;
    details.get(name)?.as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
