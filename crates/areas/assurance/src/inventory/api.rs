//! JSON of the inventory: `GET /api/v1/inventory`, `GET /api/v1/inventory/{id}`, `POST /api/v1/systems/{id}/inventory`; a table
//! as the body of `POST /api/v1/inventory/import` and a file of nmap as that of `POST /api/v1/systems/{id}/scan`
//! (`dry_run=1` keeps nothing).

use super::store::{self, Filter};
use super::{Item, NewItem, field_named, nmap, oscal, scan_page, service, sheet_page};
use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::StatusCode;
use kit::web::{ApiVisit, Fail, Routes, rows_to_skip};
use kit::{Capability, Error};
use organisation::elevations::{ListAnswer, list_given, rows_given};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Members of the body of an item; the others are the fields of its kind.
const BODY: &[&str] = &[
    "kind",
    "name",
    "purpose",
    "part_of",
    "linked_system",
    "relation",
    "direction",
    "addresses",
    "serial",
    "place",
    "zone",
    "platform",
    "edition",
    "status",
    "account_kind",
    "scope",
    "owner",
    "licence",
    "support_end",
    "information",
    "basic_subjects",
    "sensitive_subjects",
    "backup",
    "level",
    "basis",
    "begins",
    "ends",
    "responsible",
    "services",
    "notes",
];

pub(super) fn routes() -> Routes {
    let files = Routes::new()
        .post("/api/v1/inventory/import", Capability::ManageSystems, sheet_page::import_file)
        .query(&["dry_run"])
        .post("/api/v1/systems/{id}/scan", Capability::ManageSystems, scan_page::scan_file)
        .query(&["dry_run"])
        .map(|router| router.layer(DefaultBodyLimit::max(nmap::MOST_BYTES)));
    Routes::new()
        .get("/api/v1/inventory", Capability::ViewSystems, list_items)
        .query_of::<Question>()
        .get("/api/v1/inventory/{id}", Capability::ViewSystems, show_item)
        .post("/api/v1/systems/{id}/inventory", Capability::ManageSystems, add_item)
        .body(BODY)
        .get("/api/v1/systems/{id}/oscal", Capability::ViewSystems, show_oscal)
        .merge(files)
}

/// Most rows of one answer.
const MOST_ROWS: u64 = 1_000;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    system: String,
    #[serde(default)]
    agency: String,
    /// `seen`: what a scan saw and nobody registered.
    #[serde(default)]
    show: String,
    limit: Option<u64>,
    #[serde(default)]
    offset: u64,
}

async fn list_items(ApiVisit(visit): ApiVisit, Query(question): Query<Question>) -> Result<ListAnswer<Item>, Fail> {
    visit.require(Capability::ViewSystems)?;
    let filter = Filter {
        words: question.q,
        kind: question.kind,
        system_id: question.system,
        agency_id: question.agency,
        registered: Some(question.show != "seen"),
        linked_to: String::new(),
    };
    let view = visit.read();
    let total = store::count(&view, &filter).await?;
    let limit = question.limit.unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS);
    let rows = store::list(&view, &filter, limit, rows_to_skip(question.offset)?).await?;
    Ok(list_given(&visit, &visit.address, total, rows).await?)
}

async fn show_item(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Item>, Fail> {
    visit.require(Capability::ViewSystems)?;
    Ok(Json(store::find(&visit.read(), &id).await?))
}

async fn show_oscal(ApiVisit(visit): ApiVisit, Path(id): Path<String>) -> Result<Json<Value>, Fail> {
    visit.require(Capability::ViewSystems)?;
    let (system, items) = oscal::told(&visit.read(), &id).await?;
    rows_given(&visit, &visit.address, items.len() + 1).await?;
    Ok(Json(oscal::document(&system, &items, visit.now())))
}

async fn add_item(
    ApiVisit(visit): ApiVisit,
    Path(id): Path<String>,
    Json(given): Json<BTreeMap<String, Value>>,
) -> Result<(StatusCode, Json<Value>), Fail> {
    let mut pairs = Vec::new();
    for (name, value) in given {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) if field_named(&name).is_some() => {
                return Err(Error::invalid(name, "field-invalid").into());
            }
            // Members that no item has are not read.
            _ => continue,
        };
        pairs.push((name, value));
    }
    let tx = visit.begin().await?;
    let id = service::add(&tx, &id, NewItem::of(pairs), visit.now()).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_every_field() {
        for field in super::super::FIELDS {
            assert!(BODY.contains(&field.name), "{}", field.name);
        }
        assert_eq!(BODY.len(), super::super::FIELDS.len() + 2);
    }
}
