//! What rules are told on the command line besides a record: the lists, address ranges and files of addresses of the data
//! directory, as the server tells them, and the lists of files named with `--list`.

use super::super::{about_file, text};
use crate::centre::{Registers, settings_in_force};
use crate::configuration::Configuration;
use anyhow::{Context, Result, bail};
use kit::Scope;
use kit::live::Live;
use monitoring::enrichment::{Enrichment, GeoIp};
use std::path::Path;

/// Whether there are registers to ask. A command that only reads leaves none behind.
pub(in crate::commands) fn has_registers(data: &Path, configuration: &Configuration) -> bool {
    let elsewhere = !configuration.database.url.reveal().is_empty();
    data.exists() && (elsewhere || data.join("registers.sqlite").exists())
}

/// What the registers know.
pub(super) async fn of_registers(data: &Path, configuration: &Configuration) -> Result<Enrichment> {
    let registers = Registers::open(data, configuration, &Live::default()).await?;
    let scope = Scope::service("command line");
    let known = Enrichment::read(&registers.db.scoped(&scope).read()).await?;
    let most = settings_in_force(&registers, configuration).await?.tuning.enrichment.geoip_megabytes;
    Ok(known.with_geoip(GeoIp::open(&configuration.enrichment.geoip, most).into()))
}

/// The same with lists of the whole centre from files, one value a line, each given as `NAME=FILE`. A list takes the place of
/// the one that has its name.
pub(super) fn with_lists(known: Enrichment, lists: &[String]) -> Result<Enrichment> {
    lists.iter().try_fold(known, |known, list| {
        let named = list.split_once('=').filter(|(name, file)| !name.is_empty() && !file.is_empty());
        let Some((name, file)) = named else {
            bail!(text("rules-list-argument", &[("list", list.as_str().into())]));
        };
        let content =
            std::fs::read_to_string(file).with_context(|| about_file(Path::new(file), "command-file-not-read"))?;
        let values = content.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(known.with_list(name, values.map(ToOwned::to_owned).collect()))
    })
}
