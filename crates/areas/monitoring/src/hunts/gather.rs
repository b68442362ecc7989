//! What several questions about one stretch answer, put together in the order of sequences. Pure.

use std::collections::BTreeMap;

/// Rows of a stretch that begins somewhere and ends, for now, before `end`.
#[derive(Debug)]
pub(super) struct Gathered<R> {
    rows: BTreeMap<u64, R>,
    end: u64,
    most: usize,
}

impl<R> Gathered<R> {
    /// Keeps so many rows at most; the others are of the next stretch.
    pub(super) fn new(end: u64, most: usize) -> Self {
        Self { rows: BTreeMap::new(), end, most }
    }

    /// Before which sequence the next question asks, and where the stretch ends after the last.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Takes in an answer: rows by sequence, ascending, and whether there were more before the end.
    pub(super) fn take(&mut self, rows: impl IntoIterator<Item = (u64, R)>, truncated: bool) {
        let mut last = None;
        for (sequence, row) in rows {
            last = Some(sequence);
            self.rows.entry(sequence).or_insert(row);
        }
        if let Some(last) = last.filter(|_| truncated) {
            self.end = self.end.min(last.saturating_add(1));
        }
        if let Some(beyond) = self.rows.keys().nth(self.most) {
            self.end = self.end.min(*beyond);
        }
        drop(self.rows.split_off(&self.end));
    }

    pub(super) fn into_rows(self) -> Vec<R> {
        self.rows.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// What a store answers that holds these sequences and gives so many rows at most.
    fn answer(holds: &BTreeSet<u64>, from: u64, end: u64, most: usize) -> (Vec<(u64, u64)>, bool) {
        let found: Vec<u64> = holds.range(from..end).copied().take(most + 1).collect();
        (found.iter().take(most).map(|sequence| (*sequence, *sequence)).collect(), found.len() > most)
    }

    proptest! {
        #[test]
        fn stretch_after_stretch_finds_all_that_any_question_finds_once_and_in_order(
            answers in proptest::collection::vec(proptest::collection::btree_set(0_u64..200, 0..60), 1..6),
            most in 1_usize..20,
            length in 1_u64..250,
        ) {
            let (mut found, mut next, last) = (Vec::new(), 0, 200);
            while next < last {
                let mut gathered = Gathered::new((next + length).min(last), most);
                for holds in &answers {
                    let (rows, truncated) = answer(holds, next, gathered.end(), most);
                    gathered.take(rows, truncated);
                }
                prop_assert!(gathered.end() > next, "it goes on");
                next = gathered.end();
                let rows = gathered.into_rows();
                prop_assert!(rows.len() <= most);
                found.extend(rows);
            }
            let all: BTreeSet<u64> = answers.into_iter().flatten().collect();
            prop_assert_eq!(found, all.into_iter().collect::<Vec<_>>());
        }
    }
}
