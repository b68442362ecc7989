//! Matches gathered in memory between two writes: one bundle per group, so that a flood of matches costs one row
//! change. Writing the bundles is `record::write_bundles`; nothing here touches a database.

use super::scoring::Scoring;
use super::{Entity, Sample, SampleField};
use crate::stories::Link;
use event::{Event, Listener};
use kit::clock::Micros;
use kit::page::Severity;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// What an alert keeps of its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFacts {
    pub id: String,
    pub title: String,
    pub title_vi: Option<String>,
    pub level: Severity,
    /// ATT&CK techniques, upper case.
    pub techniques: Vec<String>,
    /// ATT&CK tactics as the rule names them.
    pub tactics: Vec<String>,
}

impl RuleFacts {
    pub fn of(rule: &detection::Rule) -> Self {
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            title_vi: rule.text_of("title_vi").map(ToOwned::to_owned),
            level: rule.level.as_str().parse().unwrap_or_default(),
            techniques: rule.techniques(),
            tactics: rule.tactics().into_iter().map(ToOwned::to_owned).collect(),
        }
    }
}

/// Whose an event is, at the time it is evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    pub source_id: Arc<str>,
    pub system_id: Option<Arc<str>>,
    pub agency_id: Option<Arc<str>>,
    pub system_level: Option<i64>,
}

impl Owner {
    /// Whose events may be counted together: those of one agency, and of a source that belongs to none yet its own alone,
    /// since nobody knows who will be shown its alerts. The same in every run.
    pub fn scope(&self) -> u64 {
        let parts = match &self.agency_id {
            Some(agency) => ["agency", &**agency],
            None => ["source", &*self.source_id],
        };
        digest(&parts).into_iter().take(8).fold(0, |number, byte| number << 8 | u64::from(byte))
    }
}

/// Matches of one group since the last write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub rule: Arc<RuleFacts>,
    pub owner: Owner,
    pub entity: Entity,
    pub first_sequence: u64,
    /// The event that made the first of these matches; a correlation may have begun long before it.
    pub match_sequence: u64,
    pub last_sequence: u64,
    pub first_time: Micros,
    pub last_time: Micros,
    /// Arrival of the first match.
    pub first_recorded: Micros,
    pub count: i64,
    pub samples: Vec<Sample>,
    /// What the first of these matches may share with other alerts.
    pub links: Vec<Link>,
    /// The suppression that holds them back.
    pub suppression: Option<Arc<str>>,
    /// All of them are of files that were read in: what they tell is over.
    pub imported: bool,
}

/// A match as it is gathered: of which rule, on whose event, and held back by which suppression.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'m> {
    pub rule: &'m Arc<RuleFacts>,
    pub owner: &'m Owner,
    pub suppression: Option<&'m Arc<str>>,
}

/// Where the story of a match begins.
struct Span {
    first: Micros,
    first_sequence: u64,
}

/// The gathering.
#[derive(Debug)]
pub struct Grouping {
    scoring: Arc<Scoring>,
    bundles: HashMap<String, Vec<Bundle>>,
    matches: u64,
}

impl Grouping {
    pub fn new(scoring: Arc<Scoring>) -> Self {
        Self { scoring, bundles: HashMap::new(), matches: 0 }
    }

    /// Goes on by another table; what was gathered stays.
    pub fn set_scoring(&mut self, scoring: Arc<Scoring>) {
        self.scoring = scoring;
    }

    pub fn is_empty(&self) -> bool {
        self.bundles.is_empty()
    }

    /// Matches gathered since the last [`Self::take`].
    pub fn matches(&self) -> u64 {
        self.matches
    }

    /// Adds a rule's match on one event.
    pub fn add(&mut self, matched: Matched<'_>, event: &Event, fields: Vec<SampleField>) {
        let entity = self.scoring.entity_of(event, &[]);
        let samples = vec![Sample { seq: event.seq, time: event.time, fields }];
        let span = Span { first: event.time, first_sequence: event.seq };
        self.gather(matched, event, entity, span, samples);
    }

    /// Adds what was found of an event about an entity that the finder names.
    pub fn add_about(&mut self, matched: Matched<'_>, event: &Event, entity: Entity, fields: Vec<SampleField>) {
        let samples = vec![Sample { seq: event.seq, time: event.time, fields }];
        let span = Span { first: event.time, first_sequence: event.seq };
        self.gather(matched, event, entity, span, samples);
    }

    /// Adds a correlation's match; `event` is the one that completed or continued it. The fields it grouped by are
    /// its entity, its first event is the alert's first event.
    pub fn add_correlation(&mut self, matched: Matched<'_>, event: &Event, found: &detection::CorrelationMatch) {
        let entity = self.scoring.entity_of(event, &found.group);
        let field = |(field, value): &(String, String)| SampleField {
            field: Some(field.clone()),
            value: value.clone(),
            pattern: value.clone(),
        };
        let fields: Vec<_> = found.group.iter().map(field).collect();
        let keep = self.scoring.samples;
        // The event that completed it is evidence, however many came before it.
        let (shown, beyond) = found.seqs.split_at(found.seqs.len().min(keep));
        let raising = beyond.contains(&event.seq).then_some(event.seq);
        let others = shown.iter().copied().take(if raising.is_some() { keep.saturating_sub(1) } else { keep });
        let samples = others.chain(raising).map(|seq| {
            let time = if seq == event.seq { event.time } else { found.first };
            Sample { seq, time, fields: fields.clone() }
        });
        let samples = samples.collect();
        let span = Span { first: found.first.min(event.time), first_sequence: found.first_seq };
        self.gather(matched, event, entity, span, samples);
    }

    fn gather(&mut self, matched: Matched<'_>, event: &Event, entity: Entity, span: Span, samples: Vec<Sample>) {
        let Matched { rule, owner, suppression } = matched;
        let key = group_key(&rule.id, owner, &entity);
        let key = match suppression {
            None => key,
            Some(id) => held_back_key(&key, id),
        };
        let window = self.scoring.window;
        let keep = self.scoring.samples;
        self.matches += 1;
        let imported = event.origin.listener == Listener::Import;
        let bundles = self.bundles.entry(key).or_default();
        let joined = bundles.iter_mut().find(|bundle| {
            event.time >= bundle.first_time.saturating_sub(window)
                && event.time <= bundle.last_time.saturating_add(window)
        });
        match joined {
            Some(bundle) => {
                bundle.first_time = bundle.first_time.min(span.first);
                bundle.last_time = bundle.last_time.max(event.time);
                bundle.last_sequence = bundle.last_sequence.max(event.seq);
                bundle.count += 1;
                add_samples(&mut bundle.samples, &samples, keep);
                bundle.imported &= imported;
            }
            None => {
                let mut links = Vec::new();
                self.scoring.story.gather(event, &mut links);
                bundles.push(Bundle {
                    rule: rule.clone(),
                    owner: owner.clone(),
                    entity,
                    first_sequence: span.first_sequence,
                    match_sequence: event.seq,
                    last_sequence: event.seq,
                    first_time: span.first,
                    last_time: event.time,
                    first_recorded: event.arrival,
                    count: 1,
                    samples,
                    links,
                    suppression: suppression.cloned(),
                    imported,
                });
            }
        }
    }

    /// Everything gathered, by group key, oldest group first; the gathering starts anew.
    pub fn take(&mut self) -> Vec<(String, Bundle)> {
        self.matches = 0;
        let mut bundles: Vec<_> = std::mem::take(&mut self.bundles)
            .into_iter()
            .flat_map(|(key, bundles)| bundles.into_iter().map(move |bundle| (key.clone(), bundle)))
            .collect();
        bundles.sort_by_key(|(_, bundle)| bundle.first_sequence);
        bundles
    }
}

/// Adds samples of events that are not there yet, as far as `keep` goes.
pub(super) fn add_samples(samples: &mut Vec<Sample>, more: &[Sample], keep: usize) {
    for sample in more {
        if samples.len() < keep && !samples.iter().any(|have| have.seq == sample.seq) {
            samples.push(sample.clone());
        }
    }
}

/// Identity of a group apart from its time: rule, system (or source where there is none) and entity.
pub fn group_key(rule_id: &str, owner: &Owner, entity: &Entity) -> String {
    let (kind, subject) = match &owner.system_id {
        Some(system) => ("system", &**system),
        None => ("source", &*owner.source_id),
    };
    hash(&[rule_id, kind, subject, &entity.kind, &entity.value])
}

/// Key of a group while a suppression holds it back: what it holds back joins no alert that was told, and the other way
/// round.
pub fn held_back_key(key: &str, suppression_id: &str) -> String {
    hash(&[key, "suppressed", suppression_id])
}

/// Key of the row that stands for a rule's groups beyond its limit.
pub fn damped_key(rule_id: &str, suppression_id: Option<&str>) -> String {
    let key = hash(&[rule_id, "damped"]);
    match suppression_id {
        None => key,
        Some(id) => held_back_key(&key, id),
    }
}

/// Short name of what these parts together stand for; they cannot run into each other.
pub(crate) fn hash(parts: &[&str]) -> String {
    digest(parts).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use kit::clock::{HOUR, MINUTE};

    fn event(seq: u64, time: Micros) -> Event {
        Event { seq, time, arrival: 1_000 * HOUR + seq as i64, source_id: Some("s".into()), ..Event::default() }
    }

    fn rule() -> Arc<RuleFacts> {
        Arc::new(RuleFacts {
            id: "r".into(),
            title: "R".into(),
            title_vi: None,
            level: Severity::High,
            techniques: Vec::new(),
            tactics: Vec::new(),
        })
    }

    fn matched<'m>(rule: &'m Arc<RuleFacts>, owner: &'m Owner) -> Matched<'m> {
        Matched { rule, owner, suppression: None }
    }

    #[test]
    fn what_is_held_back_is_a_group_of_its_own() {
        let mut grouping = Grouping::new(Settings::embedded().expect("sound").scoring);
        let (rule, owner, held) = (rule(), Owner { source_id: "s".into(), ..Owner::default() }, Arc::from("x"));
        grouping.add(matched(&rule, &owner), &event(1, 0), Vec::new());
        grouping.add(Matched { suppression: Some(&held), ..matched(&rule, &owner) }, &event(2, 0), Vec::new());
        let bundles = grouping.take();
        let told: Vec<_> = bundles.iter().map(|(_, bundle)| bundle.suppression.as_deref()).collect();
        assert_eq!(told, [None, Some("x")]);
        assert_ne!(damped_key("r", None), damped_key("r", Some("x")));
    }

    #[test]
    fn matches_within_the_window_join_and_later_ones_open_a_new_group() {
        let mut grouping = Grouping::new(Settings::embedded().expect("sound").scoring);
        let owner = Owner { source_id: "s".into(), ..Owner::default() };
        for (seq, time) in [(1, 0), (2, 59 * MINUTE), (3, 118 * MINUTE), (4, 300 * MINUTE), (5, -30 * MINUTE)] {
            grouping.add(matched(&rule(), &owner), &event(seq, time), Vec::new());
        }
        let bundles = grouping.take();
        assert_eq!(bundles.iter().map(|(_, bundle)| bundle.count).collect::<Vec<_>>(), vec![4, 1]);
        assert_eq!((bundles[0].1.first_time, bundles[0].1.last_time), (-30 * MINUTE, 118 * MINUTE));
        assert_eq!((bundles[0].1.first_sequence, bundles[0].1.last_sequence), (1, 5));
        assert_eq!(bundles[0].0, bundles[1].0);
        assert!(grouping.is_empty());
    }

    #[test]
    fn samples_are_bounded_while_the_count_goes_on() {
        let mut grouping = Grouping::new(Settings::embedded().expect("sound").scoring);
        let owner = Owner { source_id: "s".into(), ..Owner::default() };
        for seq in 1..=500 {
            grouping.add(matched(&rule(), &owner), &event(seq, 0), Vec::new());
        }
        let bundles = grouping.take();
        assert_eq!((bundles[0].1.count, bundles[0].1.samples.len()), (500, 20));
    }

    #[test]
    fn an_event_is_shown_once_and_the_one_that_completed_a_correlation_always() {
        let mut grouping = Grouping::new(Settings::embedded().expect("sound").scoring);
        let (rule, owner) = (rule(), Owner { source_id: "s".into(), ..Owner::default() });
        let found = |seqs: Vec<u64>| detection::CorrelationMatch {
            rule: 0,
            group: Vec::new(),
            started: true,
            first_seq: 1,
            seqs,
            first: 0,
            last: 0,
            number: 2.0,
        };
        grouping.add_correlation(matched(&rule, &owner), &event(500, 0), &found((1..=500).collect()));
        grouping.add_correlation(matched(&rule, &owner), &event(500, 0), &found(vec![500]));
        let bundles = grouping.take();
        let shown: Vec<u64> = bundles[0].1.samples.iter().map(|sample| sample.seq).collect();
        assert_eq!(shown, (1..20).chain([500]).collect::<Vec<u64>>());
    }

    #[test]
    fn parts_of_a_key_cannot_run_into_each_other() {
        let owner = Owner { source_id: "s".into(), ..Owner::default() };
        let entity = |kind: &str, value: &str| Entity { kind: kind.into(), value: value.into() };
        assert_ne!(group_key("r", &owner, &entity("ab", "c")), group_key("r", &owner, &entity("a", "bc")));
    }
}
