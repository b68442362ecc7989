//! `luytre keys`: the keys that personal data and secrets of the registers are sealed with.

use super::{plain, print_json, tell, text};
use crate::centre::Registers;
use crate::configuration::Configuration;
use crate::{control, keys};
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use kit::live::Live;
use std::path::Path;
use std::process::ExitCode;

/// The keys that telephone numbers, mail addresses and secrets of the registers are sealed with. They stand in
/// `fields.key` of the data directory (or in the settings under `secrets`), never in the database: a backup of the one
/// needs a copy of the other, kept apart.
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
}

impl Keys {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let Act::Rotate { json } = &self.act;
        ensure!(control::running(data).await?.is_none(), text("keys-stop-first", &[]));
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
        if *json {
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
}
