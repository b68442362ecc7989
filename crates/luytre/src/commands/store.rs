//! `luytre store`: the event store itself, checked, mended, written out, and what is kept of it for how long.

mod export;
mod keep;

use super::{plain, print_json, tell, text};
use crate::backup::Scratch;
use crate::centre::{Centre, when_free};
use crate::configuration::Configuration;
use crate::control;
use crate::examination::part_key;
use crate::keeping;
use anyhow::Result;
use clap::{Args, Subcommand};
use event_store::{Options, Problem, Repaired, Report};
use export::Export;
use keep::{HoldAct, archive, check_proof, hold, prove, sign, status};
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
    /// server; with the server stopped nothing is changed. Exit code 1 where something is damaged.
    Verify {
        #[arg(long)]
        json: bool,
    },
    /// Mend what verify finds, with the server stopped: a lost or outdated manifest is made anew from segments, ledger
    /// and log, a damaged segment is written again from what can be read of it. Nothing is deleted; what was damaged is kept in
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
    /// Move now what is old enough to the archive, and remove there what is no longer needed; happens by itself.
    Archive {
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
            Act::Verify { json } => verify(data, &configuration, *json).await,
            Act::Repair { json } => repair(data, configuration, *json).await,
            Act::Status { json } => status(data, &configuration, *json).await,
            Act::Archive { json } => archive(data, &configuration, *json).await,
            Act::Sign { json } => sign(data, &configuration, *json).await,
            Act::Prove { seq, file } => prove(data, &configuration, *seq, file).await,
            Act::CheckProof { file, json } => check_proof(file, *json),
            Act::Hold(act) => hold(data, &configuration, act).await,
            Act::Export(export) => export.run(data, configuration).await,
        }
    }
}

async fn verify(data: &Path, configuration: &Configuration, json: bool) -> Result<ExitCode> {
    let report: Report = match control::running(data).await? {
        Some(server) => server.post("/control/keep", &keeping::Act::Verify).await?,
        // What is not open is not opened for it: a start changes what it finds.
        None => {
            let scratch = Scratch::new()?;
            let options = Options { archiving: configuration.events.archive.settings()?, ..Options::default() };
            when_free(data, || event_store::verify(&data.join("events"), scratch.path(), &options))
                .await
                .map_err(|error| error.context(text("store-repair-helps", &[])))?
        }
    };
    if json {
        print_json(&report)?;
    } else {
        let arguments = [
            ("segments", plain(report.segments)),
            ("events", plain(report.rows)),
            ("bytes", plain(report.bytes)),
            ("records", plain(report.log_records)),
            ("files", plain(report.log_files)),
        ];
        tell("store-verified", &arguments);
        if report.archived > 0 {
            tell("store-verified-archived", &[("segments", plain(report.archived))]);
        }
        let hash = report.ledger_sha256.to_string().into();
        tell("store-ledger", &[("entries", plain(report.ledger_entries)), ("sha256", hash)]);
        for (key, problems) in [("store-problem", &report.problems), ("store-lost", &report.losses)] {
            problems.iter().for_each(|problem| tell_problem(key, problem));
        }
        if report.ok() {
            tell("store-sound", &[]);
        }
    }
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell_problem(key: &str, problem: &Problem) {
    let part = text(part_key(&problem.part), &[]);
    let arguments =
        [("part", part.into()), ("file", problem.file.as_str().into()), ("reason", problem.reason.as_str().into())];
    tell(key, &arguments);
}

async fn repair(data: &Path, configuration: Configuration, json: bool) -> Result<ExitCode> {
    anyhow::ensure!(control::running(data).await?.is_none(), text("store-repair-stop-first", &[]));
    let options = Options { archiving: configuration.events.archive.settings()?, ..Options::default() };
    let done: Repaired = event_store::repair(&data.join("events"), &options)?;
    let centre = Centre::open(data, &configuration).await?;
    centre.record("events.repair", "events", &serde_json::to_value(&done)?).await?;
    centre.close().await;
    if json {
        print_json(&done)?;
        return Ok(ExitCode::SUCCESS);
    }
    if done.manifest_rebuilt {
        tell("store-manifest-rebuilt", &[("removed", plain(done.removed.len()))]);
    }
    for one in &done.segments {
        let arguments = [
            ("file", one.file.as_str().into()),
            ("after", plain(one.rows_after)),
            ("before", plain(one.rows_before)),
            ("first", plain(one.first_seq)),
            ("last", plain(one.last_seq)),
        ];
        let nothing_lost = one.rows_after == one.rows_before && one.rows_before > 0;
        tell(if nothing_lost { "store-segment-corrected" } else { "store-segment-mended" }, &arguments);
    }
    for name in &done.unclaimed {
        tell("store-unclaimed", &[("file", name.as_str().into())]);
    }
    if done.log_damage > 0 {
        tell("store-log-damaged", &[("places", plain(done.log_damage))]);
    }
    if done == Repaired::default() {
        tell("store-nothing-to-mend", &[]);
    }
    Ok(ExitCode::SUCCESS)
}
