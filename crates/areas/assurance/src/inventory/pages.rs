//! Pages of the inventory: the list, of one system or of all, and one item.

use super::store::{self, Filter};
use super::{Item, Takes, field_named, form, kind, kinds, model, oscal, scan_page, service, sheet, sheet_page};
use crate::systems;
use crate::systems::System;
use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kit::page::{Chip, Choice, FlashKind, Page, Pagination, Tab};
use kit::web::{Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Lang};
use organisation::elevations::{export_refused, file_link};
use organisation::sheets::{Line, Table};

const PER_PAGE: u64 = 100;
/// Most items of one file.
const MOST_ITEMS: u64 = 500_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/inventory", Capability::ViewSystems, list_items)
        .get("/inventory/import", Capability::ManageSystems, sheet_page::show_import)
        .post("/inventory/import", Capability::ManageSystems, sheet_page::import)
        .get("/inventory/{id}", Capability::ViewSystems, show_item)
        .post("/inventory/{id}", Capability::ManageSystems, form::change_item)
        .get("/inventory/{id}/edit", Capability::ManageSystems, form::edit_item)
        .post("/inventory/{id}/remove", Capability::ManageSystems, remove_item)
        .post("/systems/{id}/inventory", Capability::ManageSystems, form::add_item)
        .get("/systems/{id}/inventory/new", Capability::ManageSystems, form::new_item)
        .get("/systems/{id}/model", Capability::ViewSystems, model::show_model)
        .get("/systems/{id}/oscal", Capability::ViewSystems, oscal_file)
        .get("/systems/{id}/scan", Capability::ManageSystems, scan_page::show_scan)
        .post("/systems/{id}/scan", Capability::ManageSystems, scan_page::post_scan)
}

#[derive(Template)]
#[template(path = "inventory/templates/list.html")]
struct ListPage {
    page: Page,
    words: String,
    chips: Vec<Chip>,
    kinds: Vec<Choice>,
    tabs: Vec<Tab>,
    /// The one system that the list is about.
    system: Option<System>,
    items: Vec<Item>,
    pagination: Pagination,
    may_change: bool,
    csv: String,
}

async fn list_items(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let address = &visit.address;
    let text = |name: &str| address.value(name).unwrap_or_default().to_owned();
    let is_seen = address.has("show", "seen");
    let filter = Filter {
        words: text("q"),
        kind: text("kind"),
        system_id: text("system"),
        agency_id: text("agency"),
        registered: Some(!is_seen),
        linked_to: String::new(),
    };
    let view = visit.read();
    let system = match filter.system_id.is_empty() {
        true => None,
        false => Some(systems::store::find(&view, &filter.system_id).await?),
    };
    let page = visit.page().await?;
    if !text("format").is_empty() {
        let all = store::list(&view, &filter, MOST_ITEMS, 0).await?;
        if let Some(file) = Table::leave(&visit, || sheet::table(page.lang, &all)).await? {
            return Ok(file);
        }
    }
    let total = store::count(&view, &filter).await?;
    let seen = store::count(&view, &Filter { registered: Some(false), ..filter.clone() }).await?;
    let pagination = Pagination::of(address, PER_PAGE, total);
    let items = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let tab = |key: &str, href, chosen, count| Tab { name: page.t(key), href, chosen, count };
    let tabs = vec![
        tab("inventory-tab-registered", page.address.without("show").without("page").to_string(), !is_seen, None),
        tab("inventory-tab-seen", page.address.with("show", "seen").without("page").to_string(), is_seen, Some(seen)),
    ];
    let choices =
        kinds().iter().map(|one| Choice::new(one.id.clone(), page.t(&one.key()), one.id == filter.kind)).collect();
    let template = ListPage {
        chips: chips(&page, &filter, system.as_ref(), items.first()),
        words: filter.words,
        kinds: choices,
        tabs,
        system,
        items,
        may_change: visit.scope().may(Capability::ManageSystems),
        csv: file_link(&visit, &page.address, total).await?,
        pagination,
        page,
    };
    Ok(render(&template)?.into_response())
}

fn chips(page: &Page, filter: &Filter, system: Option<&System>, first: Option<&Item>) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |parameter: &str, code: &str, name: &str, value: String| {
        chips.push(Chip::of(&page.address, parameter, code, page.t(name), value));
    };
    if !filter.words.is_empty() {
        chip("q", &filter.words, "inventory-words", filter.words.clone());
    }
    if let Some(kind) = kind(&filter.kind) {
        chip("kind", &kind.id, "inventory-kind", page.t(&kind.key()));
    }
    if let Some(system) = system {
        chip("system", &system.id, "inventory-system", system.name.clone());
    }
    if !filter.agency_id.is_empty() {
        let name = first.map_or_else(|| filter.agency_id.clone(), |item| item.agency_name.clone());
        chip("agency", &filter.agency_id, "system-agency", name);
    }
    chips
}

/// The same list as a workbook, for whoever may have it as CSV.
fn workbook(page: &Page) -> String {
    page.address.with("format", "xlsx").to_string()
}

fn new_path(system: &System, kind: &str) -> String {
    format!("/systems/{}/inventory/new?kind={kind}", system.id)
}

/// What a list says of an item besides its name: the fields of the least that an inventory must say, shortly.
fn summary(page: &Page, item: &Item) -> String {
    let Some(kind) = kind(&item.kind) else { return String::new() };
    let told = kind.fields().filter(|field| !item.value(field.name).is_empty()).take(4);
    told.map(|field| value_words(page, field.name, item.value(field.name))).collect::<Vec<_>>().join(" · ")
}

fn value_words(page: &Page, field: &str, value: &str) -> String {
    match field_named(field).map(|field| (field, field.takes)) {
        Some((field, Takes::Words(words))) if words.contains(&value) => page.t(&field.word_key(value)),
        Some((_, Takes::Amount)) => value.parse::<i64>().map_or(value.to_owned(), |amount| page.format.number(amount)),
        Some((_, Takes::Level)) => page.tn("shell-level", "level", value),
        _ => value.to_owned(),
    }
}

/// Names of the fields that an inventory must have and this item has not.
fn missing(page: &Page, item: &Item) -> String {
    let Some(kind) = kind(&item.kind) else { return String::new() };
    item.missing().into_iter().map(|name| page.t(&kind.field_key(name))).collect::<Vec<_>>().join(", ")
}

fn kind_name(page: &Page, item: &Item) -> String {
    kind(&item.kind).map(|kind| page.t(&kind.key())).unwrap_or_default()
}

/// Key of the word for what came of a host.
pub(super) fn outcome_key(line: &Line) -> &'static str {
    match line.outcome {
        organisation::sheets::Outcome::New(_) => "inventory-scan-new",
        organisation::sheets::Outcome::Changed(_) | organisation::sheets::Outcome::Same => "inventory-scan-known",
        organisation::sheets::Outcome::Refused(_) => "sheet-refused",
    }
}

pub(super) fn line_words(line: &Line, lang: &Lang) -> Vec<String> {
    line.changes(*lang).into_iter().chain(line.reasons(*lang)).collect()
}

#[derive(Template)]
#[template(path = "inventory/templates/item.html")]
struct ItemPage {
    page: Page,
    item: Item,
    facts: Vec<(String, String)>,
    may_change: bool,
}

fn act_path(item: &Item, act: &str) -> String {
    format!("/inventory/{}/{act}", item.id)
}

async fn show_item(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let item = store::find(&visit.read(), &id).await?;
    let page = visit.page().await?;
    let facts = kind(&item.kind).map(|kind| {
        let told = kind.fields().filter(|field| field.takes != Takes::System && !item.value(field.name).is_empty());
        let fact = |field: &super::Field| {
            (page.t(&kind.field_key(field.name)), value_words(&page, field.name, item.value(field.name)))
        };
        told.map(fact).collect()
    });
    let template = ItemPage {
        facts: facts.unwrap_or_default(),
        may_change: visit.scope().may(Capability::ManageSystems),
        item,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// The system and its inventory as a file of OSCAL.
async fn oscal_file(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let (system, items) = oscal::told(&visit.read(), &id).await?;
    if let Some(elsewhere) = export_refused(&visit, items.len() + 1).await? {
        return Ok(elsewhere);
    }
    let headers = [(header::CONTENT_DISPOSITION, "attachment; filename=\"system-oscal.json\"")];
    Ok((headers, Json(oscal::document(&system, &items, visit.now()))).into_response())
}

#[derive(serde::Deserialize)]
struct Nothing {}

async fn remove_item(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let item = service::remove(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/inventory?system={}", item.system_id), FlashKind::Done, "inventory-removed"))
}
