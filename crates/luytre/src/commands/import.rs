//! `luytre import`: log files into the event store, with detection.

use super::{print_json, say};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control::{self, ImportQuestion};
use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// EVTX, Windows events in XML, JSON lines and arrays (plain, gzip, zip), Suricata EVE, Zeek JSON, auditd, web access logs, syslog files.
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
                bail!("{} does not exist", path.display());
            }
        }
        let question = ImportQuestion {
            paths: self.paths.iter().map(std::path::absolute).collect::<Result<_, _>>()?,
            format: self.format.clone(),
            year: self.year,
            time_zone: self.time_zone.clone(),
            again: self.again,
        };
        let report: Value = match control::running(data).await? {
            Some(_) if !self.rules.is_empty() => {
                bail!("a server runs on this data directory; put rules into its rules directory instead of --rules")
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
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos} records, {per_sec}") {
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
    let text = |value: &Value, name: &str| match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let rejected = list(report, "rejected");
    say!("read {}, stored {}, rejected {}", text(report, "read"), text(report, "stored"), rejected.len());
    if !rejected.is_empty() {
        say!(
            "  for what was rejected {} events of our own were stored, so that search finds it",
            text(report, "marked")
        );
    }
    for skipped in list(report, "skipped").iter().take(SHOWN) {
        say!("  skipped {}: {}", text(skipped, "file"), text(skipped, "reason"));
    }
    for one in list(report, "repeated").iter().take(SHOWN) {
        let (file, first, stored) = (text(one, "file"), text(one, "same_as"), text(one, "stored"));
        say!("  stored twice {file}: it has the content of {first}; its {stored} events are stored for both files");
    }
    for one in rejected.iter().take(SHOWN) {
        say!("  rejected {} record {}: {}", text(one, "file"), text(one, "record"), text(one, "reason"));
    }
    if rejected.len() > SHOWN {
        say!("  … and {} more; search finds each", rejected.len() - SHOWN);
    }
    let alerts = list(report, "alerts");
    say!("alerts: {}", alerts.len());
    for alert in alerts {
        say!("  {:>6} × {} ({})", text(alert, "events"), text(alert, "title"), text(alert, "rule_id"));
    }
}
