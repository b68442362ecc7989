//! What a hunt looks for, made ready: the rule among all rules in force (a correlation needs its base rules), or the
//! indicators.

use super::{Hunt, SubjectKind, narrow};
use crate::alerts::SampleField;
use crate::alerts::grouping::{Grouping, Owner, RuleFacts};
use crate::indicators::in_force::{InForce, by_indicator};
use crate::indicators::{self, Listed};
use crate::rules::exceptions;
use crate::rules::{Book, tuning::Tuning};
use detection::{CorrelationLimits, CorrelationState, Engine, IndicatorHits, MatchedField, Matches, Moment, RuleSet};
use event::Event;
use kit::clock::Micros;
use kit::{Connection, Error};
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of a list read at once.
const STEP: u64 = 20_000;

pub(super) struct Quarry {
    /// Condition on the records that are read; all where `None`.
    pub(super) narrowed: Option<String>,
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
    exceptions: Vec<exceptions::InForce>,
    matches: Matches,
    correlations: CorrelationState,
}

struct IndicatorQuarry {
    in_force: InForce,
    hits: IndicatorHits,
    facts: HashMap<u128, Arc<RuleFacts>>,
}

impl Quarry {
    /// Within the scope of the owner; [`Error::NotFound`] where the subject is gone or may not be seen any more.
    pub(super) async fn of(connection: &impl Connection, book: &Book, hunt: &Hunt, now: Micros) -> Result<Self, Error> {
        if hunt.subject_kind == SubjectKind::Rule {
            return Self::rule(connection, book, &hunt.subject_id, now).await;
        }
        let listed = listed(connection, hunt).await?;
        if listed.is_empty() {
            return Err(Error::NotFound);
        }
        let quarry = IndicatorQuarry {
            in_force: InForce::of(connection, &listed, now).await?,
            hits: IndicatorHits::default(),
            facts: HashMap::new(),
        };
        Ok(Self { narrowed: narrow::of_indicators(&listed), kind: Kind::Indicators(Box::new(quarry)) })
    }

    async fn rule(connection: &impl Connection, book: &Book, id: &str, now: Micros) -> Result<Self, Error> {
        let position = book.set.position(id).ok_or(Error::NotFound)?;
        let rule = book.set.rules().get(position).ok_or(Error::NotFound)?;
        let quarry = RuleQuarry {
            engine: Engine::new(RuleSet::clone(&book.set)),
            position,
            facts: Arc::new(RuleFacts::of(rule)),
            exceptions: Tuning::read(connection, now).await?.exceptions(&rule.id).to_vec(),
            matches: Matches::default(),
            correlations: CorrelationState::new(CorrelationLimits::default()),
        };
        Ok(Self { narrowed: narrow::of_rule(rule), kind: Kind::Rule(Box::new(quarry)) })
    }

    /// Whether what it saw so far decides what it finds next.
    pub(super) fn remembers(&self) -> bool {
        match &self.kind {
            Kind::Rule(quarry) => quarry.engine.rules().get(quarry.position).is_some_and(|rule| rule.is_correlation()),
            Kind::Indicators(_) => false,
        }
    }

    /// Looks at one event and gathers what it finds. Returns the number of matches.
    pub(super) fn look(&mut self, event: &Event, owner: &Owner, grouping: &mut Grouping) -> u64 {
        match &mut self.kind {
            Kind::Rule(quarry) => quarry.look(event, owner, grouping),
            Kind::Indicators(quarry) => quarry.look(event, owner, grouping),
        }
    }
}

impl RuleQuarry {
    fn look(&mut self, event: &Event, owner: &Owner, grouping: &mut Grouping) -> u64 {
        self.engine.evaluate(event, &mut self.matches);
        if self.matches.is_empty() {
            return 0;
        }
        let is_excepted = |group_by: &[(String, String)]| {
            self.exceptions.iter().any(|exception| exception.covers(owner, event, group_by))
        };
        let mut found = 0;
        for detection in self.matches.detections().iter().filter(|detection| detection.rule == self.position) {
            if !is_excepted(&[]) {
                grouping.add(&self.facts, owner, event, detection.fields.iter().map(sample_field).collect());
                found += 1;
            }
        }
        let moment = Moment { time: event.time, arrival: event.arrival, seq: event.seq };
        let correlated = self.correlations.observe(&self.engine, event, moment, &self.matches);
        for matched in correlated.iter().filter(|matched| matched.rule == self.position) {
            if !is_excepted(&matched.group) {
                grouping.add_correlation(&self.facts, owner, event, matched);
                found += 1;
            }
        }
        found
    }
}

impl IndicatorQuarry {
    fn look(&mut self, event: &Event, owner: &Owner, grouping: &mut Grouping) -> u64 {
        let Self { in_force, hits, facts } = self;
        in_force.set.look(event, event.time, hits);
        let found = by_indicator(&in_force.set, hits.iter());
        for (reference, hits) in &found {
            let rule = facts.entry(*reference).or_insert_with(|| Arc::new(in_force.facts(*reference, hits)));
            let field = hits.first().map(|hit| in_force.sample(hit));
            grouping.add(rule, owner, event, field.into_iter().collect());
        }
        found.len() as u64
    }
}

fn sample_field(field: &MatchedField) -> SampleField {
    SampleField { field: field.field.clone(), value: field.value.clone(), pattern: field.pattern.clone() }
}

/// What is said of the subject on lists that the owner may see, also what has ended: it held when it held.
async fn listed(connection: &impl Connection, hunt: &Hunt) -> Result<Vec<Listed>, Error> {
    let mut filter = indicators::store::Filter::default();
    match hunt.subject_kind {
        SubjectKind::List => filter.list_id = Some(hunt.subject_id.clone()),
        _ => filter.indicator_id = Some(hunt.subject_id.clone()),
    }
    let mut listed = Vec::new();
    loop {
        let more = indicators::store::rows(connection, &filter, STEP, listed.len() as u64).await?;
        if more.is_empty() {
            return Ok(listed);
        }
        listed.extend(more);
    }
}
