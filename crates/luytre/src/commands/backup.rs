//! `luytre backup` and `luytre backup verify`.

use super::{plain, print_json, tell, user_of_the_system};
use crate::backup::{BackupQuestion, Found, Made, Verified, verify};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control;
use anyhow::Result;
use clap::{Args, Subcommand};
use kit::clock::Micros;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Problems that are told one by one.
const MOST_TOLD: usize = 50;

/// Everything of the data directory as one new folder: registers, events, checkpoints of the audit trail, rules. Works
/// beside a running server, which goes on taking records in. Keys and settings are left out, unless asked for: who has the
/// backup alone reads no telephone number and no secret. Exit code 2 where something was damaged already or could not be read:
/// the rest is in the backup, which says what it lacks.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Backup {
    /// Folder that holds backups, such as a disk mounted there; each becomes a folder of its own, named by the time.
    #[arg(required = true)]
    target: Option<PathBuf>,
    /// Put the keys and luytre.toml in as well. Whoever has such a backup has everything.
    #[arg(long)]
    with_keys: bool,
    /// Administrator in whose name it is made; the user of the operating system where not given.
    #[arg(long)]
    account: Option<String>,
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Compare every byte of a backup with its hash, then open what is in it: registers, audit trail, event store.
    /// Nothing in it is changed and no data directory is needed. Exit code 1 where something does not fit.
    Verify {
        directory: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

impl Backup {
    pub(super) fn needs_no_centre(&self) -> bool {
        self.act.is_some()
    }

    pub(super) async fn verify(&self) -> Result<ExitCode> {
        let Some(Act::Verify { directory, json }) = &self.act else { return Ok(ExitCode::FAILURE) };
        let verified = verify(directory).await?;
        if *json {
            print_json(&verified)?;
        } else {
            tell_verified(&verified);
        }
        Ok(if verified.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let question = BackupQuestion {
            target: std::path::absolute(self.target.clone().unwrap_or_default())?,
            with_keys: self.with_keys,
            account: self.account.clone(),
            user: user_of_the_system(),
        };
        let made: Made = match control::running(data).await? {
            Some(server) => server.post("/control/backup", &question).await?,
            None => {
                let centre = Centre::open(data, &configuration).await?;
                let made = centre.backup(&question).await;
                centre.close().await;
                made?
            }
        };
        if self.json {
            print_json(&made)?;
        } else {
            tell_made(&made);
        }
        let whole = made.problems.is_empty() && made.uncopied.is_empty();
        Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}

/// A moment as it stands in names and reports.
pub(super) fn moment(at: Micros) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

fn tell_made(made: &Made) {
    let arguments = [
        ("directory", made.directory.display().to_string().into()),
        ("files", plain(made.files)),
        ("bytes", plain(made.bytes)),
        ("sha256", made.sha256.as_str().into()),
    ];
    tell("backup-made", &arguments);
    tell(if made.with_keys { "backup-with-keys" } else { "backup-without-keys" }, &[]);
    if made.archived_segments > 0 {
        tell("backup-archived", &[("segments", plain(made.archived_segments))]);
    }
    for directory in &made.elsewhere {
        tell("backup-elsewhere", &[("directory", directory.display().to_string().into())]);
    }
    for path in &made.skipped {
        tell("backup-skipped", &[("file", path.as_str().into())]);
    }
    for problem in &made.problems {
        tell("backup-damaged", &[("file", problem.file.as_str().into()), ("reason", problem.reason.as_str().into())]);
    }
    for file in &made.uncopied {
        tell("backup-fault-uncopied", &[("file", file.path.as_str().into()), ("reason", file.reason.as_str().into())]);
    }
    if !made.uncopied.is_empty() {
        tell("backup-incomplete", &[("files", plain(made.uncopied.len()))]);
    }
}

fn tell_verified(verified: &Verified) {
    let arguments = [
        ("directory", verified.directory.display().to_string().into()),
        ("time", moment(verified.made_at).into()),
        ("by", verified.made_by.as_str().into()),
        ("program", verified.program.as_str().into()),
        ("files", plain(verified.files)),
        ("bytes", plain(verified.bytes)),
        ("sha256", verified.sha256.as_str().into()),
    ];
    tell("backup-verified", &arguments);
    let arguments = [
        ("events", plain(verified.events)),
        ("newest", verified.newest.map_or_else(|| "–".to_owned(), moment).into()),
        ("alerts", plain(verified.alerts)),
        ("people", plain(verified.people)),
        ("rows", plain(verified.trail_rows)),
        ("key", verified.trail_key.as_str().into()),
    ];
    if verified.problems.is_empty() {
        tell("backup-holds", &arguments);
        if verified.archived_events > 0 {
            tell("backup-holds-archived", &[("events", plain(verified.archived_events))]);
        }
        if verified.database == crate::backup::Database::Postgres {
            tell("backup-registers-unopened", &[]);
        }
        tell("backup-sound", &[]);
    }
    tell_problems(&verified.problems);
}

pub(super) fn tell_problems(problems: &[Found]) {
    for problem in problems.iter().take(MOST_TOLD) {
        let arguments = [("file", problem.file.as_str().into()), ("reason", problem.reason.as_str().into())];
        tell(&format!("backup-fault-{}", problem.fault), &arguments);
    }
    if let Some(more @ 1..) = problems.len().checked_sub(MOST_TOLD) {
        tell("doctor-more", &[("count", more.into())]);
    }
}
