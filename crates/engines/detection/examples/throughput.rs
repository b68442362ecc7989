//! How fast records are matched: `throughput RULES EVENTS.jsonl[.gz via stdin] [THREADS]`. Reads flat Windows JSON lines
//! first, then evaluates them all; prints seconds of loading, compiling and matching apart.
//!
//! `zcat noise.jsonl.gz | cargo run --release -p luytre-detection --example throughput -- ../shared/data/sigma -`

#[path = "../tests/support/mod.rs"]
mod support;

use luytre_detection::{Engine, Matches, RuleSet};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(folder), Some(events)) = (arguments.first(), arguments.get(1)) else {
        return Err("usage: throughput RULES EVENTS.jsonl|- [ROUNDS]".into());
    };
    let rounds: usize = arguments.get(2).map_or(Ok(3), |text| text.parse())?;
    let start = Instant::now();
    let (rules, errors) = RuleSet::from_directory(Path::new(folder));
    let loaded = start.elapsed();
    let engine = Engine::new(rules);
    let start = Instant::now();
    engine.warm_up();
    println!(
        "rules {} (errors {}), loaded in {loaded:.2?}, compiled in {:.2?}",
        engine.rules().len(),
        errors.len(),
        start.elapsed()
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
        let start = Instant::now();
        for record in &records {
            engine.evaluate(record, &mut matches);
            for found in matches.detections() {
                *by_rule.entry(found.rule).or_default() += 1;
            }
        }
        let seconds = start.elapsed().as_secs_f64();
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
