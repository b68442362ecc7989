//! Makes a backup of an open centre, in the order in which nothing can be missed: manifest and segments, registers, the end
//! of the log.

use super::files::{Beside, copy_to, make_folder, make_folders, sync_folder, sync_tree, write_new};
use super::registers::{self, scope};
use super::{CHECKPOINTS, Database, EVENTS, Inventory, LAYOUT, LogPosition, TrailPosition, blocking, failed, of_store};
use crate::centre::Centre;
use event_store::{CopiedFile, CopiedStore, Problem};
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
        let (mut files, skipped) = blocking(move || beside(&data, &at, &checkpoints, with_keys)).await?;
        files.push(registers);
        let CopiedStore { files: events, sealed, last_seq, archived, problems } = store;
        files.extend(events.into_iter().map(|file| CopiedFile { path: format!("{EVENTS}/{}", file.path), ..file }));
        files.sort_by(|one, other| one.path.cmp(&other.path));
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
            "user": question.user,
        });
        let now = self.clock.now();
        organisation::audit::record(&tx, now, "backup.make", "backup", &made.sha256, None, details).await?;
        finish()?;
        tx.commit().await
    }
}

/// Copies what lies beside registers and events; what was copied and what was not.
fn beside(
    data: &Path,
    folder: &Path,
    checkpoints: &[u8],
    with_keys: bool,
) -> Result<(Vec<CopiedFile>, Vec<String>), Error> {
    let Beside { mut plain, secret, skipped } = Beside::list(data)?;
    if with_keys {
        plain.extend(secret);
    }
    let mut files = plain.iter().map(|path| copy_to(&data.join(path), folder, path)).collect::<Result<Vec<_>, _>>()?;
    if !checkpoints.is_empty() {
        make_folders(&folder.join("audit"))?;
        write_new(&folder.join(CHECKPOINTS), checkpoints)?;
        files.push(super::files::measured(folder, CHECKPOINTS)?);
    }
    Ok((files, skipped))
}
