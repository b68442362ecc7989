//! The values that a subject had: what is new to it, and what it has seldom.

use crate::anomaly::{Anomaly, Bar, Label, Normal};
use crate::rhythm::{DAY, DAY_HOURS, Micros, Rhythm};
use crate::settings::{NoveltySettings, RareSettings};
use serde::{Deserialize, Serialize};

/// Longest value kept, in bytes.
const LONGEST: usize = 256;
/// Values drawn beside the one in question.
const DRAWN: usize = 8;
const LATELY: Micros = 7 * DAY;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    value: String,
    count: u64,
    first: Micros,
    last: Micros,
    /// Days on which it was seen, as far as they came one after the other.
    #[serde(default)]
    days: u32,
}

/// What a look changed about the values that a subject has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) is_new: bool,
    /// What had to go for it.
    pub(crate) gone: Option<String>,
}

/// Values by name, so that a look is a binary search.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ValueSet {
    pub(crate) first: Micros,
    observations: u64,
    known: Vec<Known>,
    /// Something was forgotten: what is unknown need not be new.
    overflowed: bool,
}

impl ValueSet {
    pub(crate) fn first_seen(
        &mut self,
        value: &str,
        time: Micros,
        settings: &NoveltySettings,
        history: Micros,
    ) -> Option<Anomaly> {
        let value = cut(value);
        let Err(place) = self.find(value) else {
            self.see(value, time, settings.most_known, Rhythm::default());
            return None;
        };
        let lately = self.known.iter().filter(|known| known.first > time.saturating_sub(LATELY)).count();
        let told = self.is_old(time, history)
            && self.observations >= settings.least
            && !self.overflowed
            && self.known.len() <= settings.most_known
            && lately <= settings.most_lately;
        let anomaly = told.then(|| Anomaly {
            normal: Normal::FirstSeen {
                value: value.to_owned(),
                known: self.known.len(),
                observations: self.observations,
                since: self.first,
            },
            bars: self.bars(value, 1),
        });
        self.insert(place, value, time, settings.most_known);
        anomaly
    }

    /// `holders` counts the subjects that have the value, this one among them; asked for last.
    pub(crate) fn rare(
        &mut self,
        value: &str,
        time: Micros,
        settings: &RareSettings,
        history: Micros,
        rhythm: Rhythm,
        holders: impl FnOnce() -> u32,
    ) -> (Option<Anomaly>, Exchange) {
        let value = cut(value);
        let known = self.find(value).ok().and_then(|place| self.known.get(place)).cloned();
        let exchange = self.see(value, time, settings.most_known, rhythm);
        let told = known.filter(|known| {
            self.is_old(time, history)
                && self.observations >= settings.least
                && self.is_seldom(known, settings)
                && time.saturating_sub(known.last) >= settings.quiet_days * DAY
                && !self.has_many_seldom(settings)
                && holders().saturating_sub(1) <= settings.most_elsewhere
        });
        let anomaly = told.map(|known| Anomaly {
            normal: Normal::Rare {
                value: value.to_owned(),
                seen: known.count,
                observations: self.observations,
                last: known.last,
            },
            bars: self.bars(value, known.count.saturating_add(1)),
        });
        (anomaly, exchange)
    }

    /// Values that it has.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|known| known.value.as_str())
    }

    /// Nothing of it is told, since it changes its values all the time.
    pub(crate) fn wanders(&self, settings: &NoveltySettings) -> bool {
        self.overflowed || self.known.len() > settings.most_known
    }

    /// Nothing of it is told, since it always has something seldom.
    pub(crate) fn has_many_seldom(&self, settings: &RareSettings) -> bool {
        let seldom = self.known.iter().filter(|known| self.is_seldom(known, settings)).count();
        self.observations >= settings.least && seldom > settings.most_seldom
    }

    fn is_seldom(&self, known: &Known, settings: &RareSettings) -> bool {
        let share = known.count as f64 / self.observations.max(1) as f64;
        share <= settings.share && known.days <= settings.most_days
    }

    fn is_old(&self, time: Micros, history: Micros) -> bool {
        time.saturating_sub(self.first) >= history
    }

    fn find(&self, value: &str) -> Result<usize, usize> {
        self.known.binary_search_by(|known| known.value.as_str().cmp(value))
    }

    fn see(&mut self, value: &str, time: Micros, most: usize, rhythm: Rhythm) -> Exchange {
        match self.find(value) {
            Err(place) => Exchange { is_new: true, gone: self.insert(place, value, time, most) },
            Ok(place) => {
                self.observations = self.observations.saturating_add(1);
                self.first = self.first.min(time);
                if let Some(known) = self.known.get_mut(place) {
                    let day = |time: Micros| rhythm.hour(time).div_euclid(DAY_HOURS);
                    known.days = known.days.saturating_add(u32::from(day(time) > day(known.last)));
                    known.count = known.count.saturating_add(1);
                    known.first = known.first.min(time);
                    known.last = known.last.max(time);
                }
                Exchange::default()
            }
        }
    }

    /// Gives what had to go, where there was no room.
    fn insert(&mut self, place: usize, value: &str, time: Micros, most: usize) -> Option<String> {
        self.first = if self.observations == 0 { time } else { self.first.min(time) };
        self.observations = self.observations.saturating_add(1);
        self.known.insert(place, Known { value: value.to_owned(), count: 1, first: time, last: time, days: 1 });
        if self.known.len() <= most.saturating_add(1) {
            return None;
        }
        self.overflowed = true;
        let oldest = self.known.iter().enumerate().min_by_key(|(_, known)| (known.last, known.count));
        let place = oldest.map(|(place, _)| place)?;
        Some(self.known.remove(place).value)
    }

    /// The values it has most, and the one in question.
    fn bars(&self, value: &str, count: u64) -> Vec<Bar> {
        let mut known: Vec<&Known> = self.known.iter().filter(|known| known.value != value).collect();
        known.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value)));
        let bar = |value: &str, count: u64, marked| Bar {
            label: Label::Value(value.to_owned()),
            value: count as f64,
            normal: None,
            marked,
        };
        let usual = known.into_iter().take(DRAWN).map(|known| bar(&known.value, known.count, false));
        usual.chain([bar(value, count, true)]).collect()
    }
}

pub(crate) fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
