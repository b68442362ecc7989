//! The list of address ranges, and the page that takes a table of them.

use super::sheet::{self, COLUMNS};
use super::store::{self, Filter};
use super::{AddressRange, Kind, NOUN, service};
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
const MOST_ROWS: u64 = 50_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/address-ranges", Capability::ViewSources, list_ranges)
        .get("/address-ranges/import", Capability::ManageSources, show_import)
        .post("/address-ranges/import", Capability::ManageSources, import)
        .post("/address-ranges/{id}/delete", Capability::ManageSources, delete_range)
}

#[derive(Template)]
#[template(path = "address_ranges/templates/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<AddressRange>,
    words: String,
    kinds: Vec<Choice>,
    chips: Vec<Chip>,
    pagination: Pagination,
    may_change: bool,
    csv: String,
}

async fn list_ranges(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let value = |name| visit.address.value(name).unwrap_or_default().to_owned();
    let filter = Filter { words: value("q"), kind: Kind::from_code(&value("kind")) };
    let view = visit.read();
    if visit.address.has("format", "csv") {
        return Ok(leave(&visit, csv(&store::list(&view, &filter, MOST_ROWS, 0).await?)).await?);
    }
    let page = visit.page().await?;
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let rows = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let mut chips = Vec::new();
    if !filter.words.trim().is_empty() {
        chips.push(Chip::of(&page.address, "q", &filter.words, page.t("address-range-words"), filter.words.clone()));
    }
    if let Some(kind) = filter.kind {
        chips.push(Chip::of(&page.address, "kind", kind.code(), page.t("address-range-kind"), page.t(&kind.key())));
    }
    let choice = |kind: Kind| Choice::new(kind.code(), page.t(&kind.key()), filter.kind == Some(kind));
    let template = ListPage {
        rows,
        kinds: Kind::ALL.map(choice).into(),
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
fn csv(rows: &[AddressRange]) -> Csv {
    let mut csv = Csv::new("address-ranges", ["network", "name", "kind", "agency_code", "note"]);
    for row in rows {
        let network = row.network.to_string();
        let agency = row.agency_code.as_deref().unwrap_or_default();
        csv.row([network.as_str(), &row.name, row.kind.code(), agency, &row.note]);
    }
    csv
}

async fn delete_range(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::delete(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(NOUN.path, FlashKind::Done, "address-range-deleted"))
}

fn about() -> About {
    About {
        title_key: "address-range-import",
        list: NOUN.path,
        action: "/address-ranges/import",
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
