//! The list of suppressions with what each held back, and ending one before its time.

use super::store::{self, Held};
use super::{Phase, Suppression, form, service};
use crate::rules::title;
use crate::search::run::monitoring;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Address, FlashKind, Page, Pagination, Tab};
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::elevations::leave;
use serde::Deserialize;

const PER_PAGE: u64 = 50;
const MOST_ROWS: u64 = 10_000;
pub(super) const END: Access = Access::NeedsOneOf(&[Capability::TuneRules, Capability::ManageRules]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .get_or_file("/suppressions", Capability::ViewAlerts, Capability::ExportRows, list_suppressions)
        .post("/suppressions", Capability::TuneRules, form::create_suppression)
        .get("/suppressions/new", Capability::TuneRules, form::new_suppression)
        .post("/suppressions/{id}/end", END, end_suppression)
}

/// A suppression as a row.
struct Row {
    one: Suppression,
    /// Title of its rule; none where it is for all.
    rule: Option<String>,
    held: Held,
    /// The alerts that it held back.
    alerts: String,
    may_end: bool,
}

#[derive(Template)]
#[template(path = "suppressions/templates/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    pagination: Pagination,
    may_make: bool,
    csv: String,
}

async fn list_suppressions(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let phase = Phase::of(&visit.address);
    let (view, now) = (visit.read(), visit.now());
    if visit.address.has("format", "csv") {
        let rows = rows(&visit, store::list(&view, phase, now, MOST_ROWS, 0).await?).await?;
        return Ok(leave(&visit, csv(&visit, &rows)).await?);
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, phase, now).await?);
    let rows = rows(&visit, store::list(&view, phase, now, PER_PAGE, pagination.offset()).await?).await?;
    let page = visit.page().await?;
    let mut tabs = Vec::new();
    for one in Phase::ALL {
        let count = store::count(&view, one, now).await?;
        let href = page.address.without("page").with("show", one.code()).to_string();
        tabs.push(Tab { name: page.t(one.key()), href, chosen: one == phase, count: Some(count) });
    }
    let template = ListPage {
        tabs,
        rows,
        pagination,
        may_make: visit.scope().may(Capability::TuneRules),
        csv: page.address.with("format", "csv").to_string(),
        page,
    };
    Ok(render(&template)?.into_response())
}

async fn rows(visit: &Visit, found: Vec<Suppression>) -> Result<Vec<Row>, Error> {
    let book = monitoring(&visit.app)?.rules.current();
    let held = store::held_by(&visit.read(), &found).await?;
    let may = [Capability::TuneRules, Capability::ManageRules].into_iter().any(|one| visit.scope().may(one));
    let named = |id: &String| book.rule(id).map_or_else(|| id.clone(), |rule| title(rule, visit.lang).to_owned());
    let row = |one: Suppression| Row {
        rule: one.rule_id.as_ref().map(named),
        held: held.get(&one.id).copied().unwrap_or_default(),
        alerts: Address::parse("/alerts?state=all&range=all").with("suppression", &one.id).to_string(),
        may_end: may && one.phase(visit.now()) != Phase::Over,
        one,
    };
    Ok(found.into_iter().map(row).collect())
}

fn csv(visit: &Visit, rows: &[Row]) -> Csv {
    let head = [
        "id",
        "kind",
        "rule_id",
        "rule",
        "reach",
        "where",
        "conditions",
        "reason",
        "starts_at",
        "ends_at",
        "created_by",
        "created_at",
        "ended_by",
        "ended_at",
        "alerts",
        "matches",
    ];
    let mut csv = Csv::new("suppressions", head);
    for row in rows {
        let one = &row.one;
        csv.row([
            one.id.clone(),
            one.kind.code().to_owned(),
            one.rule_id.clone().unwrap_or_default(),
            row.rule.clone().unwrap_or_default(),
            visit.t(one.reach.key()),
            one.reach_name.clone(),
            one.words(),
            one.reason.clone(),
            kit::page::iso(one.starts_at),
            kit::page::iso(one.ends_at),
            one.created_by_name.clone(),
            kit::page::iso(one.created_at),
            one.ended_by_name.clone().unwrap_or_default(),
            one.ended_at.map(kit::page::iso).unwrap_or_default(),
            row.held.alerts.to_string(),
            row.held.matches.to_string(),
        ]);
    }
    csv
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Ending {
    pub(super) reason: String,
}

async fn end_suppression(visit: Visit, Path(id): Path<String>, Form(form): Form<Ending>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    match service::end(&tx, &id, &form.reason, visit.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other_saying("/suppressions", FlashKind::Done, "suppression-ended"))
        }
        Err(Error::Conflict(key)) => Ok(see_other_saying("/suppressions", FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
    }
}
