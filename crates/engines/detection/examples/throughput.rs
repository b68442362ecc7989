//! How fast records are matched: `throughput RULES EVENTS.jsonl[.gz via stdin] [THREADS]`. Reads flat Windows JSON lines
//! first, then evaluates them all; prints loading, compiling and matching apart, in CPU seconds of the thread, which a
//! busy machine hardly changes.
//!
//! `zcat noise.jsonl.gz | cargo run --release -p luytre-detection --example throughput -- ../shared/data/sigma -`

#[path = "../tests/support/mod.rs"]
mod support;

use luytre_detection::{Engine, Matches, RuleSet};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

/// CPU time of this thread in seconds (Linux; elsewhere 0).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(folder), Some(events)) = (arguments.first(), arguments.get(1)) else {
        return Err("usage: throughput RULES EVENTS.jsonl|- [ROUNDS]".into());
    };
    let rounds: usize = arguments.get(2).map_or(Ok(3), |text| text.parse())?;
    let start = cpu_seconds();
    let (rules, errors) = RuleSet::from_directory(Path::new(folder));
    let loaded = cpu_seconds() - start;
    let engine = Engine::new(rules);
    let start = cpu_seconds();
    engine.warm_up();
    println!(
        "rules {} (errors {}), loaded in {loaded:.2} s, compiled in {:.2} s",
        engine.rules().len(),
        errors.len(),
        cpu_seconds() - start
    );
    let reader: Box<dyn BufRead> = match events.as_str() {
        "-" => Box::new(std::io::stdin().lock()),
        path => Box::new(std::io::BufReader::new(std::fs::File::open(path)?)),
    };
    let mut bytes = 0;
    let mut records = Vec::new();
    for line in reader.lines() {
        let line = line?;
        bytes += line.len();
        records.push(support::flat_windows(&serde_json::from_str(&line)?));
    }
    let mut matches = Matches::default();
    for round in 1..=rounds {
        let mut by_rule: BTreeMap<usize, usize> = BTreeMap::new();
        let start = cpu_seconds();
        for record in &records {
            engine.evaluate(record, &mut matches);
            for found in matches.detections() {
                *by_rule.entry(found.rule).or_default() += 1;
            }
        }
        let seconds = cpu_seconds() - start;
        println!(
            "round {round}: {} events, {bytes} bytes, {} detections of {} rules, {seconds:.3} s, {:.0} events/s",
            records.len(),
            by_rule.values().sum::<usize>(),
            by_rule.len(),
            records.len() as f64 / seconds
        );
    }
    Ok(())
}
