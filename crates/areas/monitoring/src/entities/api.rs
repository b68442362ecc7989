//! `GET /api/v1/entities`: the ranking by risk, narrowed as on the page.

use super::pages::filter_of;
use super::store::{self, Ranked};
use crate::settings::Settings;
use kit::Capability;
use kit::web::{ApiVisit, Fail, Routes};
use organisation::elevations::{ListAnswer, list_given};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/entities", Capability::ViewAlerts, list_entities)
        .query(&["q", "kind", "entity", "agency", "limit", "offset"])
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

async fn list_entities(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Ranked>, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let (view, filter, now) = (visit.read(), filter_of(&visit.address), visit.now());
    let settings = Settings::of(&visit.app)?;
    let policy = &settings.entity_risk;
    let rows = store::ranking(&view, policy, &filter, now, limit, offset).await?;
    let total = store::count(&view, policy, &filter, now).await?;
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}
