//! The list of exceptions, and ending one before its time.

use super::store::{self, Filter};
use super::{RuleException, form, service};
use crate::early_warning;
use crate::rules::{self, Book};
use crate::search::run::monitoring;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Chip, FlashKind, Page, Pagination, Tab};
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error, Lang};
use organisation::elevations::{file_link, leave};
use serde::Deserialize;

const PER_PAGE: u64 = 50;
const MOST_ROWS: u64 = 10_000;

pub(in crate::rules) fn routes() -> Routes {
    const END: Access = Access::NeedsOneOf(&[Capability::TuneRules, Capability::ManageRules]);
    Routes::new()
        .get("/rules/exceptions", Capability::ViewRules, list_exceptions)
        .post("/rules/exceptions/{id}/remove", END, remove_exception)
        .get("/rules/{id}/exceptions/new", Capability::TuneRules, form::new_exception)
        .post("/rules/{id}/exceptions", Capability::TuneRules, form::create_exception)
}

/// An exception as a row.
pub(in crate::rules) struct Row {
    pub(in crate::rules) exception: RuleException,
    pub(in crate::rules) title: String,
    /// The rule's page, or what the detector found.
    pub(in crate::rules) rule_href: String,
    pub(in crate::rules) is_in_force: bool,
    /// Whoever asks may end it.
    pub(in crate::rules) may_end: bool,
}

/// Rows for a list, with the titles of their rules.
pub(in crate::rules) fn rows(visit: &Visit, book: &Book, exceptions: Vec<RuleException>) -> Vec<Row> {
    let may = [Capability::TuneRules, Capability::ManageRules].into_iter().any(|one| visit.scope().may(one));
    let row = |exception: RuleException| {
        let is_in_force = exception.is_in_force(visit.now());
        let title = title(book, &exception.rule_id, visit.lang);
        let rule_href = rule_href(&exception.rule_id);
        Row { title, rule_href, is_in_force, may_end: may && is_in_force, exception }
    };
    exceptions.into_iter().map(row).collect()
}

fn title(book: &Book, rule_id: &str, lang: Lang) -> String {
    let of_rule = book.rule(rule_id).map(|rule| rules::title(rule, lang).to_owned());
    of_rule.or_else(|| early_warning::title_of(rule_id, lang)).unwrap_or_else(|| rule_id.to_owned())
}

fn rule_href(rule_id: &str) -> String {
    match rule_id.starts_with(early_warning::PREFIX) {
        true => early_warning::address_of(rule_id),
        false => format!("/rules/{rule_id}"),
    }
}

#[derive(Template)]
#[template(path = "rules/templates/exceptions.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pagination: Pagination,
    csv: String,
}

fn filter_of(visit: &Visit, in_force: bool) -> Filter {
    Filter {
        rule_id: visit.address.value("rule").filter(|id| !id.is_empty()).map(ToOwned::to_owned),
        in_force: Some((in_force, visit.now())),
    }
}

async fn list_exceptions(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let book = monitoring(&visit.app)?.rules.current();
    let in_force = !visit.address.has("show", "ended");
    let filter = filter_of(&visit, in_force);
    let view = visit.read();
    if visit.address.has("format", "csv") {
        let rows = rows(&visit, &book, store::list(&view, &filter, MOST_ROWS, 0).await?);
        return Ok(leave(&visit, csv(&visit, &rows)).await?);
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, &filter).await?);
    let found = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let page = visit.page().await?;
    let mut tabs = Vec::new();
    for (key, holds) in [("rule-exceptions-in-force", true), ("rule-exceptions-ended", false)] {
        let address = if holds { page.address.without("show") } else { page.address.with("show", "ended") };
        let count = store::count(&view, &filter_of(&visit, holds)).await?;
        tabs.push(Tab { name: page.t(key), href: address.to_string(), chosen: holds == in_force, count: Some(count) });
    }
    let chip = |id: &String| {
        let title = title(&book, id, visit.lang);
        Chip::of(&page.address, "rule", id, page.t("alert-rule"), title)
    };
    let template = ListPage {
        tabs,
        chips: filter.rule_id.iter().map(chip).collect(),
        rows: rows(&visit, &book, found),
        pagination,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        page,
    };
    Ok(render(&template)?.into_response())
}

fn csv(visit: &Visit, rows: &[Row]) -> Csv {
    let head = [
        "id",
        "rule_id",
        "rule",
        "reach",
        "where",
        "conditions",
        "reason",
        "expires_at",
        "created_by",
        "created_at",
        "removed_by",
        "removed_at",
    ];
    let mut csv = Csv::new("rule-exceptions", head);
    for row in rows {
        let one = &row.exception;
        csv.row([
            one.id.clone(),
            one.rule_id.clone(),
            row.title.clone(),
            visit.t(one.reach.key()),
            one.reach_name.clone(),
            one.words(),
            one.reason.clone(),
            kit::page::iso(one.expires_at),
            one.created_by_name.clone(),
            kit::page::iso(one.created_at),
            one.removed_by_name.clone().unwrap_or_default(),
            one.removed_at.map(kit::page::iso).unwrap_or_default(),
        ]);
    }
    csv
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Removal {
    reason: String,
}

async fn remove_exception(visit: Visit, Path(id): Path<String>, Form(form): Form<Removal>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let back = "/rules/exceptions";
    match service::remove(&tx, &id, &form.reason, visit.now()).await {
        Ok(exception) => {
            tx.commit().await?;
            let known = monitoring(&visit.app)?.rules.current().rule(&exception.rule_id).is_some();
            let rule = format!("/rules/{}#rule-exceptions", exception.rule_id);
            Ok(see_other_saying(if known { rule } else { back.to_owned() }, FlashKind::Done, "rule-exception-removed"))
        }
        Err(Error::Conflict(key)) => Ok(see_other_saying(back, FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
    }
}
