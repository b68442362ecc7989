//! The checkpoints of a data directory: a file of JSON lines outside the database, and the key that signs them.

use super::{Checkpoint, PublicKeys, TrailKey, record, store};
use kit::clock::Micros;
use kit::db::Db;
use kit::text::FieldFaults;
use kit::{App, Error, Scope};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Action of the row that says that a checkpoint was made.
pub(super) const MADE: &str = "audit.checkpoint";
/// Action of the row that says that another key signs from now on.
pub(super) const KEY_ACCEPTED: &str = "audit.accept-key";

const CHECKPOINTS: &str = "checkpoints.jsonl";
/// Public halves of the keys that sign or have signed, so that checkpoints of a key that is gone can be judged.
const KEYS: &str = "keys.jsonl";
const LONGEST_REASON: usize = 500;

/// Why nothing is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTrouble {
    /// There are checkpoints, and the key that signed them is gone.
    Missing,
    /// The key at hand is not the one that signed last, and nobody has accepted it.
    Other,
}

impl KeyTrouble {
    /// Key of the sentence.
    pub fn key(self) -> &'static str {
        match self {
            Self::Missing => "audit-key-missing",
            Self::Other => "audit-key-other",
        }
    }
}

/// Where checkpoints are kept and what signs them. Among the ports of the program.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    file: PathBuf,
    key: Result<Arc<TrailKey>, KeyTrouble>,
    /// Keys that checkpoints may be signed by, the present one last.
    known: Arc<[PublicKeys]>,
}

/// A line of the file: a checkpoint, or `None` where it is none.
pub(super) type Line = Option<Checkpoint>;

impl Checkpoints {
    /// With a key that is right, whatever signed before.
    pub fn new(file: PathBuf, key: TrailKey) -> Self {
        Self { file, known: [key.public()].into(), key: Ok(Arc::new(key)) }
    }

    /// Whether anything in a directory was ever signed: then a key that is missing is lost, and no new one takes its place
    /// by itself.
    pub fn are_begun(directory: &Path) -> bool {
        let holds_something = |name| std::fs::metadata(directory.join(name)).is_ok_and(|file| file.len() > 0);
        holds_something(CHECKPOINTS) || holds_something(KEYS)
    }

    /// Those of a directory, with the key at hand. It signs if it is the one that signed last, or if nothing was signed
    /// yet; else somebody has to accept it ([`Checkpoints::accept`]).
    pub fn open(directory: &Path, key: Option<TrailKey>) -> Result<Self, Error> {
        std::fs::create_dir_all(directory).map_err(Error::internal)?;
        let keys = read(&directory.join(KEYS))?;
        let keys = keys.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let mut known: Vec<PublicKeys> = keys.collect();
        let file = directory.join(CHECKPOINTS);
        let signed_last = lines_of(&read(&file)?).into_iter().flatten().next_back().map(|last| last.key);
        let expected = known.last().map(PublicKeys::fingerprint).or(signed_last);
        let is_expected = |key: &TrailKey| expected.as_ref().is_none_or(|name| *name == key.public().fingerprint());
        let key = match key {
            None => Err(KeyTrouble::Missing),
            Some(key) if is_expected(&key) => Ok(Arc::new(key)),
            Some(_) => Err(KeyTrouble::Other),
        };
        if let (Ok(key), true) = (&key, known.is_empty()) {
            remember(directory, &key.public())?;
            known.push(key.public());
        }
        Ok(Self { file, key, known: known.into() })
    }

    /// Has another key sign from now on, and says so in the trail. What it signs is believed because of that row.
    pub async fn accept(
        &self,
        key: TrailKey,
        db: &Db,
        scope: &Scope,
        now: Micros,
        reason: &str,
    ) -> Result<Self, Error> {
        let mut faults = FieldFaults::default();
        let reason = faults.required_line("reason", reason, LONGEST_REASON);
        faults.into_result()?;
        let before = match self.known.last() {
            Some(keys) => keys.fingerprint(),
            None => self.last()?.map(|last| last.key).unwrap_or_default(),
        };
        let public = key.public();
        let after = public.fingerprint();
        let tx = db.scoped(scope).begin().await?;
        let details = json!({ "before": before, "after": after, "reason": reason });
        record(&tx, now, KEY_ACCEPTED, "audit", &after, None, details).await?;
        tx.commit().await?;
        if let Some(directory) = self.file.parent() {
            remember(directory, &public)?;
        }
        let known = self.known.iter().cloned().chain([public]).collect();
        Ok(Self { file: self.file.clone(), key: Ok(Arc::new(key)), known })
    }

    /// The program's own, where it has some.
    pub fn of(app: &App) -> Option<Arc<Self>> {
        app.ports.get::<Self>()
    }

    /// Why nothing is signed, where that is so.
    pub fn trouble(&self) -> Option<KeyTrouble> {
        self.key.as_ref().err().copied()
    }

    /// Keys that checkpoints may be signed by, the present one last.
    pub fn known(&self) -> &[PublicKeys] {
        &self.known
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Every line of the file in its order.
    pub(super) fn lines(&self) -> Result<Vec<Line>, Error> {
        lines_in(&self.file)
    }

    /// The file as it belongs to a copy of the trail with so many rows: without checkpoints over more. Take it after the
    /// copy, since a checkpoint is in the file before the trail says so.
    pub fn over(&self, rows: i64) -> Result<Vec<u8>, Error> {
        let bytes = read(&self.file)?;
        let later = |line: &[u8]| serde_json::from_slice(line).is_ok_and(|one: Checkpoint| one.rows > rows);
        Ok(whole_lines(&bytes).filter(|line| !later(line)).flatten().copied().collect())
    }

    /// The last checkpoint that can be read.
    pub fn last(&self) -> Result<Option<Checkpoint>, Error> {
        Ok(self.lines()?.into_iter().flatten().next_back())
    }

    /// Signs how far the trail has come and records that in the trail. `None` where nothing but the row of the last
    /// checkpoint was appended since.
    ///
    /// # Errors
    /// `Conflict` with the sentence of the [`KeyTrouble`] where the key is not the one to sign with.
    pub async fn make(&self, db: &Db, scope: &Scope, now: Micros) -> Result<Option<Checkpoint>, Error> {
        let key = self.key.as_ref().map_err(|trouble| Error::Conflict(trouble.key()))?;
        let (rows, hash) = store::head(&db.scoped(scope).read()).await?;
        let Some(made) = self.append(key, now, rows, &hash)? else { return Ok(None) };
        let tx = db.scoped(scope).begin().await?;
        let details = json!({ "number": made.number, "rows": made.rows, "sha256": made.digest() });
        record(&tx, now, MADE, "audit", &made.number.to_string(), None, details).await?;
        tx.commit().await?;
        Ok(Some(made))
    }

    /// Appends under a lock of the file: a command and the server may both want to. What a crash left unfinished at the
    /// end was never acknowledged and goes.
    fn append(&self, key: &TrailKey, now: Micros, rows: i64, hash: &str) -> Result<Option<Checkpoint>, Error> {
        if let Some(directory) = self.file.parent() {
            std::fs::create_dir_all(directory).map_err(Error::internal)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&self.file).map_err(Error::internal)?;
        file.lock().map_err(Error::internal)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::internal)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let last = lines_of(&bytes).into_iter().flatten().next_back();
        if rows == 0 || last.as_ref().is_some_and(|last| rows <= last.rows + 1) {
            return Ok(None);
        }
        let made = key.sign(last.as_ref(), now, rows, hash);
        let line = serde_json::to_string(&made).map_err(Error::internal)? + "\n";
        write_at(&mut file, whole as u64, &line).map_err(Error::internal)?;
        Ok(Some(made))
    }
}

/// Puts a public key behind those that are known.
fn remember(directory: &Path, keys: &PublicKeys) -> Result<(), Error> {
    let line = serde_json::to_string(keys).map_err(Error::internal)? + "\n";
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join(KEYS));
    let mut file = file.map_err(Error::internal)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(Error::internal)
}

fn write_at(file: &mut File, end: u64, line: &str) -> std::io::Result<()> {
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

/// Every line of a file of checkpoints in its order.
pub(super) fn lines_in(file: &Path) -> Result<Vec<Line>, Error> {
    Ok(lines_of(&read(file)?))
}

/// A file that is not there is empty.
fn read(file: &Path) -> Result<Vec<u8>, Error> {
    match std::fs::read(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(Error::internal),
    }
}

fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"))
}

/// What each finished line holds.
fn lines_of(bytes: &[u8]) -> Vec<Line> {
    whole_lines(bytes).map(|line| serde_json::from_slice(line).ok()).collect()
}
