//! JSON of formats: `GET /api/v1/formats` (those in force), `POST /api/v1/formats/read` with `{"lines": "…", "text": "…"}` (how
//! lines are read, by these and by one that is being written), `POST /api/v1/formats` with `{"text": "…", "reason": "…"}` (keeps
//! it as a new version for the second person).

use super::pages::{Listed, listed};
use super::reading::{Reading, lines, read};
use super::saving;
use crate::search::run::monitoring;
use axum::Json;
use axum::http::StatusCode;
use kit::web::{ApiVisit, Fail, Released, Routes, Visit};
use kit::{Capability, Error};
use organisation::regulations::{Regulations, address_of, require_change};
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/formats", Capability::ViewSources, list_formats)
        .post("/api/v1/formats", Capability::ChangeLaw, save)
        .body_of::<Written>()
        .post("/api/v1/formats/read", Capability::ViewSources, read_lines)
        .body_of::<Pasted>()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pasted {
    /// One record a line.
    lines: String,
    /// A format file that is not in force; empty for none.
    text: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    text: String,
    reason: String,
}

/// What became of a text.
#[derive(Serialize)]
struct Asked {
    path: String,
    /// Where it waits.
    address: String,
}

async fn list_formats(ApiVisit(visit): ApiVisit) -> Result<Released<Json<Vec<Listed>>>, Fail> {
    let regulations = Regulations::of(&visit.app)?;
    Ok(Released(Json(listed(&regulations.current()))))
}

async fn read_lines(
    ApiVisit(visit): ApiVisit,
    Json(pasted): Json<Pasted>,
) -> Result<Released<Json<Vec<Reading>>>, Fail> {
    Ok(Released(Json(readings(&visit, pasted).await?)))
}

async fn readings(visit: &Visit, pasted: Pasted) -> Result<Vec<Reading>, Error> {
    let mut formats = monitoring(&visit.app)?.formats.current();
    lines(&pasted.lines)?;
    if !pasted.text.trim().is_empty() {
        formats = saving::tried(visit, formats, &pasted.text).await?.outcome.map_err(|faults| {
            let words: Vec<String> = faults.iter().map(|fault| fault.in_words(visit.lang)).collect();
            Error::Refused { status: 422, key: "format-does-not-load", words: words.join("; ") }
        })?;
    }
    let now = visit.now();
    let work = move || lines(&pasted.lines).map(|lines| read(&formats, &lines, now));
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

async fn save(
    ApiVisit(visit): ApiVisit,
    Json(written): Json<Written>,
) -> Result<(StatusCode, Released<Json<Asked>>), Fail> {
    require_change(visit.scope())?;
    let formats = monitoring(&visit.app)?.formats.current();
    let tried = saving::tried(&visit, formats, &written.text).await?;
    let path = saving::save(&visit, tried, &written.reason).await?;
    let address = format!("/regulations/{}/edit", address_of(&path));
    Ok((StatusCode::CREATED, Released(Json(Asked { path, address }))))
}
