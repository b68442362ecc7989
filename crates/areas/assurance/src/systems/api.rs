//! JSON of systems: `/api/v1/systems`, and a table of them as the body of `/api/v1/systems/import` (`dry_run=1` keeps
//! nothing).

use super::store::{self, Filter};
use super::{Hosting, NewSystem, State, System, service, sheet_page};
use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::StatusCode;
use kit::Capability;
use kit::web::{ApiVisit, Fail, Routes, rows_to_skip};
use organisation::elevations::{ListAnswer, list_given};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn routes() -> Routes {
    let files = Routes::new()
        .post("/api/v1/systems/import", Capability::ManageSystems, sheet_page::import_file)
        .query(&["dry_run"])
        .map(|router| router.layer(DefaultBodyLimit::max(MOST_BYTES)));
    Routes::new()
        .get("/api/v1/systems", Capability::ViewSystems, list_systems)
        .query_of::<Question>()
        .post("/api/v1/systems", Capability::ManageSystems, register_system)
        .body_of::<NewSystem>()
        .get("/api/v1/systems/{id}", Capability::ViewSystems, show_system)
        .merge(files)
}

/// Largest table that comes as a body, in bytes.
const MOST_BYTES: usize = 8 << 20;

/// Most rows of one answer.
const MOST_ROWS: usize = 1_000;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    q: String,
    level: Option<i64>,
    state: Option<String>,
    /// In what kind of place; see [`Hosting`].
    hosting: Option<String>,
    agency: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    offset: u64,
}

async fn list_systems(ApiVisit(visit): ApiVisit, Query(question): Query<Question>) -> Result<ListAnswer<System>, Fail> {
    visit.require(Capability::ViewSystems)?;
    let filter = Filter {
        words: question.q,
        level: question.level,
        state: question.state.as_deref().and_then(State::from_code),
        hosting: question.hosting.as_deref().and_then(Hosting::from_code),
        agency_id: question.agency.filter(|id| !id.is_empty()),
    };
    let offset = usize::try_from(rows_to_skip(question.offset)?).unwrap_or(usize::MAX);
    let limit = question.limit.unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS);
    let systems = store::list(&visit.read(), &filter).await?;
    let total = systems.len() as u64;
    let rows: Vec<_> = systems.into_iter().skip(offset).take(limit).collect();
    Ok(list_given(&visit, &visit.address, total, rows).await?)
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
