//! Objects as files of a folder, such as a disk that is mounted for them. Written like segments: under another name,
//! fsync, rename, fsync of the folders.

use super::bytes::{ByteStore, Described};
use crate::files::{AppendFile, FileLayer};
use bytes::Bytes;
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// Copied at a time.
const STEP: usize = 1 << 20;
/// Nobody writes one file for so long.
const LEFT: Duration = Duration::from_secs(86_400);
/// Holds what is being written.
const UNFINISHED: &str = "unfinished";

pub(crate) struct Folder {
    root: PathBuf,
    files: Arc<dyn FileLayer>,
    written: AtomicU64,
}

impl Folder {
    pub(crate) fn new(root: PathBuf, files: Arc<dyn FileLayer>) -> Self {
        let folder = Self { root, files, written: AtomicU64::new(0) };
        folder.tidy();
        folder
    }

    /// Removes what was left unfinished long ago; what is younger may be another program's work.
    fn tidy(&self) {
        for entry in fs::read_dir(self.root.join(UNFINISHED)).into_iter().flatten().flatten() {
            let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > LEFT) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// The path of an object. Names are made by this program; one that leads out of the folder is refused.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let sound = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        match sound {
            true => Ok(self.root.join(name)),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no name of an object"))),
        }
    }

    /// Writes a file under a name of its own, durable but for the name.
    fn write(&self, from: &mut dyn Read) -> io::Result<PathBuf> {
        let folder = self.root.join(UNFINISHED);
        self.files.create_dir_all(&folder)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}", std::process::id()));
        if path.exists() {
            self.files.remove(&path)?;
        }
        let mut file = self.files.create(&path)?;
        let copied = copy(from, &mut *file).and_then(|()| file.sync());
        match copied {
            Ok(()) => Ok(path),
            Err(error) => {
                // What cannot be removed now is in the way of nobody.
                let _ = self.files.remove(&path);
                Err(error)
            }
        }
    }

    /// Makes the names on the way to a file durable.
    fn sync_names(&self, path: &Path) -> io::Result<()> {
        for folder in path.ancestors().skip(1) {
            self.files.sync_dir(folder)?;
            if folder == self.root {
                break;
            }
        }
        Ok(())
    }

    fn walk(&self, folder: &Path, names: &mut Vec<String>) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                self.walk(&path, names)?;
            } else if let Ok(name) = path.strip_prefix(&self.root) {
                names.push(name.to_string_lossy().into_owned());
            }
        }
        Ok(())
    }
}

fn copy(from: &mut dyn Read, file: &mut dyn AppendFile) -> io::Result<()> {
    let mut piece = vec![0; STEP];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(()),
            length => file.append(piece.get(..length).unwrap_or_default())?,
        }
    }
}

impl ByteStore for Folder {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn put(&self, name: &str, from: &mut dyn Read) -> io::Result<()> {
        let path = self.path(name)?;
        let written = self.write(from)?;
        self.files.create_dir_all(path.parent().unwrap_or(&self.root))?;
        self.files.rename(&written, &path)?;
        self.sync_names(&path)
    }

    fn put_new(&self, name: &str, bytes: Bytes) -> io::Result<bool> {
        let path = self.path(name)?;
        let written = self.write(&mut bytes.as_ref())?;
        self.files.create_dir_all(path.parent().unwrap_or(&self.root))?;
        let linked = self.files.link(&written, &path);
        self.files.remove(&written)?;
        match linked {
            Ok(()) => self.sync_names(&path).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Bytes> {
        let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
        let bytes = self.files.read_at(&self.path(name)?, range.start, length)?;
        match bytes.len() == length {
            true => Ok(bytes.into()),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{name} ends before {}", range.end))),
        }
    }

    fn describe(&self, name: &str) -> io::Result<Option<Described>> {
        let data = match fs::metadata(self.path(name)?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            data => data?,
        };
        let since = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = since.and_then(|since| i64::try_from(since.as_micros()).ok());
        Ok(Some(Described { bytes: data.len(), modified }))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        self.walk(&self.path(folder)?, &mut names)?;
        names.sort();
        Ok(names)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.path(name)?;
        match self.files.remove(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.files.sync_dir(path.parent().unwrap_or(&self.root)),
        }
    }
}
