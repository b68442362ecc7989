//! `luytre import`: log files into the event store, with detection.

use super::print_json;
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control;
use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use monitoring::import::{ImportQuestion, ImportReport, Progress};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// EVTX, JSON lines and arrays (plain, gzip, zip), Suricata EVE, Zeek JSON, auditd, web access logs, syslog files.
/// The format is recognised by itself. A record that no format understands is kept and found by search; the
/// same file again stores nothing.
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
        let report: ImportReport = match control::running(data).await? {
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
        Ok(if report.rejected.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    async fn offline(
        &self,
        data: &Path,
        configuration: &Configuration,
        question: &ImportQuestion,
    ) -> Result<ImportReport> {
        let centre = Centre::open_with_rules(data, configuration, &self.rules).await?;
        for error in &centre.rules.current().errors {
            tracing::warn!("rule not loaded: {error}");
        }
        let bar = if self.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos} records, {per_sec}") {
            bar.set_style(style);
        }
        let report = monitoring::import::import(&centre.pipeline, question, &|progress: &Progress| {
            bar.set_position(progress.read);
            bar.set_message(progress.file.clone());
        })
        .await;
        bar.finish_and_clear();
        if report.is_ok() {
            centre.store.seal().await?;
        }
        centre.close().await;
        Ok(report?)
    }
}

fn print_report(report: &ImportReport) {
    const SHOWN: usize = 20;
    println!("read {}, stored {}, rejected {}", report.read, report.stored, report.rejected.len());
    if report.known_files > 0 {
        println!("{} files were imported before and stored nothing; --again stores them once more", report.known_files);
    }
    for skipped in report.skipped.iter().take(SHOWN) {
        println!("  skipped {}: {}", skipped.file, skipped.reason);
    }
    for rejected in report.rejected.iter().take(SHOWN) {
        println!("  rejected {} record {}: {}", rejected.file, rejected.record, rejected.reason);
    }
    if report.rejected.len() > SHOWN {
        println!("  … and {} more; search finds them with format:unparsed", report.rejected.len() - SHOWN);
    }
    println!("alerts: {}", report.alerts.len());
    for alert in &report.alerts {
        println!("  {:>6} × {} ({})", alert.events, alert.title, alert.rule_id);
    }
}
