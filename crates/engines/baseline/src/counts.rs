//! Counts by the hour: of observations, or of different values. Compared with the same hour of earlier days of the same
//! kind, and with that of the same weekday once there are three of them; and with the noise of the subject itself, so that
//! what bursts by nature is told only beyond its own bursts, or not at all.

use crate::anomaly::{Anomaly, Bar, Label, Normal};
use crate::noise::Noise;
use crate::rhythm::{DAY_HOURS, Rhythm, WEEK_HOURS, is_weekend};
use crate::robust::{median, spread, surprise};
use crate::settings::CountSettings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Hours remembered: four weeks.
const KEPT: i64 = 4 * WEEK_HOURS;
/// Hours of the same weekday that say what is normal on it.
const LEAST_WEEKS: usize = 3;
/// Comparable hours without which nothing is said.
const LEAST_HOURS: usize = 5;
/// Days with something in them without which nothing is said: a lone burst now and then has no normal.
const LEAST_DAYS: usize = 5;
/// Different values of the current hour that are told apart; more count as one.
const MOST_DISTINCT: usize = 4_096;
/// Hours drawn before the one in question.
const DRAWN: i64 = 24;

/// Counts of the hours in which there was something, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CountSeries {
    past: Vec<(i64, u64)>,
    hour: i64,
    count: u64,
    told: bool,
    /// Its ordinary hours differ by too much for any to be told; found anew each day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    too_loud: bool,
    /// Smallest count of the current hour that is an anomaly; found anew when what is remembered changes.
    #[serde(skip)]
    limit: Option<u64>,
}

struct Usual {
    median: f64,
    mean: f64,
    variance: f64,
    highest: u64,
    hours: usize,
    weekly: bool,
}

impl CountSeries {
    pub(crate) fn add(
        &mut self,
        hour: i64,
        settings: &CountSettings,
        least_hours: i64,
        rhythm: Rhythm,
    ) -> Option<Anomaly> {
        if self.count == 0 && self.past.is_empty() {
            self.hour = hour;
        }
        if hour < self.hour {
            self.add_late(hour);
            return None;
        }
        if hour > self.hour {
            self.turn_to(hour, settings);
        }
        self.count = self.count.saturating_add(1);
        if self.told || self.too_loud || self.count < settings.least {
            return None;
        }
        let limit = match self.limit {
            Some(limit) => limit,
            None => {
                let limit = self.find_limit(settings, least_hours);
                self.limit = Some(limit);
                limit
            }
        };
        if self.count < limit {
            return None;
        }
        self.told = true;
        self.usual(self.hour).map(|usual| self.anomaly(&usual, rhythm))
    }

    /// First hour that is remembered.
    pub(crate) fn since(&self) -> i64 {
        self.past.first().map_or(self.hour, |(hour, _)| *hour)
    }

    /// Whether nothing is told of it, since its ordinary hours differ by too much.
    pub(crate) fn is_too_loud(&self) -> bool {
        self.too_loud
    }

    fn turn_to(&mut self, hour: i64, settings: &CountSettings) {
        if self.count > 0 {
            self.past.push((self.hour, self.count));
        }
        let oldest = hour.saturating_sub(KEPT);
        self.past.retain(|(at, _)| *at >= oldest);
        let is_new_day = hour.div_euclid(DAY_HOURS) > self.hour.div_euclid(DAY_HOURS);
        *self = Self { past: std::mem::take(&mut self.past), hour, too_loud: self.too_loud, ..Self::default() };
        if is_new_day {
            self.too_loud = self.noise(settings).is_too_loud(settings);
        }
    }

    /// By all hours that are remembered, also those in which there was nothing.
    fn noise(&self, settings: &CountSettings) -> Noise {
        let since = self.since().max(self.hour.saturating_sub(KEPT));
        let place = |hour: i64| usize::try_from(hour.saturating_sub(since)).ok();
        let mut counts = vec![0.0; place(self.hour).unwrap_or_default()];
        for (hour, count) in &self.past {
            if let Some(slot) = place(*hour).and_then(|place| counts.get_mut(place)) {
                *slot = *count as f64;
            }
        }
        Noise::of(&counts, since, settings)
    }

    /// What comes after its hour belongs to what is remembered of it, and raises nothing.
    fn add_late(&mut self, hour: i64) {
        if hour < self.hour.saturating_sub(KEPT) {
            return;
        }
        self.limit = None;
        match self.past.binary_search_by_key(&hour, |(at, _)| *at) {
            Ok(place) => {
                if let Some((_, count)) = self.past.get_mut(place) {
                    *count = count.saturating_add(1);
                }
            }
            Err(place) => self.past.insert(place, (hour, 1)),
        }
    }

    fn at(&self, hour: i64) -> u64 {
        match self.past.binary_search_by_key(&hour, |(at, _)| *at) {
            Ok(place) => self.past.get(place).map_or(0, |(_, count)| *count),
            Err(_) => 0,
        }
    }

    /// Counts at the same hour so many hours back and twice that and so on, with as many hours on each side.
    fn alike(&self, hour: i64, step: i64, beside: i64, same_kind: bool) -> Vec<f64> {
        let since = self.since();
        let mut counts = Vec::new();
        let mut back = step;
        while back <= KEPT {
            for other in hour - back - beside..=hour - back + beside {
                if other >= since && other < self.hour && (!same_kind || is_weekend(other) == is_weekend(hour)) {
                    counts.push(self.at(other) as f64);
                }
            }
            back += step;
        }
        counts
    }

    fn usual(&self, hour: i64) -> Option<Usual> {
        let same = self.alike(hour, DAY_HOURS, 0, true);
        let mut near = self.alike(hour, DAY_HOURS, 1, true);
        if near.len() < LEAST_HOURS {
            // In the first week there may be no day of this kind.
            near = self.alike(hour, DAY_HOURS, 1, false);
        }
        if near.len() < LEAST_HOURS {
            return None;
        }
        let mut counts = if same.len() >= LEAST_HOURS { same } else { near.clone() };
        let of_day = median(&mut counts);
        let deviation = spread(&counts, of_day);
        let average = counts.iter().sum::<f64>() / counts.len() as f64;
        let mut of_weekday = self.alike(hour, WEEK_HOURS, 0, false);
        let weekday = if of_weekday.len() >= LEAST_WEEKS { median(&mut of_weekday) } else { 0.0 };
        let middle = of_day.max(weekday);
        // Where most such hours are empty the median says nothing of the rest.
        let mean = if middle > 0.0 { middle } else { average.max(0.5) };
        // What comes every day comes a little earlier or later: the hours beside it count for the highest.
        near.sort_unstable_by(f64::total_cmp);
        let highest = near.len().checked_sub(2).and_then(|place| near.get(place)).copied().unwrap_or(0.0);
        Some(Usual {
            median: middle,
            mean,
            variance: (deviation * deviation).max(mean),
            highest: highest.max(weekday) as u64,
            hours: counts.len(),
            weekly: weekday > of_day,
        })
    }

    fn find_limit(&self, settings: &CountSettings, least_hours: i64) -> u64 {
        let days: BTreeSet<i64> = self.past.iter().map(|(hour, _)| hour.div_euclid(DAY_HOURS)).collect();
        if self.hour.saturating_sub(self.since()) < least_hours || days.len() < LEAST_DAYS {
            return u64::MAX;
        }
        let Some(usual) = self.usual(self.hour) else { return u64::MAX };
        let rare = |count: u64| surprise(count as f64, usual.mean, usual.variance) >= settings.surprise;
        let by_ratio = (usual.median * settings.ratio).ceil() as u64;
        let ordinary = self.noise(settings).highest(self.hour, usual.median) * settings.margin;
        let by_noise = (ordinary as u64).saturating_add(1);
        let least = settings.least.max(by_ratio).max(by_noise).max(usual.highest.saturating_add(1));
        let mut high = least;
        while !rare(high) {
            if high > u64::MAX / 4 {
                return u64::MAX;
            }
            high *= 2;
        }
        let mut low = least;
        while low < high {
            let middle = low + (high - low) / 2;
            if rare(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    fn anomaly(&self, usual: &Usual, rhythm: Rhythm) -> Anomaly {
        let bars = (self.hour - DRAWN..=self.hour).map(|hour| {
            let marked = hour == self.hour;
            Bar {
                label: Label::Time(rhythm.begins(hour)),
                value: if marked { self.count } else { self.at(hour) } as f64,
                normal: self.usual(hour).map(|usual| usual.median),
                marked,
            }
        });
        Anomaly {
            bars: bars.collect(),
            normal: Normal::Count {
                observed: self.count,
                median: usual.median,
                highest: usual.highest,
                hours: usual.hours,
                weekly: usual.weekly,
            },
        }
    }
}

/// Different values by the hour.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DistinctSeries {
    pub(crate) counts: CountSeries,
    seen: BTreeSet<u64>,
    hour: i64,
}

impl DistinctSeries {
    pub(crate) fn add(
        &mut self,
        hour: i64,
        value: &str,
        settings: &CountSettings,
        least_hours: i64,
        rhythm: Rhythm,
    ) -> Option<Anomaly> {
        if hour > self.hour {
            self.hour = hour;
            self.seen.clear();
        }
        // Values of an hour that is over are known no more; each late one would count.
        let is_new = hour == self.hour && self.seen.len() < MOST_DISTINCT && self.seen.insert(hash(value));
        if is_new { self.counts.add(hour, settings, least_hours, rhythm) } else { None }
    }
}

/// FNV-1a: the same in every run and on every machine.
pub(crate) fn hash(value: &str) -> u64 {
    value.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
