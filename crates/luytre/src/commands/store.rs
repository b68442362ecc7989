//! `luytre store`: the event store itself, checked, mended and written out.

use super::search::moment;
use super::{print_json, say};
use crate::centre::{Centre, open_store};
use crate::configuration::Configuration;
use crate::control::{self, ExportQuestion};
use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use event_store::{Options, Repaired, Report};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The event store itself: check every byte, mend what is damaged, write events out.
#[derive(Debug, Args)]
pub struct StoreCommand {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Read every segment, the log and the manifest and compare them with their checksums. Also beside a running
    /// server. Exit code 1 where something is damaged.
    Verify {
        #[arg(long)]
        json: bool,
    },
    /// Mend what verify finds, with the server stopped: a lost manifest is made anew from segments and log, a
    /// damaged segment is written again from what can be read of it. Nothing is deleted; what was damaged is kept in
    /// `events/damaged`, and what is lost is named.
    Repair {
        #[arg(long)]
        json: bool,
    },
    /// Write events to a new file as plain Parquet or JSON lines: all, a day, the matches of a search, an incident.
    Export(Export),
}

#[derive(Debug, Args)]
struct Export {
    /// The file to write; it must not exist.
    file: PathBuf,
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// A day in Vietnamese time, such as 2026-11-21.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    day: Option<String>,
    /// From when: `24h`, `30d`, or a time such as `2026-07-05T08:00:00+07:00`.
    #[arg(long)]
    from: Option<String>,
    #[arg(long)]
    to: Option<String>,
    /// Only what this search finds.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    search: String,
    /// Only the events of this incident, by its code.
    #[arg(long)]
    incident: Option<String>,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Parquet,
    Json,
}

impl StoreCommand {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        match &self.act {
            Act::Verify { json } => verify(data, *json).await,
            Act::Repair { json } => repair(data, configuration, *json).await,
            Act::Export(export) => export.run(data, configuration).await,
        }
    }
}

async fn verify(data: &Path, json: bool) -> Result<ExitCode> {
    let report: Report = match control::running(data).await? {
        Some(server) => server.post("/control/verify", &()).await?,
        None => {
            let store = open_store(data).await.context("`luytre store repair` mends what can be mended")?;
            let report = store.verify().await?;
            store.close().await;
            report
        }
    };
    if json {
        print_json(&report)?;
    } else {
        say!(
            "{} segments with {} events and {} bytes, {} records in {} log files",
            report.segments,
            report.rows,
            report.bytes,
            report.log_records,
            report.log_files
        );
        for (sign, problems) in [("✗", &report.problems), ("lost earlier:", &report.losses)] {
            problems.iter().for_each(|problem| say!("{sign} {} {}: {}", problem.part, problem.file, problem.reason));
        }
        if report.ok() {
            say!("every checksum fits");
        }
    }
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn repair(data: &Path, configuration: Configuration, json: bool) -> Result<ExitCode> {
    anyhow::ensure!(control::running(data).await?.is_none(), "stop the server first: a store in use is not mended");
    let done: Repaired = event_store::repair(&data.join("events"), &Options::default())?;
    let centre = Centre::open(data, &configuration).await?;
    centre.record("events.repair", "events", &serde_json::to_value(&done)?).await?;
    centre.close().await;
    if json {
        print_json(&done)?;
        return Ok(ExitCode::SUCCESS);
    }
    if done.manifest_rebuilt {
        say!("the manifest was made anew; {} files that it had replaced were left out", done.removed.len());
    }
    for one in &done.segments {
        say!(
            "segment {}: {} of {} events kept; what is lost has sequences between {} and {}",
            one.file,
            one.rows_after,
            one.rows_before,
            one.first_seq,
            one.last_seq
        );
    }
    if done.log_damage > 0 {
        say!("{} places of the log are damaged; the records around them are read", done.log_damage);
    }
    if done == Repaired::default() {
        say!("nothing to mend");
    }
    Ok(ExitCode::SUCCESS)
}

impl Export {
    async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let now = jiff::Timestamp::now().as_microsecond();
        let time = |text: &Option<String>| text.as_deref().map(|text| moment(text, now)).transpose();
        let (from, to) = match &self.day {
            Some(day) => {
                let day: jiff::civil::Date = day.parse().with_context(|| format!("'{day}' is no day"))?;
                let start = kit::calendar::start_of_day;
                (Some(start(day)), Some(start(day.tomorrow()?)))
            }
            None => (time(&self.from)?, time(&self.to)?),
        };
        let json = match self.format {
            Some(format) => format == Form::Json,
            None => self.file.extension().is_none_or(|extension| extension != "parquet"),
        };
        let question = ExportQuestion {
            file: std::path::absolute(&self.file)?,
            json,
            query: self.search.clone(),
            from,
            to,
            incident: self.incident.clone(),
        };
        let done = match control::running(data).await? {
            Some(server) => server.post("/control/export", &question).await?,
            None => {
                let centre = Centre::open(data, &configuration).await?;
                let done = centre.export(&question).await;
                centre.close().await;
                done?
            }
        };
        if self.json {
            print_json(&done)?;
        } else {
            say!("{} events, {} bytes, SHA-256 {}", done.events, done.bytes, done.sha256);
        }
        Ok(ExitCode::SUCCESS)
    }
}
