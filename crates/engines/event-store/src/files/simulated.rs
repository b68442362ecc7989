//! A file layer in memory that knows what is durable and what is not. [`Disk::crash`] gives one of the states
//! that a power cut may legally leave: writes since the last sync survive as any prefix, the last of them torn
//! or as zeros; names created or removed since the last sync of their folder survive or not, each by itself.

use super::{AppendFile, FileLayer};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Small generator of choices, so that a failing case can be replayed from its seed.
#[derive(Debug, Clone)]
pub(crate) struct Choices(pub u64);

impl Choices {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The machine stops: nothing after this happens.
    PowerCut,
    /// Half of the write arrives, then there is no space.
    NoSpace,
    /// The write fails half-way for another reason.
    BadWrite,
    /// The sync reports an error; what it should have saved may be lost.
    BadSync,
    /// From here on nothing may be changed: the permission was taken away, or the disk became read-only.
    Denied,
    /// From here on every change takes its time.
    Slow,
}

/// What a change on a slow disk takes.
const SLOWLY: Duration = Duration::from_millis(3);

#[derive(Debug, Clone)]
enum Change {
    Write(Vec<u8>),
    Truncate(usize),
}

#[derive(Debug, Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

impl Inode {
    fn content(&self) -> Vec<u8> {
        let mut content = self.durable.clone();
        self.pending.iter().for_each(|change| apply(&mut content, change));
        content
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(bytes) => content.extend_from_slice(bytes),
        Change::Truncate(length) => content.resize(*length, 0),
    }
}

#[derive(Debug, Clone)]
enum NameChange {
    Link(PathBuf, usize),
    Unlink(PathBuf),
}

impl NameChange {
    fn path(&self) -> &Path {
        match self {
            Self::Link(path, _) | Self::Unlink(path) => path,
        }
    }
}

#[derive(Debug, Clone, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<NameChange>,
    operations: usize,
    fault: Option<(usize, Fault)>,
    stopped: bool,
    denied: bool,
    slow: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// Plans a fault at the n-th operation from now that changes something.
    pub(crate) fn plan(&self, after: usize, fault: Fault) {
        let mut state = self.0.lock().unwrap();
        state.fault = Some((state.operations + after, fault));
    }

    pub(crate) fn operations(&self) -> usize {
        self.0.lock().unwrap().operations
    }

    /// The disk as the next start finds it.
    pub(crate) fn crash(&self, choices: &mut Choices) -> Disk {
        let state = self.0.lock().unwrap();
        let mut names = state.durable_names.clone();
        for change in &state.pending_names {
            if choices.below(2) == 0 {
                match change {
                    NameChange::Link(path, inode) => names.insert(path.clone(), *inode),
                    NameChange::Unlink(path) => names.remove(path),
                };
            }
        }
        let inodes = state.inodes.iter().map(|inode| {
            let mut content = inode.durable.clone();
            let survived = choices.below(inode.pending.len() + 1);
            inode.pending.iter().take(survived).for_each(|change| apply(&mut content, change));
            if let Some(Change::Write(bytes)) = inode.pending.get(survived) {
                let whole = choices.below(bytes.len() + 1);
                content.extend_from_slice(&bytes[..whole]);
                if choices.below(3) == 0 {
                    // The length reached the disk before the data.
                    content.resize(content.len() + bytes.len() - whole, 0);
                }
            }
            Inode { durable: content, pending: Vec::new() }
        });
        let inodes = inodes.collect();
        Disk(Arc::new(Mutex::new(State { inodes, durable_names: names.clone(), names, ..State::default() })))
    }

    /// Writes every file out under its own path, with `to` in place of `from`.
    pub(crate) fn write_out(&self, from: &Path, to: &Path) {
        let state = self.0.lock().unwrap();
        for (path, inode) in &state.names {
            let path = to.join(path.strip_prefix(from).unwrap());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, state.inodes[*inode].content()).unwrap();
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.0.lock().unwrap().stopped
    }

    /// Runs one changing operation, or the fault planned for it.
    fn change<T>(&self, run: impl FnOnce(&mut State, Option<Fault>) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.0.lock().unwrap();
        let number = state.operations;
        state.operations += 1;
        let fault = state.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        if fault == Some(Fault::PowerCut) {
            state.stopped = true;
        }
        state.denied |= fault == Some(Fault::Denied);
        state.slow |= fault == Some(Fault::Slow);
        if state.stopped {
            return Err(io::Error::other("the power is cut"));
        }
        if state.denied {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        if state.slow {
            std::thread::sleep(SLOWLY);
        }
        run(&mut state, fault)
    }
}

fn absent() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl FileLayer for Disk {
    fn create_dir_all(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock().unwrap();
        let inside = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let inode = self.change(|state, fault| {
            if fault == Some(Fault::NoSpace) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            if state.names.contains_key(path) {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            state.inodes.push(Inode::default());
            let inode = state.inodes.len() - 1;
            state.names.insert(path.to_owned(), inode);
            state.pending_names.push(NameChange::Link(path.to_owned(), inode));
            Ok(inode)
        })?;
        Ok(Box::new(Handle { disk: self.clone(), inode }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let inode = *self.0.lock().unwrap().names.get(path).ok_or_else(absent)?;
        Ok(Box::new(Handle { disk: self.clone(), inode }))
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        let state = self.0.lock().unwrap();
        let inode = *state.names.get(path).ok_or_else(absent)?;
        Ok(state.inodes[inode].content().len() as u64)
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let state = self.0.lock().unwrap();
        let inode = *state.names.get(path).ok_or_else(absent)?;
        let content = state.inodes[inode].content();
        let from = (offset as usize).min(content.len());
        Ok(content[from..content.len().min(from + length)].to_vec())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|state, _| {
            let inode = state.names.remove(from).ok_or_else(absent)?;
            state.names.insert(to.to_owned(), inode);
            state.pending_names.push(NameChange::Link(to.to_owned(), inode));
            state.pending_names.push(NameChange::Unlink(from.to_owned()));
            Ok(())
        })
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|state, _| {
            let inode = *state.names.get(from).ok_or_else(absent)?;
            if state.names.contains_key(to) {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            state.names.insert(to.to_owned(), inode);
            state.pending_names.push(NameChange::Link(to.to_owned(), inode));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|state, _| {
            state.names.remove(path).ok_or_else(absent)?;
            state.pending_names.push(NameChange::Unlink(path.to_owned()));
            Ok(())
        })
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.change(|state, fault| {
            if fault == Some(Fault::BadSync) {
                return Err(io::Error::other("sync failed"));
            }
            let (here, elsewhere) = std::mem::take(&mut state.pending_names)
                .into_iter()
                .partition(|change| change.path().parent() == Some(dir));
            state.pending_names = elsewhere;
            let here: Vec<NameChange> = here;
            for change in here {
                match change {
                    NameChange::Link(path, inode) => state.durable_names.insert(path, inode),
                    NameChange::Unlink(path) => state.durable_names.remove(&path),
                };
            }
            Ok(())
        })
    }
}

struct Handle {
    disk: Disk,
    inode: usize,
}

impl AppendFile for Handle {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let inode = self.inode;
        self.disk.change(|state, fault| {
            let (part, outcome) = match fault {
                Some(Fault::NoSpace) => (bytes.len() / 2, Err(io::Error::from(io::ErrorKind::StorageFull))),
                Some(Fault::BadWrite) => (bytes.len() / 2, Err(io::Error::other("write failed"))),
                _ => (bytes.len(), Ok(())),
            };
            state.inodes[inode].pending.push(Change::Write(bytes[..part].to_vec()));
            outcome
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let inode = self.inode;
        self.disk.change(|state, fault| {
            if fault == Some(Fault::BadSync) {
                return Err(io::Error::other("sync failed"));
            }
            let inode = &mut state.inodes[inode];
            inode.durable = inode.content();
            inode.pending.clear();
            Ok(())
        })
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let inode = self.inode;
        self.disk.change(|state, _| {
            state.inodes[inode].pending.push(Change::Truncate(length as usize));
            Ok(())
        })
    }
}
