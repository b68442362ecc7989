//! The form of a list: a new one, or a change.

use super::service::{self, ListInput};
use super::{ListKind, Sharing, Tlp, store};
use crate::settings::Settings;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, OnceForm, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/indicators/lists/new", Capability::ManageRules, new_list)
        .post("/indicators/lists", Capability::ManageRules, create_list)
        .get("/indicators/lists/{id}/edit", Capability::ManageRules, edit_list)
        .post("/indicators/lists/{id}", Capability::ManageRules, change_list)
}

#[derive(Template)]
#[template(path = "indicators/templates/form.html")]
struct FormPage {
    page: Page,
    title: String,
    /// Where the form goes, and back to.
    action: String,
    errors: ErrorSummary,
    entries: Vec<Entry>,
    is_new: bool,
}

async fn new_list(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageRules)?;
    let settings = Settings::of(&visit.app)?;
    Ok(show(&visit, &ListInput::new(&settings.indicators, ""), None, FormErrors::default()).await?)
}

async fn edit_list(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageRules)?;
    let list = store::find(&visit.read(), &id, visit.now()).await?;
    Ok(show(&visit, &ListInput::of(&list), Some(&id), FormErrors::default()).await?)
}

async fn create_list(visit: Visit, OnceForm(input, identity): OnceForm<ListInput>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let made = |id: &str| see_other_saying(format!("/indicators/lists/{id}"), FlashKind::Done, "indicator-list-saved");
    if let Some(id) = identity.claim(&tx, visit.now()).await? {
        return Ok(made(&id));
    }
    let settings = Settings::of(&visit.app)?;
    match service::create(&tx, &settings.indicators, &input, visit.now()).await {
        Ok(list) => {
            identity.answer(&tx, &list.id).await?;
            tx.commit().await?;
            Ok(made(&list.id))
        }
        Err(error) => {
            tx.rollback().await?;
            again(&visit, &input, None, error).await
        }
    }
}

async fn change_list(visit: Visit, Path(id): Path<String>, Form(input): Form<ListInput>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let settings = Settings::of(&visit.app)?;
    match service::change(&tx, &settings.indicators, &id, &input, visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/indicators/lists/{id}"), FlashKind::Done, "indicator-list-saved"))
        }
        Err(error) => {
            tx.rollback().await?;
            again(&visit, &input, Some(&id), error).await
        }
    }
}

async fn again(visit: &Visit, input: &ListInput, id: Option<&str>, error: Error) -> Result<Response, Fail> {
    let errors = FormErrors::of_error(visit.lang, error)?;
    Ok(show(visit, input, id, errors).await?)
}

async fn show(visit: &Visit, input: &ListInput, id: Option<&str>, errors: FormErrors) -> Result<Response, Error> {
    let page = visit.page().await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let entries = entries(&page, input, &errors);
    let template = FormPage {
        title: page.t(if id.is_some() { "indicator-list-edit" } else { "indicator-list-new" }),
        action: id.map_or_else(|| "/indicators/lists".to_owned(), |id| format!("/indicators/lists/{id}")),
        errors: errors.summary(&entries),
        entries,
        is_new: id.is_none(),
        page,
    };
    Ok((status, render(&template)?).into_response())
}

fn entries(page: &Page, input: &ListInput, errors: &FormErrors) -> Vec<Entry> {
    let entry = |of, name: &str, key: &str, value: &str| Entry::new(of, name, page.t(key)).value(value).checked(errors);
    let hinted =
        |of, name: &str, key: &str, value: &str| entry(of, name, key, value).hint(page.t(&format!("{key}-hint")));
    let choice = |code: &str, key: &str, chosen: &str| Choice::new(code, page.t(key), code == chosen);
    let kinds = ListKind::ALL.iter().map(|one| choice(one.code(), one.key(), &input.kind)).collect();
    let markings = Tlp::ALL.iter().map(|one| choice(one.code(), one.key(), &input.tlp)).collect();
    let sharing = Sharing::ALL.iter().map(|one| choice(one.code(), one.key(), &input.sharing)).collect();
    vec![
        entry("text", "name", "indicator-list-name", &input.name).required(),
        hinted("text", "source", "indicator-list-source", &input.source).required(),
        entry("select", "kind", "indicator-list-kind", &input.kind).choices(kinds).required(),
        hinted("select", "tlp", "indicator-tlp", &input.tlp).choices(markings).required(),
        hinted("radio", "sharing", "indicator-sharing", &input.sharing).choices(sharing).required(),
        hinted("number", "confidence", "indicator-confidence", &input.confidence).required(),
        hinted("number", "valid_days", "indicator-valid-days", &input.valid_days).required(),
        hinted("checkbox", "with_subdomains", "indicator-with-subdomains", &input.with_subdomains),
        hinted("checkbox", "enabled", "indicator-list-enabled", &input.enabled),
    ]
}
