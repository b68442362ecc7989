//! Long, cut and broken records: their beginning is understood, they say what is missing, every byte is kept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Column, Event, Listener, Origin, Record, TimeQuality};
use luytre_ingest::FormatSet;
use std::sync::{Arc, LazyLock};

static FORMATS: LazyLock<FormatSet> = LazyLock::new(support::formats);

fn parse(text: &str) -> Event {
    FORMATS.parse(&support::record(text))
}

fn parse_cut(text: &str) -> Event {
    let mut record = support::record(text);
    record.origin = Arc::new(Origin { cut: true, listener: Listener::SyslogTcp, ..Origin::default() });
    FORMATS.parse(&record)
}

fn problem(event: &Event) -> &str {
    event.problem.as_deref().unwrap_or_default()
}

#[test]
fn a_line_too_long_to_be_searched_is_read_by_its_beginning_and_found_by_its_end() {
    let line = format!(
        "<38>Nov 20 10:11:12 srv sshd[7]: Failed password for root from 198.51.100.7 port 5 ssh2 {} the-end",
        "x".repeat(300 << 10)
    );
    let event = parse(&line);
    assert_eq!((&*event.format, event.understood), ("sshd@1", true));
    assert_eq!(event.columns.text(Column::HostName), Some("srv"));
    assert!(event.log_source.matches(Some("linux"), None, Some("sshd")));
    assert!(problem(&event).contains("bytes the first"), "{}", problem(&event));
    assert_eq!(event.raw, line.as_bytes());
    assert!(event.any_text(&mut |text| text.contains("the-end")), "who looks for words finds the last");
}

#[test]
fn long_texts_of_other_formats_are_read_by_their_beginning_too() {
    let padding = "y".repeat(300 << 10);
    let cef = parse(&format!("CEF:0|A|B|1|2|name|9|src=198.51.100.7 dpt=22 msg={padding}"));
    assert_eq!((&*cef.format, cef.columns.text(Column::SourceIp)), ("cef@1", Some("198.51.100.7")));
    let inside = parse(&format!(
        "<14>Nov 20 10:11:12 h app: {{\"user\":\"an\",\"src_ip\":\"198.51.100.7\",\"x\":\"{padding}\"}}"
    ));
    assert_eq!((&*inside.format, inside.columns.text(Column::UserName)), ("json@1", Some("an")));
    assert!(problem(&inside).contains("bytes the first"));
    let wrapped = parse(&format!(
        "{{\"programname\":\"sshd\",\"message\":\"Failed password for root from 198.51.100.7 port 5 ssh2 {padding}\"}}"
    ));
    assert_eq!((&*wrapped.format, wrapped.columns.text(Column::SourceIp)), ("sshd@1", Some("198.51.100.7")));
}

#[test]
fn a_record_that_a_listener_cut_says_so_and_keeps_what_it_has() {
    let event = parse_cut("<38>Nov 20 10:11:12 srv sshd[7]: Failed password for root from 198.51.100.7 port 5 ssh2");
    assert!(problem(&event).contains("its end was cut"));
    assert!(event.understood);
    let json = "{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"CommandLine\":\"whoami /all";
    let event = parse_cut(json);
    assert_eq!(event.columns.text(Column::ProcessCommandLine), Some("whoami /all"));
    assert!(event.log_source.matches(Some("windows"), Some("process_creation"), None));
    let event = parse_cut(&format!("<14>Nov 20 10:11:12 pc app: {json}"));
    assert_eq!(event.columns.text(Column::ProcessCommandLine), Some("whoami /all"));
    assert!(!parse(json).understood, "JSON that is broken though whole is no record of any format");
    assert!(problem(&parse_cut("no format knows this")).contains("its end was cut"));
}

#[test]
fn structured_data_without_an_end_leaves_the_message() {
    let event = parse(
        "<38>1 2026-11-20T03:11:12Z srv sshd 7 - [x@1 a=\"b Failed password for root from 198.51.100.7 port 5 ssh2",
    );
    assert!(event.fields.get("message").and_then(event::Value::as_text).unwrap().contains("Failed password"));
    assert!(problem(&event).contains("structured data"));
    assert_eq!(event.columns.text(Column::HostName), Some("srv"));
}

#[test]
fn times_that_cannot_be_right_are_kept_and_told() {
    for (text, stated) in [
        ("{\"time\":\"1601-01-01T00:00:00Z\",\"message\":\"x\"}", "1601-01-01T00:00:00Z"),
        ("<13>1 1970-01-01T00:02:00Z h app - - - x", "1970-01-01T00:02:00Z"),
        ("{\"time\":\"2093-01-01T00:00:00Z\",\"message\":\"x\"}", "2093-01-01T00:00:00Z"),
    ] {
        let event = parse(text);
        assert_eq!((event.time, event.time_quality), (support::micros(stated), TimeQuality::Implausible), "{text}");
        assert!(problem(&event).contains("cannot be right"));
    }
    let later = parse("{\"@timestamp\":0.5,\"timestamp\":\"2026-11-20T03:11:12Z\"}");
    assert_eq!((later.time, later.time_quality), (support::micros("2026-11-20T03:11:12Z"), TimeQuality::Exact));
}

#[test]
fn a_time_that_cannot_be_read_is_told() {
    let event = parse("{\"time\":\"yesterday\",\"message\":\"x\"}");
    assert_eq!((event.time, event.time_quality), (event.arrival, TimeQuality::Missing));
    assert_eq!(problem(&event), "the time \"yesterday\" cannot be read");
    assert_eq!(problem(&parse("{\"message\":\"x\"}")), "");
    assert_eq!(problem(&parse("<13>app: x")), "the syslog header names no time");
}

#[test]
fn times_without_a_zone_are_the_centres() {
    let mut formats = support::formats();
    assert!(formats.set_default_time_zone("Asia/Ho_Chi_Minh"));
    let utc = support::micros("2026-11-20T03:11:12Z");
    for line in [
        "<189>date=2026-11-20 time=10:11:12 devname=\"fw-1\" devid=\"F\" logid=\"1\" type=\"event\"",
        "<166>Nov 20 2026 10:11:12 asa1 : %ASA-6-302013: x",
        "<189>45: *Nov 20 10:11:12: %SYS-5-CONFIG_I: x",
        "<13>Nov 20 03:11:12 +00:00 h app: x",
        "LEEF:1.0|A|B|1|e|devTime=Nov 20 2026 10:11:12",
    ] {
        assert_eq!(formats.parse(&support::record(line)).time, utc, "{line}");
    }
}
