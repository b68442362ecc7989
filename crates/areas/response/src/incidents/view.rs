//! What the page of an incident shows, gathered from the rows: the clock bar, the next steps, choices of forms.

use super::{CAUSES, Incident, KnownTime, LAW_CLASSES, State, TECHNICAL_KINDS, TimeKind};
use crate::duties::view::flag;
use crate::duties::{Clock, Duty};
use crate::law::law;
use crate::notices::{self, Notice};
use kit::Lang;
use kit::page::{Choice, ClockBar, Moment, MomentKind, Page};
use std::sync::Arc;

/// Times and duties on one line.
pub(super) fn clock_bar(times: &[KnownTime], clocks: &[(Arc<Duty>, Clock)], lang: Lang, incident_id: &str) -> ClockBar {
    let moment = |time: &KnownTime| Moment { kind: moment_kind(time.kind), at: time.at };
    let href = format!("/incidents/{incident_id}?tab=documents");
    ClockBar {
        moments: times.iter().map(moment).collect(),
        duties: clocks.iter().filter_map(|(duty, clock)| flag(duty, clock, lang, href.clone())).collect(),
    }
}

fn moment_kind(kind: TimeKind) -> MomentKind {
    match kind {
        TimeKind::Occurred => MomentKind::Occurred,
        TimeKind::Detected => MomentKind::Detected,
        TimeKind::Seen => MomentKind::Seen,
        TimeKind::Reported => MomentKind::Reported,
        TimeKind::Receipt => MomentKind::Receipt,
    }
}

/// Something to do next; at most one is drawn as the main one.
pub(super) struct Step {
    pub words: String,
    pub why: String,
    pub act: StepAct,
}

pub(super) enum StepAct {
    /// Go there.
    Link(String),
    /// Post a form with one field: name and value.
    Post { action: String, field: &'static str, value: String },
    /// Somebody else's turn.
    Wait(String),
}

/// What to do next, the most urgent first: classify, then what the clocks ask for, then the next state.
pub(super) fn next_steps(
    page: &Page,
    incident: &Incident,
    clocks: &[(Arc<Duty>, Clock)],
    notices: &[Notice],
    may_handle: bool,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let here = format!("/incidents/{}", incident.id);
    if incident.severity.is_none() && !incident.false_alarm && may_handle {
        steps.push(Step {
            words: page.t("incident-step-classify"),
            why: page.t("incident-step-classify-why"),
            act: StepAct::Link(format!("{here}?tab=facts#severity")),
        });
    }
    let mut forms: Vec<&str> = Vec::new();
    for (duty, clock) in clocks.iter().filter(|(_, clock)| clock.state.is_open()) {
        if forms.contains(&duty.form.as_str()) {
            continue;
        }
        forms.push(&duty.form);
        steps.extend(notice_step(page, &here, duty, clock, notices, may_handle));
    }
    steps.extend(notices.iter().filter(|notice| notice.state() == notices::State::Sent).map(|notice| Step {
        words: page.tn("incident-step-receipt", "symbol", notice.symbol.as_str()),
        why: page.t("incident-step-receipt-why"),
        act: StepAct::Link(format!("/notices/{}", notice.id)),
    }));
    if let Some(change) = incident.state().next().into_iter().find(|change| !change.needs_reason)
        && may_handle
    {
        steps.push(Step {
            words: page.t(&format!("incident-move-{}", change.to.code())),
            why: String::new(),
            act: StepAct::Post { action: format!("{here}/state"), field: "to", value: change.to.code().to_owned() },
        });
    }
    steps
}

fn notice_step(
    page: &Page,
    here: &str,
    duty: &Duty,
    clock: &Clock,
    notices: &[Notice],
    may_handle: bool,
) -> Option<Step> {
    let form = law().form(&duty.form).cloned()?;
    let title = form.title.of(page.lang);
    let due = clock.due_at.map(|due| page.format.until(due)).unwrap_or_default();
    let why = page
        .tm("incident-step-notice-why", &[("duty", duty.short.of(page.lang).to_owned().into()), ("due", due.into())]);
    let newest = notices.iter().rev().find(|notice| notice.form == duty.form && notice.state() < notices::State::Sent);
    let (key, act) = match newest {
        None if may_handle => (
            "incident-step-draft",
            StepAct::Post { action: format!("{here}/notices"), field: "form", value: duty.form.clone() },
        ),
        None => return None,
        Some(notice) => {
            let link = format!("/notices/{}", notice.id);
            match notice.state() {
                notices::State::Draft => ("incident-step-continue", StepAct::Link(link)),
                notices::State::Submitted => ("incident-step-approval", StepAct::Wait(link)),
                _ => ("incident-step-send", StepAct::Link(link)),
            }
        }
    };
    Some(Step { words: page.tn(key, "title", title), why, act })
}

/// A state with whether it is behind, here or ahead, for the row of steps.
pub(super) struct StateStep {
    pub name: String,
    pub here: bool,
    pub done: bool,
}

pub(super) fn state_steps(page: &Page, incident: &Incident) -> Vec<StateStep> {
    let now = incident.state();
    let step = |state: State| StateStep {
        name: page.t(&format!("incident-state-{}", state.code())),
        here: state == now,
        done: state < now,
    };
    State::ALL.into_iter().map(step).collect()
}

/// Choices for the other changes of state, which ask for a reason.
pub(super) fn state_choices(page: &Page, incident: &Incident, chosen: &str) -> Vec<Choice> {
    let choice = |to: State, key: String| Choice::new(to.code(), page.t(&key), to.code() == chosen);
    incident
        .state()
        .next()
        .into_iter()
        .filter(|change| change.needs_reason)
        .map(|change| match change.false_alarm {
            true => choice(change.to, "incident-false-alarm".to_owned()),
            false => choice(change.to, format!("incident-state-{}", change.to.code())),
        })
        .collect()
}

pub(super) fn severity_choices(page: &Page, chosen: &str) -> Vec<Choice> {
    let law = law();
    let levels = law.scale().map(|scale| scale.levels.as_slice()).unwrap_or_default();
    let choice =
        |level: &crate::severity::Level| Choice::new(level.id.clone(), level.title.of(page.lang), chosen == level.id);
    levels.iter().map(choice).collect()
}

pub(super) fn law_classes(page: &Page, chosen: &str) -> Vec<Choice> {
    named(page, &LAW_CLASSES, "incident-law-class-", chosen)
}

pub(super) fn technical_kinds(page: &Page, chosen: &str) -> Vec<Choice> {
    named(page, &TECHNICAL_KINDS, "incident-kind-", chosen)
}

pub(super) fn causes(page: &Page, chosen: &str) -> Vec<Choice> {
    named(page, &CAUSES, "incident-cause-", chosen)
}

fn named(page: &Page, codes: &[&str], prefix: &str, chosen: &str) -> Vec<Choice> {
    codes.iter().map(|code| Choice::new(*code, page.t(&format!("{prefix}{code}")), *code == chosen)).collect()
}
