//! Holding a pack against what lies in its folder, and taking it.

use super::folder::{brought, write};
use super::{Pack, PackFile, Places, Plan, plan, without_common_folder};
use crate::rules::states;
use detection::{RuleError, RuleSet};
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use organisation::audit;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What a pack changes in its folder.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Name of the folder.
    pub folder: String,
    pub plan: Plan,
    target: PathBuf,
}

/// A release of others against what it brought last time.
pub fn compare_release(places: &Places, folder: &str, pack: Pack) -> Result<Compared, Error> {
    if pack.is_bundle {
        return Err(Error::mistake("pack-is-bundle", []));
    }
    let files = without_common_folder(pack.files);
    compare(places, folder, files, pack.refused, true)
}

/// Files of a pack and what could not be read of it, with their paths below its folder, against what lies there. Reads all
/// rules; `rules` says that there must be some.
pub(in crate::rules) fn compare(
    places: &Places,
    folder: &str,
    files: Vec<PackFile>,
    unread: Vec<RuleError>,
    rules: bool,
) -> Result<Compared, Error> {
    let target = places.own.join(folder);
    let present = if target.exists() { Pack::of_directory(&target)?.files } else { Vec::new() };
    // What lies there and was never brought by a pack was written by somebody, and no release takes it away.
    let brought = brought(&target)?;
    if brought.is_none() && !present.is_empty() {
        return Err(Error::mistake("rules-import-own-folder", [("folder", folder.to_owned())]));
    }
    let brought = brought.unwrap_or_default();
    let present: Vec<PackFile> = present.into_iter().filter(|file| brought.contains(&file.path)).collect();
    let plan = plan(files, unread, &present, &elsewhere(places, folder)?);
    if rules && plan.added.is_empty() && plan.changed.is_empty() && plan.unchanged == 0 && plan.filters == 0 {
        return Err(Error::mistake("rules-import-none", []));
    }
    Ok(Compared { folder: folder.to_owned(), plan, target })
}

/// Rules of everywhere but this folder.
fn elsewhere(places: &Places, folder: &str) -> Result<RuleSet, Error> {
    let mut texts = places.built_in.clone();
    if places.own.exists() {
        let own = Pack::of_directory(&places.own)?.files.into_iter().filter(|file| !file.path.starts_with(folder));
        texts.extend(own.map(|file| (file.path, file.text)));
    }
    Ok(RuleSet::from_texts(texts).0)
}

impl Compared {
    /// Puts new rules on trial where that is wanted. Comes before the files are written: a server loads them at once.
    pub(in crate::rules) async fn begin(&self, tx: &Tx<'_>, on_trial: bool, now: Micros) -> Result<usize, Error> {
        states::service::require_whole(tx.scope())?;
        if !on_trial {
            return Ok(0);
        }
        let ids: Vec<String> = self.plan.added.iter().map(|rule| rule.id.clone()).collect();
        states::service::begin_on_trial(tx, &ids, &format!("rules import {}", self.folder), now).await
    }

    /// What the trail says of it.
    pub(in crate::rules) fn figures(&self, on_trial: usize) -> Value {
        let plan = &self.plan;
        json!({
            "folder": self.folder, "added": plan.added.len(), "changed": plan.changed.len(),
            "removed": plan.removed.len(), "kept": plan.kept.len(), "refused": plan.refused.len(), "on_trial": on_trial,
            "registers": plan.registers,
        })
    }

    /// Decides about a release in the registers; the files follow once that is committed.
    pub async fn decide(&self, tx: &Tx<'_>, pack: &str, on_trial: bool, now: Micros) -> Result<(), Error> {
        let on_trial = self.begin(tx, on_trial, now).await?;
        let details = json!({ "pack": pack, "done": self.figures(on_trial) });
        audit::record(tx, now, "rule.import", "rule", "", None, details).await
    }

    /// Writes the files.
    pub fn write(&self) -> Result<(), Error> {
        write(&self.target, &self.plan)
    }
}
