//! `luytre rules import`: a pack of rules into the rules folder of the data directory, without the Internet. What the pack
//! brought last time and brings no more is removed; other rules are left alone.

use super::super::{print_json, say, text, user_of_the_system};
use super::pack::Pack;
use crate::centre::Registers;
use crate::configuration::Configuration;
use crate::content::Content;
use crate::rules::own_rules;
use anyhow::{Context, Result, bail};
use detection::RuleSet;
use kit::live::Live;
use monitoring::rules::import::{Named, PackFile, Plan, plan, without_common_folder};
use monitoring::rules::states;
use organisation::audit;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Rules named of each kind where a person reads it.
const MOST_SHOWN: usize = 20;

/// What is asked.
pub(super) struct Question<'q> {
    pub(super) pack: &'q Path,
    pub(super) name: Option<&'q str>,
    pub(super) on_trial: bool,
    pub(super) dry_run: bool,
    pub(super) json: bool,
}

impl Question<'_> {
    pub(super) async fn run(&self, data: &Path, configuration: &Configuration) -> Result<ExitCode> {
        let name = self.name()?;
        let rules = own_rules(data, configuration);
        let target = rules.join(&name);
        let pack = Pack::read(self.pack)?;
        let present = if target.exists() { Pack::read(&target)?.files } else { Vec::new() };
        // What lies there and was never brought by a pack was written by somebody, and no release takes it away.
        let brought = brought(&target)?;
        if brought.is_none() && !present.is_empty() {
            bail!(text("rules-import-own-folder", &[("folder", target.display().to_string().into())]));
        }
        let brought = brought.unwrap_or_default();
        let present: Vec<PackFile> = present.into_iter().filter(|file| brought.contains(&file.path)).collect();
        let elsewhere = elsewhere(&rules, &name, configuration)?;
        let mut plan = plan(without_common_folder(pack.files), &present, &elsewhere);
        plan.refused.extend(pack.refused);
        if plan.added.is_empty() && plan.changed.is_empty() && plan.unchanged == 0 {
            bail!(text("rules-import-none", &[("pack", self.pack.display().to_string().into())]));
        }
        if !self.dry_run {
            self.apply(data, configuration, &name, &target, &plan).await?;
        }
        tell(&name, &plan, self.dry_run, self.json)
    }

    /// Name of the folder: as given, else as the pack is called, without what a version adds to it.
    fn name(&self) -> Result<String> {
        let stem = || self.pack.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = self.name.map(ToOwned::to_owned).or_else(stem).unwrap_or_default().to_lowercase();
        let sound = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
        if name.is_empty() || name.len() > 60 || !name.chars().all(sound) {
            bail!(text("rules-import-name", &[("name", name.into())]));
        }
        Ok(name)
    }

    async fn apply(
        &self,
        data: &Path,
        configuration: &Configuration,
        name: &str,
        target: &Path,
        plan: &Plan,
    ) -> Result<()> {
        let registers = Registers::open(data, configuration, &Live::default()).await?;
        let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
        let now = registers.clock.now();
        let tx = registers.db.scoped(&scope).begin().await?;
        // Before the files: a server loads them at once.
        let on_trial = match self.on_trial {
            true => {
                let ids: Vec<String> = plan.added.iter().map(|rule| rule.id.clone()).collect();
                states::service::begin_on_trial(&tx, &ids, &format!("rules import {name}"), now).await?
            }
            false => 0,
        };
        let details = json!({
            "pack": self.pack, "folder": name, "added": plan.added.len(), "changed": plan.changed.len(),
            "removed": plan.removed.len(), "refused": plan.refused.len(), "on_trial": on_trial,
        });
        audit::record(&tx, now, "rule.import", "rule", "", None, details).await?;
        tx.commit().await?;
        write(target, plan)
    }
}

/// Rules of everywhere but this folder.
fn elsewhere(rules: &Path, name: &str, configuration: &Configuration) -> Result<RuleSet> {
    let content = Content::new(configuration.content_directory.clone());
    let built_in = content.files("rules", &[".yml", ".yaml"])?.into_iter();
    let mut texts: Vec<(PathBuf, String)> = built_in.map(|(path, text)| (PathBuf::from(path), text)).collect();
    if rules.exists() {
        let own = Pack::read(rules)?.files.into_iter().filter(|file| !file.path.starts_with(name));
        texts.extend(own.map(|file| (file.path, file.text)));
    }
    Ok(RuleSet::from_texts(texts).0)
}

/// Name of the list of what a pack has brought into its folder. Hidden files are no part of a pack.
const BROUGHT: &str = ".luytre-pack";

/// What a pack has brought into a folder; nothing where none ever did.
fn brought(target: &Path) -> Result<Option<BTreeSet<PathBuf>>> {
    let path = target.join(BROUGHT);
    match std::fs::read(&path) {
        Ok(list) => Ok(Some(serde_json::from_slice(&list).with_context(|| format!("cannot read {}", path.display()))?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Each file is whole at any moment; what is gone goes last. Before anything is written the list names all that may be
/// there, so that whatever interrupts this is known to the next release.
fn write(target: &Path, plan: &Plan) -> Result<()> {
    let (files, delete) = (&plan.write, &plan.delete);
    let before = brought(target)?.unwrap_or_default();
    let during: BTreeSet<PathBuf> = before.iter().cloned().chain(files.iter().map(|file| file.path.clone())).collect();
    let after: BTreeSet<&PathBuf> = during.iter().filter(|path| !delete.contains(path)).collect();
    std::fs::create_dir_all(target).with_context(|| format!("cannot make {}", target.display()))?;
    let list = |paths: Vec<u8>| {
        let draft = target.join(format!("{BROUGHT}.luytre-draft"));
        std::fs::write(&draft, paths).and_then(|()| std::fs::rename(&draft, target.join(BROUGHT)))
    };
    list(serde_json::to_vec(&during)?).with_context(|| format!("cannot write {}", target.display()))?;
    for file in files {
        let path = target.join(&file.path);
        let folder = path.parent().unwrap_or(target);
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let draft = path.with_extension("luytre-draft");
        std::fs::write(&draft, &file.text).with_context(|| format!("cannot write {}", draft.display()))?;
        std::fs::rename(&draft, &path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for path in delete {
        let path = target.join(path);
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        // Folders that are empty now go as well; one that is not stays.
        let mut folder = path.parent();
        while let Some(one) = folder.filter(|one| *one != target && std::fs::remove_dir(one).is_ok()) {
            folder = one.parent();
        }
    }
    list(serde_json::to_vec(&after)?).with_context(|| format!("cannot write {}", target.display()))
}

fn tell(name: &str, plan: &Plan, dry_run: bool, json: bool) -> Result<ExitCode> {
    if json {
        let mut report = serde_json::to_value(plan)?;
        if let Some(report) = report.as_object_mut() {
            report.insert("folder".to_owned(), name.into());
            report.insert("dry_run".to_owned(), dry_run.into());
        }
        print_json(&report)?;
    } else {
        print(plan);
        let figures = [
            ("added", plan.added.len().into()),
            ("changed", plan.changed.len().into()),
            ("removed", plan.removed.len().into()),
            ("unchanged", plan.unchanged.into()),
            ("refused", plan.refused.len().into()),
            ("folder", name.into()),
        ];
        say!("{}", text("rules-import-figures", &figures));
        if plan.without_licence > 0 {
            say!("{}", text("rules-import-no-licence", &[("count", plan.without_licence.into())]));
        }
        say!("{}", text(if dry_run { "rules-import-dry-run" } else { "rules-import-done" }, &[]));
    }
    Ok(if plan.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn print(plan: &Plan) {
    let kinds = [
        ("rules-import-added", &plan.added),
        ("rules-import-changed", &plan.changed),
        ("rules-import-removed", &plan.removed),
        ("rules-import-replaces", &plan.replaces),
    ];
    for (key, rules) in kinds.into_iter().filter(|(_, rules)| !rules.is_empty()) {
        say!("{}", text(key, &[("count", rules.len().into())]));
        for Named { id, title, path, .. } in rules.iter().take(MOST_SHOWN) {
            say!("  {}  {title} ({id})", path.display());
        }
        let more = rules.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            say!("{}", text("rules-import-more", &[("count", more.into())]));
        }
    }
    if !plan.refused.is_empty() {
        say!("{}", text("rules-import-refused", &[("count", plan.refused.len().into())]));
        plan.refused.iter().for_each(|error| say!("  {error}"));
    }
}
