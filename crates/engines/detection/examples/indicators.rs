//! What a large set of indicators costs: `indicators EVENTS.jsonl|- [COUNT] [ROUNDS]`. Makes COUNT (1,000,000) indicators, half of
//! them domains, reads them as a list would be read, and looks at flat Windows JSON lines with them; prints the time to
//! read and build, memory, and CPU time per event, which a busy machine hardly changes.
//!
//! `zcat noise.jsonl.gz | cargo run --release -p luytre-detection --example indicators -- -`

mod generated;
#[path = "../tests/support/mod.rs"]
mod support;

use event::Event;
use generated::{Numbers, cpu_seconds, resident};
use luytre_detection::{IndicatorFacts, IndicatorHits, IndicatorSet, IndicatorSetBuilder, list_lines};
use std::fmt::Write;
use std::io::BufRead;

fn build(list: &str, count: usize) -> (IndicatorSet, usize) {
    let mut builder = IndicatorSetBuilder::with_capacity(count);
    let mut refused = 0;
    for line in list_lines(list) {
        let facts = IndicatorFacts {
            list: 1,
            confidence: 80,
            valid_from: None,
            valid_until: None,
            with_subdomains: true,
            reference: line.number as u128,
        };
        if line.indicator.and_then(|indicator| builder.add(&indicator, &facts)).is_err() {
            refused += 1;
        }
    }
    (builder.build(), refused)
}

fn measure(name: &str, set: &IndicatorSet, records: &[Event], rounds: usize) {
    let mut hits = IndicatorHits::default();
    for _ in 0..rounds {
        let (start, mut found) = (cpu_seconds(), 0);
        for record in records {
            set.look(record, 0, &mut hits);
            found += hits.iter().count();
        }
        let seconds = cpu_seconds() - start;
        let nanos = seconds * 1e9 / records.len() as f64;
        println!("{name}: {} events, {found} hits, {nanos:.0} ns/event", records.len());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let events = arguments.first().ok_or("usage: indicators EVENTS.jsonl|- [COUNT] [ROUNDS]")?;
    let count: usize = arguments.get(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let rounds: usize = arguments.get(2).map_or(Ok(3), |text| text.parse())?;
    let reader: Box<dyn BufRead> = match events.as_str() {
        "-" => Box::new(std::io::stdin().lock()),
        path => Box::new(std::io::BufReader::new(std::fs::File::open(path)?)),
    };
    let mut records = Vec::new();
    for line in reader.lines() {
        records.push(support::flat_windows(&serde_json::from_str(&line?)?));
    }
    let mut numbers = Numbers(7);
    let mut list = String::new();
    for _ in 0..count {
        writeln!(list, "{}", numbers.indicator())?;
    }
    let (before, start) = (resident(), cpu_seconds());
    let (set, refused) = build(&list, count);
    let seconds = cpu_seconds() - start;
    let each = |bytes: usize| bytes as f64 / set.len().max(1) as f64;
    println!(
        "{} indicators ({refused} refused), read and built in {seconds:.2} s, {:.1} bytes each, {:.1} resident",
        set.len(),
        each(set.memory()),
        each(resident().saturating_sub(before)),
    );
    measure("one indicator", &build("one.example", 1).0, &records, rounds);
    measure("all", &set, &records, rounds);
    Ok(())
}
