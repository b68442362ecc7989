//! `luytre restore`.

use super::backup::{moment, tell_problems};
use super::{plain, print_json, tell, text, user_of_the_system};
use crate::backup::{Outcome, RestoreQuestion, Restored, restore};
use crate::configuration::Configuration;
use crate::control;
use anyhow::{Result, ensure};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Puts a backup in the place of the data directory, with the server stopped: everything is copied beside it, compared with
/// its hashes and opened there, then both change places in one step. What was there is kept under another name. Where it
/// held data, somebody must have asked for it on the page of rights for a while and a second person approved it.
#[derive(Debug, Args)]
pub struct Restore {
    /// A backup: a folder that `luytre backup` made.
    directory: PathBuf,
    /// Administrator for whom a second person has approved it. Not needed where the data directory holds nothing.
    #[arg(long)]
    account: Option<String>,
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        ensure!(control::running(data).await?.is_none(), text("restore-stop-first", &[]));
        let question = RestoreQuestion {
            backup: self.directory.clone(),
            account: self.account.clone(),
            user: user_of_the_system(),
        };
        let outcome = restore(data, &configuration, &question).await?;
        if self.json {
            print_json(&outcome)?;
        } else {
            match &outcome {
                Outcome::Restored(restored) => tell_restored(restored),
                Outcome::Completed { backup, replaced } => {
                    let shown = |path: &PathBuf| path.display().to_string();
                    let replaced = replaced.as_ref().map(shown).unwrap_or_default();
                    tell("restore-finished", &[("backup", shown(backup).into()), ("replaced", replaced.into())]);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell_restored(restored: &Restored) {
    let directory = || restored.directory.display().to_string().into();
    let arguments = [
        ("directory", directory()),
        ("backup", restored.backup.display().to_string().into()),
        ("time", moment(restored.made_at).into()),
        ("by", restored.made_by.as_str().into()),
        ("sha256", restored.sha256.as_str().into()),
    ];
    tell("restore-done", &arguments);
    let arguments = [
        ("events", plain(restored.events)),
        ("newest", restored.newest.map_or_else(|| "–".to_owned(), moment).into()),
        ("alerts", plain(restored.alerts)),
        ("rows", plain(restored.trail_rows)),
    ];
    tell("restore-holds", &arguments);
    if restored.archived_events > 0 {
        tell("backup-holds-archived", &[("events", plain(restored.archived_events))]);
    }
    match &restored.elevation {
        Some(id) => tell("restore-elevation", &[("id", id.as_str().into())]),
        None => tell("restore-nobody-asked", &[]),
    }
    if let Some(replaced) = &restored.replaced {
        tell("restore-replaced", &[("directory", replaced.display().to_string().into())]);
    }
    if let Some(schema) = &restored.schema {
        tell("restore-schema", &[("schema", schema.as_str().into())]);
    }
    for key in &restored.missing_keys {
        tell("restore-key-missing", &[("file", key.as_str().into()), ("directory", directory())]);
    }
    if restored.other_trail_key {
        tell("restore-other-key", &[]);
    }
    tell_problems(&restored.problems);
    tell("restore-as-of-then", &[]);
}
