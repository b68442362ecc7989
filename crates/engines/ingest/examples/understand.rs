//! Prints what is understood of files, one JSON object per record, for people who write formats:
//! `cargo run -p luytre-ingest --example understand -- content/formats FILE…`; with `--speed` only how fast.

#![expect(clippy::expect_used, reason = "a tool for developers may stop with a message")]

use event::{Event, Origin, RawRecord};
use luytre_ingest::FormatSet;
use luytre_ingest::files::{FileRecords, Limits, list};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let speed = arguments.iter().any(|argument| argument == "--speed");
    arguments.retain(|argument| argument != "--speed");
    let folder = arguments.first().expect("the folder of formats comes first");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of formats can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") {
            files.push((name, std::fs::read_to_string(entry.path()).expect("a format can be read")));
        }
    }
    let formats = FormatSet::load(&files).expect("the formats are right");
    let mut origin = Arc::new(Origin::default());
    let arrival = jiff::Timestamp::now().as_microsecond();
    let paths: Vec<PathBuf> = arguments.iter().skip(1).map(PathBuf::from).collect();
    let mut records = Vec::new();
    for file in list(&paths).files {
        for record in FileRecords::new(&file.path, Limits::default()) {
            match record.result {
                Ok(bytes) => {
                    origin = origin.under(record.header.as_deref());
                    records.push(RawRecord { bytes, arrival, origin: origin.clone(), position: record.position });
                }
                Err(reason) => eprintln!("{}:{}: {reason}", record.file, record.position),
            }
        }
    }
    if speed {
        let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
        for _ in 0..3 {
            let start = Instant::now();
            let fields: usize = records.iter().map(|record| formats.parse(record).fields.len()).sum();
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "{} records, {bytes} bytes, {fields} fields, {seconds:.3} s, {:.0} records/s, {:.1} MB/s",
                records.len(),
                records.len() as f64 / seconds,
                bytes as f64 / seconds / 1e6
            );
        }
        return;
    }
    for record in &records {
        println!("{}", describe(&formats.parse(record)));
    }
}

fn describe(event: &Event) -> serde_json::Value {
    let columns: serde_json::Map<_, _> =
        event.columns.iter().map(|(column, value)| (column.name().to_owned(), serde_json::json!(value))).collect();
    let fields: serde_json::Map<_, _> =
        event.fields.iter().map(|(name, value)| (name.to_owned(), serde_json::json!(value))).collect();
    let words = |words: &[Arc<str>]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
    serde_json::json!({
        "format": *event.format, "understood": event.understood, "problem": event.problem,
        "time": jiff::Timestamp::from_microsecond(event.time).map(|time| time.to_string()).unwrap_or_default(),
        "time_quality": event.time_quality.as_str(),
        "product": event.log_source.product.as_deref(),
        "category": words(&event.log_source.categories), "service": words(&event.log_source.services),
        "message": event.message, "columns": columns, "fields": fields,
    })
}
