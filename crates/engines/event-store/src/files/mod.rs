//! The few file operations that durability rests on, behind a trait, so that a test can record writes, syncs
//! and renames and replay every state a crash may legally leave. Nothing here knows what the files hold.

mod real;
#[cfg(test)]
pub(crate) mod simulated;

pub(crate) use real::RealFiles;

use std::io;
use std::path::Path;

pub(crate) trait FileLayer: Send + Sync + 'static {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Names of the files in a folder, sorted; an absent folder is empty.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Creates a file that must not exist yet.
    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;
    fn open(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;
    fn size(&self, path: &Path) -> io::Result<u64>;
    /// Up to `length` bytes from `offset`; fewer at the end of the file.
    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// A second name for a file; the name must be free.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes created, renamed and removed names of a folder durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let size = usize::try_from(self.size(path)?).map_err(io::Error::other)?;
        self.read_at(path, 0, size)
    }
}

pub(crate) trait AppendFile: Send {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the content durable. The name is durable only after `FileLayer::sync_dir`.
    fn sync(&mut self) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// Whether a write failed for want of space (disk or quota), which is worth trying again later.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
