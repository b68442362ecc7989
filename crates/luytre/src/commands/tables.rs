//! A table that a command takes: where it is, and what each of its lines did.

use super::{about_file, print_json, say};
use anyhow::{Context, Result, ensure};
use clap::Args;
use kit::Tx;
use organisation::sheets::{Outcome, Report};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct TableFile {
    file: PathBuf,
    /// Say what each line would do and keep nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    json: bool,
}

impl TableFile {
    /// The table, whatever the file is called; from its first bytes follows whether it is a workbook.
    pub(super) fn read(&self) -> Result<Vec<u8>> {
        ensure!(self.file.exists(), about_file(&self.file, "command-no-file"));
        std::fs::read(&self.file).with_context(|| about_file(&self.file, "command-file-not-read"))
    }

    /// Keeps what the lines did, unless they were only tried, and tells it.
    pub(super) async fn finish(&self, tx: Tx<'_>, report: &Report) -> Result<ExitCode> {
        tx.finish(self.dry_run).await?;
        tell(report, self.json)
    }
}

/// Every line that changes something or is refused, then the totals.
fn tell(report: &Report, json: bool) -> Result<ExitCode> {
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
