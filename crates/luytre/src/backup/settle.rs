//! Where a restore stands. The restored data is made ready in a folder beside the data directory and changes places with it
//! in one step; a mark in that folder, locked by whoever works on it, travels along. So whoever starts next sees what a
//! kill has left: the old data, or the restored data, and what is still to be done.

use super::failed;
use super::files::sync_folder;
use super::make::stamp;
use kit::Error;
use kit::clock::Micros;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// In the folder that becomes the data directory, until all is done.
pub(super) const MARK: &str = "restoring.json";
/// Beside the mark from the moment on that PostgreSQL may hold the restored registers.
pub(super) const LOADING: &str = "restoring.registers";

/// A restore under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    pub backup: PathBuf,
    /// Of `backup.json`.
    pub sha256: String,
    /// Where the replaced data directory goes; nothing where there is none.
    pub kept: Option<PathBuf>,
    /// Where the replaced registers go in PostgreSQL.
    pub schema: Option<String>,
    /// What the trail will say.
    pub details: serde_json::Value,
}

/// The data directory and the folder beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    pub data: PathBuf,
    pub beside: PathBuf,
}

/// What the folders say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Nothing,
    /// Somebody is at it.
    Running,
    /// The data directory is as it was.
    Unfinished,
    /// PostgreSQL may hold the restored registers; the data directory is as it was.
    Between(Box<Mark>),
    /// The data directory was moved away and nothing is in its place.
    Gap(Box<Mark>),
    /// The restored data is in its place.
    Exchanged(Box<Mark>),
    /// The name is taken by something else.
    InTheWay,
}

impl Places {
    pub(super) fn of(data: &Path) -> Result<Self, Error> {
        let whole = if data.exists() { fs::canonicalize(data) } else { std::path::absolute(data) };
        let data = whole.map_err(|error| failed(data, &error))?;
        let beside = sibling(&data, "restoring");
        Ok(Self { data, beside })
    }

    /// The folder that both lie in.
    pub(super) fn around(&self) -> &Path {
        self.data.parent().unwrap_or(&self.data)
    }

    /// Where the replaced data directory goes.
    pub(super) fn kept(&self, now: Micros) -> Result<PathBuf, Error> {
        Ok(sibling(&self.data, &format!("before-{}", stamp(now)?)))
    }

    /// A disk that is mounted there cannot be renamed.
    pub(super) fn require_movable(&self) -> Result<(), Error> {
        let device = |path: &Path| fs::metadata(path).map(|data| data.dev());
        let same = match (device(&self.data), device(self.around())) {
            (Ok(one), Ok(other)) => one == other,
            _ => true,
        };
        match same && self.data.parent().is_some() {
            true => Ok(()),
            false => Err(Error::mistake("restore-mounted", [("directory", self.data.display().to_string())])),
        }
    }

    pub(super) fn standing(&self) -> Result<Standing, Error> {
        match look(&self.data.join(MARK))? {
            Seen::Locked => return Ok(Standing::Running),
            Seen::Mark(Some(mark)) => return Ok(Standing::Exchanged(mark)),
            Seen::Nothing | Seen::Mark(None) => {}
        }
        let exists = |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path.exists());
        Ok(match look(&self.beside.join(MARK))? {
            Seen::Locked => Standing::Running,
            Seen::Mark(Some(mark)) if self.beside.join(LOADING).exists() => Standing::Between(mark),
            // Only a move away makes that name; whatever lies in the place of the data came later.
            Seen::Mark(Some(mark)) if exists(&mark.kept) => Standing::Gap(mark),
            Seen::Mark(_) => Standing::Unfinished,
            // A folder without anything was made and not used.
            Seen::Nothing if fs::remove_dir(&self.beside).is_ok() || !self.beside.exists() => Standing::Nothing,
            Seen::Nothing => Standing::InTheWay,
        })
    }

    /// Removes what was made ready and did not change places. The mark goes last; without it what lies here is the data that
    /// was replaced, and stays.
    pub(super) fn clear(&self) -> Result<(), Error> {
        if !self.beside.join(MARK).exists() {
            return Ok(());
        }
        let clear = || {
            for entry in fs::read_dir(&self.beside)? {
                let entry = entry?;
                match entry.file_type()?.is_dir() {
                    true => fs::remove_dir_all(entry.path())?,
                    false if entry.file_name() == MARK => {}
                    false => fs::remove_file(entry.path())?,
                }
            }
            fs::remove_dir_all(&self.beside)
        };
        clear().map_err(|error: std::io::Error| failed(&self.beside, &error))
    }

    /// Lets both folders change places in one step, where the file system can; else in two.
    pub(super) fn exchange(&self, mark: &Mark) -> Result<(), Error> {
        let rename = |from: &Path, to: &Path| fs::rename(from, to).map_err(|error| failed(to, &error));
        match &mark.kept {
            None => rename(&self.beside, &self.data)?,
            Some(kept) => match renameat_with(CWD, &self.beside, CWD, &self.data, RenameFlags::EXCHANGE) {
                Ok(()) => {}
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                    rename(&self.data, kept)?;
                    if let Err(error) = rename(&self.beside, &self.data) {
                        rename(kept, &self.data)?;
                        return Err(error);
                    }
                }
                Err(error) => return Err(failed(&self.data, &error.into())),
            },
        }
        sync_folder(self.around())
    }

    /// Gives the replaced data directory its name and takes the mark away; answers with where the replaced data is. An
    /// empty directory is not kept.
    pub(super) fn finish(&self, mark: &Mark) -> Result<Option<PathBuf>, Error> {
        if let Some(kept) = mark.kept.as_ref().filter(|_| self.beside.exists())
            && fs::remove_dir(&self.beside).is_err()
        {
            fs::rename(&self.beside, kept).map_err(|error| failed(kept, &error))?;
        }
        sync_folder(self.around())?;
        for name in [LOADING, MARK] {
            match fs::remove_file(self.data.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(failed(&self.data.join(name), &error));
                }
                _ => {}
            }
        }
        sync_folder(&self.data)?;
        Ok(mark.kept.clone().filter(|kept| kept.exists()))
    }

    /// Puts the mark into the folder that is made ready, locked.
    pub(super) fn mark(&self, mark: &Mark) -> Result<File, Error> {
        let path = self.beside.join(MARK);
        let text = serde_json::to_vec(mark).map_err(Error::internal)?;
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.lock()?;
            file.write_all(&text)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = write().map_err(|error: std::io::Error| failed(&path, &error))?;
        sync_folder(&self.beside)?;
        Ok(file)
    }

    /// Takes the lock of a mark that somebody left.
    pub(super) fn take_mark(&self) -> Result<File, Error> {
        let path = self.beside.join(MARK);
        let file = File::open(&path).map_err(|error| failed(&path, &error))?;
        file.try_lock().map_err(|_| running())?;
        Ok(file)
    }
}

fn sibling(data: &Path, end: &str) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(end);
    data.with_file_name(name)
}

enum Seen {
    Nothing,
    Locked,
    /// Nothing where it cannot be read: it was not written to its end.
    Mark(Option<Box<Mark>>),
}

fn look(path: &Path) -> Result<Seen, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Seen::Nothing),
        Err(error) => return Err(failed(path, &error)),
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(Seen::Locked),
        Err(TryLockError::Error(error)) => Err(failed(path, &error)),
        Ok(()) => Ok(Seen::Mark(serde_json::from_reader(file).ok())),
    }
}

pub(super) fn running() -> Error {
    Error::mistake("restore-running", [])
}

pub(super) fn between(mark: &Mark) -> Error {
    Error::mistake("restore-between", [("backup", mark.backup.display().to_string())])
}

pub(super) fn gap(places: &Places, mark: &Mark) -> Error {
    let shown = |path: &Path| path.display().to_string();
    let kept = mark.kept.as_deref().map(shown).unwrap_or_default();
    Error::mistake(
        "restore-gap",
        [("directory", shown(&places.data)), ("restored", shown(&places.beside)), ("replaced", kept)],
    )
}

/// Before a data directory is used: finishes what an interrupted restore has left where nothing can be wrong about it. The
/// answer is what whoever starts should know.
///
/// # Errors
/// Where the data directory must not be used as it is; the sentence says what to do.
pub fn settle(data: &Path) -> Result<Option<Error>, Error> {
    let places = Places::of(data)?;
    let shown = |path: &Path| path.display().to_string();
    match places.standing()? {
        Standing::Nothing | Standing::InTheWay => Ok(None),
        Standing::Running => Err(running()),
        Standing::Between(mark) => Err(between(&mark)),
        Standing::Gap(mark) => Err(gap(&places, &mark)),
        Standing::Unfinished => Ok(Some(Error::mistake("restore-unfinished", [("directory", shown(&places.beside))]))),
        Standing::Exchanged(mark) => {
            let kept = places.finish(&mark)?.map(|kept| shown(&kept)).unwrap_or_default();
            let backup = shown(&mark.backup);
            Ok(Some(Error::mistake("restore-finished", [("backup", backup), ("replaced", kept)])))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(kept: Option<PathBuf>) -> Mark {
        Mark { backup: "/b".into(), sha256: "ab".into(), kept, schema: None, details: serde_json::Value::Null }
    }

    fn directory_with(path: &Path, file: &str) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join(file), file).unwrap();
    }

    /// A data directory, and beside it one that is ready.
    fn ready(folder: &Path) -> (Places, Mark) {
        directory_with(&folder.join("data"), "old");
        let places = Places::of(&folder.join("data")).unwrap();
        directory_with(&places.beside, "new");
        let mark = mark(Some(places.kept(0).unwrap()));
        (places, mark)
    }

    #[test]
    fn wherever_it_is_killed_the_old_or_the_restored_data_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let (places, mark) = ready(folder.path());
        let lock = places.mark(&mark).unwrap();
        assert_eq!(places.standing().unwrap(), Standing::Running);
        assert!(settle(&places.data).is_err(), "nobody starts while it is at work");
        drop(lock);
        assert_eq!(places.standing().unwrap(), Standing::Unfinished);
        assert!(settle(&places.data).unwrap().is_some() && places.data.join("old").exists());

        places.exchange(&mark).unwrap();
        assert!(places.data.join("new").exists() && places.beside.join("old").exists());
        assert_eq!(places.standing().unwrap(), Standing::Exchanged(Box::new(mark.clone())));
        assert!(settle(&places.data).unwrap().is_some());
        assert!(mark.kept.as_ref().unwrap().join("old").exists() && !places.beside.exists());
        assert!(settle(&places.data).unwrap().is_none() && !places.data.join(MARK).exists());
    }

    #[test]
    fn between_two_steps_of_an_older_file_system_it_is_said_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let (places, mark) = ready(folder.path());
        drop(places.mark(&mark).unwrap());
        fs::rename(&places.data, mark.kept.as_ref().unwrap()).unwrap();
        assert_eq!(places.standing().unwrap(), Standing::Gap(Box::new(mark.clone())));
        let said = settle(&places.data).unwrap_err().in_words(kit::Lang::En);
        assert!(said.contains("data.restoring") && said.contains("data.before-1970"), "{said}");
    }

    #[test]
    fn while_registers_elsewhere_may_be_the_restored_ones_nobody_starts() {
        let folder = tempfile::tempdir().unwrap();
        let (places, mark) = ready(folder.path());
        drop(places.mark(&mark).unwrap());
        fs::write(places.beside.join(LOADING), "").unwrap();
        assert_eq!(places.standing().unwrap(), Standing::Between(Box::new(mark)));
        assert!(settle(&places.data).unwrap_err().in_words(kit::Lang::En).contains("/b"));
    }

    #[test]
    fn what_was_made_ready_goes_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (places, mark) = ready(folder.path());
        assert_eq!(places.standing().unwrap(), Standing::InTheWay);
        drop(places.mark(&mark).unwrap());
        places.clear().unwrap();
        assert!(!places.beside.exists() && places.data.join("old").exists());
        fs::create_dir(&places.beside).unwrap();
        assert_eq!(places.standing().unwrap(), Standing::Nothing, "an empty folder");
    }

    #[test]
    fn on_a_new_machine_there_is_nothing_to_keep() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::of(&folder.path().join("data")).unwrap();
        directory_with(&places.beside, "new");
        let lock = places.mark(&mark(None)).unwrap();
        places.exchange(&mark(None)).unwrap();
        assert_eq!(places.finish(&mark(None)).unwrap(), None);
        drop(lock);
        assert!(places.data.join("new").exists() && places.standing().unwrap() == Standing::Nothing);
    }
}
