//! JSON of systems: `/api/v1/systems`.

use super::store::{self, Filter};
use super::{NewSystem, State, System, service};
use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use kit::Capability;
use kit::web::{ApiVisit, Fail, Routes};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/systems", Capability::ViewSystems, list_systems)
        .query_of::<Question>()
        .post("/api/v1/systems", Capability::ManageSystems, register_system)
        .body_of::<NewSystem>()
        .get("/api/v1/systems/{id}", Capability::ViewSystems, show_system)
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    q: String,
    level: Option<i64>,
    state: Option<String>,
}

async fn list_systems(ApiVisit(visit): ApiVisit, Query(question): Query<Question>) -> Result<Json<Value>, Fail> {
    visit.require(Capability::ViewSystems)?;
    let filter = Filter {
        words: question.q,
        level: question.level,
        state: question.state.as_deref().and_then(State::from_code),
        agency_id: None,
    };
    let systems = store::list(&visit.read(), &filter).await?;
    Ok(Json(json!({ "systems": systems })))
}

async fn show_system(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<System>, Fail> {
    visit.require(Capability::ViewSystems)?;
    Ok(Json(store::find(&visit.read(), &id).await?))
}

async fn register_system(
    ApiVisit(visit): ApiVisit,
    Json(new): Json<NewSystem>,
) -> Result<(StatusCode, Json<Value>), Fail> {
    let tx = visit.begin().await?;
    let id = service::register(&tx, new, visit.now()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}
