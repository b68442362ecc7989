//! How each kind of baseline decides. All numbers are the caller's.

use serde::Deserialize;

/// One detector: how it looks, from which age of a baseline on, and how much it remembers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detector {
    pub method: Method,
    /// A baseline younger than this raises nothing.
    pub history_days: i64,
    /// Baselines kept; beyond, those untouched for longest are forgotten.
    pub most_series: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Method {
    /// Observations an hour.
    Volume(CountSettings),
    /// Different values an hour.
    FanOut(CountSettings),
    /// A value that the subject never had.
    FirstSeen(NoveltySettings),
    /// A value that the subject had seldom and not for long.
    Rare(RareSettings),
    /// An hour of the day at which the subject does nothing.
    TimeOfDay(HourSettings),
    /// Contacts of a new pair as regular as no person is.
    Beaconing(IntervalSettings),
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountSettings {
    /// Fewer in an hour are never told.
    pub least: u64,
    /// Times the median of the hour.
    pub ratio: f64,
    /// At most one hour in ten to the power of this has so many.
    pub surprise: f64,
    /// Times the most that an ordinary hour of the subject may have, by the farthest that any was above its own normal.
    pub margin: f64,
    /// Hours that do not count for that: the wildest ones.
    pub forgiven: usize,
    /// Counts of this size are too small for their proportion to say anything.
    pub small: f64,
    /// A subject whose ordinary hours reach so many times the busiest normal, or `least`, cannot be judged.
    pub most_times: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoveltySettings {
    /// Observations before anything can be new.
    pub least: u64,
    /// A subject with more values than these changes them all the time.
    pub most_known: usize,
    /// The same, of values that came within the last seven days.
    pub most_lately: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RareSettings {
    pub least: u64,
    /// Largest share of the observations of a subject.
    pub share: f64,
    /// Days since the value was seen.
    pub quiet_days: i64,
    /// Days on which it was seen before: on more it comes now and then.
    pub most_days: u32,
    /// Other subjects, of all scopes that are compared, that have it: with more it is common, though not here.
    pub most_elsewhere: u32,
    /// A subject with more values that are as seldom always has something seldom, and cannot be judged.
    pub most_seldom: usize,
    /// Values remembered of a subject.
    pub most_known: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourSettings {
    pub least: u64,
    /// Days on which the subject did something.
    pub least_days: u32,
    /// Largest share of the observations in this hour and those beside it.
    pub share: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalSettings {
    /// Intervals before regularity is judged.
    pub least: usize,
    /// Contacts closer together are one.
    pub shortest_seconds: i64,
    /// A longer pause begins anew.
    pub longest_seconds: i64,
    /// Largest spread of the intervals, as a share of their median.
    pub jitter: f64,
}
