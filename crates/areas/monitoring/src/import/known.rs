//! How far a growing log was imported. A file is recognised by its content, never by its name: its first line leads to
//! the beginnings that were imported, and the longest of them that the file still begins with is left out.

use super::ImportError;
use super::files::text_of;
use event_store::{Store, StoreError};
use ingest::files::{Place, is_of_lines};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Beginnings kept for one first line; files of one program often share theirs.
const MOST: usize = 64;
/// Bytes of the first line that count.
const HEAD: u64 = 16 << 10;

/// A beginning that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Beginning {
    bytes: u64,
    /// Of these bytes.
    sha256: String,
}

/// Where the import of a file goes on, if a beginning of it was imported; not by this import, which has stored `here`.
pub(super) async fn grown(
    store: &Store,
    path: &Path,
    here: &HashMap<String, String>,
) -> Result<Option<Place>, ImportError> {
    let Some(key) = blocking(path, key).await? else { return Ok(None) };
    let mut known = beginnings(store, &key)?;
    known.retain(|one| !here.contains_key(&one.sha256));
    if known.is_empty() {
        return Ok(None);
    }
    let found = blocking(path, move |path| longest(path, &known)).await?;
    Ok(found.filter(|place| place.bytes > 0))
}

/// Notes that the whole file was imported, or only so many lines of it.
pub(super) async fn remember(store: &Store, path: &Path, lines: Option<u64>) -> Result<(), ImportError> {
    let Some(key) = blocking(path, key).await? else { return Ok(()) };
    let Some(whole) = blocking(path, move |path| measure(path, lines).map(Some)).await? else { return Ok(()) };
    let mut known = beginnings(store, &key)?;
    known.retain(|one| *one != whole);
    known.push(whole);
    let late = known.len().saturating_sub(MOST);
    known.drain(..late);
    let note = serde_json::to_string(&known).map_err(|error| ImportError::Reading(error.to_string()))?;
    Ok(store.remember_import(&key, &note)?)
}

fn beginnings(store: &Store, key: &str) -> Result<Vec<Beginning>, StoreError> {
    Ok(store.import_known(key)?.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default())
}

/// A file that cannot be read here is reported when its records are.
async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&Path) -> io::Result<Option<T>> + Send + 'static,
) -> Result<Option<T>, ImportError> {
    let path = PathBuf::from(path);
    let done = tokio::task::spawn_blocking(move || work(&path).ok().flatten());
    done.await.map_err(|error| ImportError::Reading(error.to_string()))
}

/// Under what a file is looked up: its first line, where it is a file of lines.
fn key(path: &Path) -> io::Result<Option<String>> {
    if !is_of_lines(path)? {
        return Ok(None);
    }
    let mut line = Vec::new();
    BufReader::new(ingest::files::open(path)?).take(HEAD).read_until(b'\n', &mut line)?;
    let mut hasher = Sha256::new();
    hasher.update(line.trim_ascii_end());
    Ok((!line.is_empty()).then(|| format!("lines/{}", text_of(hasher))))
}

fn measure(path: &Path, lines: Option<u64>) -> io::Result<Beginning> {
    let mut left = lines;
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut reader = BufReader::with_capacity(256 << 10, ingest::files::open(path)?);
    loop {
        let mut part = reader.fill_buf()?;
        if let Some(left) = &mut left {
            let mut ends = part.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
            let last = ends.by_ref().take(wanted).inspect(|_| *left -= 1).last();
            if *left == 0 {
                part = part.get(..last.map_or(0, |(end, _)| end + 1)).unwrap_or_default();
            }
        }
        if part.is_empty() {
            return Ok(Beginning { bytes, sha256: text_of(hasher) });
        }
        let length = part.len();
        hasher.update(part);
        bytes += length as u64;
        reader.consume(length);
    }
}

/// The end of the longest of these beginnings that the file has.
fn longest(path: &Path, known: &[Beginning]) -> io::Result<Option<Place>> {
    let mut known: Vec<&Beginning> = known.iter().collect();
    known.sort_by_key(|one| one.bytes);
    let mut reader = BufReader::with_capacity(256 << 10, ingest::files::open(path)?);
    let (mut hasher, mut found) = (Sha256::new(), None);
    // Where the reader stands, and where the line begins that it stands in.
    let (mut at, mut line) = (0, Place::default());
    for one in known {
        while at < one.bytes {
            let part = reader.fill_buf()?;
            let wanted = usize::try_from(one.bytes - at).unwrap_or(usize::MAX);
            let Some(part) = part.get(..wanted.min(part.len())).filter(|part| !part.is_empty()) else {
                return Ok(found);
            };
            hasher.update(part);
            for (end, _) in part.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
                line = Place { bytes: at + end as u64 + 1, lines: line.lines + 1 };
            }
            let length = part.len();
            at += length as u64;
            reader.consume(length);
        }
        if text_of(hasher.clone()) == one.sha256 {
            let next = reader.fill_buf()?.first();
            found = Some(match next {
                // Its last line lacked nothing but its end.
                Some(b'\n' | b'\r') if line.bytes < at => Place { bytes: at, lines: line.lines },
                // A line that was written half is read again as a whole.
                _ => line,
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(before: &str, after: &str) -> Option<(u64, u64)> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        std::fs::write(&path, before).unwrap();
        let known = measure(&path, None).unwrap();
        let first = key(&path).unwrap();
        std::fs::write(&path, after).unwrap();
        assert!(key(&path).unwrap().is_some());
        let found = longest(&path, &[known]).unwrap();
        // Without its end the first line of a file may have grown too; then it is another file.
        found.filter(|_| key(&path).unwrap() == first).map(|place| (place.bytes, place.lines))
    }

    #[test]
    fn a_log_goes_on_behind_what_was_imported() {
        assert_eq!(place("one\ntwo\n", "one\ntwo\nthree\n"), Some((8, 2)));
        assert_eq!(place("one\ntwo", "one\ntwo\nthree\n"), Some((7, 1)));
        assert_eq!(place("one\ntw", "one\ntwo\n"), Some((4, 1)), "a half line is read as a whole");
        assert_eq!(place("one\ntwo\n", "one\nTWO\nthree\n"), None, "another file");
        assert_eq!(place("one\ntwo\nthree\n", "one\n"), None, "a shorter file has none of it");
    }

    #[test]
    fn so_many_lines_of_a_file_are_a_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let two = measure(&path, Some(2)).unwrap();
        assert_eq!(two.bytes, 8);
        assert_eq!(longest(&path, &[two]).unwrap(), Some(Place { bytes: 8, lines: 2 }));
        assert_eq!(measure(&path, Some(9)).unwrap(), measure(&path, None).unwrap());
    }

    #[test]
    fn values_over_many_lines_are_no_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("array.json");
        std::fs::write(&path, "[{\"a\":1}]").unwrap();
        assert_eq!(key(&path).unwrap(), None);
        std::fs::write(&path, "{\"a\":1}\n{\"a\":2}\n").unwrap();
        assert!(key(&path).unwrap().is_some());
    }
}
