//! First values of a notice's fields, from what the system knows. Words are Vietnamese, since the document is; every value
//! names its source, and a person may change it.

use super::form::NoticeForm;
use super::{FieldValue, Letterhead};
use crate::incidents::{Incident, Knowledge as KnownBy, KnownTime, TimeKind};
use crate::law::Law;
use kit::Lang;
use kit::locale::texts;
use kit::page::Format;
use std::collections::BTreeMap;

/// Everything a form may ask for.
pub const KNOWN: [&str; 24] = [
    "agency-name",
    "agency-address",
    "agency-phone",
    "agency-email",
    "contact-person",
    "system-name",
    "system-operator",
    "system-owner",
    "system-level",
    "system-purpose",
    "system-addresses",
    "occurred-at",
    "detected-at",
    "detection-method",
    "class",
    "severity",
    "description",
    "scope",
    "personal-data",
    "state",
    "measures",
    "already-notified",
    "attachments",
    "first-notice-number",
];

/// The agency that reports, as the register knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reporter {
    pub name: String,
    pub address: String,
    pub phone: String,
    pub email: String,
    pub letterhead: Letterhead,
}

/// The system, as the register knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AffectedSystem {
    pub name: String,
    pub operator: String,
    pub owner: String,
    pub level: String,
    pub purpose: String,
    pub addresses: String,
    pub contact: String,
}

/// An alert that belongs to the incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RelatedAlert {
    pub title: String,
    pub severity: String,
    pub entity: String,
    pub first_event_at: i64,
    pub events: i64,
}

/// What a notice is made from.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    pub reporter: Reporter,
    /// Name, title, phone and e-mail of who writes the notice.
    pub writer: String,
    pub system: Option<AffectedSystem>,
    pub incident: Incident,
    pub times: Vec<KnownTime>,
    pub alerts: Vec<RelatedAlert>,
    /// Number and date of the first notice, once it was approved.
    pub first_notice_number: String,
    pub now: i64,
}

/// First values for the fields of a form.
pub fn prefill(form: &NoticeForm, law: &Law, known: &Knowledge) -> BTreeMap<String, FieldValue> {
    let values = form.fields().map(|field| {
        let filled = field.prefill.as_deref().and_then(|source| {
            let value = value(source, law, known)?;
            (!value.trim().is_empty()).then(|| FieldValue { value, source: source.to_owned(), edited: false })
        });
        (field.id.clone(), filled.unwrap_or_default())
    });
    values.collect()
}

fn value(source: &str, law: &Law, known: &Knowledge) -> Option<String> {
    let reporter = &known.reporter;
    let system = known.system.as_ref();
    let incident = &known.incident;
    Some(match source {
        "agency-name" => reporter.name.clone(),
        "agency-address" => reporter.address.clone(),
        "agency-phone" => reporter.phone.clone(),
        "agency-email" => reporter.email.clone(),
        "contact-person" => {
            let contact = system.map(|system| system.contact.clone()).filter(|contact| !contact.is_empty());
            contact.unwrap_or_else(|| known.writer.clone())
        }
        "system-name" => system?.name.clone(),
        "system-operator" => system?.operator.clone(),
        "system-owner" => system?.owner.clone(),
        "system-level" => system?.level.clone(),
        "system-purpose" => system?.purpose.clone(),
        "system-addresses" => system?.addresses.clone(),
        "occurred-at" => time(known, TimeKind::Occurred)?,
        "detected-at" => time(known, TimeKind::Detected)?,
        "detection-method" => detection_method(known)?,
        "class" => class(incident),
        "severity" => severity(law, incident)?,
        "description" => description(known),
        "scope" => incident.scope.clone(),
        "personal-data" => incident.personal_data.clone(),
        "state" => text(&format!("incident-state-{}", incident.state)),
        "measures" => incident.measures.clone(),
        "already-notified" => incident.already_notified.clone(),
        "attachments" => attachments(known)?,
        "first-notice-number" => known.first_notice_number.clone(),
        _ => return None,
    })
}

fn text(key: &str) -> String {
    texts().text(Lang::Vi, key)
}

/// `02:14 ngày 22/11/2026 (theo bản ghi của hệ thống)`; a person or a document is named.
fn time(known: &Knowledge, kind: TimeKind) -> Option<String> {
    let time = known.times.iter().find(|time| time.kind == kind)?;
    let how = text(&format!("incident-known-by-{}", time.known_by.code()));
    let named = time.known_by != KnownBy::Machine && !time.reference.trim().is_empty();
    let how = if named { format!("{how} {}", time.reference.trim()) } else { how };
    Some(format!("{} ({how})", moment(time.at, known.now)))
}

/// `02:14 ngày 22/11/2026`, the way official texts write it.
pub fn moment(at: i64, now: i64) -> String {
    let format = Format::new(Lang::Vi, now);
    texts().text_with(Lang::Vi, "notice-moment", &[("time", format.time(at).into()), ("date", format.date(at).into())])
}

fn detection_method(known: &Knowledge) -> Option<String> {
    let detected = known.times.iter().find(|time| time.kind == TimeKind::Detected)?;
    Some(text(&format!("notice-detected-by-{}", detected.known_by.code())))
}

/// Severity of an incident in the words of a notice.
pub(super) fn severity(law: &Law, incident: &Incident) -> Option<String> {
    Some(law.scale()?.level(incident.severity.as_deref()?)?.title.vi.clone())
}

fn class(incident: &Incident) -> String {
    class_parts(incident).join("; ")
}

/// Kind, class by law and cause of an incident, as far as they are known.
pub(super) fn class_parts(incident: &Incident) -> Vec<String> {
    let named = |prefix: &str, code: &str| (!code.is_empty()).then(|| text(&format!("{prefix}{code}")));
    let parts = [
        named("incident-kind-", &incident.technical_kind),
        named("incident-law-class-", &incident.law_class),
        named("incident-cause-", &incident.cause),
    ];
    parts.into_iter().flatten().collect()
}

/// What people wrote, else the alerts in words.
fn description(known: &Knowledge) -> String {
    if !known.incident.description.trim().is_empty() {
        return known.incident.description.clone();
    }
    let lines = known.alerts.iter().take(10).map(|alert| {
        texts().text_with(
            Lang::Vi,
            "notice-alert-line",
            &[
                ("title", alert.title.clone().into()),
                ("entity", alert.entity.clone().into()),
                ("first", moment(alert.first_event_at, known.now).into()),
                ("events", alert.events.into()),
            ],
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn attachments(known: &Knowledge) -> Option<String> {
    (!known.alerts.is_empty())
        .then(|| texts().text_with(Lang::Vi, "notice-attachments", &[("alerts", (known.alerts.len() as i64).into())]))
}
