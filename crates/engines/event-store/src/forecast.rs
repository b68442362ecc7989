//! When the disk will be full, at the rate of the last days.

use crate::Store;
use crate::manifest::SegmentRow;
use event::Micros;
use serde::Serialize;

const DAY: i64 = 86_400_000_000;
/// The rate is taken over at most so many whole days.
const WINDOW: i64 = 7;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// Bytes of the segments on the store's own disk.
    pub used: u64,
    /// Bytes that segments may take.
    pub budget: u64,
    /// Bytes that a day adds; nothing where less than a day is known.
    pub per_day: Option<u64>,
    /// What a whole time of retention will take at this rate.
    pub at_rest: Option<u64>,
    /// When the budget is used up, microseconds since 1970, UTC; nothing where it lasts.
    pub full_at: Option<Micros>,
    /// There is no room now.
    pub is_full: bool,
}

impl Store {
    /// `budget`: bytes that segments may take; `days`: how long they are kept. What is archived takes no room here, and
    /// what is not yet will go there in its time.
    pub fn forecast(&self, budget: u64, days: u32) -> Forecast {
        let shared = self.shared();
        let segments = shared.memory().segments.clone();
        let rows: Vec<&SegmentRow> = segments.iter().map(|one| &one.row).collect();
        let here = shared.options.archiving.as_ref().map_or(days, |archiving| archiving.after_days.min(days));
        let now = (shared.options.clock)();
        let told = forecast(&rows, budget, here, now);
        // What else lies on the disk counts as well.
        if self.is_disk_full() { Forecast { full_at: Some(now), is_full: true, ..told } } else { told }
    }
}

fn forecast(rows: &[&SegmentRow], budget: u64, days: u32, now: Micros) -> Forecast {
    let used: u64 = rows.iter().filter(|row| !row.archived).map(|row| row.bytes).sum();
    let today = now.div_euclid(DAY);
    let day_of = |row: &SegmentRow| row.newest.div_euclid(DAY);
    let first = rows.iter().map(|row| day_of(row)).min().unwrap_or(today).max(today - WINDOW);
    // Today is not over: it is left out.
    let whole = today - first;
    let recent = rows.iter().filter(|row| (first..today).contains(&day_of(row))).map(|row| row.bytes).sum::<u64>();
    let per_day = (whole > 0).then(|| recent / whole.unsigned_abs());
    let is_full = used >= budget;
    let at_rest = per_day.map(|rate| rate * u64::from(days));
    let mut answer = Forecast { used, budget, per_day, at_rest, full_at: is_full.then_some(now), is_full };
    if is_full {
        return answer;
    }
    let Some(rate) = per_day else { return answer };
    let here = rows.iter().filter(|row| !row.archived);
    let mut left: Vec<(i64, u64)> = here.map(|row| (day_of(row) + i64::from(days), row.bytes)).collect();
    left.sort_unstable();
    let (mut will, mut gone) = (used, 0);
    for ahead in 0..=i64::from(days) {
        while let Some((_, bytes)) = left.get(gone).filter(|(day, _)| *day < today + ahead) {
            (will, gone) = (will.saturating_sub(*bytes), gone + 1);
        }
        if will > budget {
            answer.full_at = Some(now + ahead * DAY);
            break;
        }
        will += rate;
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(per_day: u64, days: std::ops::Range<i64>) -> Vec<SegmentRow> {
        days.map(|day| SegmentRow { bytes: per_day, newest: day * DAY + 5, ..SegmentRow::empty(None) }).collect()
    }

    fn at(rows: &[SegmentRow], budget: u64, days: u32, day: i64) -> Forecast {
        forecast(&rows.iter().collect::<Vec<_>>(), budget, days, day * DAY + 7)
    }

    #[test]
    fn a_full_disk_is_seen_coming() {
        let ten = rows(100, 90..100);
        let answer = at(&ten, 2_000, 366, 100);
        assert_eq!((answer.used, answer.per_day, answer.at_rest), (1_000, Some(100), Some(36_600)));
        assert_eq!(answer.full_at, Some(111 * DAY + 7), "ten days are full, the eleventh is too much");
        assert_eq!(at(&ten, 40_000, 366, 100).full_at, None, "a year of it has room");
        assert_eq!(at(&ten, 2_000, 15, 100).full_at, None, "what is old goes in time");
        let full = at(&ten, 900, 366, 100);
        assert_eq!((full.full_at, full.is_full), (Some(100 * DAY + 7), true), "full already");
        assert!(!answer.is_full);
    }

    #[test]
    fn what_is_archived_takes_no_room_and_still_tells_the_rate() {
        let mut ten = rows(100, 90..100);
        ten.iter_mut().take(8).for_each(|row| row.archived = true);
        let answer = at(&ten, 2_000, 5, 100);
        assert_eq!((answer.used, answer.per_day, answer.at_rest), (200, Some(100), Some(500)));
        assert_eq!(answer.full_at, None);
    }

    #[test]
    fn nothing_is_said_before_a_day_is_over() {
        let today = rows(100, 100..101);
        assert_eq!(at(&today, 2_000, 366, 100).per_day, None);
        assert_eq!(at(&[], 2_000, 366, 100), Forecast { budget: 2_000, ..Forecast::default() });
        let nothing = at(&[], 0, 366, 100);
        assert_eq!((nothing.full_at, nothing.is_full), (Some(100 * DAY + 7), true), "no byte may be taken");
        let quiet = rows(100, 50..51);
        assert_eq!(at(&quiet, 2_000, 366, 100).per_day, Some(0), "a week of silence");
    }
}
