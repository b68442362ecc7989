//! What can be done with a notice: draft, edit, submit, return, approve, send, file the receipt, and its document.

use super::contradiction::{Contradiction, contradictions};
use super::document::{Surroundings, document, symbol};
use super::form::{FieldKind, NoticeForm};
use super::gather::{gather, related_alerts};
use super::prefill::{moment, prefill};
use super::{CHANNELS, FieldValue, Letterhead, Notice, State, approval_problem, store};
use crate::duties::Duty;
use crate::duties::service::{clocks_of, refresh};
use crate::incidents::store as incident_store;
use crate::incidents::{Incident, Knowledge as KnownBy, KnownTime, TimeKind};
use crate::law::law;
use crate::statements::{next_number, update};
use kit::calendar::vietnam_date;
use kit::clock::{MINUTE, Micros};
use kit::error::FieldError;
use kit::id::new_id;
use kit::live::Live;
use kit::page::Severity;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::Policies;
use organisation::inbox::{self, Message, Recipient};
use organisation::{audit, people};
use sea_orm::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

const LONGEST_FIELD: usize = 20_000;
const LONGEST_LINE: usize = 300;
/// Role of those who approve (`content/organisation/roles.toml`).
const HEAD: &str = "leader";

/// Opens a draft of a form for an incident, pre-filled. Returns its id; a draft of the same form that is still being
/// written is opened again instead of a second one.
pub async fn draft(tx: &Tx<'_>, now: Micros, incident_id: &str, form_id: &str) -> Result<String, Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let incident = incident_store::find(tx, incident_id).await?;
    let form = law().form(form_id).cloned().ok_or(Error::NotFound)?;
    let notices = store::of_incident(tx, incident_id).await?;
    if let Some(open) = notices.iter().find(|notice| notice.form == form_id && notice.state() < State::Approved) {
        return Ok(open.id.clone());
    }
    let known = gather(tx, &incident, &notices, now).await?;
    let fields = prefill(&form, &law(), &known);
    let recipients = due_recipients(tx, &incident, form_id, now).await?;
    let id = new_id(now);
    let row = store::NewRow {
        id: &id,
        incident_id,
        agency_id: &incident.agency_id,
        form: form_id,
        fields: &fields,
        letterhead: &known.reporter.letterhead,
        recipients: &recipients,
    };
    store::insert_notice(tx, row, now).await?;
    incident_store::add_entry(tx, incident_id, now, now, "notice-drafted", &form.title.vi).await?;
    audit::record(tx, now, "notice.draft", "notice", &id, Some(&incident.agency_id), json!({ "form": form_id }))
        .await?;
    if let Some(system_id) = &incident.system_id {
        let system = assurance::systems::store::find(tx, system_id).await?;
        assurance::systems::service::record_reveal(tx, &system, "notice", now).await?;
    }
    Ok(id)
}

/// Recipients of the open duties that this form fulfils, the stricter first; where none is open, everybody who may ask
/// for the form.
async fn due_recipients(tx: &Tx<'_>, incident: &Incident, form: &str, now: Micros) -> Result<Vec<String>, Error> {
    let clocks = clocks_of(tx, incident, now).await?;
    let recipients = |duties: Vec<Arc<Duty>>| {
        let mut recipients: Vec<String> = Vec::new();
        for duty in duties.iter().filter(|duty| duty.form == form) {
            if !recipients.contains(&duty.recipient.id) {
                recipients.push(duty.recipient.id.clone());
            }
        }
        recipients
    };
    let open = clocks.iter().filter(|(_, clock)| clock.state.is_open()).map(|(duty, _)| Arc::clone(duty));
    let open = recipients(open.collect());
    if !open.is_empty() {
        return Ok(open);
    }
    Ok(recipients(law().duties_from(vietnam_date(now))))
}

/// Duties that a notice may be for: those in force, and those that its incident has begun with.
pub(super) async fn duties_of(
    connection: &impl Connection,
    notice: &Notice,
    now: Micros,
) -> Result<Vec<Arc<Duty>>, Error> {
    let mut duties = law().duties_from(vietnam_date(now));
    let incident = incident_store::find(connection, &notice.incident_id).await?;
    duties.extend(clocks_of(connection, &incident, now).await?.into_iter().map(|(duty, _)| duty));
    Ok(duties)
}

/// What a person changed in a draft.
#[derive(Debug, Clone, Default)]
pub struct NoticeChange {
    pub fields: BTreeMap<String, String>,
    pub letterhead: Letterhead,
    pub recipients: Vec<String>,
    /// Fields whose value is taken from the incident instead.
    pub take: Vec<String>,
    pub version: i64,
}

impl NoticeChange {
    /// Puts what was typed in the place of what stands in the register, for a form that comes back.
    pub fn show_in(&self, notice: &mut Notice) {
        for (id, value) in &self.fields {
            if let Some(field) = notice.fields.get_mut(id) {
                field.value.clone_from(value);
            }
        }
        notice.letterhead.clone_from(&self.letterhead);
        notice.recipients.clone_from(&self.recipients);
    }
}

/// Saves a draft. Whatever is missing is allowed until submission.
pub async fn edit(tx: &Tx<'_>, now: Micros, id: &str, change: &NoticeChange) -> Result<(), Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let notice = store::find(tx, id).await?;
    let form = form_of(&notice)?;
    if notice.state() != State::Draft {
        return Err(Error::Conflict("notice-not-a-draft"));
    }
    let mut faults = FieldFaults::default();
    let mut fields = BTreeMap::new();
    for field in form.fields() {
        let before = notice.fields.get(&field.id).cloned().unwrap_or_default();
        let after = match (change.fields.get(&field.id), field.kind) {
            (Some(value), FieldKind::Line) => faults.line(&field.id, value, LONGEST_FIELD),
            (Some(value), FieldKind::Text) => faults.lines(&field.id, value, LONGEST_FIELD),
            (None, _) => before.value.clone(),
        };
        let edited = before.edited || after != before.value;
        fields.insert(field.id.clone(), FieldValue { value: after, source: before.source, edited });
    }
    let letterhead = checked(&change.letterhead, &mut faults);
    faults.into_result()?;
    let differing = contradictions_in(tx, &Notice { fields: fields.clone(), ..notice.clone() }, &form).await?;
    let mut taken = Vec::new();
    for one in differing.into_iter().filter(|one| change.take.contains(&one.field)) {
        let source = form.fields().find(|field| field.id == one.field).and_then(|field| field.prefill.clone());
        let value = FieldValue { value: one.expected, source: source.unwrap_or_default(), edited: false };
        fields.insert(one.field.clone(), value);
        taken.push(one.field);
    }
    let duties = duties_of(tx, &notice, now).await?;
    let known = |id: &String| duties.iter().any(|duty| duty.recipient.id == *id);
    let recipients: Vec<String> = change.recipients.iter().filter(|id| known(id)).cloned().collect();
    let columns: [(&str, Value); 4] = [
        ("fields", store::text(&fields)?),
        ("letterhead", store::text(&letterhead)?),
        ("recipients", store::text(&recipients)?),
        ("updated_at", now.into()),
    ];
    update(tx, "notices", id, change.version, &columns).await?;
    let details = if taken.is_empty() { json!({}) } else { json!({ "taken_from_incident": taken }) };
    audit::record(tx, now, "notice.edit", "notice", id, Some(&notice.agency_id), details).await
}

/// Where a notice that is not approved yet says something else than its incident.
pub(super) async fn contradictions_in(
    connection: &impl Connection,
    notice: &Notice,
    form: &NoticeForm,
) -> Result<Vec<Contradiction>, Error> {
    if notice.state() >= State::Approved {
        return Ok(Vec::new());
    }
    let incident = incident_store::find(connection, &notice.incident_id).await?;
    Ok(contradictions(notice, form, &law(), &incident))
}

/// The letterhead as it is kept.
fn checked(head: &Letterhead, faults: &mut FieldFaults) -> Letterhead {
    let mut line = |field: &str, text: &str| faults.line(field, text, LONGEST_LINE);
    Letterhead {
        issuer_parent: line("issuer_parent", &head.issuer_parent),
        issuer: line("issuer", &head.issuer),
        symbol: line("symbol", &head.symbol),
        place: line("place", &head.place),
        position: line("position", &head.position),
        signer: line("signer", &head.signer),
        authority: faults.lines("authority", &head.authority, LONGEST_LINE),
    }
}

/// Hands a complete draft to the head. What is missing is named field by field.
pub async fn submit(tx: &Tx<'_>, live: &Live, now: Micros, id: &str, version: i64) -> Result<(), Error> {
    tx.scope().require(Capability::HandleIncidents)?;
    let notice = store::find(tx, id).await?;
    let form = form_of(&notice)?;
    let mut missing: Vec<FieldError> = notice
        .missing(&form)
        .into_iter()
        .map(|field| FieldError { field: field.id.clone(), key: "field-required" })
        .collect();
    let head = &notice.letterhead;
    for (field, value) in [("issuer", &head.issuer), ("symbol", &head.symbol), ("place", &head.place)] {
        if value.trim().is_empty() {
            missing.push(FieldError { field: field.to_owned(), key: "field-required" });
        }
    }
    if notice.recipients.is_empty() {
        missing.push(FieldError { field: "recipients".to_owned(), key: "field-required" });
    }
    for one in contradictions_in(tx, &notice, &form).await? {
        missing.push(FieldError { field: one.field, key: "notice-contradicts" });
    }
    if !missing.is_empty() {
        return Err(Error::Invalid(missing));
    }
    let columns: [(&str, Value); 4] = [
        ("submitted_at", now.into()),
        ("submitted_by", tx.scope().actor().id().into()),
        ("returned_reason", "".into()),
        ("updated_at", now.into()),
    ];
    tell_head(tx, live, now, &notice).await?;
    advance(tx, now, &notice, State::Submitted, version, &columns, json!({})).await
}

/// Gives a submitted notice back with what is wrong.
pub async fn return_to_author(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    id: &str,
    reason: &str,
    version: i64,
) -> Result<(), Error> {
    tx.scope().require(Capability::ApproveNotices)?;
    let notice = store::find(tx, id).await?;
    let approver = tx.scope().person_id().ok_or(Error::Forbidden("approve-notices"))?;
    let heads = heads(tx, &notice, now).await?;
    if approval_problem(&notice, approver, &heads, &Policies::in_force()?.separation) == Some("notice-another-head") {
        return Err(Error::Conflict("notice-another-head"));
    }
    let mut faults = FieldFaults::default();
    let reason = faults.required_lines("reason", reason, 2_000);
    faults.into_result()?;
    let columns: [(&str, Value); 2] = [("returned_reason", reason.as_str().into()), ("updated_at", now.into())];
    tell_author(tx, live, now, &notice, "notice-message-returned").await?;
    advance(tx, now, &notice, State::Draft, version, &columns, json!({ "reason": reason })).await
}

/// Approval by the head: gives the number, dates the document and keeps it as it is now. `number` is the one from the
/// agency's own register of documents; without it the next of the series is taken.
pub async fn approve(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    id: &str,
    number: Option<i64>,
    version: i64,
) -> Result<(), Error> {
    tx.scope().require(Capability::ApproveNotices)?;
    let mut notice = store::find(tx, id).await?;
    let form = form_of(&notice)?;
    let approver = tx.scope().person_id().ok_or(Error::Forbidden("approve-notices"))?.to_owned();
    let heads = heads(tx, &notice, now).await?;
    if let Some(problem) = approval_problem(&notice, &approver, &heads, &Policies::in_force()?.separation) {
        return Err(Error::Conflict(problem));
    }
    if !contradictions_in(tx, &notice, &form).await?.is_empty() {
        return Err(Error::Conflict("notice-contradicts-incident"));
    }
    if number.is_some_and(|number| !(1..1_000_000).contains(&number)) {
        return Err(Error::invalid("number", "field-invalid"));
    }
    let date = vietnam_date(now);
    let number = match number {
        Some(number) => number,
        None => next_number(tx, "notice_numbers", &notice.agency_id, date.year()).await?,
    };
    let person = people::find(tx, &approver).await?;
    notice.letterhead = notice.letterhead.signed_by(&person);
    if notice.letterhead.position.is_empty() {
        return Err(Error::Conflict("notice-signer-without-position"));
    }
    notice.number = Some(number);
    let content = render(tx, &notice, &form, Some(date), now).await?;
    let sha256 = store::keep_document(tx, id, &content, now).await?;
    let symbol = format!("{number:02}/{}", symbol(&form, &notice.letterhead.symbol));
    let columns: [(&str, Value); 9] = [
        ("letterhead", store::text(&notice.letterhead)?),
        ("number", number.into()),
        ("year", i64::from(date.year()).into()),
        ("symbol", symbol.as_str().into()),
        ("approved_at", now.into()),
        ("approved_by", approver.into()),
        ("approver_name", person.full_name.into()),
        ("document_sha256", sha256.as_str().into()),
        ("updated_at", now.into()),
    ];
    let details = json!({ "symbol": symbol, "sha256": sha256 });
    tell_author(tx, live, now, &notice, "notice-message-approved").await?;
    advance(tx, now, &notice, State::Approved, version, &columns, details).await
}

/// Who approves in the name of the agency: its heads, and who belongs to it and is asked.
pub(super) async fn heads(connection: &impl Connection, notice: &Notice, now: Micros) -> Result<Vec<String>, Error> {
    let mut heads = people::heads_of(connection, HEAD, &notice.agency_id, now).await?;
    if let Some(id) = connection.scope().person_id()
        && connection.scope().may(Capability::ApproveNotices)
        && people::find(connection, id).await.is_ok_and(|person| person.agency_id == notice.agency_id)
    {
        heads.push(id.to_owned());
    }
    Ok(heads)
}

/// Whoever may approve finds it in the inbox; where nobody stands for the agency, those above it learn so.
async fn tell_head(tx: &Tx<'_>, live: &Live, now: Micros, notice: &Notice) -> Result<(), Error> {
    let heads = people::heads_of(tx, HEAD, &notice.agency_id, now).await?;
    let mut recipients: Vec<_> = heads.iter().map(|head| Recipient::Person(head)).collect();
    if recipients.is_empty() {
        recipients.push(Recipient::Role { role: HEAD, agency_id: Some(&notice.agency_id) });
    }
    let message = message(notice, "notice-message-submitted", Severity::High);
    inbox::notify_all(tx, live, now, &recipients, &message).await?;
    Ok(())
}

async fn tell_author(tx: &Tx<'_>, live: &Live, now: Micros, notice: &Notice, key: &'static str) -> Result<(), Error> {
    let author = Recipient::Person(&notice.author_id);
    inbox::notify(tx, live, now, author, &message(notice, key, Severity::Medium)).await?;
    Ok(())
}

fn message(notice: &Notice, title_key: &'static str, severity: Severity) -> Message {
    Message {
        severity,
        title_key,
        title_arguments: vec![("code", notice.incident_code.clone())],
        body: notice.incident_title.clone(),
        link: format!("/notices/{}", notice.id),
        agency_id: Some(notice.agency_id.clone()),
    }
}

/// Records that the notice left, when and how. Duties and the incident's time "reported" follow.
pub async fn record_sent(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    channel: &str,
    sent_at: Option<Micros>,
    version: i64,
) -> Result<(), Error> {
    tx.scope().require(Capability::SendNotices)?;
    let notice = store::find(tx, id).await?;
    if !CHANNELS.contains(&channel) {
        return Err(Error::invalid("channel", "field-required"));
    }
    let sent_at = sent_at.unwrap_or(now);
    // Forms give minutes; an approval in the same minute is not after it.
    let earliest = notice.approved_at.unwrap_or(now) / MINUTE * MINUTE;
    if sent_at > now || sent_at < earliest {
        return Err(Error::invalid("sent_at", "notice-sent-before-approval"));
    }
    let columns: [(&str, Value); 4] = [
        ("sent_at", sent_at.into()),
        ("sent_by", tx.scope().actor().id().into()),
        ("channel", channel.into()),
        ("updated_at", now.into()),
    ];
    keep_time(tx, &notice, TimeKind::Reported, sent_at, &notice.symbol, now).await?;
    advance(tx, now, &notice, State::Sent, version, &columns, json!({ "channel": channel, "sent_at": sent_at })).await
}

/// Files the recipient's confirmation.
pub async fn record_receipt(
    tx: &Tx<'_>,
    now: Micros,
    id: &str,
    received_at: Option<Micros>,
    reference: &str,
    version: i64,
) -> Result<(), Error> {
    tx.scope().require(Capability::SendNotices)?;
    let notice = store::find(tx, id).await?;
    let received_at = received_at.unwrap_or(now);
    let mut faults = FieldFaults::default();
    let reference = faults.required_line("reference", reference, 500);
    faults.into_result()?;
    let earliest = notice.sent_at.unwrap_or(now) / MINUTE * MINUTE;
    if received_at > now || received_at < earliest {
        return Err(Error::invalid("received_at", "notice-receipt-before-sent"));
    }
    let columns: [(&str, Value); 3] = [
        ("receipt_at", received_at.into()),
        ("receipt_reference", reference.as_str().into()),
        ("updated_at", now.into()),
    ];
    keep_time(tx, &notice, TimeKind::Receipt, received_at, &reference, now).await?;
    advance(tx, now, &notice, State::Receipt, version, &columns, json!({ "reference": reference })).await
}

/// The first report and the first receipt are the incident's; later notices do not move them.
async fn keep_time(
    tx: &Tx<'_>,
    notice: &Notice,
    kind: TimeKind,
    at: Micros,
    reference: &str,
    now: Micros,
) -> Result<(), Error> {
    let times = incident_store::times(tx, &notice.incident_id).await?;
    if times.iter().any(|time| time.kind == kind && time.at <= at) {
        return Ok(());
    }
    let recorded_by = tx.scope().actor().name().to_owned();
    let reference = reference.to_owned();
    let time = KnownTime { kind, at, known_by: KnownBy::Document, reference, recorded_at: now, recorded_by };
    incident_store::set_time(tx, &notice.incident_id, &time, "").await
}

/// The step itself: state, timeline, clocks, and the audit row last.
async fn advance(
    tx: &Tx<'_>,
    now: Micros,
    notice: &Notice,
    to: State,
    version: i64,
    columns: &[(&str, Value)],
    details: serde_json::Value,
) -> Result<(), Error> {
    if !notice.state().may_become(to) {
        return Err(Error::Conflict("notice-state-not-allowed"));
    }
    let mut columns = columns.to_vec();
    columns.push(("state", to.code().into()));
    update(tx, "notices", &notice.id, version, &columns).await?;
    let form = form_of(notice)?;
    let title = form.title.vi.as_str();
    let kind = if to == State::Draft { "notice-returned".to_owned() } else { format!("notice-{}", to.code()) };
    incident_store::add_entry(tx, &notice.incident_id, now, now, &kind, title).await?;
    refresh(tx, now, &notice.incident_id).await?;
    let action = format!("notice.{}", to.code());
    audit::record(tx, now, &action, "notice", &notice.id, Some(&notice.agency_id), details).await
}

/// The DOCX: as it was approved, else as it stands now, marked as a draft. With the name to save it under.
pub async fn docx(connection: &impl Connection, id: &str, now: Micros) -> Result<(Notice, Vec<u8>), Error> {
    connection.scope().require(Capability::ViewIncidents)?;
    let notice = store::find(connection, id).await?;
    if let Some(content) = store::document(connection, id).await? {
        return Ok((notice, content));
    }
    let form = form_of(&notice)?;
    let content = render(connection, &notice, &form, None, now).await?;
    Ok((notice, content))
}

async fn render(
    connection: &impl Connection,
    notice: &Notice,
    form: &NoticeForm,
    date: Option<jiff::civil::Date>,
    now: Micros,
) -> Result<Vec<u8>, Error> {
    let incident = incident_store::find(connection, &notice.incident_id).await?;
    let clocks = clocks_of(connection, &incident, now).await?;
    let next_due = clocks
        .iter()
        .filter(|(duty, clock)| duty.form != form.id && clock.state.is_open())
        .filter_map(|(_, clock)| clock.due_at)
        .filter(|due| *due > now)
        .min();
    let around = Surroundings {
        alerts: related_alerts(connection, &incident.id).await?,
        next_due: next_due.map(|due| moment(due, now)).unwrap_or_default(),
        date,
        now,
    };
    documents::render(&document(notice, form, &law(), &around)).map_err(|error| match error {
        documents::DocumentError::Missing(_) => Error::Conflict("notice-incomplete"),
        error => Error::internal(error),
    })
}

/// The form of a notice, which may have been taken out of the content since.
pub fn form_of(notice: &Notice) -> Result<Arc<NoticeForm>, Error> {
    law().form(&notice.form).cloned().ok_or(Error::Conflict("notice-form-gone"))
}
