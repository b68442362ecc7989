//! What is remembered of one exporter's stream: templates, sampling, the number expected next, sets that wait.

use super::summary::{Sampling, Sent};
use super::template::{Said, Template};
use super::{ExporterFigures, FlowLimits, Stream};
use event::Micros;
use std::collections::{HashMap, VecDeque};

/// A set whose template is not known yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) template: u16,
    pub(super) bytes: Vec<u8>,
    pub(super) sent: Sent,
    pub(super) arrival: Micros,
}

/// Samplers and interfaces remembered of one stream.
const MOST_SAMPLERS: usize = 256;

/// How an exporter samples, as its options say.
#[derive(Debug, Default)]
pub(super) struct Samplers {
    all: Option<u64>,
    by_id: HashMap<u64, u64>,
    by_interface: HashMap<u64, u64>,
}

impl Samplers {
    /// Takes up what a record of options says.
    pub(super) fn learn(&mut self, said: &Sampling) {
        let Some(interval) = said.one_of() else { return };
        let (map, key) = match (said.sampler, said.interface) {
            (Some(sampler), _) => (&mut self.by_id, sampler),
            (None, Some(interface)) => (&mut self.by_interface, interface),
            (None, None) => {
                self.all = Some(interval);
                return;
            }
        };
        if map.len() < MOST_SAMPLERS || map.contains_key(&key) {
            map.insert(key, interval);
        }
    }

    /// One of how many, for a flow that says this of itself.
    pub(super) fn of(&self, flow: &Sampling) -> Option<u64> {
        let named = || self.by_id.get(&flow.sampler?).copied();
        let interface = || self.by_interface.get(&flow.interface?).copied();
        let only = || (self.by_id.len() == 1).then(|| self.by_id.values().next().copied()).flatten();
        flow.one_of().or_else(named).or_else(interface).or(self.all).or_else(only)
    }

    fn any(&self) -> Option<u64> {
        self.all.or_else(|| self.by_id.values().chain(self.by_interface.values()).max().copied())
    }
}

/// Beyond this an exporter has begun anew rather than lost so much.
const MOST_MISSED: i32 = 1_000_000;
/// So far behind a message is late rather than of an exporter that has begun anew.
const MOST_LATE: i32 = -10_000;

/// The numbers that messages carry: the last, and by how much its message moved it on.
#[derive(Debug, Default)]
pub(super) struct Sequence(Option<(u32, u32)>);

impl Sequence {
    /// What is missing before a message (less than zero: what came late after all). `units`: by how much the message
    /// moves the number on, where that is known.
    pub(super) fn step(&mut self, found: u32, units: Option<u32>) -> i64 {
        let (gap, with_itself) = match self.0 {
            Some((last, moved)) => (
                found.wrapping_sub(last.wrapping_add(moved)).cast_signed(),
                // Some count a message's own records in (softflowd 1.1).
                units.is_some_and(|units| found == last.wrapping_add(units)),
            ),
            None => (0, false),
        };
        if !with_itself && (MOST_LATE..0).contains(&gap) {
            return -i64::from(units.unwrap_or_default());
        }
        self.0 = units.map(|units| (found, units));
        if !with_itself && (1..=MOST_MISSED).contains(&gap) { i64::from(gap) } else { 0 }
    }
}

#[derive(Debug)]
pub(super) struct Domain {
    pub(super) templates: HashMap<u16, Template>,
    pub(super) samplers: Samplers,
    pub(super) began: Option<Micros>,
    pub(super) sequence: Sequence,
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) figures: ExporterFigures,
}

impl Domain {
    pub(super) fn new(stream: Stream, now: Micros) -> Self {
        Self {
            templates: HashMap::new(),
            samplers: Samplers::default(),
            began: None,
            sequence: Sequence::default(),
            waiting: VecDeque::new(),
            figures: ExporterFigures {
                exporter: stream.exporter,
                version: stream.version,
                domain: stream.domain,
                messages: 0,
                flows: 0,
                missed: 0,
                undecoded: 0,
                templates: 0,
                sampling: None,
                heard: now,
            },
        }
    }

    /// Elements of all templates.
    pub(super) fn fields(&self) -> usize {
        self.templates.values().map(|template| template.fields.len()).sum()
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting.iter().map(|set| set.bytes.len()).sum()
    }

    /// Keeps a template. Returns whether another had to go for it, and whether anything is new.
    pub(super) fn learn(&mut self, id: u16, template: Template, limits: &FlowLimits) -> (bool, bool) {
        if let Some(known) = self.templates.get_mut(&id).filter(|known| known.same_as(&template)) {
            known.learned = template.learned;
            return (false, false);
        }
        let mut dropped = false;
        if self.templates.len() >= limits.templates && !self.templates.contains_key(&id) {
            // First those that never gave a record: a flood of templates does not drive out what is used.
            let oldest = self.templates.iter().min_by_key(|(_, one)| (one.used, one.learned)).map(|(id, _)| *id);
            dropped = oldest.is_some_and(|oldest| self.templates.remove(&oldest).is_some());
        }
        self.templates.insert(id, template);
        (dropped, true)
    }

    /// Forgets what was taken back. Numbers of sets mean all of their kind.
    pub(super) fn withdraw(&mut self, said: &Said) {
        match said {
            Said::Withdrawn { id: 2 } => self.templates.retain(|_, one| one.options),
            Said::Withdrawn { id: 3 } => self.templates.retain(|_, one| !one.options),
            Said::Withdrawn { id } => {
                self.templates.remove(id);
            }
            Said::Template { .. } => {}
        }
    }

    /// Forgets what is too old. Returns how many sets waited in vain.
    pub(super) fn expire(&mut self, now: Micros, limits: &FlowLimits) -> usize {
        self.templates.retain(|_, one| now.saturating_sub(one.learned) < limits.template_age);
        let before = self.waiting.len();
        self.waiting.retain(|set| now.saturating_sub(set.arrival) < limits.waiting_age);
        let lost = before - self.waiting.len();
        self.figures.undecoded += lost as u64;
        lost
    }

    pub(super) fn figures(&self) -> ExporterFigures {
        ExporterFigures { templates: self.templates.len(), sampling: self.samplers.any(), ..self.figures.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_from_late_messages_and_new_beginnings() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.step(100, Some(10)), 0);
        assert_eq!(sequence.step(110, Some(10)), 0);
        assert_eq!(sequence.step(130, Some(5)), 10, "ten are missing");
        assert_eq!(sequence.step(120, Some(10)), -10, "and come late");
        assert_eq!(sequence.step(135, None), 0);
        assert_eq!(sequence.step(900, Some(1)), 0, "after a message of unknown size nothing is expected");
        assert_eq!(sequence.step(4_000_000_000, Some(1)), 0, "the exporter began anew");
        let mut with_itself = Sequence::default();
        assert_eq!([(24, 24), (56, 32), (60, 4)].map(|(found, units)| with_itself.step(found, Some(units))), [0; 3]);
        let mut sequence = Sequence::default();
        assert_eq!(sequence.step(u32::MAX, Some(1)), 0);
        assert_eq!(sequence.step(2, Some(1)), 2, "numbers begin anew after the last");
    }

    #[test]
    fn a_flow_is_sampled_as_its_sampler_its_interface_or_all() {
        let interval = |interval: u64| Sampling::every(interval);
        let mut samplers = Samplers::default();
        samplers.learn(&Sampling { sampler: Some(7), ..interval(10) });
        assert_eq!(samplers.of(&Sampling::default()), Some(10), "there is no other");
        samplers.learn(&Sampling { sampler: Some(8), ..interval(20) });
        samplers.learn(&Sampling { interface: Some(3), ..interval(30) });
        assert_eq!(samplers.of(&Sampling::default()), None);
        assert_eq!(samplers.of(&Sampling { sampler: Some(8), ..Sampling::default() }), Some(20));
        assert_eq!(samplers.of(&Sampling { interface: Some(3), ..Sampling::default() }), Some(30));
        samplers.learn(&interval(40));
        assert_eq!(samplers.of(&Sampling { interface: Some(4), ..Sampling::default() }), Some(40));
        assert_eq!(samplers.of(&interval(50)), Some(50));
    }
}
