//! The whole store against power cuts and failing files: a short life of appending, inserting, sealing, merging and
//! giving up log files, signing the ledger and archiving to a folder, cut off or disturbed at every operation on a file in turn. Writes are recorded beside the real
//! files; what a cut may legally leave of them is written out, with the manifest as it was at that moment, and opened
//! again. Then everything acknowledged is there, once.

use crate::files::simulated::{Choices, Disk, Fault};
use crate::files::{AppendFile, FileLayer, RealFiles};
use crate::{ArchivePlace, Archiving, LedgerKey, Options, Problem, QueryContext, Sources, Store};
use bytes::Bytes;
use event::{Event, Origin, RawRecord};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const DAY: i64 = 86_400_000_000;

/// Does everything twice: on the real files, which are read, and on a disk that knows what is durable.
struct Mirror {
    disk: Disk,
    dir: PathBuf,
    /// Where the manifest is copied to when the power goes.
    at_cut: PathBuf,
    copied: Mutex<bool>,
}

impl Mirror {
    /// The disk decides; what it does, or half does, happens to the real file as well.
    fn both<T>(&self, outcome: io::Result<T>, real: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mut copied = self.copied.lock().unwrap();
        if self.disk.is_stopped() && !*copied {
            copy_manifest(&self.dir, &self.at_cut);
            *copied = true;
        }
        drop(copied);
        outcome?;
        real()
    }
}

fn copy_manifest(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["manifest.sqlite", "manifest.sqlite-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

impl FileLayer for Arc<Mirror> {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        RealFiles.create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealFiles.list(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let mut recorded = None;
        let outcome = self.disk.create(path).map(|file| recorded = Some(file));
        let mut real = None;
        self.both(outcome, || RealFiles.create(path).map(|file| real = Some(file)))?;
        Ok(Box::new(Both { mirror: self.clone(), recorded: recorded.unwrap(), real: real.unwrap() }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let (recorded, real) = (self.disk.open(path)?, RealFiles.open(path)?);
        Ok(Box::new(Both { mirror: self.clone(), recorded, real }))
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        RealFiles.size(path)
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        RealFiles.read_at(path, offset, length)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.both(self.disk.rename(from, to), || RealFiles.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.both(self.disk.link(from, to), || RealFiles.link(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.both(self.disk.remove(path), || RealFiles.remove(path))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.both(self.disk.sync_dir(dir), || RealFiles.sync_dir(dir))
    }
}

struct Both {
    mirror: Arc<Mirror>,
    recorded: Box<dyn AppendFile>,
    real: Box<dyn AppendFile>,
}

impl AppendFile for Both {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let outcome = self.recorded.append(bytes);
        self.mirror.both(outcome, || self.real.append(bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        let outcome = self.recorded.sync();
        self.mirror.both(outcome, || self.real.sync())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let outcome = self.recorded.truncate(length);
        self.mirror.both(outcome, || self.real.truncate(length))
    }
}

fn options(dir: &Path) -> Options {
    let ledger_key = Some(LedgerKey::from_seed(&[7; 32]));
    let archiving = Some(Archiving::new(ArchivePlace::Folder(dir.join("archive")), 30));
    let small = Options { linger: Duration::ZERO, log_file_bytes: 600, compact_files: 2, ..Options::default() };
    Options { ledger_key, archiving, ..small }
}

fn understood(seq: u64, record: RawRecord) -> Event {
    Event {
        seq,
        time: (20_000 + seq as i64 % 2) * DAY,
        arrival: record.arrival,
        format: "test@1".into(),
        raw: record.bytes,
        origin: record.origin,
        ..Event::default()
    }
}

/// Inserts what the log holds, as the pipeline would.
async fn follow(store: &Store) {
    let mut reader = store.read_log(store.next_needed());
    while reader.position() <= store.last_seq() {
        let Ok(records) = reader.next(100).await else { return };
        let Some((last, _)) = records.last() else { return };
        let last = *last;
        let events = records.into_iter().map(|(seq, record)| understood(seq, record)).collect();
        if store.insert(events).await.is_err() {
            return;
        }
        store.set_evaluated(last);
    }
}

/// A short life; gives what was acknowledged. Errors are those of the planned fault.
async fn live(store: &Store) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        for batch in 0..2 {
            let texts: Vec<String> = (0..5).map(|line| format!("{round}-{batch}-{line}")).collect();
            let records = texts.iter().map(|text| RawRecord {
                bytes: Bytes::from(text.clone()),
                arrival: 20_000 * DAY,
                origin: Arc::new(Origin::default()),
                position: 0,
            });
            if store.append(records.collect(), None).await.is_ok() {
                acknowledged.extend(texts);
            }
        }
        follow(store).await;
        let _ = store.seal().await;
        let _ = store.compact().await;
        if round == 1 || round == 3 {
            let _ = store.archive().await;
        }
        let _ = store.sign_ledger().await;
    }
    acknowledged
}

async fn check(dir: &Path, acknowledged: &[String], what: &str) {
    let store = Store::open(dir, options(dir)).unwrap_or_else(|error| panic!("{what}: {error}"));
    follow(&store).await;
    let result = store.query("SELECT seq, raw FROM events", &QueryContext::new(Sources::All)).await.unwrap();
    let rows = result.to_json_rows().unwrap();
    let raws: BTreeSet<&str> = rows.iter().map(|row| row["raw"].as_str().unwrap()).collect();
    let seqs: BTreeSet<u64> = rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    assert_eq!((raws.len(), seqs.len()), (rows.len(), rows.len()), "{what}: something is there twice");
    for text in acknowledged {
        assert!(raws.contains(text.as_str()), "{what}: {text} was acknowledged and is gone");
    }
    let report = store.verify().await.unwrap();
    // A frame that was never acknowledged may have got its length before its content; nobody can tell, so it is named.
    let doubtful = |one: &Problem| one.part == "log" && one.reason.contains("it was never acknowledged");
    assert!(report.problems.iter().all(doubtful), "{what}: {report:?}");
    let _ = store.archive().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let again = store.query("SELECT count(*) AS n FROM events", &QueryContext::new(Sources::All)).await.unwrap();
    assert_eq!(again.to_json_rows().unwrap()[0]["n"], rows.len(), "{what}: archiving changed what is there");
    store.close().await;
    assert!(
        files_below(&dir.join("damaged")).iter().all(|file| file.extension().is_none_or(|end| end != "parquet")),
        "{what}: set aside"
    );
    let here = files_below(&dir.join("segments")).len() + files_below(&dir.join("archive/segments")).len();
    assert_eq!(here, report.segments, "{what}: files that nobody knows are left");
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Lives with a fault at the n-th operation; gives whether it came to it, and how many states were opened.
async fn disturbed(fault: Fault, after: usize) -> (bool, usize) {
    let dir = tempfile::tempdir().unwrap();
    let cut = tempfile::tempdir().unwrap();
    let disk = Disk::default();
    let mirror = Arc::new(Mirror {
        disk: disk.clone(),
        dir: dir.path().to_owned(),
        at_cut: cut.path().to_owned(),
        copied: Mutex::new(false),
    });
    disk.plan(after, fault);
    let what = format!("{fault:?} at operation {after}");
    let acknowledged = match Store::open_on(dir.path(), options(dir.path()), Arc::new(mirror)) {
        Ok(store) => {
            let acknowledged = live(&store).await;
            store.close().await;
            acknowledged
        }
        Err(_) => Vec::new(),
    };
    if disk.operations() <= after {
        return (false, 0);
    }
    if !disk.is_stopped() {
        check(dir.path(), &acknowledged, &what).await;
        return (true, 1);
    }
    for seed in 0..3 {
        let left = tempfile::tempdir().unwrap();
        disk.crash(&mut Choices(seed + after as u64 * 7)).write_out(dir.path(), left.path());
        copy_manifest(cut.path(), left.path());
        check(left.path(), &acknowledged, &format!("{what}, state {seed}")).await;
    }
    (true, 3)
}

async fn everywhere(fault: Fault) {
    every(fault, 1).await;
}

/// At every `step`-th operation.
async fn every(fault: Fault, step: usize) {
    let (mut after, mut states) = (0, 0);
    loop {
        let (came, opened) = disturbed(fault, after).await;
        if !came {
            break;
        }
        states += opened;
        after += step;
    }
    assert!(after > 60, "the life of the test became too short to mean anything: {after} operations");
    println!("{fault:?}: {after} operations, {states} states opened");
}

#[tokio::test]
async fn a_power_cut_at_every_operation() {
    everywhere(Fault::PowerCut).await;
}

#[tokio::test]
async fn no_space_at_every_operation() {
    everywhere(Fault::NoSpace).await;
}

#[tokio::test]
async fn a_failed_write_at_every_operation() {
    everywhere(Fault::BadWrite).await;
}

#[tokio::test]
async fn a_failed_sync_at_every_operation() {
    everywhere(Fault::BadSync).await;
}

#[tokio::test]
async fn permission_lost_at_every_operation() {
    everywhere(Fault::Denied).await;
}

#[tokio::test]
async fn a_disk_that_becomes_slow() {
    every(Fault::Slow, 10).await;
}
