//! Makes a backup of an open centre, in the order in which nothing can be missed: manifest and segments, registers, the end
//! of the log.

use super::files::{Beside, copy_all, make_folder, make_folders, sync_folder, sync_tree, write_new};
use super::registers::{self, scope};
use super::{CHECKPOINTS, Database, EVENTS, Inventory, LAYOUT, LogPosition, TrailPosition, blocking, failed, of_store};
use crate::centre::Centre;
use crate::configuration::Configuration;
use event_store::{CopiedFile, CopiedStore, Problem, UncopiedFile};
use kit::clock::Micros;
use kit::{Error, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// A backup as the command asks for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BackupQuestion {
    /// Absolute: whoever writes may work in another folder.
    pub target: PathBuf,
    pub with_keys: bool,
    /// Account of an administrator; else it is made in the name of the system's user.
    pub account: Option<String>,
    /// Who runs the command, as the operating system knows them.
    pub user: String,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub directory: PathBuf,
    pub files: usize,
    pub bytes: u64,
    /// Of `backup.json`, which names the hashes of all other files.
    pub sha256: String,
    pub with_keys: bool,
    pub archived_segments: usize,
    /// What was damaged in the store already.
    pub problems: Vec<Problem>,
    /// Links and odd names, which are not copied.
    pub skipped: Vec<String>,
    /// What could not be read: the backup is incomplete.
    pub uncopied: Vec<UncopiedFile>,
    /// Directories of rules and content that lie elsewhere and are not in it.
    pub elsewhere: Vec<PathBuf>,
}

/// The name of a moment in names of folders.
pub(super) fn stamp(now: Micros) -> Result<String, Error> {
    let moment = jiff::Timestamp::from_microsecond(now).map_err(Error::internal)?;
    Ok(moment.strftime("%Y-%m-%dT%H%M%SZ").to_string())
}

/// The folder while it is being filled; gone with this unless it got its own name.
struct Unfinished {
    at: PathBuf,
    becomes: PathBuf,
}

impl Unfinished {
    fn begin(target: &Path, data: &Path, now: Micros) -> Result<Self, Error> {
        let missing = || Error::mistake("backup-no-target", [("directory", target.display().to_string())]);
        let target = fs::canonicalize(target).map_err(|_| missing())?;
        let data = fs::canonicalize(data).map_err(|error| failed(data, &error))?;
        if !target.is_dir() {
            return Err(missing());
        }
        if target.starts_with(&data) {
            return Err(Error::mistake("backup-inside", [("directory", target.display().to_string())]));
        }
        let name = format!("luytre-{}", stamp(now)?);
        let becomes = target.join(&name);
        if becomes.exists() {
            return Err(Error::mistake("backup-exists", [("directory", becomes.display().to_string())]));
        }
        let at = target.join(format!(".{name}.unfinished"));
        make_folder(&at)?;
        Ok(Self { at, becomes })
    }

    /// Gives it its name; everything in it is on the disk already. A folder of that name which came meanwhile is in the way,
    /// since it is not empty.
    fn finish(&self) -> Result<(), Error> {
        fs::rename(&self.at, &self.becomes).map_err(|error| failed(&self.becomes, &error))?;
        self.becomes.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.at);
    }
}

impl Centre {
    /// Makes a backup in a new folder of the target and records it.
    ///
    /// # Errors
    /// In sentences for whoever runs the command; nothing is left behind then.
    pub async fn backup(&self, question: &BackupQuestion) -> Result<Made, Error> {
        let (by, name) = self.whose_backup(question).await?;
        let now = self.clock.now();
        let place = Unfinished::begin(&question.target, &self.data, now)?;
        // So that nearly all of the trail in it is signed. Without the key that signs, which is told of elsewhere, a copy is
        // worth no less.
        match self.checkpoints.make(&self.db, &scope(), now).await {
            Err(Error::Conflict(_)) => {}
            made => drop(made?),
        }
        let copy = self.store.begin_copy(&place.at.join(EVENTS)).await.map_err(of_store)?;
        let (database, url) = (Database::of(&self.configuration), self.configuration.database.url.reveal());
        let (registers, content) = registers::copy(&self.db, database, url, &place.at).await?;
        let store = copy.finish().await.map_err(of_store)?;
        let checkpoints = self.checkpoints.over(content.rows)?;
        let (data, at, with_keys) = (self.data.clone(), place.at.clone(), question.with_keys);
        let Copied { mut files, mut uncopied, skipped } =
            blocking(move || beside(&data, &at, &checkpoints, with_keys)).await?;
        files.push(registers);
        let CopiedStore { files: events, uncopied: lost, sealed, last_seq, archived, problems } = store;
        let of_events = |path: &str| format!("{EVENTS}/{path}");
        files.extend(events.into_iter().map(|file| CopiedFile { path: of_events(&file.path), ..file }));
        files.sort_by(|one, other| one.path.cmp(&other.path));
        uncopied.extend(lost.into_iter().map(|file| UncopiedFile { path: of_events(&file.path), ..file }));
        let (count, bytes) = (files.len(), files.iter().map(|file| file.bytes).sum());
        let inventory = Inventory {
            layout: LAYOUT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: now,
            made_by: name,
            centre: self.configuration.centre.clone(),
            database,
            migrations: content.migrations,
            alerts: content.alerts,
            people: content.people,
            log: LogPosition { sealed, last_seq, archived_segments: archived },
            trail: TrailPosition { rows: content.rows, hash: content.hash, keys: self.checkpoints.known().to_vec() },
            with_keys,
            files,
            uncopied: uncopied.clone(),
        };
        let sha256 = inventory.write(&place.at)?;
        let made = Made {
            directory: place.becomes.clone(),
            files: count,
            bytes,
            sha256,
            with_keys,
            archived_segments: archived,
            problems,
            skipped,
            uncopied,
            elsewhere: elsewhere(&self.data, &self.configuration),
        };
        let at = place.at.clone();
        blocking(move || sync_tree(&at)).await?;
        self.record_backup(&by, question, &made, || place.finish()).await?;
        Ok(made)
    }

    /// In whose name a backup is made.
    async fn whose_backup(&self, question: &BackupQuestion) -> Result<(Scope, String), Error> {
        match &question.account {
            None => Ok((scope().asking("", &question.user), question.user.clone())),
            Some(account) => {
                let now = self.clock.now();
                let by = super::permission::administrator(&self.db, &self.policies, account, now).await?;
                Ok((by, account.clone()))
            }
        }
    }

    /// The row and the folder's name come together, as far as that can be.
    async fn record_backup(
        &self,
        by: &Scope,
        question: &BackupQuestion,
        made: &Made,
        finish: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let tx = self.db.scoped(by).begin().await?;
        let details = json!({
            "directory": made.directory, "files": made.files, "bytes": made.bytes, "with_keys": made.with_keys,
            "user": question.user, "uncopied": made.uncopied.len(),
        });
        let now = self.clock.now();
        organisation::audit::record(&tx, now, "backup.make", "backup", &made.sha256, None, details).await?;
        finish()?;
        tx.commit().await
    }
}

/// What lies beside registers and events.
struct Copied {
    files: Vec<CopiedFile>,
    uncopied: Vec<UncopiedFile>,
    skipped: Vec<String>,
}

/// Copies it.
fn beside(data: &Path, folder: &Path, checkpoints: &[u8], with_keys: bool) -> Result<Copied, Error> {
    let Beside { mut plain, secret, skipped, unreadable } = Beside::list(data)?;
    if with_keys {
        plain.extend(secret);
    }
    let (mut files, mut uncopied) = copy_all(data, folder, &plain)?;
    uncopied.extend(unreadable);
    if !checkpoints.is_empty() {
        make_folders(&folder.join("audit"))?;
        write_new(&folder.join(CHECKPOINTS), checkpoints)?;
        files.push(super::files::measured(folder, CHECKPOINTS)?);
    }
    Ok(Copied { files, uncopied, skipped })
}

/// Directories of the configuration that no copy of the data directory holds.
fn elsewhere(data: &Path, configuration: &Configuration) -> Vec<PathBuf> {
    let whole = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let data = whole(data).unwrap_or_else(|_| data.to_owned());
    let named = [&configuration.content_directory, &configuration.rules_directory].into_iter().flatten();
    let mut found: Vec<_> = named.filter_map(|path| whole(path).ok()).filter(|path| !path.starts_with(&data)).collect();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_outside_the_data_directory_are_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = folder.path().canonicalize().unwrap().join(name);
            fs::create_dir_all(&path).unwrap();
            path
        };
        let data = at("data");
        let told = |content: Option<PathBuf>, rules: Option<PathBuf>| {
            let configuration =
                Configuration { content_directory: content, rules_directory: rules, ..Configuration::default() };
            elsewhere(&data, &configuration)
        };
        assert_eq!(told(None, None), Vec::<PathBuf>::new());
        assert_eq!(told(Some(at("data/content")), Some(at("data/rules"))), Vec::<PathBuf>::new());
        assert_eq!(told(Some(at("law")), Some(at("data/rules"))), [at("law")]);
        assert_eq!(told(Some(at("law")), Some(at("rules"))), [at("law"), at("rules")]);
        assert_eq!(told(Some(data.join("../law")), None), [at("law")], "however it is written");
    }
}
