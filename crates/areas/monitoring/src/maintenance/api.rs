//! JSON of planned maintenance: `GET /api/v1/maintenance` (`show=running|coming|over`, `limit`, `offset`), `POST` to enter a
//! window, `GET /api/v1/maintenance/{id}`, `POST …/{id}/end`.

use super::pages::Ending;
use super::service::{self, MaintenanceInput};
use super::{Maintenance, store};
use crate::settings::Settings;
use crate::suppressions::Phase;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use kit::clock::Micros;
use kit::web::{ApiVisit, Fail, OnceKey, Routes, Visit};
use kit::{Capability, Error};
use organisation::elevations::{ListAnswer, list_given};
use serde::Serialize;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/maintenance", Capability::ViewSources, list_maintenance)
        .query(&["show", "limit", "offset"])
        .post("/api/v1/maintenance", Capability::ManageSources, plan)
        .body_of::<MaintenanceInput>()
        .get("/api/v1/maintenance/{id}", Capability::ViewSources, show_maintenance)
        .post("/api/v1/maintenance/{id}/end", Capability::ManageSources, end)
        .body_of::<Ending>()
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

#[derive(Serialize)]
struct Shown {
    id: String,
    phase: &'static str,
    /// `centre`, or `agency:`, `system:`, `source:` and an identifier.
    reach: String,
    reach_name: String,
    agency_id: Option<String>,
    reason: String,
    starts_at: Micros,
    ends_at: Micros,
    created_by: String,
    created_by_name: String,
    created_at: Micros,
    ended_by_name: Option<String>,
    ended_at: Option<Micros>,
    end_reason: Option<String>,
    /// The suppression that holds back alerts in the same time.
    suppression_id: Option<String>,
}

impl Shown {
    fn of(one: Maintenance, now: Micros) -> Self {
        Self {
            phase: one.phase(now).code(),
            reach: one.reach.code(),
            id: one.id,
            reach_name: one.reach_name,
            agency_id: one.agency_id,
            reason: one.reason,
            starts_at: one.starts_at,
            ends_at: one.ends_at,
            created_by: one.created_by,
            created_by_name: one.created_by_name,
            created_at: one.created_at,
            ended_by_name: one.ended_by_name,
            ended_at: one.ended_at,
            end_reason: one.end_reason,
            suppression_id: one.suppression_id,
        }
    }
}

async fn list_maintenance(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Shown>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let phase = Phase::of(&visit.address);
    let (view, now) = (visit.read(), visit.now());
    let found = store::list(&view, phase, now, limit, offset).await?;
    let total = store::count(&view, phase, now).await?;
    let rows = found.into_iter().map(|one| Shown::of(one, now)).collect();
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn shown(visit: &Visit, id: &str) -> Result<Json<Shown>, Error> {
    Ok(Json(Shown::of(store::find(&visit.read(), id).await?, visit.now())))
}

async fn show_maintenance(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Shown>, Fail> {
    Ok(shown(&visit, &id).await?)
}

async fn plan(
    ApiVisit(visit): ApiVisit,
    OnceKey(identity): OnceKey,
    Json(input): Json<MaintenanceInput>,
) -> Result<(StatusCode, Json<Shown>), Fail> {
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    let id = match identity.claim(&tx, visit.now()).await? {
        Some(id) => id,
        None => {
            let id = service::plan(&tx, &settings, &input, visit.now()).await?;
            identity.answer(&tx, &id).await?;
            tx.commit().await?;
            id
        }
    };
    Ok((StatusCode::CREATED, shown(&visit, &id).await?))
}

async fn end(
    ApiVisit(visit): ApiVisit,
    Path(id): Path<String>,
    Json(ending): Json<Ending>,
) -> Result<Json<Shown>, Fail> {
    let tx = visit.begin().await?;
    service::end(&tx, &id, &ending.reason, visit.now()).await?;
    tx.commit().await?;
    Ok(shown(&visit, &id).await?)
}
