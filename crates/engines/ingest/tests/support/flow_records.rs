//! What flows that were sent came to.

use super::formats;
use event::{Column, Listener, RawRecord};

/// Whether a record is a flow, and no statement of the exporter about itself.
pub(crate) fn is_flow(record: &RawRecord) -> bool {
    !record.bytes.starts_with(b"{\"flow\":{\"kind\":\"options\"")
}

/// One flow as far as the tests look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flow {
    pub(crate) source_port: i64,
    pub(crate) version: i64,
    pub(crate) bytes: i64,
    pub(crate) destination_port: i64,
}

/// The flows of records, by source port.
pub(crate) fn flows(records: &[RawRecord]) -> Vec<Flow> {
    let formats = formats();
    let mut found = Vec::new();
    for record in records {
        assert_eq!((record.origin.listener, record.origin.peer.as_deref()), (Listener::Flow, Some("127.0.0.1")));
        let event = formats.parse(record);
        assert_eq!(&*event.format, "netflow@1");
        if !is_flow(record) {
            assert!(event.log_source.matches(None, None, Some("options")));
            continue;
        }
        let number = |column| event.columns.integer(column).unwrap();
        assert_eq!(event.columns.text(Column::DestinationIp), Some("198.51.100.7"));
        let version: serde_json::Value = serde_json::from_slice(&record.bytes).unwrap();
        found.push(Flow {
            source_port: number(Column::SourcePort),
            version: version["flow"]["version"].as_i64().unwrap(),
            bytes: number(Column::NetworkBytes),
            destination_port: number(Column::DestinationPort),
        });
    }
    found.sort_unstable();
    found
}
