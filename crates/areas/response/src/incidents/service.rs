//! What can be done with an incident. Each act takes a transaction in a scope, checks, writes the timeline, reckons the
//! clocks and, last, the audit row.

use super::store::{self, NewRow};
use super::{
    CAUSES, Incident, Knowledge, KnownTime, LAW_CLASSES, State, TECHNICAL_KINDS, TimeChange, TimeKind, code,
    time_problem,
};
use crate::duties::service::{clocks_of, refresh};
use crate::law::law;
use crate::statements::{next_number, update};
use kit::calendar::vietnam_date;
use kit::clock::Micros;
use kit::id::new_id;
use kit::live::Live;
use kit::page::Severity;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::inbox::{self, Message, Recipient};
use organisation::{agencies, audit};
use sea_orm::Value;
use serde::Deserialize;
use serde_json::json;

pub(super) const LONGEST_TITLE: usize = 300;
const LONGEST_TEXT: usize = 20_000;
/// Roles of the agency that are told of a new incident (`content/organisation/roles.toml`).
const TOLD: [&str; 3] = ["responder", "officer", "leader"];

/// An incident reported by a person, by phone or on a form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewIncident {
    pub title: String,
    pub agency_id: String,
    pub system_id: String,
    pub description: String,
    pub occurred: Option<Micros>,
    pub detected: Option<Micros>,
}

/// Opens an incident by hand. Returns its id.
pub async fn open(tx: &Tx<'_>, live: &Live, now: Micros, new: &NewIncident) -> Result<String, Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    agencies::require_named(tx, "agency_id", &new.agency_id).await?;
    require_living(tx, now, &new.agency_id).await?;
    let system_id = Some(new.system_id.as_str()).filter(|id| !id.is_empty());
    if let Some(system_id) = system_id {
        let system = assurance::systems::store::find(tx, system_id).await?;
        if system.agency_id != new.agency_id {
            return Err(Error::invalid("system_id", "incident-system-of-another-agency"));
        }
    }
    let mut faults = FieldFaults::default();
    let title = faults.required_line("title", &new.title, LONGEST_TITLE);
    let description = faults.lines("description", &new.description, LONGEST_TEXT);
    faults.into_result()?;
    let detected = new.detected.unwrap_or(now);
    let actor = tx.scope().actor().name().to_owned();
    let mut times = Vec::new();
    let known = |kind, at| KnownTime {
        kind,
        at,
        known_by: Knowledge::Person,
        reference: actor.clone(),
        recorded_at: now,
        recorded_by: actor.clone(),
    };
    for (field, kind, at) in [
        ("detected", TimeKind::Detected, Some(detected)),
        ("occurred", TimeKind::Occurred, new.occurred),
        ("seen", TimeKind::Seen, Some(now.max(detected))),
    ] {
        let Some(at) = at else { continue };
        if let Some(problem) = time_problem(kind, at, &times, now) {
            return Err(Error::invalid(field, problem));
        }
        times.push(known(kind, at));
    }
    let id = create(tx, now, &title, &new.agency_id, system_id, &description, "opened-by-person").await?;
    for time in &times {
        store::set_time(tx, &id, time, "").await?;
    }
    tell_opened(tx, live, now, &id).await?;
    finish(tx, now, &id, &new.agency_id, "incident.open", json!({ "title": title })).await?;
    Ok(id)
}

/// Refuses an agency that has ended, and names what it became.
async fn require_living(tx: &Tx<'_>, now: Micros, agency_id: &str) -> Result<(), Error> {
    let agency = agencies::find(tx, agency_id).await?;
    if !agency.has_ended(now) {
        return Ok(());
    }
    let became = agencies::became(tx, agency_id).await?;
    if became.is_empty() {
        return Err(Error::invalid("agency_id", "agency-ended"));
    }
    let successor = became.into_iter().map(|one| one.agency_name).collect::<Vec<_>>().join(", ");
    Err(Error::mistake("incident-agency-became", [("agency", agency.name), ("successor", successor)]))
}

/// Who must act finds it in the inbox: whoever is on duty, responders, and the head of the agency.
pub(super) async fn tell_opened(tx: &Tx<'_>, live: &Live, now: Micros, id: &str) -> Result<(), Error> {
    let incident = store::find(tx, id).await?;
    let message = Message {
        severity: Severity::High,
        title_key: "incident-message-opened",
        title_arguments: vec![("code", incident.code), ("agency", incident.agency_name)],
        body: incident.title,
        link: format!("/incidents/{id}"),
        agency_id: Some(incident.agency_id.clone()),
    };
    let agency_id = Some(incident.agency_id.as_str());
    let mut recipients = vec![Recipient::OnDuty];
    recipients.extend(TOLD.map(|role| Recipient::Role { role, agency_id }));
    inbox::notify_all(tx, live, now, &recipients, &message).await?;
    Ok(())
}

pub(super) async fn create(
    tx: &Tx<'_>,
    now: Micros,
    title: &str,
    agency_id: &str,
    system_id: Option<&str>,
    description: &str,
    entry: &str,
) -> Result<String, Error> {
    let id = new_id(now);
    let year = vietnam_date(now).year();
    let agency = organisation::agencies::find(tx, agency_id).await?;
    let code = code(&agency.code, year, next_number(tx, "incident_numbers", agency_id, year).await?);
    let opened_by = tx.scope().actor().name().to_owned();
    let row = NewRow { id: &id, code: &code, title, agency_id, system_id, description, opened_by: &opened_by };
    store::insert_incident(tx, row, now).await?;
    store::add_entry(tx, &id, now, now, entry, &code).await?;
    Ok(id)
}

/// Moves the work on. Closing needs every clock answered, unless it was no incident.
pub async fn change_state(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    to: State,
    reason: &str,
    version: i64,
) -> Result<(), Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let incident = store::find(tx, id).await?;
    let change = incident.state().change(to).ok_or(Error::Conflict("incident-state-not-allowed"))?;
    let reason = reason_of(reason)?;
    if change.needs_reason && reason.is_empty() {
        return Err(Error::invalid("reason", "field-required"));
    }
    if to == State::Closed && !change.false_alarm {
        let open = clocks_of(tx, &incident, now).await?.iter().any(|(_, clock)| clock.state.is_open());
        if open {
            return Err(Error::Conflict("incident-clocks-still-run"));
        }
    }
    let contained = incident.contained_at.or((to > State::Contain && to != State::Closed).then_some(now));
    let columns: [(&str, Value); 5] = [
        ("state", to.code().into()),
        ("false_alarm", change.false_alarm.into()),
        ("contained_at", contained.into()),
        ("closed_at", (to == State::Closed).then_some(now).into()),
        ("updated_at", now.into()),
    ];
    update(tx, "incidents", id, version, &columns).await?;
    let detail = if reason.is_empty() { to.code().to_owned() } else { format!("{}: {reason}", to.code()) };
    store::add_entry(tx, id, now, now, "state", &detail).await?;
    let details = json!({ "from": incident.state, "to": to.code(), "reason": reason });
    finish(tx, now, id, &incident.agency_id, "incident.state", details).await
}

/// A time set or corrected by hand.
#[derive(Debug, Clone)]
pub struct Correction {
    pub kind: TimeKind,
    pub at: Micros,
    pub known_by: Knowledge,
    pub reference: String,
    pub reason: String,
}

/// Sets or corrects one of the first three times. A correction needs a reason; the old value is kept.
pub async fn set_time(tx: &Tx<'_>, now: Micros, id: &str, new: &Correction) -> Result<(), Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let incident = store::find(tx, id).await?;
    let times = store::times(tx, id).await?;
    let before = times.iter().find(|time| time.kind == new.kind).map(|time| time.at);
    let reason = reason_of(&new.reason)?;
    if !new.kind.by_hand() {
        return Err(Error::invalid("kind", "incident-time-from-notices"));
    }
    if before.is_some() && reason.is_empty() {
        return Err(Error::invalid("reason", "field-required"));
    }
    if let Some(problem) = time_problem(new.kind, new.at, &times, now) {
        return Err(Error::invalid("at", problem));
    }
    // What a person knows is known from somebody: where nobody is named, from whoever writes it down.
    let mut faults = FieldFaults::default();
    let mut reference = faults.line("reference", &new.reference, LONGEST_TITLE);
    faults.into_result()?;
    if reference.is_empty() && new.known_by == Knowledge::Person {
        tx.scope().actor().name().clone_into(&mut reference);
    }
    let time = KnownTime {
        kind: new.kind,
        at: new.at,
        known_by: new.known_by,
        reference,
        recorded_at: now,
        recorded_by: tx.scope().actor().name().to_owned(),
    };
    store::set_time(tx, id, &time, &reason).await?;
    let change = TimeChange { kind: new.kind, before, after: new.at, reason: reason.clone() };
    store::add_entry(tx, id, now, now, "time", &serde_json::to_string(&change).map_err(Error::internal)?).await?;
    let details = json!({ "kind": new.kind.code(), "before": before, "after": new.at, "reason": reason });
    finish(tx, now, id, &incident.agency_id, "incident.time", details).await
}

/// Sets severity and signs, with the reason. Clocks that depend on them follow.
pub async fn classify(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    severity: &str,
    signs: &[String],
    reason: &str,
    version: i64,
) -> Result<(), Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let incident = store::find(tx, id).await?;
    let law = law();
    let scale = law.scale().ok_or(Error::Conflict("incident-no-scale"))?;
    let level = scale.level(severity).ok_or_else(|| Error::invalid("severity", "field-required"))?;
    let mut signs: Vec<String> =
        signs.iter().filter(|sign| scale.signs().any(|known| known.id == **sign)).cloned().collect();
    signs.sort();
    signs.dedup();
    let reason = reason_of(reason)?;
    let proposed = scale.propose(&signs.iter().cloned().collect(), incident.system_level);
    let changed = incident.severity.is_some() && incident.severity.as_deref() != Some(severity);
    if reason.is_empty() && (changed || proposed.is_some_and(|proposed| proposed.id != level.id)) {
        return Err(Error::invalid("reason", "incident-severity-needs-reason"));
    }
    let by = tx.scope().actor().name().to_owned();
    let columns: [(&str, Value); 7] = [
        ("severity", severity.into()),
        ("serious", level.serious.into()),
        ("severity_set_by", by.into()),
        ("severity_set_at", now.into()),
        ("severity_reason", reason.as_str().into()),
        ("signs", json!(signs).to_string().into()),
        ("updated_at", now.into()),
    ];
    update(tx, "incidents", id, version, &columns).await?;
    let detail = format!("{} {reason}", level.title.vi);
    store::add_entry(tx, id, now, now, "severity", detail.trim()).await?;
    let details = json!({ "before": incident.severity, "after": severity, "signs": signs, "reason": reason });
    finish(tx, now, id, &incident.agency_id, "incident.classify", details).await
}

/// What people know of an incident.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct IncidentFacts {
    pub title: String,
    pub law_class: String,
    pub technical_kind: String,
    pub cause: String,
    pub description: String,
    pub scope: String,
    pub measures: String,
    pub already_notified: String,
    pub personal_data: String,
    /// Why kind or class changes, where one was set.
    pub change_reason: String,
    pub version: i64,
}

pub async fn edit(tx: &Tx<'_>, now: Micros, id: &str, facts: &IncidentFacts) -> Result<(), Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let incident = store::find(tx, id).await?;
    for (field, value, known) in [
        ("law_class", &facts.law_class, &LAW_CLASSES[..]),
        ("technical_kind", &facts.technical_kind, &TECHNICAL_KINDS[..]),
        ("cause", &facts.cause, &CAUSES[..]),
    ] {
        if !value.is_empty() && !known.contains(&value.as_str()) {
            return Err(Error::invalid(field, "field-invalid"));
        }
    }
    let mut faults = FieldFaults::default();
    let title = faults.required_line("title", &facts.title, LONGEST_TITLE);
    let reason = faults.line("change_reason", &facts.change_reason, LONGEST_TEXT);
    let texts = [
        ("description", faults.lines("description", &facts.description, LONGEST_TEXT)),
        ("scope", faults.lines("scope", &facts.scope, LONGEST_TEXT)),
        ("measures", faults.lines("measures", &facts.measures, LONGEST_TEXT)),
        ("already_notified", faults.line("already_notified", &facts.already_notified, LONGEST_TEXT)),
        ("personal_data", faults.line("personal_data", &facts.personal_data, LONGEST_TEXT)),
    ];
    faults.into_result()?;
    let kinds = [
        ("technical_kind", &incident.technical_kind, &facts.technical_kind),
        ("law_class", &incident.law_class, &facts.law_class),
    ];
    let changed: Vec<_> =
        kinds.into_iter().filter(|(_, before, after)| !before.is_empty() && before != after).collect();
    if !changed.is_empty() && reason.is_empty() {
        return Err(Error::invalid("change_reason", "incident-kind-needs-reason"));
    }
    let mut columns: Vec<(&str, Value)> = vec![
        ("title", title.as_str().into()),
        ("title_fold", kit::fold::fold(&title).into()),
        ("law_class", facts.law_class.as_str().into()),
        ("technical_kind", facts.technical_kind.as_str().into()),
        ("cause", facts.cause.as_str().into()),
        ("updated_at", now.into()),
    ];
    columns.extend(texts.map(|(column, text)| (column, text.into())));
    update(tx, "incidents", id, facts.version, &columns).await?;
    store::add_entry(tx, id, now, now, "facts", &reason).await?;
    let changed: Vec<_> = changed
        .into_iter()
        .map(|(name, before, after)| json!({ "field": name, "before": before, "after": after }))
        .collect();
    let mut details = json!({ "title": title });
    if !changed.is_empty() {
        details = json!({ "title": title, "changed": changed, "reason": reason });
    }
    finish(tx, now, id, &incident.agency_id, "incident.edit", details).await
}

/// Adds a note to the timeline, dated when it happened.
pub async fn note(tx: &Tx<'_>, now: Micros, id: &str, text: &str, happened: Option<Micros>) -> Result<(), Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let incident: Incident = store::find(tx, id).await?;
    let mut faults = FieldFaults::default();
    let text = faults.required_lines("text", text, LONGEST_TEXT);
    faults.into_result()?;
    let at = happened.unwrap_or(now);
    if at > now {
        return Err(Error::invalid("at", "incident-time-future"));
    }
    store::add_entry(tx, id, at, now, "note", &text).await?;
    audit::record(tx, now, "incident.note", "incident", id, Some(&incident.agency_id), json!({})).await
}

/// Clocks first, then the audit row, which is the last write of every act.
pub(super) async fn finish(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    agency_id: &str,
    action: &str,
    details: serde_json::Value,
) -> Result<(), Error> {
    refresh(tx, now, id).await?;
    audit::record(tx, now, action, "incident", id, Some(agency_id), details).await
}

/// A reason as it is kept.
fn reason_of(text: &str) -> Result<String, Error> {
    let mut faults = FieldFaults::default();
    let reason = faults.lines("reason", text, LONGEST_TEXT);
    faults.into_result().map(|()| reason)
}
