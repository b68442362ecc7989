//! JSON of consolidation: `GET /api/v1/consolidation`.

use super::{SystemMove, pages, store};
use axum::extract::Query;
use kit::Capability;
use kit::web::{ApiVisit, Fail, Routes, rows_to_skip};
use organisation::elevations::{ListAnswer, list_given};
use serde::Deserialize;

pub(super) fn routes() -> Routes {
    Routes::new().get("/api/v1/consolidation", Capability::ViewSystems, list_moves).query_of::<Question>()
}

/// Most rows of one answer.
const MOST_ROWS: usize = 1_000;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    agency: String,
    /// How far; see [`super::Progress`].
    #[serde(default)]
    state: String,
    limit: Option<usize>,
    #[serde(default)]
    offset: u64,
}

async fn list_moves(
    ApiVisit(visit): ApiVisit,
    Query(question): Query<Question>,
) -> Result<ListAnswer<SystemMove>, Fail> {
    visit.require(Capability::ViewSystems)?;
    let mut moves = store::list(&visit.read()).await?;
    moves.retain(|one| pages::fits(one, &question.agency, &question.state, "", visit.now()));
    let total = moves.len() as u64;
    let offset = usize::try_from(rows_to_skip(question.offset)?).unwrap_or(usize::MAX);
    let limit = question.limit.unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS);
    let rows = moves.into_iter().skip(offset).take(limit).collect();
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}
