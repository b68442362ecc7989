//! `luytre access`: who may do what.

use super::{plain, print_json, say, tell};
use crate::access::{Kind, Matrix};
use crate::configuration::Configuration;
use anyhow::Result;
use clap::{Args, Subcommand};
use organisation::Policies;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Access {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Print every operation (pages, API, commands, SQL tables) with its rule and what each role may do: `all` in the
    /// whole centre, `own` at its agency and below.
    Matrix {
        /// Print one JSON object: roles and operations.
        #[arg(long)]
        json: bool,
        /// Print it as `docs/access-matrix.md` has it.
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
        /// Print the counts alone. Exit code 1 where an operation has no rule.
        #[arg(long, conflicts_with_all = ["json", "markdown"])]
        check: bool,
    },
}

impl Access {
    pub(super) fn run(&self, configuration: &Configuration) -> Result<ExitCode> {
        let own = configuration.content_directory.as_ref().map(|directory| directory.join("organisation"));
        let matrix = Matrix::of(&Policies::load(own.as_deref())?);
        match &self.act {
            Act::Matrix { check: true, .. } => return Ok(check(&matrix)),
            Act::Matrix { json: true, .. } => print_json(&matrix.json())?,
            Act::Matrix { markdown: true, .. } => say!("{}", matrix.markdown().trim_end()),
            Act::Matrix { .. } => matrix.lines().iter().for_each(|line| say!("{line}")),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn check(matrix: &Matrix) -> ExitCode {
    let count = |kind| plain(matrix.rows.iter().filter(|row| row.kind == kind).count());
    let arguments = [
        ("pages", count(Kind::Page)),
        ("api", count(Kind::Api)),
        ("commands", count(Kind::Command)),
        ("tables", count(Kind::Table)),
        ("roles", plain(matrix.roles.len())),
        ("missing", plain(matrix.problems().len())),
    ];
    tell("access-counts", &arguments);
    for problem in matrix.problems() {
        tell("access-without-rule", &[("operation", problem.into())]);
    }
    if matrix.problems().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
