//! The page that takes a table of people. A table can give roles, so it asks who is there before it is filled in.

use super::sheet::{self, told_columns};
use crate::policies::Policies;
use crate::sheets::{About, Report, SheetForm, SheetPage};
use crate::sign_in::require_confirmation;
use axum::response::Response;
use kit::web::{Fail, Form, Visit};
use kit::{Capability, Error};

fn about() -> About {
    About { title_key: "person-import", list: "/people", action: "/people/import", columns: told_columns() }
}

pub(super) async fn show_import(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManagePeople)?;
    require_confirmation(&visit, "role.grant")?;
    SheetPage::shown(&visit, about()).await
}

pub(super) async fn import(visit: Visit, Form(form): Form<SheetForm>) -> Result<Response, Fail> {
    require_confirmation(&visit, "role.grant")?;
    let report = take(&visit, &form).await;
    SheetPage::answered(&visit, about(), form, report).await
}

async fn take(visit: &Visit, form: &SheetForm) -> Result<Report, Error> {
    let policies = Policies::of(&visit.app)?;
    let table = sheet::read_sheet(form.table()?).await?;
    let tx = visit.begin().await?;
    let report = sheet::import_sheet(&tx, &policies, visit.now(), table).await?;
    form.finish(tx).await?;
    Ok(report)
}
