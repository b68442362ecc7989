//! JSON of hunts: `GET /api/v1/hunts` (`limit`, `offset`), `POST` to begin one, `GET /api/v1/hunts/{id}` with how far it has
//! come, `POST …/{id}/cancel`.

use super::pages::NEEDS;
use super::service::{self, HuntInput};
use super::{Hunt, store};
use crate::search::run::monitoring;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use kit::web::{ApiVisit, Fail, OnceKey, Routes, Visit};
use organisation::elevations::{ListAnswer, list_given};
use serde::Serialize;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/hunts", NEEDS, list_hunts)
        .query(&["limit", "offset"])
        .post("/api/v1/hunts", NEEDS, begin_hunt)
        .body_of::<HuntInput>()
        .get("/api/v1/hunts/{id}", NEEDS, show_hunt)
        .post("/api/v1/hunts/{id}/cancel", NEEDS, cancel_hunt)
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    hunt: Hunt,
    /// Part of the window that lies behind, 0 to 1.
    progress: f64,
}

impl From<Hunt> for Shown {
    fn from(hunt: Hunt) -> Self {
        Self { progress: hunt.progress(), hunt }
    }
}

async fn list_hunts(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Shown>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let view = visit.read();
    let rows = store::list(&view, limit, offset).await?.into_iter().map(Shown::from).collect();
    let total = store::count(&view).await?;
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn shown(visit: &Visit, id: &str) -> Result<Json<Shown>, Fail> {
    Ok(Json(store::find(&visit.read(), id).await?.into()))
}

async fn show_hunt(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Shown>, Fail> {
    shown(&visit, &id).await
}

async fn begin_hunt(
    ApiVisit(visit): ApiVisit,
    OnceKey(identity): OnceKey,
    Json(input): Json<HuntInput>,
) -> Result<(StatusCode, Json<Shown>), Fail> {
    let book = monitoring(&visit.app)?.rules.current();
    let tx = visit.begin().await?;
    let id = match identity.claim(&tx, visit.now()).await? {
        Some(id) => id,
        None => {
            let id = service::create(&tx, &book, &input, visit.now()).await?;
            identity.answer(&tx, &id).await?;
            tx.commit().await?;
            id
        }
    };
    Ok((StatusCode::CREATED, shown(&visit, &id).await?))
}

async fn cancel_hunt(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Shown>, Fail> {
    let tx = visit.begin().await?;
    service::cancel(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    shown(&visit, &id).await
}
