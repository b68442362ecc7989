//! The checkpoints of a data directory: a file of JSON lines outside the database, and the key that signs them.

use super::{Checkpoint, PublicKeys, TrailKey, record, store};
use kit::clock::Micros;
use kit::db::Db;
use kit::{App, Error, Scope};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Action of the row that says that a checkpoint was made.
pub(super) const MADE: &str = "audit.checkpoint";

/// Where checkpoints are kept and what signs them. Among the ports of the program.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    file: PathBuf,
    key: Arc<TrailKey>,
}

/// A line of the file: a checkpoint, or `None` where it is none.
pub(super) type Line = Option<Checkpoint>;

impl Checkpoints {
    pub fn new(file: PathBuf, key: TrailKey) -> Self {
        Self { file, key: Arc::new(key) }
    }

    /// The program's own, where it has some.
    pub fn of(app: &App) -> Option<Arc<Self>> {
        app.ports.get::<Self>()
    }

    pub fn public(&self) -> PublicKeys {
        self.key.public()
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
    pub async fn make(&self, db: &Db, scope: &Scope, now: Micros) -> Result<Option<Checkpoint>, Error> {
        let (rows, hash) = store::head(&db.scoped(scope).read()).await?;
        let Some(made) = self.append(now, rows, &hash)? else { return Ok(None) };
        let tx = db.scoped(scope).begin().await?;
        let details = json!({ "number": made.number, "rows": made.rows, "sha256": made.digest() });
        record(&tx, now, MADE, "audit", &made.number.to_string(), None, details).await?;
        tx.commit().await?;
        Ok(Some(made))
    }

    /// Appends under a lock of the file: a command and the server may both want to. What a crash left unfinished at the
    /// end was never acknowledged and goes.
    fn append(&self, now: Micros, rows: i64, hash: &str) -> Result<Option<Checkpoint>, Error> {
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
        let made = self.key.sign(last.as_ref(), now, rows, hash);
        let line = serde_json::to_string(&made).map_err(Error::internal)? + "\n";
        write_at(&mut file, whole as u64, &line).map_err(Error::internal)?;
        Ok(Some(made))
    }
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
