//! Pages of notices: what waits for whom, one notice with its form, its acts, its DOCX.

use super::contradiction::Contradiction;
use super::form::FieldKind;
use super::service::{self, NoticeChange, contradictions_in, duties_of, form_of, heads};
use super::{CHANNELS, Letterhead, Notice, State, approval_problem, store};
use crate::again::{Again, typed};
use crate::duties::Duty;
use crate::edge::tell;
use crate::law::law;
use crate::readings::tell_notice;
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kit::civil::{moment_field, moment_in};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Place, Tone};
use kit::web::{Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error, Tx};
use organisation::Policies;
use organisation::people;
use serde::Deserialize;
use std::sync::Arc;

const LISTED: u64 = 200;

pub fn routes() -> Routes {
    Routes::new()
        .get("/notices", Capability::ViewIncidents, list_notices)
        .get("/notices/{id}", Capability::ViewIncidents, show_notice)
        .post("/notices/{id}", Capability::HandleIncidents, save_notice)
        .post("/notices/{id}/submit", Capability::HandleIncidents, submit_notice)
        .post("/notices/{id}/return", Capability::ApproveNotices, return_notice)
        .post("/notices/{id}/approve", Capability::ApproveNotices, approve_notice)
        .post("/notices/{id}/sent", Capability::SendNotices, record_sent)
        .post("/notices/{id}/receipt", Capability::SendNotices, record_receipt)
        .get("/notices/{id}/document.docx", Capability::ViewIncidents, download)
}

impl State {
    pub fn tone(self) -> Tone {
        match self {
            Self::Draft => Tone::Neutral,
            Self::Submitted | Self::Approved => Tone::Active,
            Self::Sent | Self::Receipt => Tone::Good,
        }
    }
}

struct Group {
    state: State,
    rows: Vec<(Notice, String)>,
}

#[derive(Template)]
#[template(path = "notices/templates/list.html")]
struct ListPage {
    page: Page,
    groups: Vec<Group>,
}

/// What waits: for approval first, then to be sent, then for receipts, then drafts.
async fn list_notices(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let connection = visit.read();
    let mut groups = Vec::new();
    for state in [State::Submitted, State::Approved, State::Sent, State::Draft, State::Receipt] {
        let rows = store::in_state(&connection, state, LISTED).await?;
        let rows = rows.into_iter().map(|notice| {
            let title = title_of(&notice, visit.lang);
            (notice, title)
        });
        groups.push(Group { state, rows: rows.collect() });
    }
    groups.retain(|group: &Group| !group.rows.is_empty());
    Ok(render(&ListPage { page: visit.page().await?, groups })?.into_response())
}

fn title_of(notice: &Notice, lang: kit::Lang) -> String {
    law().form(&notice.form).map_or_else(|| notice.form.clone(), |form| form.title.of(lang).to_owned())
}

/// A field of the form with where its first value came from.
struct NoticeField {
    entry: Entry,
    source: String,
    /// What the incident says where that is something else.
    differs: Option<Contradiction>,
}

#[derive(Template)]
#[template(path = "notices/templates/notice.html")]
struct NoticePage<'again> {
    page: Page,
    notice: Notice,
    title: String,
    basis: String,
    form_is_draft: bool,
    sections: Vec<(String, Vec<NoticeField>)>,
    letterhead: Vec<Entry>,
    recipients: Vec<Choice>,
    errors: ErrorSummary,
    /// The form that came back, where one did.
    again: &'again Again,
    /// It is being written, and this person may write.
    may_edit: bool,
    may_approve: bool,
    may_return: bool,
    /// Why this person may not approve, where that is so.
    not_approving: String,
    /// The signature block as it would be.
    signature: Vec<String>,
    number: Entry,
    sending: Vec<Entry>,
    receipt: Vec<Entry>,
    may_send: bool,
}

async fn show_notice(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let notice = store::find(&visit.read(), &id).await?;
    page(&visit, notice, &Again::default()).await
}

async fn page(visit: &Visit, notice: Notice, again: &Again) -> Result<Response, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let errors = again.errors_of("edit");
    let connection = visit.read();
    let form = form_of(&notice)?;
    let duties = duties_of(&connection, &notice, visit.now()).await?;
    tell_notice(visit, &notice, "report").await?;
    let page = visit.page().await?;
    let scope = visit.scope();
    let state = notice.state();
    let approver = scope.person_id().filter(|_| state == State::Submitted && scope.may(Capability::ApproveNotices));
    let problem = match approver {
        Some(person) => {
            let heads = heads(&connection, &notice, visit.now()).await?;
            approval_problem(&notice, person, &heads, &Policies::in_force()?.separation)
        }
        None => None,
    };
    let signature = match approver.filter(|_| problem.is_none()) {
        Some(person) => signature(&notice.letterhead.signed_by(&people::find(&connection, person).await?)),
        None => Vec::new(),
    };
    let differing = contradictions_in(&connection, &notice, &form).await?;
    let sections = form.sections.iter().map(|section| {
        let fields = section.fields.iter().map(|field| {
            let value = notice.fields.get(&field.id).cloned().unwrap_or_default();
            let kind = if field.kind == FieldKind::Text { "textarea" } else { "text" };
            let mut entry =
                Entry::new(kind, field.id.clone(), field.label.of(visit.lang)).value(value.value).checked(&errors);
            entry.required = field.required;
            let source = match (value.source.is_empty(), value.edited) {
                (true, _) => String::new(),
                (false, false) => page.t("notice-from-register"),
                (false, true) => page.t("notice-from-register-edited"),
            };
            let differs = differing.iter().find(|one| one.field == field.id).cloned();
            NoticeField { entry, source, differs }
        });
        (section.title.of(visit.lang).to_owned(), fields.collect())
    });
    let now_field = moment_field(visit.now());
    let template = NoticePage {
        title: form.title.of(visit.lang).to_owned(),
        basis: form.basis.place(),
        form_is_draft: form.status == "draft",
        sections: sections.collect(),
        letterhead: letterhead_entries(&page, &notice.letterhead, &errors),
        recipients: recipients(&duties, &notice, visit.lang),
        may_edit: state == State::Draft && scope.may(Capability::HandleIncidents),
        may_approve: approver.is_some() && problem.is_none(),
        may_return: approver.is_some() && problem != Some("notice-another-head"),
        not_approving: problem.map(|key| page.t(key)).unwrap_or_default(),
        signature,
        number: act_entry(&page, again, "approve", "number", "number", "notice-number")
            .hint(page.t("notice-number-hint")),
        sending: sending_entries(&page, again, &now_field),
        receipt: receipt_entries(&page, again, &now_field),
        may_send: matches!(state, State::Approved | State::Sent) && scope.may(Capability::SendNotices),
        errors: ErrorSummary::default(),
        again,
        notice,
        page,
    };
    let template = NoticePage { errors: summary(&template), ..template };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

fn signature(head: &Letterhead) -> Vec<String> {
    head.authority.lines().chain([head.position.as_str(), head.signer.as_str()]).map(str::to_owned).collect()
}

/// A field of one of the short forms around a notice.
fn act_entry(page: &Page, again: &Again, form: &str, kind: &'static str, name: &str, key: &str) -> Entry {
    Entry::new(kind, name, page.t(key)).value(again.value(form, name, "")).checked(&again.errors_of(form))
}

fn sending_entries(page: &Page, again: &Again, now: &str) -> Vec<Entry> {
    let channels = CHANNELS.iter().map(|code| Choice::new(*code, page.t(&format!("notice-channel-{code}")), false));
    let at = again.value("sent", "sent_at", now);
    vec![
        act_entry(page, again, "sent", "select", "channel", "notice-channel").choices(channels.collect()).required(),
        act_entry(page, again, "sent", "date-time", "sent_at", "notice-sent-at").value(at).required(),
    ]
}

fn receipt_entries(page: &Page, again: &Again, now: &str) -> Vec<Entry> {
    let at = again.value("receipt", "received_at", now);
    vec![
        act_entry(page, again, "receipt", "text", "reference", "notice-receipt-reference").required(),
        act_entry(page, again, "receipt", "date-time", "received_at", "notice-receipt-at").value(at).required(),
    ]
}

/// The errors of the form that came back, in the order of the page.
fn summary(template: &NoticePage<'_>) -> ErrorSummary {
    let page = &template.page;
    let place = |field: &str, element: &str, key: &str| Place {
        field: field.to_owned(),
        element: element.to_owned(),
        label: page.t(key),
    };
    let acts = template.sending.iter().chain(&template.receipt).map(Place::from);
    let fields = template.sections.iter().flat_map(|(_, fields)| fields.iter().map(|field| Place::from(&field.entry)));
    let places = [Place::from(&template.number), place("reason", "notice-return-reason", "shell-reason")];
    let places = places.into_iter().chain(acts).chain(fields);
    let places = places.chain([place("recipients", "recipients", "notice-recipients")]);
    template.again.errors.summary(places.chain(template.letterhead.iter().map(Place::from)))
}

fn letterhead_entries(page: &Page, head: &Letterhead, errors: &FormErrors) -> Vec<Entry> {
    let entry = |kind, name: &str, value: &str| {
        Entry::new(kind, name, page.t(&format!("notice-{}", name.replace('_', "-")))).value(value).checked(errors)
    };
    vec![
        entry("text", "issuer_parent", &head.issuer_parent),
        entry("text", "issuer", &head.issuer).required(),
        entry("text", "symbol", &head.symbol).hint(page.t("notice-symbol-hint")).required(),
        entry("text", "place", &head.place).required(),
        entry("textarea", "authority", &head.authority).hint(page.t("notice-authority-hint")).rows(2),
        entry("text", "position", &head.position).hint(page.t("notice-signer-hint")),
        entry("text", "signer", &head.signer),
    ]
}

fn recipients(duties: &[Arc<Duty>], notice: &Notice, lang: kit::Lang) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for recipient in duties.iter().map(|duty| &duty.recipient) {
        if !choices.iter().any(|choice| choice.value == recipient.id) {
            let chosen = notice.recipients.contains(&recipient.id);
            choices.push(Choice::new(recipient.id.clone(), recipient.name(lang), chosen));
        }
    }
    choices
}

/// What comes of a form: its name, what is said when it is done, what was typed.
struct Act {
    form: &'static str,
    said: &'static str,
    typed: Vec<(String, String)>,
}

/// Commits, says so and shows the notice; or shows it again with what was typed and what is wrong.
async fn finish(visit: &Visit, tx: Tx<'_>, id: &str, done: Result<(), Error>, act: Act) -> Result<Response, Fail> {
    match done {
        Ok(()) => {
            let notice = store::find(&tx, id).await?;
            tell(&visit.app, &tx, &notice.incident_id, &notice.agency_id);
            tx.commit().await?;
            Ok(see_other_saying(format!("/notices/{id}"), FlashKind::Done, act.said))
        }
        Err(error) => {
            drop(tx);
            let again = Again::new(act.form, act.typed, visit.lang, error)?;
            let mut notice = store::find(&visit.read(), id).await?;
            if again.form == "edit" && notice.state() == State::Draft {
                change(again.typed()).show_in(&mut notice);
            }
            page(visit, notice, &again).await
        }
    }
}

/// What the browser sends of a draft, field by field.
fn change(pairs: &[(String, String)]) -> NoticeChange {
    let mut change = NoticeChange { version: -1, ..NoticeChange::default() };
    for (name, value) in pairs.iter().cloned() {
        match name.as_str() {
            "version" => change.version = value.parse().unwrap_or(-1),
            "recipients" => change.recipients.push(value),
            "take" => change.take.push(value),
            "issuer_parent" => change.letterhead.issuer_parent = value,
            "issuer" => change.letterhead.issuer = value,
            "symbol" => change.letterhead.symbol = value,
            "place" => change.letterhead.place = value,
            "authority" => change.letterhead.authority = value,
            "position" => change.letterhead.position = value,
            "signer" => change.letterhead.signer = value,
            _ => {
                change.fields.insert(name, value);
            }
        }
    }
    change
}

/// Saves; with the button "submit" also hands it to the head. What was typed is kept even if it cannot be submitted yet.
async fn save_notice(
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Fail> {
    let submit = pairs.iter().any(|(name, value)| name == "then" && value == "submit");
    let change = change(&pairs);
    let tx = visit.begin().await?;
    let saved = service::edit(&tx, visit.now(), &id, &change).await;
    if !submit || saved.is_err() {
        return finish(&visit, tx, &id, saved, Act { form: "edit", said: "notice-saved", typed: pairs }).await;
    }
    tx.commit().await?;
    let tx = visit.begin().await?;
    let submitted = service::submit(&tx, &visit.app.live, visit.now(), &id, change.version + 1).await;
    finish(&visit, tx, &id, submitted, Act { form: "edit", said: "notice-submitted", typed: pairs }).await
}

#[derive(Deserialize)]
#[serde(default)]
struct ActForm {
    version: i64,
    reason: String,
    number: String,
    channel: String,
    sent_at: String,
    received_at: String,
    reference: String,
}

impl Default for ActForm {
    fn default() -> Self {
        let none = String::new;
        Self {
            version: -1,
            reason: none(),
            number: none(),
            channel: none(),
            sent_at: none(),
            received_at: none(),
            reference: none(),
        }
    }
}

async fn submit_notice(visit: Visit, Path(id): Path<String>, Form(form): Form<ActForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = service::submit(&tx, &visit.app.live, visit.now(), &id, form.version).await;
    finish(&visit, tx, &id, done, Act { form: "edit", said: "notice-submitted", typed: Vec::new() }).await
}

async fn return_notice(visit: Visit, Path(id): Path<String>, Form(form): Form<ActForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = service::return_to_author(&tx, &visit.app.live, visit.now(), &id, &form.reason, form.version).await;
    let typed = typed([("reason", &form.reason)]);
    finish(&visit, tx, &id, done, Act { form: "return", said: "notice-returned", typed }).await
}

async fn approve_notice(visit: Visit, Path(id): Path<String>, Form(form): Form<ActForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = async {
        let number = match form.number.trim() {
            "" => None,
            text => Some(text.parse().map_err(|_| Error::invalid("number", "field-invalid"))?),
        };
        service::approve(&tx, &visit.app.live, visit.now(), &id, number, form.version).await
    };
    let done = done.await;
    let typed = typed([("number", &form.number)]);
    finish(&visit, tx, &id, done, Act { form: "approve", said: "notice-approved", typed }).await
}

async fn record_sent(visit: Visit, Path(id): Path<String>, Form(form): Form<ActForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = async {
        let at = moment_in("sent_at", &form.sent_at)?;
        service::record_sent(&tx, visit.now(), &id, &form.channel, at, form.version).await
    };
    let done = done.await;
    let typed = typed([("channel", &form.channel), ("sent_at", &form.sent_at)]);
    finish(&visit, tx, &id, done, Act { form: "sent", said: "notice-sent-recorded", typed }).await
}

async fn record_receipt(visit: Visit, Path(id): Path<String>, Form(form): Form<ActForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = async {
        let at = moment_in("received_at", &form.received_at)?;
        service::record_receipt(&tx, visit.now(), &id, at, &form.reference, form.version).await
    };
    let done = done.await;
    let typed = typed([("reference", &form.reference), ("received_at", &form.received_at)]);
    finish(&visit, tx, &id, done, Act { form: "receipt", said: "notice-receipt-recorded", typed }).await
}

async fn download(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let (notice, content) = service::docx(&visit.read(), &id, visit.now()).await?;
    tell_notice(&visit, &notice, "document").await?;
    let name = format!("{}-{}-{}.docx", notice.incident_code, notice.form, notice.state);
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(documents::DOCX_MEDIA_TYPE);
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], content).into_response())
}
