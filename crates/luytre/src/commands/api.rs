//! `luytre api`: what machines may ask.

use super::{language, say};
use crate::openapi;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Api {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Print the API as an OpenAPI 3.1 document: every operation with what it takes and the capability that it needs. A
    /// server answers the same at `/api/v1/openapi.json`.
    Openapi,
}

impl Api {
    pub(super) fn run(&self) -> Result<ExitCode> {
        match self.act {
            Act::Openapi => say!("{}", serde_json::to_string_pretty(&openapi::document(language()))?),
        }
        Ok(ExitCode::SUCCESS)
    }
}
