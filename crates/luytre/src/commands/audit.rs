//! `luytre audit`: the audit trail verified, signed, and written to a file that anybody can verify.

use super::{about_file, language, plain, print_json, tell, text};
use crate::centre::Registers;
use crate::configuration::Configuration;
use crate::examination::Examiner;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use kit::Scope;
use kit::live::Live;
use organisation::audit::{self, Reading, Report, Touched};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Problems that are told one by one.
const MOST_TOLD: usize = 50;

/// The audit trail: every change and every reading, chained by hashes and signed each hour. All of this works beside a
/// running server.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Read every row and every checkpoint, and say which were altered, are missing or were moved. Exit code 1 where one
    /// was.
    Verify {
        /// A file that `audit export` wrote; no data directory is needed then.
        #[arg(long)]
        file: Option<PathBuf>,
        /// Fingerprint of the keys as the centre has told it: checkpoints by other keys are refused.
        #[arg(long)]
        key: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Write the whole trail with its checkpoints and public keys to a new file.
    Export {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Sign now how far the trail has come; happens every hour by itself. Prints the checkpoint: kept elsewhere, it shows
    /// any later change.
    Checkpoint {
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub(super) fn needs_no_centre(&self) -> bool {
        matches!(&self.act, Act::Verify { file: Some(_), .. })
    }

    /// Verifies an exported file.
    pub(super) fn verify_file(&self) -> Result<ExitCode> {
        let Act::Verify { file: Some(path), key, json } = &self.act else { return Ok(ExitCode::FAILURE) };
        ensure!(path.exists(), about_file(path, "command-no-file"));
        let mut file = BufReader::new(File::open(path).with_context(|| about_file(path, "command-file-not-read"))?);
        let found = audit::verify_export(&mut file)?;
        let found = found.with_context(|| about_file(path, "audit-no-export"))?;
        told(&found, key.as_deref(), *json)
    }

    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        match &self.act {
            Act::Verify { key, json, .. } => {
                let scope = Scope::service("command line");
                let view = registers.db.scoped(&scope);
                told(&audit::verify(&view.read(), Some(&registers.checkpoints)).await?, key.as_deref(), *json)
            }
            Act::Export { file, json } => export(&registers, file, *json).await,
            Act::Checkpoint { json } => checkpoint(&registers, *json).await,
        }
    }
}

/// Says what was found.
fn told(report: &Report, key: Option<&str>, json: bool) -> Result<ExitCode> {
    let same_key = key.is_none_or(|key| key == report.key);
    if json {
        print_json(report)?;
    } else {
        let arguments = [
            ("rows", plain(report.rows)),
            ("checkpoints", plain(report.checkpoints)),
            ("signed", plain(report.signed_rows)),
            ("sha256", report.hash.as_str().into()),
            ("key", report.key.as_str().into()),
        ];
        tell("audit-verified", &arguments);
        for problem in report.problems.iter().take(MOST_TOLD) {
            super::say!("✗ {}", Examiner(language()).problem_of_audit(problem));
        }
        let more = report.problems.len().saturating_sub(MOST_TOLD) as u64 + report.more;
        if more > 0 {
            tell("doctor-more", &[("count", more.into())]);
        }
        if report.ok() && same_key {
            tell("audit-sound", &[]);
        }
    }
    ensure!(same_key, text("audit-other-key", &[("key", report.key.as_str().into())]));
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn export(registers: &Registers, path: &Path, json: bool) -> Result<ExitCode> {
    // Before anything is signed: a checkpoint stands in the trail.
    ensure!(!path.exists(), about_file(path, "command-file-exists"));
    let scope = Scope::service("command line").asking("", &super::user_of_the_system());
    let now = registers.clock.now();
    match registers.checkpoints.make(&registers.db, &scope, now).await {
        // What is there can be kept elsewhere all the same.
        Err(kit::Error::Conflict(key)) => eprintln!("{}", text(key, &[])),
        made => drop(made?),
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = BufWriter::new(file.with_context(|| about_file(path, "command-file-not-made"))?);
    let done = {
        let scoped = registers.db.scoped(&scope);
        audit::export(&scoped.read(), &registers.checkpoints, &mut file).await?
    };
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    let tx = registers.db.scoped(&scope).begin().await?;
    let reading = Reading {
        object_kind: "audit",
        object_id: "",
        purpose: "export",
        query: &path.display().to_string(),
        count: u64::try_from(done.rows).unwrap_or_default(),
        touched: &Touched::new(),
    };
    audit::record_reading(&tx, now, &reading).await?;
    tx.commit().await?;
    if json {
        print_json(&done)?;
    } else {
        let arguments = [
            ("rows", plain(done.rows)),
            ("checkpoints", plain(done.checkpoints)),
            ("sha256", done.hash.as_str().into()),
            ("key", done.key.as_str().into()),
        ];
        tell("audit-exported", &arguments);
    }
    Ok(ExitCode::SUCCESS)
}

async fn checkpoint(registers: &Registers, json: bool) -> Result<ExitCode> {
    let scope = Scope::service("command line").asking("", &super::user_of_the_system());
    registers.checkpoints.make(&registers.db, &scope, registers.clock.now()).await?;
    let last = registers.checkpoints.last()?;
    if json {
        print_json(&json!({ "checkpoint": last, "sha256": last.as_ref().map(audit::Checkpoint::digest) }))?;
        return Ok(ExitCode::SUCCESS);
    }
    match last {
        None => tell("audit-nothing-to-sign", &[]),
        Some(last) => {
            let arguments = [
                ("number", plain(last.number)),
                ("rows", plain(last.rows)),
                ("sha256", last.digest().into()),
                ("key", last.key.as_str().into()),
            ];
            tell("audit-checkpoint-made", &arguments);
        }
    }
    Ok(ExitCode::SUCCESS)
}
