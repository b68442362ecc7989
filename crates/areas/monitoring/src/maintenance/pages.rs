//! The list of planned maintenance, and ending one before its time.

use super::{Maintenance, form, service, store};
use crate::suppressions::Phase;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{FlashKind, Page, Pagination, Tab};
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::elevations::{file_link, leave};
use serde::Deserialize;

const PER_PAGE: u64 = 50;
const MOST_ROWS: u64 = 10_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/maintenance", Capability::ViewSources, list_maintenance)
        .post("/maintenance", Capability::ManageSources, form::plan_maintenance)
        .get("/maintenance/new", Capability::ManageSources, form::new_maintenance)
        .post("/maintenance/{id}/end", Capability::ManageSources, end_maintenance)
}

/// A window as a row.
struct Row {
    one: Maintenance,
    may_end: bool,
}

#[derive(Template)]
#[template(path = "maintenance/templates/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    pagination: Pagination,
    may_make: bool,
    csv: String,
}

async fn list_maintenance(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let phase = Phase::of(&visit.address);
    let (view, now) = (visit.read(), visit.now());
    if visit.address.has("format", "csv") {
        let rows = store::list(&view, phase, now, MOST_ROWS, 0).await?;
        return Ok(leave(&visit, csv(&visit, &rows)).await?);
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, phase, now).await?);
    let found = store::list(&view, phase, now, PER_PAGE, pagination.offset()).await?;
    let may_make = visit.scope().may(Capability::ManageSources);
    let row = |one: Maintenance| Row { may_end: may_make && one.phase(now) != Phase::Over, one };
    let page = visit.page().await?;
    let mut tabs = Vec::new();
    for one in Phase::ALL {
        let count = store::count(&view, one, now).await?;
        let href = page.address.without("page").with("show", one.code()).to_string();
        tabs.push(Tab { name: page.t(one.key()), href, chosen: one == phase, count: Some(count) });
    }
    let template = ListPage {
        tabs,
        rows: found.into_iter().map(row).collect(),
        pagination,
        may_make,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        page,
    };
    Ok(render(&template)?.into_response())
}

fn csv(visit: &Visit, rows: &[Maintenance]) -> Csv {
    let head = [
        "id",
        "reach",
        "where",
        "reason",
        "starts_at",
        "ends_at",
        "created_by",
        "created_at",
        "ended_by",
        "ended_at",
        "suppression_id",
    ];
    let mut csv = Csv::new("maintenance", head);
    for one in rows {
        csv.row([
            one.id.clone(),
            visit.t(one.reach.key()),
            one.reach_name.clone(),
            one.reason.clone(),
            kit::page::iso(one.starts_at),
            kit::page::iso(one.ends_at),
            one.created_by_name.clone(),
            kit::page::iso(one.created_at),
            one.ended_by_name.clone().unwrap_or_default(),
            one.ended_at.map(kit::page::iso).unwrap_or_default(),
            one.suppression_id.clone().unwrap_or_default(),
        ]);
    }
    csv
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Ending {
    pub(super) reason: String,
}

async fn end_maintenance(visit: Visit, Path(id): Path<String>, Form(form): Form<Ending>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    match service::end(&tx, &id, &form.reason, visit.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other_saying("/maintenance", FlashKind::Done, "maintenance-ended"))
        }
        Err(Error::Conflict(key)) => Ok(see_other_saying("/maintenance", FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
    }
}
