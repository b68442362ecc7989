//! Puts a backup in the place of a data directory: made ready beside it, judged there, then exchanged in one step. What was
//! there is kept under another name. Where there was something, a second person has approved it.

use super::files::{Beside, Scratch, copy_to, give_to, make_folder, make_folders, sync_tree, write_new};
use super::permission::Permission;
use super::postgres::{Loaded, Server};
use super::registers::{self, scope};
use super::settle::{LOADING, Mark, Places, Standing, between, gap, running};
use super::verify::{Found, inspected};
use super::{DUMP, Database, EVENTS, Inventory, SETTINGS, SQLITE, blocking, failed, make, of_store};
use crate::centre::areas;
use crate::configuration::{Configuration, Secret};
use event_store::{DirectoryLock, StoreError};
use kit::bus::Bus;
use kit::clock::{Clock, Micros, SystemClock};
use kit::migration::migrate;
use kit::{Db, Error, Scope};
use organisation::audit::{self, store::history};
use organisation::sign_in::end_all_sessions;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A restore as the command asks for it.
#[derive(Debug, Clone, Default)]
pub struct RestoreQuestion {
    pub backup: PathBuf,
    /// Account of somebody with an approved elevation.
    pub account: Option<String>,
    /// Who runs the command, as the operating system knows them.
    pub user: String,
}

/// What was restored.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    pub directory: PathBuf,
    pub backup: PathBuf,
    /// Of `backup.json`.
    pub sha256: String,
    pub made_at: Micros,
    pub made_by: String,
    /// Where the replaced data directory is.
    pub replaced: Option<PathBuf>,
    /// Where PostgreSQL has the replaced registers.
    pub schema: Option<String>,
    /// The elevation that allowed it; nothing where there was nobody to ask.
    pub elevation: Option<String>,
    pub events: u64,
    pub archived_events: u64,
    pub alerts: u64,
    pub trail_rows: i64,
    pub newest: Option<Micros>,
    /// Files of keys that neither the backup nor the replaced directory had.
    pub missing_keys: Vec<String>,
    /// The trail in the backup was signed with another key than the one at hand.
    pub other_trail_key: bool,
    /// What was wrong when the backup was made, and is so still.
    pub problems: Vec<Found>,
}

/// How it ended.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Restored(Box<Restored>),
    /// An earlier restore that was interrupted is complete now.
    Completed {
        backup: PathBuf,
        replaced: Option<PathBuf>,
    },
}

/// Restores a backup into a data directory that no server uses.
///
/// # Errors
/// In sentences for whoever runs the command. The data directory is as it was, unless the sentence says otherwise.
pub async fn restore(data: &Path, configuration: &Configuration, question: &RestoreQuestion) -> Result<Outcome, Error> {
    let places = Places::of(data)?;
    match places.standing()? {
        Standing::Nothing => {}
        Standing::Running => return Err(running()),
        Standing::Gap(mark) => return Err(gap(&places, &mark)),
        Standing::InTheWay => {
            let directory = places.beside.display().to_string();
            return Err(Error::mistake("restore-in-the-way", [("directory", directory)]));
        }
        Standing::Unfinished => places.clear()?,
        Standing::Exchanged(mark) => {
            let replaced = places.finish(&mark)?;
            if let Some(schema) = &mark.schema {
                keep_schema(configuration.database.url.reveal(), schema).await?;
            }
            return Ok(Outcome::Completed { backup: mark.backup, replaced });
        }
        Standing::Between(mark) => {
            if let Some(done) = complete(&places, &mark, configuration).await? {
                return Ok(done);
            }
            places.clear()?;
        }
    }
    let prepared = Prepared::make(data, configuration, question).await?;
    let exchanged = prepared.exchange(configuration).await?;
    Ok(Outcome::Restored(Box::new(exchanged.finish().await?)))
}

/// Goes on after the registers were loaded into PostgreSQL; nothing where they were not.
async fn complete(places: &Places, mark: &Mark, configuration: &Configuration) -> Result<Option<Outcome>, Error> {
    let _lock = places.take_mark()?;
    let (Some(schema), url) = (mark.schema.clone(), configuration.database.url.reveal()) else {
        return Err(between(mark));
    };
    let (server, aside) = (Server::of(url)?, schema.clone());
    // The program that loads outlives whoever began it, and what it has done is seen when it ends.
    match blocking(move || server.loaded(&aside)).await? {
        Loaded::Still => {
            return Err(Error::mistake("restore-loading", [("backup", mark.backup.display().to_string())]));
        }
        Loaded::Not => return Ok(None),
        Loaded::Yes => {}
    }
    let db = Db::open_postgres(url, Bus::default()).await?;
    bring_up_to_date(&db).await?;
    let scope = scope();
    let rows = history(&db.scoped(&scope).read(), "backup", &mark.sha256, 1).await?;
    if rows.is_empty() {
        record(&db, &scope, mark, SystemClock.now()).await?;
    }
    db.close().await?;
    remove_dump(places, &schema)?;
    places.exchange(mark)?;
    let replaced = places.finish(mark)?;
    keep_schema(url, &schema).await?;
    Ok(Some(Outcome::Completed { backup: mark.backup.clone(), replaced }))
}

async fn bring_up_to_date(db: &Db) -> Result<(), Error> {
    let migrations: Vec<_> = areas().into_iter().flat_map(|area| area.migrations).collect();
    migrate(db, &migrations, &SystemClock).await.map(drop)
}

/// The row of the restore in the restored trail. Sessions of then end: who was signed in then need not be now.
async fn record(db: &Db, by: &Scope, mark: &Mark, now: Micros) -> Result<(), Error> {
    let tx = db.scoped(by).begin().await?;
    let sessions = end_all_sessions(&tx, now).await?;
    let mut details = mark.details.clone();
    if let Some(details) = details.as_object_mut() {
        details.insert("sessions_ended".to_owned(), sessions.into());
    }
    audit::record(&tx, now, "backup.restore", "backup", &mark.sha256, None, details).await?;
    tx.commit().await
}

/// A backup that lies ready beside the data directory.
pub struct Prepared {
    places: Places,
    mark: Mark,
    by: Scope,
    inventory: Inventory,
    told: Restored,
    /// Of the mark, and of the store that is there.
    locks: (File, Option<DirectoryLock>),
}

impl Prepared {
    /// Makes it ready and judges it. Where that fails nothing is left of it.
    ///
    /// # Errors
    /// As [`restore`].
    pub async fn make(data: &Path, configuration: &Configuration, question: &RestoreQuestion) -> Result<Self, Error> {
        let places = Places::of(data)?;
        let backup = fs::canonicalize(&question.backup).unwrap_or_else(|_| question.backup.clone());
        let question = RestoreQuestion { backup, ..question.clone() };
        let (inventory, sha256) = Inventory::read(&question.backup)?;
        inventory.require_known(&question.backup)?;
        let own = Database::of(configuration);
        if own != inventory.database {
            let names = [("backup", inventory.database.name().to_owned()), ("own", own.name().to_owned())];
            return Err(Error::mistake("restore-other-database", names));
        }
        places.require_movable()?;
        let store = places.data.join(EVENTS);
        let lock = if store.is_dir() { Some(DirectoryLock::take(&store).map_err(in_use)?) } else { None };
        let now = SystemClock.now();
        let permission = Permission::ask(&places.data, configuration, &question, &sha256).await?;
        let kept = if places.data.exists() { Some(places.kept(now)?) } else { None };
        let schema = (own == Database::Postgres).then(|| schema_of(now)).transpose()?;
        let details = permission.details(&question, &inventory, kept.as_deref());
        let mark = Mark { backup: question.backup.clone(), sha256: sha256.clone(), kept, schema, details };
        if let Some(taken) = mark.kept.as_ref().filter(|kept| kept.exists()) {
            return Err(Error::mistake("backup-exists", [("directory", taken.display().to_string())]));
        }
        make_folders(places.around())?;
        make_folder(&places.beside)?;
        let told = Restored {
            directory: places.data.clone(),
            backup: question.backup.clone(),
            sha256,
            made_at: inventory.made_at,
            made_by: inventory.made_by.clone(),
            replaced: None,
            schema: None,
            elevation: permission.elevation.as_ref().map(|one| one.id.clone()),
            events: 0,
            archived_events: 0,
            alerts: inventory.alerts,
            trail_rows: inventory.trail.rows,
            newest: None,
            missing_keys: Vec::new(),
            other_trail_key: false,
            problems: Vec::new(),
        };
        let marked = places.mark(&mark)?;
        let mut prepared = Self { places, mark, by: permission.by, inventory, told, locks: (marked, lock) };
        match prepared.fill(configuration).await {
            Ok(()) => Ok(prepared),
            Err(error) => {
                prepared.places.clear()?;
                Err(error)
            }
        }
    }

    async fn fill(&mut self, configuration: &Configuration) -> Result<(), Error> {
        let (backup, places) = (self.mark.backup.clone(), self.places.clone());
        let listed = self.inventory.files.clone();
        blocking(move || {
            copy_in(&backup, &places.beside, &listed)?;
            carry_over(&places)
        })
        .await?;
        self.look_at_keys(configuration)?;
        let scratch = Scratch::new()?;
        // What was written is read back from where it will be used.
        let store = inspected(&self.places.beside, &scratch, BTreeMap::new()).await?;
        self.told.events = store.events;
        self.told.archived_events = store.archived_events;
        self.told.newest = store.newest;
        self.told.problems = store.report.problems.iter().map(Found::of_store).collect();
        self.told.problems.extend(self.inventory.uncopied.iter().map(Found::of_uncopied));
        if self.inventory.database == Database::Sqlite {
            let db = Db::open_sqlite(&self.places.beside, Bus::default()).await?;
            let done = self.take_registers(&db).await;
            db.close().await?;
            done?;
        }
        let places = self.places.clone();
        blocking(move || {
            if let Ok(owner) = fs::metadata(&places.data) {
                give_to(&places.beside, &owner)?;
            }
            sync_tree(&places.beside)
        })
        .await
    }

    /// Judges registers, brings their tables up to date and writes into their trail what happens.
    async fn take_registers(&mut self, db: &Db) -> Result<(), Error> {
        let judged = registers::judge(db, &self.places.beside, &self.inventory.trail.keys).await?;
        if let Some(fault) = judged.database.first() {
            return Err(Error::mistake("restore-database", [("reason", fault.clone())]));
        }
        let file = if self.inventory.database == Database::Sqlite { SQLITE } else { DUMP };
        self.told.problems.extend(judged.trail.problems.iter().map(|problem| Found::of_trail(file, problem)));
        bring_up_to_date(db).await?;
        record(db, &self.by, &self.mark, SystemClock.now()).await
    }

    /// Which keys are not at hand, and whether that of the trail is the one it was signed with.
    fn look_at_keys(&mut self, configuration: &Configuration) -> Result<(), Error> {
        let beside = &self.places.beside;
        let secrets = &configuration.secrets;
        let elsewhere = !secrets.keys.is_empty() || secrets.key_file.is_some();
        let own = ["audit.key", "ledger.key"].into_iter().chain((!elsewhere).then_some("fields.key"));
        self.told.missing_keys = own.filter(|name| !beside.join(name).exists()).map(ToOwned::to_owned).collect();
        if beside.join("audit.key").exists() {
            let keys = crate::keys::checkpoints(beside).map_err(|error| Error::internal(format!("{error:#}")))?;
            self.told.other_trail_key = keys.known().last() != self.inventory.trail.keys.last();
        }
        Ok(())
    }

    /// Lets the prepared directory take its place; in PostgreSQL the registers first.
    ///
    /// # Errors
    /// Where the registers could not be loaded everything is as it was; after that the restore is to be run again.
    pub async fn exchange(mut self, configuration: &Configuration) -> Result<Exchanged, Error> {
        if let Some(schema) = self.mark.schema.clone() {
            self.load(configuration.database.url.reveal(), &schema).await?;
        }
        if let Err(error) = self.places.exchange(&self.mark) {
            if self.mark.schema.is_none() {
                self.places.clear()?;
            }
            return Err(error);
        }
        let url = configuration.database.url.clone();
        Ok(Exchanged { places: self.places, mark: self.mark, told: self.told, url, _locks: self.locks })
    }

    async fn load(&mut self, url: &str, schema: &str) -> Result<(), Error> {
        let server = Server::of(url)?;
        let (beside, aside) = (self.places.beside.clone(), schema.to_owned());
        write_new(&beside.join(LOADING), b"")?;
        sync_tree(&beside)?;
        let loading = server.clone();
        let loaded = blocking(move || {
            // Gone with the rest where this restore is given up: a program that begins too late finds nothing to load.
            let scripts = beside.join(scripts_of(&aside));
            make_folder(&scripts)?;
            loading.load(&beside, &aside, &scripts)
        })
        .await;
        if let Err(error) = loaded {
            // A connection lost at the very end leaves it open whether it was done.
            let (server, aside) = (server.clone(), schema.to_owned());
            match blocking(move || server.loaded(&aside)).await? {
                Loaded::Yes => {}
                // The mark stays; whoever restores next hears of it.
                Loaded::Still => return Err(error),
                Loaded::Not => {
                    self.places.clear()?;
                    return Err(error);
                }
            }
        }
        let db = Db::open_postgres(url, Bus::default()).await?;
        let done = self.take_registers(&db).await;
        db.close().await?;
        done?;
        remove_dump(&self.places, schema)
    }
}

/// The restored data directory is in its place.
pub struct Exchanged {
    places: Places,
    mark: Mark,
    told: Restored,
    /// Address of the database; empty for SQLite.
    url: Secret,
    _locks: (File, Option<DirectoryLock>),
}

impl Exchanged {
    /// Names what was replaced and ends.
    pub async fn finish(self) -> Result<Restored, Error> {
        let replaced = self.places.finish(&self.mark)?;
        let schema = match self.mark.schema {
            None => None,
            Some(schema) => keep_schema(self.url.reveal(), &schema).await?.then_some(schema),
        };
        Ok(Restored { replaced, schema, ..self.told })
    }
}

/// Whether the schema of what was replaced holds something; it goes where it does not.
async fn keep_schema(url: &str, schema: &str) -> Result<bool, Error> {
    let (server, aside) = (Server::of(url)?, schema.to_owned());
    blocking(move || server.keep_schema(&aside)).await
}

/// Folder of the scripts that load the registers.
fn scripts_of(schema: &str) -> String {
    format!("loading-{schema}")
}

/// The registers are in the database from then on.
fn remove_dump(places: &Places, schema: &str) -> Result<(), Error> {
    let (dump, scripts) = (places.beside.join(DUMP), places.beside.join(scripts_of(schema)));
    for (path, done) in [(&dump, fs::remove_file(&dump)), (&scripts, fs::remove_dir_all(&scripts))] {
        match done {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(path, &error)),
            _ => {}
        }
    }
    Ok(())
}

fn in_use(error: StoreError) -> Error {
    match error {
        StoreError::Locked { pid, .. } => Error::mistake("restore-in-use", [("pid", pid.to_string())]),
        error => of_store(error),
    }
}

/// A name that PostgreSQL takes without quotes.
fn schema_of(now: Micros) -> Result<String, Error> {
    let stamp: String = make::stamp(now)?.chars().filter(char::is_ascii_alphanumeric).collect();
    Ok(format!("before_restore_{}", stamp.to_lowercase()))
}

/// Copies every file and compares it on the way.
fn copy_in(backup: &Path, folder: &Path, listed: &[event_store::CopiedFile]) -> Result<(), Error> {
    for file in listed {
        if copy_to(&backup.join(&file.path), folder, &file.path)? != *file {
            return Err(Error::mistake("restore-altered", [("file", file.path.clone())]));
        }
    }
    Ok(())
}

/// What belongs to the machine stays: its settings, and the keys that the backup does not bring.
fn carry_over(places: &Places) -> Result<(), Error> {
    if !places.data.exists() {
        return Ok(());
    }
    for name in Beside::list(&places.data)?.secret {
        let to = places.beside.join(&name);
        if name == SETTINGS && to.exists() {
            fs::remove_file(&to).map_err(|error| failed(&to, &error))?;
        }
        if !to.exists() {
            copy_to(&places.data.join(&name), &places.beside, &name)?;
        }
    }
    Ok(())
}
