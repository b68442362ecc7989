//! JSON of coverage: `GET /api/v1/coverage` (`from`, `to`, `system`, `agency`, `limit`, `offset`), one row a system, day and group.

use super::store::{self, Day, DayFilter};
use crate::sources::minutes::day_of;
use kit::civil;
use kit::clock::{DAY, Micros};
use kit::web::{ApiVisit, Fail, Routes};
use kit::{Capability, Error};
use organisation::elevations::{ListAnswer, list_given};
use serde::Serialize;

/// Most rows of one answer.
const MOST_ROWS: u64 = 10_000;
/// Days of an answer where nothing else is asked.
const DAYS: i64 = 14;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/coverage", Capability::ViewSources, list_coverage)
        .query(&["from", "to", "system", "agency", "limit", "offset"])
}

#[derive(Serialize)]
struct Shown {
    system_id: String,
    agency_id: String,
    level: i64,
    /// Beginning of the day in Vietnam.
    day_start: Micros,
    /// `any` for all sources together.
    solution_group: &'static str,
    minutes_expected: i64,
    minutes_seen: i64,
    minutes_maintenance: i64,
    longest_gap: i64,
    sources: Vec<String>,
    /// The day was over when it was counted.
    complete: bool,
    known_at: Micros,
}

impl Shown {
    fn of(day: Day) -> Self {
        Self {
            system_id: day.system_id,
            agency_id: day.agency_id,
            level: day.level,
            day_start: day.day,
            solution_group: day.part.code(),
            minutes_expected: day.figures.expected,
            minutes_seen: day.figures.seen,
            minutes_maintenance: day.figures.maintenance,
            longest_gap: day.figures.longest_gap,
            sources: day.sources,
            complete: day.complete,
            known_at: day.known_at,
        }
    }
}

async fn list_coverage(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Shown>, Fail> {
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let text = |name: &str| visit.address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let moment = |name: &str| -> Result<Option<Micros>, Error> {
        civil::moment_in(name, visit.address.value(name).unwrap_or_default())
    };
    let to = moment("to")?.unwrap_or(day_of(visit.now()) + DAY);
    let from = moment("from")?.unwrap_or(to.saturating_sub(DAYS * DAY));
    let filter = DayFilter { systems: text("system").into_iter().collect(), agency_id: text("agency"), by_group: true };
    let view = visit.read();
    let total = store::count(&view, &filter, (from, to)).await?;
    let rows = store::days(&view, &filter, (from, to), limit, offset).await?.into_iter().map(Shown::of).collect();
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}
