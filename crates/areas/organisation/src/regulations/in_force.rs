//! What is in force: files built in, over them those of a directory, over them the newest versions made here. It is
//! swapped as a whole; whoever reads keeps what was in force when reading.

use super::book::{Book, Fault, Files};
use super::store::{self, Version};
use kit::clock::Micros;
use kit::{App, Connection, Error};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// Where the text of a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Embedded,
    /// The directory of the installation (`content_directory`).
    Directory,
    /// Changed here.
    Version {
        version: i64,
        by_name: String,
        valid_from: Micros,
    },
}

impl Source {
    /// Word for programs; texts are under `regulation-source-<code>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Directory => "directory",
            Self::Version { .. } => "version",
        }
    }
}

/// A file in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub text: String,
    pub source: Source,
}

/// A version that is not in force because the program does not read it: after an upgrade, or beside another file that
/// changed. What lies below it is in force instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub path: String,
    pub version: i64,
    pub faults: Vec<Fault>,
}

/// Everything in force at one time.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Number of the last change in it.
    pub change: i64,
    /// By path.
    pub files: BTreeMap<String, InForce>,
    pub unread: Vec<Unread>,
}

impl State {
    pub fn texts(&self) -> Files {
        self.files.iter().map(|(path, file)| (path.clone(), file.text.clone())).collect()
    }

    /// Text of a file; empty for one that is not there yet.
    pub fn text(&self, path: &str) -> &str {
        self.files.get(path).map(|file| file.text.as_str()).unwrap_or_default()
    }
}

/// Files that do not load, told at the start.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct LawError(pub Vec<Fault>);

/// The law of the program. Cheap to clone.
#[derive(Clone)]
pub struct Regulations(Arc<Inner>);

struct Inner {
    books: Vec<Box<dyn Book>>,
    /// Without what was changed here.
    base: BTreeMap<String, InForce>,
    state: RwLock<Arc<State>>,
}

impl Regulations {
    /// Reads the files built in and those of `directory` (`duties/`, `reports/` …), and puts them in force. What was
    /// changed here comes with [`Self::reload`].
    ///
    /// # Errors
    /// Every fault of these files.
    pub fn open(books: Vec<Box<dyn Book>>, directory: Option<&Path>) -> Result<Self, LawError> {
        let mut base = BTreeMap::new();
        for book in &books {
            let embedded = book.embedded().into_iter();
            base.extend(embedded.map(|(path, text)| (path, InForce { text, source: Source::Embedded })));
            for folder in book.folders() {
                read_folder(directory, folder, &mut base)?;
            }
        }
        let regulations = Self(Arc::new(Inner { books, base: base.clone(), state: RwLock::default() }));
        let state = State { change: 0, files: base, unread: Vec::new() };
        let faults = regulations.faults(&state.texts());
        if !faults.is_empty() {
            return Err(LawError(faults));
        }
        regulations.take_up(state);
        Ok(regulations)
    }

    /// The program's law, which `luytre` puts among the ports.
    pub fn of(app: &App) -> Result<Arc<Self>, Error> {
        app.ports.get().ok_or_else(|| Error::Unavailable("no law is at hand".to_owned()))
    }

    pub fn current(&self) -> Arc<State> {
        Arc::clone(&self.0.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text of a file without what was changed here.
    pub fn base(&self, path: &str) -> Option<&InForce> {
        self.0.base.get(path)
    }

    /// Who reads the folder of a path.
    pub fn book_of(&self, path: &str) -> Option<&dyn Book> {
        let (folder, _) = path.split_once('/')?;
        let book = self.0.books.iter().find(|book| book.folders().contains(&folder));
        book.map(|book| &**book)
    }

    /// Who reads a file that is there or may be added: small letters, digits and hyphens, in a folder that has a reader.
    pub fn reader(&self, path: &str) -> Result<&dyn Book, Error> {
        let book = self.book_of(path).ok_or(Error::NotFound)?;
        let name = path.split_once('/').and_then(|(_, name)| name.strip_suffix(".toml")).unwrap_or_default();
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let may_be_added = (1..=60).contains(&name.len()) && name.chars().all(plain);
        if may_be_added || self.current().files.contains_key(path) { Ok(book) } else { Err(Error::NotFound) }
    }

    /// Every folder, in the order of the books.
    pub fn folders(&self) -> impl Iterator<Item = &'static str> {
        self.0.books.iter().flat_map(|book| book.folders()).copied()
    }

    /// What is wrong with all these files together.
    pub fn faults(&self, files: &Files) -> Vec<Fault> {
        self.0.books.iter().flat_map(|book| book.faults(&of_book(&**book, files))).collect()
    }

    /// Takes up what was changed since, by whatever program on the same database: the command line, another node.
    pub async fn reload(&self, connection: &impl Connection) -> Result<(), Error> {
        let change = store::last_change(connection).await?;
        if change > self.current().change {
            self.take_up(self.state_of(store::newest(connection).await?, change));
        }
        Ok(())
    }

    /// What is in force with these versions, in the order in which they were made. Where they do not load together, as few as
    /// possible are left out, each with what is wrong when it joins the others.
    pub(super) fn state_of(&self, newest: Vec<Version>, change: i64) -> State {
        let has_reader = |version: &Version| self.book_of(&version.path).is_some();
        let (mut kept, lost): (Vec<_>, Vec<_>) = newest.into_iter().partition(has_reader);
        let no_reader = |version: Version| {
            let fault = Fault::new(&version.path, None, "regulation-fault-no-reader", []);
            Unread { path: version.path, version: version.version, faults: vec![fault] }
        };
        let mut unread: Vec<_> = lost.into_iter().map(no_reader).collect();
        let mut left_out = Vec::new();
        while let Some(at) = self.in_the_way(&kept) {
            left_out.push((kept.remove(at), Vec::new()));
        }
        // What went before the one that was in its way comes back.
        loop {
            let before = left_out.len();
            left_out = left_out.into_iter().filter_map(|(version, _)| self.join(&mut kept, version)).collect();
            if left_out.len() == before {
                break;
            }
        }
        left_out.sort_by_key(|(version, _)| version.change_number);
        let told = |(version, faults): (Version, _)| Unread { path: version.path, version: version.version, faults };
        unread.extend(left_out.into_iter().map(told));
        let mut state = State { change, files: self.0.base.clone(), unread };
        state.files.extend(kept.into_iter().map(in_force));
        state
    }

    /// Which of these versions goes first where they do not load together: the one without which least is wrong; among
    /// equals one that a fault is told of, and the newest of those.
    fn in_the_way(&self, versions: &[Version]) -> Option<usize> {
        let faults = self.faults(&self.texts_with(versions));
        if faults.is_empty() {
            return None;
        }
        let without = |at: usize| {
            let others = versions.iter().enumerate().filter(|(other, _)| *other != at);
            self.faults(&self.texts_with(others.map(|(_, version)| version))).len()
        };
        let weighed = versions.iter().enumerate().map(|(at, version)| {
            let is_named = faults.iter().any(|fault| fault.path == version.path);
            (without(at), !is_named, Reverse(at))
        });
        weighed.min().map(|(_, _, Reverse(at))| at)
    }

    /// Puts a version among others that load together. It comes back with what would be wrong then, where something would:
    /// with it, or if nothing is with what asks for what it took away.
    fn join(&self, kept: &mut Vec<Version>, version: Version) -> Option<(Version, Vec<Fault>)> {
        let at = kept.partition_point(|one| one.change_number < version.change_number);
        kept.insert(at, version);
        let faults = self.faults(&self.texts_with(&*kept));
        if faults.is_empty() {
            return None;
        }
        let version = kept.remove(at);
        let (own, others): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| fault.path == version.path);
        Some((version, if own.is_empty() { others } else { own }))
    }

    fn texts_with<'version>(&self, versions: impl IntoIterator<Item = &'version Version>) -> Files {
        let mut texts: Files = self.0.base.iter().map(|(path, file)| (path.clone(), file.text.clone())).collect();
        texts.extend(versions.into_iter().map(|version| (version.path.clone(), version.text.clone())));
        texts
    }

    /// Puts a state in force, unless a later one already is.
    pub(super) fn take_up(&self, state: State) {
        let mut held = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.change < held.change {
            return;
        }
        for unread in state.unread.iter().filter(|unread| !held.unread.contains(unread)) {
            for fault in &unread.faults {
                tracing::error!(version = unread.version, %fault, "changed law does not load and is not in force");
            }
        }
        let texts = state.texts();
        for book in &self.0.books {
            for fault in book.put_in_force(&of_book(&**book, &texts)).err().into_iter().flatten() {
                tracing::error!(%fault, "law does not load; what was in force stays");
            }
        }
        *held = Arc::new(state);
    }
}

/// A version as a file in force.
fn in_force(version: Version) -> (String, InForce) {
    let Version { path, text, version, by_name, valid_from, .. } = version;
    (path, InForce { text, source: Source::Version { version, by_name, valid_from } })
}

/// The files that a book reads.
pub(super) fn of_book(book: &dyn Book, files: &Files) -> Files {
    let reads = |path: &str| path.split_once('/').is_some_and(|(folder, _)| book.folders().contains(&folder));
    files.iter().filter(|(path, _)| reads(path)).map(|(path, text)| (path.clone(), text.clone())).collect()
}

/// SHA-256 of a text in hexadecimal.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The files of one folder of a directory, in the place of those of the same name.
fn read_folder(directory: Option<&Path>, folder: &str, files: &mut BTreeMap<String, InForce>) -> Result<(), LawError> {
    let Some(place) = directory.map(|directory| directory.join(folder)).filter(|place| place.is_dir()) else {
        return Ok(());
    };
    let unreadable = |path: &str, error: std::io::Error| {
        LawError(vec![Fault::new(path, None, "regulation-fault-file", [("words", error.to_string())])])
    };
    for entry in std::fs::read_dir(&place).map_err(|error| unreadable(folder, error))? {
        let file = entry.map_err(|error| unreadable(folder, error))?.path();
        let name = file.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".toml"));
        let Some(name) = name else { continue };
        let path = format!("{folder}/{name}");
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&path, error))?;
        files.insert(path, InForce { text, source: Source::Directory });
    }
    Ok(())
}

#[cfg(test)]
#[path = "in_force_tests.rs"]
mod tests;
