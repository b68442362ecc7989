//! What a start finds in the log: the files with their valid frames, a torn tail (cut off, kept aside), and
//! damage in the middle (named, left where it is, the rest readable).

use super::LogFile;
use super::batches::StoredBatch;
use super::frame::{self, Header};
use super::scan::{Piece, scan};
use crate::StoreError;
use crate::files::FileLayer;
use std::path::Path;

/// Bytes in a log file that are no valid frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    pub file: String,
    pub offset: u64,
    pub length: u64,
    /// At the end of the newest file: a write that a crash cut short, never acknowledged.
    pub torn: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Recovered {
    pub files: Vec<LogFile>,
    pub batches: Vec<StoredBatch>,
    pub damage: Vec<Damage>,
    pub last_seq: u64,
}

/// Reads the whole log. A torn tail is copied to `aside` and cut off durably before anything new is written,
/// so that the next start does not take it for damage in the middle.
pub(crate) fn recover(files: &dyn FileLayer, dir: &Path, aside: &Path) -> Result<Recovered, StoreError> {
    let io = |what: &str| {
        let what = what.to_owned();
        move |error| StoreError::io(what, error)
    };
    let mut found = Recovered::default();
    let mut names = files.list(dir).map_err(io("list the log"))?;
    names.retain(|name| name.ends_with(".log"));
    let newest = names.last().cloned();
    for name in names {
        let path = dir.join(&name);
        let bytes = files.read(&path).map_err(io("read the log"))?;
        let mut file = LogFile { path: path.clone(), first_seq: 0, last_seq: 0, bytes: bytes.len() as u64 };
        let pieces = scan(&bytes);
        let last = pieces.len().saturating_sub(1);
        for (index, piece) in pieces.iter().enumerate() {
            match *piece {
                Piece::Frame { offset, header } => {
                    if file.first_seq == 0 {
                        file.first_seq = header.first_seq;
                    }
                    file.last_seq = header.last_seq();
                    found.batches.extend(frame::batches(bytes.get(offset..).unwrap_or_default(), &header));
                }
                Piece::Damage { offset, length } => {
                    let torn = index == last && newest.as_ref() == Some(&name);
                    let damage = Damage { file: name.clone(), offset: offset as u64, length: length as u64, torn };
                    if torn {
                        keep_aside(files, aside, &damage, bytes.get(offset..).unwrap_or_default())?;
                        let mut handle = files.open(&path).map_err(io("open the torn log file"))?;
                        handle.truncate(offset as u64).map_err(io("cut off a torn log file"))?;
                        handle.sync().map_err(io("cut off a torn log file"))?;
                        file.bytes = offset as u64;
                    }
                    found.damage.push(damage);
                }
            }
        }
        if file.first_seq == 0 && found.damage.last().is_none_or(|damage| damage.torn || damage.file != name) {
            // Begun and never written to: its name would be taken again.
            files.remove(&path).and_then(|()| files.sync_dir(dir)).map_err(io("remove an empty log file"))?;
            continue;
        }
        found.last_seq = found.last_seq.max(file.last_seq);
        found.files.push(file);
    }
    Ok(found)
}

fn keep_aside(files: &dyn FileLayer, aside: &Path, damage: &Damage, bytes: &[u8]) -> Result<(), StoreError> {
    let keep = || -> std::io::Result<()> {
        files.create_dir_all(aside)?;
        let path = aside.join(format!("{}-{}.torn", damage.file, damage.offset));
        if files.size(&path).is_ok() {
            files.remove(&path)?;
        }
        files.create(&path)?.append(bytes)
    };
    // A copy for the curious: where even that fails (full disk) the start must not.
    if let Err(error) = keep() {
        tracing::warn!(file = damage.file, %error, "torn end of the log could not be kept aside");
    }
    Ok(())
}

/// Frames and damage of one file up to a length, for verification while the log may be growing.
pub(crate) fn check_file(
    files: &dyn FileLayer,
    path: &Path,
    length: u64,
) -> std::io::Result<(Vec<Header>, Vec<Damage>)> {
    let bytes = files.read_at(path, 0, usize::try_from(length).unwrap_or(usize::MAX))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (mut frames, mut damage) = (Vec::new(), Vec::new());
    for piece in scan(&bytes) {
        match piece {
            Piece::Frame { offset, header } => {
                frames.push(header);
                if frame::decode(bytes.get(offset..).unwrap_or_default(), &header).is_none() {
                    let (offset, length) = (offset as u64, header.length() as u64);
                    damage.push(Damage { file: name.clone(), offset, length, torn: false });
                }
            }
            Piece::Damage { offset, length } => {
                let (offset, length) = (offset as u64, length as u64);
                damage.push(Damage { file: name.clone(), offset, length, torn: false });
            }
        }
    }
    Ok((frames, damage))
}
