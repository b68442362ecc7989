//! rsigma-eval alone over given rules and events, as `luytre rules bench --peer` asks: its fastest settings, events parsed
//! by simd-json. The log source of an event is told to it outside of its time.

use crate::{formats, other, thread_seconds};
use anyhow::{Context, Result, bail};
use event::{Origin, RawRecord};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Events that are read together, then matched.
const STRETCH: usize = 1_024;

/// Folders of rules, and a file of events, one flat JSON object a line.
pub struct Question {
    rules: Vec<PathBuf>,
    events: PathBuf,
}

impl Question {
    /// `--rules DIR… --events FILE`; nothing where no option is given.
    pub fn of(arguments: &[String]) -> Result<Option<Self>> {
        if !arguments.iter().any(|argument| argument.starts_with("--")) {
            return Ok(None);
        }
        let (mut rules, mut events) = (Vec::new(), None);
        for pair in arguments.chunks(2) {
            match pair {
                [name, value] if name == "--rules" => rules.push(PathBuf::from(value)),
                [name, value] if name == "--events" => events = Some(PathBuf::from(value)),
                other => bail!("--rules DIR… --events FILE, not {}", other.join(" ")),
            }
        }
        Ok(Some(Self { rules, events: events.context("--events FILE is missing")? }))
    }

    /// Figures as one JSON object.
    pub fn answer(&self) -> Result<serde_json::Value> {
        let (engine, problems) = other::engine_of(&self.rules)?;
        problems.iter().for_each(|problem| eprintln!("{problem}"));
        let formats = formats()?;
        let origin = Arc::new(Origin::default());
        let mut sources: HashMap<event::LogSource, Vec<rsigma_parser::LogSource>> = HashMap::new();
        let (mut events, mut detections, mut parse_s, mut match_s) = (0, 0, 0.0, 0.0);
        let mut lines = lines_of(&self.events)?;
        loop {
            let mut stretch: Vec<Vec<u8>> = Vec::with_capacity(STRETCH);
            while stretch.len() < STRETCH
                && let Some(line) = lines.next()
            {
                let line = line?;
                if !line.is_empty() {
                    stretch.push(line.into_bytes());
                }
            }
            if stretch.is_empty() {
                break;
            }
            let routes: Vec<event::LogSource> = stretch
                .iter()
                .map(|line| {
                    let bytes = line.clone().into();
                    let arrival = 1_790_000_000_000_000;
                    formats.parse(&RawRecord { bytes, arrival, origin: origin.clone(), position: 0 }).log_source
                })
                .collect();
            for source in &routes {
                if !sources.contains_key(source) {
                    sources.insert(source.clone(), other::log_sources(source));
                }
            }
            let begin = thread_seconds();
            let parsed = stretch
                .iter_mut()
                .map(|line| simd_json::to_borrowed_value(line).map(other::Flat))
                .collect::<Result<Vec<_>, _>>()?;
            let read = thread_seconds();
            for (event, source) in parsed.iter().zip(&routes) {
                detections += other::count(&engine, event, &sources[source]);
            }
            match_s += thread_seconds() - read;
            parse_s += read - begin;
            events += parsed.len();
        }
        Ok(serde_json::json!({
            "name": "rsigma-eval 0.23", "rules": engine.rule_count(), "events": events, "parse_s": parse_s,
            "match_s": match_s, "detections": detections,
        }))
    }
}

fn lines_of(path: &Path) -> Result<std::io::Lines<BufReader<File>>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Ok(BufReader::with_capacity(1 << 20, file).lines())
}
