//! All baselines of all detectors, fed with one observation after the other, bounded, and kept by whoever runs them.

use crate::anomaly::Anomaly;
use crate::counts::{CountSeries, DistinctSeries, hash};
use crate::hours::HourProfile;
use crate::intervals::Intervals;
use crate::rhythm::{DAY, DAY_HOURS, Micros, Rhythm};
use crate::settings::{Detector, Method};
use crate::values::{Exchange, ValueSet, cut};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Of the baselines of a detector that are one too many, this part goes at once, so that going is seldom.
const FORGOTTEN_PART: usize = 20;

/// One thing that happened to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation<'o> {
    /// Number of the detector.
    pub detector: usize,
    /// Whose it is: subjects of different scopes are different.
    pub scope: &'o str,
    pub subject: &'o str,
    /// What of it is compared; methods that count observations or look at the time need none.
    pub value: &'o str,
    pub time: Micros,
}

/// Name of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub detector: usize,
    pub scope: String,
    pub subject: String,
}

/// A baseline as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    /// First and last observation.
    pub since: Micros,
    pub last: Micros,
    /// Nothing is told of it, since what is normal differs too much.
    pub cannot_judge: bool,
    pub state: String,
}

/// What has changed since the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub kept: Vec<Row>,
    pub gone: Vec<Key>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.gone.is_empty()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Series {
    Count(CountSeries),
    Distinct(DistinctSeries),
    Values(ValueSet),
    Hours(Box<HourProfile>),
    Intervals(Intervals),
}

impl Series {
    fn of(method: &Method) -> Self {
        match method {
            Method::Volume(_) => Self::Count(CountSeries::default()),
            Method::FanOut(_) => Self::Distinct(DistinctSeries::default()),
            Method::FirstSeen(_) | Method::Rare(_) => Self::Values(ValueSet::default()),
            Method::TimeOfDay(_) => Self::Hours(Box::default()),
            Method::Beaconing(_) => Self::Intervals(Intervals::default()),
        }
    }

    fn cannot_judge(&self, method: &Method) -> bool {
        match (self, method) {
            (Self::Count(series), _) => series.is_too_loud(),
            (Self::Distinct(series), _) => series.counts.is_too_loud(),
            (Self::Values(series), Method::FirstSeen(settings)) => series.wanders(settings),
            (Self::Values(series), Method::Rare(settings)) => series.has_many_seldom(settings),
            _ => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    since: Micros,
    last: Micros,
    series: Series,
    /// When the scope was first heard of, for methods that learn of all its subjects together.
    scope_since: Micros,
    #[serde(skip)]
    changed: bool,
}

#[derive(Debug, Clone, Default)]
struct Shelf {
    scopes: BTreeMap<String, BTreeMap<String, Kept>>,
    since: BTreeMap<String, Micros>,
    len: usize,
    /// By scope, where the method asks for it.
    holders: BTreeMap<String, Holders>,
}

/// How many subjects of a scope have a value.
#[derive(Debug, Clone, Default)]
struct Holders(BTreeMap<u64, u32>);

impl Holders {
    fn of(&self, value: &str) -> u32 {
        self.0.get(&hash(cut(value))).copied().unwrap_or_default()
    }

    /// A value is new to a subject.
    fn exchange(&mut self, value: &str, exchange: &Exchange) {
        self.come(value);
        exchange.gone.iter().for_each(|gone| self.go(gone));
    }

    fn come(&mut self, value: &str) {
        let holders = self.0.entry(hash(cut(value))).or_default();
        *holders = holders.saturating_add(1);
    }

    fn go(&mut self, value: &str) {
        let hash = hash(cut(value));
        match self.0.get_mut(&hash) {
            Some(holders) if *holders > 1 => *holders -= 1,
            _ => {
                self.0.remove(&hash);
            }
        }
    }

    /// A baseline came or went with all that it has.
    fn all(&mut self, series: &Series, come: bool) {
        let Series::Values(set) = series else { return };
        for value in set.values() {
            if come { self.come(value) } else { self.go(value) }
        }
    }
}

/// The baselines.
#[derive(Debug, Clone)]
pub struct Baselines {
    detectors: Vec<Detector>,
    rhythm: Rhythm,
    shelves: Vec<Shelf>,
    gone: BTreeSet<Key>,
    forgotten: u64,
}

impl Baselines {
    pub fn new(detectors: Vec<Detector>, rhythm: Rhythm) -> Self {
        let shelves = vec![Shelf::default(); detectors.len()];
        Self { detectors, rhythm, shelves, gone: BTreeSet::new(), forgotten: 0 }
    }

    /// Takes up a row that was kept. False where it is of no detector here, or not to be read.
    pub fn take_up(&mut self, row: &Row) -> bool {
        let (Some(shelf), Some(detector)) =
            (self.shelves.get_mut(row.key.detector), self.detectors.get(row.key.detector))
        else {
            return false;
        };
        let Ok(kept) = serde_json::from_str::<Kept>(&row.state) else { return false };
        if std::mem::discriminant(&kept.series) != std::mem::discriminant(&Series::of(&detector.method)) {
            return false;
        }
        let since = shelf.since.entry(row.key.scope.clone()).or_insert(kept.scope_since);
        *since = (*since).min(kept.scope_since);
        let counts = matches!(detector.method, Method::Rare(_));
        let mut holders = counts.then(|| shelf.holders.entry(row.key.scope.clone()).or_default());
        if let Some(holders) = &mut holders {
            holders.all(&kept.series, true);
        }
        let subjects = shelf.scopes.entry(row.key.scope.clone()).or_default();
        match (subjects.insert(row.key.subject.clone(), kept), holders) {
            (None, _) => shelf.len += 1,
            (Some(before), Some(holders)) => holders.all(&before.series, false),
            (Some(_), None) => {}
        }
        true
    }

    /// Adds an observation, and says whether it is unusual. What subjects of the same scope have is always compared;
    /// `reaches` says of which other scopes too.
    pub fn observe(&mut self, seen: Observation<'_>, reaches: &dyn Fn(&str) -> bool) -> Option<Anomaly> {
        let detector = *self.detectors.get(seen.detector)?;
        let rhythm = self.rhythm;
        let shelf = self.shelves.get_mut(seen.detector)?;
        let scope_since = match shelf.since.get(seen.scope) {
            Some(since) => *since,
            None => *shelf.since.entry(seen.scope.to_owned()).or_insert(seen.time),
        };
        if !shelf.scopes.contains_key(seen.scope) {
            shelf.scopes.insert(seen.scope.to_owned(), BTreeMap::new());
        }
        let subjects = shelf.scopes.get_mut(seen.scope)?;
        if !subjects.contains_key(seen.subject) {
            let series = Series::of(&detector.method);
            let kept = Kept { since: seen.time, last: seen.time, series, scope_since, changed: true };
            subjects.insert(seen.subject.to_owned(), kept);
            shelf.len += 1;
        }
        let kept = subjects.get_mut(seen.subject)?;
        kept.since = kept.since.min(seen.time);
        kept.last = kept.last.max(seen.time);
        kept.changed = true;
        let (hour, history) = (rhythm.hour(seen.time), detector.history_days * DAY);
        let least_hours = detector.history_days * DAY_HOURS;
        let anomaly = match (&mut kept.series, &detector.method) {
            (Series::Count(series), Method::Volume(settings)) => series.add(hour, settings, least_hours, rhythm),
            (Series::Distinct(series), Method::FanOut(settings)) => {
                series.add(hour, seen.value, settings, least_hours, rhythm)
            }
            (Series::Values(series), Method::FirstSeen(settings)) => {
                series.first_seen(seen.value, seen.time, settings, history)
            }
            (Series::Values(series), Method::Rare(settings)) => {
                let counted = shelf.holders.iter().filter(|(scope, _)| *scope == seen.scope || reaches(scope));
                let holders = || counted.map(|(_, holders)| holders.of(seen.value)).fold(0, u32::saturating_add);
                let (anomaly, exchange) = series.rare(seen.value, seen.time, settings, history, rhythm, holders);
                if exchange.is_new {
                    let holders = shelf.holders.entry(seen.scope.to_owned()).or_default();
                    holders.exchange(seen.value, &exchange);
                }
                anomaly
            }
            (Series::Hours(series), Method::TimeOfDay(settings)) => series.add(hour, settings, least_hours),
            (Series::Intervals(series), Method::Beaconing(settings)) => {
                let learning = seen.time.saturating_sub(scope_since) < history;
                series.add(seen.time, settings, learning)
            }
            _ => None,
        };
        self.keep_bound(seen.detector, detector.most_series);
        anomaly
    }

    /// Baselines of a detector.
    pub fn len(&self, detector: usize) -> usize {
        self.shelves.get(detector).map_or(0, |shelf| shelf.len)
    }

    /// Baselines that had to go since there was no room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// What has to be written so that [`Self::take_up`] makes the same again.
    pub fn take_changes(&mut self) -> Changes {
        let mut kept = Vec::new();
        for (detector, (shelf, settings)) in self.shelves.iter_mut().zip(&self.detectors).enumerate() {
            for (scope, subjects) in &mut shelf.scopes {
                for (subject, one) in subjects.iter_mut().filter(|(_, one)| one.changed) {
                    one.changed = false;
                    let Ok(state) = serde_json::to_string(one) else { continue };
                    let key = Key { detector, scope: scope.clone(), subject: subject.clone() };
                    self.gone.remove(&key);
                    let cannot_judge = one.series.cannot_judge(&settings.method);
                    kept.push(Row { key, since: one.since, last: one.last, cannot_judge, state });
                }
            }
        }
        Changes { kept, gone: std::mem::take(&mut self.gone).into_iter().collect() }
    }

    fn keep_bound(&mut self, detector: usize, most: usize) {
        let Some(shelf) = self.shelves.get_mut(detector).filter(|shelf| shelf.len > most) else { return };
        // Each by how many of its own scope were touched later: whoever floods loses its own first.
        let mut ranked: Vec<(Reverse<usize>, Micros, Key)> = Vec::with_capacity(shelf.len);
        for (scope, subjects) in &shelf.scopes {
            let mut ages: Vec<_> = subjects.iter().map(|(subject, kept)| (Reverse(kept.last), subject)).collect();
            ages.sort_unstable();
            for (rank, (Reverse(last), subject)) in ages.into_iter().enumerate() {
                ranked.push((Reverse(rank), last, Key { detector, scope: scope.clone(), subject: subject.clone() }));
            }
        }
        ranked.sort_unstable();
        let room = most - most / FORGOTTEN_PART;
        let too_many = shelf.len.saturating_sub(room);
        for (.., key) in ranked.into_iter().take(too_many) {
            if let Some(subjects) = shelf.scopes.get_mut(&key.scope) {
                let gone = subjects.remove(&key.subject);
                if let (Some(kept), Some(holders)) = (gone, shelf.holders.get_mut(&key.scope)) {
                    holders.all(&kept.series, false);
                }
                shelf.len -= 1;
                if subjects.is_empty() {
                    shelf.scopes.remove(&key.scope);
                    shelf.since.remove(&key.scope);
                    shelf.holders.remove(&key.scope);
                }
            }
            self.forgotten += 1;
            self.gone.insert(key);
        }
    }
}
