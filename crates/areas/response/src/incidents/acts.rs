//! What people do on the page of an incident. Each act is one form; one that was not right comes back with its page.

use super::service::{self, Correction, IncidentFacts};
use super::{Knowledge, State, TimeKind, show, store};
use crate::again::{Again, typed};
use crate::edge::tell;
use crate::notices;
use axum::extract::Path;
use axum::response::Response;
use kit::Capability;
use kit::civil::moment_in;
use kit::page::FlashKind;
use kit::web::{Fail, Form, OnceForm, Routes, Visit, see_other, see_other_saying};
use kit::{Error, Tx};
use serde::Deserialize;

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/incidents/{id}/state", Capability::HandleIncidents, change_state)
        .post("/incidents/{id}/severity", Capability::HandleIncidents, classify)
        .post("/incidents/{id}/times", Capability::HandleIncidents, set_time)
        .post("/incidents/{id}/facts", Capability::HandleIncidents, edit_facts)
        .post("/incidents/{id}/notes", Capability::HandleIncidents, add_note)
        .post("/incidents/{id}/notices", Capability::HandleIncidents, draft_notice)
}

/// What comes of a form: its name, the tab it stands in, what is said when it is done.
struct Act {
    form: &'static str,
    tab: &'static str,
    said: &'static str,
    typed: Vec<(String, String)>,
}

/// Commits and says so, or shows the page again with what was typed and what is wrong.
async fn finish(visit: &Visit, tx: Tx<'_>, id: &str, done: Result<(), Error>, act: Act) -> Result<Response, Fail> {
    match done {
        Ok(()) => {
            let agency_id = store::find(&tx, id).await?.agency_id;
            tell(&visit.app, &tx, id, &agency_id);
            tx.commit().await?;
            Ok(see_other_saying(format!("/incidents/{id}?tab={}", act.tab), FlashKind::Done, act.said))
        }
        Err(error) => {
            drop(tx);
            let again = Again::new(act.form, act.typed, visit.lang, error)?;
            show::page(visit, id, act.tab, &again).await
        }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct StateForm {
    to: String,
    reason: String,
    version: i64,
}

impl Default for StateForm {
    fn default() -> Self {
        Self { to: String::new(), reason: String::new(), version: -1 }
    }
}

async fn change_state(visit: Visit, Path(id): Path<String>, Form(form): Form<StateForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = async {
        let to = State::from_code(&form.to).ok_or_else(|| Error::unfit("to", &form.to))?;
        service::change_state(&tx, visit.now(), &id, to, &form.reason, form.version).await
    };
    let done = done.await;
    let typed = typed([("to", &form.to), ("reason", &form.reason)]);
    finish(&visit, tx, &id, done, Act { form: "state", tab: "timeline", said: "incident-state-changed", typed }).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SeverityForm {
    severity: String,
    signs: Vec<String>,
    reason: String,
    version: i64,
}

async fn classify(visit: Visit, Path(id): Path<String>, Form(form): Form<SeverityForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = service::classify(&tx, visit.now(), &id, &form.severity, &form.signs, &form.reason, form.version).await;
    let mut typed = typed([("severity", &form.severity), ("reason", &form.reason)]);
    typed.extend(form.signs.into_iter().map(|sign| ("signs".to_owned(), sign)));
    finish(&visit, tx, &id, done, Act { form: "severity", tab: "facts", said: "incident-classified", typed }).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TimeForm {
    kind: String,
    at: String,
    known_by: String,
    reference: String,
    reason: String,
}

async fn set_time(visit: Visit, Path(id): Path<String>, Form(form): Form<TimeForm>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = async {
        let correction = Correction {
            kind: TimeKind::from_code(&form.kind).ok_or_else(|| Error::unfit("kind", &form.kind))?,
            at: moment_in("at", &form.at)?.ok_or_else(|| Error::invalid("at", "field-required"))?,
            known_by: Knowledge::from_code(&form.known_by).ok_or_else(|| Error::unfit("known_by", &form.known_by))?,
            reference: form.reference.clone(),
            reason: form.reason.clone(),
        };
        service::set_time(&tx, visit.now(), &id, &correction).await
    };
    let done = done.await;
    let typed = typed([
        ("kind", &form.kind),
        ("at", &form.at),
        ("known_by", &form.known_by),
        ("reference", &form.reference),
        ("reason", &form.reason),
    ]);
    finish(&visit, tx, &id, done, Act { form: "times", tab: "facts", said: "incident-time-set", typed }).await
}

async fn edit_facts(visit: Visit, Path(id): Path<String>, Form(form): Form<IncidentFacts>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let done = service::edit(&tx, visit.now(), &id, &form).await;
    let typed = typed([
        ("title", &form.title),
        ("technical_kind", &form.technical_kind),
        ("law_class", &form.law_class),
        ("cause", &form.cause),
        ("description", &form.description),
        ("scope", &form.scope),
        ("measures", &form.measures),
        ("already_notified", &form.already_notified),
        ("personal_data", &form.personal_data),
        ("change_reason", &form.change_reason),
    ]);
    finish(&visit, tx, &id, done, Act { form: "facts", tab: "facts", said: "incident-facts-saved", typed }).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NoteForm {
    text: String,
    at: String,
}

async fn add_note(
    visit: Visit,
    Path(id): Path<String>,
    OnceForm(form, request): OnceForm<NoteForm>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    if request.claim(&tx, visit.now()).await?.is_some() {
        return Ok(see_other(format!("/incidents/{id}?tab=timeline")));
    }
    let done = async {
        let at = moment_in("at", &form.at)?;
        service::note(&tx, visit.now(), &id, &form.text, at).await
    };
    let done = done.await;
    let typed = typed([("text", &form.text), ("at", &form.at)]);
    finish(&visit, tx, &id, done, Act { form: "note", tab: "timeline", said: "incident-note-added", typed }).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NoticeForm {
    form: String,
}

async fn draft_notice(
    visit: Visit,
    Path(id): Path<String>,
    OnceForm(form, request): OnceForm<NoticeForm>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    if let Some(notice_id) = request.claim(&tx, visit.now()).await? {
        return Ok(see_other(format!("/notices/{notice_id}")));
    }
    let notice_id = notices::service::draft(&tx, visit.now(), &id, &form.form).await?;
    request.answer(&tx, &notice_id).await?;
    tx.commit().await?;
    Ok(see_other(format!("/notices/{notice_id}")))
}
