//! The form of an item: the fields that its kind asks for, in the words of that kind.

use super::{Kind, NewItem, Takes, kind, kinds, service, store};
use crate::systems;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::locale::texts;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Visit, render, see_other_saying};
use kit::{Capability, Error};

#[derive(Template)]
#[template(path = "inventory/templates/form.html")]
struct FormPage {
    page: Page,
    title: String,
    system_id: String,
    system_name: String,
    action: String,
    back: String,
    kind: &'static Kind,
    version: i64,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

/// Where a form belongs: a system, and the item where there is one.
struct Place {
    system_id: String,
    system_name: String,
    item: Option<String>,
}

/// Which fields there are depends on the kind, which is one of them.
type Posted = Vec<(String, String)>;

pub(super) async fn new_item(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    let system = systems::store::find(&visit.read(), &id).await?;
    let chosen = visit.address.value("kind").and_then(kind).or(kinds().first()).ok_or(Error::NotFound)?;
    let new = NewItem { kind: chosen.id.clone(), ..NewItem::default() };
    let place = Place { system_id: system.id, system_name: system.name, item: None };
    form(&visit, chosen, &new, place, FormErrors::default()).await
}

pub(super) async fn add_item(
    visit: Visit,
    Path(id): Path<String>,
    Form(given): Form<Posted>,
) -> Result<Response, Fail> {
    let new = NewItem::of(given);
    let tx = visit.begin().await?;
    match service::add(&tx, &id, new.clone(), visit.now()).await {
        Ok(_) => {
            tx.commit().await?;
            let list = format!("/inventory?system={id}");
            Ok(see_other_saying(list, FlashKind::Done, "inventory-added"))
        }
        Err(error) => {
            let chosen = kind(&new.kind).ok_or(Error::invalid("kind", "field-invalid"))?;
            let system = systems::store::find(&tx, &id).await?;
            drop(tx);
            let errors = FormErrors::of_error(visit.lang, error)?;
            let place = Place { system_id: system.id, system_name: system.name, item: None };
            form(&visit, chosen, &new, place, errors).await
        }
    }
}

pub(super) async fn edit_item(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    let item = store::find(&visit.read(), &id).await?;
    let chosen = kind(&item.kind).ok_or(Error::NotFound)?;
    let place = Place { system_id: item.system_id.clone(), system_name: item.system_name.clone(), item: Some(id) };
    form(&visit, chosen, &item.into(), place, FormErrors::default()).await
}

pub(super) async fn change_item(
    visit: Visit,
    Path(id): Path<String>,
    Form(given): Form<Posted>,
) -> Result<Response, Fail> {
    let new = NewItem::of(given);
    let tx = visit.begin().await?;
    match service::change(&tx, &id, new.clone(), visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/inventory/{id}"), FlashKind::Done, "inventory-changed"))
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            drop(tx);
            let item = store::find(&visit.read(), &id).await?;
            let chosen = kind(&item.kind).ok_or(Error::NotFound)?;
            let place = Place { system_id: item.system_id, system_name: item.system_name, item: Some(id) };
            form(&visit, chosen, &new, place, errors).await
        }
    }
}

async fn form(
    visit: &Visit,
    kind: &'static Kind,
    new: &NewItem,
    place: Place,
    errors: FormErrors,
) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let entries = entries(&page, kind, new, &errors);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (action, back) = match &place.item {
        Some(id) => (format!("/inventory/{id}"), format!("/inventory/{id}")),
        None => (format!("/systems/{}/inventory", place.system_id), format!("/inventory?system={}", place.system_id)),
    };
    let title = page.tn(
        if place.item.is_some() { "inventory-edit-title" } else { "inventory-new-title" },
        "kind",
        page.t(&kind.key()),
    );
    let template = FormPage {
        title,
        system_id: place.system_id,
        system_name: place.system_name,
        action,
        back,
        kind,
        version: new.version,
        errors: errors.summary(&entries),
        entries,
        page,
    };
    Ok((status, render(&template)?).into_response())
}

fn entries(page: &Page, kind: &Kind, new: &NewItem, errors: &FormErrors) -> Vec<Entry> {
    let name = Entry::new("text", "name", page.t(&kind.field_key("name"))).value(&new.name).required().checked(errors);
    let field = |field: &super::Field| {
        let value = new.values.get(field.name).map_or("", String::as_str);
        let key = kind.field_key(field.name);
        let entry = match field.takes {
            Takes::Line | Takes::Ranges | Takes::Amount | Takes::System => Entry::new("text", field.name, page.t(&key)),
            Takes::Lines => Entry::new("textarea", field.name, page.t(&key)).rows(2),
            Takes::Day => Entry::new("date", field.name, page.t(&key)),
            Takes::Level => {
                let choice = |level: i64| {
                    let text = level.to_string();
                    let is_chosen = value == text;
                    Choice::new(text, page.tn("shell-level", "level", level), is_chosen)
                };
                Entry::new("select", field.name, page.t(&key)).choices((1..=5).map(choice).collect())
            }
            Takes::Words(words) => {
                let choice = |word: &&str| Choice::new(*word, page.t(&field.word_key(word)), *word == value);
                Entry::new("select", field.name, page.t(&key)).choices(words.iter().map(choice).collect())
            }
        };
        let hint = format!("inventory-field-{}-hint", field.name.replace('_', "-"));
        let entry = if texts().has(page.lang, &hint) { entry.hint(page.t(&hint)) } else { entry };
        entry.value(value).checked(errors)
    };
    std::iter::once(name).chain(kind.fields().map(field)).collect()
}
