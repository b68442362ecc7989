//! `luytre import`: log files into the event store, with detection.

use super::{about_file, plain, print_json, say, tell, text};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control::{self, ImportQuestion};
use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use monitoring::import::Skip;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// EVTX, Windows events in XML, JSON lines and arrays (plain, gzip, zip), Suricata EVE, Zeek JSON, auditd, web access logs, IIS and other W3C logs, syslog files.
/// The format is recognised by itself. A record that no format understands is kept and found by search. The same
/// content again stores nothing, whatever the file is called now; of a file of lines that has grown since, only what is
/// new is stored. Two files of one import with the same content are stored both, and the summary names them.
#[derive(Debug, Args)]
pub struct Import {
    /// Files and directories.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Another directory of Sigma rules; may be given several times.
    #[arg(long)]
    rules: Vec<PathBuf>,
    /// Print one JSON object: read, stored, rejected, alerts.
    #[arg(long)]
    json: bool,
    /// Name the format instead of recognising it.
    #[arg(long)]
    format: Option<String>,
    /// Year of lines without one.
    #[arg(long)]
    year: Option<i16>,
    /// Zone of lines without one: `Asia/Ho_Chi_Minh` or `+07:00`.
    #[arg(long)]
    time_zone: Option<String>,
    /// Store files that were imported before once more.
    #[arg(long)]
    again: bool,
}

impl Import {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        for path in &self.paths {
            if !path.exists() {
                bail!(about_file(path, "command-no-file"));
            }
        }
        let question = ImportQuestion {
            paths: self.paths.iter().map(std::path::absolute).collect::<Result<_, _>>()?,
            format: self.format.clone(),
            year: self.year,
            time_zone: self.time_zone.clone(),
            again: self.again,
            user: super::user_of_the_system(),
        };
        let report: Value = match control::running(data).await? {
            Some(_) if !self.rules.is_empty() => {
                bail!(text("import-rules-beside-server", &[]))
            }
            Some(server) => server.post("/control/import", &question).await?,
            None => self.offline(data, &configuration, &question).await?,
        };
        if self.json {
            print_json(&report)?;
        } else {
            print_report(&report);
        }
        Ok(if list(&report, "rejected").is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    async fn offline(&self, data: &Path, configuration: &Configuration, question: &ImportQuestion) -> Result<Value> {
        let centre = Centre::open_with_rules(data, configuration, &self.rules).await?;
        for error in &centre.rules.current().errors {
            tracing::warn!("rule not loaded: {error}");
        }
        let bar = if self.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        let line = format!("{{spinner}} {{msg}} {{pos}} {}, {{per_sec}}", text("import-records", &[]));
        if let Ok(style) = ProgressStyle::with_template(&line) {
            bar.set_style(style);
        }
        let report = centre
            .import(question, |progress| {
                bar.set_position(progress.read);
                bar.set_message(progress.file.clone());
            })
            .await;
        bar.finish_and_clear();
        centre.close().await;
        Ok(report?)
    }
}

fn list<'report>(report: &'report Value, name: &str) -> &'report [Value] {
    report.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn print_report(report: &Value) {
    const SHOWN: usize = 20;
    let word = |value: &Value, name: &str| match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let one = |key: &str, value: &Value, names: &[&'static str]| {
        let arguments: Vec<_> = names.iter().map(|name| (*name, word(value, name).into())).collect();
        tell(key, &arguments);
    };
    let rejected = list(report, "rejected");
    let figures = [
        ("read", word(report, "read").into()),
        ("stored", word(report, "stored").into()),
        ("rejected", plain(rejected.len())),
    ];
    tell("import-figures", &figures);
    if !rejected.is_empty() {
        one("import-marked", report, &["marked"]);
    }
    for skipped in list(report, "skipped").iter().take(SHOWN) {
        let (key, rest) = match Skip::of(&word(skipped, "reason")) {
            Skip::Before(note) => ("import-skipped-before", note),
            Skip::Grown(lines) => ("import-skipped-grown", lines),
            Skip::Other(reason) => ("import-skipped", reason),
        };
        tell(key, &[("file", word(skipped, "file").into()), ("reason", rest.into())]);
    }
    for repeated in list(report, "repeated").iter().take(SHOWN) {
        one("import-repeated", repeated, &["file", "same_as", "stored"]);
    }
    for each in rejected.iter().take(SHOWN) {
        one("import-rejected", each, &["file", "record", "reason"]);
    }
    if rejected.len() > SHOWN {
        tell("import-rejected-more", &[("count", plain(rejected.len() - SHOWN))]);
    }
    let alerts = list(report, "alerts");
    tell("import-alerts", &[("count", plain(alerts.len()))]);
    for alert in alerts {
        say!("  {:>6} × {} ({})", word(alert, "events"), word(alert, "title"), word(alert, "rule_id"));
    }
}
