//! What shippers ask before they send: who are you, what licence, how is your health. Set-up calls (templates,
//! life cycles, pipelines) are answered harmlessly; nothing here changes anything.

use super::answer::{Refusal, json_answer};
use super::receive::check;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kit::App;
use serde_json::{Value, json};

/// Version that clients are told: the last one whose protocol is spoken here.
const VERSION: &str = "8.15.0";
const NAME: &str = "luytre";

pub(super) async fn about(State(app): State<App>, parts: Parts) -> Response {
    answered(&app, &parts, |_| {
        json!({
            "name": NAME,
            "cluster_name": NAME,
            "cluster_uuid": "bHV5dHJlLWV2ZW50LXN0b3Jl",
            "version": {
                "number": VERSION,
                "build_flavor": "default",
                "build_type": "tar",
                "build_hash": "unknown",
                "build_date": "2024-08-05T10:05:34.233336849Z",
                "build_snapshot": false,
                "lucene_version": "9.11.1",
                "minimum_wire_compatibility_version": "7.17.0",
                "minimum_index_compatibility_version": "7.0.0",
            },
            "tagline": "You Know, for Search",
        })
    })
    .await
}

/// `HEAD /`.
pub(super) async fn well(State(app): State<App>, parts: Parts) -> Response {
    answered(&app, &parts, |_| Value::Null).await
}

pub(super) async fn license(State(app): State<App>, parts: Parts) -> Response {
    answered(&app, &parts, |_| {
        json!({ "license": {
            "status": "active", "uid": "00000000-0000-0000-0000-000000000000", "type": "basic",
            "issue_date": "2024-01-01T00:00:00.000Z", "issue_date_in_millis": 1_704_067_200_000_i64,
            "max_nodes": null, "issued_to": NAME, "issuer": NAME, "start_date_in_millis": -1,
        } })
    })
    .await
}

pub(super) async fn xpack(State(app): State<App>, parts: Parts) -> Response {
    answered(&app, &parts, |_| {
        let off = json!({ "available": false, "enabled": false });
        json!({
            "build": { "hash": "unknown", "date": "2024-08-05T10:05:34.233336849Z" },
            "license": { "uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic", "status": "active" },
            "features": { "ilm": off, "security": { "available": true, "enabled": true }, "monitoring": off, "ml": off },
            "tagline": "You know, for X",
        })
    })
    .await
}

pub(super) async fn health(State(app): State<App>, parts: Parts) -> Response {
    answered(&app, &parts, |_| {
        json!({
            "cluster_name": NAME, "status": "green", "timed_out": false, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0,
            "initializing_shards": 0, "unassigned_shards": 0, "delayed_unassigned_shards": 0,
            "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0, "task_max_waiting_in_queue_millis": 0,
            "active_shards_percent_as_number": 100.0,
        })
    })
    .await
}

/// omelasticsearch asks for this before every connection.
pub(super) async fn cat_health(State(app): State<App>, parts: Parts) -> Response {
    if let Err(refused) = check(&app, &parts).await {
        return *refused;
    }
    let line = format!("{} green 1 1 1 1 0 0 0 0 - 100.0%\n", NAME);
    ([(header::CONTENT_TYPE, "text/plain; charset=UTF-8"), (PRODUCT, "Elasticsearch")], line).into_response()
}

/// Processors of pipelines that modules of Beats ask for.
const PROCESSORS: [&str; 24] = [
    "append",
    "community_id",
    "convert",
    "csv",
    "date",
    "dissect",
    "dot_expander",
    "drop",
    "fail",
    "foreach",
    "geoip",
    "grok",
    "gsub",
    "json",
    "kv",
    "lowercase",
    "pipeline",
    "remove",
    "rename",
    "script",
    "set",
    "split",
    "urldecode",
    "user_agent",
];

const PRODUCT: header::HeaderName = header::HeaderName::from_static("x-elastic-product");

/// Clients that look for more nodes find this one again, under the name they called it by.
pub(super) async fn nodes(State(app): State<App>, parts: Parts) -> Response {
    answered(&app, &parts, |headers| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:9200");
        json!({
            "_nodes": { "total": 1, "successful": 1, "failed": 0 },
            "cluster_name": NAME,
            "nodes": { NAME: {
                "name": NAME, "version": VERSION, "roles": ["data", "ingest", "master"],
                "http": { "publish_address": host, "bound_address": [host] },
                // Filebeat sends no module whose pipeline would want another; pipelines themselves are not run.
                "ingest": { "processors": PROCESSORS.map(|name| json!({ "type": name })) },
            } },
        })
    })
    .await
}

/// Everything else: set-up is acknowledged, lists are empty, the rest is told that it does not exist here.
pub(super) async fn other(State(app): State<App>, parts: Parts) -> Response {
    if let Err(refused) = check(&app, &parts).await {
        return *refused;
    }
    let headers = &parts.headers;
    let path = parts.uri.path();
    match set_up(&parts.method, path) {
        Some(answer) => json_answer(headers, StatusCode::OK, &answer),
        None => {
            let reason = format!("no handler found for uri [{path}] and method [{}]", parts.method);
            Refusal::new(StatusCode::BAD_REQUEST, "illegal_argument_exception", reason).into_answer(headers)
        }
    }
}

fn set_up(method: &Method, path: &str) -> Option<Value> {
    const SET_UP: [&str; 8] = [
        "_template",
        "_index_template",
        "_component_template",
        "_ilm",
        "_ingest",
        "_data_stream",
        "_alias",
        "_settings",
    ];
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let first = *parts.first()?;
    let last = *parts.last()?;
    if last == "_refresh" || last == "_flush" {
        return Some(json!({ "_shards": { "total": 1, "successful": 1, "failed": 0 } }));
    }
    let about_set_up = parts.iter().any(|part| SET_UP.contains(part));
    // A bare name is an index; clients create and look for it.
    let index = parts.len() == 1 && !first.starts_with('_');
    if !about_set_up && !index {
        return None;
    }
    match *method {
        Method::HEAD => Some(Value::Null),
        Method::GET if first == "_index_template" => Some(json!({ "index_templates": [] })),
        Method::GET if first == "_component_template" => Some(json!({ "component_templates": [] })),
        Method::GET if first == "_data_stream" => Some(json!({ "data_streams": [] })),
        Method::GET => Some(json!({})),
        Method::PUT | Method::POST if index => {
            Some(json!({ "acknowledged": true, "shards_acknowledged": true, "index": first }))
        }
        Method::PUT | Method::POST => Some(json!({ "acknowledged": true })),
        _ => None,
    }
}

async fn answered(app: &App, parts: &Parts, value: impl FnOnce(&HeaderMap) -> Value) -> Response {
    match check(app, parts).await {
        Ok(()) => json_answer(&parts.headers, StatusCode::OK, &value(&parts.headers)),
        Err(refused) => *refused,
    }
}
