//! Rules as the program finds them: the built-in pack, the folder of this installation, and what commands name besides.

use crate::configuration::Configuration;
use crate::content::Content;
use anyhow::Result;
use detection::{Engine, LoadOptions, RuleError, RuleSet, RuleSource, RuleTestFile};
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

/// A directory of rules together with those in force, the built-in ones and those of `own`: what lies in the directory may name
/// any of them and takes the place of those that bear its ids. Only what did not load below the directory is told.
pub(crate) fn load_over(
    content: &Content,
    own: &Path,
    directory: &Path,
    options: &LoadOptions,
) -> Result<(RuleSet, Vec<RuleError>)> {
    let built_in = content.files("rules", &[".yml", ".yaml"])?.into_iter();
    let built_in = built_in.map(|(path, text)| RuleSource::Text { path: Path::new("built-in").join(path), text });
    let mut sources: Vec<RuleSource> = built_in.collect();
    if let (Ok(root), Ok(checked)) = (own.canonicalize(), directory.canonicalize())
        && !root.starts_with(&checked)
    {
        below(own, &checked, &mut sources)?;
    }
    sources.push(RuleSource::Directory(directory.to_owned()));
    let (set, mut errors) = RuleSet::load(&sources, options);
    errors.retain(|error| error.path.starts_with(directory));
    Ok((set, errors))
}

/// Rule files below a folder but for those of one folder in it. What cannot be read is told where that folder is loaded.
fn below(folder: &Path, but: &Path, sources: &mut Vec<RuleSource>) -> Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        let is_rules = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        if kind.is_dir() && path.canonicalize()? != but {
            below(&path, but, sources)?;
        } else if kind.is_file()
            && is_rules
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            sources.push(RuleSource::Text { path, text });
        }
    }
    Ok(())
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
