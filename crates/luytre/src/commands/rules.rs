//! `luytre rules`: which rules load, whether their tests hold, why they match, how fast; and packs of rules.

mod bench;
mod cases;
mod explain;
pub(super) mod import;
pub(super) mod known;
mod peer;
mod stages;

use super::hunt::{Window, hunt};
use super::{about_file, plain, print_json, say, tell};
use crate::configuration::Configuration;
use crate::content::Content;
use crate::rules::{load_over, own_rules};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use detection::{Engine, LoadOptions, Replaced, RuleError, RuleSet, RuleTestFile};
use ingest::FormatSet;
use monitoring::enrichment::Enrichment;
use monitoring::hunts::SubjectKind;
use monitoring::rules::cases::{Outcome, run};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load every rule below a directory, run the cases beside them (`*.test.yml`) and list what does not load or
    /// hold, with line and reason. Correlations and filters may name the built-in rules and those of the data directory.
    Check {
        /// Directory of Sigma rules.
        directory: PathBuf,
        /// Print one JSON object: loaded, failed, warnings.
        #[arg(long)]
        json: bool,
    },
    /// Run the cases beside rules (`*.test.yml`) and list each with its outcome; without a directory those of the built-in
    /// rules and of the data directory's own. Rules that expand a list take that of the data directory. The exit code is 2
    /// where one does not hold.
    Test {
        directory: Option<PathBuf>,
        /// A list from a file, one value a line, in the place of the one that has its name; may be given several times.
        #[arg(long = "list", value_name = "NAME=FILE")]
        lists: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    /// Say why a rule does or does not match an event, part by part, with what the registers of the data directory know of
    /// it. The exit code is 2 where it does not.
    Explain {
        /// Id of the rule.
        rule: String,
        /// A file that `luytre import` reads, of which the first hundred records are explained, or the number of an event
        /// in the store.
        #[arg(long)]
        event: String,
        /// Another directory of Sigma rules; may be given several times.
        #[arg(long)]
        rules: Vec<PathBuf>,
        /// A list from a file, one value a line, in the place of the one that has its name; may be given several times.
        #[arg(long = "list", value_name = "NAME=FILE")]
        lists: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    /// Take a pack of rules (a SigmaHQ release or rules in our own layout) from a directory or zip archive into a folder of
    /// its own in the data directory's rules. What the pack brought before and brings no more is removed, other rules are
    /// left alone. A wrong rule is named with file, line and reason; the exit code is then 2.
    Import {
        /// Directory or zip archive.
        pack: PathBuf,
        /// Name of the folder; that of the pack where not given. Give the same name for every release of a pack.
        #[arg(long)]
        name: Option<String>,
        /// Rules that are new begin on trial: they count and alert nobody.
        #[arg(long)]
        on_trial: bool,
        /// Say what would change and keep nothing.
        #[arg(long)]
        dry_run: bool,
        #[arg(long)]
        json: bool,
    },
    /// Look for a rule in what is stored already. What it finds becomes alerts that are marked as of the past; the same
    /// hunt again raises nothing twice.
    Hunt {
        /// Id of the rule.
        rule: String,
        #[command(flatten)]
        window: Window,
    },
    /// Match recorded events against rules and say how long reading and matching took. Seconds are CPU seconds
    /// of the threads that worked; correlations are off.
    Bench(bench::Bench),
}

impl Rules {
    /// Runs what needs no data directory; nothing for what does.
    pub(super) fn run_alone(
        &self,
        data: &Path,
        configuration: impl FnOnce() -> Result<Configuration>,
    ) -> Option<Result<ExitCode>> {
        match &self.command {
            Command::Check { directory, json } => {
                Some(configuration().and_then(|configuration| check(directory, data, &configuration, *json)))
            }
            Command::Bench(bench) => Some(bench.run()),
            Command::Test { directory, lists, json } => without_registers(data, configuration, lists, |of, known| {
                cases::test(directory.as_deref(), data, of, known, *json)
            }),
            Command::Explain { rule, event, rules, lists, json } if explain::number(event).is_none() => {
                let question = explain::Question { rule, event, rules, json: *json };
                without_registers(data, configuration, lists, |of, known| question.of_file(data, of, known))
            }
            Command::Explain { .. } | Command::Import { .. } | Command::Hunt { .. } => None,
        }
    }

    /// Asks the store, which must be there already.
    pub(super) fn asks(&self) -> bool {
        matches!(self.command, Command::Explain { .. } | Command::Hunt { .. })
    }

    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        match &self.command {
            Command::Test { directory, lists, json } => {
                let known = known::with_lists(known::of_registers(data, &configuration).await?, lists)?;
                cases::test(directory.as_deref(), data, &configuration, &known, *json)
            }
            Command::Explain { rule, event, rules, lists, json } => {
                let known = known::with_lists(known::of_registers(data, &configuration).await?, lists)?;
                let question = explain::Question { rule, event, rules, json: *json };
                match explain::number(event) {
                    Some(seq) => question.of_store(data, &configuration, &known, seq).await,
                    None => question.of_file(data, &configuration, &known),
                }
            }
            Command::Import { pack, name, on_trial, dry_run, json } => {
                let name = name.as_deref();
                let (on_trial, dry_run, json) = (*on_trial, *dry_run, *json);
                import::Question { pack, name, on_trial, dry_run, json }.run(data, &configuration).await
            }
            Command::Hunt { rule, window } => hunt(data, &configuration, SubjectKind::Rule, rule, window).await,
            _ => bail!("this command opens no data directory"),
        }
    }
}

/// Runs a command with the lists of files alone; nothing where there are registers to be asked first.
fn without_registers(
    data: &Path,
    configuration: impl FnOnce() -> Result<Configuration>,
    lists: &[String],
    work: impl FnOnce(&Configuration, &Enrichment) -> Result<ExitCode>,
) -> Option<Result<ExitCode>> {
    let run = |configuration: &Configuration| work(configuration, &known::with_lists(Enrichment::default(), lists)?);
    match configuration() {
        Ok(configuration) if known::has_registers(data, &configuration) => None,
        Ok(configuration) => Some(run(&configuration)),
        Err(error) => Some(Err(error)),
    }
}

#[derive(Serialize)]
struct Checked {
    loaded: usize,
    failed: Vec<RuleError>,
    /// What loaded but is odd.
    warnings: Vec<RuleError>,
}

fn check(directory: &Path, data: &Path, configuration: &Configuration, json: bool) -> Result<ExitCode> {
    ensure!(directory.exists(), about_file(directory, "command-no-file"));
    let content = Content::new(configuration.content_directory.clone());
    let own = own_rules(data, configuration);
    let (rules, mut failed) = load_over(&content, &own, directory, &LoadOptions::default())?;
    let is_here = |path: &Path| path.starts_with(directory);
    let (cases, wrong) = run_cases(directory, &rules)?;
    failed.extend(wrong);
    let replaced = rules.replaced().iter();
    failed.extend(replaced.filter(|one| is_here(&one.earlier) && is_here(&one.later)).map(twice));
    let loaded = rules.rules().iter().filter(|rule| is_here(&rule.path)).count();
    let mut warnings = rules.warnings();
    warnings.retain(|warning| is_here(&warning.path));
    let sound = failed.is_empty();
    if json {
        print_json(&Checked { loaded, failed, warnings })?;
    } else {
        let counts = [("rules", plain(loaded)), ("cases", plain(cases)), ("failed", plain(failed.len()))];
        tell("rules-checked", &counts);
        for error in &failed {
            say!("  {error}");
        }
        if !warnings.is_empty() {
            tell("rules-warnings", &[("count", plain(warnings.len()))]);
        }
        for warning in &warnings {
            say!("  {warning}");
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Within one directory an id stands for one rule; between directories a later one replaces it on purpose.
fn twice(replaced: &Replaced) -> RuleError {
    let reason = format!(
        "the id {} is also that of {}; only the rule of this file is loaded",
        replaced.id,
        replaced.earlier.display()
    );
    RuleError { path: replaced.later.clone(), line: replaced.line, reason }
}

/// Runs the cases below a directory, raw records through the formats as in the pipeline. Gives their number and
/// what failed, under file and line of the case.
pub fn run_cases(directory: &Path, rules: &RuleSet) -> Result<(usize, Vec<RuleError>)> {
    let (files, mut failed) = RuleTestFile::from_directory(directory);
    if files.is_empty() {
        return Ok((0, failed));
    }
    let now = jiff::Timestamp::now().as_microsecond();
    let outcomes = run(&files, &Engine::new(rules.clone()), &formats(&Content::default())?, now);
    let count = outcomes.len();
    for Outcome { file, line, wrong, .. } in outcomes {
        failed.extend(wrong.map(|reason| RuleError { path: file, line, reason }));
    }
    Ok((count, failed))
}

pub(super) fn formats(content: &Content) -> Result<FormatSet> {
    FormatSet::load(&content.files("formats", &[".toml"])?).context("formats")
}
