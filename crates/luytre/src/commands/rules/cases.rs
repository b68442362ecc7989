//! `luytre rules test`: the cases beside rules, each with its outcome.

use super::super::{about_file, print_json, say, text};
use super::formats;
use crate::configuration::Configuration;
use crate::content::Content;
use crate::rules::{load_over, load_rules, own_rules, rule_directories};
use anyhow::{Result, ensure};
use detection::{Engine, LoadOptions, RuleTestFile};
use monitoring::enrichment::Enrichment;
use monitoring::rules::cases::{Outcome, run};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Runs the cases of a directory; without one those of the built-in rules and of the data directory's own.
pub(super) fn test(
    directory: Option<&Path>,
    data: &Path,
    configuration: &Configuration,
    known: &Enrichment,
    json: bool,
) -> Result<ExitCode> {
    let content = Content::new(configuration.content_directory.clone());
    let (set, files, errors) = match directory {
        Some(directory) => {
            ensure!(directory.exists(), about_file(directory, "command-no-file"));
            let options = LoadOptions { placeholders: known.placeholders().as_ref().clone() };
            let (set, _) = load_over(&content, &own_rules(data, configuration), directory, &options)?;
            let (files, errors) = RuleTestFile::from_directory(directory);
            (set, files, errors)
        }
        None => {
            let directories = rule_directories(data, configuration, &[]);
            let (_, book) = load_rules(&content, &directories, known.placeholders(), 0)?;
            (book.set.as_ref().clone(), book.tests, Vec::new())
        }
    };
    let now = jiff::Timestamp::now().as_microsecond();
    let outcomes = run(&files, &Engine::new(set), &formats(&content)?, now);
    let failed = outcomes.iter().filter(|outcome| outcome.wrong.is_some()).count() + errors.len();
    if json {
        let case = |one: &Outcome| json!({ "path": one.file, "line": one.line, "name": one.name, "wrong": one.wrong });
        let cases: Vec<_> = outcomes.iter().map(case).collect();
        print_json(&json!({ "cases": cases, "failed": failed, "errors": errors }))?;
    } else {
        for Outcome { file, line, name, wrong } in &outcomes {
            match wrong {
                None => say!("✓ {}:{line} {name}", file.display()),
                Some(wrong) => say!("✗ {}:{line} {wrong}", file.display()),
            }
        }
        errors.iter().for_each(|error| say!("✗ {error}"));
        let figures = [("count", outcomes.len().into()), ("failed", failed.into())];
        say!("{}", text("rules-tested", &figures));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
