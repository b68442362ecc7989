//! The page that takes a table of agencies.

use super::sheet::{self, COLUMNS};
use crate::sheets::{About, Report, SheetForm, SheetPage};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::web::{Fail, Form, Visit, render};
use kit::{Capability, Error};

fn about() -> About {
    About {
        title_key: "agency-import",
        list: "/agencies",
        action: "/agencies/import",
        columns: COLUMNS.iter().filter(|column| !column.is("parent")).collect(),
    }
}

pub(super) async fn show_import(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::Administer)?;
    let page = SheetPage::new(&visit, about(), SheetForm::default(), None).await?;
    Ok(render(&page)?.into_response())
}

pub(super) async fn import(visit: Visit, Form(form): Form<SheetForm>) -> Result<Response, Fail> {
    let report = take(&visit, &form).await;
    let page = SheetPage::new(&visit, about(), form, Some(report)).await?;
    let status = if page.is_wrong() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, render(&page)?).into_response())
}

async fn take(visit: &Visit, form: &SheetForm) -> Result<Report, Error> {
    let table = sheet::read_sheet(form.table()?).await?;
    let tx = visit.begin().await?;
    let report = sheet::import_sheet(&tx, visit.now(), table).await?;
    if form.is_dry_run() {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(report)
}
