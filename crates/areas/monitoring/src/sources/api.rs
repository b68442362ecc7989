//! JSON of sources: `GET /api/v1/sources` (`state`, `agency`, `system`, `q`, `limit`, `offset`), `GET /api/v1/sources/{id}`.

use super::SolutionGroup;
use super::pages::filter_of;
use super::store::{self, Listed};
use axum::Json;
use axum::extract::Path;
use kit::Capability;
use kit::clock::Micros;
use kit::web::{ApiVisit, Fail, Routes};
use organisation::elevations::{ListAnswer, list_given};
use serde::Serialize;

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/sources", Capability::ViewSources, list_sources)
        .query(&["state", "agency", "system", "q", "limit", "offset"])
        .get("/api/v1/sources/{id}", Capability::ViewSources, show_source)
}

#[derive(Serialize)]
struct Shown {
    id: String,
    name: String,
    kind: &'static str,
    state: &'static str,
    /// What of its system it watches.
    solution_group: Option<&'static str>,
    agency_id: Option<String>,
    system_id: Option<String>,
    listener: Option<String>,
    network: Option<String>,
    host: Option<String>,
    expected: bool,
    rhythm: &'static str,
    max_silence_minutes: i64,
    first_seen: Option<Micros>,
    last_seen: Option<Micros>,
    last_live: Option<Micros>,
    /// Median of arrival minus event time, microseconds.
    lag: Option<Micros>,
    rate_per_minute: f64,
    events: i64,
    not_understood: i64,
    silent_since: Option<Micros>,
    flood_since: Option<Micros>,
}

impl Shown {
    fn of(listed: Listed) -> Self {
        let Listed { source, status, agency_id, system_id, .. } = listed;
        Self {
            solution_group: source.group().map(SolutionGroup::code),
            id: source.id,
            name: source.name,
            kind: source.kind.code(),
            state: source.state.code(),
            agency_id,
            system_id,
            listener: source.match_listener,
            network: source.match_network,
            host: source.match_host,
            expected: source.expected,
            rhythm: source.rhythm.code(),
            max_silence_minutes: source.max_silence_minutes,
            first_seen: status.first_seen,
            last_seen: status.last_seen,
            last_live: status.last_live,
            lag: status.lag,
            rate_per_minute: status.rate_per_minute,
            events: status.events,
            not_understood: status.not_understood,
            silent_since: status.silent_since,
            flood_since: status.flood_since,
        }
    }
}

async fn list_sources(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Shown>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let (view, filter) = (visit.read(), filter_of(&visit));
    let total = store::count(&view, &filter).await?;
    let rows = store::list(&view, &filter, limit, offset).await?.into_iter().map(Shown::of).collect();
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn show_source(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Shown>, Fail> {
    Ok(Json(Shown::of(store::get(&visit.read(), &id).await?)))
}
