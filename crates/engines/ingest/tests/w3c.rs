//! Logs whose lines follow a `#Fields:` line: files keep it for what stands below, whoever sends single lines is read by
//! the lists that the format knows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use event::{Column, Event, Origin, RawRecord};
use luytre_ingest::FormatSet;
use luytre_ingest::files::{FileRecords, Limits, Place};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use zip::write::SimpleFileOptions;

mod support;

static FORMATS: LazyLock<FormatSet> = LazyLock::new(support::formats);

const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\r\n\
    #Version: 1.0\r\n\
    #Date: 2026-11-20 03:00:00\r\n\
    #Fields: date time c-ip cs-method cs-uri-stem cs-uri-query cs(User-Agent) sc-status\r\n\
    2026-11-20 03:11:12 203.0.113.9 GET /a.aspx id=1 curl/8 200\r\n\
    2026-11-20 03:11:13 203.0.113.9 GET /b.aspx - curl/8 404\r\n\
    #Fields: time date sc-status cs-uri-stem c-ip cs-method\r\n\
    03:11:14 2026-11-20 500 /c.aspx 203.0.113.10 POST\r\n";

fn parse_all(records: FileRecords) -> Vec<Event> {
    let mut origin = Arc::new(Origin::default());
    let parse = |record: luytre_ingest::files::FileRecord| {
        origin = origin.under(record.header.as_deref());
        FORMATS.parse(&RawRecord {
            bytes: record.result.unwrap(),
            arrival: support::micros("2026-11-21T00:00:00Z"),
            origin: origin.clone(),
            position: record.position,
        })
    };
    records.map(parse).collect()
}

fn read(path: &Path) -> Vec<Event> {
    parse_all(FileRecords::new(path, Limits::default()))
}

/// Status and address of each request.
fn requests(events: &[Event]) -> Vec<(String, String)> {
    let text = |event: &Event, column| {
        event.columns.get(column).and_then(|value| value.as_text()).unwrap_or_default().into_owned()
    };
    let requests = events.iter().filter(|event| event.log_source.matches(None, Some("webserver"), None));
    requests.map(|event| (text(event, Column::HttpResponseStatusCode), text(event, Column::UrlOriginal))).collect()
}

fn expected() -> Vec<(String, String)> {
    [("200", "/a.aspx?id=1"), ("404", "/b.aspx"), ("500", "/c.aspx")]
        .map(|(status, address)| (status.to_owned(), address.to_owned()))
        .to_vec()
}

#[test]
fn a_list_of_fields_holds_for_what_stands_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u_ex261120.log");
    fs::write(&path, IIS).unwrap();
    let events = read(&path);
    assert_eq!(events.len(), 8);
    assert!(events.iter().all(|event| &*event.format == "w3c@1" && event.problem.is_none()), "{events:?}");
    assert_eq!(requests(&events), expected());
    assert_eq!(events[7].time, support::micros("2026-11-20T03:11:14Z"));
}

#[test]
fn a_log_that_has_grown_is_read_on_under_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u_ex261120.log");
    fs::write(&path, IIS).unwrap();
    for lines in 4..8_u64 {
        let bytes: usize = IIS.split_inclusive('\n').take(lines as usize).map(str::len).sum();
        let place = Place { bytes: bytes as u64, lines };
        let events = parse_all(FileRecords::new(&path, Limits::default()).behind(place));
        let known = expected();
        let left = match lines {
            4 => &known[..],
            5 => &known[1..],
            _ => &known[2..],
        };
        assert_eq!(requests(&events), left, "behind line {lines}");
    }
}

#[test]
fn each_file_of_an_archive_has_its_own_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, text) in [("one.log", IIS), ("two.log", "2026-11-20 03:11:12 203.0.113.9 GET /a.aspx id=1 curl/8 200\n")]
    {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let events = read(&path);
    assert_eq!(requests(&events), expected());
    assert!(!events.last().unwrap().understood, "nothing says what its values are");
}

#[test]
fn what_is_no_line_of_the_log_is_not_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.log");
    let long = format!("#Fields: {}", "x ".repeat(8_000));
    let text = format!(
        "{IIS}{{\"a\":1}}\n<34>Nov 20 10:11:12 web sshd[7]: hello\n{long}\n03:11:14 2026-11-20 500 /d 203.0.113.10 POST\n"
    );
    fs::write(&path, text).unwrap();
    let events = read(&path);
    assert_eq!(requests(&events), expected(), "a list too long to keep leaves its lines unread");
    assert_eq!(&*events[8].format, "json@1");
    assert!(events[9].format.starts_with("sshd@"), "{}", events[9].format);
}

#[test]
fn a_list_that_a_source_states_reads_lines_in_wrappers() {
    let header = "date time cs-uri-stem sc-status c-ip x-forwarded";
    let line = "2026-11-20 03:11:12 /e.aspx 200 203.0.113.9 198.51.100.1";
    let wrapped = [
        line.to_owned(),
        format!("<13>Nov 20 10:11:12 WEB01 iis: {line}"),
        format!("{{\"host\":{{\"name\":\"WEB01\"}},\"message\":\"{line}\"}}"),
    ];
    for text in wrapped {
        let mut record = support::record(text.clone());
        assert!(requests(&[FORMATS.parse(&record)]).is_empty(), "{text}");
        record.origin = record.origin.under(Some(header));
        let event = FORMATS.parse(&record);
        assert_eq!(requests(std::slice::from_ref(&event)), [("200".to_owned(), "/e.aspx".to_owned())], "{text}");
        assert_eq!(event.columns.text(Column::SourceIp), Some("203.0.113.9"));
    }
}

#[test]
fn whoever_remembers_a_list_is_told_it_and_of_which_log_it_is() {
    let header = "date time cs-uri-stem sc-status c-ip x-forwarded";
    let sent = |line: &str| {
        let json = format!(
            "{{\"host\":{{\"name\":\"WEB01\"}},\"log\":{{\"file\":{{\"path\":\"C:/a.log\"}}}},\"message\":\"{line}\"}}"
        );
        [line.to_owned(), format!("<13>Nov 20 10:11:12 WEB01 iis: {line}"), json]
    };
    let lists = sent(&format!("#Fields: {header}"));
    let lines = sent("2026-11-20 03:11:12 /e.aspx 200 203.0.113.9 198.51.100.1");
    for ((list, line), log) in lists.iter().zip(&lines).zip(["", "WEB01\niis", "WEB01\nC:/a.log"]) {
        let [list, line] = [list, line].map(|text| FORMATS.parse(&support::record(text.clone())));
        assert_eq!(FORMATS.stated_list(&list).as_deref(), Some(header), "{list:?}");
        assert_eq!(FORMATS.stated_list(&line), None);
        assert_eq!((FORMATS.log_of(&list), FORMATS.log_of(&line)), (log.to_owned(), log.to_owned()));
    }
    for (text, stated) in [("#Version: 1.0", None), ("#Fields: a,,b", Some("")), ("2026-11-20 #Fields: a", None)] {
        assert_eq!(FORMATS.stated_list(&FORMATS.parse(&support::record(text))).as_deref(), stated, "{text}");
    }
}
