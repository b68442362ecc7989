//! What lies in a watched folder.

use crate::sources::adoption::is_like;
use event::Micros;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Folders deeper than this are not entered.
const DEEPEST: usize = 16;

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Under what its mark is kept.
    pub(super) fn key(self) -> String {
        format!("watch/{:x}-{}", self.device, self.inode)
    }
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    pub(super) length: u64,
    pub(super) changed: Micros,
    /// Its name is one of those asked for.
    pub(super) wanted: bool,
}

/// All files, in order of their names.
pub(super) fn list(folder: &Path, names: &[String], subfolders: bool) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    walk(folder, names, if subfolders { DEEPEST } else { 0 }, &mut found)?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn walk(folder: &Path, names: &[String], depth: usize, found: &mut Vec<Found>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A file may go at any moment; links are followed by nobody, so that none leads out of the folder.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if name.starts_with('.') {
            continue;
        }
        if metadata.is_dir() && depth > 0 {
            // What cannot be read below does not keep the rest from being read.
            let _ = walk(&path, names, depth - 1, found);
        } else if metadata.is_file() {
            let wanted = names.is_empty() || names.iter().any(|pattern| is_like(pattern, &name));
            let changed = metadata.mtime().saturating_mul(1_000_000).saturating_add(metadata.mtime_nsec() / 1_000);
            found.push(Found { identity: Identity::of(&metadata), length: metadata.len(), path, changed, wanted });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        assert!(is_like("*.log", "a.log") && is_like("*", ""));
        assert!(is_like("a?c*", "abcdef") && is_like("*a*b", "xaxxbab"));
        assert!(!is_like("*.log", "a.log.1") && !is_like("?", "") && !is_like("a*b", "ac"));
        assert!(is_like("nhật?ký-*.log", "nhật ký-1.log"));
    }

    #[test]
    fn links_hidden_files_and_folders_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("below")).unwrap();
        for name in ["b.log", "a.log", ".hidden.log", "a.txt", "below/c.log"] {
            fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(at("a.log"), at("link.log")).unwrap();
        let names = |subfolders| {
            let found = list(folder.path(), &["*.log".to_owned()], subfolders).unwrap();
            let wanted = found.into_iter().filter(|one| one.wanted);
            wanted.map(|one| one.path.file_name().unwrap().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["a.log", "b.log"]);
        assert_eq!(names(true), ["a.log", "b.log", "c.log"]);
    }
}
