//! How good detectors are: labelled anomalies of three magnitudes put into recorded noise. The recording is stretched over
//! four weeks: each hour of each day is an hour of the recording (the same hour of the day where it has that), with its records
//! at other minutes and a part of them left out, chosen by a fixed seed. Three weeks are learnt from; each trial is one day of
//! the fourth with one anomaly in it. Recall is the share of trials whose anomaly was told of its subject and after it began;
//! precision the share of such tellings among all of these days. What of the noise is itself unusual counts as wrong.

use super::policy::{Policy, Watched};
use baseline::{Baselines, DAY, HOUR, Method, Micros, Observation, median};
use event::Event;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const LEARNT_DAYS: i64 = 21;
const DAYS: i64 = 28;
/// Monday 5 January 2026, 00:00 at UTC+7: where the stretched noise begins.
const BEGIN: Micros = 1_767_546_000_000_000;
const MINUTE: Micros = HOUR / 60;
const SCOPE: &str = "evaluation";
/// Hours of the day from which on a recording is that of a whole day.
const WHOLE: usize = 8;
/// Share of the records of an hour that are kept, in percent.
const KEPT: u64 = 85;

/// Figures of one detector at one magnitude.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub detector: String,
    /// How strong the anomaly was, in the detector's own measure (see the guide of the command).
    pub magnitude: f64,
    pub trials: u64,
    pub found: u64,
    /// Told in the days of the trials, and not the anomaly.
    pub wrong: u64,
    pub recall: Share,
    pub precision: Share,
}

/// A share with its 95 % interval by Wilson.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    pub of: u64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

impl Share {
    pub fn wilson(hits: u64, of: u64) -> Self {
        if of == 0 {
            return Self { of, share: 0.0, low: 0.0, high: 1.0 };
        }
        const Z: f64 = 1.959_964;
        let (share, n) = (hits as f64 / of as f64, of as f64);
        let middle = share + Z * Z / (2.0 * n);
        let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let below = 1.0 + Z * Z / n;
        Self { of, share, low: ((middle - half) / below).max(0.0), high: ((middle + half) / below).min(1.0) }
    }
}

/// What a detector saw.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    time: Micros,
    subject: String,
    value: String,
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % below.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let place = self.roll(from.len() as u64);
        from.get(usize::try_from(place).unwrap_or_default())
    }

    fn within(&mut self, length: Micros) -> Micros {
        i64::try_from(self.roll(u64::try_from(length).unwrap_or(1))).unwrap_or_default()
    }
}

/// Evaluates every detector that saw something in the recording, also one that is off.
pub fn evaluate(policy: &Policy, events: &[Event], trials: u64, seed: u64) -> Vec<Figures> {
    let mut figures = Vec::new();
    for (detector, watched) in policy.detectors.iter().enumerate() {
        let seen =
            |event: &Event| watched.would_see(event).map(|(subject, value)| Seen { time: event.time, subject, value });
        let recorded: Vec<Seen> = events.iter().filter_map(seen).collect();
        if recorded.is_empty() {
            continue;
        }
        let mut trial = Trials::new(policy, detector, watched, &recorded, seed);
        figures.extend(magnitudes(&watched.detector.method).map(|magnitude| trial.run(magnitude, trials)));
    }
    figures
}

/// Three strengths: times the median of the hour; new destinations; sign-ins from the new address; times seen before; hours
/// away from any usual one; pauses with this spread, weakest first.
fn magnitudes(method: &Method) -> [f64; 3] {
    match method {
        Method::Volume(_) => [3.0, 6.0, 12.0],
        Method::FanOut(_) => [20.0, 50.0, 200.0],
        Method::FirstSeen(_) => [1.0, 3.0, 10.0],
        Method::Rare(_) => [3.0, 2.0, 1.0],
        Method::TimeOfDay(_) => [1.0, 3.0, 6.0],
        Method::Beaconing(_) => [0.3, 0.1, 0.0],
    }
}

struct Trials<'t> {
    detector: usize,
    watched: &'t Watched,
    /// Days of noise of the fourth week, and the baselines as they were before each.
    days: Vec<(Vec<Seen>, Baselines)>,
    subjects: Vec<String>,
    /// Median of what a subject does in an hour in which it does something.
    hourly: BTreeMap<String, f64>,
    /// Hours of the day in which a subject does something.
    hours: BTreeMap<String, BTreeSet<i64>>,
    dice: Dice,
}

impl<'t> Trials<'t> {
    fn new(policy: &Policy, detector: usize, watched: &'t Watched, recorded: &[Seen], seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut baselines = policy.baselines();
        let (mut days, mut counts) = (Vec::new(), BTreeMap::<(String, i64), f64>::new());
        let mut hours = BTreeMap::<String, BTreeSet<i64>>::new();
        let blocks = blocks(recorded);
        let subjects: BTreeSet<String> = recorded.iter().map(|seen| seen.subject.clone()).collect();
        let subjects: Vec<String> = subjects.into_iter().collect();
        for day in 0..DAYS {
            let mut noise = stretched(&blocks, day, &mut dice);
            if day < LEARNT_DAYS {
                plant(watched, &subjects, day, &mut noise);
                for seen in &noise {
                    let hour = (seen.time - BEGIN).div_euclid(HOUR);
                    *counts.entry((seen.subject.clone(), hour)).or_default() += 1.0;
                    hours.entry(seen.subject.clone()).or_default().insert(hour.rem_euclid(24));
                }
            } else {
                days.push((noise.clone(), baselines.clone()));
            }
            for seen in &noise {
                observe(&mut baselines, detector, seen);
            }
        }
        let mut by_subject = BTreeMap::<String, Vec<f64>>::new();
        for ((subject, _), count) in counts {
            by_subject.entry(subject).or_default().push(count);
        }
        let hourly = by_subject.into_iter().map(|(subject, mut counts)| (subject, median(&mut counts))).collect();
        Self { detector, watched, days, subjects, hourly, hours, dice }
    }

    fn run(&mut self, magnitude: f64, trials: u64) -> Figures {
        let (mut run, mut found, mut wrong) = (0, 0, 0);
        for _ in 0..trials {
            let Some((day, injected)) = self.inject(magnitude) else { continue };
            let Some((noise, before)) = self.days.get(day) else { continue };
            let Some(begins) = injected.iter().map(|seen| seen.time).min() else { continue };
            let subject = injected.first().map(|seen| seen.subject.clone()).unwrap_or_default();
            let mut baselines = before.clone();
            let mut all: Vec<&Seen> = noise.iter().chain(&injected).collect();
            all.sort_by_key(|seen| seen.time);
            let mut hit = false;
            for seen in all {
                if observe(&mut baselines, self.detector, seen) {
                    if seen.subject == subject && seen.time >= begins {
                        hit = true;
                    } else {
                        wrong += 1;
                    }
                }
            }
            run += 1;
            found += u64::from(hit);
        }
        Figures {
            detector: self.watched.id.clone(),
            magnitude,
            trials: run,
            found,
            wrong,
            recall: Share::wilson(found, run),
            precision: Share::wilson(found, found + wrong),
        }
    }

    /// The day of a trial and what is put into it; nothing where no subject has room for such an anomaly.
    fn inject(&mut self, magnitude: f64) -> Option<(usize, Vec<Seen>)> {
        let day = usize::try_from(self.dice.roll(self.days.len() as u64)).ok()?;
        let midnight = BEGIN + (LEARNT_DAYS + i64::try_from(day).ok()?) * DAY;
        let subject = self.dice.pick(&self.subjects)?.clone();
        let hour = i64::try_from(self.dice.roll(20)).ok()?;
        let begins = midnight + hour * HOUR;
        let times = magnitude.max(1.0) as i64;
        let seen = |time, value: String| Seen { time, subject: subject.clone(), value };
        let injected = match self.watched.detector.method {
            Method::Volume(_) => {
                let count = (self.hourly.get(&subject).copied().unwrap_or(1.0) * magnitude).ceil().max(1.0) as i64;
                (0..count).map(|one| seen(begins + one * (HOUR - MINUTE) / count, String::new())).collect()
            }
            Method::FanOut(_) => {
                let value = |one: i64| format!("198.18.{}.{}", one / 250, one % 250);
                (0..times).map(|one| seen(begins + one * (HOUR - MINUTE) / times, value(one))).collect()
            }
            Method::FirstSeen(_) => (0..times).map(|one| seen(begins + one * MINUTE, "198.18.0.1".into())).collect(),
            Method::Rare(_) => vec![seen(begins, planted(&subject, times))],
            Method::TimeOfDay(_) => {
                vec![seen(midnight + self.strange_hour(&subject, times)? * HOUR + MINUTE, String::new())]
            }
            Method::Beaconing(_) => {
                let pair = "198.18.0.1 · 198.18.0.2".to_owned();
                let mut time = begins;
                let mut beats = Vec::new();
                for _ in 0..40 {
                    beats.push(Seen { time, subject: pair.clone(), value: String::new() });
                    let spread = (5.0 * magnitude * MINUTE as f64) as i64;
                    time += 5 * MINUTE - spread + self.dice.within(2 * spread + 1);
                }
                beats
            }
        };
        Some((day, injected))
    }

    /// An hour of the day that is so many hours away from each that the subject has.
    fn strange_hour(&mut self, subject: &str, away: i64) -> Option<i64> {
        let usual = self.hours.get(subject)?;
        let distance = |one: i64, other: i64| (one - other).rem_euclid(24).min((other - one).rem_euclid(24));
        let nearest = |hour: i64| usual.iter().map(|other| distance(hour, *other)).min().unwrap_or(24);
        let strange: Vec<i64> = (0..24).filter(|hour| nearest(*hour) == away).collect();
        self.dice.pick(&strange).copied()
    }
}

fn observe(baselines: &mut Baselines, detector: usize, seen: &Seen) -> bool {
    let Seen { time, subject, value } = seen;
    baselines.observe(Observation { detector, scope: SCOPE, subject, value, time: *time }, &|_| false).is_some()
}

/// Records by hour of the recording, with their place in the hour, and each hour's hour of the day.
fn blocks(recorded: &[Seen]) -> Vec<(i64, Vec<Seen>)> {
    let mut blocks = BTreeMap::<i64, Vec<Seen>>::new();
    for seen in recorded {
        let hour = (seen.time - BEGIN).div_euclid(HOUR);
        blocks.entry(hour).or_default().push(Seen { time: (seen.time - BEGIN).rem_euclid(HOUR), ..seen.clone() });
    }
    blocks.into_iter().map(|(hour, seen)| (hour.rem_euclid(24), seen)).collect()
}

/// One day of noise, in the order of time.
fn stretched(blocks: &[(i64, Vec<Seen>)], day: i64, dice: &mut Dice) -> Vec<Seen> {
    let mut noise = Vec::new();
    for hour in 0..24 {
        let same: Vec<&Vec<Seen>> = blocks.iter().filter(|(of_day, _)| *of_day == hour).map(|(_, seen)| seen).collect();
        // A recording of a whole day has its quiet hours; of a shorter one any hour stands for all.
        let is_whole = blocks.iter().map(|(of_day, _)| of_day).collect::<BTreeSet<_>>().len() >= WHOLE;
        let block = match dice.pick(&same) {
            Some(block) => Some(*block),
            None if is_whole => None,
            None => dice.pick(blocks).map(|(_, seen)| seen),
        };
        for seen in block.into_iter().flatten() {
            if dice.roll(100) < KEPT {
                let moved = (seen.time + dice.within(10 * MINUTE)).min(HOUR - 1);
                noise.push(Seen { time: BEGIN + day * DAY + hour * HOUR + moved, ..seen.clone() });
            }
        }
    }
    noise.sort_by_key(|seen| seen.time);
    noise
}

/// Values that a subject had so many times in the first days, to come back as rare ones.
fn plant(watched: &Watched, subjects: &[String], day: i64, noise: &mut Vec<Seen>) {
    if !matches!(watched.detector.method, Method::Rare(_)) {
        return;
    }
    for (subject, times) in subjects.iter().flat_map(|subject| [1, 2, 3].map(|times| (subject, times))) {
        if day < times {
            noise.push(Seen {
                time: BEGIN + day * DAY + 23 * HOUR + 59 * MINUTE,
                subject: subject.clone(),
                value: planted(subject, times),
            });
        }
    }
    noise.sort_by_key(|seen| seen.time);
}

/// A program of this machine alone.
fn planted(subject: &str, times: i64) -> String {
    format!("planted {times} {subject}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use event::{Column, Value};

    /// A day of an account that signs in from eight to five.
    fn recording() -> Vec<Event> {
        let mut events = Vec::new();
        for hour in 8..17 {
            for minute in [3, 17, 31, 44] {
                let time = BEGIN + hour * HOUR + minute * MINUTE;
                let mut event = Event { time, source_id: Some("s".into()), ..Event::default() };
                event.columns.set(Column::EventCategory, &Value::from("authentication"));
                event.columns.set(Column::EventOutcome, &Value::from("success"));
                event.columns.set(Column::UserName, &Value::from("lan"));
                event.columns.set(Column::SourceIp, &Value::from("10.0.0.5"));
                events.push(event);
            }
        }
        events
    }

    #[test]
    fn what_is_plain_is_found_and_the_same_seed_gives_the_same() {
        let policy = Settings::embedded().expect("sound").early_warning;
        let figures = evaluate(&policy, &recording(), 10, 7);
        assert_eq!(figures, evaluate(&policy, &recording(), 10, 7));
        let of = |id: &str| figures.iter().filter(|one| one.detector == id).cloned().collect::<Vec<_>>();
        assert!(
            of("early-sign-in-address").iter().all(|one| (one.trials, one.found, one.wrong) == (10, 10, 0)),
            "{figures:?}"
        );
        let hours = of("early-sign-in-hour");
        assert!(hours.len() == 3 && hours[2].found == 10, "{figures:?}");
        assert!(of("early-rare-program").is_empty(), "nothing was recorded for it");
    }

    #[test]
    fn an_interval_holds_its_share_and_is_wide_where_little_is_known() {
        let share = Share::wilson(9, 10);
        assert!(share.low < 0.9 && share.high > 0.9 && (share.low - 0.596).abs() < 0.001, "{share:?}");
        assert!(Share::wilson(0, 0).high > 0.99);
        assert!(Share::wilson(900, 1_000).low > share.low);
    }
}
