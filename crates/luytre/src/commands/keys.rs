//! `luytre keys`: the keys that personal data and secrets of the registers are sealed with, and the one that signs the
//! audit trail.

use super::{plain, print_json, tell, text, user_of_the_system};
use crate::centre::Registers;
use crate::configuration::Configuration;
use crate::{control, keys};
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use kit::Scope;
use kit::live::Live;
use organisation::audit::PublicKeys;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// The keys that telephone numbers, mail addresses and secrets of the registers are sealed with. They stand in
/// `fields.key` of the data directory (or in the settings under `secrets`), never in the database: a backup of the one
/// needs a copy of the other, kept apart. The key that signs the audit trail stands in `audit.key`.
#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make a new key, seal everything with it, and forget the old ones. Where the keys stand in the settings, put a new
    /// one first there and run this; it then says whether the old ones can go. Every server must be stopped.
    Rotate {
        #[arg(long)]
        json: bool,
    },
    /// Have a new key sign the audit trail where the one before is lost: the key that stands in `audit.key`, or one that
    /// is made there. The trail says so, with the reason; what was signed before stays as it was. Look for the old key
    /// first. Every server must be stopped.
    AcceptTrailKey {
        /// Why the key before is no more.
        #[arg(long)]
        reason: String,
        #[arg(long)]
        json: bool,
    },
}

impl Keys {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        ensure!(control::running(data).await?.is_none(), text("keys-stop-first", &[]));
        match &self.act {
            Act::Rotate { json } => rotate(data, configuration, *json).await,
            Act::AcceptTrailKey { reason, json } => accept(data, configuration, reason, *json).await,
        }
    }
}

async fn rotate(data: &Path, configuration: Configuration, json: bool) -> Result<ExitCode> {
    let own_file = configuration.secrets.keys.is_empty();
    let file = keys::ring_file(data, &configuration.secrets);
    if own_file && file.exists() {
        keys::add_key(&file)?;
    }
    let registers = Registers::open(data, &configuration, &Live::default()).await?;
    let done = registers.resealed;
    if own_file && done.unreadable == 0 {
        keys::drop_old_keys(&file)?;
    }
    if json {
        print_json(&done)?;
    } else {
        tell("keys-rotated", &[("sealed", plain(done.sealed))]);
        if done.unreadable > 0 {
            tell("keys-unreadable", &[("count", plain(done.unreadable))]);
        } else if !own_file {
            tell("keys-old-may-go", &[]);
        }
    }
    Ok(if done.unreadable == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Takes the key at hand, or a new one, and signs with it at once.
async fn accept(data: &Path, configuration: Configuration, reason: &str, json: bool) -> Result<ExitCode> {
    let registers = Registers::open(data, &configuration, &Live::default()).await?;
    ensure!(registers.checkpoints.trouble().is_some(), text("keys-trail-is-well", &[]));
    let scope = Scope::service("command line").asking("", &user_of_the_system());
    let (db, now) = (&registers.db, registers.clock.now());
    let checkpoints = registers.checkpoints.accept(keys::trail_key(data)?, db, &scope, now, reason).await?;
    checkpoints.make(db, &scope, now).await?;
    let key = checkpoints.known().last().map(PublicKeys::fingerprint).unwrap_or_default();
    if json {
        print_json(&json!({ "key": key }))?;
    } else {
        tell("keys-trail-accepted", &[("key", key.into())]);
    }
    Ok(ExitCode::SUCCESS)
}
