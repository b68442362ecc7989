//! Rules of a source: the page with those it has and the form of another one, and the same as JSON.

use super::service::{self, RedactionInput};
use super::store;
use super::{Act, Redaction};
use crate::sources::store::{Listed, get};
use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Tone};
use kit::web::{ApiVisit, Fail, Form, OnceForm, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/sources/{id}/redactions", Capability::ViewSources, show_redactions)
        .post("/sources/{id}/redactions", Capability::ManageSources, create_redaction)
        .post("/sources/{id}/redactions/{redaction}/end", Capability::ManageSources, end_redaction)
        .get("/api/v1/sources/{id}/redactions", Capability::ViewSources, list_redactions)
        .post("/api/v1/sources/{id}/redactions", Capability::ManageSources, create_by_program)
        .body_of::<RedactionInput>()
        .post("/api/v1/sources/{id}/redactions/{redaction}/end", Capability::ManageSources, end_by_program)
}

#[derive(Template)]
#[template(path = "redactions/templates/list.html")]
struct ListPage {
    page: Page,
    listed: Listed,
    rules: Vec<Redaction>,
    may_change: bool,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

fn path_of(source_id: &str) -> String {
    format!("/sources/{source_id}/redactions")
}

fn end_path(rule: &Redaction) -> String {
    format!("/sources/{}/redactions/{}/end", rule.source_id, rule.id)
}

async fn show_redactions(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    show(&visit, &id, &RedactionInput::default(), FormErrors::default()).await
}

async fn show(visit: &Visit, id: &str, input: &RedactionInput, errors: FormErrors) -> Result<Response, Fail> {
    let view = visit.read();
    let listed = get(&view, id).await?;
    let page = visit.page().await?.part_of("/sources");
    let entry = |kind, name: &str, key: &str, value: &str| {
        Entry::new(kind, name, page.t(key)).value(value).hint(page.t(&format!("{key}-hint"))).checked(&errors)
    };
    let acts = Act::ALL.map(|act| Choice::new(act.code(), page.t(act.key()), act.code() == input.act)).into();
    let entries = vec![
        entry("text", "field", "redaction-field", &input.field).required(),
        entry("select", "act", "redaction-act", &input.act).choices(acts).required(),
        entry("textarea", "reason", "redaction-reason", &input.reason).rows(2).required(),
    ];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = ListPage {
        rules: store::of_source(&view, id).await?,
        may_change: visit.scope().may(Capability::ManageSources),
        errors: errors.summary(&entries),
        entries,
        listed,
        page,
    };
    Ok((status, render(&template)?).into_response())
}

async fn create_redaction(
    visit: Visit,
    Path(id): Path<String>,
    OnceForm(input, identity): OnceForm<RedactionInput>,
) -> Result<Response, Fail> {
    let made = || see_other_saying(path_of(&id), FlashKind::Done, "redaction-made");
    let tx = visit.begin().await?;
    if identity.claim(&tx, visit.now()).await?.is_some() {
        return Ok(made());
    }
    match service::create(&tx, &id, &input, visit.now()).await {
        Ok(redaction) => {
            identity.answer(&tx, &redaction).await?;
            tx.commit().await?;
            Ok(made())
        }
        Err(Error::Conflict(key)) => {
            tx.rollback().await?;
            Ok(see_other_saying(path_of(&id), FlashKind::Problem, key))
        }
        Err(error) => {
            tx.rollback().await?;
            show(&visit, &id, &input, FormErrors::of_error(visit.lang, error)?).await
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn end_redaction(
    visit: Visit,
    Path((id, redaction)): Path<(String, String)>,
    _form: Form<Nothing>,
) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::end(&tx, &id, &redaction, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(path_of(&id), FlashKind::Done, "redaction-ended"))
}

async fn list_redactions(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Vec<Redaction>>, Fail> {
    visit.require(Capability::ViewSources)?;
    let view = visit.read();
    let listed = get(&view, &id).await?;
    Ok(Json(store::of_source(&view, &listed.source.id).await?))
}

async fn create_by_program(
    ApiVisit(visit): ApiVisit,
    Path(id): Path<String>,
    Json(input): Json<RedactionInput>,
) -> Result<(StatusCode, Json<Value>), Fail> {
    let tx = visit.begin().await?;
    let redaction = service::create(&tx, &id, &input, visit.now()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": redaction }))))
}

async fn end_by_program(
    ApiVisit(visit): ApiVisit,
    Path((id, redaction)): Path<(String, String)>,
) -> Result<StatusCode, Fail> {
    let tx = visit.begin().await?;
    service::end(&tx, &id, &redaction, visit.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
