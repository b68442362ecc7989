//! Watched folders: files of lines are followed as they grow, over rotation and restarts; other files (EVTX, packed, JSON
//! over many lines) are read once, when they are whole. Every line is stored once: see [`marks`].

mod figures;
mod folder;
pub(crate) mod marks;
mod packed;
mod whole;

pub use figures::{FolderFigures, WatchBoard};

use crate::import::files::unread;
use event::{Listener, Micros, Origin, RawRecord};
use event_store::{Store, StoreError};
use folder::{Found, Identity};
use ingest::files::{Follower, Limits, Lines, Place, is_of_lines, no_log};
use kit::clock::Clock;
use marks::{Known, Mark};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A folder and what is known of its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchSettings {
    pub folder: PathBuf,
    /// Patterns of names, with `*` and `?`; all files where empty.
    pub names: Vec<String>,
    /// Folders below it too.
    pub subfolders: bool,
    /// Registered source that the files come from.
    pub source_id: Option<String>,
    /// Format by name; recognised by itself where absent.
    pub format: Option<String>,
    /// Year for records without one.
    pub year: Option<i16>,
    /// IANA name or offset for records without a zone.
    pub time_zone: Option<String>,
}

/// Time between two looks where the system tells of no change.
const EVERY: Duration = Duration::from_secs(2);
/// Changes that come together are looked at together.
const TOGETHER: Duration = Duration::from_millis(200);
/// A file that is read as a whole has not changed for so long.
const SETTLED: Micros = 10 * 1_000_000;
/// A half line that waited so long for its end is taken as it is.
const HALF_LINE: Micros = 300 * 1_000_000;
/// Files followed at once.
const MOST_FILES: usize = 512;
/// Turns of one file before the next has its own.
const TURNS: usize = 8;

/// One file that is followed.
#[derive(Debug)]
struct Watched {
    /// Of the settings.
    folder: usize,
    key: String,
    mark: Mark,
    follower: Follower,
    /// What was kept of it for copies.
    kept: Option<Known>,
    /// Length and time of change at which nothing more was to be read.
    idle: Option<(u64, Micros)>,
}

/// Why a file could not be read on.
#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Follows folders into the store.
pub struct Watch {
    folders: Arc<Vec<WatchSettings>>,
    store: Store,
    clock: Arc<dyn Clock>,
    board: WatchBoard,
    files: HashMap<Identity, Watched>,
    /// Files, by folder, that are read, or none of ours, as they were then.
    passed: HashMap<(usize, Identity), (u64, Micros)>,
    /// Arrival of the last batch; each has its own, by which it is known again.
    last_arrival: Micros,
}

/// Does what blocks beside the other tasks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

impl Watch {
    pub fn new(folders: Vec<WatchSettings>, store: Store, clock: Arc<dyn Clock>) -> Self {
        let board = WatchBoard::new(&folders);
        let (files, passed) = (HashMap::new(), HashMap::new());
        Self { folders: Arc::new(folders), store, clock, board, files, passed, last_arrival: 0 }
    }

    /// What was read so far.
    pub fn board(&self) -> WatchBoard {
        self.board.clone()
    }

    /// Looks again and again, at once where `wake` says so.
    pub async fn run(mut self, wake: Arc<Notify>, stop: CancellationToken) {
        loop {
            tokio::select! { () = stop.cancelled() => return, () = self.look() => {} }
            tokio::select! {
                () = stop.cancelled() => return,
                () = wake.notified() => tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(TOGETHER) => {}
                },
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Reads what is new in all folders. May be cut off at any moment.
    pub async fn look(&mut self) {
        let folders = self.folders.clone();
        for (number, settings) in folders.iter().enumerate() {
            let wanted = settings.clone();
            let listed = blocking(move || folder::list(&wanted.folder, &wanted.names, wanted.subfolders)).await;
            let found = match listed {
                Ok(found) => found,
                Err(error) => {
                    self.board.trouble(number, &settings.folder, &error);
                    continue;
                }
            };
            self.board.look(number);
            for one in &found {
                if let Err(error) = self.one(number, one).await {
                    self.board.trouble(number, &one.path, &error);
                }
            }
            let here: HashSet<Identity> = found.iter().map(|one| one.identity).collect();
            self.passed.retain(|(folder, identity), _| *folder != number || here.contains(identity));
            let gone = |(identity, file): (&Identity, &Watched)| {
                (file.folder == number && !here.contains(identity)).then_some(*identity)
            };
            for identity in self.files.iter().filter_map(gone).collect::<Vec<_>>() {
                if let Err(error) = self.finish(identity).await {
                    self.board.trouble(number, &settings.folder, &error);
                }
            }
            let behind = found.iter().filter_map(|one| {
                Some(one.length.saturating_sub(self.files.get(&one.identity)?.follower.place().bytes))
            });
            let behind = behind.sum();
            let followed = self.files.values().filter(|file| file.folder == number).count();
            self.board.looked(number, followed as u64, behind);
        }
    }

    async fn one(&mut self, number: usize, found: &Found) -> Result<(), WatchError> {
        let seen = (found.length, found.changed);
        let quiet = self.clock.now().saturating_sub(found.changed);
        if let Some(file) = self.files.get(&found.identity) {
            let rest = quiet >= HALF_LINE && found.length > file.follower.place().bytes;
            if file.idle != Some(seen) || rest {
                self.read(found.identity, seen, rest).await?;
            } else if quiet >= HALF_LINE {
                // It is opened again when it changes; until then others have its place.
                self.files.remove(&found.identity);
                self.passed.insert((number, found.identity), seen);
            }
            return Ok(());
        }
        if found.length == 0 || self.passed.get(&(number, found.identity)) == Some(&seen) {
            return Ok(());
        }
        let key = found.identity.key();
        if !found.wanted && self.store.import_known(&key)?.is_none() && !self.is_copy(&found.path).await? {
            self.passed.insert((number, found.identity), seen);
            return Ok(());
        }
        let (path, settled) = (found.path.clone(), quiet >= SETTLED);
        match blocking(move || Kind::of(&path, settled)).await? {
            Kind::Unknown => {}
            Kind::NoLog(reason) => {
                tracing::info!(file = %found.path.display(), reason, "a file in a watched folder is no log");
                self.board.skipped(number);
                self.passed.insert((number, found.identity), seen);
            }
            Kind::Whole if found.wanted => {
                self.whole(number, &found.path).await?;
                self.passed.insert((number, found.identity), seen);
            }
            Kind::Whole => {
                self.passed.insert((number, found.identity), seen);
            }
            Kind::Lines if self.files.len() >= MOST_FILES => self.board.left_out(number),
            Kind::Lines => match self.begin(number, found, key).await? {
                Some(file) => {
                    self.files.insert(found.identity, file);
                    self.read(found.identity, seen, quiet >= HALF_LINE).await?;
                }
                None => {
                    self.passed.insert((number, found.identity), seen);
                }
            },
        }
        Ok(())
    }

    /// Whether a file is what rotation copied of one that is followed, under a name that nobody asked for: lines may stand at its end
    /// that were written after the last look, and stand nowhere else once the file itself is cut.
    async fn is_copy(&self, path: &Path) -> Result<bool, WatchError> {
        let (path, store) = (path.to_owned(), self.store.clone());
        let found = blocking(move || {
            if no_log(&path).is_some() || !is_of_lines(&path)? {
                return Ok(false);
            }
            let file = Follower::open(&path, Limits::default())?;
            let Some(line) = file.first_line()? else { return Ok(false) };
            let known = marks::known(&store, &line).map_err(io::Error::other)?;
            Ok(marks::copied(&file, &path.display().to_string(), &known)?.is_some())
        });
        Ok(found.await?)
    }

    /// Reads a file to its end that has no name any more; while it is open, it is there.
    async fn finish(&mut self, identity: Identity) -> Result<(), WatchError> {
        let end = (0, 0);
        while self.files.get(&identity).is_some_and(|file| file.idle != Some(end)) {
            self.read(identity, end, true).await?;
        }
        self.files.remove(&identity);
        Ok(())
    }

    /// Opens a file of lines where reading it goes on. `None`: it is not what it was listed as, or none of ours.
    async fn begin(&self, folder: usize, found: &Found, key: String) -> Result<Option<Watched>, WatchError> {
        let (path, identity) = (found.path.clone(), found.identity);
        let follower = blocking(move || Follower::open(&path, Limits::default())).await?;
        if Identity::of(&follower.metadata()?) != identity {
            return Err(io::Error::other("it was replaced while it was opened").into());
        }
        let mark = Mark::load(&self.store, &key).await?;
        let (store, path, wanted) = (self.store.clone(), found.path.display().to_string(), found.wanted);
        let begun = blocking(move || {
            let mut follower = follower;
            let mut mark = match mark {
                Some(mark) if marks::is_same(&follower, mark.done, &mark.tail)? => Some(mark),
                _ => None,
            };
            let mut kept = None;
            if mark.is_none()
                && let Some(line) = follower.first_line()?
            {
                let known = marks::known(&store, &line).map_err(io::Error::other)?;
                kept = marks::copied(&follower, &path, &known)?;
                mark = kept.as_ref().map(|known| known.mark(&path));
            }
            if mark.is_none() && !wanted {
                return Ok(None);
            }
            let mark = mark.unwrap_or_else(|| Mark { path, ..Mark::default() });
            follower.go_to(mark.done)?;
            Ok(Some((follower, mark, kept)))
        });
        let begun = begun.await?;
        Ok(begun.map(|(follower, mark, kept)| Watched { folder, key, mark, follower, kept, idle: None }))
    }

    /// Stores what is whole behind the place where a file stands.
    async fn read(&mut self, identity: Identity, seen: (u64, Micros), rest: bool) -> Result<(), WatchError> {
        // What is cut off on the way, or cannot be read, is opened anew.
        let Some(mut file) = self.files.remove(&identity) else { return Ok(()) };
        if file.mark.next.is_some() {
            // An error left open whether a batch was stored.
            match Mark::load(&self.store, &file.key).await {
                Ok(Some(mark)) => file.mark = mark,
                Ok(None) => file.mark.next = None,
                Err(error) => {
                    self.files.insert(identity, file);
                    return Err(error.into());
                }
            }
        }
        for _ in 0..TURNS {
            let (place, tail) = (file.mark.done, file.mark.tail.clone());
            let mut follower = file.follower;
            let turn = blocking(move || {
                let cut = !marks::is_same(&follower, place, &tail)?;
                if cut {
                    follower.go_to(Place::default())?;
                } else if follower.place() != place {
                    follower.go_to(place)?;
                }
                let lines = follower.next(rest)?;
                let tail = lines.as_ref().map(|lines| marks::tail(&follower, lines.to)).transpose()?;
                Ok((follower, cut, lines.zip(tail)))
            });
            let (again, cut, lines) = turn.await?;
            file.follower = again;
            if cut {
                file.mark = Mark { path: file.mark.path, ..Mark::default() };
                file.kept = None;
                self.board.cut(file.folder);
            }
            let Some((lines, tail)) = lines else {
                file = self.keep(file).await?;
                file.idle = Some(seen);
                break;
            };
            if let Err(error) = self.store_lines(&mut file, lines, tail).await {
                // It stays open: it may have no name any more.
                self.files.insert(identity, file);
                return Err(error);
            }
        }
        self.files.insert(identity, file);
        Ok(())
    }

    async fn store_lines(&mut self, file: &mut Watched, lines: Lines, tail: String) -> Result<(), WatchError> {
        let arrival = self.arrival();
        let mut origin = self.origin(file.folder, &file.mark.path);
        let mut rejected = 0;
        let mut records = Vec::with_capacity(lines.lines.len());
        for line in &lines.lines {
            origin = origin.under(line.header.as_deref());
            let bytes = match &line.result {
                Ok(bytes) => bytes.clone(),
                Err(reason) => {
                    rejected += 1;
                    unread(&file.mark.path, line.position, reason)
                }
            };
            records.push(RawRecord { bytes, arrival, origin: origin.clone(), position: line.position });
        }
        let count = records.len() as u64;
        self.store.pace().await;
        file.mark.advance(&self.store, &file.key, lines.to, tail, records).await?;
        file.follower.accept(lines);
        self.board.read(file.folder, count, rejected, arrival);
        Ok(())
    }

    /// Keeps how far a file was read, for the copies that rotation makes of it.
    async fn keep(&self, mut file: Watched) -> Result<Watched, WatchError> {
        let now = Known::of(&file.mark);
        if file.mark.done.bytes == 0 || file.kept.as_ref() == Some(&now) {
            return Ok(file);
        }
        let store = self.store.clone();
        let kept = blocking(move || {
            if let Some(line) = file.follower.first_line()? {
                now.keep(&store, &line, file.kept.as_ref()).map_err(io::Error::other)?;
                file.kept = Some(now);
            }
            Ok(file)
        });
        Ok(kept.await?)
    }

    /// A time of arrival that no batch had.
    fn arrival(&mut self) -> Micros {
        self.last_arrival = self.clock.now().max(self.last_arrival + 1);
        self.last_arrival
    }

    fn origin(&self, folder: usize, path: &str) -> Arc<Origin> {
        let settings = self.folders.get(folder).cloned().unwrap_or_default();
        Arc::new(Origin {
            listener: Listener::Watch,
            source_id: settings.source_id,
            format: settings.format,
            file: Some(path.to_owned()),
            year: settings.year,
            time_zone: settings.time_zone,
            ..Origin::default()
        })
    }
}

/// How a file is read.
enum Kind {
    /// Not enough of it is there to tell.
    Unknown,
    NoLog(String),
    Lines,
    Whole,
}

impl Kind {
    fn of(path: &Path, settled: bool) -> io::Result<Self> {
        if let Some(reason) = no_log(path) {
            return Ok(Self::NoLog(reason));
        }
        if is_of_lines(path)? {
            let begun = Follower::open(path, Limits::default())?.first_line()?.is_some();
            return Ok(if begun || settled { Self::Lines } else { Self::Unknown });
        }
        Ok(if settled { Self::Whole } else { Self::Unknown })
    }
}
