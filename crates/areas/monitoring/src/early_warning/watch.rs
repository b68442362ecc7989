//! The watch that the pipeline keeps: feeds baselines with events, gathers what is unusual, and has both written in the
//! transaction that moves the detection cursor. What came after the last time they were written is read from the log again
//! at a start, and the log keeps it until then.

use super::policy::{Policy, Watched};
use super::{Warning, store};
use crate::alerts::Entity;
use crate::alerts::grouping::{Owner, RuleFacts};
use crate::alerts::record::{self, Cursor};
use crate::enrichment::Enrichment;
use baseline::{Anomaly, Baselines, Changes, Observation};
use event::{Event, TimeQuality};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Baselines are written at most this often, and never for more than so great a share of the time.
const EVERY: Duration = Duration::from_secs(5);
const SHARE: u32 = 20;
/// However long writing takes, the log is kept no longer for it.
const AT_LEAST_EVERY: Duration = Duration::from_secs(300);

pub(crate) struct Watch {
    policy: Arc<Policy>,
    baselines: Baselines,
    /// Everything up to here was seen before the start.
    begun_at: u64,
    observed: u64,
    kept: u64,
    next: Instant,
    ready: Option<Ready>,
    /// Found since the last transaction.
    warnings: Vec<Warning>,
}

/// What the next transaction writes.
struct Ready {
    to: u64,
    changes: Changes,
    began: Instant,
}

/// Something unusual about an event.
pub(crate) struct Found {
    pub(crate) facts: Arc<RuleFacts>,
    pub(crate) entity: Entity,
    /// The columns that name the entity, with their values; none for a source.
    pub(crate) about: Vec<(String, String)>,
    pub(crate) anomaly: Anomaly,
}

impl Watch {
    /// That has seen nothing yet.
    pub(crate) fn beginning(policy: Arc<Policy>) -> Self {
        let (baselines, next) = (policy.baselines(), Instant::now());
        Self { policy, baselines, begun_at: 0, observed: 0, kept: 0, next, ready: None, warnings: Vec::new() }
    }

    /// Takes up the baselines as they were written last. `cursor` is how far detection had come, `last` the end of the log; a
    /// position beyond that is of another log.
    pub(crate) async fn take_up(
        connection: &impl Connection,
        policy: Arc<Policy>,
        cursor: u64,
        last: u64,
    ) -> Result<Self, Error> {
        let mut watch = Self::beginning(policy);
        let refused = store::read_baselines(connection, &watch.policy, &mut watch.baselines).await?;
        if refused > 0 {
            tracing::warn!(refused, "baselines that cannot be read begin anew");
        }
        let position = record::cursor(connection, Cursor::Baselines).await?;
        let begun_at = if position <= cursor && cursor <= last { position } else { 0 };
        let kept = if begun_at > 0 { begun_at } else { cursor.min(last) };
        Ok(Self { begun_at, observed: kept, kept, ..watch })
    }

    /// Up to here the log is needed no more.
    pub(crate) fn position(&self) -> u64 {
        self.kept
    }

    /// Feeds one event to all detectors that look at it, and gives what is unusual about it. A time that cannot be right
    /// says nothing about what is normal. What an agency is told rests on itself and those below it alone.
    pub(crate) fn observe(&mut self, event: &Event, owner: &Owner, known: &Enrichment) -> Vec<Found> {
        let mut found = Vec::new();
        if event.seq <= self.begun_at || event.time_quality == TimeQuality::Implausible {
            return found;
        }
        let policy = self.policy.clone();
        let reaches = |other: &str| match (owner.agency_id.as_deref(), agency_of(other)) {
            // Who sees what is nobody's sees the whole centre.
            (None, _) => true,
            (Some(own), Some(other)) => known.is_within(other, own),
            (Some(_), None) => false,
        };
        let mut scope = None;
        for (detector, watched) in policy.detectors.iter().enumerate() {
            let Some((subject, value)) = watched.seen(event) else { continue };
            let scope = scope.get_or_insert_with(|| scope_of(owner)).as_str();
            let seen = Observation { detector, scope, subject: &subject, value: &value, time: event.time };
            if let Some(anomaly) = self.baselines.observe(seen, &reaches) {
                let (facts, about) = (watched.facts.clone(), watched.about(event));
                found.push(Found { facts, entity: entity(watched, subject), about, anomaly });
            }
        }
        found
    }

    /// Keeps what was found with its alert.
    pub(crate) fn keep(&mut self, event: &Event, owner: &Owner, found: Found) {
        self.warnings.push(Warning {
            id: kit::id::new_id(event.arrival),
            detector: found.facts.id.clone(),
            agency_id: owner.agency_id.as_deref().map(ToOwned::to_owned),
            source_id: owner.source_id.to_string(),
            entity: found.entity,
            sequence: event.seq,
            time: event.time,
            anomaly: found.anomaly,
        });
    }

    pub(crate) fn observed(&mut self, seq: u64) {
        self.observed = self.observed.max(seq);
    }

    /// Whether it is time to make ready what the next transaction writes.
    pub(crate) fn is_due(&self, ends: bool) -> bool {
        self.ready.is_none() && self.observed != self.kept && (ends || Instant::now() >= self.next)
    }

    pub(crate) fn make_ready(&mut self) {
        let began = Instant::now();
        self.ready = Some(Ready { to: self.observed, changes: self.baselines.take_changes(), began });
    }

    /// Whether the next transaction has something to write.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.is_some() || !self.warnings.is_empty()
    }

    /// In the transaction that writes alerts and moves the cursor.
    pub(crate) async fn write(&self, tx: &Tx<'_>, now: Micros) -> Result<(), Error> {
        store::add(tx, &self.warnings).await?;
        let Some(ready) = &self.ready else { return Ok(()) };
        store::write_baselines(tx, &self.policy, &ready.changes).await?;
        record::set_cursor(tx, Cursor::Baselines, ready.to, now).await
    }

    /// The transaction is committed.
    pub(crate) fn written(&mut self) {
        self.warnings.clear();
        let Some(Ready { to, began, .. }) = self.ready.take() else { return };
        self.kept = to;
        self.next = Instant::now() + (began.elapsed() * SHARE).clamp(EVERY, AT_LEAST_EVERY);
    }
}

fn entity(watched: &Watched, subject: String) -> Entity {
    Entity { kind: watched.entity_kind(), value: subject }
}

/// What begins the name of the scope of an agency, and of a source that is nobody's yet.
const AGENCY: &str = "agency:";
const SOURCE: &str = "source:";

/// Whose events are compared: those of one agency, and of a source that belongs to none yet its own alone.
fn scope_of(owner: &Owner) -> String {
    match &owner.agency_id {
        Some(agency) => format!("{AGENCY}{agency}"),
        None => format!("{SOURCE}{}", owner.source_id),
    }
}

/// The agency of a scope.
pub(super) fn agency_of(scope: &str) -> Option<&str> {
    scope.strip_prefix(AGENCY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::{Column, Value};
    use kit::clock::{DAY, HOUR};

    const FILE: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/monitoring/early-warning.toml"));
    const RARE: &str = "early-rare-program";
    /// Monday 2 November 2026, 00:00 in Vietnam.
    const MONDAY: Micros = 1_793_552_400_000_000;

    /// As it is built in, with the detector of rare programs on.
    fn policy() -> Arc<Policy> {
        let off = format!("id = \"{RARE}\"\nenabled = false");
        assert!(FILE.contains(&off));
        let file = toml::from_str(&FILE.replace(&off, &off.replace("false", "true"))).expect("to be read");
        Arc::new(Policy::of(file).expect("sound"))
    }

    /// Whether it is told that a program ran on a machine of an agency.
    fn runs(watch: &mut Watch, known: &Enrichment, (agency, host): (&str, &str), program: &str, time: Micros) -> bool {
        let mut event = Event { seq: 1, time, ..Event::default() };
        event.columns.set(Column::EventCategory, &Value::from("process"));
        event.columns.set(Column::HostName, &Value::from(host));
        event.columns.set(Column::ProcessExecutable, &Value::from(program));
        let owner = Owner { source_id: agency.into(), agency_id: Some(agency.into()), ..Owner::default() };
        watch.observe(&event, &owner, known).iter().any(|found| found.facts.id == RARE)
    }

    #[test]
    fn whether_a_program_is_rare_rests_on_the_agency_and_those_below_it_alone() {
        let known = Enrichment::of_agencies(&[
            ("root", "root"),
            ("a", "a"),
            ("a", "root"),
            ("below", "below"),
            ("below", "a"),
            ("below", "root"),
            ("b", "b"),
            ("b", "root"),
        ]);
        for (common_in, agency, told) in
            [("b", "a", true), ("a", "a", false), ("below", "a", false), ("a", "below", true), ("b", "root", false)]
        {
            let mut watch = Watch::beginning(policy());
            let mut told_of = |place, program, time| runs(&mut watch, &known, place, program, time);
            for host in ["h1", "h2", "h3"] {
                assert!(!told_of((common_in, host), "/opt/rare", MONDAY));
            }
            assert!(!told_of((agency, "h"), "/opt/rare", MONDAY));
            for hour in 0..24 * 20 {
                assert!(!told_of((agency, "h"), "/opt/daily", MONDAY + hour * HOUR));
            }
            assert_eq!(told_of((agency, "h"), "/opt/rare", MONDAY + 20 * DAY), told, "{common_in}, {agency}");
        }
    }
}
