//! JSON of indicators: `GET /api/v1/indicator-lists`, `GET /api/v1/indicators` (`q`, `list`, `kind`, `show=expired`,
//! `limit`, `offset`) and `POST /api/v1/indicator-lists/{id}/import` with a file as its body (`dry_run=1` keeps nothing).

use super::import::{self, Report};
use super::{List, Listed, pages, reading, store};
use crate::settings::Settings;
use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use kit::Capability;
use kit::web::{ApiVisit, Fail, Routes};
use organisation::elevations::{ListAnswer, list_given};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/indicator-lists", Capability::ViewRules, list_lists)
        .get("/api/v1/indicators", Capability::ViewRules, list_indicators)
        .query(&["q", "list", "kind", "show", "limit", "offset"])
        .post("/api/v1/indicator-lists/{id}/import", Capability::ManageRules, import_file)
        .query(&["dry_run"])
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 10_000;

async fn list_lists(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<List>, Fail> {
    let rows = store::lists(&visit.read(), visit.now()).await?;
    Ok(list_given(&visit, &visit.address.at("/indicators/lists"), rows.len() as u64, rows).await?)
}

async fn list_indicators(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Listed>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let filter = pages::filter_of(&visit.address, visit.now());
    let view = visit.read();
    let rows = store::rows(&view, &filter, limit, offset).await?;
    let total = store::count(&view, &filter).await?;
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn import_file(ApiVisit(visit): ApiVisit, Path(id): Path<String>, file: Bytes) -> Result<Json<Report>, Fail> {
    let settings = Settings::of(&visit.app)?;
    let read = reading::read_apart(settings.clone(), file, visit.now()).await?;
    let tx = visit.begin().await?;
    let list = store::find(&tx, &id, visit.now()).await?;
    let report = import::take(&tx, &settings.indicators, &list, read, visit.now()).await?;
    tx.finish(visit.address.has("dry_run", "1")).await?;
    Ok(Json(report))
}
