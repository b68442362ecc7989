//! What an ordinary hour of a subject may have, by its own record: how far its hours were above what such hours have.

use crate::rhythm::{WEEK_HOURS, hour_of_day, is_weekend};
use crate::robust::{largest_but, median};
use crate::settings::CountSettings;

/// Hours of the day of workdays, then those of weekends.
const CELLS: usize = 48;
const CELLS_OF_KIND: usize = 24;
/// Days of a kind that say what is normal on it.
const LEAST_OF_KIND: usize = 3;

/// What each hour has, and the farthest that hours were above that, the wildest left out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    typical: Vec<f64>,
    /// Natural logarithm of how many times as much.
    times: f64,
    /// How many more.
    more: f64,
    /// Added to both sides before they are held against one another: of small counts the proportion says nothing.
    small: f64,
}

impl Noise {
    /// Of the counts of one hour after the other, the first of which is `since`.
    pub(crate) fn of(counts: &[f64], since: i64, settings: &CountSettings) -> Self {
        let mut cells = vec![Vec::new(); CELLS];
        for (hour, count) in (since..).zip(counts) {
            if let Some(cell) = cells.get_mut(cell(hour)) {
                cell.push(*count);
            }
        }
        let small = settings.small.max(1.0);
        let typical = (0..CELLS).map(|place| typical(&cells, place)).collect();
        let mut noise = Self { typical, times: 0.0, more: 0.0, small };
        let week = usize::try_from(WEEK_HOURS).unwrap_or_default();
        let (mut times, mut more) = (Vec::with_capacity(counts.len()), Vec::with_capacity(counts.len()));
        for (place, (hour, count)) in (since..).zip(counts).enumerate() {
            // What comes every week is no noise from its second time on.
            let week_before = place.checked_sub(week).and_then(|place| counts.get(place)).copied().unwrap_or(0.0);
            let usual = noise.near(hour).max(week_before);
            times.push(((count + small) / (usual + small)).ln());
            more.push(count - usual);
        }
        noise.times = largest_but(&mut times, settings.forgiven).max(0.0);
        noise.more = largest_but(&mut more, settings.forgiven).max(0.0);
        noise
    }

    /// The most that an ordinary hour has, where it has `usual` by what is known of its weekday.
    pub(crate) fn highest(&self, hour: i64, usual: f64) -> f64 {
        self.above(self.near(hour).max(usual))
    }

    /// Whether ordinary hours differ by so much that even the busiest says nothing of what is too many.
    pub(crate) fn is_too_loud(&self, settings: &CountSettings) -> bool {
        let busiest = self.typical.iter().copied().fold(0.0, f64::max);
        self.above(busiest) * settings.margin > settings.most_times * busiest.max(settings.least as f64)
    }

    /// Noise grows with what is normal, or is the same everywhere: each was measured, and the lower of the two holds.
    fn above(&self, usual: f64) -> f64 {
        let by_times = (usual + self.small) * self.times.exp() - self.small;
        by_times.min(usual + self.more)
    }

    /// What comes every day comes a little earlier or later.
    fn near(&self, hour: i64) -> f64 {
        let at = |hour: i64| self.typical.get(cell(hour)).copied().unwrap_or_default();
        [hour.saturating_sub(1), hour, hour.saturating_add(1)].map(at).into_iter().fold(0.0, f64::max)
    }
}

fn cell(hour: i64) -> usize {
    usize::from(hour_of_day(hour)) + if is_weekend(hour) { CELLS_OF_KIND } else { 0 }
}

/// The median of a cell; with the other kind of day where there were hardly any of this.
fn typical(cells: &[Vec<f64>], place: usize) -> f64 {
    let of = |place: usize| cells.get(place).map(Vec::as_slice).unwrap_or_default();
    let mut counts = of(place).to_vec();
    if counts.len() < LEAST_OF_KIND {
        counts.extend(of((place + CELLS_OF_KIND) % CELLS));
    }
    median(&mut counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rhythm::DAY_HOURS;
    use proptest::prelude::*;

    /// Monday 2 November 2026, 00:00 in Vietnam, as a number of the local hour.
    const MONDAY: i64 = 498_216;

    fn settings() -> CountSettings {
        CountSettings { least: 50, ratio: 3.0, surprise: 3.0, margin: 1.25, forgiven: 1, small: 20.0, most_times: 20.0 }
    }

    fn noise(days: i64, count: impl Fn(i64, i64) -> f64) -> Noise {
        let counts: Vec<f64> = (0..days * DAY_HOURS).map(|hour| count(hour / DAY_HOURS, hour % DAY_HOURS)).collect();
        Noise::of(&counts, MONDAY, &settings())
    }

    #[test]
    fn the_week_begins_on_monday() {
        assert!(!is_weekend(MONDAY) && is_weekend(MONDAY - 1) && hour_of_day(MONDAY) == 0);
    }

    #[test]
    fn a_steady_rhythm_has_little_noise_at_any_hour() {
        let office = noise(21, |day, hour| if (8..17).contains(&hour) { 100.0 + (day % 3) as f64 } else { 4.0 });
        assert!(office.highest(MONDAY + 3, 0.0) < 8.0);
        assert!((100.0..110.0).contains(&office.highest(MONDAY + 10, 0.0)));
        assert!(!office.is_too_loud(&settings()));
    }

    #[test]
    fn bursts_at_any_hour_are_ordinary_at_every_hour() {
        let bursty = noise(21, |day, hour| if (day * 24 + hour) % 31 == 0 { 700.0 } else { 0.0 });
        for hour in 0..48 {
            assert_eq!(bursty.highest(MONDAY + hour, 0.0).round(), 700.0);
        }
        assert!(!bursty.is_too_loud(&settings()), "seven hundred can be judged");
        let loud = noise(21, |day, hour| if (day * 24 + hour) % 31 == 0 { 90_000.0 } else { 0.0 });
        assert!(loud.is_too_loud(&settings()), "ninety thousand out of nothing cannot");
    }

    #[test]
    fn one_wild_hour_is_forgiven_and_the_second_is_not() {
        let wild = |times: i64| noise(14, move |day, hour| if hour == 4 && day < times { 5_000.0 } else { 10.0 });
        assert!(wild(1).highest(MONDAY + 14 * 24 + 9, 0.0) < 12.0);
        assert!(wild(2).highest(MONDAY + 14 * 24 + 9, 0.0) > 4_000.0);
    }

    #[test]
    fn what_comes_every_week_is_no_noise() {
        let weekly = noise(28, |day, hour| if day % 7 == 2 && hour == 3 { 5_000.0 } else { 10.0 });
        assert!(weekly.highest(MONDAY + 28 * 24 + 9, 0.0) < 12.0);
        assert!(weekly.highest(MONDAY + 28 * 24 + 51, 5_000.0) >= 5_000.0);
    }

    proptest! {
        #[test]
        fn no_more_hours_than_are_forgiven_were_above_the_highest(
            counts in prop::collection::vec(0_u32..5_000, 168..500), forgiven in 0_usize..4
        ) {
            let settings = CountSettings { forgiven, ..settings() };
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let noise = Noise::of(&counts, MONDAY, &settings);
            let above = |(place, count): &(usize, &f64)| {
                let before = place.checked_sub(168).and_then(|place| counts.get(place)).copied().unwrap_or(0.0);
                **count > noise.highest(MONDAY + i64::try_from(*place).unwrap_or(0), before) + 1e-6
            };
            // Each of the two measures forgives its own.
            prop_assert!(counts.iter().enumerate().filter(above).count() <= 2 * forgiven);
        }

        #[test]
        fn more_is_never_ordinary_where_less_is_usual(
            counts in prop::collection::vec(0_u32..500, 168..300), usual in 0.0_f64..500.0, extra in 0.0_f64..500.0
        ) {
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let noise = Noise::of(&counts, MONDAY, &settings());
            prop_assert!(noise.highest(MONDAY, usual + extra) >= noise.highest(MONDAY, usual));
            prop_assert!(noise.highest(MONDAY, usual) >= usual - 1e-6);
        }
    }
}
