//! Makes the index while the rows of a segment are written.

use super::text::{Run, TRIGRAMS, each_run, guids, readings, trigrams};
use super::{BLOCK, Blocks, file};
use crate::columns;
use crate::seen::Seen;
use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use event::Text;
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::io;

/// More words than these are not kept; the blocks that bring more are read by every search.
const MOST_WORDS: usize = 1_500_000;

#[derive(Default)]
pub(crate) struct WordsBuilder {
    rows: usize,
    /// Blocks of each word, ascending.
    words: HashMap<Box<str>, Vec<u32>, RandomState>,
    /// Of the block under way.
    wholes: HashSet<Text, RandomState>,
    trigrams: Option<Vec<u8>>,
    finished: Vec<Block>,
    /// Blocks with rows that the index does not cover.
    uncovered: Vec<usize>,
    /// Written over for each text.
    spelled: String,
}

/// What is kept of a finished block beside its words.
pub(super) struct Block {
    /// A bloom filter over what is looked up whole; empty where there was nothing.
    pub wholes: Vec<u8>,
    /// A bitmap, where there were long runs.
    pub trigrams: Option<Vec<u8>>,
}

impl WordsBuilder {
    /// Takes in rows in the order in which they are written.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let text = |name: &str| batch.column_by_name(name).map(|column| column.as_string_view());
        let encoding = text("raw_encoding");
        let observables = text("observables");
        let raw = text("raw");
        let filled = |column: &&StringViewArray| column.null_count() < column.len();
        let long: Vec<&StringViewArray> = ["message", "fields"].into_iter().filter_map(text).filter(filled).collect();
        let short: Vec<&StringViewArray> = columns::event_texts().filter_map(text).filter(filled).collect();
        let mut seen = Seen::default();
        for row in 0..batch.num_rows() {
            if self.rows.is_multiple_of(BLOCK) {
                seen = Seen::default();
            }
            match (encoding, raw) {
                (Some(encoding), _) if !encoding.is_null(row) => self.uncovered.push(self.rows / BLOCK),
                (_, Some(raw)) if !raw.is_null(row) => self.text(raw.value(row)),
                _ => {}
            }
            for column in long.iter().filter(|column| !column.is_null(row)) {
                self.text(column.value(row));
            }
            for column in short.iter().filter(|column| !column.is_null(row)) {
                let value = column.value(row);
                if !seen.has(value) {
                    seen.keep(value);
                    self.text(value);
                }
            }
            if let Some(observables) = observables.filter(|observables| !observables.is_null(row)) {
                observables.value(row).split(' ').filter(|word| !word.is_empty()).for_each(|word| self.whole(word));
            }
            self.rows += 1;
            if self.rows.is_multiple_of(BLOCK) {
                self.end_block()?;
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let mut spelled = std::mem::take(&mut self.spelled);
        readings(text, &mut spelled, |text| {
            guids(text).for_each(|guid| self.whole(guid));
            each_run(text, |run| match run {
                Run::Word(word) => self.word(word),
                Run::Long(run) => self.long(run),
                Run::Nothing => {}
            });
        });
        self.spelled = spelled;
    }

    fn word(&mut self, word: &str) {
        let block = self.rows / BLOCK;
        let room = self.words.len() < MOST_WORDS;
        match self.words.get_mut(word) {
            Some(blocks) if blocks.last() == Some(&(block as u32)) => {}
            Some(blocks) => blocks.push(block as u32),
            None if room => {
                self.words.insert(word.into(), vec![block as u32]);
            }
            None => {
                if self.uncovered.last() != Some(&block) {
                    self.uncovered.push(block);
                }
            }
        }
    }

    fn whole(&mut self, word: &str) {
        if !self.wholes.contains(word) {
            self.wholes.insert(word.into());
        }
    }

    fn long(&mut self, run: &str) {
        let bitmap = self.trigrams.get_or_insert_with(|| vec![0; TRIGRAMS / 8]);
        for place in trigrams(run) {
            if let Some(byte) = bitmap.get_mut(place / 8) {
                *byte |= 1 << (place % 8);
            }
        }
    }

    /// A file has millions of wholes: only those of the block under way are kept as they are.
    fn end_block(&mut self) -> io::Result<()> {
        let wholes = file::filter(&std::mem::take(&mut self.wholes))?;
        self.finished.push(Block { wholes, trigrams: self.trigrams.take() });
        Ok(())
    }

    /// The index as it is written into the file.
    pub(crate) fn finish(mut self) -> io::Result<Vec<u8>> {
        if !self.rows.is_multiple_of(BLOCK) {
            self.end_block()?;
        }
        let mut uncovered = Blocks::none(self.finished.len());
        self.uncovered.iter().for_each(|block| uncovered.insert(*block));
        let mut words: Vec<_> = self.words.into_iter().collect();
        words.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        file::encode(&words, &self.finished, &uncovered)
    }
}
