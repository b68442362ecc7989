//! One process per directory: an advisory lock that the kernel frees when the process ends, however it ends.

use crate::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;

/// Keeps every other process out of the store in a directory as long as it lives.
pub struct DirectoryLock(#[expect(dead_code, reason = "held for its lock")] File);

impl DirectoryLock {
    /// Takes the lock of a directory that is there.
    ///
    /// # Errors
    /// `Locked` where another process has it.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io("lock the store's directory", error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(dir.join("lock"))
            .map_err(failed)?;
        let mut file = hold(dir, file)?;
        // The number is for people; what counts is the lock, which a full disk gives too.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self(file))
    }

    /// The same for who changes nothing, not even this; nothing where nobody ever took it.
    pub(crate) fn look(dir: &Path) -> Result<Option<Self>, StoreError> {
        match File::open(dir.join("lock")) {
            Ok(file) => hold(dir, file).map(|file| Some(Self(file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("lock the store's directory", error)),
        }
    }
}

fn hold(dir: &Path, mut file: File) -> Result<File, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = (&mut file).take(20).read_to_string(&mut text);
            Err(StoreError::Locked { dir: dir.to_owned(), pid: text.trim().parse().unwrap_or(0) })
        }
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock the store's directory", error)),
    }
}
