//! Whatever arrives: nothing panics, and how the bytes are cut makes no difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use luytre_ingest::FormatSet;
use luytre_ingest::bulk::parse_bulk;
use luytre_ingest::listeners::{Framed, RelpDecoder, RelpFrame, SyslogFraming};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;

static FORMATS: LazyLock<FormatSet> = LazyLock::new(support::formats);

/// Pieces that real records are made of, put together wrongly.
fn debris() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"<34>".to_vec()),
        Just(b"<34>1 2026-01-01T00:00:00Z h p 1 - [a@1 b=\"c\\\"\"] ".to_vec()),
        Just(b"Dec 10 06:55:46 host sshd[1]: ".to_vec()),
        Just(b"Failed password for invalid user  from 999.1.1.1 port 99999999999999999999 ssh2".to_vec()),
        Just(b"type=EXECVE msg=audit(1.1:1): argc=999999999999 a0=\"x\" a1=414".to_vec()),
        Just(b"msg='a=\"b' c='d".to_vec()),
        Just(b"{\"EventID\":{\"#text\":1,\"#attributes\":{}},\"Channel\":\"Security\"".to_vec()),
        Just(b"{\"message\":\"{\\\"message\\\":\\\"<34>x\\\"}\"}".to_vec()),
        Just(b"{\"_path\":[],\"ts\":1e400,\"uid\":null}".to_vec()),
        Just(b"1.2.3.4 - - [22/Dec/2016:16:30:45 +9900] \"GET /\xff HTTP/1.1\" 200 -".to_vec()),
        Just(b"%SYS-5-CONFIG_I: ".to_vec()),
        Just(b"date=2026-02-30 time=25:00:00 devid=\xc3\x28 ".to_vec()),
        Just("Lũy Tre \u{1f38b}".as_bytes().to_vec()),
        Just(b"CEF:0|A\\|B|C|1|2|n\\\\|9|src=1.2.3.4 cs1=a\\=b cs1Label=x ".to_vec()),
        Just(b"LEEF:2.0|A|B|1|e|x7c|src=1.2.3.4|".to_vec()),
        Just("<Event xmlns='x'><System><EventID Q=\"1\">7</EventID></System><EventData><Data Name='é'>&#x41;&".into()),
        Just(b"</Data><![CDATA[x]]></EventData></Event>".to_vec()),
        Just(b":Nov 20 10:11:12 +07: %ASA-6-302013: Built inbound TCP connection 1 for a:1.2.3.4/5 ".to_vec()),
        Just(b"<189>45: a: 0: *Nov 20 10:11:12.1 ICT: ".to_vec()),
        Just(b"filterlog[1]: 5,,,1,if,match,block,in,4,0x0,,64,1,0,DF,6,tcp,60,1.2.3.4,1.2.3.5,1,2,".to_vec()),
        Just(b"firewall,info a input: in:b out:c, proto TCP (SYN), 1.2.3.4:5->".to_vec()),
        Just(b"#Fields: date time c-ip".to_vec()),
        Just(b"2026-11-20 03:11:12 10.0.0.5 GET /a \"b 443 - 192.0.2.9 \"\"c - 200 0 0 31".to_vec()),
        Just(b"2026-11-20T03:11:12Z,\"a\"\",b,".to_vec()),
        Just(b"1,2026/11/20 10:11:12,1,THREAT,url,1,2026/11/20 10:11:12,\"a\"\",b,".to_vec()),
        Just(b"1795144272.500000\tC1\t1.2.3.4\t5\t\"1.2.3.5\t53\tudp\t7\t".to_vec()),
        Just(b"<134>1 2026-11-20 10:11:12 gw CheckPoint 1 - [action:\"a\\\"; b:\"c; d: e:".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"]: ".to_vec()),
        vec(any::<u8>(), 0..12),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn framed(parts: &[&[u8]], longest: usize) -> Vec<Framed> {
    let mut framing = SyslogFraming::new(longest);
    let mut out = Vec::new();
    for part in parts {
        framing.buffer().extend_from_slice(part);
        while let Some(one) = framing.next() {
            out.push(one);
        }
    }
    out.extend(framing.finish());
    out
}

fn relp(parts: &[&[u8]]) -> (Vec<RelpFrame>, bool) {
    let mut decoder = RelpDecoder::new(50);
    let mut out = Vec::new();
    for part in parts {
        decoder.buffer().extend_from_slice(part);
        loop {
            match decoder.decode() {
                Ok(Some(frame)) => out.push(frame),
                Ok(None) => break,
                Err(_) => return (out, true),
            }
        }
    }
    (out, false)
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"<1>abc\n".to_vec()),
        Just(b"6 <1>abc".to_vec()),
        Just(b"x12 <34>".to_vec()),
        Just(b"0000000012 <1>".to_vec()),
        Just(b"30 <1>abcdefghijklmnopqrstuvwxyz\n".to_vec()),
        Just(b"<1>".to_vec()),
        Just(b"   \r\n".to_vec()),
        Just(b"                                              ".to_vec()),
        Just(b"1 open 3 a=b\n".to_vec()),
        Just(b"2 syslog 7 <1>a\nbc\n".to_vec()),
        Just(b"3 close 0\n".to_vec()),
        "[0-9 ]{0,4}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_never_panics_and_keeps_every_byte(bytes in prop_oneof![debris(), vec(any::<u8>(), 0..200)]) {
        let event = FORMATS.parse(&support::record(bytes.clone()));
        prop_assert_eq!(&event.raw[..], &bytes[..]);
        prop_assert_eq!(event.understood, &*event.format != "unparsed@1");
        prop_assert!(event.understood || event.problem.is_some());
        prop_assert_eq!(FORMATS.recognise(&bytes).is_some(), event.understood);
    }

    #[test]
    fn whatever_a_file_says_of_its_fields_nothing_panics(
        bytes in prop_oneof![debris(), vec(any::<u8>(), 0..200)],
        header in prop_oneof!["[ ,a-zA-Z()-]{0,80}", Just("date time c-ip cs-method cs-uri-stem".to_owned())],
    ) {
        let mut record = support::record(bytes);
        record.origin = record.origin.under(Some(&header));
        let event = FORMATS.parse(&record);
        prop_assert_eq!(event.understood, &*event.format != "unparsed@1");
        prop_assert!(event.understood || event.problem.is_some());
    }

    #[test]
    fn bulk_bodies_never_panic(body in prop_oneof![
        vec(any::<u8>(), 0..200),
        vec(prop_oneof![
            Just("{\"index\":{\"_index\":\"a\"}}\n"), Just("{\"create\":{}}\n"), Just("{\"delete\":{\"_id\":1}}\n"),
            Just("{\"a\":1}\n"), Just("{\"a\":\n"), Just("\n"), Just("{}"), Just("[[["),
        ], 0..12).prop_map(|parts| parts.concat().into_bytes()),
    ]) {
        if let Ok(items) = parse_bulk(&Bytes::from(body), Some("x")) {
            for document in items.iter().filter_map(|item| item.document.as_ref().ok()) {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(document).is_ok_and(|value| value.is_object()));
            }
        }
    }

    #[test]
    fn syslog_framing_does_not_depend_on_the_cuts(
        bytes in stream(), cuts in vec(any::<usize>(), 0..12), longest in 1_usize..40,
    ) {
        let whole = framed(&[&bytes], longest);
        prop_assert_eq!(&framed(&pieces(&bytes, &cuts), longest), &whole);
        prop_assert!(whole.iter().all(|one| one.message.len() <= longest && !one.message.is_empty()));
    }

    #[test]
    fn relp_decoding_does_not_depend_on_the_cuts(bytes in stream(), cuts in vec(any::<usize>(), 0..12)) {
        prop_assert_eq!(relp(&pieces(&bytes, &cuts)), relp(&[&bytes]));
    }
}

/// Names that formats rename, strip, copy, put into braces or fill columns and aliases with, and others.
const NAMES: &[&str] = &[
    "EventID",
    "Channel",
    "SourceName",
    "Provider_Name",
    "Hostname",
    "Computer",
    "event_data.Image",
    "Image",
    "Threat Name",
    "ThreatName",
    "Source  Name",
    "winlog.event_data.User",
    "winlog.channel",
    "winlog.event_id",
    "data.win.system.eventID",
    "data.win.eventdata.image",
    "data.win.eventdata.",
    "RecordNumber",
    "ProcessGuid",
    "Event.UserData.x.Param",
    "Event.UserData.Param",
    "event_data.",
    "@timestamp",
    "UtcTime",
    "Message",
    "message",
    "EventTime",
    "IpAddress",
    "Hashes",
    "RuleName",
    "Level",
    "_path",
    "ts",
    "uid",
    "id.orig_h",
    "event_type",
    "src_ip",
    "dest_ip",
    "alert.severity",
    "",
    "a",
    "b.c",
];

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        prop_oneof![Just(1_i64), Just(4_624), any::<i64>()].prop_map(Into::into),
        prop_oneof![
            "[ -~]{0,12}",
            Just("Security".to_owned()),
            Just("-".to_owned()),
            Just(" \t".to_owned()),
            Just("10.0.0.7".to_owned()),
            Just("2026-11-20T10:11:12Z".to_owned()),
            Just("d0a7c5b1-0000-1111-2222-333344445555".to_owned()),
            Just(" C:\\Windows\\a.exe ".to_owned()),
            Just("ẤÉ Đ".to_owned()),
        ]
        .prop_map(Into::into),
        vec("[a-c]{0,2}", 0..3).prop_map(Into::into),
    ]
}

proptest! {
    #[test]
    fn a_record_whose_names_came_before_is_understood_like_the_first(
        pairs in vec((prop::sample::select(NAMES), any_value()), 0..12),
        others in vec(any_value(), 12),
    ) {
        let text = |values: &mut dyn Iterator<Item = &serde_json::Value>| {
            let members: Vec<String> =
                pairs.iter().zip(values).map(|((name, _), value)| format!("{}:{value}", serde_json::json!(name))).collect();
            format!("{{{}}}", members.join(","))
        };
        let own = support::record(text(&mut pairs.iter().map(|(_, value)| value)));
        let first = FORMATS.parse(&own);
        let again = [FORMATS.parse(&own), FORMATS.parse(&own)];
        prop_assert_eq!(&again[0], &first);
        prop_assert_eq!(&again[1], &first);
        // Values of another record are not taken for this one's.
        let other = support::record(text(&mut others.iter()));
        let fresh = FORMATS.parse(&other);
        for (name, value) in fresh.fields.iter() {
            prop_assert_eq!(fresh.fields.get(name), Some(value));
        }
        prop_assert_eq!(FORMATS.parse(&own), first);
    }
}
