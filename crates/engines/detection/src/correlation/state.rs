//! What correlations have seen so far: bounded, ordered by event time, the same after a replay. A new engine with
//! changed rules keeps the state of every correlation that still takes in the same matches.

use super::window::{Entry, Window};
use crate::hash::stable_hash;
use event::Micros;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// When something happened and which record says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Event time; windows are measured in it.
    pub time: Micros,
    /// Arrival time; keeps a clock that runs ahead from expiring everybody else's state.
    pub arrival: Micros,
    /// Number of the record in the write-ahead log.
    pub seq: u64,
    /// Whose record it is, as a number that means nothing here: records of different scopes are never counted together.
    /// It is the same in every run.
    pub scope: u64,
}

/// How much is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorrelationLimits {
    /// Open groups over all rules; beyond it those untouched for longest are forgotten, first of the scope with most.
    pub groups: usize,
    /// Remembered matches over all groups; beyond it the same.
    pub entries: usize,
    /// Bytes of the texts in all groups: values that are grouped by or measured; beyond it the same.
    pub bytes: usize,
    /// Bytes of one such value; a longer one is its beginning and a hash of the whole.
    pub value_bytes: usize,
    /// How much later than its neighbours a record may arrive and still be counted with them.
    pub lateness: Micros,
}

impl Default for CorrelationLimits {
    fn default() -> Self {
        Self { groups: 100_000, entries: 1_000_000, bytes: 64 << 20, value_bytes: 1_024, lateness: 10 * 60 * 1_000_000 }
    }
}

/// What is held and what was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CorrelationCounters {
    pub groups: usize,
    pub entries: usize,
    /// Of the texts in them.
    pub bytes: usize,
    /// Groups dropped to stay within the limits while they might still have matched.
    pub forgotten_groups: u64,
    /// Matches dropped for the same reason.
    pub forgotten_entries: u64,
    /// Groups that were left out when the state was last saved, and which a restart would forget.
    pub unsaved_groups: u64,
    /// Values that were too long to be kept whole.
    pub shortened: u64,
    /// Matches that lack a `group-by` field or the measured field, or a number in it.
    pub without_group: u64,
}

/// A correlation matched.
///
/// The first match of an episode has `started` and brings every record of the window. While the condition goes on
/// holding, each further record gives a match with the same `first_seq` and only itself in `seqs`. So (rule, group,
/// `first_seq`) names the episode, also after a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationMatch {
    /// Position of the correlation in [`crate::Engine::rules`].
    pub rule: usize,
    /// `group-by` names and their values.
    pub group: Vec<(String, String)>,
    pub started: bool,
    /// Number of the episode's first record.
    pub first_seq: u64,
    /// Numbers of the records, in the order of event time.
    pub seqs: Vec<u64>,
    /// Event times of the first and last record of the window.
    pub first: Micros,
    pub last: Micros,
    /// What was measured: events, distinct values, rules, or the sum, average or percentile.
    pub number: f64,
}

/// A group of one correlation.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) window: Window,
    pub(super) episode: Option<Episode>,
    /// Count of observations when it was last touched.
    pub(super) touched: u64,
    pub(super) span: Micros,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Episode {
    pub(super) first_seq: u64,
    /// A window that begins later starts another episode.
    pub(super) last: Micros,
}

/// By the values it is grouped by.
type Groups = HashMap<Box<[String]>, Group>;
/// The number under which a correlation remembers, and the scope.
type Place = (u64, u64);

/// Of the values that name a group.
pub(super) fn bytes_of(keys: &[String]) -> usize {
    keys.iter().map(String::len).sum()
}

/// Bytes that a group takes in memory, about.
fn room_of(keys: &[String], group: &Group) -> usize {
    let (entries, texts) = (group.window.entries().len(), group.window.bytes() + bytes_of(keys));
    size_of::<Group>() + entries * size_of::<Entry>() + texts
}

/// State of all correlations of a node.
#[derive(Debug, Default)]
pub struct CorrelationState {
    pub(super) limits: CorrelationLimits,
    pub(super) counters: CorrelationCounters,
    pub(super) rules: HashMap<Place, Groups>,
    ticks: u64,
    next_sweep: u64,
    clock: Micros,
}

/// Observations between two looks for groups whose time is over, at least; with many groups as many as there are, so
/// that a look costs each observation no more than one group.
const SWEEP_EVERY: u64 = 4_096;
/// A group touched so recently is kept even if its time is over: old logs may just be read in.
const SWEEP_IDLE: u64 = 65_536;

impl CorrelationState {
    pub fn new(limits: CorrelationLimits) -> Self {
        Self { limits, clock: Micros::MIN, next_sweep: SWEEP_EVERY, ..Self::default() }
    }

    /// The state with nothing in it yet, as it was after so many observations.
    pub(super) fn at(limits: CorrelationLimits, ticks: u64, clock: Micros) -> Self {
        Self { ticks, clock, next_sweep: ticks.saturating_add(SWEEP_EVERY), ..Self::new(limits) }
    }

    /// Observations, and the latest of their times.
    pub(super) fn clock(&self) -> (u64, Micros) {
        (self.ticks, self.clock)
    }

    pub(super) fn all_groups(&self) -> impl Iterator<Item = (Place, &[String], &Group)> {
        let places = self.rules.iter();
        places.flat_map(|(place, groups)| groups.iter().map(|(keys, group)| (*place, &**keys, group)))
    }

    pub(super) fn put(&mut self, place: Place, keys: Box<[String]>, group: Group) {
        self.rules.entry(place).or_default().insert(keys, group);
    }

    /// Grows whenever something is taken in: while it stays the same, so does everything that is remembered.
    pub fn observations(&self) -> u64 {
        self.ticks
    }

    pub fn counters(&self) -> CorrelationCounters {
        self.counters
    }

    /// Drops the state of correlations that `engine` does not have, or that take in something else there.
    pub fn retain(&mut self, engine: &crate::Engine) {
        let correlations = (0..engine.rules().len()).filter_map(|rule| engine.correlation(rule));
        let kept: HashSet<u64> = correlations.map(|correlation| correlation.memory).collect();
        self.rules.retain(|(memory, _), _| kept.contains(memory));
        self.recount();
    }

    pub(super) fn recount(&mut self) {
        self.rules.retain(|_, groups| !groups.is_empty());
        let groups = || self.rules.values().flat_map(HashMap::values);
        self.counters.groups = groups().count();
        self.counters.entries = groups().map(|group| group.window.entries().len()).sum();
        let keys: usize = self.rules.values().flat_map(HashMap::keys).map(|keys| bytes_of(keys)).sum();
        self.counters.bytes = keys + groups().map(|group| group.window.bytes()).sum::<usize>();
    }

    /// Counts an observation and keeps the limits. Returns its number.
    pub(super) fn tick(&mut self, moment: Moment) -> u64 {
        self.ticks += 1;
        self.clock = self.clock.max(moment.time.min(moment.arrival));
        if self.ticks >= self.next_sweep {
            let (clock, ticks, lateness) = (self.clock, self.ticks, self.limits.lateness);
            for groups in self.rules.values_mut() {
                groups.retain(|_, group| {
                    let newest = group.window.entries().last().map_or(Micros::MIN, |entry| entry.time);
                    let over = newest.saturating_add(group.span).saturating_add(lateness) < clock;
                    !(over && ticks.saturating_sub(group.touched) > SWEEP_IDLE)
                });
            }
            self.recount();
            self.next_sweep = self.ticks + SWEEP_EVERY.max(self.counters.groups as u64);
        }
        let (held, limits) = (&self.counters, &self.limits);
        if held.groups > limits.groups || held.entries > limits.entries || held.bytes > limits.bytes {
            self.evict(moment.time);
        }
        self.ticks
    }

    /// What stands for a value that is too long to be kept.
    pub(super) fn shortened(&mut self, text: &str) -> Option<String> {
        if text.len() <= self.limits.value_bytes {
            return None;
        }
        self.counters.shortened += 1;
        let hash = |number: u8| stable_hash([[number].as_slice(), text.as_bytes()]);
        let hash = format!("…{:016x}{:016x}", hash(0), hash(1));
        let room = self.limits.value_bytes.saturating_sub(hash.len());
        let begins = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        Some(format!("{begins}{hash}"))
    }

    /// Forgets the eighth of the groups that were untouched for longest, of the scope that takes most room: who floods makes
    /// nobody else forget.
    fn evict(&mut self, now: Micros) {
        let mut room: HashMap<u64, usize> = HashMap::new();
        for ((_, scope), groups) in &self.rules {
            *room.entry(*scope).or_default() += groups.iter().map(|(keys, group)| room_of(keys, group)).sum::<usize>();
        }
        let Some((_, widest)) = room.into_iter().map(|(scope, room)| (room, scope)).max() else { return };
        let of_widest = self.rules.iter().filter(|((_, scope), _)| *scope == widest);
        let mut touched: Vec<u64> =
            of_widest.flat_map(|(_, groups)| groups.values()).map(|group| group.touched).collect();
        touched.sort_unstable();
        let Some(limit) = touched.get(touched.len() / 8).copied() else { return };
        for (_, groups) in self.rules.iter_mut().filter(|((_, scope), _)| *scope == widest) {
            groups.retain(|_, group| {
                if group.touched > limit {
                    return true;
                }
                let entries = group.window.entries();
                if entries.last().is_some_and(|entry| entry.time.saturating_add(group.span) >= now) {
                    self.counters.forgotten_groups += 1;
                    self.counters.forgotten_entries += entries.len() as u64;
                }
                false
            });
        }
        self.recount();
    }
}
