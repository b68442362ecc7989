//! JSON of alerts: `GET /api/v1/alerts` (filters as on the page), `GET /api/v1/alerts/{id}`,
//! `POST /api/v1/alerts/act`.

use super::listing::{self, Filter, Row, SORTS};
use super::pages::shelf;
use super::{AlertState, CloseReason, Sample, service, show, store};
use crate::rules::attribution::{self, Attribution};
use axum::Json;
use axum::extract::Path;
use kit::page::Sorting;
use kit::web::{ApiVisit, Fail, Routes, Visit};
use kit::{Capability, Error};
use organisation::elevations::{ListAnswer, list_given};
use serde::{Deserialize, Serialize};

pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/alerts", Capability::ViewAlerts, list_alerts)
        .query(&[
            "q",
            "state",
            "severity",
            "rule",
            "system",
            "agency",
            "source",
            "entity",
            "technique",
            "assigned",
            "story",
            "hunt",
            "range",
            "from",
            "to",
            "sort",
            "limit",
            "offset",
        ])
        .post("/api/v1/alerts/act", Capability::HandleAlerts, act)
        .body(&["act", "ids", "person_id", "reason", "note", "incident_id"])
        .get("/api/v1/alerts/{id}", Capability::ViewAlerts, show_alert)
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

/// A row with who wrote its rule.
#[derive(Serialize)]
struct Attributed {
    #[serde(flatten)]
    row: Row,
    #[serde(flatten)]
    attribution: Attribution,
}

async fn attributed(visit: &Visit, rows: Vec<Row>) -> Result<Vec<Attributed>, Error> {
    let book = shelf(&visit.app).map(|shelf| shelf.current());
    let ids: Vec<_> = rows.iter().map(|row| row.rule_id.as_str()).collect();
    let authors = attribution::of(&visit.read(), book.as_deref(), &ids).await?;
    let one = |row: Row| Attributed { attribution: authors.get(&row.rule_id).cloned().unwrap_or_default(), row };
    Ok(rows.into_iter().map(one).collect())
}

async fn list_alerts(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Attributed>, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let (limit, offset) = visit.rows_asked(MOST_ROWS)?;
    let filter = Filter::of(&visit.address, visit.now(), visit.scope().person_id());
    let sorting = Sorting::of(&visit.address, &SORTS);
    let connection = visit.read();
    let rows = listing::rows(&connection, &filter, &sorting, limit, offset).await?;
    let total = listing::count(&connection, &filter).await?;
    Ok(list_given(&visit, &visit.address, total, attributed(&visit, rows).await?).await?)
}

#[derive(Serialize)]
struct Alert {
    #[serde(flatten)]
    row: Attributed,
    techniques: Vec<String>,
    first_sequence: u64,
    last_sequence: u64,
    samples: Vec<Sample>,
    seen_at: Option<i64>,
    seen_by: Option<String>,
    close_reason: Option<&'static str>,
    close_note: Option<String>,
    /// The suppression that held it back.
    suppression_id: Option<String>,
}

async fn show_alert(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Alert>, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let connection = visit.read();
    let alert = store::get(&connection, &id).await?;
    let row = listing::row_by_id(&connection, &id).await?;
    let row = attributed(&visit, vec![row]).await?.pop().ok_or(Error::NotFound)?;
    let samples = show::samples(&visit, &alert).await?;
    Ok(Json(Alert {
        row,
        techniques: alert.techniques,
        first_sequence: alert.first_sequence,
        last_sequence: alert.last_sequence,
        samples,
        seen_at: alert.seen_at,
        seen_by: alert.seen_by,
        close_reason: alert.close_reason.map(CloseReason::code),
        close_note: alert.close_note,
        suppression_id: alert.suppression_id,
    }))
}

#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "lowercase")]
enum Act {
    Acknowledge {
        ids: Vec<String>,
    },
    Assign {
        ids: Vec<String>,
        person_id: String,
    },
    Close {
        ids: Vec<String>,
        reason: CloseReason,
        #[serde(default)]
        note: String,
    },
    Reopen {
        ids: Vec<String>,
    },
    Escalate {
        ids: Vec<String>,
        incident_id: Option<String>,
    },
}

#[derive(Serialize)]
struct Done {
    changed: u64,
    state: &'static str,
}

async fn act(ApiVisit(visit): ApiVisit, Json(act): Json<Act>) -> Result<Json<Done>, Fail> {
    let (live, now) = (visit.app.live.clone(), visit.now());
    let tx = visit.begin().await?;
    let (changed, state) = match act {
        Act::Acknowledge { ids } => (service::acknowledge(&tx, &live, &ids, now).await?, AlertState::Acknowledged),
        Act::Assign { ids, person_id } => {
            (service::assign(&tx, &live, &ids, &person_id, now).await?, AlertState::Assigned)
        }
        Act::Close { ids, reason, note } => {
            (service::close(&tx, &live, &ids, reason, &note, now).await?, AlertState::Closed)
        }
        Act::Reopen { ids } => (service::reopen(&tx, &live, &ids, now).await?, AlertState::New),
        Act::Escalate { ids, incident_id } => {
            let event = service::escalate(&tx, &live, &ids, incident_id, now).await?;
            (event.alert_ids.len() as u64, AlertState::Escalated)
        }
    };
    if changed == 0 {
        return Err(Error::invalid("ids", "field-required").into());
    }
    tx.commit().await?;
    Ok(Json(Done { changed, state: state.code() }))
}
