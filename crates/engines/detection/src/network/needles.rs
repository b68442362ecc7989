//! Finds which of many literals a text holds. Few of them are sought by vector instructions, then an automaton names
//! them; many by windows of their bytes, which lets the search leap over text that cannot hold any (Wu and Manber).

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Literals that vector instructions seek at once.
const MOST_PACKED: usize = 64;
/// Vector searches that are run one after the other before leaping is faster.
const MOST_GATES: usize = 3;
/// Shorter texts are searched faster than looked over before.
const SHORTEST_GATED: usize = 48;
/// Bytes that are looked at together.
const BLOCK: usize = 4;
/// Widest window of a literal.
const WIDEST: usize = 12;
/// Shorter literals are not worth a leap.
const SHORTEST_WINDOW: usize = 6;

/// Literals of one field, or of keywords. Numbers are places in the list they were made from.
#[derive(Debug)]
pub(super) struct Needles {
    /// One for all, where they are few; else each group has its own.
    gates: Gates,
    short: Option<(Gates, Automaton)>,
    /// Literals that allow narrow and wide windows: one narrow literal would shorten the leaps of all.
    long: Vec<(Gates, Windows)>,
}

impl Needles {
    /// `None` where no automaton could be built.
    pub(super) fn new(literals: &[&[u8]]) -> Option<Self> {
        let numbered = || literals.iter().copied().enumerate();
        let of = |lengths: std::ops::Range<usize>| -> Vec<(usize, &[u8])> {
            numbered().filter(|(_, literal)| lengths.contains(&literal.len())).collect()
        };
        let short = of(0..SHORTEST_WINDOW);
        let mut long = vec![of(SHORTEST_WINDOW..WIDEST), of(WIDEST..usize::MAX)];
        long.retain(|literals| !literals.is_empty());
        let few = literals.len() <= MOST_PACKED;
        let all: Vec<(usize, &[u8])> = numbered().collect();
        let own = |literals: &[(usize, &[u8])]| if few { Gates(Vec::new()) } else { Gates::new(literals) };
        Some(Self {
            gates: if few { Gates::new(&all) } else { Gates(Vec::new()) },
            short: if short.is_empty() { None } else { Some((own(&short), Automaton::new(&short)?)) },
            long: long.iter().map(|literals| (own(literals), Windows::new(literals))).collect(),
        })
    }

    /// Names each literal that the text holds, some of them more than once.
    pub(super) fn find(&self, text: &[u8], found: &mut dyn FnMut(usize)) {
        if !self.gates.let_pass(text) {
            return;
        }
        if let Some((gates, short)) = &self.short
            && gates.let_pass(text)
        {
            short.find(text, found);
        }
        for (gates, long) in &self.long {
            if gates.let_pass(text) {
                long.find(text, found);
            }
        }
    }
}

/// Say of a text that is not short whether it holds any literal; empty where there are too many to seek so.
#[derive(Debug)]
struct Gates(Vec<Searcher>);

impl Gates {
    fn new(literals: &[(usize, &[u8])]) -> Self {
        if literals.len() > MOST_GATES * MOST_PACKED || literals.iter().any(|(_, literal)| literal.len() < 2) {
            return Self(Vec::new());
        }
        let one = |group: &[(usize, &[u8])]| {
            packed::Config::new().builder().extend(group.iter().map(|(_, literal)| *literal)).build()
        };
        Self(literals.chunks(MOST_PACKED).map(one).collect::<Option<Vec<Searcher>>>().unwrap_or_default())
    }

    fn let_pass(&self, text: &[u8]) -> bool {
        self.0.is_empty() || text.len() < SHORTEST_GATED || self.0.iter().any(|gate| gate.find(text).is_some())
    }
}

#[derive(Debug)]
struct Automaton {
    automaton: AhoCorasick,
    numbers: Vec<usize>,
}

impl Automaton {
    fn new(literals: &[(usize, &[u8])]) -> Option<Self> {
        let bytes = || literals.iter().map(|(_, literal)| *literal);
        let states: usize = bytes().map(<[u8]>::len).sum();
        // Small automata are fastest as a full table; large ones would fill the memory of a small node.
        let kind = if states <= 4_000 { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let builder =
            AhoCorasick::builder().match_kind(MatchKind::Standard).kind(Some(kind)).prefilter(false).build(bytes());
        Some(Self { automaton: builder.ok()?, numbers: literals.iter().map(|(number, _)| *number).collect() })
    }

    fn find(&self, text: &[u8], found: &mut dyn FnMut(usize)) {
        let Ok(all) = self.automaton.try_find_overlapping_iter(text) else { return };
        for one in all {
            if let Some(number) = self.numbers.get(one.pattern().as_usize()) {
                found(*number);
            }
        }
    }
}

/// A literal and where its window begins in it.
#[derive(Debug)]
struct Windowed {
    /// The first block of the window, which tells most literals from the text at once.
    head: [u8; BLOCK],
    number: usize,
    literal: Box<[u8]>,
    offset: usize,
}

/// A window of each literal, all of one width, in a table by their blocks.
#[derive(Debug)]
struct Windows {
    width: usize,
    mask: u32,
    /// By hash of a block: how far the end of the window can move on.
    leaps: Vec<u8>,
    /// By hash of a block that ends a window: the range of its literals in `literals`.
    buckets: std::collections::HashMap<u32, (u32, u32), ahash::RandomState>,
    literals: Vec<Windowed>,
}

fn hash(block: [u8; BLOCK], mask: u32) -> u32 {
    (u32::from_le_bytes(block).wrapping_mul(0x9e37_79b1) >> 15) & mask
}

impl Windows {
    fn new(literals: &[(usize, &[u8])]) -> Self {
        let shortest = literals.iter().map(|(_, literal)| literal.len()).min().unwrap_or(SHORTEST_WINDOW);
        let width = shortest.clamp(BLOCK, WIDEST);
        let bits = (literals.len() * width).next_power_of_two().clamp(1 << 10, 1 << 15);
        let mask = u32::try_from(bits - 1).unwrap_or(u32::MAX);
        let furthest = width - BLOCK + 1;
        let mut leaps = vec![u8::try_from(furthest).unwrap_or(1); bits];
        let mut by_end: std::collections::BTreeMap<u32, Vec<Windowed>> = std::collections::BTreeMap::new();
        let mut ends: std::collections::HashMap<[u8; BLOCK], usize> = std::collections::HashMap::new();
        for (_, literal) in literals {
            for block in literal.windows(BLOCK).filter_map(|block| block.try_into().ok()) {
                *ends.entry(block).or_default() += 1;
            }
        }
        for (number, literal) in literals {
            // The window whose end is rarest among the literals, and the last of those: paths begin alike.
            let weight = |window: &[u8]| {
                let end = window.last_chunk::<BLOCK>();
                end.map_or(0, |end| ends.get(end).copied().unwrap_or(0) + common(end))
            };
            let offset = (0..=literal.len() - width)
                .rev()
                .min_by_key(|offset| literal.get(*offset..offset + width).map_or(usize::MAX, weight))
                .unwrap_or(0);
            let Some(window) = literal.get(offset..offset + width) else { continue };
            for (at, block) in window.windows(BLOCK).enumerate() {
                let Ok(block) = block.try_into() else { continue };
                let at_hash = hash(block, mask);
                let leap = u8::try_from(width - BLOCK - at).unwrap_or(0);
                if let Some(have) = leaps.get_mut(at_hash as usize) {
                    *have = (*have).min(leap);
                }
                if leap == 0 {
                    let head = window.first_chunk().copied().unwrap_or_default();
                    let windowed = Windowed { head, number: *number, literal: (*literal).into(), offset };
                    by_end.entry(at_hash).or_default().push(windowed);
                }
            }
        }
        let mut sorted = Vec::with_capacity(literals.len());
        let mut buckets = std::collections::HashMap::default();
        for (end, list) in by_end {
            let from = u32::try_from(sorted.len()).unwrap_or(u32::MAX);
            sorted.extend(list);
            buckets.insert(end, (from, u32::try_from(sorted.len()).unwrap_or(u32::MAX)));
        }
        Self { width, mask, leaps, buckets, literals: sorted }
    }

    fn find(&self, text: &[u8], found: &mut dyn FnMut(usize)) {
        // `at` is where the last block of the window begins.
        let mut at = self.width - BLOCK;
        while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
            let key = hash(*block, self.mask);
            let leap = self.leaps.get(key as usize).copied().unwrap_or(0);
            if leap == 0 {
                self.compare(text, at + BLOCK - self.width, key, found);
                at += 1;
            } else {
                at += usize::from(leap);
            }
        }
    }

    /// Compares the literals whose window may begin at `start`.
    fn compare(&self, text: &[u8], start: usize, key: u32, found: &mut dyn FnMut(usize)) {
        let head = text.get(start..).and_then(|rest| rest.first_chunk::<BLOCK>());
        let (Some((from, to)), Some(head)) = (self.buckets.get(&key), head) else { return };
        for one in self.literals.get(*from as usize..*to as usize).unwrap_or_default() {
            if one.head != *head {
                continue;
            }
            let begin = start.checked_sub(one.offset);
            if begin.and_then(|begin| text.get(begin..)).is_some_and(|rest| rest.starts_with(&one.literal)) {
                found(one.number);
            }
        }
    }
}

/// A penalty for ends that half of all paths have.
fn common(end: &[u8; BLOCK]) -> usize {
    const COMMON: &[&[u8; BLOCK]] = &[
        b".exe", b".dll", b"ows\\", b"m32\\", b"dows", b"indo", b"ndow", b"wind", b"syst", b"yste", b"stem", b"tem3",
        b"em32", b"ers\\", b"user", b"sers", b"prog", b"rogr", b"ogra", b"gram", b"file", b"iles", b"les\\", b"soft",
        b"oftw", b"ftwa", b"twar", b"ware", b"are\\", b"micr", b"icro", b"cros", b"roso", b"osof", b"rent", b"vers",
        b"ersi", b"rsio", b"sion", b"ion\\", b"curr", b"urre", b"hklm", b"klm\\", b"lm\\s", b"appd", b"data", b"ata\\",
    ];
    if COMMON.contains(&end) { 1_000 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(literals: &[String], text: &str) {
        let bytes: Vec<&[u8]> = literals.iter().map(String::as_bytes).collect();
        let mut found = Vec::new();
        Needles::new(&bytes).unwrap().find(text.as_bytes(), &mut |number| found.push(number));
        found.sort_unstable();
        found.dedup();
        let wanted: Vec<usize> =
            (0..literals.len()).filter(|number| text.contains(literals[*number].as_str())).collect();
        assert_eq!(found, wanted, "{literals:?} in {text:?}");
    }

    proptest! {
        #[test]
        fn every_literal_is_found_and_nothing_else(
            few in prop::collection::vec("[ab]{1,5}", 1..10),
            many in prop::collection::vec("[abcd]{5,16}", 0..160),
            text in "[abcd]{0,300}",
        ) {
            let mut literals: Vec<String> = few.into_iter().chain(many).collect();
            literals.sort();
            literals.dedup();
            let held = literals.iter().step_by(7).fold(text.clone(), |all, one| all + one);
            check(&literals, &text);
            check(&literals, &held);
        }
    }
}
