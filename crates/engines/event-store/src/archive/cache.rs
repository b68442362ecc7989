//! Pieces of archived segments that were read, kept on the store's own disk: a file with holes for each segment, its
//! pieces where they lie in the segment. Nothing says which pieces are there: a hole, or whatever else is wrong, does not
//! have the checksum that the manifest names. So the folder may be deleted at any time, also in part. What was used
//! longest ago goes first, file by file.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub(crate) struct Cache {
    dir: PathBuf,
    /// Bytes that all files together may take.
    limit: u64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    files: HashMap<String, Kept>,
    bytes: u64,
    turn: u64,
}

struct Kept {
    bytes: u64,
    /// The turn in which it was last used.
    used: u64,
}

impl Cache {
    /// What is there of an earlier time is used on.
    pub(crate) fn open(dir: &Path, limit: u64) -> Self {
        let mut found: Vec<(SystemTime, String, u64)> = Vec::new();
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if let Ok(data) = entry.metadata() {
                let name = entry.file_name().to_string_lossy().into_owned();
                found.push((data.modified().unwrap_or(SystemTime::UNIX_EPOCH), name, allocated(&data)));
            }
        }
        found.sort();
        let mut held = Held::default();
        for (_, name, bytes) in found {
            held.turn += 1;
            held.bytes += bytes;
            held.files.insert(name, Kept { bytes, used: held.turn });
        }
        let cache = Self { dir: dir.to_owned(), limit, held: Mutex::new(held) };
        cache.make_room(&mut cache.held());
        cache
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.held().bytes
    }

    /// Bytes on the disk of one segment.
    pub(crate) fn bytes_of(&self, segment: &str) -> u64 {
        self.held().files.get(&file_name(segment)).map_or(0, |kept| kept.bytes)
    }

    /// What lies at a place of a segment. It may be anything: the checksum tells.
    pub(crate) fn read(&self, segment: &str, at: u64, length: usize) -> Option<Vec<u8>> {
        let name = file_name(segment);
        {
            let mut held = self.held();
            held.turn += 1;
            let turn = held.turn;
            held.files.get_mut(&name)?.used = turn;
        }
        let file = File::open(self.dir.join(&name)).ok()?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, at).ok()?;
        // The order of use outlives the program.
        let _ = file.set_modified(SystemTime::now());
        Some(bytes)
    }

    /// Keeps a piece. Where that fails it is read from the archive again another time.
    pub(crate) fn keep(&self, segment: &str, at: u64, bytes: &[u8]) {
        if self.limit == 0 {
            return;
        }
        let name = file_name(segment);
        let taken = match self.write(&name, at, bytes) {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "a piece of an archived segment could not be kept");
                return;
            }
        };
        let mut held = self.held();
        held.turn += 1;
        let kept = Kept { bytes: taken, used: held.turn };
        let before = held.files.insert(name, kept).map_or(0, |kept| kept.bytes);
        held.bytes = (held.bytes + taken).saturating_sub(before);
        self.make_room(&mut held);
    }

    /// Bytes that the file takes afterwards.
    fn write(&self, name: &str, at: u64, bytes: &[u8]) -> io::Result<u64> {
        fs::create_dir_all(&self.dir)?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.dir.join(name))?;
        file.write_all_at(bytes, at)?;
        Ok(allocated(&file.metadata()?).max(bytes.len() as u64))
    }

    /// Removes files until the rest is within the limit, and be it all of them.
    fn make_room(&self, held: &mut Held) {
        while held.bytes > self.limit {
            let Some(name) = held.files.iter().min_by_key(|(_, kept)| kept.used).map(|(name, _)| name.clone()) else {
                return;
            };
            self.remove(held, &name);
        }
    }

    fn remove(&self, held: &mut Held, name: &str) {
        if let Some(kept) = held.files.remove(name) {
            held.bytes = held.bytes.saturating_sub(kept.bytes);
            let _ = fs::remove_file(self.dir.join(name));
        }
    }

    /// The segment is gone.
    pub(crate) fn forget(&self, segment: &str) {
        self.remove(&mut self.held(), &file_name(segment));
    }
}

/// Bytes that a file with holes takes.
fn allocated(data: &fs::Metadata) -> u64 {
    data.blocks() * 512
}

fn file_name(segment: &str) -> String {
    segment.replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 64 << 10;

    #[test]
    fn what_was_used_longest_ago_goes_first_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path(), 3 * PIECE as u64);
        for segment in ["2026-01-01/a", "2026-01-01/b", "2026-01-01/c"] {
            cache.keep(segment, 0, &[7; PIECE]);
        }
        assert_eq!(cache.bytes(), 3 * PIECE as u64);
        assert_eq!(cache.read("2026-01-01/a", 0, PIECE), Some(vec![7; PIECE]));
        assert_eq!(cache.read("2026-01-01/a", PIECE as u64, PIECE), None, "it ends before");
        drop(cache);
        let cache = Cache::open(dir.path(), 3 * PIECE as u64);
        cache.keep("2026-01-01/d", 10 * PIECE as u64, &[8; PIECE]);
        assert!(cache.bytes() <= 3 * PIECE as u64, "a hole takes no room");
        assert_eq!(cache.read("2026-01-01/b", 0, PIECE), None, "used longest ago");
        assert!(cache.read("2026-01-01/a", 0, PIECE).is_some());
        assert_eq!(cache.read("2026-01-01/d", 10 * PIECE as u64, PIECE), Some(vec![8; PIECE]));
        cache.forget("2026-01-01/d");
        assert_eq!(cache.read("2026-01-01/d", 10 * PIECE as u64, PIECE), None);
    }

    #[test]
    fn a_folder_that_is_deleted_and_a_limit_of_nothing_are_no_trouble() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache"), 1 << 20);
        cache.keep("a", 0, &[7; PIECE]);
        fs::remove_dir_all(dir.path().join("cache")).unwrap();
        assert_eq!(cache.read("a", 0, PIECE), None);
        cache.keep("a", 0, &[7; PIECE]);
        assert!(cache.read("a", 0, PIECE).is_some());
        let none = Cache::open(&dir.path().join("none"), 0);
        none.keep("a", 0, &[7; PIECE]);
        assert_eq!((none.bytes(), none.read("a", 0, PIECE)), (0, None));
        let small = Cache::open(&dir.path().join("small"), 1);
        small.keep("a", 0, &[7; PIECE]);
        assert_eq!(small.bytes(), 0, "the limit holds for a single file as well");
    }
}
