//! Passwords known from breaches: a file that the administrator supplies, in the form in which such lists are handed
//! out (`SHA-1 in hexadecimal:count`, one a line, in order of the hash). It is searched on the disk, line by line and
//! never read as a whole: the well-known list has some forty gigabytes.

use kit::Error;
use sha1::{Digest, Sha1};
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Hexadecimal digits of a hash.
const DIGITS: usize = 40;
/// Lines at the beginning that tell whether it is such a list: one in order of how often passwords occur is not.
const LOOKED_AT: usize = 1_000;
/// Longer than any line of such a list.
const PIECE: usize = 256;

/// The list. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Breached(PathBuf);

impl Breached {
    /// The list at a path; an error where it cannot be read or is no such list.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (mut hashes, mut place) = (Vec::new(), 0);
        while let Some((next, hash)) = line_after(&mut file, place, place == 0)?.filter(|_| hashes.len() < LOOKED_AT) {
            hashes.push(hash);
            place = next.saturating_sub(1);
        }
        match hashes.is_sorted() && !hashes.is_empty() {
            true => Ok(Self(path.to_owned())),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "not a list of SHA-1 hashes in order")),
        }
    }

    /// Whether the password is in it. The file is read on a thread that may wait.
    pub async fn contains(&self, password: &str) -> Result<bool, Error> {
        let (path, hash) = (self.0.clone(), hash(password));
        let search = move || find(&mut File::open(path)?, &hash);
        tokio::task::spawn_blocking(search)
            .await
            .map_err(Error::internal)?
            .map_err(|error| Error::Internal(format!("the list of breached passwords: {error}")))
    }

    /// What keeps the list from being read now, with its path; nothing where it can be read.
    pub async fn trouble(&self) -> Option<String> {
        let path = self.0.clone();
        let look = move || -> io::Result<()> {
            match line_after(&mut File::open(path)?, 0, true)? {
                Some(_) => Ok(()),
                None => Err(io::Error::new(io::ErrorKind::InvalidData, "empty")),
            }
        };
        let found = tokio::task::spawn_blocking(look).await.unwrap_or_else(|error| Err(io::Error::other(error)));
        found.err().map(|error| format!("{}: {error}", self.0.display()))
    }
}

fn hash(password: &str) -> String {
    let password: String = password.nfc().collect();
    hex::encode_upper(Sha1::digest(password.as_bytes()))
}

/// The first whole line at or after a place: where the next one begins, and its hash. `whole` says that a line begins
/// at the place itself. `None` past the last line.
fn line_after(file: &mut (impl Read + Seek), place: u64, whole: bool) -> io::Result<Option<(u64, String)>> {
    file.seek(SeekFrom::Start(place))?;
    let mut piece = Vec::with_capacity(2 * PIECE);
    file.take(2 * PIECE as u64).read_to_end(&mut piece)?;
    let begin = if whole { Some(0) } else { piece.iter().position(|byte| *byte == b'\n').map(|end| end + 1) };
    let Some(rest) = begin.and_then(|begin| piece.get(begin..)).filter(|rest| !rest.is_empty()) else {
        return Ok(None);
    };
    let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
    let digits = rest.get(..DIGITS.min(length)).unwrap_or_default();
    if digits.len() < DIGITS || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("no SHA-1 hash near byte {place}")));
    }
    let next = place + (piece.len() - rest.len() + length) as u64;
    Ok(Some((next, String::from_utf8_lossy(digits).to_ascii_uppercase())))
}

/// Whether a hash is among the lines, by halving the file.
fn find(file: &mut (impl Read + Seek), hash: &str) -> io::Result<bool> {
    let (mut low, mut high) = (0, file.seek(SeekFrom::End(0))?);
    // A line of interest begins at `low` or later, and before `high`.
    while low < high {
        let middle = low + (high - low) / 2;
        let found = line_after(file, middle, middle == 0)?;
        match found.map(|(next, have)| (next, have.as_str().cmp(hash))) {
            Some((_, Ordering::Equal)) => return Ok(true),
            Some((next, Ordering::Less)) if next > low => low = next - 1,
            _ => high = middle,
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::io::Cursor;

    fn text(hashes: &BTreeSet<String>, counts: &[u32], end: &str) -> String {
        let lines = hashes.iter().zip(counts.iter().cycle()).map(|(hash, count)| format!("{hash}:{count}"));
        lines.collect::<Vec<_>>().join(end)
    }

    proptest! {
        #[test]
        fn what_is_in_the_list_is_found_and_nothing_else(
            bytes in prop::collection::btree_set(any::<[u8; 20]>(), 1..200),
            counts in prop::collection::vec(any::<u32>(), 1..9),
            others in prop::collection::vec(any::<[u8; 20]>(), 1..20),
            ends in any::<(bool, bool)>(),
        ) {
            let hashes: BTreeSet<String> = bytes.iter().map(hex::encode_upper).collect();
            let end = if ends.0 { "\r\n" } else { "\n" };
            let mut file = Cursor::new(text(&hashes, &counts, end) + if ends.1 { end } else { "" });
            for hash in &hashes {
                prop_assert!(find(&mut file, hash).unwrap(), "{hash}");
            }
            for other in others.iter().map(hex::encode_upper) {
                prop_assert_eq!(find(&mut file, &other).unwrap(), hashes.contains(&other));
            }
        }
    }

    #[tokio::test]
    async fn a_password_of_the_list_is_known_however_its_accents_are_composed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list.txt");
        let passwords = ["P@ssw0rd!2026xyz", "Mậtmã-Cũ.2019-rò-rỉ"];
        let hashes: BTreeSet<String> = passwords.iter().map(|password| hash(password)).collect();
        std::fs::write(&path, text(&hashes, &[7], "\r\n")).unwrap();
        let list = Breached::open(&path).unwrap();
        for password in passwords {
            assert!(list.contains(password).await.unwrap());
            let decomposed: String = password.nfd().collect();
            assert!(list.contains(&decomposed).await.unwrap());
        }
        assert!(!list.contains("Tre-Xanh.Ven-Song.1975").await.unwrap());
        assert_eq!(list.trouble().await, None);
        std::fs::remove_file(&path).unwrap();
        assert!(list.contains("Tre-Xanh.Ven-Song.1975").await.is_err(), "a list that is gone lets nothing pass");
        assert!(list.trouble().await.is_some_and(|words| words.contains("list.txt")));
    }

    #[test]
    fn what_is_no_such_list_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list.txt");
        let out_of_order = format!("{}:1\n{}:1\n", "F".repeat(40), "0".repeat(40));
        for text in ["", "password\n123456\n", "da39a3ee:1\n", out_of_order.as_str()] {
            std::fs::write(&path, text).unwrap();
            assert!(Breached::open(&path).is_err(), "{text}");
        }
        assert!(Breached::open(&directory.path().join("none")).is_err());
    }
}
