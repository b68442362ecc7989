//! How many events of a segment fall into each minute, so that a histogram nobody filters needs no file.

use event::Micros;
use serde::{Deserialize, Serialize};

pub(crate) const MINUTE: Micros = 60_000_000;
/// A file of a day has 1,440 at most; one of stray times may have too many to be worth it.
const MOST: usize = 4_096;
const LEVEL: i32 = 3;

/// Packed: zstd over pairs of 32 bits, little-endian, in order of time: minutes since the pair before (the first: since
/// the minute of the segment's first event), events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Minutes(Vec<u8>);

/// Counts events while they come by, in order of time.
#[derive(Debug, Default)]
pub(crate) struct MinuteCounts {
    counts: Vec<(i64, u32)>,
    useless: bool,
}

impl MinuteCounts {
    pub(super) fn add(&mut self, times: &[Micros]) {
        for minute in times.iter().map(|time| time.div_euclid(MINUTE)) {
            let full = self.counts.len() >= MOST;
            match self.counts.last_mut() {
                Some((last, count)) if *last == minute => *count = count.saturating_add(1),
                last if full || last.as_ref().is_some_and(|(last, _)| *last > minute) => {
                    self.useless = true;
                    return;
                }
                _ => self.counts.push((minute, 1)),
            }
        }
    }

    /// Nothing where there were too many minutes, or not in order.
    pub(super) fn finish(self) -> Option<Minutes> {
        let mut before = self.counts.first().filter(|_| !self.useless)?.0;
        let mut bytes = Vec::with_capacity(self.counts.len() * 8);
        for (minute, count) in self.counts {
            bytes.extend(u32::try_from(minute - before).ok()?.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            before = minute;
        }
        zstd::bulk::compress(&bytes, LEVEL).ok().map(Minutes)
    }
}

impl Minutes {
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Beginnings of minutes with their events, of a segment whose first event is of this time and which has so many
    /// rows; nothing where it says something else.
    pub(crate) fn counts(&self, first: Micros, rows: u64) -> Option<Vec<(Micros, u64)>> {
        let bytes = zstd::bulk::decompress(&self.0, MOST * 8).ok()?;
        let (pairs, rest) = bytes.as_chunks::<8>();
        let mut minute = first.div_euclid(MINUTE);
        let mut counts = Vec::with_capacity(pairs.len());
        for [a, b, c, d, count @ ..] in pairs {
            minute = minute.checked_add(u32::from_le_bytes([*a, *b, *c, *d]).into())?;
            counts.push((minute.checked_mul(MINUTE)?, u32::from_le_bytes(*count).into()));
        }
        let sum: u64 = counts.iter().map(|(_, count)| count).sum();
        (rest.is_empty() && sum == rows).then_some(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_event_is_in_its_minute(start in -3_000_000_000_000_000i64..3_000_000_000_000_000, steps in proptest::collection::vec(0i64..200_000_000, 1..500)) {
            let mut time = start;
            let times: Vec<Micros> = steps.iter().map(|step| { time += step; time }).collect();
            let mut expected: BTreeMap<Micros, u64> = BTreeMap::new();
            for time in &times {
                *expected.entry(time.div_euclid(MINUTE) * MINUTE).or_default() += 1;
            }
            let mut counts = MinuteCounts::default();
            times.chunks(7).for_each(|some| counts.add(some));
            let minutes = Minutes::from_bytes(counts.finish().unwrap().as_bytes().to_vec());
            prop_assert_eq!(minutes.counts(times[0], times.len() as u64), Some(expected.into_iter().collect()));
            prop_assert_eq!(minutes.counts(times[0], times.len() as u64 + 1), None);
        }

        #[test]
        fn whatever_stands_there_does_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), first: i64, rows: u64) {
            let _ = Minutes::from_bytes(bytes.clone()).counts(first, rows);
            let packed = zstd::bulk::compress(&bytes, LEVEL).unwrap();
            let _ = Minutes::from_bytes(packed).counts(first, rows);
        }
    }

    #[test]
    fn too_many_minutes_and_times_out_of_order_are_not_counted() {
        let all = |times: &[Micros]| {
            let mut counts = MinuteCounts::default();
            counts.add(times);
            counts.finish()
        };
        assert_eq!(all(&[]), None);
        assert_eq!(all(&[MINUTE, 0]), None);
        let minutes: Vec<Micros> = (0..=MOST as i64).map(|minute| minute * MINUTE).collect();
        assert!(all(&minutes[..MOST]).is_some());
        assert_eq!(all(&minutes), None);
    }
}
