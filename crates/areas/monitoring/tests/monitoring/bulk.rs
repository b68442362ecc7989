//! The Elasticsearch-compatible door: item by item, durable, never from a browser.

use crate::centre::{Centre, in_a_centre};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::{self, Next};
use kit::scope::{Actor, Agencies};
use kit::session::Session;
use kit::{Capability, Scope};
use monitoring::Monitoring;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

/// The door with a session as sign-in leaves it in the request: of a key that may send, of one that may not, of a
/// person's browser, or none.
fn door(centre: &Centre, who: &'static str) -> Router {
    signed(centre, who, monitoring::bulk::elastic_routes())
}

/// Routes with that session.
pub(crate) fn signed(centre: &Centre, who: &'static str, routes: Router<kit::App>) -> Router {
    let agency = centre.a.agency.clone();
    let session = move |api_key: bool, capability| Session {
        scope: Scope::new(
            match api_key {
                true => Actor::Key { id: "0197aaaa-0000-7000-8000-000000000001".into(), name: "rsyslog".into() },
                false => Actor::Person { id: "p".into(), name: "P".into() },
            },
            Agencies::Under([agency.clone()].into()),
            [capability],
            None,
        ),
        csrf: "proof".into(),
        person_name: "P".into(),
        agency_name: "A".into(),
        agency_id: agency.clone(),
        role_key: "role-analyst".into(),
        api_key,
        confirmed_at: 0,
    };
    let session = match who {
        "key" => Some(session(true, Capability::IngestEvents)),
        "reader" => Some(session(true, Capability::ViewEvents)),
        "browser" => Some(session(false, Capability::IngestEvents)),
        _ => None,
    };
    let session = session.map(Arc::new);
    routes
        .layer(middleware::from_fn(move |mut request: Request<Body>, next: Next| {
            if let Some(session) = session.clone() {
                request.extensions_mut().insert(session);
            }
            next.run(request)
        }))
        .with_state(centre.app.clone())
}

async fn send(door: Router, method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let response = door.oneshot(request).await.unwrap();
    assert_eq!(response.headers()["x-elastic-product"], "Elasticsearch");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 8_000_000).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

const BATCH: &str = "{\"index\":{\"_index\":\"logs\",\"_id\":\"1\"}}\n{\"message\":\"one\"}\n\
    {\"create\":{\"_index\":\"logs\"}}\n{\"broken\":\n\
    {\"delete\":{\"_index\":\"logs\",\"_id\":\"1\"}}\n\
    {\"create\":{\"_index\":\"logs\"}}\n{\"message\":\"two\"}\n";

#[tokio::test]
async fn each_item_gets_its_own_answer_and_the_good_ones_are_durable() {
    in_a_centre(|centre| async move {
        let (status, answer) = send(door(&centre, "key"), "POST", "/_bulk", BATCH).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(answer["errors"], true);
        let statuses: Vec<_> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item.as_object().unwrap().values().next().unwrap()["status"].as_u64().unwrap())
            .collect();
        assert_eq!(statuses, vec![201, 400, 400, 201]);
        assert_eq!(answer["items"][1]["create"]["error"]["type"], "document_parsing_exception");
        let store = centre.app.ports.get::<Monitoring>().unwrap().store.clone();
        assert_eq!(store.last_seq(), 2);
        // A sender that lost the answer sends the same again.
        let (_, again) = send(door(&centre, "key"), "POST", "/_bulk", BATCH).await;
        assert_eq!(again["items"][0]["index"]["_seq_no"], answer["items"][0]["index"]["_seq_no"]);
        assert_eq!(store.last_seq(), 2);
        let (status, one) = send(door(&centre, "key"), "PUT", "/logs/_doc/7", "{\n \"message\": \"three\"\n}").await;
        assert_eq!((status, one["_id"].as_str()), (StatusCode::CREATED, Some("7")));
        assert_eq!(store.last_seq(), 3);
        // The same id with another document is another record.
        for (text, number) in [("first", 4), ("first", 4), ("second", 5)] {
            let body = format!("{{\"index\":{{\"_index\":\"logs\",\"_id\":\"9\"}}}}\n{{\"message\":\"{text}\"}}\n");
            let (_, answer) = send(door(&centre, "key"), "POST", "/_bulk", body).await;
            assert_eq!(answer["items"][0]["index"]["_seq_no"], number, "{text}");
        }
        assert_eq!(store.last_seq(), 5);
    })
    .await;
}

#[tokio::test]
async fn only_a_key_that_may_send_gets_in() {
    in_a_centre(|centre| async move {
        for (who, expected) in [
            ("nobody", StatusCode::UNAUTHORIZED),
            ("browser", StatusCode::UNAUTHORIZED),
            ("reader", StatusCode::FORBIDDEN),
        ] {
            for path in ["/_bulk", "/logs/_bulk", "/logs/_doc"] {
                let (status, answer) = send(door(&centre, who), "POST", path, BATCH).await;
                assert_eq!(status, expected, "{who} {path}");
                assert_eq!(answer["error"]["type"], "security_exception");
            }
            let (status, _) = send(door(&centre, who), "GET", "/", "").await;
            assert_eq!(status, expected, "{who}");
        }
        assert_eq!(centre.app.ports.get::<Monitoring>().unwrap().store.last_seq(), 0);
    })
    .await;
}

#[tokio::test]
async fn probes_of_shippers_are_answered_and_nothing_can_be_read() {
    in_a_centre(|centre| async move {
        let ask = async |method: &'static str, path: &'static str| send(door(&centre, "key"), method, path, "{}").await;
        assert_eq!(ask("GET", "/").await.1["version"]["number"], "8.15.0");
        assert_eq!(ask("GET", "/_license").await.1["license"]["status"], "active");
        assert_eq!(ask("GET", "/_cluster/health").await.1["status"], "green");
        assert_eq!(ask("PUT", "/_index_template/x").await.1["acknowledged"], true);
        assert_eq!(ask("PUT", "/_ilm/policy/x").await.1["acknowledged"], true);
        assert_eq!(ask("HEAD", "/logs").await.0, StatusCode::OK);
        assert_eq!(ask("POST", "/logs/_search").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(ask("DELETE", "/logs").await.0, StatusCode::BAD_REQUEST);
        let (status, answer) = send(door(&centre, "key"), "POST", "/_bulk", "hello\n").await;
        assert_eq!((status, answer["status"].as_u64()), (StatusCode::BAD_REQUEST, Some(400)));
    })
    .await;
}

/// Method, path, and the status of the answer.
type Asked = (&'static str, &'static str, u16);

/// What shippers ask before they send, from their documentation and sources; none of them is run here.
const DOCUMENTED: [(&str, &[Asked]); 5] = [
    // https://www.elastic.co/docs/reference/beats/filebeat/elasticsearch-output
    (
        "Filebeat and Winlogbeat",
        &[
            ("GET", "/", 200),
            ("GET", "/_license?human=false", 200),
            ("GET", "/_xpack", 200),
            ("GET", "/_nodes/ingest", 200),
            ("GET", "/_ilm/policy/filebeat", 200),
            ("PUT", "/_ilm/policy/filebeat", 200),
            ("HEAD", "/_index_template/filebeat-8.15.0", 200),
            ("PUT", "/_index_template/filebeat-8.15.0", 200),
            ("GET", "/_data_stream/filebeat-8.15.0", 200),
            ("PUT", "/_data_stream/filebeat-8.15.0", 200),
            ("GET", "/_ingest/pipeline/winlogbeat-8.15.0-routing", 200),
            ("PUT", "/_ingest/pipeline/winlogbeat-8.15.0-routing", 200),
            ("HEAD", "/_alias/filebeat-8.15.0", 200),
        ],
    ),
    // https://www.elastic.co/docs/reference/logstash/plugins/plugins-outputs-elasticsearch
    (
        "Logstash",
        &[
            ("HEAD", "/", 200),
            ("GET", "/", 200),
            ("GET", "/_license", 200),
            ("GET", "/_nodes/http", 200),
            ("HEAD", "/_index_template/ecs-logstash", 200),
            ("PUT", "/_index_template/ecs-logstash", 200),
            ("PUT", "/_component_template/ecs-logstash", 200),
            ("HEAD", "/_ilm/policy/logstash-policy", 200),
        ],
    ),
    // https://vector.dev/docs/reference/configuration/sinks/elasticsearch/
    ("Vector", &[("GET", "/", 200), ("GET", "/_cluster/health", 200)]),
    // https://docs.fluentbit.io/manual/pipeline/outputs/elasticsearch
    ("Fluent Bit", &[("GET", "/", 200)]),
    // https://docs.fluentd.org/output/elasticsearch
    ("Fluentd", &[("GET", "/", 200), ("GET", "/_template/fluentd", 200), ("PUT", "/_template/fluentd", 200)]),
];

#[tokio::test]
async fn documented_calls_of_shippers_are_answered_harmlessly() {
    in_a_centre(|centre| async move {
        for (shipper, calls) in DOCUMENTED {
            for (method, path, expected) in calls {
                // `send` looks for the name of the product in each.
                let (status, _) = send(door(&centre, "key"), method, path, "{}").await;
                assert_eq!(status.as_u16(), *expected, "{shipper}: {method} {path}");
            }
        }
        assert_eq!(centre.app.ports.get::<Monitoring>().unwrap().store.last_seq(), 0);
    })
    .await;
}

/// Bodies as the documentation of each shows them.
#[tokio::test]
async fn documented_bodies_of_shippers_are_stored() {
    in_a_centre(|centre| async move {
        let bodies = [
            ("Filebeat", "{\"create\":{\"_index\":\"filebeat-8.15.0\"}}\n{\"@timestamp\":\"2026-10-29T02:13:20.000Z\",\"message\":\"a\"}\n"),
            (
                "Winlogbeat",
                "{\"create\":{\"_index\":\"winlogbeat-8.15.0\",\"pipeline\":\"winlogbeat-8.15.0-routing\"}}\n\
                 {\"@timestamp\":\"2026-10-29T02:13:20.000Z\",\"winlog\":{\"event_id\":\"4624\"}}\n",
            ),
            ("Logstash", "{\"create\":{\"_index\":\"logs-generic-default\",\"routing\":null}}\n{\"message\":\"c\",\"@version\":\"1\"}\n"),
            ("Vector", "{\"create\":{\"_index\":\"vector-2026.10.29\",\"_type\":\"_doc\"}}\n{\"message\":\"d\"}\n"),
            ("Fluent Bit", "{\"create\":{\"_index\":\"fluent-bit\"}}\n{\"@timestamp\":\"2026-10-29T02:13:20.000Z\",\"log\":\"e\"}\n"),
        ];
        for (shipper, body) in bodies {
            let path = "/_bulk?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status";
            let (status, answer) = send(door(&centre, "key"), "POST", path, body).await;
            assert_eq!((status, &answer["errors"]), (StatusCode::OK, &Value::Bool(false)), "{shipper}: {answer}");
            assert_eq!(answer["items"], serde_json::json!([{ "create": { "status": 201 } }]), "{shipper}");
        }
        assert_eq!(centre.app.ports.get::<Monitoring>().unwrap().store.last_seq(), 5);
    })
    .await;
}
