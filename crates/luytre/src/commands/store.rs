//! `luytre store`: the event store itself, checked, mended, written out, and what is kept of it for how long.

mod export;
mod keep;

use super::{print_json, say};
use crate::centre::{Centre, open_store};
use crate::configuration::Configuration;
use crate::control;
use crate::keeping;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use event_store::{Options, Repaired, Report};
use export::Export;
use keep::{HoldAct, check_proof, hold, prove, sign, status};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The event store itself: check every byte, mend what is damaged, write events out, prove them, hold them.
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
    /// How much there is, how long it is kept and why, and when the disk will be full.
    Status {
        #[arg(long)]
        json: bool,
    },
    /// Sign now what became of segments since the last entry of the ledger; happens once a day by itself. Prints the
    /// hash of the entry: kept elsewhere, it shows any later change.
    Sign {
        #[arg(long)]
        json: bool,
    },
    /// Write a proof that one event was stored as it is, to a new file. Needs the event's segment to be signed.
    Prove {
        /// Number of the event (`seq`).
        seq: u64,
        file: PathBuf,
    },
    /// Check a proof; needs no data directory. Compare the key it prints with the centre's own (`store status`).
    CheckProof {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Keep events from being removed while they are needed, whatever the time of retention.
    #[command(subcommand)]
    Hold(HoldAct),
    /// Write events to a new file as plain Parquet or JSON lines: all, a day, the matches of a search, an incident.
    Export(Export),
}

impl StoreCommand {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        match &self.act {
            Act::Verify { json } => verify(data, *json).await,
            Act::Repair { json } => repair(data, configuration, *json).await,
            Act::Status { json } => status(data, &configuration, *json).await,
            Act::Sign { json } => sign(data, &configuration, *json).await,
            Act::Prove { seq, file } => prove(data, &configuration, *seq, file).await,
            Act::CheckProof { file, json } => check_proof(file, *json),
            Act::Hold(act) => hold(data, &configuration, act).await,
            Act::Export(export) => export.run(data, configuration).await,
        }
    }
}

async fn verify(data: &Path, json: bool) -> Result<ExitCode> {
    let report: Report = match control::running(data).await? {
        Some(server) => server.post("/control/keep", &keeping::Act::Verify).await?,
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
        say!("{} signed entries of the ledger, the last with SHA-256 {}", report.ledger_entries, report.ledger_sha256);
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
