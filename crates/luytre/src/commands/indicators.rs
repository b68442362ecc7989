//! `luytre indicators`: files of indicators onto lists, and looking for them in what is stored.

use super::hunt::{Window, hunt};
use super::{print_json, say, tell, text, user_of_the_system};
use crate::centre::{Registers, settings_in_force};
use crate::configuration::Configuration;
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use kit::live::Live;
use kit::locale::texts;
use monitoring::hunts::SubjectKind;
use monitoring::indicators::import::{self, Report};
use monitoring::indicators::service::{self, ListInput};
use monitoring::indicators::store;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Indicators {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take a file onto a list: one indicator a line, a table (CSV or .xlsx) or a STIX 2.1 bundle. What is new is added,
    /// what the list has is renewed; a wrong line is named and spoils no other, the exit code is then 2. A server that
    /// runs looks events up in it within seconds.
    Import {
        file: PathBuf,
        /// Name of the list; one that is not there is made.
        #[arg(long)]
        list: String,
        /// Say what the file would do and keep nothing.
        #[arg(long)]
        dry_run: bool,
        #[arg(long)]
        json: bool,
    },
    /// Look for an indicator, or for all of a list, in what is stored already. What is found becomes alerts that are marked
    /// as of the past; the same hunt again raises nothing twice.
    Hunt {
        /// The indicator, in any spelling; it must stand on a list.
        #[arg(required_unless_present = "list", conflicts_with = "list")]
        indicator: Option<String>,
        /// Name of a list.
        #[arg(long)]
        list: Option<String>,
        #[command(flatten)]
        window: Window,
    },
}

impl Indicators {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let (file, list, dry_run, json) = match &self.command {
            Command::Import { file, list, dry_run, json } => (file, list, dry_run, json),
            Command::Hunt { indicator, list, window } => {
                let (kind, subject) = match list {
                    Some(list) => (SubjectKind::List, list.as_str()),
                    None => (SubjectKind::Indicator, indicator.as_deref().unwrap_or_default()),
                };
                return hunt(data, &configuration, kind, subject, window).await;
            }
        };
        let content = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
        let now = registers.clock.now();
        let settings = settings_in_force(&registers, &configuration).await?;
        let tx = registers.db.scoped(&scope).begin().await?;
        let known = store::by_name(&tx, list, now).await?;
        let is_new = known.is_none();
        let list = match known {
            Some(list) => list,
            None => {
                service::create(&tx, &settings.indicators, &ListInput::new(&settings.indicators, list), now).await?
            }
        };
        let read = monitoring::indicators::read(&settings.indicators, &content, now)?;
        let report = import::take(&tx, &settings.indicators, &list, read, now).await?;
        if *dry_run {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        if *json {
            print_json(&report)?;
        } else {
            if is_new && !dry_run {
                tell("indicator-import-list-made", &[("list", list.name.as_str().into())]);
            }
            tell_report(&report);
        }
        Ok(if report.refused_total > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
    }
}

/// What was refused, line by line, then the totals.
fn tell_report(report: &Report) {
    let lang = super::language();
    for one in &report.refused {
        let reason = texts().text(lang, &format!("indicator-refusal-{}", one.reason));
        say!("{:>6}  {}  {reason}", one.place, one.text);
    }
    let figures = [
        ("added", report.added.into()),
        ("renewed", report.renewed.into()),
        ("revoked", report.revoked.into()),
        ("refused", report.refused_total.into()),
    ];
    say!("{}", text("indicator-import-totals", &figures));
}
