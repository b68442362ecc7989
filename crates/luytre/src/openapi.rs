//! The API as an OpenAPI 3.1 document, made from the routes as they are mounted: method, path, what each takes, and the rule
//! that lets in. Nothing is listed here a second time; what an operation is for is a text `api-<method>-<path>`.

use crate::access::is_api;
use crate::server;
use axum::Json;
use kit::locale::texts;
use kit::web::{Access, ApiVisit, Operation, Released, Routes};
use kit::{Capability, Lang};
use serde_json::{Map, Value, json};

/// Where it is served.
const PATH: &str = "/api/v1/openapi.json";

pub(crate) fn routes() -> Routes {
    Routes::new().get(PATH, Access::SignedIn, show_document)
}

async fn show_document(ApiVisit(visit): ApiVisit) -> Released<Json<Value>> {
    Released(Json(document(visit.lang)))
}

/// The document of this program; what is said in one language alone is said in this one.
pub fn document(lang: Lang) -> Value {
    describe(server::routes().operations(), lang)
}

fn describe(operations: &[Operation], lang: Lang) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations.iter().filter(|one| is_api(one)) {
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(operation.method.to_lowercase(), of_operation(operation, lang));
        }
    }
    let text = |key: &str| texts().text(lang, key);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": text("api-title"), "description": text("api-about"), "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                KEY: { "type": "http", "scheme": "bearer", "description": text("api-scheme-key") },
                SESSION: {
                    "type": "apiKey", "in": "cookie", "name": "__Host-luytre", "description": text("api-scheme-session"),
                },
            },
            "schemas": { "Problem": problem(lang) },
        },
    })
}

const KEY: &str = "key";
const SESSION: &str = "session";

/// `get-alerts-id` for `GET /api/v1/alerts/{id}`.
fn id_of(operation: &Operation) -> String {
    let path = operation.path.strip_prefix("/api/v1").unwrap_or(operation.path);
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let method = operation.method.to_lowercase();
    std::iter::once(method.as_str()).chain(words).collect::<Vec<_>>().join("-")
}

fn of_operation(operation: &Operation, lang: Lang) -> Value {
    let id = id_of(operation);
    let key = format!("api-{id}");
    let mut described = json!({
        "operationId": id,
        "summary": texts().text(lang, &key),
        "x-summary": { "vi": texts().text(Lang::Vi, &key), "en": texts().text(Lang::En, &key) },
        "security": security(operation.access),
        "responses": {
            "2XX": { "description": texts().text(lang, "api-done") },
            "default": {
                "description": texts().text(lang, "api-problem"),
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    });
    if let Some(described) = described.as_object_mut() {
        let parameters = parameters(operation, lang);
        if !parameters.is_empty() {
            described.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(body) = body(operation) {
            described.insert("requestBody".to_owned(), body);
        }
    }
    described
}

/// Key of what a parameter means.
fn parameter_key(name: &str) -> String {
    format!("api-parameter-{}", name.replace('_', "-"))
}

fn parameters(operation: &Operation, lang: Lang) -> Vec<Value> {
    let one = |name: &str, place: &str| {
        json!({
            "name": name, "in": place, "required": place == "path", "schema": { "type": "string" },
            "description": texts().text(lang, &parameter_key(name)),
        })
    };
    let places = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    places.map(|name| one(name, "path")).chain(operation.query.iter().map(|name| one(name, "query"))).collect()
}

/// Events come as they are sent to Elasticsearch; everything else is one object.
fn body(operation: &Operation) -> Option<Value> {
    let (form, schema) = match operation.access {
        Access::AnswersItself(_) if operation.path.ends_with("/_bulk") => {
            ("application/x-ndjson", json!({ "type": "string" }))
        }
        Access::AnswersItself(_) => ("application/json", json!({ "type": "object" })),
        _ if operation.body.is_empty() => return None,
        _ => {
            let members = operation.body.iter().map(|name| ((*name).to_owned(), json!({})));
            ("application/json", json!({ "type": "object", "properties": members.collect::<Map<_, _>>() }))
        }
    };
    let content = Map::from_iter([(form.to_owned(), json!({ "schema": schema }))]);
    Some(json!({ "required": true, "content": content }))
}

/// Each entry is one way in, with all capabilities that it needs.
fn security(access: Access) -> Value {
    let ways = |schemes: &[&str], needs: &[Capability]| -> Vec<Value> {
        let names: Vec<_> = needs.iter().map(|one| one.name()).collect();
        schemes.iter().map(|scheme| json!(Map::from_iter([((*scheme).to_owned(), json!(names))]))).collect()
    };
    let both = [KEY, SESSION];
    match access {
        Access::Open => json!([]),
        Access::Entering | Access::SignedIn => json!(ways(&both, &[])),
        Access::Needs(one) => json!(ways(&both, &[one])),
        Access::NeedsAll(several) => json!(ways(&both, several)),
        Access::NeedsOneOf(several) => {
            json!(several.iter().flat_map(|one| ways(&both, &[*one])).collect::<Vec<_>>())
        }
        Access::AnswersItself(one) => json!(ways(&[KEY], &[one])),
    }
}

/// RFC 9457, with our own members.
fn problem(lang: Lang) -> Value {
    let text = |key: &str| json!({ "type": "string", "description": texts().text(lang, key) });
    json!({
        "type": "object",
        "required": ["title", "status", "code", "detail", "operation_id"],
        "properties": {
            "type": { "type": "string" },
            "title": text("api-problem-title"),
            "status": { "type": "integer" },
            "code": text("api-problem-code"),
            "detail": text("api-problem-detail"),
            "operation_id": text("api-problem-operation"),
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "field": { "type": "string" }, "key": { "type": "string" } },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn mounted() -> Vec<Operation> {
        server::routes().operations().iter().filter(|one| is_api(one)).copied().collect()
    }

    #[test]
    fn every_operation_of_the_api_is_in_it_and_nothing_else() {
        let document = document(Lang::En);
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| (path, method)))
            .map(|(path, method)| (path.clone(), method.to_uppercase()))
            .collect();
        let mounted: BTreeSet<_> = mounted().iter().map(|one| (one.path.to_owned(), one.method.to_owned())).collect();
        assert_eq!(described, mounted);
        assert!(mounted.contains(&(PATH.to_owned(), "GET".to_owned())), "itself among them");
    }

    #[test]
    fn each_has_a_name_of_its_own_and_a_text_in_both_languages() {
        let operations = mounted();
        let names: BTreeSet<_> = operations.iter().map(id_of).collect();
        assert_eq!(names.len(), operations.len());
        for operation in &operations {
            let places = operation.path.split(['{', '}']).skip(1).step_by(2);
            let keys = places.chain(operation.query.iter().copied()).map(parameter_key);
            for key in keys.chain([format!("api-{}", id_of(operation))]) {
                for lang in Lang::ALL {
                    assert!(texts().has(lang, &key), "{key}");
                }
            }
        }
        // What sends events has several addresses for one thing.
        let others: Vec<_> = operations.iter().filter(|one| !matches!(one.access, Access::AnswersItself(_))).collect();
        for lang in Lang::ALL {
            let words: BTreeSet<_> =
                others.iter().map(|one| texts().text(lang, &format!("api-{}", id_of(one)))).collect();
            assert_eq!(words.len(), others.len(), "two operations say the same");
        }
    }

    #[test]
    fn rules_paths_and_bodies_are_those_of_the_route() {
        let document = document(Lang::Vi);
        let at = |path: &str, method: &str| document["paths"][path][method].clone();
        let alert = at("/api/v1/alerts/{id}", "get");
        assert_eq!(alert["operationId"], "get-alerts-id");
        assert_eq!(alert["security"], json!([{ "key": ["view-alerts"] }, { "session": ["view-alerts"] }]));
        assert_eq!((&alert["parameters"][0]["name"], &alert["parameters"][0]["in"]), (&json!("id"), &json!("path")));
        assert_eq!((&alert["parameters"][0]["required"], &alert["requestBody"]), (&json!(true), &Value::Null));
        assert_ne!(alert["x-summary"]["vi"], alert["x-summary"]["en"]);
        assert_eq!(alert["summary"], alert["x-summary"]["vi"]);
        let new = at("/api/v1/incidents", "post");
        let members = new["requestBody"]["content"]["application/json"]["schema"]["properties"].as_object().unwrap();
        let names: Vec<_> = members.keys().map(String::as_str).collect();
        let read = ["agency_id", "description", "detected", "occurred", "system_id", "title"];
        assert_eq!(BTreeSet::from_iter(names), BTreeSet::from(read), "as the type is read");
        let listed = at("/api/v1/systems", "get");
        let names: Vec<_> = listed["parameters"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["q", "level", "state", "hosting", "agency", "limit", "offset"]);
        let either = at("/api/v1/saved-searches", "get")["security"].as_array().unwrap().len();
        assert_eq!(either, 6, "one of three capabilities, by key or in a session");
        let bulk = at("/{index}/_bulk", "post");
        assert!(bulk["requestBody"]["content"]["application/x-ndjson"].is_object(), "{bulk}");
        assert_eq!(bulk["security"], json!([{ "key": ["ingest-events"] }]));
        assert_eq!(document["openapi"], "3.1.0");
    }
}
