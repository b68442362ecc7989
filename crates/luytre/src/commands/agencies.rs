//! `luytre agencies`: the register of agencies from the command line.

use super::{about_file, print_json, say, user_of_the_system};
use crate::centre::Registers;
use crate::configuration::Configuration;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use kit::live::Live;
use organisation::agencies;
use organisation::sheets::{Outcome, Report};
use std::path::{Path, PathBuf};
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
    Import {
        file: PathBuf,
        /// Say what each line would do and keep nothing.
        #[arg(long)]
        dry_run: bool,
        #[arg(long)]
        json: bool,
    },
}

impl Agencies {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let Command::Import { file, dry_run, json } = &self.command;
        let table = agencies::read_sheet(read_table(file)?).await?;
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
        let now = registers.clock.now();
        let tx = registers.db.scoped(&scope).begin().await?;
        agencies::ensure_root_agency(&tx, now, &configuration.centre, "TTANM").await?;
        let report = agencies::import_sheet(&tx, &Live::default(), now, table).await?;
        if *dry_run {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        tell(&report, *json)
    }
}

/// A table, whatever the file is called; from its first bytes follows whether it is a workbook.
pub(super) fn read_table(file: &Path) -> Result<Vec<u8>> {
    ensure!(file.exists(), about_file(file, "command-no-file"));
    std::fs::read(file).with_context(|| about_file(file, "command-file-not-read"))
}

/// Every line that changes something or is refused, then the totals.
pub(super) fn tell(report: &Report, json: bool) -> Result<ExitCode> {
    let totals = report.totals();
    if json {
        print_json(&serde_json::json!({ "totals": totals, "lines": report.lines }))?;
    } else {
        let lang = super::language();
        for line in report.lines.iter().filter(|line| line.outcome != Outcome::Same) {
            let outcome = kit::locale::texts().text(lang, line.outcome.key());
            let words: Vec<_> = line.changes(lang).into_iter().chain(line.reasons(lang)).collect();
            say!("{:>5}  {:<12} {} {}  {}", line.line, outcome, line.subject, line.name, words.join("; "));
        }
        say!("{}", report.sentence(lang));
    }
    Ok(if totals.refused > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}
