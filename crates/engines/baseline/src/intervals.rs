//! Pauses between the contacts of a pair: machines that call home are more regular than people.

use crate::anomaly::{Anomaly, Bar, Label, Normal};
use crate::rhythm::{Micros, SECOND};
use crate::robust::{median, spread};
use crate::settings::IntervalSettings;
use serde::{Deserialize, Serialize};

/// Intervals remembered.
const KEPT: usize = 32;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intervals {
    pub(crate) first: Micros,
    last: Micros,
    begun: bool,
    /// The pair was there while what is normal was learnt.
    learnt: bool,
    told: bool,
    /// In microseconds, oldest first.
    past: Vec<Micros>,
}

impl Intervals {
    /// `learning` says whether what is normal is not known yet.
    pub(crate) fn add(&mut self, time: Micros, settings: &IntervalSettings, learning: bool) -> Option<Anomaly> {
        if !self.begun {
            *self = Self { first: time, last: time, begun: true, learnt: learning, ..Self::default() };
            return None;
        }
        let interval = time.saturating_sub(self.last);
        if interval < settings.shortest_seconds * SECOND {
            return None;
        }
        self.last = time;
        if interval > settings.longest_seconds * SECOND {
            self.past.clear();
            return None;
        }
        if self.past.len() >= KEPT {
            self.past.remove(0);
        }
        self.past.push(interval);
        if self.learnt || self.told || self.past.len() < settings.least.clamp(2, KEPT) {
            return None;
        }
        let mut intervals: Vec<f64> = self.past.iter().map(|interval| *interval as f64).collect();
        let middle = median(&mut intervals);
        let jitter = spread(&intervals, middle) / middle.max(1.0);
        if jitter > settings.jitter {
            return None;
        }
        self.told = true;
        let seconds = |interval: f64| interval / SECOND as f64;
        let bars = self.past.iter().zip(1..).map(|(interval, place)| Bar {
            label: Label::Place(place),
            value: seconds(*interval as f64),
            normal: Some(seconds(middle)),
            marked: true,
        });
        Some(Anomaly {
            bars: bars.collect(),
            normal: Normal::Interval {
                seconds: seconds(middle),
                jitter,
                contacts: self.past.len() + 1,
                since: self.first,
            },
        })
    }
}
