//! JSON of incidents: `/api/v1/incidents`.

use super::Incident;
use super::service::{self, NewIncident};
use super::store::{self, IncidentFilter};
use crate::duties::service::clocks_of;
use crate::duties::store::{self as clock_store, RunningClock};
use crate::readings::{by_agency, tell_incident, tell_incidents};
use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use kit::Capability;
use kit::web::{ApiVisit, Fail, OnceKey, Routes, rows_to_skip};
use organisation::elevations::{ListAnswer, list_given};
use serde::Deserialize;
use serde_json::{Value, json};

const MOST: u64 = 500;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/incidents", Capability::ViewIncidents, list_incidents)
        .query_of::<Question>()
        .post("/api/v1/incidents", Capability::HandleIncidents, open_incident)
        .body_of::<NewIncident>()
        .get("/api/v1/incidents/{id}", Capability::ViewIncidents, show_incident)
        .get("/api/v1/clocks", Capability::ViewIncidents, list_clocks)
}

#[derive(Deserialize)]
#[serde(default)]
struct Question {
    q: String,
    state: String,
    severity: String,
    offset: u64,
    limit: u64,
}

impl Default for Question {
    fn default() -> Self {
        Self { q: String::new(), state: String::new(), severity: String::new(), offset: 0, limit: 100 }
    }
}

async fn list_incidents(
    ApiVisit(visit): ApiVisit,
    Query(question): Query<Question>,
) -> Result<ListAnswer<Incident>, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let filter = IncidentFilter {
        words: question.q,
        state: question.state,
        severity: question.severity,
        ..IncidentFilter::default()
    };
    let offset = rows_to_skip(question.offset)?;
    let connection = visit.read();
    let total = store::count(&connection, &filter).await?;
    let incidents = store::list(&connection, &filter, question.limit.min(MOST), offset).await?;
    let touched = by_agency(incidents.iter());
    let answer = list_given(&visit, &visit.address, total, incidents).await?;
    tell_incidents(&visit, &touched, "api").await?;
    Ok(answer)
}

async fn show_incident(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Value>, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let connection = visit.read();
    let incident = store::find(&connection, &id).await?;
    let clocks = clocks_of(&connection, &incident, visit.now()).await?;
    let clocks: Vec<_> = clocks
        .iter()
        .map(|(duty, clock)| {
            json!({
                "duty": duty.id, "started_at": clock.started_at, "due_at": clock.due_at, "state": clock.state.code(),
                "assumed": clock.assumed, "provisional": clock.provisional, "basis": duty.basis.place(),
            })
        })
        .collect();
    tell_incident(&visit, &incident, "api").await?;
    Ok(Json(json!({
        "incident": incident,
        "times": store::times(&connection, &id).await?,
        "clocks": clocks,
        "alerts": store::alerts(&connection, &id).await?,
        "events": store::events(&connection, &id).await?,
    })))
}

async fn list_clocks(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<RunningClock>, Fail> {
    visit.require(Capability::ViewIncidents)?;
    let connection = visit.read();
    let (total, _) = clock_store::count_running(&connection, visit.now()).await?;
    let clocks = clock_store::running(&connection, MOST).await?;
    Ok(list_given(&visit, &visit.address.at("/incidents"), total, clocks).await?)
}

async fn open_incident(
    ApiVisit(visit): ApiVisit,
    OnceKey(request): OnceKey,
    Json(new): Json<NewIncident>,
) -> Result<(StatusCode, Json<Value>), Fail> {
    let tx = visit.begin().await?;
    if let Some(id) = request.claim(&tx, visit.now()).await? {
        return Ok((StatusCode::OK, Json(json!({ "id": id }))));
    }
    let id = service::open(&tx, &visit.app.live, visit.now(), &new).await?;
    crate::edge::tell(&visit.app, &tx, &id, &new.agency_id);
    request.answer(&tx, &id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}
