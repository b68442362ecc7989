//! `POST /api/v1/query` with `{"sql": "…", "max_rows": 1000}`: rows as JSON objects. `GET /api/v1/tables`: what may
//! be asked. More rows than may leave without a second person, at once or within a while, are given to whom one has approved
//! it; for others the answer is cut there and says so, and once nothing is left it is refused.

use super::{ask, page_of};
use axum::Json;
use axum::extract::State;
use kit::catalogue::{QueryAnswer, TableSpec};
use kit::web::{ApiVisit, Fail, Released, Routes};
use kit::{App, Capability};
use organisation::elevations::{rows_allowed, rows_given};
use serde::Deserialize;

pub(super) fn routes() -> Routes {
    Routes::new().post("/api/v1/query", Capability::QuerySql, query).body_of::<Question>().get(
        "/api/v1/tables",
        Capability::QuerySql,
        tables,
    )
}

#[derive(Deserialize)]
struct Question {
    sql: String,
    max_rows: Option<usize>,
}

async fn query(ApiVisit(visit): ApiVisit, Json(question): Json<Question>) -> Result<Json<QueryAnswer>, Fail> {
    visit.require(Capability::QuerySql)?;
    let asked = page_of(&question.sql);
    let rows = rows_allowed(&visit, &asked, question.max_rows.unwrap_or(1_000)).await?;
    let answer = ask(&visit, &question.sql, rows, "api").await?;
    rows_given(&visit, &asked, answer.rows.len()).await?;
    Ok(Json(answer))
}

async fn tables(State(app): State<App>, ApiVisit(visit): ApiVisit) -> Result<Released<Json<Vec<TableSpec>>>, Fail> {
    visit.require(Capability::QuerySql)?;
    Ok(Released(Json(app.catalogue.tables())))
}
