//! The same events and the same rules, one core, one run: ours and rsigma-eval, and what reading alone costs. Events are
//! the noise of the shared data in copies that differ. Seconds are CPU seconds of this thread.
//!
//! `cargo run --release [COPIES] [SEED]` in `benches/rsigma`; `--rules DIR --events FILE` measures rsigma alone for
//! `luytre rules bench --peer`; with `ONLY_OURS=ROUNDS` in the environment rsigma is left
//! out and matching repeated, for profiles.

use anyhow::{Context, Result};
use detection::{Engine, Matches, RuleSet};
use event::{Event, Origin, RawRecord};
use luytre_rsigma_comparison::{expand::Expanded, formats, memory, other, peer::Question, shared_data, thread_seconds};
use rsigma_eval::JsonEvent;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

/// The allocator of the program, for all that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events that are read together, then matched: a batch of the pipeline.
const STRETCH: usize = 1_024;

/// CPU seconds by stage.
#[derive(Default)]
struct Stages(Vec<(&'static str, f64)>);

impl Stages {
    fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let begin = thread_seconds();
        let result = work();
        let spent = thread_seconds() - begin;
        match self.0.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, seconds)) => *seconds += spent,
            None => self.0.push((stage, spent)),
        }
        result
    }

    fn of(&self, stage: &str) -> f64 {
        self.0.iter().find(|(name, _)| *name == stage).map_or(0.0, |(_, seconds)| *seconds)
    }
}

const BYTES: &str = "bytes scanned for ends of lines (memchr)";
const SERDE: &str = "serde_json Value";
const SIMD: &str = "simd-json BorrowedValue";
const READ: &str = "ours: read (formats, columns, times)";
const MATCH: &str = "ours: match";
const SERDE_EVALUATE: &str = "rsigma: evaluate serde_json Value";
const SIMD_EVALUATE: &str = "rsigma: evaluate simd-json BorrowedValue";

fn main() -> Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if let Some(question) = Question::of(&given)? {
        println!("{}", question.answer()?);
        return Ok(());
    }
    let mut arguments = given.into_iter();
    let copies: usize = arguments.next().map_or(Ok(15), |text| text.parse())?;
    let rounds: usize = std::env::var("ONLY_OURS").map_or(Ok(0), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(7), |text| text.parse())?;
    let rules = shared_data("sigma");
    let (before, _) = memory();
    let mut stages = Stages::default();
    let (set, errors) = stages.time("ours: load", || RuleSet::from_directory(&rules));
    let engine = stages.time("ours: every network", || {
        let engine = Engine::new(set);
        engine.warm_up();
        engine
    });
    let (after_ours, _) = memory();
    let empty = rules.join("rules/windows/wmi_event");
    let theirs = if rounds > 0 { empty } else { rules.clone() };
    let (theirs, problems) = stages.time("rsigma: load", || other::engine(&theirs))?;
    let (after_theirs, _) = memory();
    println!(
        "ours: {} rules, {} refused, load {:.2} s, compile {:.2} s, {} MiB; rsigma: {} rules, {} refused, load {:.2} s, {} MiB",
        engine.rules().len(),
        errors.len(),
        stages.of("ours: load"),
        stages.of("ours: every network"),
        (after_ours - before) >> 20,
        theirs.rule_count(),
        problems.len(),
        stages.of("rsigma: load"),
        (after_theirs - after_ours) >> 20,
    );

    let noise = shared_data("windows-json").join("noise.jsonl.gz");
    let file = std::fs::File::open(&noise).with_context(|| noise.display().to_string())?;
    let events: Vec<Value> = BufReader::new(flate2::read::GzDecoder::new(file))
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<Result<_>>()?;
    let expanded = Expanded::new(&events, copies, seed);
    let formats = formats()?;
    let origin = Arc::new(Origin::default());
    let (mut bytes, mut asked, mut matches) = (0, 0, Matches::default());
    let (mut own_detections, mut simd_detections, mut serde_detections) = (0, 0, 0);
    let mut sources: HashMap<event::LogSource, Vec<rsigma_parser::LogSource>> = HashMap::new();
    let mut at = 0;
    while at < expanded.len() {
        let end = (at + STRETCH).min(expanded.len());
        let lines = expanded.lines(at..end);
        at = end;
        let all = lines.join("\n");
        bytes += all.len();
        let ends = stages.time(BYTES, || memchr::memchr_iter(b'\n', all.as_bytes()).count());
        assert_eq!(ends + 1, lines.len());
        let records: Vec<RawRecord> = lines
            .iter()
            .map(|line| RawRecord {
                bytes: line.clone().into(),
                arrival: 1_600_000_000_000_000,
                origin: origin.clone(),
                position: 0,
            })
            .collect();

        let read: Vec<Event> = stages.time(READ, || records.iter().map(|record| formats.parse(record)).collect());
        // What first meets a log source compiles its rules; that is counted as loading.
        stages.time("ours: compile", || {
            for event in read.iter().filter(|event| !sources.contains_key(&event.log_source)) {
                engine.evaluate(event, &mut matches);
            }
        });
        own_detections += stages.time(MATCH, || {
            read.iter()
                .map(|event| {
                    engine.evaluate(event, &mut matches);
                    matches.detections().len()
                })
                .sum::<usize>()
        });
        for _ in 0..rounds {
            stages.time("ours: read again", || {
                records.iter().for_each(|record| drop(std::hint::black_box(formats.parse(record))));
            });
            stages.time("ours: match again", || read.iter().for_each(|event| engine.evaluate(event, &mut matches)));
        }
        // What rsigma routes by is given to it, outside of its time.
        let routes: Vec<&[rsigma_parser::LogSource]> = {
            for event in &read {
                if !sources.contains_key(&event.log_source) {
                    sources.insert(event.log_source.clone(), other::log_sources(&event.log_source));
                }
            }
            read.iter().map(|event| sources[&event.log_source].as_slice()).collect()
        };

        asked += routes.iter().map(|routes| routes.len()).sum::<usize>();
        if rounds > 0 {
            continue;
        }
        let mut buffers: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
        let parsed = stages.time(SIMD, || {
            buffers
                .iter_mut()
                .map(|line| simd_json::to_borrowed_value(line).map(other::Flat))
                .collect::<Result<Vec<_>, _>>()
        })?;
        simd_detections += stages.time(SIMD_EVALUATE, || {
            parsed.iter().zip(&routes).map(|(event, routes)| other::count(&theirs, event, routes)).sum::<usize>()
        });
        drop(parsed);
        let parsed = stages.time(SERDE, || {
            lines.iter().map(|line| serde_json::from_str::<Value>(line)).collect::<Result<Vec<_>, _>>()
        })?;
        serde_detections += stages.time(SERDE_EVALUATE, || {
            parsed
                .iter()
                .zip(&routes)
                .map(|(event, routes)| other::count(&theirs, &JsonEvent::borrow(event), routes))
                .sum::<usize>()
        });
    }
    println!("networks of the log sources met: {:.2} s", stages.of("ours: compile"));
    let count = expanded.len() as f64;
    println!(
        "{} events, {bytes} bytes, rsigma asked {asked} times; detections: ours {own_detections}, rsigma {simd_detections} \
         and {serde_detections}",
        expanded.len()
    );
    println!("| stage | CPU s | events/s/core | MB/s |\n|---|---|---|---|");
    let row = |name: &str, seconds: f64| {
        println!("| {name} | {seconds:.3} | {:.0} | {:.0} |", count / seconds, bytes as f64 / seconds / 1e6);
    };
    for stage in [BYTES, SERDE, SIMD, READ, MATCH, SERDE_EVALUATE, SIMD_EVALUATE] {
        row(stage, stages.of(stage));
    }
    if rounds > 0 {
        row("ours: read again", stages.of("ours: read again") / rounds as f64);
        row("ours: match again", stages.of("ours: match again") / rounds as f64);
    }
    let ours = stages.of(READ) + stages.of(MATCH);
    let best = (stages.of(SIMD) + stages.of(SIMD_EVALUATE)).min(stages.of(SERDE) + stages.of(SERDE_EVALUATE));
    row("ours: read and match", ours);
    row("rsigma: read and evaluate, the faster", best);
    println!(
        "matching alone {:.1} times rsigma, with reading {:.1} times; highest memory {} MiB",
        stages.of(SIMD_EVALUATE).min(stages.of(SERDE_EVALUATE)) / stages.of(MATCH),
        best / ours,
        memory().1 >> 20
    );
    Ok(())
}
