//! The list of values on lists, and the page that takes a table of them.

use super::sheet::{self, COLUMNS};
use super::store::{self, Filter};
use super::{ListedValue, NOUN, service};
use crate::settings::Settings;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Chip, Choice, FlashKind, Page, Pagination};
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::elevations::{file_link, leave};
use organisation::sheets::{About, Report, SheetForm, SheetPage};

const PER_PAGE: u64 = 100;
const MOST_ROWS: u64 = 200_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/value-lists", Capability::ViewSources, list_values)
        .get("/value-lists/import", Capability::ManageSources, show_import)
        .post("/value-lists/import", Capability::ManageSources, import)
        .post("/value-lists/{id}/delete", Capability::ManageSources, delete_value)
}

#[derive(Template)]
#[template(path = "value_lists/templates/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<ListedValue>,
    words: String,
    lists: Vec<Choice>,
    chips: Vec<Chip>,
    pagination: Pagination,
    may_change: bool,
    csv: String,
}

async fn list_values(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let value = |name| visit.address.value(name).unwrap_or_default().to_owned();
    let filter = Filter { words: value("q"), list: Some(value("list")).filter(|list| !list.is_empty()) };
    let view = visit.read();
    if visit.address.has("format", "csv") {
        return Ok(leave(&visit, csv(&store::list(&view, &filter, MOST_ROWS, 0).await?)).await?);
    }
    let page = visit.page().await?;
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let rows = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let mut chips = Vec::new();
    if !filter.words.trim().is_empty() {
        chips.push(Chip::of(&page.address, "q", &filter.words, page.t("value-list-words"), filter.words.clone()));
    }
    if let Some(list) = &filter.list {
        chips.push(Chip::of(&page.address, "list", list, page.t("value-list-name"), list.clone()));
    }
    let choice = |(list, count): (String, u64)| {
        let chosen = filter.list.as_deref() == Some(&*list);
        let name = format!("{list} ({})", page.format.number(count));
        Choice::new(list, name, chosen)
    };
    let lists = store::names(&view).await?.into_iter().map(choice).collect();
    let template = ListPage {
        rows,
        lists,
        words: filter.words,
        chips,
        pagination,
        may_change: visit.scope().may(Capability::ManageSources),
        csv: file_link(&visit, &page.address, pagination.total).await?,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// With the heads that an import reads again.
fn csv(rows: &[ListedValue]) -> Csv {
    let mut csv = Csv::new("value-lists", ["list", "value", "agency_code", "note"]);
    for row in rows {
        csv.row([row.list.as_str(), &row.value, row.agency_code.as_deref().unwrap_or_default(), &row.note]);
    }
    csv
}

async fn delete_value(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::delete(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(NOUN.path, FlashKind::Done, "value-list-deleted"))
}

fn about() -> About {
    About {
        title_key: "value-list-import",
        list: NOUN.path,
        action: "/value-lists/import",
        columns: COLUMNS.iter().collect(),
    }
}

async fn show_import(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    SheetPage::shown(&visit, about()).await
}

async fn import(visit: Visit, Form(form): Form<SheetForm>) -> Result<Response, Fail> {
    let report = take(&visit, &form).await;
    SheetPage::answered(&visit, about(), form, report).await
}

async fn take(visit: &Visit, form: &SheetForm) -> Result<Report, Error> {
    let settings = Settings::of(&visit.app)?;
    let table = sheet::read_sheet(form.table()?).await?;
    let tx = visit.begin().await?;
    let report = sheet::import_sheet(&tx, &settings.tuning.enrichment, visit.now(), table).await?;
    form.finish(tx).await?;
    Ok(report)
}
