//! What was unusual, what would have been normal, and the figures to draw it from.

use crate::rhythm::Micros;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    pub normal: Normal,
    pub bars: Vec<Bar>,
}

/// What was observed, against what is normal for the subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Normal {
    /// `observed` in an hour that has `median`, of `hours` comparable hours, and at most `highest` (the highest but one, so
    /// that a single wild hour does not count).
    Count { observed: u64, median: f64, highest: u64, hours: usize, weekly: bool },
    /// A value never seen among so many different ones in so many observations.
    FirstSeen { value: String, known: usize, observations: u64, since: Micros },
    /// A value seen so many times of so many, and last at that time.
    Rare { value: String, seen: u64, observations: u64, last: Micros },
    /// An hour of the day in which, with its neighbours, this share of the observations lies.
    Hour { hour: u8, weekend: bool, share: f64, observations: u64, days: u32 },
    /// Contacts at this interval with this spread as a share of it; the pair is known only since then.
    Interval { seconds: f64, jitter: f64, contacts: usize, since: Micros },
}

/// One column of the chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    pub label: Label,
    pub value: f64,
    /// What is normal at this place, where the method knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<f64>,
    /// What the anomaly is about.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    Time(Micros),
    HourOfDay(u8),
    Value(String),
    /// The so-and-so-many-th interval.
    Place(usize),
}
