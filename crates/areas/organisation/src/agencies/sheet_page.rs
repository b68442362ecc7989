//! The page that takes a table of agencies.

use super::sheet::{self, COLUMNS};
use crate::sheets::{About, Report, SheetForm, SheetPage};
use axum::response::Response;
use kit::web::{Fail, Form, Visit};
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
    SheetPage::shown(&visit, about()).await
}

pub(super) async fn import(visit: Visit, Form(form): Form<SheetForm>) -> Result<Response, Fail> {
    let report = take(&visit, &form).await;
    SheetPage::answered(&visit, about(), form, report).await
}

async fn take(visit: &Visit, form: &SheetForm) -> Result<Report, Error> {
    let table = sheet::read_sheet(form.table()?).await?;
    let tx = visit.begin().await?;
    let report = sheet::import_sheet(&tx, &visit.app.live, visit.now(), table).await?;
    form.finish(tx).await?;
    Ok(report)
}
