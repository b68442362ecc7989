//! OTLP, HEC and GELF: whatever arrives, nothing panics, memory is bounded, and how the bytes are cut makes no difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use bytes::Bytes;
use luytre_ingest::gelf::{ChunkLimits, Chunks, Datagram, expand};
use luytre_ingest::hec::{Metadata, parse_events, parse_raw};
use luytre_ingest::listeners::{Framed, NullFraming};
use luytre_ingest::otlp::{parse_json, parse_protobuf, unframe};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

const MOST: usize = 64 << 10;

/// A protobuf message made of pieces of real ones, put together wrongly.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        vec(any::<u8>(), 0..8),
        Just(b"\x0a\x01a".to_vec()),
        Just(b"\x10\x96\x01".to_vec()),
        Just(b"\x09\x15Mat}\xee\xe2\x18".to_vec()),
        Just(vec![0xff; 11]),
        Just(b"\x0a\xff\xff\xff\xff\x0f".to_vec()),
    ];
    leaf.prop_recursive(8, 64, 4, |inner| {
        vec((1_u8..13, inner), 1..4).prop_map(|fields| {
            let field = |(number, bytes): (u8, Vec<u8>)| {
                let length = u8::try_from(bytes.len() % 128).unwrap_or_default();
                [&[(number << 3) | 2, length][..], &bytes].concat()
            };
            fields.into_iter().flat_map(field).collect::<Vec<u8>>()
        })
    })
}

fn json() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{\"resourceLogs\":["),
        Just("{\"resource\":{\"attributes\":[{\"key\":\"a\",\"value\":"),
        Just("{\"scopeLogs\":[{\"logRecords\":["),
        Just("{\"body\":{\"stringValue\":\"x\"}}"),
        Just("{\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"k\"}]}}}"),
        Just("{\"timeUnixNano\":\"x\"}"),
        Just("{\"event\":"),
        Just("{\"event\":\"a\"}"),
        Just("\"\""),
        Just("null"),
        Just(","),
        Just("]"),
        Just("}"),
        Just("]}]}]}"),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn is_object(record: &Bytes) -> bool {
    serde_json::from_slice::<serde_json::Value>(record).is_ok_and(|value| value.is_object())
}

fn framed(parts: &[&[u8]], longest: usize) -> Vec<Framed> {
    let mut framing = NullFraming::new(longest);
    let mut out = Vec::new();
    for part in parts {
        framing.buffer().extend_from_slice(part);
        while let Some(one) = framing.next() {
            out.push(one);
        }
        assert!(framing.buffer().len() <= longest.max(1));
    }
    out.extend(framing.finish());
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_of_opentelemetry_never_panic(body in message(), text in json()) {
        for export in [parse_protobuf(&body, MOST), parse_json(&body, MOST), parse_json(text.as_bytes(), MOST)] {
            let Ok(export) = export else { continue };
            prop_assert!(export.bytes <= MOST);
            prop_assert!(export.records.iter().all(|(_, record)| is_object(record)));
            let numbers: HashSet<u64> = export.records.iter().map(|(number, _)| *number).collect();
            prop_assert_eq!(numbers.len(), export.records.len());
            prop_assert!(export.reasons.len() as u64 <= export.refused);
        }
        let _ = unframe(&body);
    }

    #[test]
    fn bodies_of_the_event_collector_never_panic(text in json(), bytes in vec(any::<u8>(), 0..100)) {
        for events in [parse_events(text.as_bytes(), MOST), parse_events(&bytes, MOST)].into_iter().flatten() {
            prop_assert!(events.records.iter().all(|(_, record)| is_object(record)));
            prop_assert_eq!(events.first.is_some(), events.refused > 0);
        }
        let raw = parse_raw(&bytes, &Metadata { host: Some(text), ..Metadata::default() }, 1 << 20).unwrap();
        prop_assert!(raw.records.iter().all(|(_, record)| is_object(record)));
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii_end().is_empty()).count();
        prop_assert_eq!(raw.records.len(), lines);
    }

    #[test]
    fn messages_that_end_in_nul_do_not_depend_on_the_cuts(
        bytes in vec(prop_oneof![Just(0_u8), Just(b' '), Just(b'a'), any::<u8>()], 0..120),
        cuts in vec(any::<usize>(), 0..12),
        longest in 1_usize..40,
    ) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let whole = framed(&[&bytes], longest);
        prop_assert_eq!(&framed(&pieces, longest), &whole);
        prop_assert!(whole.iter().all(|one| one.message.len() <= longest && !one.message.is_empty()));
    }

    #[test]
    fn compressed_messages_never_panic_and_never_grow_beyond_their_bound(
        bytes in vec(any::<u8>(), 0..100),
        head in prop_oneof![Just(&b""[..]), Just(&b"\x1f\x8b\x08\x00"[..]), Just(&b"\x78\x9c"[..])],
        longest in 0_usize..50,
    ) {
        if let Ok(expanded) = expand(&[head, &bytes].concat(), longest) {
            prop_assert!(expanded.bytes.len() <= longest);
        }
    }

    #[test]
    fn chunks_are_whole_in_any_order_and_never_more_than_their_bounds(
        chunks in vec((0_u8..3, 0_u8..5, 0_u8..5, vec(any::<u8>(), 0..6)), 0..60),
        seed in any::<u64>(),
    ) {
        let peer = IpAddr::from([192, 0, 2, 1]);
        let limits = ChunkLimits { messages: 2, messages_per_address: 2, bytes: 20, bytes_per_address: 20, longest: 12 };
        let mut bounded = Chunks::new(limits);
        let mut now = Instant::now();
        for (id, number, count, bytes) in chunks {
            let datagram = [&[0x1e_u8, 0x0f][..], &[id; 8][..], &[number, count][..], &bytes].concat();
            if let Datagram::Message(message) = bounded.take(peer, &datagram, now) {
                prop_assert!(message.len() <= 12);
            }
            prop_assert!(bounded.waiting() <= 2);
            now += Duration::from_millis(300);
            bounded.expire(now);
        }
        // A message in as many chunks as it may have, in some order.
        let text: Vec<u8> = (0..=255).collect();
        let mut parts: Vec<Vec<u8>> = text
            .chunks(2)
            .zip(0_u8..)
            .map(|(part, number)| [&[0x1e_u8, 0x0f][..], &[7_u8; 8][..], &[number, 128][..], part].concat())
            .collect();
        let length = parts.len();
        for place in 0..length {
            parts.swap(place, (seed.rotate_left(u32::try_from(place % 64).unwrap()) % length as u64) as usize);
        }
        let mut chunks = Chunks::new(ChunkLimits::default());
        let (last, others) = parts.split_last().unwrap();
        for part in others {
            prop_assert_eq!(chunks.take(peer, part, now), Datagram::Waiting);
        }
        prop_assert_eq!(chunks.take(peer, last, now), Datagram::Message(text.into()));
    }
}
