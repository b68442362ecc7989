//! From what a run counted to what alerts are made of. Pure. A group is a value of the field that the schedule groups by
//! (or everything); it is a hit where its matches over all sources reach the threshold. Alerts belong to systems, so the
//! matches of a hit are told apart by whose they are: nobody reads in an alert of the own agency what came from another.

use super::Schedule;
use crate::alerts::grouping::{Bundle, Owner, RuleFacts, group_key};
use crate::alerts::{Entity, Sample, SampleField};
use event_store::{Since, Tally};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Longest value of a group that is kept, in characters.
const LONGEST_VALUE: usize = 400;

/// Matches in all; where the schedule groups by a field, those that have it.
pub(super) fn matches(schedule: &Schedule, since: &Since) -> i64 {
    counted(schedule, since).map(|tally| count(tally.count)).fold(0, i64::saturating_add)
}

fn counted<'since>(schedule: &Schedule, since: &'since Since) -> impl Iterator<Item = &'since Tally> {
    let grouped = schedule.group_by.is_some();
    since.tallies.iter().filter(move |tally| !grouped || tally.value.is_some())
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Bundles of the hits by group key, as the pipeline makes them of matches, the oldest first. `owners` are by source.
pub(super) fn bundles(
    schedule: &Schedule,
    rule: &Arc<RuleFacts>,
    since: &Since,
    owners: &HashMap<String, Owner>,
    keep: usize,
) -> Vec<(String, Bundle)> {
    let mut reached: HashMap<Option<&str>, i64> = HashMap::new();
    for tally in counted(schedule, since) {
        let sum = reached.entry(tally.value.as_deref()).or_default();
        *sum = sum.saturating_add(count(tally.count));
    }
    let is_hit = |value: Option<&str>| reached.get(&value).is_some_and(|sum| *sum >= schedule.threshold);
    let mut bundles: BTreeMap<String, Bundle> = BTreeMap::new();
    let place = |source_id: Option<&str>, value: Option<&str>| {
        let owner = owner(owners, source_id);
        let entity = entity(schedule, &owner, value);
        (group_key(&rule.id, &owner, &entity), owner, entity)
    };
    for tally in counted(schedule, since).filter(|tally| is_hit(tally.value.as_deref())) {
        let (key, owner, entity) = place(tally.source_id.as_deref(), tally.value.as_deref());
        let made = bundle(rule, owner, entity, tally);
        bundles.entry(key).and_modify(|have| join(have, &made)).or_insert(made);
    }
    for (seq, time, source_id, value) in &since.samples {
        let (key, ..) = place(source_id.as_deref(), value.as_deref());
        if let Some(bundle) = bundles.get_mut(&key).filter(|bundle| bundle.samples.len() < keep) {
            let fields = fields(schedule, &bundle.entity);
            bundle.samples.push(Sample { seq: *seq, time: *time, fields });
        }
    }
    for bundle in bundles.values_mut().filter(|bundle| bundle.samples.is_empty()) {
        // Its matches stand behind the first ones of others; the first of its own is known all the same.
        let fields = fields(schedule, &bundle.entity);
        bundle.samples.push(Sample { seq: bundle.first_sequence, time: bundle.first_time, fields });
    }
    let mut bundles: Vec<_> = bundles.into_iter().collect();
    bundles.sort_by_key(|(_, bundle)| bundle.first_sequence);
    bundles
}

fn owner(owners: &HashMap<String, Owner>, source_id: Option<&str>) -> Owner {
    let id = source_id.unwrap_or_default();
    owners.get(id).cloned().unwrap_or_else(|| Owner { source_id: id.into(), ..Owner::default() })
}

fn entity(schedule: &Schedule, owner: &Owner, value: Option<&str>) -> Entity {
    match (&schedule.group_by, value) {
        (Some(field), Some(value)) => {
            Entity { kind: field.clone(), value: value.chars().take(LONGEST_VALUE).collect() }
        }
        _ => Entity { kind: "source".to_owned(), value: owner.source_id.to_string() },
    }
}

fn fields(schedule: &Schedule, entity: &Entity) -> Vec<SampleField> {
    let field = |field: &String| SampleField {
        field: Some(field.clone()),
        value: entity.value.clone(),
        pattern: entity.value.clone(),
    };
    schedule.group_by.iter().map(field).collect()
}

fn bundle(rule: &Arc<RuleFacts>, owner: Owner, entity: Entity, tally: &Tally) -> Bundle {
    Bundle {
        rule: Arc::clone(rule),
        owner,
        entity,
        first_sequence: tally.first_seq,
        match_sequence: tally.first_seq,
        last_sequence: tally.last_seq,
        first_time: tally.first_time,
        last_time: tally.last_time,
        first_recorded: tally.first_arrival,
        count: count(tally.count),
        samples: Vec::new(),
        links: Vec::new(),
        suppression: None,
        imported: false,
    }
}

fn join(have: &mut Bundle, more: &Bundle) {
    if more.first_sequence < have.first_sequence {
        have.owner.source_id = Arc::clone(&more.owner.source_id);
    }
    have.first_sequence = have.first_sequence.min(more.first_sequence);
    have.match_sequence = have.match_sequence.min(more.match_sequence);
    have.last_sequence = have.last_sequence.max(more.last_sequence);
    have.first_time = have.first_time.min(more.first_time);
    have.last_time = have.last_time.max(more.last_time);
    have.first_recorded = have.first_recorded.min(more.first_recorded);
    have.count = have.count.saturating_add(more.count);
}

#[cfg(test)]
#[path = "hits_tests.rs"]
mod tests;
