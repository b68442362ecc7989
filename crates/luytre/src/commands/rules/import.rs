//! `luytre rules import`: a release of rules into the rules folder of the data directory, without the Internet. What it
//! brought last time and brings no more is removed; other rules are left alone.

use super::super::{print_json, say, text, user_of_the_system};
use crate::centre::Registers;
use crate::configuration::Configuration;
use crate::rules::places;
use anyhow::Result;
use kit::live::Live;
use kit::locale::Argument;
use monitoring::rules::packs::service::compare_release;
use monitoring::rules::packs::{Compared, Named, Pack, Plan, folder_name};
use std::path::Path;
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
        // As given, else as the release is called.
        let stem = || self.pack.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = folder_name(&self.name.map(ToOwned::to_owned).or_else(stem).unwrap_or_default())?;
        let compared = compare_release(&places(data, configuration)?, &name, Pack::read(self.pack)?)?;
        if !self.dry_run {
            self.apply(data, configuration, &compared).await?;
        }
        tell(&compared, self.dry_run, self.json)
    }

    async fn apply(&self, data: &Path, configuration: &Configuration, compared: &Compared) -> Result<()> {
        let registers = Registers::open(data, configuration, &Live::default()).await?;
        let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
        let tx = registers.db.scoped(&scope).begin().await?;
        let pack = self.pack.display().to_string();
        compared.decide(&tx, &pack, self.on_trial, registers.clock.now()).await?;
        tx.commit().await?;
        Ok(compared.write()?)
    }
}

pub(in crate::commands) fn tell(compared: &Compared, dry_run: bool, json: bool) -> Result<ExitCode> {
    let Compared { plan, folder, .. } = compared;
    if json {
        let mut report = serde_json::to_value(plan)?;
        if let Some(report) = report.as_object_mut() {
            report.insert("folder".to_owned(), folder.as_str().into());
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
            ("folder", folder.as_str().into()),
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
        ("rules-import-kept", &plan.kept),
        ("rules-import-replaces", &plan.replaces),
    ];
    for (key, rules) in kinds.into_iter().filter(|(_, rules)| !rules.is_empty()) {
        say!("{}", text(key, &[("count", rules.len().into())]));
        for Named { id, title, path, lines, .. } in rules.iter().take(MOST_SHOWN) {
            let lines = lines.map(|lines| format!("  +{} -{}", lines.added, lines.removed)).unwrap_or_default();
            say!("  {}  {title} ({id}){lines}", path.display());
        }
        let more = rules.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            say!("{}", text("rules-import-more", &[("count", more.into())]));
        }
    }
    for one in &plan.registers {
        let figures: [(&str, Argument<'_>); 6] = [
            ("file", one.path.display().to_string().into()),
            ("register", text(one.register.key(), &[]).into()),
            ("added", one.added.into()),
            ("changed", one.changed.into()),
            ("same", one.same.into()),
            ("refused", one.refused.into()),
        ];
        say!("  {}", text("bundle-register-line", &figures));
    }
    if !plan.refused.is_empty() {
        say!("{}", text("rules-import-refused", &[("count", plan.refused.len().into())]));
        plan.refused.iter().for_each(|error| say!("  {error}"));
    }
}
