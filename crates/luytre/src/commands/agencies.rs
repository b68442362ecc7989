//! `luytre agencies`: the register of agencies from the command line.

use super::tables::TableFile;
use super::user_of_the_system;
use crate::centre::Registers;
use crate::configuration::Configuration;
use anyhow::Result;
use clap::{Args, Subcommand};
use kit::live::Live;
use organisation::agencies;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Agencies {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take a table (CSV or .xlsx) of agencies: new ones are added, known ones (by code) changed, merged ones ended. A
    /// wrong line is named and spoils no other; the exit code is then 2.
    Import(TableFile),
}

impl Agencies {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let Command::Import(file) = &self.command;
        let table = agencies::read_sheet(file.read()?).await?;
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
        let now = registers.clock.now();
        let tx = registers.db.scoped(&scope).begin().await?;
        agencies::ensure_root_agency(&tx, now, &configuration.centre, "TTANM").await?;
        let report = agencies::import_sheet(&tx, &Live::default(), now, table).await?;
        file.finish(tx, &report).await
    }
}
