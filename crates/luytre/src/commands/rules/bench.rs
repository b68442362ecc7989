//! `luytre rules bench`: what reading and matching cost, or with `--stages` all of the pipeline.

use super::super::{about_file, plain, print_json, tell};
use super::peer::{Beside, Peer};
use super::{formats, stages};
use crate::content::Content;
use anyhow::{Context, Result, ensure};
use clap::Args;
use detection::{Engine, LoadOptions, Matches, RuleSet, RuleSource};
use event::{Event, Origin, RawRecord};
use ingest::FormatSet;
use serde::Serialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Records read together.
pub(super) const READ: usize = 65_536;

#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Directory of Sigma rules; may be given several times.
    #[arg(long, required = true)]
    rules: Vec<PathBuf>,
    /// JSON lines, one event a line.
    #[arg(long)]
    events: PathBuf,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Measure what an event costs in each stage of the pipeline, on one thread: reading, what registers know of it, rules,
    /// correlations, indicators, early warning, the event store (a new one, removed at the end).
    #[arg(long, conflicts_with = "threads")]
    stages: bool,
    /// Program that gives the same rules and events to rsigma-eval in the same run (`make rules` builds it in
    /// `benches/rsigma`); the ratio is printed.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "stages")]
    peer: Option<PathBuf>,
    /// File of indicators to look for, one a line.
    #[arg(long, requires = "stages")]
    indicators: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

#[derive(Default, Serialize)]
struct Measured {
    rules: usize,
    events: u64,
    bytes: u64,
    parse_s: f64,
    match_s: f64,
    detections: u64,
    /// Bytes of memory at the highest.
    peak_rss: u64,
    /// What rsigma-eval needed in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
}

impl Bench {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let mut sources = Vec::new();
        for directory in &self.rules {
            ensure!(directory.exists(), about_file(directory, "command-no-file"));
            sources.push(RuleSource::Directory(directory.clone()));
        }
        let (rules, failed) = RuleSet::load(&sources, &LoadOptions::default());
        for error in &failed {
            eprintln!("{error}");
        }
        let engine = Engine::new(rules);
        engine.warm_up();
        if self.stages {
            return stages::measure(&engine, &self.events, self.indicators.as_deref(), self.json);
        }
        self.measure(&engine)
    }

    fn measure(&self, engine: &Engine) -> Result<ExitCode> {
        let formats = formats(&Content::default())?;
        if self.peer.is_some() {
            // It is read twice, which a pipe cannot be.
            ensure!(self.events.is_file(), about_file(&self.events, "rules-peer-wants-file"));
        }
        let mut records = Records::open(&self.events)?;
        let mut total = Measured { rules: engine.rules().len(), ..Measured::default() };
        let threads = self.threads.clamp(1, 64);
        loop {
            let lines = records.next(READ)?;
            if lines.is_empty() {
                break;
            }
            total.events += lines.len() as u64;
            let share = lines.len().div_ceil(threads);
            let parts: Vec<_> = std::thread::scope(|scope| {
                let workers: Vec<_> =
                    lines.chunks(share).map(|part| scope.spawn(|| work(part, &formats, engine))).collect();
                workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
            });
            for part in parts {
                let (parse, matching, detections) = part.map_err(|_| anyhow::anyhow!("a worker stopped"))?;
                total.parse_s += parse;
                total.match_s += matching;
                total.detections += detections;
            }
        }
        total.bytes = records.bytes;
        total.peak_rss = peak_rss();
        if let Some(program) = &self.peer {
            let peer = Peer::measure(program, &self.rules, &self.events)?;
            total.beside = Some(Beside::of(peer, total.parse_s, total.match_s));
        }
        if self.json {
            print_json(&total)?;
        } else {
            let rate = total.events as f64 / (total.parse_s + total.match_s).max(1e-9);
            let figures = [
                ("rules", plain(total.rules)),
                ("events", plain(total.events)),
                ("bytes", plain(total.bytes)),
                ("reading", format!("{:.2}", total.parse_s).into()),
                ("matching", format!("{:.2}", total.match_s).into()),
                ("detections", plain(total.detections)),
                ("rate", format!("{rate:.0}").into()),
            ];
            tell("rules-measured", &figures);
            match &total.beside {
                Some(beside) => beside.tell(),
                None => tell("rules-no-peer", &[]),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// CPU seconds of reading and of matching, and detections.
fn work(lines: &[RawRecord], formats: &FormatSet, engine: &Engine) -> (f64, f64, u64) {
    let begin = thread_seconds();
    let events: Vec<Event> = lines.iter().map(|line| formats.parse(line)).collect();
    let read = thread_seconds();
    let mut matches = Matches::default();
    let mut detections = 0;
    for event in &events {
        engine.evaluate(event, &mut matches);
        detections += matches.detections().len() as u64;
    }
    (read - begin, thread_seconds() - read, detections)
}

/// Records of a file, one a line, as an import brings them: they are believed however old they are.
pub(super) struct Records {
    reader: BufReader<File>,
    origin: Arc<Origin>,
    arrival: i64,
    /// Read so far.
    pub(super) bytes: u64,
}

impl Records {
    pub(super) fn open(path: &Path) -> Result<Self> {
        ensure!(path.exists(), about_file(path, "command-no-file"));
        let file = File::open(path).with_context(|| about_file(path, "command-file-not-read"))?;
        Ok(Self {
            reader: BufReader::with_capacity(1 << 20, file),
            origin: Arc::new(Origin::default()),
            arrival: jiff::Timestamp::now().as_microsecond(),
            bytes: 0,
        })
    }

    /// At most so many; none at the end of the file.
    pub(super) fn next(&mut self, most: usize) -> Result<Vec<RawRecord>> {
        let mut records = Vec::with_capacity(most);
        let mut line = Vec::new();
        while records.len() < most && self.reader.read_until(b'\n', &mut line)? > 0 {
            self.bytes += line.len() as u64;
            while line.last().is_some_and(|byte| *byte == b'\n' || *byte == b'\r') {
                line.pop();
            }
            if !line.is_empty() {
                let bytes = bytes::Bytes::from(std::mem::take(&mut line));
                records.push(RawRecord { bytes, arrival: self.arrival, origin: self.origin.clone(), position: 0 });
            }
            line.clear();
        }
        Ok(records)
    }
}

/// CPU time of this thread in seconds.
pub(super) fn thread_seconds() -> f64 {
    seconds(rustix::time::ClockId::ThreadCPUTime)
}

/// CPU time of this process in seconds.
pub(super) fn process_seconds() -> f64 {
    seconds(rustix::time::ClockId::ProcessCPUTime)
}

fn seconds(clock: rustix::time::ClockId) -> f64 {
    let time = rustix::time::clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Highest resident memory of this process in bytes; 0 where the system does not tell.
pub(super) fn peak_rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) * 1024
}
