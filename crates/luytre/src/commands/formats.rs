//! `luytre formats`: which log formats there are, whether their sample lines are read as they say, and what they make of files.

mod read;

use super::{about_file, print_json, say, tell};
use crate::configuration::Configuration;
use crate::content::Content;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use ingest::{FormatSet, FormatSummary, SAMPLES_ARRIVED, SampleFailure};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Formats {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the formats in the order in which they are tried, with the number of their samples and whether at least one is
    /// modelled on a real record.
    List {
        #[arg(long)]
        json: bool,
    },
    /// Read the sample lines of all formats and say which are not read as their file says. The exit code is 1 where one is not.
    Test {
        /// Directory of formats that are laid over the built-in ones, file by file.
        directory: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Read files and say of each how many records are understood, by which formats, and show some that none understands.
    /// Nothing is stored. The exit code is 2 where a record cannot be read at all.
    Read(read::Read),
}

impl Formats {
    pub(super) fn run(&self, configuration: &Configuration) -> Result<ExitCode> {
        match &self.act {
            Act::List { json } => list(&load(configuration, None)?, *json),
            Act::Test { directory, json } => test(&load(configuration, directory.as_deref())?, *json),
            Act::Read(read) => read.run(configuration),
        }
    }
}

/// The formats built in and of the content directory, with those of a directory laid over them file by file. Versions that were
/// approved in the registers are not among them (`luytre law`).
fn load(configuration: &Configuration, directory: Option<&Path>) -> Result<FormatSet> {
    let content = Content::new(configuration.content_directory.clone());
    let mut files: BTreeMap<String, String> = content.files("formats", &[".toml"])?.into_iter().collect();
    if let Some(directory) = directory {
        ensure!(directory.is_dir(), about_file(directory, "command-no-file"));
        for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "toml")
                && let Some(name) = path.file_name()
            {
                let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                files.insert(name.to_string_lossy().into_owned(), text);
            }
        }
    }
    FormatSet::load(&files.into_iter().collect::<Vec<_>>()).context("formats")
}

fn list(formats: &FormatSet, json: bool) -> Result<ExitCode> {
    let summaries = formats.summaries();
    if json {
        print_json(&summaries)?;
        return Ok(ExitCode::SUCCESS);
    }
    for summary in &summaries {
        let key = if summary.seen { "formats-listed-seen" } else { "formats-listed-documented" };
        let arguments = [
            ("format", summary.id.to_owned().into()),
            ("title", summary.title.to_owned().into()),
            ("samples", summary.samples.into()),
        ];
        tell(key, &arguments);
    }
    Ok(ExitCode::SUCCESS)
}

fn test(formats: &FormatSet, json: bool) -> Result<ExitCode> {
    let (passed, failures) = formats.check_samples(SAMPLES_ARRIVED);
    let tested: Vec<Tested<'_>> = formats.summaries().iter().map(|one| Tested::of(one, &failures)).collect();
    if json {
        print_json(&json!({ "formats": tested, "passed": passed, "failed": failures.len() }))?;
    } else {
        for Tested { format, passed, failures } in &tested {
            let mark = if failures.is_empty() { '✓' } else { '✗' };
            say!("{mark} {format} {passed}/{}", passed + failures.len());
            for SampleFailure { line, difference, .. } in failures {
                say!("    {difference}");
                say!("    {line}");
            }
        }
        let figures = [("formats", tested.len().into()), ("passed", passed.into()), ("failed", failures.len().into())];
        tell("formats-tested", &figures);
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The samples of one format.
#[derive(Serialize)]
struct Tested<'a> {
    format: &'a str,
    passed: usize,
    failures: Vec<&'a SampleFailure>,
}

impl<'a> Tested<'a> {
    fn of(summary: &FormatSummary<'a>, failures: &'a [SampleFailure]) -> Self {
        let failures: Vec<_> = failures.iter().filter(|failure| failure.format == summary.name).collect();
        Self { format: summary.name, passed: summary.samples - failures.len(), failures }
    }
}
