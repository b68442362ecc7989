//! JSON of saved searches: `GET /api/v1/saved-searches` (`q`, `kind`, `show=own|scheduled`, `limit`, `offset`), `POST` to
//! keep one, `GET`, `PUT` and `DELETE /api/v1/saved-searches/{id}`, `PUT` and `DELETE …/{id}/schedule`,
//! `POST …/{id}/take-over` for what was left behind.

use super::pages::ASK_OR_ADMINISTER;
use super::schedules::{self, ScheduleInput};
use super::service::{self, SavedSearchInput};
use super::store::{self, Filter};
use super::{Kind, SavedSearch};
use crate::search::run::monitoring;
use crate::settings::Settings;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use kit::web::{ApiVisit, Fail, OnceKey, Routes};
use organisation::elevations::{ListAnswer, list_given};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/saved-searches", ASK_OR_ADMINISTER, list_searches)
        .query(&["q", "kind", "show", "limit", "offset"])
        .post("/api/v1/saved-searches", ASK_OR_ADMINISTER, create)
        .body_of::<SavedSearchInput>()
        .get("/api/v1/saved-searches/{id}", ASK_OR_ADMINISTER, show_search)
        .put("/api/v1/saved-searches/{id}", ASK_OR_ADMINISTER, change)
        .body_of::<SavedSearchInput>()
        .delete("/api/v1/saved-searches/{id}", ASK_OR_ADMINISTER, delete_search)
        .post("/api/v1/saved-searches/{id}/take-over", ASK_OR_ADMINISTER, take_over)
        .put("/api/v1/saved-searches/{id}/schedule", ASK_OR_ADMINISTER, set_schedule)
        .body_of::<ScheduleInput>()
        .delete("/api/v1/saved-searches/{id}/schedule", ASK_OR_ADMINISTER, stop_schedule)
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

async fn list_searches(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<SavedSearch>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let filter = Filter {
        words: visit.address.value("q").unwrap_or_default().to_owned(),
        kind: visit.address.value("kind").and_then(Kind::from_code),
        own: visit.address.has("show", "own"),
        scheduled: visit.address.has("show", "scheduled"),
    };
    let view = visit.read();
    let rows = store::list(&view, &filter, limit, offset).await?;
    let total = store::count(&view, &filter).await?;
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn show_search(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<SavedSearch>, Fail> {
    Ok(Json(store::find(&visit.read(), &id).await?))
}

async fn create(
    ApiVisit(visit): ApiVisit,
    OnceKey(identity): OnceKey,
    Json(input): Json<SavedSearchInput>,
) -> Result<(StatusCode, Json<SavedSearch>), Fail> {
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    let id = match identity.claim(&tx, visit.now()).await? {
        Some(id) => id,
        None => {
            let agency_id = &visit.session.agency_id;
            let id = service::create(&tx, &settings.saved_searches, &input, agency_id, visit.now()).await?;
            identity.answer(&tx, &id).await?;
            tx.commit().await?;
            id
        }
    };
    Ok((StatusCode::CREATED, Json(store::find(&visit.read(), &id).await?)))
}

async fn change(
    ApiVisit(visit): ApiVisit,
    Path(id): Path<String>,
    Json(input): Json<SavedSearchInput>,
) -> Result<Json<SavedSearch>, Fail> {
    let tx = visit.begin().await?;
    service::change(&tx, &id, &input, visit.now()).await?;
    tx.commit().await?;
    Ok(Json(store::find(&visit.read(), &id).await?))
}

async fn delete_search(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<StatusCode, Fail> {
    let tx = visit.begin().await?;
    service::delete(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn take_over(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<SavedSearch>, Fail> {
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    service::take_over(&tx, &settings.saved_searches, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(Json(store::find(&visit.read(), &id).await?))
}

async fn set_schedule(
    ApiVisit(visit): ApiVisit,
    Path(id): Path<String>,
    Json(input): Json<ScheduleInput>,
) -> Result<Json<SavedSearch>, Fail> {
    let inserted = monitoring(&visit.app)?.store.inserted();
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    schedules::set(&tx, &settings.saved_searches, &id, &input, inserted, visit.now()).await?;
    tx.commit().await?;
    Ok(Json(store::find(&visit.read(), &id).await?))
}

async fn stop_schedule(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<StatusCode, Fail> {
    let tx = visit.begin().await?;
    schedules::stop(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
