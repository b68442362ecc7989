//! JSON of lines that nothing reads: `GET /api/v1/unread-lines` (`state`, `part`, `source`, `agency`, `q`, `limit`, `offset`),
//! `GET /api/v1/unread-lines/{id}` with sample lines, `POST …/{id}/ignore` and `POST …/{id}/reopen`.

use super::detail::{DECIDE, Ignoring, Sample, samples};
use super::pages::{filter_of, told};
use super::{UnreadLine, service, store};
use axum::Json;
use axum::extract::Path;
use kit::Capability;
use kit::clock::Micros;
use kit::web::{ApiVisit, Fail, Routes};
use organisation::elevations::{ListAnswer, list_given};
use serde::Serialize;

const MOST_ROWS: u64 = 1_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/unread-lines", Capability::ViewEvents, list_unread)
        .query(&["state", "part", "source", "agency", "q", "limit", "offset"])
        .get("/api/v1/unread-lines/{id}", Capability::ViewEvents, show_unread)
        .post("/api/v1/unread-lines/{id}/ignore", DECIDE, ignore)
        .body_of::<Ignoring>()
        .post("/api/v1/unread-lines/{id}/reopen", DECIDE, reopen)
}

#[derive(Serialize)]
struct Shown {
    id: String,
    source_id: String,
    source_name: String,
    agency_id: Option<String>,
    part: &'static str,
    program: String,
    /// Empty for lines beyond the bound of templates.
    template: String,
    lines: i64,
    estimated: bool,
    first_seen: Micros,
    last_seen: Micros,
    state: &'static str,
    reason: String,
    decided_at: Option<Micros>,
    solved_by: Option<String>,
}

impl From<UnreadLine> for Shown {
    fn from(row: UnreadLine) -> Self {
        Self {
            part: row.part.code(),
            state: row.state.code(),
            id: row.id,
            source_id: row.source_id,
            source_name: row.source_name,
            agency_id: row.agency_id,
            program: row.program,
            template: row.template,
            lines: row.lines,
            estimated: row.estimated,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            reason: row.reason,
            decided_at: row.decided_at,
            solved_by: row.solved_by,
        }
    }
}

#[derive(Serialize)]
struct WithSamples {
    #[serde(flatten)]
    shown: Shown,
    samples: Vec<Sample>,
}

async fn list_unread(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Shown>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let (view, filter) = (visit.read(), filter_of(&visit));
    let rows = store::list(&view, &filter, limit, offset).await?;
    told(&visit, "api", &visit.address.to_string(), &rows).await?;
    let total = store::count(&view, &filter).await?;
    Ok(list_given(&visit, &visit.address, total, rows.into_iter().map(Shown::from).collect()).await?)
}

async fn show_unread(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<WithSamples>, Fail> {
    let row = store::find(&visit.read(), &id).await?;
    let samples = samples(&visit, &row, "api").await?;
    Ok(Json(WithSamples { shown: row.into(), samples }))
}

async fn ignore(
    ApiVisit(visit): ApiVisit,
    Path(id): Path<String>,
    Json(ignoring): Json<Ignoring>,
) -> Result<Json<Shown>, Fail> {
    let tx = visit.begin().await?;
    let row = service::ignore(&tx, &id, &ignoring.reason, visit.now()).await?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

async fn reopen(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Shown>, Fail> {
    let tx = visit.begin().await?;
    let row = service::reopen(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(Json(row.into()))
}
