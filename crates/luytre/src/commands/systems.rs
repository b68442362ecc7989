//! `luytre systems`: the register of information systems from the command line.

use super::tables::TableFile;
use super::user_of_the_system;
use crate::centre::Registers;
use crate::configuration::Configuration;
use anyhow::Result;
use assurance::systems;
use clap::{Args, Subcommand};
use kit::live::Live;
use organisation::agencies;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Systems {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take a table (CSV or .xlsx) of systems: new ones are registered, known ones (by code, or by owner and name)
    /// changed. A wrong line is named and spoils no other; the exit code is then 2.
    Import(TableFile),
}

impl Systems {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let Command::Import(file) = &self.command;
        let table = systems::read_sheet(file.read()?).await?;
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
        let now = registers.clock.now();
        let tx = registers.db.scoped(&scope).begin().await?;
        agencies::ensure_root_agency(&tx, now, &configuration.centre, "TTANM").await?;
        let report = systems::import_sheet(&tx, now, table).await?;
        file.finish(tx, &report).await
    }
}
