//! JSON of what was unusual: `GET /api/v1/early-warnings` (filter as on the page), `GET /api/v1/early-warnings/{id}`.

use super::account::sentence;
use super::pages::asked;
use super::store::{self, Listed};
use super::title_of;
use crate::alerts::Entity;
use crate::settings::Settings;
use axum::Json;
use axum::extract::Path;
use baseline::Anomaly;
use kit::Capability;
use kit::web::{ApiVisit, Fail, Routes, Visit};
use organisation::elevations::{ListAnswer, list_given};
use serde::Serialize;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/early-warnings", Capability::ViewAlerts, list_early_warnings)
        .query(&["detector", "limit", "offset"])
        .get("/api/v1/early-warnings/{id}", Capability::ViewAlerts, show_early_warning)
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

#[derive(Serialize)]
struct Row {
    id: String,
    detector: String,
    /// Name of the detector in the language of the asker.
    title: Option<String>,
    agency_id: Option<String>,
    agency_name: Option<String>,
    source_id: String,
    source_name: Option<String>,
    entity: Entity,
    sequence: u64,
    time: i64,
    /// What was unusual and what normal is, in a sentence.
    account: String,
    anomaly: Anomaly,
}

impl Row {
    fn of(visit: &Visit, listed: Listed) -> Self {
        let warning = listed.warning;
        Self {
            title: title_of(&warning.detector, visit.lang),
            account: sentence(&warning.anomaly.normal, visit.lang, visit.now()),
            id: warning.id,
            detector: warning.detector,
            agency_id: warning.agency_id,
            agency_name: listed.agency_name,
            source_id: warning.source_id,
            source_name: listed.source_name,
            entity: warning.entity,
            sequence: warning.sequence,
            time: warning.time,
            anomaly: warning.anomaly,
        }
    }
}

async fn list_early_warnings(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Row>, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let settings = Settings::of(&visit.app)?;
    let (view, detector) = (visit.read(), asked(&visit.address, &settings.early_warning));
    let found = store::list(&view, detector.as_deref(), limit, offset).await?;
    let total = store::count(&view, detector.as_deref()).await?;
    let rows = found.into_iter().map(|listed| Row::of(&visit, listed)).collect();
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn show_early_warning(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Row>, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let found = store::find(&visit.read(), &id).await?;
    Ok(Json(Row::of(&visit, found)))
}
