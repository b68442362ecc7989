//! One process per directory: an advisory lock that the kernel frees when the process ends, however it ends.

use crate::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
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
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(dir.join("lock"))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = (&mut file).take(20).read_to_string(&mut text);
                return Err(StoreError::Locked { dir: dir.to_owned(), pid: text.trim().parse().unwrap_or(0) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // The number is for people; what counts is the lock, which a full disk gives too.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}
