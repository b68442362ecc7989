//! The page of one incident: clock bar across the top, facts on the left, tabs in the middle, next steps on the right.

use super::labels;
use super::pages::severity_words;
use super::store::{self, AttachedAlert, AttachedEvent, Entry as TimelineEntry};
use super::view::{self, StateStep, Step, StepAct};
use super::{Incident, Knowledge, KnownTime, TimeChange, TimeKind};
use crate::again::Again;
use crate::duties::service::clocks_of;
use crate::duties::{Clock, Duty};
use crate::law::law;
use crate::notices::{self, Notice};
use crate::readings::tell_incident;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::civil::moment_field;
use kit::page::{Choice, ClockBar, Entry, ErrorSummary, Page, Severity, Tab, Tone};
use kit::web::{Fail, Routes, SlotContent, Visit, render};
use kit::{Capability, Lang};
use std::sync::Arc;

const TIMELINE: u64 = 500;
const TABS: [&str; 4] = ["timeline", "evidence", "documents", "facts"];

pub(super) fn routes() -> Routes {
    Routes::new().get("/incidents/{id}", Capability::ViewIncidents, show_incident)
}

/// A sign with whether it is ticked.
struct SignBox {
    id: String,
    words: String,
    ticked: bool,
}

/// Signs of one level, so that the table is read as it is.
struct SignGroup {
    level: String,
    signs: Vec<SignBox>,
}

/// One of the five times, known or not.
struct TimeRow {
    kind: TimeKind,
    time: Option<KnownTime>,
}

struct NoticeRow {
    notice: Notice,
    title: String,
}

#[derive(Template)]
#[template(path = "incidents/templates/incident.html")]
struct IncidentPage<'again> {
    page: Page,
    incident: Incident,
    severity: String,
    severity_tone: Tone,
    states: Vec<StateStep>,
    bar: ClockBar,
    times: Vec<TimeRow>,
    corrected: Vec<KnownTime>,
    clocks: Vec<(Arc<Duty>, Clock)>,
    steps: Vec<Step>,
    other_states: Vec<Choice>,
    tab: &'static str,
    tabs: Vec<Tab>,
    timeline: Vec<TimelineEntry>,
    alerts: Vec<AttachedAlert>,
    events: Vec<AttachedEvent>,
    notices: Vec<NoticeRow>,
    forms: Vec<Choice>,
    extra: Vec<SlotContent>,
    errors: ErrorSummary,
    /// The form that came back, where one did.
    again: &'again Again,
    facts: Vec<Entry>,
    /// The same to read, for those who may not write.
    known: Vec<(&'static str, String)>,
    time_entries: Vec<Entry>,
    signs: Vec<SignGroup>,
    severities: Vec<Choice>,
    scale_title: String,
    scale_is_draft: bool,
    may_handle: bool,
}

async fn show_incident(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let tab =
        visit.address.value("tab").and_then(|wish| TABS.into_iter().find(|tab| *tab == wish)).unwrap_or("timeline");
    page(&visit, &id, tab, &Again::default()).await
}

/// The page with a tab and, after a form that was not right, the form as it was sent with what is wrong.
pub(super) async fn page(visit: &Visit, id: &str, tab: &'static str, again: &Again) -> Result<Response, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let connection = visit.read();
    let incident = store::find(&connection, id).await?;
    let times = store::times(&connection, id).await?;
    let clocks = clocks_of(&connection, &incident, visit.now()).await?;
    let notices = notices::store::of_incident(&connection, id).await?;
    let alerts = store::alerts(&connection, id).await?;
    tell_incident(visit, &incident, "incident").await?;
    let page = visit.page().await?;
    let may_handle = visit.scope().may(Capability::HandleIncidents);
    let law = law();
    let scale = law.scale();
    let level = incident.severity.as_deref().and_then(|id| scale?.level(id));
    let count = |number: usize| Some(number as u64);
    let counts = [None, count(alerts.len()), count(notices.len()), None];
    let tabs = TABS.into_iter().zip(counts).map(|(name, count)| Tab {
        name: page.t(&format!("incident-tab-{name}")),
        href: format!("/incidents/{id}?tab={name}"),
        chosen: name == tab,
        count,
    });
    let template = IncidentPage {
        severity: severity_words(&page, &incident),
        severity_tone: if level.is_some_and(|level| level.serious) { Tone::Bad } else { Tone::Neutral },
        states: view::state_steps(&page, &incident),
        bar: view::clock_bar(&times, &clocks, visit.lang, id),
        corrected: store::corrected_times(&connection, id).await?,
        steps: view::next_steps(&page, &incident, &clocks, &notices, may_handle),
        other_states: view::state_choices(&page, &incident, again.value("state", "to", "")),
        tabs: tabs.collect(),
        tab,
        timeline: store::entries(&connection, id, TIMELINE).await?,
        events: store::events(&connection, id).await?,
        forms: forms(visit.lang),
        notices: notices.into_iter().map(|notice| notice_row(notice, &page)).collect(),
        extra: visit.fragments("incident.tab", id).await,
        facts: fact_entries(&page, &incident, again),
        known: known_facts(&incident),
        time_entries: time_entries(&page, visit.now(), again),
        signs: sign_groups(&page, &incident, again),
        severities: view::severity_choices(
            &page,
            again.value("severity", "severity", incident.severity.as_deref().unwrap_or_default()),
        ),
        scale_title: scale.map(|scale| scale.title.of(visit.lang).to_owned()).unwrap_or_default(),
        scale_is_draft: scale.is_some_and(|scale| scale.status == "draft"),
        times: time_rows(&times),
        errors: again.errors.summary(labels::places(again.form, &page)),
        again,
        clocks,
        alerts,
        incident,
        may_handle,
        page,
    };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

/// Forms to draft, those that duties ask for first, in the order of the duties.
fn forms(lang: Lang) -> Vec<Choice> {
    let law = law();
    let asked = |id: &str| law.duties.iter().position(|duty| duty.form == id).unwrap_or(usize::MAX);
    let mut forms: Vec<_> = law.forms.iter().collect();
    forms.sort_by_key(|form| asked(&form.id));
    forms.into_iter().map(|form| Choice::new(form.id.clone(), form.title.of(lang), false)).collect()
}

fn notice_row(notice: Notice, page: &Page) -> NoticeRow {
    let title =
        law().form(&notice.form).map_or_else(|| notice.form.clone(), |form| form.title.of(page.lang).to_owned());
    NoticeRow { notice, title }
}

fn time_rows(times: &[KnownTime]) -> Vec<TimeRow> {
    let row = |kind| TimeRow { kind, time: times.iter().find(|time| time.kind == kind).cloned() };
    TimeKind::ALL.into_iter().map(row).collect()
}

fn sign_groups(page: &Page, incident: &Incident, again: &Again) -> Vec<SignGroup> {
    let law = law();
    let levels = law.scale().map(|scale| scale.levels.as_slice()).unwrap_or_default();
    let sign = |sign: &crate::severity::Sign| SignBox {
        id: sign.id.clone(),
        words: sign.title.of(page.lang).to_owned(),
        ticked: if again.form == "severity" {
            again.values("severity", "signs").any(|ticked| ticked == sign.id)
        } else {
            incident.signs.contains(&sign.id)
        },
    };
    let group = |level: &crate::severity::Level| SignGroup {
        level: level.title.of(page.lang).to_owned(),
        signs: level.signs.iter().map(sign).collect(),
    };
    levels.iter().map(group).collect()
}

fn fact_entries(page: &Page, incident: &Incident, again: &Again) -> Vec<Entry> {
    let errors = again.errors_of("facts");
    let entry = |kind, name: &str, key: &str, value: &str| {
        Entry::new(kind, name, page.t(key)).value(again.value("facts", name, value)).checked(&errors)
    };
    let chosen = |name: &str, value: &'_ str| again.value("facts", name, value).to_owned();
    vec![
        entry("text", "title", "incident-name", &incident.title).required(),
        entry("select", "technical_kind", "incident-technical-kind", &incident.technical_kind)
            .choices(view::technical_kinds(page, &chosen("technical_kind", &incident.technical_kind))),
        entry("select", "law_class", "incident-law-class", &incident.law_class)
            .hint(page.t("incident-law-class-hint"))
            .choices(view::law_classes(page, &chosen("law_class", &incident.law_class))),
        entry("select", "cause", "incident-cause", &incident.cause)
            .choices(view::causes(page, &chosen("cause", &incident.cause))),
        entry("text", "change_reason", "incident-kind-reason", "").hint(page.t("incident-kind-reason-hint")),
        entry("textarea", "description", "incident-description", &incident.description),
        entry("textarea", "scope", "incident-scope", &incident.scope).hint(page.t("incident-scope-hint")),
        entry("textarea", "measures", "incident-measures", &incident.measures),
        entry("text", "already_notified", "incident-already-notified", &incident.already_notified),
        entry("text", "personal_data", "incident-personal-data", &incident.personal_data),
    ]
}

fn known_facts(incident: &Incident) -> Vec<(&'static str, String)> {
    vec![
        ("incident-description", incident.description.clone()),
        ("incident-scope", incident.scope.clone()),
        ("incident-measures", incident.measures.clone()),
        ("incident-already-notified", incident.already_notified.clone()),
        ("incident-personal-data", incident.personal_data.clone()),
    ]
}

fn time_entries(page: &Page, now: i64, again: &Again) -> Vec<Entry> {
    let errors = again.errors_of("times");
    let chosen = again.value("times", "known_by", Knowledge::Person.code());
    let kinds = TimeKind::ALL.into_iter().filter(|kind| kind.by_hand());
    let kinds = kinds.map(|kind| Choice::new(kind.code(), page.t(&format!("incident-time-{}", kind.code())), false));
    let known = Knowledge::ALL.into_iter().map(|known| {
        let name = page.t(&format!("incident-known-by-{}", known.code()));
        Choice::new(known.code(), name, known.code() == chosen)
    });
    let entry = |kind, name: &str, key: &str| {
        Entry::new(kind, name, page.t(key)).value(again.value("times", name, "")).checked(&errors)
    };
    let at = again.value("times", "at", &moment_field(now)).to_owned();
    vec![
        entry("select", "kind", "incident-time-kind").choices(kinds.collect()).required(),
        entry("date-time", "at", "incident-time-at").value(at).required(),
        entry("select", "known_by", "incident-time-known-by").choices(known.collect()).required(),
        entry("text", "reference", "incident-time-reference").hint(page.t("incident-time-reference-hint")),
        entry("text", "reason", "incident-time-reason").hint(page.t("incident-time-reason-hint")),
    ]
}

/// State and time entries hold codes, so that they read in both languages.
fn entry_words(page: &Page, entry: &TimelineEntry) -> String {
    if let Some(change) = (entry.kind == "time").then(|| TimeChange::parse(&entry.detail)).flatten() {
        return change.words(page);
    }
    let (code, reason) = entry.detail.split_once(": ").unwrap_or((entry.detail.as_str(), ""));
    let word = page.t(&format!("incident-{}-{code}", entry.kind));
    if reason.is_empty() { word } else { format!("{word}: {reason}") }
}

fn severity_of(code: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.code() == code)
}
