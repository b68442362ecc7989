//! The page that takes a table of people. A table can give roles, so it asks who is there before it is filled in.

use super::sheet::{self, told_columns};
use crate::policies::Policies;
use crate::sheets::{About, Report, SheetForm, SheetPage};
use crate::sign_in::require_confirmation;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::web::{Fail, Form, Visit, render};
use kit::{Capability, Error};

fn about() -> About {
    About { title_key: "person-import", list: "/people", action: "/people/import", columns: told_columns() }
}

pub(super) async fn show_import(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManagePeople)?;
    require_confirmation(&visit, "role.grant")?;
    Ok(render(&SheetPage::new(&visit, about(), SheetForm::default(), None).await?)?.into_response())
}

pub(super) async fn import(visit: Visit, Form(form): Form<SheetForm>) -> Result<Response, Fail> {
    require_confirmation(&visit, "role.grant")?;
    let report = take(&visit, &form).await;
    let page = SheetPage::new(&visit, about(), form, Some(report)).await?;
    let status = if page.is_wrong() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, render(&page)?).into_response())
}

async fn take(visit: &Visit, form: &SheetForm) -> Result<Report, Error> {
    let policies = Policies::of(&visit.app)?;
    let table = sheet::read_sheet(form.table()?).await?;
    let tx = visit.begin().await?;
    let report = sheet::import_sheet(&tx, &policies, visit.now(), table).await?;
    if form.is_dry_run() {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(report)
}
