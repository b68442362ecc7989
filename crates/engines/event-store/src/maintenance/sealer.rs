//! Seals memory, and gives up the log behind it.

use super::{Sealing, TICK, unfinished_name};
use crate::StoreError;
use crate::ledger::Cause;
use crate::manifest::Replacement;
use crate::segment::{SegmentWriter, partition, write_part};
use crate::store::Shared;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// After a failed seal.
const PAUSE: Duration = Duration::from_secs(5);

pub(super) struct Sealer {
    shared: Arc<Shared>,
    /// No automatic seal before this, after one failed.
    not_before: Option<Instant>,
    /// Log files up to here were given up.
    released: u64,
}

impl Sealer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, not_before: None, released: 0 }
    }

    pub(super) fn run(&mut self, inbox: &Receiver<Sealing>) {
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Sealing::Seal(answer)) => {
                    let _ = answer.send(self.seal());
                }
                Ok(Sealing::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Sealing::Nudge) | Err(RecvTimeoutError::Timeout) => {}
            }
            self.look();
        }
    }

    /// What is due without being asked for.
    fn look(&mut self) {
        let (bytes, since) = {
            let memory = self.shared.memory();
            (memory.unsealed_bytes(), memory.since)
        };
        let options = &self.shared.options;
        let no_room = self.shared.no_room.load(Ordering::Acquire);
        let old = since.is_some_and(|since| since.elapsed() >= options.seal_age);
        let due = bytes >= options.seal_bytes || old || no_room;
        if due && self.not_before.is_none_or(|at| Instant::now() >= at) {
            self.not_before = None;
            if let Err(error) = self.seal() {
                // A full disk is told once, not at every try.
                if !no_room {
                    tracing::error!(%error, "events could not be sealed; the log keeps them");
                }
                self.not_before = Some(Instant::now() + PAUSE);
            }
        }
        self.release_log();
    }

    fn seal(&mut self) -> Result<(), StoreError> {
        let shared = &self.shared;
        let (batches, sealed) = shared.memory().begin_seal().map_err(|error| StoreError::Query(error.to_string()))?;
        if batches.is_empty() {
            shared.no_room.store(false, Ordering::Release);
            return Ok(());
        }
        let mut written = Vec::new();
        let mut outcome = (|| {
            for part in partition(&batches)? {
                let temporary = unfinished_name(shared);
                let segments = shared.segments_dir();
                let writer = SegmentWriter::begin(&*shared.files, &segments, temporary, part.day, 0)?;
                written.push(shared.segment(write_part(writer, &batches, &part)?));
            }
            Ok(())
        })();
        let together = shared.publishing();
        if outcome.is_err() {
            written.iter().for_each(|one| one.retire());
        } else {
            // Where this fails the files stay: whether the manifest has them is known at the next start.
            let rows: Vec<_> = written.iter().map(|one| one.row.clone()).collect();
            let done = Replacement::new(Cause::Sealed, &[], &rows, (shared.options.clock)());
            outcome = shared.manifest.commit_seal(&done, sealed, shared.evaluated.load(Ordering::Acquire));
        }
        let full = matches!(outcome, Err(StoreError::DiskFull));
        if shared.no_room.swap(full, Ordering::AcqRel) && !full {
            tracing::info!("there is room on the disk again; events are sealed and records taken in");
        }
        if full {
            shared.wants_room.notify_one();
        }
        match outcome {
            Ok(()) => {
                shared.sealed.fetch_max(sealed, Ordering::AcqRel);
                shared.memory().end_seal(written);
            }
            Err(_) => shared.memory().undo_seal(),
        }
        drop(together);
        shared.room.notify_waiters();
        self.release_log();
        outcome
    }

    /// Log files go only when their records are sealed and evaluated (settled 4), and not while the store is copied.
    fn release_log(&mut self) {
        let shared = &self.shared;
        let seq = shared.sealed.load(Ordering::Acquire).min(shared.evaluated.load(Ordering::Acquire));
        if seq <= self.released {
            return;
        }
        let together = shared.publishing();
        if shared.log_kept.load(Ordering::Acquire) > 0 {
            return;
        }
        self.released = seq;
        let Some((gone, batches)) = shared.writer.release(seq) else { return };
        drop(together);
        if gone.is_empty() {
            return;
        }
        let outcome = shared.manifest.keep_batches(&batches, seq).and_then(|()| {
            for file in &gone {
                shared.files.remove(&file.path).map_err(|error| StoreError::io("remove a log file", error))?;
            }
            shared.files.sync_dir(&shared.log_dir()).map_err(|error| StoreError::io("sync the log's folder", error))
        });
        if let Err(error) = outcome {
            // Files left behind are read again at the next start and ignored.
            tracing::warn!(%error, "log files could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::files::{AppendFile, FileLayer, RealFiles};
    use crate::{Options, Store, StoreError};
    use event::Event;
    use std::io;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    /// A disk without room for segments, as long as that is said.
    struct Full(AtomicBool);

    impl FileLayer for Full {
        fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
            RealFiles.create_dir_all(dir)
        }

        fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
            RealFiles.list(dir)
        }

        fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
            if self.0.load(Ordering::Acquire) && path.extension().is_some_and(|end| end == "parquet") {
                return Err(io::ErrorKind::StorageFull.into());
            }
            RealFiles.create(path)
        }

        fn open(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
            RealFiles.open(path)
        }

        fn size(&self, path: &Path) -> io::Result<u64> {
            RealFiles.size(path)
        }

        fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
            RealFiles.read_at(path, offset, length)
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            RealFiles.rename(from, to)
        }

        fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
            RealFiles.link(from, to)
        }

        fn remove(&self, path: &Path) -> io::Result<()> {
            RealFiles.remove(path)
        }

        fn sync_dir(&self, dir: &Path) -> io::Result<()> {
            RealFiles.sync_dir(dir)
        }
    }

    #[tokio::test]
    async fn whoever_can_make_room_is_called_when_a_seal_finds_none() {
        let dir = tempfile::tempdir().unwrap();
        let files = Arc::new(Full(AtomicBool::new(true)));
        let store = Store::open_on(dir.path(), Options::default(), files.clone()).unwrap();
        let event = Event { seq: 1, format: "test@1".into(), raw: "line".into(), ..Event::default() };
        store.insert(vec![event]).await.unwrap();
        assert!(matches!(store.seal().await, Err(StoreError::DiskFull)));
        tokio::time::timeout(Duration::from_secs(60), store.without_room()).await.expect("it was told already");
        assert!(store.is_disk_full() && store.forecast(1 << 40, 366).is_full);
        files.0.store(false, Ordering::Release);
        store.seal().await.unwrap();
        assert!(!store.is_disk_full() && !store.forecast(1 << 40, 366).is_full);
    }
}
