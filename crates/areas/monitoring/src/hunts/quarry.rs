//! What a hunt looks for, made ready: the rule with those that it counts where it is a correlation, or the indicators.

use super::{Hunt, SubjectKind, narrow};
use crate::alerts::SampleField;
use crate::alerts::grouping::{Grouping, Matched, Owner, RuleFacts};
use crate::enrichment::{Asked, Enriched, Enrichment};
use crate::indicators;
use crate::indicators::in_force::{InForce, by_indicator, held_at};
use crate::rules::Book;
use crate::rules::states::RuleState;
use crate::rules::tuning::Tuning;
use crate::settings::Settings;
use detection::{CorrelationMatch, CorrelationState, Engine, IndicatorHits, MatchedField, Matches, Moment, RuleSet};
use event::Event;
use kit::clock::Micros;
use kit::{Connection, Error};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) struct Quarry {
    /// Conditions of which records that are read fulfil one; all are read where `None`.
    pub(super) narrowed: Option<Vec<String>>,
    kind: Kind,
}

enum Kind {
    Rule(Box<RuleQuarry>),
    Indicators(Box<IndicatorQuarry>),
}

struct RuleQuarry {
    engine: Engine,
    position: usize,
    facts: Arc<RuleFacts>,
    /// What is off or excepted feeds no correlation here either.
    tuning: Tuning,
    asked: Asked,
    matches: Matches,
    correlations: CorrelationState,
}

struct IndicatorQuarry {
    settings: Arc<Settings>,
    in_force: InForce,
    hits: IndicatorHits,
    facts: HashMap<u128, Arc<RuleFacts>>,
}

impl Quarry {
    /// Within the scope of the owner; [`Error::NotFound`] where the subject is gone or may not be seen any more.
    pub(super) async fn of(
        connection: &impl Connection,
        settings: &Arc<Settings>,
        book: &Book,
        hunt: &Hunt,
        now: Micros,
    ) -> Result<Self, Error> {
        if hunt.subject_kind == SubjectKind::Rule {
            return Self::rule(connection, settings, book, &hunt.subject_id, now).await;
        }
        let mut filter = indicators::store::Filter::default();
        match hunt.subject_kind {
            SubjectKind::List => filter.list_id = Some(hunt.subject_id.clone()),
            _ => filter.indicator_id = Some(hunt.subject_id.clone()),
        }
        // Also what has ended: it held when it held.
        let few = indicators::store::rows(connection, &filter, narrow::MOST_INDICATORS as u64 + 1, 0).await?;
        if few.is_empty() {
            return Err(Error::NotFound);
        }
        let in_force = match hunt.subject_kind {
            SubjectKind::List => InForce::of_list(connection, &hunt.subject_id, now).await?,
            _ => InForce::of(connection, &few, now).await?,
        };
        let (settings, facts) = (Arc::clone(settings), HashMap::new());
        let quarry = IndicatorQuarry { settings, in_force, hits: IndicatorHits::default(), facts };
        Ok(Self { narrowed: narrow::of_indicators(&few), kind: Kind::Indicators(Box::new(quarry)) })
    }

    async fn rule(
        connection: &impl Connection,
        settings: &Settings,
        book: &Book,
        id: &str,
        now: Micros,
    ) -> Result<Self, Error> {
        let position = book.set.position(id).ok_or(Error::NotFound)?;
        let rule = book.set.rules().get(position).ok_or(Error::NotFound)?;
        let engine = Engine::of_rule(RuleSet::clone(&book.set), position);
        let quarry = RuleQuarry {
            asked: Asked::of(engine.rules()),
            engine,
            position,
            facts: Arc::new(RuleFacts::of(rule)),
            tuning: Tuning::read(connection, now).await?,
            matches: Matches::default(),
            correlations: CorrelationState::new(settings.tuning.correlations.limits()),
        };
        Ok(Self {
            narrowed: narrow::of_rule(&book.set, position).map(|one| vec![one]),
            kind: Kind::Rule(Box::new(quarry)),
        })
    }

    /// Whether what it saw so far decides what it finds next.
    pub(super) fn remembers(&self) -> bool {
        match &self.kind {
            Kind::Rule(quarry) => quarry.engine.rules().get(quarry.position).is_some_and(|rule| rule.is_correlation()),
            Kind::Indicators(_) => false,
        }
    }

    /// Looks at one event and gathers what it finds. Returns the number of matches.
    pub(super) fn look(&mut self, event: &Event, known: &Enrichment, owner: &Owner, grouping: &mut Grouping) -> u64 {
        match &mut self.kind {
            Kind::Rule(quarry) => quarry.look(event, known, owner, grouping),
            Kind::Indicators(quarry) => quarry.look(event, owner, grouping),
        }
    }
}

impl RuleQuarry {
    fn look(&mut self, event: &Event, known: &Enrichment, owner: &Owner, grouping: &mut Grouping) -> u64 {
        let Self { engine, position, facts, tuning, asked, matches, correlations } = self;
        let enriched = Enriched::of(event, known, *asked);
        engine.evaluate(&enriched, matches);
        if matches.is_empty() {
            return 0;
        }
        let rule = |position: usize| engine.rules().get(position);
        let is_excepted = |position: usize, group_by: &[(String, String)]| {
            let exceptions = rule(position).map_or(&[][..], |rule| tuning.exceptions(&rule.id));
            exceptions.iter().any(|exception| exception.covers(owner, event, group_by))
        };
        // The rule that is looked for may be off.
        let is_off = |other: usize| {
            other != *position && rule(other).is_none_or(|rule| tuning.state(&rule.id) == RuleState::Off)
        };
        matches.retain(|detection| !is_off(detection.rule) && !is_excepted(detection.rule, &[]));
        let mut found = 0;
        for detection in matches.detections().iter().filter(|detection| detection.rule == *position) {
            // Who asks for the past is told of it: no suppression holds it back.
            let matched = Matched { rule: facts, owner, suppression: None };
            grouping.add(matched, event, detection.fields.iter().map(sample_field).collect());
            found += 1;
        }
        let moment = Moment { time: event.time, arrival: event.arrival, seq: event.seq, scope: owner.scope() };
        let mut feeds = |found: &CorrelationMatch| !is_off(found.rule) && !is_excepted(found.rule, &found.group);
        let correlated = correlations.observe(engine, &enriched, moment, matches, &mut feeds);
        for matched in correlated.iter().filter(|matched| matched.rule == *position) {
            if !is_excepted(*position, &matched.group) {
                grouping.add_correlation(Matched { rule: facts, owner, suppression: None }, event, matched);
                found += 1;
            }
        }
        found
    }
}

impl IndicatorQuarry {
    fn look(&mut self, event: &Event, owner: &Owner, grouping: &mut Grouping) -> u64 {
        let Self { settings, in_force, hits, facts } = self;
        in_force.set.look(event, held_at(event), hits);
        let found = by_indicator(&in_force.set, hits.iter());
        for (reference, hits) in &found {
            let named = || Arc::new(in_force.facts(&settings.indicators, *reference, hits));
            let rule = facts.entry(*reference).or_insert_with(named);
            let field = hits.first().map(|hit| in_force.sample(hit));
            grouping.add(Matched { rule, owner, suppression: None }, event, field.into_iter().collect());
        }
        found.len() as u64
    }
}

fn sample_field(field: &MatchedField) -> SampleField {
    SampleField { field: field.field.clone(), value: field.value.clone(), pattern: field.pattern.clone() }
}
