//! Small events and stores for the tests of the store.
#![allow(dead_code, reason = "each test binary uses a part")]

use bytes::Bytes;
use event::{Column, Event, Fields, Listener, Origin, RawRecord, Value};
use luytre_event_store::{Options, QueryContext, Sources, Store};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// 2026-11-21T00:00:00Z.
pub(crate) const MIDNIGHT: i64 = 1_795_219_200_000_000;
pub(crate) const SECOND: i64 = 1_000_000;

pub(crate) fn options() -> Options {
    Options { linger: Duration::ZERO, ..Options::default() }
}

pub(crate) fn open(dir: &Path) -> Store {
    Store::open(dir, options()).unwrap()
}

pub(crate) fn record(text: &str) -> RawRecord {
    let origin = Origin { listener: Listener::Relp, peer: Some("192.0.2.9".into()), ..Origin::default() };
    RawRecord { bytes: Bytes::from(text.to_owned()), arrival: MIDNIGHT, origin: Arc::new(origin), position: 1 }
}

/// An event of a source, made of a line.
pub(crate) fn event(seq: u64, source: &str, line: &str) -> Event {
    let mut event = Event {
        seq,
        time: MIDNIGHT + seq as i64 * SECOND,
        arrival: MIDNIGHT + seq as i64 * SECOND,
        source_id: Some(source.into()),
        format: "test@1".into(),
        understood: true,
        message: Some(line.to_owned()),
        raw: Bytes::from(format!("<13>{line}")),
        position: seq,
        ..Event::default()
    };
    event.columns.set(Column::HostName, &Value::from("may-chu"));
    event.columns.set(Column::UserName, &Value::from(if seq.is_multiple_of(2) { "root" } else { "Admin" }));
    event.columns.set(Column::SourceIp, &Value::from(format!("10.0.{}.{}", seq / 250, seq % 250).as_str()));
    event.columns.set(Column::HttpResponseStatusCode, &Value::Int(200 + (seq as i64 % 4) * 100));
    let mut fields = Fields::default();
    fields.push("EventID", 4000 + seq as i64);
    fields.push("Path", r"C:\Windows\System32");
    event.fields = fields;
    event
}

pub(crate) async fn fill(store: &Store, seqs: std::ops::RangeInclusive<u64>) {
    let events = seqs.map(|seq| event(seq, if seq % 3 == 0 { "source-b" } else { "source-a" }, &format!("line {seq}")));
    store.insert(events.collect()).await.unwrap();
}

pub(crate) fn all() -> QueryContext {
    QueryContext::new(Sources::All)
}

pub(crate) async fn number(store: &Store, sql: &str) -> i64 {
    number_in(store, sql, &all()).await
}

pub(crate) async fn number_in(store: &Store, sql: &str, context: &QueryContext) -> i64 {
    let result = store.query(sql, context).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = result.to_json_rows().unwrap();
    rows[0].values().next().unwrap().as_i64().unwrap_or_else(|| panic!("{sql}: {rows:?}"))
}
