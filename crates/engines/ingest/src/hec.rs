//! Bodies of Splunk's HTTP Event Collector: JSON objects one behind the other, each with an `event`, or raw lines. Codes
//! and texts are those of the protocol, since its clients read them. What is no event is named and refuses only itself.

use crate::bulk::check_document;
use crate::objects::Objects;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Bytes of one record beside its text, as memory is counted.
const RECORD_BYTES: usize = 128;

/// Answers of the protocol: code, HTTP status, text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Success,
    TokenRequired,
    InvalidAuthorization,
    InvalidToken,
    NoData,
    InvalidData,
    InternalError,
    Busy,
    ChannelMissing,
    InvalidChannel,
    EventRequired,
    EventBlank,
    Healthy,
    Unhealthy,
}

impl Code {
    /// Code, HTTP status and text as the protocol has them.
    pub fn parts(self) -> (u8, u16, &'static str) {
        match self {
            Self::Success => (0, 200, "Success"),
            Self::TokenRequired => (2, 401, "Token is required"),
            Self::InvalidAuthorization => (3, 401, "Invalid authorization"),
            Self::InvalidToken => (4, 403, "Invalid token"),
            Self::NoData => (5, 400, "No data"),
            Self::InvalidData => (6, 400, "Invalid data format"),
            Self::InternalError => (8, 500, "Internal server error"),
            Self::Busy => (9, 503, "Server is busy"),
            Self::ChannelMissing => (10, 400, "Data channel is missing"),
            Self::InvalidChannel => (11, 400, "Invalid data channel"),
            Self::EventRequired => (12, 400, "Event field is required"),
            Self::EventBlank => (13, 400, "Event field cannot be blank"),
            Self::Healthy => (17, 200, "HEC is healthy"),
            Self::Unhealthy => (18, 503, "HEC is unhealthy, queues are full"),
        }
    }
}

/// What a body holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Records with their numbers in the body, from 1 on.
    pub records: Vec<(u64, Bytes)>,
    /// How many were refused.
    pub refused: u64,
    /// The first that was: its number as the protocol counts, from 0 on, why in the protocol's words, and in ours.
    pub first: Option<(u64, Code, String)>,
    /// Memory that the records take.
    pub bytes: usize,
}

/// The records of a body take more memory than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the events of the request take more than {0} bytes; send smaller batches")]
pub struct TooLarge(pub usize);

impl Events {
    fn refuse(&mut self, code: Code, reason: String) {
        let number = self.records.len() as u64 + self.refused;
        if self.first.is_none() {
            self.first = Some((number, code, reason));
        }
        self.refused += 1;
    }

    fn add(&mut self, record: Bytes, most: usize) -> Result<(), TooLarge> {
        self.bytes += record.len() + RECORD_BYTES;
        self.records.push((self.records.len() as u64 + self.refused + 1, record));
        if self.bytes > most { Err(TooLarge(most)) } else { Ok(()) }
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
}

/// Reads events. Where the JSON of one breaks, reading goes on at the next. `most` bounds the memory of the records.
pub fn parse_events(body: &[u8], most: usize) -> Result<Events, TooLarge> {
    let mut events = Events::default();
    for object in Objects::of(body) {
        let raw = match object {
            Ok(raw) => raw.trim(),
            Err(reason) => {
                events.refuse(Code::InvalidData, reason);
                continue;
            }
        };
        if let Err(error) = check_document(raw.as_bytes()) {
            events.refuse(Code::InvalidData, error.reason);
            continue;
        }
        match serde_json::from_str::<Event<'_>>(raw).map(|event| event.event.map(RawValue::get)) {
            Ok(Some(r#""""#)) => events.refuse(Code::EventBlank, "event is an empty text".to_owned()),
            Ok(Some(_)) => events.add(Bytes::copy_from_slice(raw.as_bytes()), most)?,
            Ok(None) => events.refuse(Code::EventRequired, "the object has no event".to_owned()),
            Err(error) => events.refuse(Code::InvalidData, error.to_string()),
        }
    }
    Ok(events)
}

/// What a request states of all its raw lines.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Metadata {
    pub time: Option<String>,
    pub host: Option<String>,
    pub source: Option<String>,
    pub sourcetype: Option<String>,
    pub index: Option<String>,
}

impl Metadata {
    /// Bytes of each that are kept.
    const LONGEST: usize = 512;

    fn members(&self) -> Map<String, Value> {
        let all = [
            ("time", &self.time),
            ("host", &self.host),
            ("source", &self.source),
            ("sourcetype", &self.sourcetype),
            ("index", &self.index),
        ];
        let stated = all.into_iter().filter_map(|(name, value)| {
            let value = value.as_deref().filter(|value| !value.is_empty())?;
            let value = value.get(..value.floor_char_boundary(Self::LONGEST))?;
            Some((name.to_owned(), Value::from(value)))
        });
        stated.collect()
    }
}

/// Makes an event of each line that is not blank.
pub fn parse_raw(body: &[u8], metadata: &Metadata, most: usize) -> Result<Events, TooLarge> {
    let mut events = Events::default();
    let common = metadata.members();
    for line in body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()) {
        let mut event = common.clone();
        event.insert("event".to_owned(), Value::from(String::from_utf8_lossy(line).into_owned()));
        let record = Value::Object(event).to_string();
        match record.len() > event::LONGEST_RECORD {
            true => events.refuse(Code::InvalidData, format!("the line has {} bytes", line.len())),
            false => events.add(record.into(), most)?,
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 4 << 20;

    fn texts(events: &Events) -> Vec<(u64, &str)> {
        events.records.iter().map(|(number, bytes)| (*number, std::str::from_utf8(bytes).unwrap())).collect()
    }

    #[test]
    fn events_stand_one_behind_the_other_and_a_bad_one_refuses_itself() {
        let body = br#"{"event":"a","time":1426279439.123}{"event":{"x":[1]}}
            {"host":"h"} {"event":""}{"event":null}[1] {"event":7}"#;
        let events = parse_events(body, MOST).unwrap();
        let expected =
            [(1, r#"{"event":"a","time":1426279439.123}"#), (2, r#"{"event":{"x":[1]}}"#), (7, r#"{"event":7}"#)];
        assert_eq!(texts(&events), expected);
        assert_eq!(events.refused, 4);
        assert_eq!(events.first.map(|(number, code, _)| (number, code)), Some((2, Code::EventRequired)));
        for (body, code) in [
            (r#"{"event":"a"}{"event":"#, Code::InvalidData),
            (r#"{"event":"a"}{"event":"  "}{"event":""}"#, Code::EventBlank),
            (r#"{"event":"a"} "b""#, Code::InvalidData),
        ] {
            let events = parse_events(body.as_bytes(), MOST).unwrap();
            assert_eq!((events.refused, events.first.map(|(_, code, _)| code)), (1, Some(code)), "{body}");
        }
        assert_eq!(parse_events(b" \n", MOST), Ok(Events::default()));
        let deep = format!("{{\"event\":{}{}}}", "[".repeat(70), "]".repeat(70));
        assert_eq!(parse_events(deep.as_bytes(), MOST).unwrap().refused, 1);
    }

    #[test]
    fn raw_lines_become_events_with_what_the_request_states() {
        let metadata = Metadata { host: Some("web-1".into()), index: Some(String::new()), ..Metadata::default() };
        let events = parse_raw(b"one\r\n\n two \xff\n", &metadata, MOST).unwrap();
        let expected =
            [(1, "{\"host\":\"web-1\",\"event\":\"one\"}"), (2, "{\"host\":\"web-1\",\"event\":\" two \u{fffd}\"}")];
        assert_eq!(texts(&events), expected);
        let long = "x".repeat(event::LONGEST_RECORD);
        let events = parse_raw(format!("{long}\nshort").as_bytes(), &Metadata::default(), MOST).unwrap();
        assert_eq!((events.refused, texts(&events)), (1, vec![(2, "{\"event\":\"short\"}")]));
        assert_eq!(parse_raw(&b"a\n".repeat(100_000), &metadata, MOST), Err(TooLarge(MOST)));
        assert_eq!(parse_events(&b"{\"event\":1}".repeat(100_000), MOST), Err(TooLarge(MOST)));
    }
}
