//! The clocks of one incident: when each duty started, when it is due, how it stands now.

use super::{Duty, Trigger, Unit};
use kit::calendar::{WorkingCalendar, vietnam_date};
use kit::clock::{HOUR, Micros};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known of an incident, as far as duties ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub occurred: Option<Micros>,
    pub detected: Option<Micros>,
    pub seen: Option<Micros>,
    pub classified: Option<Micros>,
    pub contained: Option<Micros>,
    /// `None` until somebody has classified.
    pub serious: Option<bool>,
    pub signs: BTreeSet<String>,
    pub system_level: Option<i64>,
    /// It turned out to be none; duties that were not fulfilled until then no longer apply.
    pub false_alarm: bool,
    pub sendings: Vec<Sending>,
    /// Clocks that have begun to run, as they began.
    pub kept: Vec<Kept>,
}

/// What a clock that has begun keeps, whatever becomes of the law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub duty: Arc<Duty>,
    pub started_at: Option<Micros>,
    /// The deadline it was given; it holds as long as the start is the same.
    pub due_at: Option<Micros>,
}

/// A notice that left the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub form: String,
    /// Identifiers of the recipients.
    pub recipients: BTreeSet<String>,
    pub sent_at: Micros,
    pub receipt_at: Option<Micros>,
}

/// One duty's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    pub duty: String,
    /// The duty that it runs by: that of the law in force, or the one it began with.
    pub terms: Arc<Duty>,
    /// It applied once, and so keeps its terms.
    pub begun: bool,
    pub started_at: Option<Micros>,
    pub due_at: Option<Micros>,
    /// The trigger itself is unknown and the detection stands in for it.
    pub assumed: bool,
    /// The condition is not settled yet; in doubt the clock runs.
    pub provisional: bool,
    pub state: ClockState,
}

/// How a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Its condition is not met.
    NotApplicable,
    /// The trigger has not come yet.
    NotDue,
    Running,
    Late,
    Sent {
        at: Micros,
        late: bool,
    },
    Receipt {
        sent_at: Micros,
        at: Micros,
        late: bool,
    },
}

impl ClockState {
    /// Word in the database and in addresses; texts are under `clock-state-<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::NotDue => "not-due",
            Self::Running => "running",
            Self::Late => "late",
            Self::Sent { late: false, .. } => "sent",
            Self::Sent { late: true, .. } => "sent-late",
            Self::Receipt { late: false, .. } => "receipt",
            Self::Receipt { late: true, .. } => "receipt-late",
        }
    }

    /// Something is still to be sent.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Late)
    }
}

/// All clocks, the stricter first: open ones by deadline, then those fulfilled, then those that do not apply. Of two
/// with the same deadline the one that stands firmer in law comes first. A duty has one clock: by what it began with, else
/// by the duty of this name that was law when the trigger came.
pub fn clocks(duties: &[Arc<Duty>], calendar: &WorkingCalendar, facts: &Facts, now: Micros) -> Vec<Clock> {
    let mut clocks: Vec<Clock> = Vec::new();
    for duty in facts.kept.iter().map(|kept| &kept.duty).chain(duties) {
        if clocks.iter().all(|known| known.duty != duty.id) {
            clocks.extend(clock(duty, calendar, facts, now));
        }
    }
    clocks.sort_by_key(|clock| {
        let applies = clock.state != ClockState::NotApplicable;
        (
            Reverse(applies),
            Reverse(clock.state.is_open()),
            clock.due_at.unwrap_or(Micros::MAX),
            clock.terms.status,
            clock.duty.clone(),
        )
    });
    clocks
}

/// `None` where the duty was not valid when the trigger came, or when the incident was detected: who learns of an old
/// incident reports it by today's law.
fn clock(duty: &Arc<Duty>, calendar: &WorkingCalendar, facts: &Facts, now: Micros) -> Option<Clock> {
    let (started_at, assumed) = start(duty.trigger, facts);
    if !duty.holds_on(vietnam_date(started_at.max(facts.detected).unwrap_or(now))) {
        return None;
    }
    let kept = facts.kept.iter().find(|kept| kept.duty == *duty);
    let given = kept.filter(|kept| kept.started_at == started_at).and_then(|kept| kept.due_at);
    let due_at = started_at.map(|start| given.unwrap_or_else(|| due(duty, calendar, start)));
    let (applies, provisional) = applies(duty, facts);
    let sending = facts
        .sendings
        .iter()
        .filter(|sending| sending.form == duty.form && sending.recipients.contains(&duty.recipient.id))
        .min_by_key(|sending| sending.sent_at);
    let state = match (sending, due_at) {
        _ if !applies => ClockState::NotApplicable,
        // A false alarm ends what is still open; what was sent stays sent.
        (Some(sending), due_at) => {
            let late = due_at.is_some_and(|due| sending.sent_at > due);
            match sending.receipt_at {
                Some(at) => ClockState::Receipt { sent_at: sending.sent_at, at, late },
                None => ClockState::Sent { at: sending.sent_at, late },
            }
        }
        _ if facts.false_alarm => ClockState::NotApplicable,
        (None, None) => ClockState::NotDue,
        (None, Some(due)) if now > due => ClockState::Late,
        (None, Some(_)) => ClockState::Running,
    };
    Some(Clock {
        duty: duty.id.clone(),
        terms: Arc::clone(duty),
        begun: kept.is_some() || started_at.is_some() && state != ClockState::NotApplicable,
        started_at,
        due_at,
        assumed,
        provisional: provisional && state.is_open(),
        state,
    })
}

/// When the trigger came; where it is unknown, the earliest later thing that is known stands in (`regulation.md` §4.1:
/// keep both times, count from the earlier).
fn start(trigger: Trigger, facts: &Facts) -> (Option<Micros>, bool) {
    match trigger {
        Trigger::Occurrence => match facts.occurred {
            Some(at) => (Some(at), false),
            None => (facts.detected.or(facts.seen), facts.detected.or(facts.seen).is_some()),
        },
        Trigger::Detection => match facts.detected {
            Some(at) => (Some(at), false),
            None => (facts.seen, facts.seen.is_some()),
        },
        Trigger::Awareness => (facts.seen, false),
        Trigger::Classification => (facts.classified, false),
        Trigger::Containment => (facts.contained, false),
    }
}

fn due(duty: &Duty, calendar: &WorkingCalendar, start: Micros) -> Micros {
    match duty.unit {
        Unit::Hours => start.saturating_add(i64::from(duty.amount).saturating_mul(HOUR)),
        Unit::Days => calendar.after_days(start, duty.amount),
        Unit::WorkingDays => calendar.after_working_days(start, duty.amount),
    }
}

/// Whether the duty applies, and whether that is only supposed: until somebody has classified, a duty for serious
/// incidents runs. Signs are ticked or not; an unticked sign starts nothing.
fn applies(duty: &Duty, facts: &Facts) -> (bool, bool) {
    let signs = duty.any_sign.is_empty() || duty.any_sign.iter().any(|sign| facts.signs.contains(sign));
    let level = duty.minimum_system_level.is_none_or(|minimum| facts.system_level.is_none_or(|level| level >= minimum));
    let serious = !duty.serious_only || facts.serious.unwrap_or(true);
    let unsettled = (duty.serious_only && facts.serious.is_none())
        || (duty.minimum_system_level.is_some() && facts.system_level.is_none());
    (signs && level && serious, unsettled)
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
