//! Whether an agency may become part of another on a day: one rule for who enters it today, for who decides it for a day to
//! come, and for the server that carries it out then.

use super::scheduled::{self, ScheduledChange};
use super::{Agency, Succession, store, succession};
use kit::calendar::{start_of_day, vietnam_date};
use kit::clock::Micros;
use kit::{Error, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// An agency that is to become part of another.
pub(super) struct Merger<'a> {
    pub(super) agency: &'a Agency,
    pub(super) into: &'a Agency,
    /// First moment of the day in Vietnam, or any other of that day.
    pub(super) at: Micros,
    pub(super) known: &'a Known,
}

/// What the registers hold around it.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// What the agency became already.
    pub(super) became: Vec<Succession>,
    /// Whether agencies that exist now are directly below it; they go over to its first successor.
    pub(super) has_below: bool,
    /// All that waits for its day, whatever the agency, but for the merger itself.
    pub(super) waiting: Vec<ScheduledChange>,
    /// The successor and each that `waiting` names, with all above it: from itself upwards.
    pub(super) above: BTreeMap<String, Vec<String>>,
}

impl Merger<'_> {
    /// Key of why not; none where it may be.
    pub(super) fn refusal(&self, now: Micros) -> Option<&'static str> {
        self.refused_by_registers(now).or_else(|| self.refused_by_decisions())
    }

    /// First moment of its day. Days are compared where an agency entered today begins or ends within the day.
    fn day(&self) -> Micros {
        start_of_day(vietnam_date(self.at))
    }

    fn refused_by_registers(&self, now: Micros) -> Option<&'static str> {
        let Merger { agency, into, at, known } = self;
        let day = self.day();
        let goes_over = known.has_below && known.became.is_empty();
        let is_below = climbs(&into.id, &agency.id, &known.above, &[]);
        let began = start_of_day(vietnam_date(into.valid_from));
        let refusals = [
            (agency.parent_id.is_none(), "agency-root-stays"),
            (agency.id == into.id, "agency-successor-is-itself"),
            (known.became.iter().any(|one| one.agency_id == into.id), "agency-became-that-already"),
            (is_below, "agency-successor-below"),
            (began > *at, "agency-successor-begins-later"),
            (into.has_ended(*at) || (goes_over && into.has_ended(now)), "agency-successor-ended"),
            (*at < agency.valid_from, "agency-not-yet-by-then"),
            (agency.valid_to.is_some_and(|end| end < day), "agency-ended-by-then"),
            (known.became.iter().any(|one| vietnam_date(one.at) != vietnam_date(*at)), "agency-merged-otherwise"),
        ];
        refusals.into_iter().find(|(refused, _)| *refused).map(|(_, key)| key)
    }

    /// What waits must remain possible, and leave this possible.
    fn refused_by_decisions(&self) -> Option<&'static str> {
        let (id, into, day) = (self.agency.id.as_str(), self.into.id.as_str(), self.day());
        for other in &self.known.waiting {
            let is_own = other.agency_id == id;
            let refusals = match other.into_id.as_deref() {
                None => [(is_own && other.at >= day, "agency-renamed-later"), (false, "")],
                Some(other_into) if is_own => [
                    (other_into == into, "agency-scheduled-already"),
                    // On one day it is divided.
                    (other.at != day, "agency-merges-otherwise"),
                ],
                // On one day an agency may take others over and then become part of another itself.
                Some(other_into) => [
                    (other.agency_id == into && other.at < day, "agency-successor-merges-first"),
                    (other_into == id && other.at > day, "agency-others-merge-later"),
                ],
            };
            if let Some((_, key)) = refusals.into_iter().find(|(refused, _)| *refused) {
                return Some(key);
            }
        }
        let (before, after) = (|until| self.merged(until, false), |until| self.merged(until, true));
        let above = &self.known.above;
        let spoils = |other: &ScheduledChange| {
            other.into_id.as_deref().is_some_and(|other_into| {
                other.at >= day
                    && climbs(other_into, &other.agency_id, above, &after(other.at))
                    && !climbs(other_into, &other.agency_id, above, &before(other.at))
            })
        };
        let is_circle = climbs(into, id, above, &before(day)) || self.known.waiting.iter().any(spoils);
        is_circle.then_some("agency-mergers-circle")
    }

    /// Agency and successor of each merger that waits for a day until this one, with the new one or without.
    fn merged(&self, until: Micros, with_new: bool) -> Vec<(&str, &str)> {
        let waiting = self.known.waiting.iter().filter(|other| other.at <= until);
        let pairs = waiting.filter_map(|other| Some((other.agency_id.as_str(), other.into_id.as_deref()?)));
        pairs.chain(with_new.then_some((self.agency.id.as_str(), self.into.id.as_str()))).collect()
    }
}

/// Whether one comes from an agency up to another, itself included, by the tree as it is and by these mergers: what was below
/// an agency is below its successor then.
fn climbs<'a>(
    from: &'a str,
    to: &str,
    above: &'a BTreeMap<String, Vec<String>>,
    merged: &[(&'a str, &'a str)],
) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec![from];
    while let Some(start) = open.pop() {
        for id in above.get(start).into_iter().flatten() {
            if id == to {
                return true;
            }
            if seen.insert(id) {
                open.extend(merged.iter().filter(|(agency, _)| agency == id).map(|(_, into)| *into));
            }
        }
    }
    false
}

/// Refuses what may not be, with the reason; gives what the agency became already.
pub(super) async fn require(
    tx: &Tx<'_>,
    now: Micros,
    agency: &Agency,
    into: &Agency,
    at: Micros,
) -> Result<Vec<Succession>, Error> {
    let waiting = scheduled::waiting(tx).await?;
    let successors: BTreeSet<&str> =
        waiting.iter().filter_map(|one| one.into_id.as_deref()).chain([into.id.as_str()]).collect();
    let above = store::above_each(tx, &successors).await?;
    let known = Known {
        became: succession::became(tx, &agency.id).await?,
        has_below: !store::children(tx, &agency.id, now).await?.is_empty(),
        waiting,
        above,
    };
    match (Merger { agency, into, at, known: &known }).refusal(now) {
        Some(key) => Err(Error::Conflict(key)),
        None => Ok(known.became),
    }
}
