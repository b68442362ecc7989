//! Asks an index in which blocks something may be.

use super::Blocks;
use super::file::{Chunk, ReadAt, Words, take_blocks};
use super::text::{Run, TRIGRAMS, classify, guids, runs, spell, trigrams};
use memchr::memmem;
use parquet::bloom_filter::Sbbf;
use std::collections::BTreeSet;
use std::io;

/// Reading so many blocks costs no more than a whole dictionary.
const FEW: usize = 2;

/// What rows must hold to be wanted, as far as an index can tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// No idea: all rows may be wanted.
    Anything,
    /// This text, anywhere in the record or one of its columns, whatever its case and accents.
    Text(String),
    /// One of the common columns is this text from end to end, whatever its case and accents.
    Column(String),
    /// This address, domain, hash, in its one spelling.
    Whole(String),
    All(Vec<Wanted>),
    Any(Vec<Wanted>),
}

impl Wanted {
    pub(crate) fn all(parts: Vec<Wanted>) -> Self {
        let mut parts: Vec<_> = parts.into_iter().filter(|part| *part != Self::Anything).collect();
        match parts.len() {
            0 => Self::Anything,
            1 => parts.swap_remove(0),
            _ => Self::All(parts),
        }
    }

    pub(crate) fn any(parts: Vec<Wanted>) -> Self {
        match parts.contains(&Self::Anything) {
            true => Self::Anything,
            false => Self::Any(parts),
        }
    }

    /// Whether an index can say anything about it.
    pub(crate) fn is_selective(&self) -> bool {
        match self {
            Self::Anything => false,
            Self::Text(text) => !clues(text, false).is_empty(),
            Self::Column(text) => !clues(text, true).is_empty(),
            Self::Whole(_) => true,
            Self::All(parts) => parts.iter().any(Self::is_selective),
            Self::Any(parts) => parts.iter().all(Self::is_selective),
        }
    }
}

/// One thing that a text has, to be looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Clue {
    /// Part of a word, or the whole of it; `starts` and `ends` say which of its ends are known.
    Word {
        word: String,
        starts: bool,
        ends: bool,
    },
    /// Part of a run too long for the dictionary.
    Long(String),
    Whole(String),
}

impl Clue {
    /// Whether every word of the dictionary has to be looked at.
    fn costs_all(&self) -> bool {
        matches!(self, Self::Word { starts: false, .. })
    }
}

/// Where the text is the `whole` of a value, its first word begins and its last word ends there.
fn clues(text: &str, whole: bool) -> BTreeSet<Clue> {
    let text = spell(text);
    let mut clues: BTreeSet<Clue> = guids(&text).map(|guid| Clue::Whole(guid.to_owned())).collect();
    for (at, run) in runs(&text) {
        // At the ends of a part the word may go on.
        let (starts, ends) = (whole || at > 0, whole || at + run.len() < text.len());
        // Such a part may belong to a number, and numbers are left out.
        if !(starts && ends) && run.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        match classify(run) {
            Run::Word(word) => drop(clues.insert(Clue::Word { word: word.to_owned(), starts, ends })),
            Run::Long(run) => drop(clues.insert(Clue::Long(run.to_owned()))),
            Run::Nothing => {}
        }
    }
    clues
}

impl Words {
    /// Blocks in which rows may be wanted.
    pub(crate) fn find(&self, read: ReadAt<'_>, wanted: &Wanted) -> io::Result<Blocks> {
        let mut blocks = self.wanted(read, wanted, false)?;
        self.directory.uncovered.iter().for_each(|block| blocks.insert(*block));
        Ok(blocks)
    }

    /// Where only a `few` blocks are left anyway, what costs the whole dictionary is not asked.
    fn wanted(&self, read: ReadAt<'_>, wanted: &Wanted, few: bool) -> io::Result<Blocks> {
        let everything = || Blocks::all(self.blocks());
        match wanted {
            Wanted::Anything => Ok(everything()),
            Wanted::Whole(word) => self.whole(read, word),
            Wanted::Text(text) => self.clues(read, clues(text, false), few),
            Wanted::Column(text) => self.clues(read, clues(text, true), few),
            Wanted::All(parts) => {
                let mut found = everything();
                for part in parts {
                    if found.is_empty() {
                        break;
                    }
                    found.keep(&self.wanted(read, part, few || self.leaves_few(&found))?);
                }
                Ok(found)
            }
            Wanted::Any(parts) => {
                let mut found = Blocks::none(self.blocks());
                for part in parts {
                    found.add(&self.wanted(read, part, few)?);
                }
                Ok(found)
            }
        }
    }

    fn leaves_few(&self, found: &Blocks) -> bool {
        found.len() <= FEW && found.len() < self.blocks()
    }

    fn clues(&self, read: ReadAt<'_>, clues: BTreeSet<Clue>, few: bool) -> io::Result<Blocks> {
        let mut found = Blocks::all(self.blocks());
        // The longest first: it is the rarest, and what it leaves out need not be asked for.
        let mut clues: Vec<_> = clues.into_iter().collect();
        clues.sort_by_key(|clue| std::cmp::Reverse(weight(clue)));
        for clue in clues {
            if found.is_empty() {
                break;
            }
            if clue.costs_all() && (few || self.leaves_few(&found)) {
                continue;
            }
            found.keep(&self.clue(read, &clue)?);
        }
        Ok(found)
    }

    fn clue(&self, read: ReadAt<'_>, clue: &Clue) -> io::Result<Blocks> {
        match clue {
            Clue::Whole(word) => self.whole(read, word),
            Clue::Long(run) => self.long(read, run),
            Clue::Word { word, starts, ends } => {
                let mut found = self.word(read, word, *starts, *ends)?;
                if !(*starts && *ends) {
                    found.add(&self.long(read, word)?);
                }
                Ok(found)
            }
        }
    }

    fn word(&self, read: ReadAt<'_>, word: &str, starts: bool, ends: bool) -> io::Result<Blocks> {
        let mut found = Blocks::none(self.blocks());
        let chunks = &self.directory.chunks;
        let chunks = match starts {
            // Sorted: what begins with the word stands together.
            true => {
                let from = chunks.partition_point(|chunk| chunk.first.as_str() <= word).saturating_sub(1);
                let past = |chunk: &Chunk| chunk.first.as_str() > word && !chunk.first.starts_with(word);
                let to = chunks.iter().skip(from).position(past).map_or(chunks.len(), |length| from + length);
                chunks.get(from..to).unwrap_or_default()
            }
            false => chunks.as_slice(),
        };
        let line = |end: bool| if end { "\n" } else { "" };
        let needle = format!("{}{word}{}", line(starts), line(ends));
        let finder = memmem::Finder::new(needle.as_bytes());
        for chunk in chunks {
            let words = self.piece(read, &chunk.words)?;
            let mut hits = finder.find_iter(&words).peekable();
            if hits.peek().is_none() {
                continue;
            }
            let lists = self.piece(read, &chunk.blocks)?;
            let mut lists = lists.as_slice();
            // Line ends before `seen`, and lists passed over. The first word stands behind one line end.
            let (mut ends_before, mut seen, mut passed) = (0, 0, 0);
            for hit in hits {
                let inside = hit + usize::from(starts);
                ends_before += memchr::memchr_iter(b'\n', words.get(seen..inside).unwrap_or_default()).count();
                seen = inside;
                // A second hit in one word is nothing new.
                while passed < ends_before {
                    passed += 1;
                    take_blocks(&mut lists, (passed == ends_before).then_some(&mut found))?;
                }
            }
        }
        Ok(found)
    }

    fn long(&self, read: ReadAt<'_>, run: &str) -> io::Result<Blocks> {
        let mut found = Blocks::none(self.blocks());
        if self.directory.trigram_blocks.is_empty() {
            return Ok(found);
        }
        let bitmaps = self.piece(read, &self.directory.trigrams)?;
        for (bitmap, block) in bitmaps.chunks(TRIGRAMS / 8).zip(&self.directory.trigram_blocks) {
            if trigrams(run).all(|place| bitmap.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1)) {
                found.insert(*block);
            }
        }
        Ok(found)
    }

    fn whole(&self, read: ReadAt<'_>, word: &str) -> io::Result<Blocks> {
        let mut found = Blocks::none(self.blocks());
        let filters = self.piece(read, &self.directory.wholes)?;
        let mut rest = filters.as_slice();
        for (block, length) in self.directory.whole_lengths.iter().enumerate() {
            let Some((filter, after)) = rest.split_at_checked(*length as usize) else { break };
            rest = after;
            if !filter.is_empty() && Sbbf::new(filter).check(word) {
                found.insert(block);
            }
        }
        Ok(found)
    }
}

fn weight(clue: &Clue) -> usize {
    match clue {
        Clue::Whole(_) => usize::MAX,
        Clue::Word { word, starts, ends } => word.len() * 4 + usize::from(*starts) + usize::from(*ends),
        Clue::Long(_) => 0,
    }
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
