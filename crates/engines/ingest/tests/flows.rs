//! Flows of NetFlow 5 and 9 and IPFIX from messages made by hand after RFC 3954 and RFC 7011, what becomes of them in
//! bounds, and that no bytes whatever do harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Column, Event, RawRecord};
use luytre_ingest::FormatSet;
use luytre_ingest::flows::{Decoded, Elements, Exporter, FlowDecoder, FlowLimits};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use std::sync::{Arc, LazyLock};

static FORMATS: LazyLock<FormatSet> = LazyLock::new(support::formats);
static ELEMENTS: LazyLock<Arc<Elements>> = LazyLock::new(|| Arc::new(Elements::parse(&support::elements()).unwrap()));

const SECOND: i64 = 1_000_000;
/// 2026-11-23T03:00:10Z.
const SENT: u32 = 1_795_402_810;

fn decoder(limits: FlowLimits) -> FlowDecoder {
    FlowDecoder::new(ELEMENTS.clone(), limits)
}

fn exporter(last: u8) -> Exporter {
    Exporter { address: [192, 0, 2, last].into(), connection: None }
}

fn json(decoded: &Decoded) -> Vec<Value> {
    decoded.records.iter().map(|(_, bytes)| serde_json::from_slice(bytes).unwrap()).collect()
}

fn event(decoded: &Decoded, number: usize) -> Event {
    let (arrival, bytes) = &decoded.records[number];
    FORMATS.parse(&RawRecord { bytes: bytes.clone(), arrival: *arrival, ..support::record("") })
}

fn shorts(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn set(id: u16, body: &[u8]) -> Vec<u8> {
    [shorts(&[id, u16::try_from(body.len() + 4).unwrap()]), body.to_vec()].concat()
}

/// Version 9, ten minutes after the exporter began.
fn version_9(sequence: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let mut message = shorts(&[9, u16::try_from(sets.len()).unwrap()]);
    for number in [600_000, SENT, sequence, 7] {
        message.extend(number.to_be_bytes());
    }
    [message, sets.concat()].concat()
}

fn ipfix(sequence: u32, sets: &[Vec<u8>]) -> Vec<u8> {
    let body = sets.concat();
    let mut message = shorts(&[10, u16::try_from(body.len() + 16).unwrap()]);
    for number in [SENT, sequence, 7] {
        message.extend(number.to_be_bytes());
    }
    [message, body].concat()
}

/// Source, destination, ports, protocol, bytes, packets, begin and end by the exporter's clock.
const TEMPLATE: [u16; 20] = [256, 9, 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 1, 4, 2, 4, 22, 4, 21, 4];

fn flow(port: u16, bytes: u32) -> Vec<u8> {
    let mut flow = vec![198, 51, 100, 7, 192, 0, 2, 10];
    flow.extend(shorts(&[51_234, port]));
    flow.push(6);
    for number in [bytes, 3, 591_000, 599_000] {
        flow.extend(number.to_be_bytes());
    }
    flow
}

#[test]
fn version_5_with_its_sampling() {
    let mut message = shorts(&[5, 1]);
    for number in [600_000_u32, SENT, 500_000_000, 40] {
        message.extend(number.to_be_bytes());
    }
    // Engine 1 of type 0, one packet of a hundred.
    message.extend(shorts(&[1, 0x4000 | 100]));
    message.extend([198, 51, 100, 7, 192, 0, 2, 10, 192, 0, 2, 1]);
    message.extend(shorts(&[3, 4]));
    for number in [3_u32, 1_500, 591_000, 599_000] {
        message.extend(number.to_be_bytes());
    }
    message.extend(shorts(&[51_234, 443]));
    message.extend([0, 0x1b, 6, 0]);
    message.extend(shorts(&[65_001, 65_002]));
    message.extend([24, 25, 0, 0]);
    let decoded = decoder(FlowLimits::default()).decode(exporter(254), &message, 0);
    assert_eq!(decoded.undecoded, 0);
    let flows = json(&decoded);
    let [flow] = flows.as_slice() else { panic!("one flow") };
    assert_eq!(flow["flow"]["bytes"], 150_000);
    assert_eq!(flow["flow"]["packets"], 300);
    assert_eq!((&flow["flow"]["sampled"], &flow["flow"]["sampling_interval"]), (&true.into(), &100.into()));
    assert_eq!((&flow["octetDeltaCount"], &flow["bgpSourceAsNumber"]), (&1_500.into(), &65_001.into()));
    assert_eq!(flow["flow"]["start"], "2026-11-23T03:00:01.5Z");
    assert!(flow.get("paddingOctets").is_none());
    let event = event(&decoded, 0);
    assert_eq!(&*event.format, "netflow@1");
    assert_eq!(event.columns.text(Column::SourceIp), Some("198.51.100.7"));
    assert_eq!(event.columns.integer(Column::DestinationPort), Some(443));
    assert_eq!(event.columns.integer(Column::NetworkBytes), Some(150_000));
    assert_eq!(event.columns.text(Column::NetworkTransport), Some("tcp"));
    assert_eq!(event.time, support::micros("2026-11-23T03:00:09.5Z"));
    assert!(event.log_source.matches(Some("netflow"), Some("firewall"), Some("flow")));
}

#[test]
fn flows_wait_for_their_template_and_each_stream_has_its_own() {
    let mut decoder = decoder(FlowLimits::default());
    let flows = set(256, &[flow(443, 10), flow(80, 20)].concat());
    let early = decoder.decode(exporter(1), &version_9(1, std::slice::from_ref(&flows)), 5);
    assert_eq!((early.records.len(), early.undecoded), (0, 0));
    let other = decoder.decode(exporter(2), &version_9(1, &[set(0, &shorts(&TEMPLATE))]), 6);
    assert!(other.records.is_empty(), "the template of another exporter");
    let decoded = decoder.decode(exporter(1), &version_9(2, &[set(0, &shorts(&TEMPLATE)), flows]), 7);
    let arrivals: Vec<i64> = decoded.records.iter().map(|(arrival, _)| *arrival).collect();
    assert_eq!(arrivals, [5, 5, 7, 7]);
    let flows = json(&decoded);
    assert_eq!((&flows[0]["destinationTransportPort"], &flows[1]["flow"]["bytes"]), (&443.into(), &20.into()));
    assert_eq!(flows[0]["flow"]["end"], "2026-11-23T03:00:09Z");
    assert!(flows[0]["flow"].get("sampled").is_none());
}

#[test]
fn what_waits_in_vain_is_counted() {
    let limits = FlowLimits { waiting_bytes: 100, ..FlowLimits::default() };
    let mut decoder = decoder(limits);
    let flows = set(256, &[flow(443, 10), flow(80, 20)].concat());
    assert_eq!(decoder.decode(exporter(1), &version_9(1, std::slice::from_ref(&flows)), 0).undecoded, 0);
    assert_eq!(decoder.decode(exporter(1), &version_9(2, &[flows]), 0).undecoded, 1, "no room");
    assert_eq!(decoder.expire(limits.waiting_age - 1), 0);
    assert_eq!(decoder.expire(limits.waiting_age), 1);
    assert_eq!(decoder.figures()[0].undecoded, 2);
}

#[test]
fn options_of_version_9_say_how_an_interface_is_sampled() {
    let mut decoder = decoder(FlowLimits::default());
    // Scope: interface, two bytes; sampling interval and algorithm.
    let options = set(1, &shorts(&[257, 4, 8, 2, 2, 34, 4, 35, 1]));
    let sampling = set(257, &[0, 5, 0, 0, 0, 10, 1, 0]);
    let template = set(0, &shorts(&[256, 3, 10, 4, 1, 4, 2, 4]));
    let flows = set(256, &[0, 0, 0, 5, 0, 0, 0, 100, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 100, 0, 0, 0, 1]);
    let decoded = decoder.decode(exporter(1), &version_9(1, &[options, sampling, template, flows]), 0);
    let records = json(&decoded);
    assert_eq!(records.len(), 3);
    assert_eq!((&records[0]["flow"]["kind"], &records[0]["samplingInterval"]), (&"options".into(), &10.into()));
    assert_eq!((&records[1]["flow"]["bytes"], &records[1]["flow"]["sampled"]), (&1_000.into(), &true.into()));
    assert_eq!(records[2]["flow"]["bytes"], 100, "another interface");
    assert_eq!(decoder.figures()[0].sampling, Some(10));
}

#[test]
fn ipfix_with_variable_lengths_enterprises_and_the_way_back() {
    let mut decoder = decoder(FlowLimits::default());
    let mut fields = shorts(&[300, 6, 1, 8, 0x8001, 8]);
    fields.extend(29_305_u32.to_be_bytes());
    fields.extend(shorts(&[0x8000 | 77, 2]));
    fields.extend(35_632_u32.to_be_bytes());
    fields.extend(shorts(&[96, u16::MAX, 152, 8, 153, 8]));
    let mut record = [5_u64.to_be_bytes(), 7_u64.to_be_bytes()].concat();
    record.extend([0xab, 0xcd, 5]);
    record.extend(b"HTTPS");
    let begin = u64::from(SENT) * 1_000 + 123;
    record.extend(begin.to_be_bytes());
    record.extend((begin + 4_000).to_be_bytes());
    // Three bytes fill up the set.
    record.extend([0, 0, 0]);
    let decoded = decoder.decode(exporter(1), &ipfix(0, &[set(2, &fields), set(300, &record)]), 0);
    assert_eq!(decoded.undecoded, 0);
    let flows = json(&decoded);
    let [flow] = flows.as_slice() else { panic!("one flow") };
    assert_eq!((&flow["flow"]["bytes"], &flow["reverseOctetDeltaCount"]), (&12.into(), &7.into()));
    assert_eq!((&flow["element_35632_77"], &flow["applicationName"]), (&"abcd".into(), &"HTTPS".into()));
    assert_eq!(flow["flow"]["end"], "2026-11-23T03:00:14.123Z");
    assert_eq!(event(&decoded, 0).columns.text(Column::NetworkProtocol), Some("https"));
}

#[test]
fn templates_are_taken_back_over_a_connection_alone() {
    for connection in [None, Some(4)] {
        let mut decoder = decoder(FlowLimits::default());
        let from = Exporter { connection, ..exporter(1) };
        let template = set(2, &shorts(&[256, 1, 1, 4]));
        let withdrawal = set(2, &shorts(&[256, 0]));
        let data = set(256, &[0, 0, 0, 9]);
        let decoded = decoder.decode(from, &ipfix(0, &[template, withdrawal, data]), 0);
        assert_eq!(decoded.records.len(), usize::from(connection.is_none()));
        assert_eq!(decoder.end(4), usize::from(connection.is_some()), "what waited for it");
        assert_eq!(decoder.figures().len(), usize::from(connection.is_none()));
    }
}

#[test]
fn gaps_are_counted_for_each_exporter() {
    let mut decoder = decoder(FlowLimits::default());
    let template = set(0, &shorts(&TEMPLATE));
    for (number, sequence) in [(1, 1), (1, 2), (1, 5), (2, 9), (1, 6)] {
        decoder.decode(exporter(number), &version_9(sequence, std::slice::from_ref(&template)), 0);
    }
    let missed: Vec<u64> = decoder.figures().iter().map(|one| one.missed).collect();
    assert_eq!(missed, [2, 0]);
}

#[test]
fn a_flood_of_templates_is_bounded_and_leaves_what_is_used() {
    let limits = FlowLimits { templates: 8, streams: 4, all_fields: 1_000, ..FlowLimits::default() };
    let mut decoder = decoder(limits);
    let flows = set(256, &flow(443, 10));
    decoder.decode(exporter(1), &version_9(1, &[set(0, &shorts(&TEMPLATE)), flows.clone()]), 0);
    let mut dropped = 0;
    for round in 0..500_u16 {
        let template = set(0, &shorts(&[257 + round, 2, 1, 4, 2, 4]));
        dropped += decoder.decode(exporter(1), &version_9(2 + u32::from(round), &[template]), 1).templates_dropped;
    }
    assert_eq!((dropped, decoder.figures()[0].templates), (500 - 7, 8));
    assert_eq!(decoder.decode(exporter(1), &version_9(502, &[flows]), 2).records.len(), 1, "the one in use stays");
    // Many exporters, each with templates of many elements.
    let fields: Vec<u16> = [300, 400].into_iter().chain((0..400).flat_map(|_| [1, 4])).collect();
    for number in 2..100 {
        decoder.decode(exporter(number), &version_9(1, &[set(0, &shorts(&fields))]), i64::from(number) * SECOND);
    }
    let figures = decoder.figures();
    assert!(figures.len() <= 4 && figures.iter().map(|one| one.templates).sum::<usize>() <= 10, "{figures:?}");
    // A template longer than any is none.
    let fields: Vec<u16> = [300, 600].into_iter().chain((0..600).flat_map(|_| [1, 4])).collect();
    assert_eq!(decoder.decode(exporter(99), &version_9(2, &[set(0, &shorts(&fields))]), 0).templates_dropped, 1);
}

#[test]
fn old_templates_are_forgotten() {
    let limits = FlowLimits::default();
    let mut decoder = decoder(limits);
    decoder.decode(exporter(1), &version_9(1, &[set(0, &shorts(&TEMPLATE))]), 0);
    decoder.expire(limits.template_age);
    let late = decoder.decode(exporter(1), &version_9(2, &[set(256, &flow(443, 1))]), limits.template_age);
    assert!(late.records.is_empty());
}

#[test]
fn templates_outlive_a_restart() {
    let mut before = decoder(FlowLimits::default());
    assert!(before.news().is_none());
    before.decode(exporter(1), &version_9(1, &[set(0, &shorts(&TEMPLATE))]), 10);
    let saved = before.news().expect("a template came");
    assert!(before.news().is_none(), "it was asked for");
    let text = serde_json::to_vec(&saved).unwrap();
    let mut after = decoder(FlowLimits::default());
    after.restore(serde_json::from_slice(&text).unwrap(), 20);
    assert_eq!(after.decode(exporter(1), &version_9(2, &[set(256, &flow(443, 1))]), 30).records.len(), 1);
    assert!(after.news().is_none(), "nothing is new");
}

#[test]
fn broken_messages_are_counted() {
    let mut decoder = decoder(FlowLimits::default());
    let mut undecoded = |message: &[u8]| decoder.decode(exporter(1), message, 0).undecoded;
    assert_eq!(undecoded(b""), 1);
    assert_eq!(undecoded(&[0, 7, 0, 0]), 1, "no version that we know");
    assert_eq!(undecoded(&[0, 9, 0, 1]), 1);
    assert_eq!(undecoded(&version_9(1, &[shorts(&[256, 900])])), 1, "a set longer than its message");
    assert_eq!(undecoded(&version_9(2, &[shorts(&[256, 2])])), 1, "a set shorter than its head");
    assert_eq!(undecoded(&ipfix(0, &[set(2, &shorts(&[256, 3, 1, 4]))])), 1, "a template without its end");
}

/// Messages that are nearly right.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let number =
        prop_oneof![Just(0_u16), Just(1), Just(2), Just(4), Just(8), Just(256), Just(257), Just(0x8001), any::<u16>()];
    let body = prop_oneof![vec(number, 0..40).prop_map(|numbers| shorts(&numbers)), vec(any::<u8>(), 0..200)];
    let sets = vec((prop_oneof![Just(0_u16), Just(1), Just(2), Just(3), Just(256), Just(257)], body), 0..6);
    (prop_oneof![Just(5_u16), Just(9), Just(10)], any::<u32>(), sets, any::<u16>()).prop_map(
        |(version, sequence, sets, cut)| {
            let sets: Vec<_> = sets.into_iter().map(|(id, body)| set(id, &body)).collect();
            let mut message = match version {
                10 => ipfix(sequence, &sets),
                _ => version_9(sequence, &sets),
            };
            message[1] = u8::try_from(version).unwrap();
            if cut % 3 == 0 {
                message.truncate(usize::from(cut) % (message.len() + 1));
            }
            message
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_nothing_panics_and_all_stays_in_bounds(
        messages in vec(prop_oneof![message(), vec(any::<u8>(), 0..120)], 1..30)
    ) {
        let limits = FlowLimits {
            templates: 4, streams: 3, all_fields: 60, fields: 20, waiting_bytes: 300, all_waiting: 500, expanded: 20_000,
            ..FlowLimits::default()
        };
        let mut decoder = decoder(limits);
        for (number, message) in messages.iter().enumerate() {
            let now = i64::try_from(number).unwrap() * 10 * SECOND;
            let from = exporter(u8::try_from(number % 5).unwrap());
            let decoded = decoder.decode(from, message, now);
            // What waited comes within the bytes of the message that brought the template.
            prop_assert!(decoded.records.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() <= limits.expanded);
            for record in json(&decoded) {
                prop_assert!(record["flow"]["exporter"].is_string());
            }
            let figures = decoder.figures();
            prop_assert!(figures.len() <= limits.streams);
            prop_assert!(figures.iter().all(|one| one.templates <= limits.templates));
            decoder.expire(now);
        }
    }
}
