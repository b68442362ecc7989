//! How far watched files, and feeds, were read. A mark is written with what is about to be stored before it is stored,
//! and again after; where a kill came in between, the log itself says whether it was. Lines are stored once, however often that
//! happens and however long after.

use event::{Listener, Micros, RawRecord};
use event_store::{BatchId, Store, StoreError};
use ingest::files::{Follower, Place};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// Bytes before a place by which a file is known again.
const TAIL: u64 = 1_024;
/// Places remembered for one first line; files of one program often share theirs.
const MOST_PLACES: usize = 64;

/// What is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Next {
    pub(crate) to: Place,
    pub(crate) tail: String,
    /// Last sequence of the log before it.
    after: u64,
    /// Arrival of all its records, and of no others.
    arrival: Micros,
}

/// How far a file was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) path: String,
    pub(crate) done: Place,
    /// Hash of the last bytes before the place.
    pub(crate) tail: String,
    pub(crate) next: Option<Next>,
}

/// A place in a file that is known by its first line: rotation copies files and packs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) place: Place,
    tail: String,
    /// Name of the file, without its folder.
    name: String,
}

impl Mark {
    /// The mark under a key, once it is sure how far the file was stored.
    pub(crate) async fn load(store: &Store, key: &str) -> Result<Option<Self>, StoreError> {
        let found = store.import_known(key)?.and_then(|note| serde_json::from_str::<Self>(&note).ok());
        let Some(mut mark) = found else { return Ok(None) };
        let Some(next) = mark.next.take() else { return Ok(Some(mark)) };
        if was_stored(store, &mark.path, &next).await? {
            (mark.done, mark.tail) = (next.to, next.tail);
        }
        mark.save(store, key)?;
        Ok(Some(mark))
    }

    pub(crate) fn save(&self, store: &Store, key: &str) -> Result<(), StoreError> {
        store.remember_import(key, &serde_json::to_string(self).unwrap_or_default())
    }

    /// Stores records and moves on. On an error it is not known whether they were stored; [`Mark::load`] finds out.
    pub(crate) async fn advance(
        &mut self,
        store: &Store,
        key: &str,
        to: Place,
        tail: String,
        records: Vec<RawRecord>,
    ) -> Result<(), StoreError> {
        let arrival = records.first().map_or(0, |record| record.arrival);
        let id = BatchId::of_client("watch", &format!("{key}/{}/{}/{arrival}", self.done.lines, to.lines));
        if !records.is_empty() {
            self.next = Some(Next { to, tail: tail.clone(), after: store.last_seq(), arrival });
            self.save(store, key)?;
            loop {
                match store.append(records.clone(), Some(id)).await {
                    Ok(_) => break,
                    Err(StoreError::Full { retry_after }) => tokio::time::sleep(retry_after).await,
                    Err(error) => return Err(error),
                }
            }
        }
        (self.done, self.tail, self.next) = (to, tail, None);
        self.save(store, key)
    }
}

/// Whether the log holds what a mark was about to store: batches are in it as a whole or not at all.
async fn was_stored(store: &Store, path: &str, next: &Next) -> Result<bool, StoreError> {
    let last = store.last_seq();
    let mut reader = store.read_log(next.after + 1);
    loop {
        let records = reader.next_stored(1_024).await?;
        let Some((newest, _)) = records.last() else { return Ok(false) };
        let ours = |record: &RawRecord| {
            let file = record.origin.file.as_deref().unwrap_or_default();
            let marked = matches!(record.origin.listener, Listener::Watch | Listener::Pull);
            marked && record.arrival == next.arrival && file.starts_with(path)
        };
        if records.iter().any(|(_, record)| ours(record)) {
            return Ok(true);
        }
        if *newest >= last {
            return Ok(false);
        }
    }
}

/// A hash in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a file is known by at a place: the bytes before it.
pub(crate) fn tail(file: &Follower, place: Place) -> io::Result<String> {
    let from = place.bytes.saturating_sub(TAIL);
    let length = usize::try_from(place.bytes - from).unwrap_or_default();
    Ok(hash(&file.bytes(from, length)?))
}

/// Whether a file is still the one that was read up to a place.
pub(crate) fn is_same(file: &Follower, place: Place, known: &str) -> io::Result<bool> {
    Ok(place.bytes == 0 || (file.metadata()?.len() >= place.bytes && tail(file, place)? == known))
}

/// Under what the places of files with a first line are kept.
fn key(first_line: &[u8]) -> String {
    format!("watch/line/{}", hash(first_line.trim_ascii_end()))
}

/// Places up to which files with this first line were read, the farthest first.
pub(crate) fn known(store: &Store, first_line: &[u8]) -> Result<Vec<Known>, StoreError> {
    let note = store.import_known(&key(first_line))?;
    let mut known: Vec<Known> = note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default();
    known.sort_by_key(|one| std::cmp::Reverse(one.place.bytes));
    Ok(known)
}

fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(OsStr::to_str).unwrap_or(path)
}

/// Whether rotation makes a copy of the one name under the other: it adds to the name, behind what stands before the first dot.
/// Another file may well hold the same, as the logs of two nights do.
fn is_name_of_copy(copy: &str, of: &str) -> bool {
    let stem = of.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(of);
    let more = copy.strip_prefix(stem).and_then(|rest| rest.chars().next());
    copy.len() > of.len() && more.is_some_and(|first| !first.is_alphanumeric())
}

/// Where reading a file goes on that was met under no name yet: behind what was read of the file that it is a copy of.
pub(crate) fn copied(file: &Follower, path: &str, known: &[Known]) -> io::Result<Option<Known>> {
    for one in known {
        if one.place.bytes > 0 && is_name_of_copy(file_name(path), &one.name) && is_same(file, one.place, &one.tail)? {
            return Ok(Some(one.clone()));
        }
    }
    Ok(None)
}

impl Known {
    pub(crate) fn of(mark: &Mark) -> Self {
        Self { place: mark.done, tail: mark.tail.clone(), name: file_name(&mark.path).to_owned() }
    }

    /// The mark of a file that goes on from here.
    pub(crate) fn mark(&self, path: &str) -> Mark {
        Mark { path: path.to_owned(), done: self.place, tail: self.tail.clone(), next: None }
    }

    /// The same of text that is read from its beginning.
    pub(crate) fn is_at(&self, window: &[u8]) -> bool {
        let length = usize::try_from(self.place.bytes.min(TAIL)).unwrap_or_default();
        let begin = window.len().saturating_sub(length);
        window.get(begin..).is_some_and(|end| hash(end) == self.tail)
    }

    /// Keeps the place, instead of the one that was kept of the same file before.
    pub(crate) fn keep(&self, store: &Store, first_line: &[u8], before: Option<&Self>) -> Result<(), StoreError> {
        let note = store.import_known(&key(first_line))?;
        let mut places: Vec<Self> = note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default();
        places.retain(|one| one != self && Some(one) != before);
        places.push(self.clone());
        let late = places.len().saturating_sub(MOST_PLACES);
        places.drain(..late);
        store.remember_import(&key(first_line), &serde_json::to_string(&places).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Origin;
    use event_store::Options;
    use std::sync::Arc;

    #[test]
    fn copies_add_to_the_name_of_what_they_are_made_of() {
        for copy in ["app.log.1", "app-20261123.log", "app.log.1.gz", "app.2026.log"] {
            assert!(is_name_of_copy(copy, "app.log"), "{copy}");
        }
        assert!(is_name_of_copy("app.log.2.gz", "app.log.2"));
        for other in ["app.log", "application.log", "job2.log", "ap.log"] {
            assert!(!is_name_of_copy(other, "app.log"), "{other}");
        }
        assert!(!is_name_of_copy("app.log", "app.log.1"), "a new file after rotation");
        assert!(!is_name_of_copy("job2.log", "job1.log"));
    }

    fn records(path: &str) -> Vec<RawRecord> {
        let origin = Arc::new(Origin { listener: Listener::Watch, file: Some(path.to_owned()), ..Origin::default() });
        vec![RawRecord { bytes: "one".into(), arrival: 7, origin, position: 1 }]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn after_a_kill_the_log_says_whether_a_batch_was_stored() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let to = Place { bytes: 4, lines: 1 };
        let mut mark = Mark { path: "/a.log".to_owned(), ..Mark::default() };
        let before = store.last_seq();
        mark.advance(&store, "k", to, "tail".to_owned(), records("/a.log")).await.unwrap();
        assert_eq!(Mark::load(&store, "k").await.unwrap(), Some(mark.clone()));
        // As it stood before the batch, and with the batch in the log.
        let next = |after| Some(Next { to, tail: "tail".to_owned(), after, arrival: 7 });
        let killed = Mark { path: "/a.log".to_owned(), next: next(before), ..Mark::default() };
        killed.save(&store, "k").unwrap();
        assert_eq!(Mark::load(&store, "k").await.unwrap(), Some(mark));
        // Another one was about to be stored, and was not.
        let killed = Mark { next: next(store.last_seq()), ..killed };
        killed.save(&store, "k").unwrap();
        let found = Mark::load(&store, "k").await.unwrap().unwrap();
        assert_eq!((found.done, found.next), (Place::default(), None));
    }
}
