//! The page that takes a table of the inventory, and the same for programs.

use super::sheet::{self, COLUMNS};
use axum::Json;
use axum::body::Bytes;
use axum::response::Response;
use kit::web::{ApiVisit, Fail, Form, Visit};
use kit::{Capability, Error};
use organisation::sheets::{About, Report, SheetForm, SheetPage};

fn about() -> About {
    About {
        title_key: "inventory-import",
        list: "/inventory",
        action: "/inventory/import",
        columns: COLUMNS.iter().filter(|column| !column.is("system")).collect(),
    }
}

pub(super) async fn show_import(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    SheetPage::shown(&visit, about()).await
}

pub(super) async fn import(visit: Visit, Form(form): Form<SheetForm>) -> Result<Response, Fail> {
    let report = take(&visit, &form).await;
    SheetPage::answered(&visit, about(), form, report).await
}

async fn take(visit: &Visit, form: &SheetForm) -> Result<Report, Error> {
    let table = sheet::read_sheet(form.table()?).await?;
    let tx = visit.begin().await?;
    let report = sheet::import_sheet(&tx, visit.now(), table).await?;
    form.finish(tx).await?;
    Ok(report)
}

/// The body of the request is the file; `dry_run=1` keeps nothing.
pub(super) async fn import_file(ApiVisit(visit): ApiVisit, file: Bytes) -> Result<Json<Report>, Fail> {
    visit.require(Capability::ManageSystems)?;
    let table = sheet::read_sheet(file.to_vec()).await?;
    let tx = visit.begin().await?;
    let report = sheet::import_sheet(&tx, visit.now(), table).await?;
    tx.finish(visit.address.has("dry_run", "1")).await?;
    Ok(Json(report))
}
