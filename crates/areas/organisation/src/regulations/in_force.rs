//! What is in force: files built in, over them those of a directory, over them the newest versions made here. It is
//! swapped as a whole; whoever reads keeps what was in force when reading.

use super::book::{Book, Fault, Files};
use super::store::{self, Version};
use kit::clock::Micros;
use kit::{App, Connection, Error};
use sha2::{Digest, Sha256};
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

    /// What is in force with these versions, in the order in which they were made. A version that does not load is left
    /// out; where the fault is told of another file, the newest version goes first.
    pub(super) fn state_of(&self, mut newest: Vec<Version>, change: i64) -> State {
        let mut unread = Vec::new();
        let left_out = |version: Version, faults| Unread { path: version.path, version: version.version, faults };
        while let Some(at) = newest.iter().position(|version| self.book_of(&version.path).is_none()) {
            let version = newest.remove(at);
            let fault = Fault::new(&version.path, None, "regulation-fault-no-reader", []);
            unread.push(left_out(version, vec![fault]));
        }
        loop {
            let mut state = State { change, files: self.0.base.clone(), unread: Vec::new() };
            for version in &newest {
                let source = Source::Version {
                    version: version.version,
                    by_name: version.by_name.clone(),
                    valid_from: version.valid_from,
                };
                state.files.insert(version.path.clone(), InForce { text: version.text.clone(), source });
            }
            let faults = self.faults(&state.texts());
            let named = newest.iter().position(|version| faults.iter().any(|fault| fault.path == version.path));
            let last = newest.len().checked_sub(1);
            let Some(at) = named.or(last).filter(|_| !faults.is_empty()) else {
                state.unread = unread;
                return state;
            };
            unread.push(left_out(newest.remove(at), faults));
        }
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
