//! What one group of a correlation has seen, ordered by event time, and whether a window of it matches. A window
//! ends at an event and reaches back by the timespan, both ends included; the group matches when the window of
//! any of its events does, so the order of arrival does not matter.

use super::measure::{Measurement, measure};
use super::{Correlation, Measure};
use crate::hash::stable_hash;
use event::Micros;
use std::collections::HashSet;
use std::ops::Range;

/// What an entry brings to a measure.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Measured {
    Nothing,
    Text(Box<str>),
    /// Of a record with a list of them, each counts.
    Texts(Box<[Box<str>]>),
    /// Of several entries joined into one: their sum, or for a percentile the number of one of them.
    Number(f64),
}

/// A match of a base rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) time: Micros,
    pub(super) seq: u64,
    /// Position among the correlation's bases.
    pub(super) base: usize,
    /// Of the condition's field.
    pub(super) value: Measured,
    /// Matches that this entry stands for.
    pub(super) weight: u64,
}

impl Entry {
    fn place(&self) -> (Micros, u64, usize) {
        (self.time, self.seq, self.base)
    }

    fn bytes(&self) -> usize {
        self.texts().iter().map(|text| text.len()).sum()
    }

    /// The values that it brings to be told apart.
    pub(super) fn texts(&self) -> &[Box<str>] {
        match &self.value {
            Measured::Text(text) => std::slice::from_ref(text),
            Measured::Texts(texts) => texts,
            Measured::Nothing | Measured::Number(_) => &[],
        }
    }
}

/// A group's entries in the order of (time, seq, base).
#[derive(Debug, Default)]
pub(super) struct Window {
    entries: Vec<Entry>,
    bytes: usize,
}

/// A window that matched.
#[derive(Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) range: Range<usize>,
    pub(super) number: f64,
}

impl Window {
    /// Entries in any order.
    pub(super) fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(Entry::place);
        let bytes = entries.iter().map(Entry::bytes).sum();
        Self { entries, bytes }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Of the texts in it.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where the entry with this time, number and base is, or would be.
    pub(super) fn find(&self, time: Micros, seq: u64, base: usize) -> Result<usize, usize> {
        self.entries.binary_search_by(|have| have.place().cmp(&(time, seq, base)))
    }

    /// Whether the record with this time and number is there, as a match of whichever base.
    pub(super) fn holds_record(&self, time: Micros, seq: u64) -> bool {
        let place = self.entries.partition_point(|have| (have.time, have.seq) < (time, seq));
        self.entries.get(place).is_some_and(|have| (have.time, have.seq) == (time, seq))
    }

    /// Puts an entry in its place. False where the same entry is there already (replay).
    pub(super) fn insert(&mut self, entry: Entry) -> bool {
        let Err(place) = self.find(entry.time, entry.seq, entry.base) else { return false };
        self.bytes += entry.bytes();
        self.entries.insert(place, entry);
        true
    }

    /// Takes out an earlier entry of the same episode of a base that is itself a correlation. Returns its time.
    pub(super) fn withdraw(&mut self, base: usize, seq: u64) -> Option<Micros> {
        let mut withdrawn = None;
        self.keep(|_, entry| {
            let is_it = entry.base == base && entry.seq == seq;
            if is_it {
                withdrawn = Some(entry.time);
            }
            !is_it
        });
        withdrawn
    }

    /// Drops the entry before this one where it stands between this and another of its episode that are less than `apart` from
    /// each other: whatever comes before or behind it comes before or behind one of them.
    pub(super) fn thin(&mut self, time: Micros, seq: u64, base: usize, apart: Micros) {
        let Ok(place) = self.find(time, seq, base) else { return };
        let Some(start) = place.checked_sub(2) else { return };
        let Some([first, between, last]) = self.entries.get(start..=place) else { return };
        let of_episode = |entry: &Entry| entry.base == base && entry.seq == seq;
        if of_episode(first) && of_episode(between) && last.time.saturating_sub(first.time) < apart {
            self.drop_places(&[start + 1], 1);
        }
    }

    /// Drops what can no longer share a window with anything from `oldest` on.
    pub(super) fn forget_before(&mut self, oldest: Micros) {
        let count = self.entries.partition_point(|entry| entry.time < oldest);
        self.drop_oldest(count);
    }

    fn drop_oldest(&mut self, count: usize) {
        self.bytes -= self.entries.drain(..count).map(|entry| entry.bytes()).sum::<usize>();
    }

    fn keep(&mut self, mut wanted: impl FnMut(usize, &Entry) -> bool) {
        let (mut place, mut bytes) = (0, 0);
        self.entries.retain(|entry| {
            let kept = wanted(place, entry);
            place += 1;
            bytes += if kept { entry.bytes() } else { 0 };
            kept
        });
        self.bytes = bytes;
    }

    /// Makes room beyond the correlation's capacity: first by what the measure does not miss, then by letting the oldest
    /// go. Returns how many matches were let go. `kept` is the time over which entries are kept.
    pub(super) fn shrink(&mut self, correlation: &Correlation, kept: Micros) -> usize {
        let (count, capacity) = (self.entries.len(), correlation.capacity);
        if count <= capacity {
            return 0;
        }
        // Some room at once, so that not every entry asks for it.
        let room = capacity - capacity / 4;
        match correlation.measure {
            Measure::Events => {}
            Measure::DistinctValues => self.drop_repeated_values(count - room),
            Measure::Rules | Measure::RulesInOrder => self.drop_repeated_bases(count - room),
            Measure::Sum | Measure::Average | Measure::Percentile(_) => {
                self.join(correlation.measure, (kept / (capacity / 2).max(1) as Micros).max(1));
            }
        }
        let beyond = self.entries.len().saturating_sub(capacity);
        self.drop_oldest(beyond);
        beyond
    }

    /// A value that came again later is counted there, in every window that ends with a later event.
    fn drop_repeated_values(&mut self, most: usize) {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut repeated = Vec::new();
        for (place, entry) in self.entries.iter().enumerate().rev() {
            // All of its values are seen from here on, not only the first that is new.
            let new = entry.texts().iter().filter(|text| seen.insert(&***text)).count();
            if new == 0 {
                repeated.push(place);
            }
        }
        repeated.reverse();
        self.drop_places(&repeated, most);
    }

    /// Of matches of one rule in a row the first and the last say as much of what was seen, and in which order: what comes
    /// late may stand behind the one or before the other.
    fn drop_repeated_bases(&mut self, most: usize) {
        let runs = self.entries.windows(3).zip(1..);
        let alike = |run: &[Entry]| matches!(run, [one, next, last] if one.base == next.base && next.base == last.base);
        let repeated: Vec<usize> = runs.filter(|(run, _)| alike(run)).map(|(_, place)| place).collect();
        self.drop_places(&repeated, most);
    }

    /// Drops the first `most` of these places, which are in order.
    fn drop_places(&mut self, places: &[usize], most: usize) {
        let mut left = places.iter().take(most).peekable();
        self.keep(|place, _| left.next_if(|next| **next == place).is_none());
    }

    /// Joins entries of the same stretch of time into its last: sums stay exact but for the edge of a window, of a
    /// percentile's numbers a fair sample is left.
    fn join(&mut self, measure: Measure, stretch: Micros) {
        let mut joined: Vec<Entry> = Vec::with_capacity(self.entries.len());
        for mut entry in self.entries.drain(..) {
            let same = |last: &Entry| last.time.div_euclid(stretch) == entry.time.div_euclid(stretch);
            if let Some(last) = joined.pop_if(|last| same(last)) {
                entry = join_two(measure, last, entry);
            }
            joined.push(entry);
        }
        self.entries = joined;
    }

    /// The first window that matches with the entry at `place`, which has just come, as a part of it.
    pub(super) fn matching(&self, correlation: &Correlation, place: usize) -> Option<Hit> {
        let inserted = self.entries.get(place)?;
        let newest = inserted.time.saturating_add(correlation.span);
        let ends = self.entries.iter().enumerate().skip(place).take_while(|(_, entry)| entry.time <= newest);
        for (end, entry) in ends {
            let start = self.entries.partition_point(|have| have.time < entry.time.saturating_sub(correlation.span));
            let (Some(events), Some(within)) = (self.entries.get(start..end + 1), place.checked_sub(start)) else {
                continue;
            };
            if let Some(Measurement { number, skipped }) = measure(correlation, events, within) {
                return Some(Hit { range: start + skipped..end + 1, number });
            }
        }
        None
    }
}

/// Two neighbours as one at the place of the later.
fn join_two(measure: Measure, earlier: Entry, later: Entry) -> Entry {
    let weight = earlier.weight.saturating_add(later.weight);
    let value = match (&earlier.value, &later.value, measure) {
        (Measured::Number(one), Measured::Number(other), Measure::Sum | Measure::Average) => {
            Measured::Number(one + other)
        }
        // Which number stands for both is chance with the odds of how many each stands for, and the same in a replay.
        (one, other, _) => {
            let chance = stable_hash([earlier.seq.to_le_bytes().as_slice(), &later.seq.to_le_bytes()]);
            if chance % weight.max(1) < earlier.weight { one.clone() } else { other.clone() }
        }
    };
    Entry { value, weight, ..later }
}
