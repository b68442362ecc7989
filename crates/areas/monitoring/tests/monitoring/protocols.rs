//! OTLP, Splunk's event collector and GELF over HTTP: each in its own words, durable, once, never from a browser.

use crate::bulk::signed;
use crate::centre::{Centre, in_a_centre};
use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use event::RawRecord;
use flate2::Compression;
use monitoring::Monitoring;
use serde_json::{Value, json};
use std::future::poll_fn;
use std::io::Write;
use std::pin::Pin;
use tower::ServiceExt;

const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// A request in protobuf with one log record, whose body is `a`.
const ONE: &[u8] = b"\x0a\x09\x12\x07\x12\x05\x2a\x03\x0a\x01a";

/// Status, headers with trailers, body.
type Answer = (StatusCode, HeaderMap, Bytes);

async fn send(
    centre: &Centre,
    who: &'static str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let method = if path.ends_with("/health") { "GET" } else { "POST" };
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
    let door = signed(centre, who, monitoring::protocols::routes().into_router());
    let response = door.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, mut body) = response.into_parts();
    let (mut headers, mut bytes) = (parts.headers, Vec::new());
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match frame.unwrap().into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => headers.extend(frame.into_trailers().unwrap()),
        }
    }
    (parts.status, headers, bytes.into())
}

fn value(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.2).unwrap_or_else(|error| panic!("{error}: {:?}", answer.2))
}

fn last_seq(centre: &Centre) -> u64 {
    centre.app.ports.get::<Monitoring>().unwrap().store.last_seq()
}

/// The records of the log.
async fn stored(centre: &Centre) -> Vec<RawRecord> {
    let store = centre.app.ports.get::<Monitoring>().unwrap().store.clone();
    let mut reader = store.read_log(1);
    let mut records = Vec::new();
    loop {
        let more = reader.next_stored(100).await.unwrap();
        if more.is_empty() {
            return records;
        }
        records.extend(more.into_iter().map(|(_, record)| record));
    }
}

fn texts(records: &[RawRecord]) -> Vec<&str> {
    records.iter().map(|record| std::str::from_utf8(&record.bytes).unwrap()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn requests_of_opentelemetry_are_stored_once_and_bad_records_are_told() {
    in_a_centre(|centre| async move {
        let (status, headers, body) = send(&centre, "key", "/v1/logs", &[PROTOBUF], ONE).await;
        assert_eq!((status, body.len()), (StatusCode::OK, 0));
        assert_eq!(headers["content-type"], "application/x-protobuf");
        // A sender that lost the answer sends the same again, perhaps compressed.
        let packed = [PROTOBUF, ("content-encoding", "gzip")];
        assert_eq!(send(&centre, "key", "/v1/logs", &packed, gzip(ONE)).await.0, StatusCode::OK);
        assert_eq!(last_seq(&centre), 1);
        let records = json!({ "resourceLogs": [{ "resource": { "attributes": [
            { "key": "host.name", "value": { "stringValue": "may-1" } },
        ] }, "scopeLogs": [{ "logRecords": [
            { "body": { "stringValue": "b" } }, { "body": 5 }, { "severityNumber": 9 },
        ] }] }] });
        let answer = send(&centre, "key", "/v1/logs", &[JSON], records.to_string()).await;
        assert_eq!(answer.0, StatusCode::OK);
        let told = &value(&answer)["partialSuccess"];
        assert_eq!(told["rejectedLogRecords"], "1");
        assert!(told["errorMessage"].as_str().unwrap().starts_with("record 2: "), "{told}");
        let records = stored(&centre).await;
        let expected = [
            r#"{"body":"a"}"#,
            r#"{"body":"b","resource":{"host.name":"may-1"}}"#,
            r#"{"severityNumber":9,"resource":{"host.name":"may-1"}}"#,
        ];
        assert_eq!(texts(&records), expected);
        assert_eq!(records[2].position, 3);
        let origin = &records[0].origin;
        assert_eq!((origin.listener.as_str(), origin.format.as_deref()), ("otlp", Some("opentelemetry")));
        assert_eq!(origin.agency_id.as_deref(), Some(centre.a.agency.as_str()));
        for (headers, body, expected) in [
            (PROTOBUF, &b"\xff"[..], StatusCode::BAD_REQUEST),
            (JSON, &b"{"[..], StatusCode::BAD_REQUEST),
            (("content-type", "text/plain"), &b"x"[..], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ] {
            assert_eq!(send(&centre, "key", "/v1/logs", &[headers], body).await.0, expected, "{headers:?}");
        }
        let empty = send(&centre, "key", "/v1/logs", &[JSON], "{}").await;
        assert_eq!((empty.0, value(&empty)), (StatusCode::OK, json!({})));
        assert_eq!(last_seq(&centre), 3);
    })
    .await;
}

#[tokio::test]
async fn grpc_answers_with_a_message_and_trailers() {
    in_a_centre(|centre| async move {
        let framed = [&[0, 0, 0, 0, u8::try_from(ONE.len()).unwrap()][..], ONE].concat();
        let (status, headers, body) = send(&centre, "key", EXPORT, &[GRPC], framed).await;
        assert_eq!((status, headers["grpc-status"].as_bytes()), (StatusCode::OK, &b"0"[..]));
        assert_eq!(&body[..], [0, 0, 0, 0, 0]);
        let packed = gzip(ONE);
        let compressed = [&[1, 0, 0, 0, u8::try_from(packed.len()).unwrap()][..], &packed[..]].concat();
        let (_, headers, _) =
            send(&centre, "key", EXPORT, &[GRPC, ("grpc-encoding", "gzip")], compressed.clone()).await;
        assert_eq!(headers["grpc-status"], "0");
        assert_eq!(last_seq(&centre), 1, "the same message");
        for (headers, body, expected) in [
            (vec![GRPC], compressed, "12"),
            (vec![GRPC], vec![0, 0, 0, 0, 9], "3"),
            (vec![GRPC], vec![0, 0, 0, 0, 1, 0xff], "3"),
            (vec![PROTOBUF], ONE.to_vec(), "12"),
        ] {
            let (status, answered, _) = send(&centre, "key", EXPORT, &headers, body).await;
            assert_eq!((status, answered["grpc-status"].to_str().unwrap()), (StatusCode::OK, expected), "{headers:?}");
        }
        let (_, headers, _) = send(&centre, "reader", EXPORT, &[GRPC], ONE).await;
        assert_eq!(headers["grpc-status"], "7");
    })
    .await;
}

const CHANNEL: (&str, &str) = ("x-splunk-request-channel", "FE0ECFAD-13D5-401B-847D-77833BD77131");

#[tokio::test]
async fn the_event_collector_answers_in_its_own_codes() {
    in_a_centre(|centre| async move {
        let ask = async |path: &'static str, body: &'static str| {
            let answer = send(&centre, "key", path, &[], body).await;
            (answer.0.as_u16(), value(&answer))
        };
        let success = json!({ "text": "Success", "code": 0 });
        let two = "{\"event\":\"a\",\"host\":\"h\"}\n{\"event\":{\"b\":1}}";
        assert_eq!(ask("/services/collector/event", two).await, (200, success.clone()));
        assert_eq!(ask("/services/collector/event/1.0", two).await, (200, success.clone()));
        assert_eq!(last_seq(&centre), 2, "the same request");
        let raw = "/services/collector/raw?host=web-1&sourcetype=app";
        assert_eq!(ask(raw, "one\n\ntwo\n").await, (200, success.clone()));
        assert_eq!(ask("/services/collector/raw?host=web-2", "one\n\ntwo\n").await, (200, success.clone()));
        assert_eq!(last_seq(&centre), 6, "raw lines of another host");
        let (status, answer) = ask("/services/collector", "{\"event\":\"c\"}{\"host\":\"h\"}{\"event\":\"d\"}").await;
        assert_eq!((status, &answer["code"], &answer["invalid-event-number"]), (400, &json!(12), &json!(1)));
        assert_eq!((&answer["stored"], &answer["refused"]), (&json!(2), &json!(1)));
        for (body, code) in [("", 5), ("{\"event\":\"\"}", 13), ("{\"event\":", 6), ("[1]", 6)] {
            let (status, answer) = ask("/services/collector", body).await;
            assert_eq!((status, &answer["code"]), (400, &json!(code)), "{body}");
        }
        assert_eq!(ask("/services/collector/health", "").await, (200, json!({ "text": "HEC is healthy", "code": 17 })));
        let records = stored(&centre).await;
        let expected = [
            "{\"event\":\"a\",\"host\":\"h\"}",
            "{\"event\":{\"b\":1}}",
            "{\"host\":\"web-1\",\"sourcetype\":\"app\",\"event\":\"one\"}",
        ];
        assert_eq!(texts(&records)[..3], expected);
        assert_eq!(
            (records[0].origin.listener.as_str(), records[0].origin.format.as_deref()),
            ("hec", Some("splunk-hec"))
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_on_a_channel_is_acknowledged() {
    in_a_centre(|centre| async move {
        let mut given = Vec::new();
        for body in ["{\"event\":\"a\"}", "{\"event\":\"b\"}"] {
            let answer = send(&centre, "key", "/services/collector", &[CHANNEL], body).await;
            given.push(value(&answer)["ackId"].as_u64().unwrap());
        }
        let (first, next) = (given[0], given[1] + 1);
        assert_eq!(given[1], first + 1);
        let asked = json!({ "acks": [first, first + 1, next] }).to_string();
        let by_address = format!("/services/collector/ack?channel={}", CHANNEL.1.to_lowercase());
        let answer = send(&centre, "key", &by_address, &[], asked.clone()).await;
        let acks = &value(&answer)["acks"];
        let of = |id: u64| acks[id.to_string().as_str()].as_bool();
        assert_eq!((of(first), of(first + 1), of(next)), (Some(true), Some(true), Some(false)));
        let missing = send(&centre, "key", "/services/collector/ack", &[], asked).await;
        assert_eq!((missing.0, &value(&missing)["code"]), (StatusCode::BAD_REQUEST, &json!(10)));
        let odd = [("x-splunk-request-channel", "mine")];
        assert_eq!(value(&send(&centre, "key", "/services/collector", &odd, "{\"event\":1}").await)["code"], 11);
        assert_eq!(value(&send(&centre, "key", "/services/collector/ack", &[CHANNEL], "?").await)["code"], 6);
        assert_eq!(last_seq(&centre), 2);
    })
    .await;
}

#[tokio::test]
async fn gelf_is_taken_one_message_or_several() {
    in_a_centre(|centre| async move {
        let post = async |body: Vec<u8>| {
            // As pygelf says it, whatever it compresses with.
            let (status, _, body) = send(&centre, "key", "/gelf", &[("content-encoding", "gzip,deflate")], body).await;
            (status, body)
        };
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"{\"short_message\":\"a\",\"timestamp\":1}").unwrap();
        let zlib = zlib.finish().unwrap();
        for _ in 0..2 {
            assert_eq!(post(zlib.clone()).await, (StatusCode::ACCEPTED, Bytes::new()));
        }
        assert_eq!(last_seq(&centre), 1, "the same message at the same time");
        for _ in 0..2 {
            assert_eq!(post(gzip(b"{\"short_message\":\"b\"}")).await.0, StatusCode::ACCEPTED);
        }
        assert_eq!(last_seq(&centre), 3, "two events without a time");
        let (status, body) = post(b"{\"short_message\":\"c\"}\n7\n{\"short_message\":\"d\"}".to_vec()).await;
        let told: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &told["stored"], &told["refused"]), (StatusCode::BAD_REQUEST, &json!(2), &json!(1)));
        assert!(told["error"].as_str().unwrap().starts_with("message 2: "), "{told}");
        assert_eq!(post(Vec::new()).await.0, StatusCode::BAD_REQUEST);
        let records = stored(&centre).await;
        assert_eq!(records.len(), 5);
        assert_eq!(
            (records[4].origin.listener.as_str(), records[4].origin.format.as_deref()),
            ("gelf_http", Some("gelf"))
        );
    })
    .await;
}

#[tokio::test]
async fn only_a_key_that_may_send_gets_in() {
    in_a_centre(|centre| async move {
        let operations = monitoring::protocols::routes().operations().to_vec();
        let doors = operations.iter().filter(|one| one.method == "POST");
        for path in doors.map(|one| one.path) {
            for (who, expected) in [
                ("nobody", StatusCode::UNAUTHORIZED),
                ("browser", StatusCode::UNAUTHORIZED),
                ("reader", StatusCode::FORBIDDEN),
            ] {
                assert_eq!(send(&centre, who, path, &[JSON], "{\"event\":1}").await.0, expected, "{who} {path}");
            }
        }
        assert_eq!(last_seq(&centre), 0);
    })
    .await;
}

#[tokio::test]
async fn a_bomb_is_refused_before_it_fills_the_memory() {
    in_a_centre(|centre| async move {
        let bomb = gzip(&vec![b' '; (32 << 20) + 1]);
        assert!(bomb.len() < 100_000);
        let packed = ("content-encoding", "gzip");
        for path in ["/v1/logs", "/services/collector", "/gelf"] {
            let (status, _, _) = send(&centre, "key", path, &[JSON, packed], bomb.clone()).await;
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        }
    })
    .await;
}
