//! Every record of every shared log file is read and, where a format exists, understood. Prints what it saw.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use event::{Column, Event, Origin, RawRecord};
use luytre_ingest::FormatSet;
use luytre_ingest::files::{FileRecords, Limits, list};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn parse_file(formats: &FormatSet, path: &Path, mut visit: impl FnMut(Result<Event, (u64, String)>)) {
    for record in FileRecords::new(path, Limits::default()) {
        let position = record.position;
        visit(match record.result {
            Err(reason) => Err((position, reason)),
            Ok(bytes) => Ok(formats.parse(&RawRecord {
                bytes,
                arrival: support::micros("2026-11-21T00:00:00Z"),
                origin: Arc::new(Origin {
                    file: Some(record.file.to_string()),
                    header: record.header.as_deref().map(str::to_owned),
                    ..Origin::default()
                }),
                position,
            })),
        });
    }
}

#[test]
fn every_record_of_the_shared_logs_is_understood() {
    let Some(data) = support::shared_data() else { return };
    let formats = support::formats();
    let mut table: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let (mut files, mut rejected, mut strange) = (0, Vec::new(), Vec::new());
    for folder in ["logs", "windows-json", "zeek-json", "evtx", "regression"] {
        let listing = list(&[data.join(folder)]);
        assert!(!listing.files.is_empty(), "{folder} holds logs");
        files += listing.files.len();
        for file in listing.files {
            let mut records = 0;
            parse_file(&formats, &file.path, |result| {
                records += 1;
                match result {
                    Err((position, reason)) => {
                        rejected.push(format!("{}:{position}: {reason}", file.path.display()));
                    }
                    Ok(event) => {
                        let entry = table.entry((folder.to_owned(), event.format.to_string())).or_default();
                        if event.understood {
                            entry.0 += 1;
                        } else {
                            entry.1 += 1;
                            strange.push(format!("{}:{}: {:?}", file.path.display(), event.position, event.problem));
                        }
                    }
                }
            });
            assert!(records > 0, "{} gave no record", file.path.display());
        }
    }
    println!("{files} files");
    println!("{:14} {:22} {:>10} {:>14}", "folder", "format", "understood", "not understood");
    for ((folder, format), (understood, not)) in &table {
        println!("{folder:14} {format:22} {understood:>10} {not:>14}");
    }
    for line in rejected.iter().chain(&strange).take(40) {
        println!("{line}");
    }
    println!("rejected {}, not understood {}", rejected.len(), strange.len());
    let understood = |folder: &str, format: &str| {
        table.get(&(folder.to_owned(), format.to_owned())).map_or(0, |(understood, _)| *understood)
    };
    // Counted with other tools: `zcat | wc -l`, and the number of objects in the EVE array.
    assert_eq!(understood("zeek-json", "zeek@1"), 30_252);
    assert_eq!(understood("logs", "suricata@1"), 207);
    assert_eq!(understood("logs", "web-access@2"), 10_535);
    assert_eq!(understood("logs", "windows-cbs@1"), 2_000);
    assert!(strange.is_empty(), "{} records are not understood", strange.len());
    assert!(rejected.len() <= 3, "{} records are rejected", rejected.len());
}

#[test]
fn addresses_and_names_of_the_ssh_log_are_extracted() {
    let Some(data) = support::shared_data() else { return };
    let formats = support::formats();
    let (mut failures, mut accepted, mut formats_seen) = (0, 0, BTreeMap::<String, u64>::new());
    parse_file(&formats, &data.join("logs/openssh.log"), |result| {
        let event = result.unwrap();
        let text = String::from_utf8_lossy(&event.raw).into_owned();
        *formats_seen.entry(event.format.to_string()).or_default() += 1;
        assert_eq!(event.columns.text(Column::HostName), Some("LabSZ"), "{text}");
        assert!(event.log_source.matches(Some("linux"), None, Some("sshd")), "{text}");
        if text.contains("Failed password") {
            failures += 1;
            assert!(event.columns.text(Column::SourceIp).is_some(), "{text}");
            assert!(event.columns.text(Column::UserName).is_some(), "{text}");
            assert_eq!(event.columns.text(Column::EventOutcome), Some("failure"), "{text}");
        } else if text.contains("Accepted password") {
            accepted += 1;
            assert_eq!(event.columns.text(Column::EventOutcome), Some("success"), "{text}");
        }
        let names_address = text.split([' ', '=', '[', ']']).any(|word| word.parse::<std::net::Ipv4Addr>().is_ok());
        if names_address && event.columns.text(Column::SourceIp).is_none() {
            panic!("no address taken from {text}");
        }
    });
    println!("{failures} failed logons, {accepted} accepted, {formats_seen:?}");
    assert!(failures > 500 && accepted > 0);
}

#[test]
fn log_sources_of_the_recorded_windows_events_are_right() {
    let Some(data) = support::shared_data() else { return };
    let formats = support::formats();
    let mut categories: BTreeMap<String, u64> = BTreeMap::new();
    let mut services: BTreeMap<String, u64> = BTreeMap::new();
    let (mut total, mut without_service, mut without_host) = (0, BTreeMap::<String, u64>::new(), 0);
    parse_file(&formats, &data.join("windows-json/noise.jsonl.gz"), |result| {
        let event = result.unwrap();
        total += 1;
        let channel = event.fields.text("Channel").unwrap_or_default().into_owned();
        let code = event.columns.text(Column::EventCode).unwrap_or_default().to_owned();
        let is = |category: &str| event.log_source.matches(Some("windows"), Some(category), None);
        if channel == "Microsoft-Windows-Sysmon/Operational" {
            assert!(event.log_source.matches(Some("windows"), None, Some("sysmon")));
            match code.as_str() {
                "1" => assert!(is("process_creation")),
                "7" => assert!(is("image_load")),
                "10" => assert!(is("process_access")),
                "11" => assert!(is("file_event")),
                "12" => {
                    assert!(is("registry_event") && !is("registry_set"));
                    let kind = event.fields.text("EventType").unwrap_or_default().into_owned();
                    assert_eq!(is("registry_delete"), kind.starts_with("Delete"), "{kind}");
                }
                "13" => assert!(is("registry_set") && is("registry_event")),
                _ => {}
            }
        }
        if channel == "Security" && code == "4688" {
            assert!(is("process_creation"));
            assert_eq!(event.fields.text("Image"), event.fields.text("NewProcessName"));
        }
        for category in &event.log_source.categories {
            *categories.entry(category.to_string()).or_default() += 1;
        }
        for service in &event.log_source.services {
            *services.entry(service.to_string()).or_default() += 1;
        }
        if event.log_source.services.is_empty() {
            *without_service.entry(channel).or_default() += 1;
        }
        without_host += u64::from(event.columns.text(Column::HostName).is_none());
    });
    println!("{total} events\ncategories {categories:?}\nservices {services:?}\nno service {without_service:?}");
    println!("without host: {without_host}");
    assert_eq!(total, 13_608);
    assert_eq!(without_host, 0);
    assert!(categories.get("process_access").is_some_and(|count| *count > 1000));
}
