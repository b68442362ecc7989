//! What a start finds in the log: the files with their valid frames, a torn tail (cut off, kept aside), and damage
//! (named, kept aside, left where it is, the rest readable). A frame that is there in its length and is not what was
//! written is damage wherever it stands: if it is the last one, nobody can tell whether it was acknowledged.

use super::LogFile;
use super::batches::StoredBatch;
use super::frame::{self, Ending, Header};
use super::scan::{Piece, scan};
use crate::StoreError;
use crate::files::FileLayer;
use crate::sequences::Sequences;
use std::path::{Path, PathBuf};

/// Bytes in a log file that are no valid frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    pub file: String,
    pub offset: u64,
    pub length: u64,
    /// At the end of the newest file: a write that ends before its own length, never acknowledged.
    pub torn: bool,
    /// No valid frame follows in its file.
    pub last: bool,
    /// First and last number of the records in it, as far as its header or what is around it tells.
    pub records: Option<(u64, u64)>,
}

impl Damage {
    /// Records that were evaluated and that the log ends before: no bytes are left of them.
    pub(crate) fn lost(first: u64, last: u64) -> Self {
        Self { file: format!("{first}-{last}"), offset: first, records: Some((first, last)), ..Self::default() }
    }

    pub(crate) fn reason(&self) -> String {
        let records = self.records.map(|(first, last)| format!(" (records {first} to {last})")).unwrap_or_default();
        let place = format!("{} bytes at {}{records}", self.length, self.offset);
        match (self.length, self.last) {
            (0, _) => "these records were evaluated, and the log ends before them: they are lost".to_owned(),
            (_, false) => format!("{place} are no valid record"),
            (_, true) => format!(
                "the last frame, {place}, is damaged; if the machine stopped while writing it, it was never acknowledged"
            ),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Recovered {
    pub files: Vec<LogFile>,
    pub batches: Vec<StoredBatch>,
    pub damage: Vec<Damage>,
    /// The last record that can be read.
    pub last_seq: u64,
    /// The last number that a record had, whether it can be read or not.
    pub given: u64,
    /// Records that can be read.
    pub held: Sequences,
    /// Files without any record.
    empty: Vec<PathBuf>,
}

impl Recovered {
    /// Records that were evaluated and are neither here nor among those `given` otherwise: sealed, or known to be lost.
    pub(crate) fn lost(&self, given: u64, evaluated: u64) -> Option<Damage> {
        let there = self.given.max(given);
        (there < evaluated).then(|| Damage::lost(there + 1, evaluated))
    }

    /// Copies what is no frame to `aside` and cuts off a torn tail durably before anything new is written, so that the
    /// next start does not take it for damage in the middle.
    pub(crate) fn settle(&self, files: &dyn FileLayer, dir: &Path, aside: &Path) -> Result<(), StoreError> {
        let io = |what: &'static str| move |error| StoreError::io(what, error);
        for damage in &self.damage {
            let path = dir.join(&damage.file);
            keep_aside(files, &path, aside, damage);
            if damage.torn {
                let mut handle = files.open(&path).map_err(io("open the torn log file"))?;
                handle.truncate(damage.offset).map_err(io("cut off a torn log file"))?;
                handle.sync().map_err(io("cut off a torn log file"))?;
            }
        }
        for path in &self.empty {
            // Begun and never written to: its name would be taken again.
            files.remove(path).and_then(|()| files.sync_dir(dir)).map_err(io("remove an empty log file"))?;
        }
        Ok(())
    }
}

/// Reads the whole log and settles what a crash left in it.
pub(crate) fn recover(files: &dyn FileLayer, dir: &Path, aside: &Path) -> Result<Recovered, StoreError> {
    let found = look(files, dir)?;
    found.settle(files, dir, aside)?;
    Ok(found)
}

/// Reads the whole log and changes nothing: what it says is how the files are once they are settled.
pub(crate) fn look(files: &dyn FileLayer, dir: &Path) -> Result<Recovered, StoreError> {
    let io = |what: &'static str| move |error| StoreError::io(what, error);
    let mut found = Recovered::default();
    let mut names = files.list(dir).map_err(io("list the log"))?;
    names.retain(|name| name.ends_with(".log"));
    let newest = names.last().cloned();
    for name in names {
        let path = dir.join(&name);
        let bytes = files.read(&path).map_err(io("read the log"))?;
        let content = survey(&name, &bytes, newest.as_ref() == Some(&name));
        let mut file = LogFile { path, first_seq: 0, last_seq: 0, bytes: bytes.len() as u64 };
        for (offset, header) in &content.frames {
            file.take_in(header.first_seq, header.last_seq());
            found.held.add(header.first_seq..=header.last_seq());
            found.last_seq = found.last_seq.max(header.last_seq());
            found.batches.extend(frame::batches(bytes.get(*offset..).unwrap_or_default(), header));
        }
        for damage in &content.damage {
            if damage.torn {
                file.bytes = damage.offset;
            }
            if let Some((first, last)) = damage.records {
                file.take_in(first, last);
            }
        }
        found.given = found.given.max(content.given);
        let nothing = content.frames.is_empty() && content.damage.iter().all(|damage| damage.torn);
        found.damage.extend(content.damage);
        if nothing {
            found.empty.push(file.path);
        } else {
            found.files.push(file);
        }
    }
    Ok(found)
}

impl LogFile {
    fn take_in(&mut self, first: u64, last: u64) {
        self.first_seq = if self.first_seq == 0 { first } else { self.first_seq.min(first) };
        self.last_seq = self.last_seq.max(last);
    }
}

/// Frames with their offsets, and what is no frame, of one file.
struct Content {
    frames: Vec<(usize, Header)>,
    damage: Vec<Damage>,
    given: u64,
}

fn survey(name: &str, bytes: &[u8], newest: bool) -> Content {
    // The name of a file is the number of its first record, and numbers follow one another.
    let mut next: u64 = name.strip_suffix(".log").and_then(|number| number.parse().ok()).unwrap_or(0);
    let mut content = Content { frames: Vec::new(), damage: Vec::new(), given: 0 };
    let mut pieces = scan(bytes).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let (offset, length) = match piece {
            Piece::Frame { offset, header } => {
                content.given = content.given.max(header.last_seq());
                next = header.last_seq() + 1;
                content.frames.push((offset, header));
                continue;
            }
            Piece::Damage { offset, length } => (offset, length),
        };
        let mut damage =
            Damage { file: name.to_owned(), offset: offset as u64, length: length as u64, ..Damage::default() };
        let last = match pieces.peek() {
            Some(Piece::Frame { header, .. }) => header.first_seq.checked_sub(1),
            _ => {
                damage.last = true;
                match frame::ending(bytes.get(offset..).unwrap_or_default()) {
                    Ending::Cut => {
                        damage.torn = newest;
                        None
                    }
                    // It had one record at least, and that number is not given again.
                    Ending::Damaged { count } => {
                        content.given = content.given.max(next);
                        count.map(|count| (next + u64::from(count)).saturating_sub(1))
                    }
                }
            }
        };
        damage.records = last.filter(|last| next > 0 && *last >= next).map(|last| (next, last));
        content.given = content.given.max(damage.records.map_or(0, |(_, last)| last));
        content.damage.push(damage);
    }
    content
}

fn keep_aside(files: &dyn FileLayer, path: &Path, aside: &Path, damage: &Damage) {
    let ending = if damage.torn { "torn" } else { "damaged" };
    let copy = aside.join(format!("{}-{}.{ending}", damage.file, damage.offset));
    let keep = || -> std::io::Result<()> {
        files.create_dir_all(aside)?;
        if let Ok(size) = files.size(&copy) {
            if size == damage.length && !damage.torn {
                return Ok(());
            }
            files.remove(&copy)?;
        }
        let length = usize::try_from(damage.length).unwrap_or(usize::MAX);
        let bytes = files.read_at(path, damage.offset, length)?;
        files.create(&copy)?.append(&bytes)
    };
    // A copy for the curious: where even that fails (full disk) the start must not.
    if let Err(error) = keep() {
        tracing::warn!(file = damage.file, %error, "damaged bytes of the log could not be kept aside");
    }
}

/// Frames and damage of one file up to a length, for verification while the log may be growing. `newest`: no file comes
/// after it and nobody writes to it, so its end may be torn.
pub(crate) fn check_file(
    files: &dyn FileLayer,
    path: &Path,
    length: u64,
    newest: bool,
) -> std::io::Result<(Vec<Header>, Vec<Damage>)> {
    let bytes = files.read_at(path, 0, usize::try_from(length).unwrap_or(usize::MAX))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Content { frames, mut damage, .. } = survey(&name, &bytes, newest);
    for (offset, header) in &frames {
        if frame::decode(bytes.get(*offset..).unwrap_or_default(), header).is_none() {
            let (offset, length) = (*offset as u64, header.length() as u64);
            let records = Some((header.first_seq, header.last_seq()));
            damage.push(Damage { file: name.clone(), offset, length, records, ..Damage::default() });
        }
    }
    Ok((frames.into_iter().map(|(_, header)| header).collect(), damage))
}
