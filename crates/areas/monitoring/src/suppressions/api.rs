//! JSON of suppressions: `GET /api/v1/suppressions` (`show=running|coming|over`, `limit`, `offset`), `POST` to make one,
//! `GET /api/v1/suppressions/{id}` with what it held back, `POST …/{id}/end`.

use super::pages::{END, Ending};
use super::service::{self, SuppressionInput};
use super::store::{self, Held};
use super::{Phase, Suppression};
use crate::rules::exceptions::Condition;
use crate::settings::Settings;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use kit::clock::Micros;
use kit::web::{ApiVisit, Fail, OnceKey, Routes, Visit};
use kit::{Capability, Error};
use organisation::elevations::{ListAnswer, list_given};
use serde::Serialize;
use std::collections::HashMap;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/suppressions", Capability::ViewAlerts, list_suppressions)
        .query(&["show", "limit", "offset"])
        .post("/api/v1/suppressions", Capability::TuneRules, create)
        .body_of::<SuppressionInput>()
        .get("/api/v1/suppressions/{id}", Capability::ViewAlerts, show_suppression)
        .post("/api/v1/suppressions/{id}/end", END, end)
        .body_of::<Ending>()
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

#[derive(Serialize)]
struct Shown {
    id: String,
    kind: &'static str,
    phase: &'static str,
    /// `None` for every rule.
    rule_id: Option<String>,
    /// `centre`, or `agency:`, `system:`, `source:` and an identifier.
    reach: String,
    reach_name: String,
    agency_id: Option<String>,
    conditions: Vec<Condition>,
    reason: String,
    starts_at: Micros,
    ends_at: Micros,
    /// Alert that it was made from.
    alert_id: Option<String>,
    created_by: String,
    created_by_name: String,
    created_at: Micros,
    ended_by_name: Option<String>,
    ended_at: Option<Micros>,
    end_reason: Option<String>,
    /// Alerts that it held back, and matches in them.
    alerts: u64,
    matches: u64,
}

impl Shown {
    fn of(one: Suppression, held: &HashMap<String, Held>, now: Micros) -> Self {
        let Held { alerts, matches } = held.get(&one.id).copied().unwrap_or_default();
        Self {
            kind: one.kind.code(),
            phase: one.phase(now).code(),
            reach: one.reach.code(),
            id: one.id,
            rule_id: one.rule_id,
            reach_name: one.reach_name,
            agency_id: one.agency_id,
            conditions: one.conditions,
            reason: one.reason,
            starts_at: one.starts_at,
            ends_at: one.ends_at,
            alert_id: one.alert_id,
            created_by: one.created_by,
            created_by_name: one.created_by_name,
            created_at: one.created_at,
            ended_by_name: one.ended_by_name,
            ended_at: one.ended_at,
            end_reason: one.end_reason,
            alerts,
            matches,
        }
    }
}

async fn list_suppressions(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Shown>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let phase = Phase::of(&visit.address);
    let (view, now) = (visit.read(), visit.now());
    let found = store::list(&view, phase, now, limit, offset).await?;
    let held = store::held_by(&view, &found).await?;
    let rows = found.into_iter().map(|one| Shown::of(one, &held, now)).collect();
    let total = store::count(&view, phase, now).await?;
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn shown(visit: &Visit, id: &str) -> Result<Json<Shown>, Error> {
    let view = visit.read();
    let one = store::find(&view, id).await?;
    let held = store::held_by(&view, std::slice::from_ref(&one)).await?;
    Ok(Json(Shown::of(one, &held, visit.now())))
}

async fn show_suppression(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Shown>, Fail> {
    Ok(shown(&visit, &id).await?)
}

async fn create(
    ApiVisit(visit): ApiVisit,
    OnceKey(identity): OnceKey,
    Json(input): Json<SuppressionInput>,
) -> Result<(StatusCode, Json<Shown>), Fail> {
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    let id = match identity.claim(&tx, visit.now()).await? {
        Some(id) => id,
        None => {
            let id = service::create(&tx, &settings.tuning, &input, visit.now()).await?;
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
