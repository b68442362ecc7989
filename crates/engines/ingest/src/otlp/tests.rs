//! Requests as the SDK for Python (1.45) makes them, and what is wrong with others.

use super::*;
use serde_json::{Value, json};

const MOST: usize = 1 << 20;

/// `encode_logs` of two records, serialised.
const SDK: &str = "0af2010a320a1a0a0c736572766963652e6e616d65120a0a08636f6e672d6476630a140a09686f73742e6e616d6512070a05\
    6d61792d3112bb010a0a0a036170701203312e32127f09154d617447dee218100d1a045741524e2a0e0a0c6c6f67696e2066\
    61696c6564321d0a0e636c69656e742e61646472657373120b0a093139322e302e322e3732070a016e1202180332080a026f\
    6b12021000320e0a0164120921000000000000e03f32110a016c120c2a0a0a030a01610a030a0162590042f17847dee21812\
    2c10092a1632140a120a016b120d320b0a090a016212043a020001590042f17847dee218620773746172746564";

/// The same request as `MessageToJson` of protobuf writes it, shortened.
const JSON: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cong-dvc"}},
    {"key":"host.name","value":{"stringValue":"may-1"}}]},"scopeLogs":[{"scope":{"name":"app","version":"1.2"},
    "logRecords":[{"timeUnixNano":"1793240000123456789","severityNumber":"SEVERITY_NUMBER_WARN","severityText":"WARN",
    "body":{"stringValue":"login failed"},"attributes":[{"key":"client.address","value":{"stringValue":"192.0.2.7"}},
    {"key":"n","value":{"intValue":"3"}},{"key":"ok","value":{"boolValue":false}},{"key":"d","value":{"doubleValue":0.5}},
    {"key":"l","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}}],
    "observedTimeUnixNano":"1793240000200000000"},{"severityNumber":9,"body":{"kvlistValue":{"values":[{"key":"k","value":
    {"kvlistValue":{"values":[{"key":"b","value":{"bytesValue":"AAE="}}]}}}]}},"observedTimeUnixNano":1793240000200000000,
    "eventName":"started"}]}]}]}"#;

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect()
}

fn objects(export: &Export) -> Vec<Value> {
    export.records.iter().map(|(_, record)| serde_json::from_slice(record).unwrap()).collect()
}

#[test]
fn both_forms_of_a_request_of_the_sdk_give_the_same_records() {
    let protobuf = parse_protobuf(&bytes(SDK), MOST).unwrap();
    let expected = [
        json!({
            "timeUnixNano": "1793240000123456789", "observedTimeUnixNano": "1793240000200000000",
            "severityNumber": 13, "severityText": "WARN", "body": "login failed",
            "attributes": { "client.address": "192.0.2.7", "n": 3, "ok": false, "d": 0.5, "l": ["a", "b"] },
            "resource": { "service.name": "cong-dvc", "host.name": "may-1" },
            "scope": { "name": "app", "version": "1.2" },
        }),
        json!({
            "observedTimeUnixNano": "1793240000200000000", "severityNumber": 9, "eventName": "started",
            "body": { "k": { "b": "AAE=" } },
            "resource": { "service.name": "cong-dvc", "host.name": "may-1" },
            "scope": { "name": "app", "version": "1.2" },
        }),
    ];
    assert_eq!(objects(&protobuf), expected);
    assert_eq!(protobuf.records.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(objects(&parse_json(JSON.as_bytes(), MOST).unwrap()), expected);
    assert_eq!((protobuf.refused, protobuf.answer_protobuf(), protobuf.answer_json()), (0, vec![], json!({})));
}

#[test]
fn a_bad_record_refuses_itself_and_is_named() {
    let request = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [
        { "body": { "stringValue": "a" } },
        { "body": { "intValue": "many" } },
        7,
        { "timeUnixNano": "soon" },
        { "body": { "stringValue": "b" }, "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "00" },
    ] }] }] });
    let export = parse_json(request.to_string().as_bytes(), MOST).unwrap();
    let numbers: Vec<u64> = export.records.iter().map(|(number, _)| *number).collect();
    assert_eq!((numbers, export.refused), (vec![1, 5], 3));
    assert_eq!(objects(&export)[1], json!({ "body": "b", "traceId": "5b8efff798038103d269b633813fc60c" }));
    let told = &export.answer_json()["partialSuccess"];
    assert_eq!(told["rejectedLogRecords"], "3");
    let message = told["errorMessage"].as_str().unwrap();
    assert!(message.contains("record 2: intValue holds") && message.contains("record 3: it is no object"), "{message}");
    let answer = export.answer_protobuf();
    let Some(Ok((1, Field::Bytes(inside)))) = Fields(&answer).next() else { panic!("no partial success") };
    assert_eq!(Fields(inside).next().unwrap(), Ok((1, Field::Varint(3))));
}

/// A request with these log records in protobuf.
fn request(records: &[&[u8]]) -> Vec<u8> {
    let (mut scope, mut resource, mut request) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        write_bytes(&mut scope, 2, record);
    }
    write_bytes(&mut resource, 2, &scope);
    write_bytes(&mut request, 1, &resource);
    request
}

/// A text in so many lists.
fn nested(levels: usize) -> Vec<u8> {
    let mut value = Vec::new();
    write_bytes(&mut value, 1, b"x");
    for _ in 0..levels {
        let (mut list, mut outer) = (Vec::new(), Vec::new());
        write_bytes(&mut list, 1, &value);
        write_bytes(&mut outer, 5, &list);
        value = outer;
    }
    let mut record = Vec::new();
    write_bytes(&mut record, 5, &value);
    record
}

#[test]
fn depth_length_and_memory_have_limits() {
    let long = {
        let (mut value, mut record) = (Vec::new(), Vec::new());
        write_bytes(&mut value, 1, &vec![b'x'; event::LONGEST_RECORD]);
        write_bytes(&mut record, 5, &value);
        record
    };
    let body = request(&[&nested(31), &nested(32), &nested(5_000), &[0xff], &long]);
    let export = parse_protobuf(&body, 4 << 20).unwrap();
    assert_eq!((export.records.len(), export.refused), (1, 4), "{:?}", export.reasons);
    // Records that say nothing take memory all the same.
    let empty = request(&[&[][..]; 10_000]);
    assert!(empty.len() < 25_000);
    assert_eq!(parse_protobuf(&empty, MOST), Err(ExportError::TooLarge(MOST)));
    assert!(matches!(parse_protobuf(&[0xff], MOST), Err(ExportError::Malformed(_))));
    assert!(matches!(parse_json(b"{\"resourceLogs\":[", MOST), Err(ExportError::Malformed(_))));
    assert_eq!(parse_protobuf(b"", MOST), Ok(Export::default()));
}

#[test]
fn values_of_every_type_are_read_from_json() {
    let value = |text: &str| values::any_value_of_json(&serde_json::from_str(text).unwrap(), 0);
    for (text, expected) in [
        (r#"{"intValue":"-9223372036854775808"}"#, json!(i64::MIN)),
        (r#"{"int_value":5}"#, json!(5)),
        (r#"{"doubleValue":"NaN"}"#, json!("NaN")),
        (r#"{"doubleValue":1}"#, json!(1.0)),
        (r#"{"arrayValue":{}}"#, json!([])),
        (
            r#"{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"x"}},{"key":"a"}]}}"#,
            json!({ "a": ["x", null] }),
        ),
        (r#"{"stringValue":null}"#, json!(null)),
        ("{}", json!(null)),
        ("null", json!(null)),
    ] {
        assert_eq!(value(text), Ok(expected), "{text}");
    }
    for text in [r#""bare""#, r#"{"stringValue":1}"#, r#"{"intValue":1.5}"#, r#"{"other":1}"#] {
        assert!(value(text).is_err(), "{text}");
    }
}

#[test]
fn a_frame_holds_one_message() {
    assert_eq!(unframe(&frame(b"abc")), Ok((false, &b"abc"[..])));
    assert_eq!(unframe(&[1, 0, 0, 0, 1, b'x']), Ok((true, &b"x"[..])));
    assert_eq!(unframe(&[0, 0, 0, 0]), Err(FrameError::Short));
    assert_eq!(unframe(&[0, 0, 0, 0, 2, b'x']), Err(FrameError::Short));
    assert_eq!(unframe(&[0, 0, 0, 0, 0, b'x']), Err(FrameError::Long));
    assert_eq!(unframe(&[2, 0, 0, 0, 0]), Err(FrameError::Flag));
}
