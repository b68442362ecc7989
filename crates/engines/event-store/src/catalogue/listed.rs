//! The catalogue as objects: `catalogue/00000000000000000007.json` is the seventh list of all segments. A change writes
//! the next number, which must be free; who finds it taken reads the new list and tries again on top of it.

use super::Catalogue;
use crate::StoreError;
use crate::archive::ByteStore;
use crate::manifest::{Replacement, SegmentRow};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Lists kept before the newest, for readers that are slow.
const KEPT: u64 = 16;
/// Others that may be faster before a change is given up.
const TRIES: usize = 100;
const FOLDER: &str = "catalogue";

/// Segments of a moment as they are kept.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    version: u32,
    segments: BTreeMap<String, SegmentRow>,
}

/// A catalogue of numbered lists.
pub(crate) struct ListedCatalogue(pub Arc<dyn ByteStore>);

fn name(number: u64) -> String {
    format!("{FOLDER}/{number:020}.json")
}

fn failed(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Manifest(format!("the catalogue: {error}"))
}

impl ListedCatalogue {
    /// The newest list and its number; an empty one where there is none.
    fn newest(&self) -> Result<(u64, List), StoreError> {
        // A list may be removed between being named and being read, once there are many newer ones.
        for _ in 0..TRIES {
            let names = self.0.list(FOLDER).map_err(|error| failed(&error))?;
            let number = |name: &String| name.strip_prefix("catalogue/")?.strip_suffix(".json")?.parse::<u64>().ok();
            let Some(newest) = names.iter().filter_map(number).max() else {
                return Ok((0, List { version: 1, ..List::default() }));
            };
            match self.read(newest) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                read => return Ok((newest, read.map_err(|error| failed(&error))?)),
            }
        }
        Err(failed(&"it changes faster than it can be read"))
    }

    fn read(&self, number: u64) -> io::Result<List> {
        let described = self.0.describe(&name(number))?.ok_or(io::ErrorKind::NotFound)?;
        let list: List = serde_json::from_slice(&self.0.read(&name(number), 0..described.bytes)?)?;
        match list.version {
            1 => Ok(list),
            newer => Err(io::Error::other(format!("version {newer} is newer than this program"))),
        }
    }
}

impl Catalogue for ListedCatalogue {
    fn segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        let mut segments: Vec<_> = self.newest()?.1.segments.into_values().collect();
        segments.sort_by(|a, b| (a.max_time, &a.path).cmp(&(b.max_time, &b.path)));
        Ok(segments)
    }

    fn replace(&self, done: &Replacement<'_>) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let (number, mut list) = self.newest()?;
            for path in done.removed {
                list.segments.remove(path).ok_or_else(|| failed(&format!("{path} is not there any more")))?;
            }
            for row in done.added {
                if list.segments.insert(row.path.clone(), row.clone()).is_some() {
                    return Err(failed(&format!("{} is there already", row.path)));
                }
            }
            let text = serde_json::to_vec(&list).map_err(|error| failed(&error))?;
            let taken = !self.0.put_new(&name(number + 1), Bytes::from(text)).map_err(|error| failed(&error))?;
            if taken {
                continue;
            }
            if let Some(old) = (number + 1).checked_sub(KEPT).filter(|old| *old > 0) {
                // What stays is in nobody's way.
                let _ = self.0.remove(&name(old));
            }
            return Ok(());
        }
        Err(failed(&"others were faster too often; try again"))
    }
}
