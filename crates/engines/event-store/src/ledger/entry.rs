//! One line of the ledger: what became of segments since the line before, the state that came of it, the hash of the
//! line before, signed.

use super::key::{LedgerKey, verify};
use super::tree::{Hash, Tree, leaf};
use crate::manifest::SegmentRow;
use crate::segment::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A segment as the ledger names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub path: String,
    /// Of the file, hexadecimal.
    pub sha256: String,
    pub rows: u64,
    pub min_seq: u64,
    pub max_seq: u64,
    /// Root of the Merkle tree over its rows; files of older layouts have none.
    pub rows_root: Option<String>,
}

impl From<&SegmentRow> for Listed {
    fn from(row: &SegmentRow) -> Self {
        Self {
            path: row.path.clone(),
            sha256: row.sha256.clone(),
            rows: row.rows,
            min_seq: row.min_seq,
            max_seq: row.max_seq,
            rows_root: row.rows_root.clone(),
        }
    }
}

/// Why segments came and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// New events.
    Sealed,
    /// The same events in fewer files.
    Merged,
    /// Events past their time of retention are gone.
    Expired,
    /// What could be read of a damaged file, or nothing.
    Mended,
    /// The manifest was made anew from the files: what it names is all there is.
    Rebuilt,
    /// Files that were there before the ledger was.
    Known,
}

/// A change of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub number: u64,
    /// Microseconds since 1970, UTC.
    pub at: i64,
    pub cause: Cause,
    pub removed: Vec<String>,
    pub added: Vec<Listed>,
    /// For what is expired: the rule and how many events went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Live segments by path.
pub(super) type State = BTreeMap<String, Listed>;

/// Brings a state forward; what a change removes or adds against the state is told.
pub(super) fn apply(state: &mut State, change: &Change) -> Result<(), String> {
    if change.cause == Cause::Rebuilt {
        state.clear();
    }
    for path in &change.removed {
        state.remove(path).ok_or_else(|| format!("change {} removes {path}, which is not there", change.number))?;
    }
    for one in &change.added {
        if state.insert(one.path.clone(), one.clone()).is_some() {
            return Err(format!("change {} adds {} twice", change.number, one.path));
        }
    }
    Ok(())
}

/// One hash for all live segments: the Merkle root over path and file hash, in order of paths.
pub(super) fn root(state: &State) -> Hash {
    let mut tree = Tree::default();
    for one in state.values() {
        tree.add(leaf(&[one.path.as_bytes(), b"\n", one.sha256.as_bytes()]));
    }
    tree.root()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub version: u32,
    /// From 1, without gaps.
    pub number: u64,
    /// When it was signed, microseconds since 1970, UTC.
    pub at: i64,
    /// SHA-256 of the line before; zeros in the first.
    pub previous: String,
    pub changes: Vec<Change>,
    /// Number of the last change in it or before.
    pub through: u64,
    pub segments: u64,
    pub events: u64,
    /// Merkle root over all live segments.
    pub root: String,
}

/// What goes with an entry: over the bytes of its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub sha256: String,
    /// Ed25519 (RFC 8032), hexadecimal.
    pub signature: String,
    pub key: String,
}

/// An entry as it is kept: its line, letter by letter, and what seals it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub line: String,
    pub seal: Seal,
}

impl Sealed {
    pub(super) fn new(entry: &Entry, key: &LedgerKey) -> Result<Self, String> {
        let line = serde_json::to_string(entry).map_err(|error| error.to_string())?;
        let sha256 = hex(&Sha256::digest(&line));
        let seal = Seal { sha256, signature: hex(&key.sign(line.as_bytes())), key: key.public() };
        Ok(Self { line, seal })
    }

    /// Reads the two lines of a file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let (Some(line), Some(seal), None) = (lines.next(), lines.next(), lines.next()) else {
            return Err("has not two lines".into());
        };
        let seal = serde_json::from_str(seal).map_err(|error| format!("the seal cannot be read: {error}"))?;
        Ok(Self { line: line.to_owned(), seal })
    }

    pub(super) fn text(&self) -> Result<String, String> {
        let seal = serde_json::to_string(&self.seal).map_err(|error| error.to_string())?;
        Ok(format!("{}\n{seal}\n", self.line))
    }

    /// The entry, once hash and signature fit its line.
    pub fn open(&self) -> Result<Entry, String> {
        if hex(&Sha256::digest(&self.line)) != self.seal.sha256 {
            return Err("its hash does not fit".into());
        }
        verify(&self.seal.key, self.line.as_bytes(), &self.seal.signature)?;
        let entry: Entry = serde_json::from_str(&self.line).map_err(|error| error.to_string())?;
        match entry.version {
            1 => Ok(entry),
            newer => Err(format!("version {newer} is newer than this program")),
        }
    }
}
