//! Files and folders that their owner alone reads, and what of a data directory is copied as it lies.

use super::settle::{LOADING, MARK};
use super::{CHECKPOINTS, EVENTS, SETTINGS, SQLITE, failed};
use event_store::{CopiedFile, CopyFault, UncopiedFile, copy_file};
use kit::Error;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What makes itself anew, or belongs to one run.
const PASSING: [&str; 6] = ["control.json", "spare", "flow-templates.json", "flow-templates.new", MARK, LOADING];

pub(super) fn make_folder(path: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).create(path).map_err(|error| failed(path, &error))
}

/// With the folders above it.
pub(super) fn make_folders(path: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).recursive(true).create(path).map_err(|error| failed(path, &error))
}

/// Writes a file that is not there yet; its content is durable.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error: io::Error| failed(path, &error))
}

pub(super) fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| failed(path, &error))
}

/// Makes the names in a folder and in those below it durable.
pub(super) fn sync_tree(path: &Path) -> Result<(), Error> {
    for entry in entries(path)? {
        if entry.file_type().map_err(|error| failed(path, &error))?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    sync_folder(path)
}

fn entries(path: &Path) -> Result<Vec<fs::DirEntry>, Error> {
    let read = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    read.map_err(|error| failed(path, &error))
}

/// Copies one file to its path in a folder.
pub(super) fn copy_to(from: &Path, folder: &Path, path: &str) -> Result<CopiedFile, Error> {
    try_copy(from, folder, path)?.map_err(|error| failed(from, &error))
}

/// The same; a file that cannot be read is told of, and is no error of the whole.
fn try_copy(from: &Path, folder: &Path, path: &str) -> Result<Result<CopiedFile, io::Error>, Error> {
    let to = folder.join(path);
    if let Some(above) = to.parent() {
        make_folders(above)?;
    }
    match copy_file(from, &to, u64::MAX, &|| false) {
        Ok((bytes, sha256)) => Ok(Ok(CopiedFile { path: path.to_owned(), bytes, sha256 })),
        Err(CopyFault::Unreadable(error)) => Ok(Err(error)),
        Err(CopyFault::Unwritable(error)) => Err(failed(&to, &error)),
    }
}

/// Copies files as they lie. Those that cannot be read come back with the reason; one that went meanwhile is not missed.
pub(super) fn copy_all(
    data: &Path,
    folder: &Path,
    paths: &[String],
) -> Result<(Vec<CopiedFile>, Vec<UncopiedFile>), Error> {
    let (mut files, mut uncopied) = (Vec::new(), Vec::new());
    for path in paths {
        match try_copy(&data.join(path), folder, path)? {
            Ok(file) => files.push(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => uncopied.push(UncopiedFile { path: path.clone(), reason: error.to_string() }),
        }
    }
    Ok((files, uncopied))
}

/// A file that is in its place already.
pub(super) fn measured(folder: &Path, path: &str) -> Result<CopiedFile, Error> {
    let file = folder.join(path);
    let (bytes, sha256) = event_store::measure_file(&file).map_err(|error| failed(&file, &error))?;
    Ok(CopiedFile { path: path.to_owned(), bytes, sha256 })
}

/// Files of a data directory by what becomes of them. Registers, events and checkpoints are not among them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    /// Copied as they lie: rules, content, whatever else was put there.
    pub plain: Vec<String>,
    /// Keys, and the settings, which may hold passwords.
    pub secret: Vec<String>,
    /// Links and names that are no UTF-8: not copied.
    pub skipped: Vec<String>,
    /// Folders that cannot be read.
    pub unreadable: Vec<UncopiedFile>,
}

impl Beside {
    pub(super) fn list(data: &Path) -> Result<Self, Error> {
        let mut found = Self::default();
        for entry in entries(data)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let registers = name.strip_prefix(SQLITE).is_some_and(|rest| ["", "-wal", "-shm"].contains(&rest));
            if registers || name == EVENTS || PASSING.contains(&name.as_str()) {
                continue;
            }
            found.add(&entry, name)?;
        }
        found.plain.sort();
        found.secret.sort();
        Ok(found)
    }

    fn add(&mut self, entry: &fs::DirEntry, path: String) -> Result<(), Error> {
        // Copied up to the rows that the registers have.
        if path == CHECKPOINTS {
            return Ok(());
        }
        let is_secret = path == SETTINGS || path.ends_with(".key") || path.ends_with(".key.new");
        let kind = entry.file_type().map_err(|error| failed(&entry.path(), &error))?;
        if entry.file_name().to_str().is_none() || !(kind.is_file() || kind.is_dir()) {
            self.skipped.push(path);
        } else if kind.is_file() && is_secret {
            self.secret.push(path);
        } else if kind.is_file() {
            self.plain.push(path);
        } else {
            self.add_below(&entry.path(), path)?;
        }
        Ok(())
    }

    fn add_below(&mut self, folder: &Path, path: String) -> Result<(), Error> {
        match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries.iter().try_for_each(|below| {
                let name = below.file_name().to_string_lossy().into_owned();
                self.add(below, format!("{path}/{name}"))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => {
                self.unreadable.push(UncopiedFile { path, reason: error.to_string() });
                Ok(())
            }
        }
    }
}

/// All files below a folder, by path.
pub(super) fn paths_below(folder: &Path) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(at) = folders.pop() {
        for entry in entries(&folder.join(&at))? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if at.is_empty() { name } else { format!("{at}/{name}") };
            match entry.file_type().map_err(|error| failed(&entry.path(), &error))?.is_dir() {
                true => folders.push(path),
                false => paths.push(path),
            }
        }
    }
    paths.sort();
    Ok(paths)
}

/// Gives a folder and all below it to an owner, where that is somebody else: whoever restores may be root, whoever serves
/// is not.
pub(super) fn give_to(path: &Path, owner: &fs::Metadata) -> Result<(), Error> {
    let own = fs::symlink_metadata(path).map_err(|error| failed(path, &error))?;
    if (own.uid(), own.gid()) != (owner.uid(), owner.gid()) {
        let given = std::os::unix::fs::lchown(path, Some(owner.uid()), Some(owner.gid()));
        given.map_err(|error| failed(path, &error))?;
    }
    if own.is_dir() {
        for entry in entries(path)? {
            give_to(&entry.path(), owner)?;
        }
    }
    Ok(())
}

/// A folder of its own in the system's place for passing files; gone with this.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("luytre-{}", crate::control::new_secret()));
        make_folder(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_settings_are_told_from_the_rest_and_links_are_not_followed() {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir_all(data.path().join("rules/own")).unwrap();
        fs::create_dir_all(data.path().join("events/log")).unwrap();
        for name in
            ["fields.key", "luytre.toml", "rules/own/a.yml", "registers.sqlite", "registers.sqlite-wal", "spare"]
        {
            fs::write(data.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("/etc", data.path().join("rules/etc")).unwrap();
        let found = Beside::list(data.path()).unwrap();
        assert_eq!(found.plain, ["rules/own/a.yml"]);
        assert_eq!(found.secret, ["fields.key", "luytre.toml"]);
        assert_eq!(found.skipped, ["rules/etc"]);
        let below = paths_below(&data.path().join("rules")).unwrap();
        assert_eq!(below, ["etc", "own/a.yml"]);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_is_copied() {
        let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(data.path().join("rules/no-file")).unwrap();
        for name in ["rules/a.yml", "rules/z.yml"] {
            fs::write(data.path().join(name), name).unwrap();
        }
        let paths = ["rules/a.yml", "rules/gone.yml", "rules/no-file", "rules/z.yml"].map(str::to_owned);
        let (files, uncopied) = copy_all(data.path(), to.path(), &paths).unwrap();
        assert_eq!(files.iter().map(|file| &*file.path).collect::<Vec<_>>(), ["rules/a.yml", "rules/z.yml"]);
        assert_eq!(
            uncopied.iter().map(|one| &*one.path).collect::<Vec<_>>(),
            ["rules/no-file"],
            "a folder does not read"
        );
        assert_eq!(paths_below(to.path()).unwrap(), ["rules/a.yml", "rules/z.yml"]);
        fs::write(to.path().join("taken"), "").unwrap();
        fs::write(data.path().join("taken"), "").unwrap();
        assert!(copy_all(data.path(), to.path(), &["taken".to_owned()]).is_err(), "what cannot be written ends it");
        assert!(copy_to(&data.path().join("rules/no-file"), to.path(), "other").is_err());
        let mut found = Beside::default();
        found.add_below(&data.path().join("rules/a.yml"), "rules/a.yml".to_owned()).unwrap();
        assert_eq!(found.unreadable.len(), 1, "no folder");
    }

    #[test]
    fn a_scratch_folder_goes() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        write_new(&path.join("a"), b"a").unwrap();
        assert!(write_new(&path.join("a"), b"b").is_err(), "nothing is written over");
        drop(scratch);
        assert!(!path.exists());
    }
}
