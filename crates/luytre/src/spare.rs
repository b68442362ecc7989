//! A little room kept for the day when the disk is full: even reading a database needs some kilobytes beside it, and
//! the administrator must be able to look (`luytre query`, `search`, `doctor`). The file goes when a command finds no
//! room, and comes back when there is some.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Least and most bytes kept; between them a fiftieth of the disk.
const LEAST: u64 = 1 << 20;
const MOST: u64 = 4 << 20;

pub struct Spare {
    path: PathBuf,
}

impl Spare {
    /// Gives up the spare room of a directory whose disk is full.
    pub fn open(data: &Path) -> Self {
        let spare = Self { path: data.join("spare") };
        match room(data) {
            Some((free, _)) if free < LEAST / 2 => {
                if spare.give_up() {
                    tracing::warn!("the disk is full; the spare room kept for this is in use");
                }
            }
            _ => spare.keep(),
        }
        spare
    }

    /// Gives it up; whether there was some.
    pub fn give_up(&self) -> bool {
        std::fs::remove_file(&self.path).is_ok()
    }

    /// Takes spare room again where there is plenty.
    pub fn keep(&self) {
        let Some((free, all)) = self.path.parent().and_then(room) else { return };
        let size = (all / 50).clamp(LEAST, MOST);
        if self.path.exists() || free < size * 2 {
            return;
        }
        // Zeros are written, since a file with holes keeps no room.
        let block = vec![0; usize::try_from(size).unwrap_or_default()];
        let kept = File::create(&self.path).and_then(|mut file| file.write_all(&block));
        if kept.is_err() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Free bytes of the disk below a directory, and all of them.
pub fn room(directory: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    Some((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_room_is_kept_while_there_is_plenty() {
        let directory = tempfile::tempdir().unwrap();
        let spare = Spare::open(directory.path());
        let size = spare.path.metadata().unwrap().len();
        assert!((LEAST..=MOST).contains(&size));
        spare.keep();
        assert_eq!(spare.path.metadata().unwrap().len(), size);
        assert!(spare.give_up() && !spare.give_up() && !spare.path.exists());
    }
}
