//! At which hours of the day a subject does something, on workdays and at weekends.

use crate::anomaly::{Anomaly, Bar, Label, Normal};
use crate::rhythm::{DAY_HOURS, hour_of_day, is_weekend};
use crate::settings::HourSettings;
use serde::{Deserialize, Serialize};

/// Beyond so many observations all are halved: what was long ago counts less.
const MOST: u64 = 4_096;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct HourProfile {
    pub(crate) first_hour: i64,
    workdays: [u64; 24],
    weekends: [u64; 24],
    last_day: i64,
    days: u32,
    told_on: Option<i64>,
}

impl HourProfile {
    pub(crate) fn add(&mut self, hour: i64, settings: &HourSettings, least_hours: i64) -> Option<Anomaly> {
        let anomaly = self.judge(hour, settings, least_hours);
        let day = hour.div_euclid(DAY_HOURS);
        if self.days == 0 {
            self.first_hour = hour;
        }
        self.first_hour = self.first_hour.min(hour);
        if self.days == 0 || day > self.last_day {
            self.days = self.days.saturating_add(1);
            self.last_day = day;
        }
        let place = usize::from(hour_of_day(hour));
        let profile = if is_weekend(hour) { &mut self.weekends } else { &mut self.workdays };
        if let Some(count) = profile.get_mut(place) {
            *count += 1;
        }
        if self.observations() > MOST {
            self.workdays.iter_mut().chain(&mut self.weekends).for_each(|count| *count /= 2);
        }
        if anomaly.is_some() {
            self.told_on = Some(day);
        }
        anomaly
    }

    fn observations(&self) -> u64 {
        self.workdays.iter().chain(&self.weekends).sum()
    }

    fn judge(&self, hour: i64, settings: &HourSettings, least_hours: i64) -> Option<Anomaly> {
        let day = hour.div_euclid(DAY_HOURS);
        if hour.saturating_sub(self.first_hour) < least_hours
            || self.days < settings.least_days
            || self.told_on.is_some_and(|told| told >= day)
        {
            return None;
        }
        let weekend = is_weekend(hour);
        let own = if weekend { &self.weekends } else { &self.workdays };
        let mut profile = *own;
        // Of a kind of day of which little is known the hours of the other kind hold too.
        if own.iter().sum::<u64>() < settings.least {
            let both = self.workdays.iter().zip(&self.weekends).map(|(one, other)| one + other);
            profile.iter_mut().zip(both).for_each(|(count, both)| *count = both);
        }
        let observations: u64 = profile.iter().sum();
        if observations < settings.least {
            return None;
        }
        let at = usize::from(hour_of_day(hour));
        let near = [23, 0, 1].map(|beside| profile.get((at + beside) % 24).copied().unwrap_or_default());
        let share = near.iter().sum::<u64>() as f64 / observations as f64;
        if share > settings.share {
            return None;
        }
        let bars = profile.iter().zip(0_u8..).map(|(count, hour)| {
            let marked = usize::from(hour) == at;
            Bar { label: Label::HourOfDay(hour), value: (*count + u64::from(marked)) as f64, normal: None, marked }
        });
        Some(Anomaly {
            bars: bars.collect(),
            normal: Normal::Hour { hour: hour_of_day(hour), weekend, share, observations, days: self.days },
        })
    }
}
