//! Rules as the program finds them: the built-in pack, the folder of this installation, and what commands name besides.

use crate::configuration::Configuration;
use crate::content::Content;
use anyhow::Result;
use detection::{Engine, LoadOptions, RuleSet, RuleSource, RuleTestFile};
use kit::{Db, Scope};
use monitoring::enrichment::Placeholders;
use monitoring::rules::packs::Places;
use monitoring::rules::versions::store::Recorded;
use monitoring::rules::{Book, versions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of this installation's own rules.
pub(crate) fn own_rules(data: &Path, configuration: &Configuration) -> PathBuf {
    configuration.rules_directory.clone().unwrap_or_else(|| data.join("rules"))
}

/// Where rules lie, for whoever brings more of them.
pub(crate) fn places(data: &Path, configuration: &Configuration) -> Result<Places> {
    let content = Content::new(configuration.content_directory.clone());
    let built_in = content.files("rules", &[".yml", ".yaml"])?.into_iter();
    let built_in = built_in.map(|(path, text)| (PathBuf::from(path), text)).collect();
    Ok(Places { own: own_rules(data, configuration), built_in })
}

/// Directories of rules beside the built-in pack, in order of precedence from low to high.
pub(crate) fn rule_directories(data: &Path, configuration: &Configuration, more: &[PathBuf]) -> Vec<PathBuf> {
    let own = own_rules(data, configuration);
    own.exists().then_some(own).into_iter().chain(more.iter().cloned()).collect()
}

/// Built-in rules first, then the directories: a later rule of the same id replaces an earlier one. With the tests that lie
/// beside them. `placeholders` are the lists that rules expand.
pub(crate) fn load_rules(
    content: &Content,
    directories: &[PathBuf],
    placeholders: &Placeholders,
    now: i64,
) -> Result<(Engine, Book)> {
    let (mut sources, mut tests, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (path, text) in content.files("rules", &[".yml", ".yaml"])? {
        let is_test = path.ends_with(".test.yml");
        let path = PathBuf::from("content/rules").join(path);
        if !is_test {
            sources.push(RuleSource::Text { path, text });
            continue;
        }
        match RuleTestFile::parse(&path, &text) {
            Ok(file) => tests.push(file),
            Err(error) => errors.push(error),
        }
    }
    for directory in directories {
        anyhow::ensure!(directory.exists(), "the rule directory {} does not exist", directory.display());
        sources.push(RuleSource::Directory(directory.clone()));
        let (files, wrong) = RuleTestFile::from_directory(directory);
        tests.extend(files);
        errors.extend(wrong);
    }
    let (set, wrong) = RuleSet::load(&sources, &LoadOptions { placeholders: placeholders.clone() });
    errors.extend(wrong);
    let book = Book { set: Arc::new(set.clone()), errors, tests, loaded_at: now, ..Book::default() };
    Ok((Engine::new(set), book))
}

/// Keeps the texts of rules that were never seen so.
pub(crate) async fn keep_versions(db: &Db, scope: &Scope, book: &Book, now: i64) -> Result<(), kit::Error> {
    let tx = db.scoped(scope).begin().await?;
    let recorded = versions::store::record(&tx, book.set.rules(), now).await?;
    match recorded == Recorded::default() {
        true => tx.rollback().await,
        false => tx.commit().await,
    }
}
