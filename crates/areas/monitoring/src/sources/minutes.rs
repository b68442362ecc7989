//! The minutes of one day as a set. Pure.

use kit::calendar::{start_of_day, vietnam_date};
use kit::clock::{DAY, MINUTE, Micros};

/// Minutes of a day; Vietnam has no daylight saving.
pub const OF_DAY: usize = 1_440;
const WORDS: usize = 23;

/// A set of minutes, 0 being the first of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Minutes([u64; WORDS]);

/// First microsecond of the Vietnamese day of a moment.
pub fn day_of(at: Micros) -> Micros {
    start_of_day(vietnam_date(at))
}

/// First microsecond of its month.
pub fn month_of(at: Micros) -> Micros {
    start_of_day(vietnam_date(at).first_of_month())
}

impl Minutes {
    /// From one minute to another, exclusive.
    pub fn between(from: usize, to: usize) -> Self {
        let mut minutes = Self::default();
        (from..to.min(OF_DAY)).for_each(|minute| minutes.insert(minute));
        minutes
    }

    /// Those of a day that lie whole within a span.
    pub fn within(day: Micros, from: Micros, to: Micros) -> Self {
        let offset = |at: Micros| at.saturating_sub(day).clamp(0, DAY);
        Self::between(place(offset(from) + MINUTE - 1), place(offset(to)))
    }

    /// Those of a day that a span touches.
    pub fn touched(day: Micros, from: Micros, to: Micros) -> Self {
        let offset = |at: Micros| at.saturating_sub(day).clamp(0, DAY);
        Self::between(place(offset(from)), place(offset(to) + MINUTE - 1))
    }

    pub fn insert(&mut self, minute: usize) {
        if minute < OF_DAY {
            self.0[minute / 64] |= 1 << (minute % 64);
        }
    }

    /// Adds what an hour of the day heard: bit n is its minute n.
    pub fn insert_hour(&mut self, day: Micros, hour_start: Micros, bits: i64) {
        let Ok(first) = usize::try_from((hour_start - day).div_euclid(MINUTE)) else { return };
        (0..60_usize).filter(|minute| (bits >> minute) & 1 == 1).for_each(|minute| self.insert(first + minute));
    }

    pub fn holds(&self, minute: usize) -> bool {
        minute < OF_DAY && (self.0[minute / 64] >> (minute % 64)) & 1 == 1
    }

    pub fn count(&self) -> i64 {
        self.0.iter().map(|word| i64::from(word.count_ones())).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub fn or(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] | other.0[place]))
    }

    pub fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] & other.0[place]))
    }

    pub fn without(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] & !other.0[place]))
    }

    pub fn last(&self) -> Option<usize> {
        (0..OF_DAY).rev().find(|minute| self.holds(*minute))
    }

    /// Each minute with the `reach` - 1 after it; of the day before, the last minute heard speaks for what follows midnight.
    pub fn carried(&self, reach: usize, before: Option<usize>) -> Self {
        let mut left = before.map_or(0, |minute| (minute + reach).saturating_sub(OF_DAY));
        let mut carried = Self::default();
        for minute in 0..OF_DAY {
            if self.holds(minute) {
                left = left.max(reach.max(1));
            }
            if left > 0 {
                carried.insert(minute);
                left -= 1;
            }
        }
        carried
    }

    /// 360 hexadecimal digits, the first minutes first.
    pub fn encode(&self) -> String {
        let bytes = self.0.iter().flat_map(|word| word.to_le_bytes()).take(OF_DAY / 8);
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is no such text is nobody heard.
    pub fn decode(text: &str) -> Self {
        let mut minutes = Self::default();
        for (place, pair) in text.as_bytes().chunks(2).enumerate().take(OF_DAY / 8) {
            let byte = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
            (0..8_usize).filter(|bit| (byte >> bit) & 1 == 1).for_each(|bit| minutes.insert(place * 8 + bit));
        }
        minutes
    }

    /// Runs of minutes of one kind, in their order: first minute, number of minutes.
    pub fn runs(&self) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for minute in (0..OF_DAY).filter(|minute| self.holds(*minute)) {
            match runs.last_mut() {
                Some((first, length)) if *first + *length == minute => *length += 1,
                _ => runs.push((minute, 1)),
            }
        }
        runs
    }
}

/// The minute that this much of a day lies in.
fn place(offset: Micros) -> usize {
    usize::try_from(offset.div_euclid(MINUTE)).unwrap_or(OF_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::HOUR;
    use proptest::prelude::*;

    fn any() -> impl Strategy<Value = Minutes> {
        prop::collection::vec(0_usize..OF_DAY, 0..300).prop_map(|minutes| {
            let mut set = Minutes::default();
            minutes.into_iter().for_each(|minute| set.insert(minute));
            set
        })
    }

    #[test]
    fn a_day_begins_at_midnight_in_vietnam() {
        // 21 November 2026, 00:00 in Vietnam.
        let midnight = 1_795_194_000_000_000;
        assert_eq!([day_of(midnight), day_of(midnight - 1)], [midnight, midnight - DAY]);
        assert_eq!(month_of(midnight), midnight - 20 * DAY);
        let mut heard = Minutes::default();
        heard.insert_hour(midnight, midnight + 2 * HOUR, 0b101);
        assert_eq!(heard.runs(), [(120, 1), (122, 1)]);
    }

    #[test]
    fn a_span_holds_its_whole_minutes_and_touches_more() {
        let (from, to) = (MINUTE / 2, 3 * MINUTE + 1);
        assert_eq!(Minutes::within(0, from, to).runs(), [(1, 2)]);
        assert_eq!(Minutes::touched(0, from, to).runs(), [(0, 4)]);
        assert!(Minutes::within(DAY, from, to).is_empty());
        assert_eq!(Minutes::touched(0, -MINUTE, i64::MAX).count(), 1_440);
    }

    #[test]
    fn what_was_heard_before_midnight_speaks_for_a_while_after_it() {
        let carried = Minutes::default().carried(15, Some(OF_DAY - 5));
        assert_eq!(carried.runs(), [(0, 10)]);
        assert!(Minutes::default().carried(15, Some(OF_DAY - 20)).is_empty());
    }

    proptest! {
        #[test]
        fn texts_lead_back(set in any()) {
            prop_assert_eq!(set.encode().len(), 360);
            prop_assert_eq!(Minutes::decode(&set.encode()), set);
        }

        #[test]
        fn sets_count_as_sets_do(one in any(), two in any()) {
            prop_assert_eq!(one.or(&two).count() + one.and(&two).count(), one.count() + two.count());
            prop_assert_eq!(one.without(&two).count(), one.count() - one.and(&two).count());
            prop_assert_eq!(one.runs().iter().map(|(_, length)| *length as i64).sum::<i64>(), one.count());
        }

        #[test]
        fn a_wider_reach_and_more_records_never_show_less(one in any(), two in any(), reach in 1_usize..60) {
            let narrow = one.carried(reach, None);
            prop_assert!(one.without(&narrow).is_empty());
            prop_assert!(narrow.without(&one.carried(reach + 7, None)).is_empty());
            prop_assert!(narrow.without(&one.or(&two).carried(reach, Some(OF_DAY - 1))).is_empty());
        }
    }
}
