//! Logs of the W3C format that are sent line by line: each line is read by the list of fields that its log stated last.

use crate::centre::{NOW, migrations};
use crate::stream::{figures, opened, start};
use event::{Listener, Origin, RawRecord};
use event_store::{Options, QueryContext, Sources, Store};
use monitoring::pipeline::Pipeline;
use serde_json::Value;
use std::sync::Arc;

const FIRST: &str = "date time cs-uri-stem sc-status c-ip x-forwarded";
const SECOND: &str = "date time x-forwarded c-ip sc-status cs-uri-stem";

/// Lines of programs of one web server, as its shipper sends them.
async fn send(store: &Store, pipeline: &Pipeline, lines: &[(&str, &str)]) {
    let origin = Origin { listener: Listener::SyslogTcp, peer: Some("10.0.0.5".into()), ..Origin::default() };
    let origin = Arc::new(origin);
    let record = |(program, line): &(&str, &str)| RawRecord {
        bytes: format!("<13>Nov 21 09:00:00 WEB01 {program}: {line}").into(),
        arrival: NOW,
        origin: origin.clone(),
        position: 0,
    };
    store.append(lines.iter().map(record).collect(), None).await.unwrap();
    pipeline.wait_evaluated(store.last_seq()).await.unwrap();
}

/// Address and status of every event, in their order.
async fn read(store: &Store) -> Vec<(String, String)> {
    let sql = "SELECT url_original, http_response_status_code FROM events ORDER BY seq";
    let rows = store.query(sql, &QueryContext::new(Sources::All)).await.unwrap().to_json_rows().unwrap();
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    rows.iter().map(|row| (text(row.get("url_original")), text(row.get("http_response_status_code")))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_for_the_lines_below_it_over_stops_and_kills_and_for_no_other_log() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let (first, second) = (format!("#Fields: {FIRST}"), format!("#Fields: {SECOND}"));
        let (first, second) = (first.as_str(), second.as_str());
        let one = "2026-11-20 03:11:12 /a.aspx 200 203.0.113.9 198.51.100.1";
        let two = "2026-11-20 03:11:12 198.51.100.1 203.0.113.9 404 /b.aspx";
        let (none, a, b) = (Default::default(), ("/a.aspx".into(), "200".into()), ("/b.aspx".into(), "404".into()));
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        send(&store, &pipeline, &[("iis", one), ("iis", first), ("iis", one), ("ftp", two), ("iis", one)]).await;
        let mut wanted: Vec<(String, String)> = vec![none, Default::default(), a, Default::default()];
        wanted.push(wanted[2].clone());
        assert_eq!(read(&store).await, wanted);
        pipeline.stop().await;
        drop((pipeline, store));

        // Nothing but what was remembered says how these are read.
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        send(&store, &pipeline, &[("iis", one), ("iis", second), ("iis", two)]).await;
        wanted.extend([wanted[2].clone(), Default::default(), b]);
        assert_eq!(read(&store).await, wanted);
        pipeline.abandon();
        drop((pipeline, store));

        // What is read from the log again is read by the list that held then.
        let store = opened(directory.path()).await;
        let pipeline = start(&store, &db).await;
        send(&store, &pipeline, &[("iis", two), ("ftp", first), ("ftp", one)]).await;
        wanted.extend([wanted[7].clone(), Default::default(), wanted[2].clone()]);
        assert_eq!(read(&store).await, wanted);
        assert_eq!(figures(&db, "SELECT COUNT(*) AS value FROM field_lists").await, 3);
        pipeline.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_takes_no_line_from_a_format_that_reads_it_without_fault() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let (db, directory) = (database.db.clone(), tempfile::tempdir().unwrap());
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pipeline = start(&store, &db).await;
    let login = "Failed password for root from 203.0.113.9 port 4711 ssh2";
    let (first, other) = (format!("#Fields: {FIRST}"), "2026-11-20 03:11:12 something else");
    send(&store, &pipeline, &[("sshd", first.as_str()), ("sshd", login), ("sshd", other)]).await;
    let sql = "SELECT format, problem FROM events ORDER BY seq";
    let rows = store.query(sql, &QueryContext::new(Sources::All)).await.unwrap().to_json_rows().unwrap();
    let format = |place: usize| rows[place].get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
    assert!(format(1).starts_with("sshd@"), "{rows:?}");
    assert!(!format(2).starts_with("w3c@") && rows[2].get("problem").is_none_or(Value::is_null), "{rows:?}");
    pipeline.stop().await;
}
