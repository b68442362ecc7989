//! Files for `luytre import`: paths in, records out, one at a time and in bounded memory. A file's kind is told
//! by its content: EVTX, gzip, zip, JSON array, JSON objects, Windows events in XML, lines.
//!
//! Invariant: every record of a file comes out once, as bytes or as a reason; what follows a broken one is
//! still read.

mod archive;
mod evtx;
mod follow;
mod header;
mod records;
mod walk;
mod xml_events;

use archive::{Budget, Members};
use bytes::Bytes;
use event::LONGEST_RECORD;
pub use follow::{Follower, Line, Lines};
use header::Header;
use records::Records;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
pub use walk::{ImportFile, Listing, Skipped, list, no_log};

/// How much a file may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a line; longer ones are rejected.
    pub line: usize,
    /// Bytes of a JSON value that spans lines.
    pub document: usize,
    /// Bytes that one archive or compressed file may expand to.
    pub expanded: u64,
    /// How many times larger than itself it may become, once it is past 16 GiB.
    pub ratio: u64,
    /// Members of one archive.
    pub members: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: LONGEST_RECORD, document: 16 << 20, expanded: 64 << 30, ratio: 400, members: 100_000 }
    }
}

/// One record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Path, with the member's name behind `!` for archives.
    pub file: Arc<str>,
    /// 1-based; the line's number for files of lines.
    pub position: u64,
    /// Names of its fields, where the file states them above it (`#Fields:` of a W3C log).
    pub header: Option<Arc<str>>,
    /// The record's bytes, or why it could not be read.
    pub result: Result<Bytes, String>,
}

pub(crate) type Item = (u64, Result<Bytes, String>);
pub(crate) type Items = Box<dyn Iterator<Item = Item> + Send>;

/// A place in a file of lines: so many bytes and whole lines lie before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Place {
    pub bytes: u64,
    pub lines: u64,
}

/// All records of one file, members of archives one after the other.
pub struct FileRecords {
    path: PathBuf,
    limits: Limits,
    /// What comes before it is left out.
    begin: Place,
    header: Header,
    state: State,
}

enum State {
    Start,
    Plain { name: Arc<str>, items: Items },
    Archive { members: Members, current: Option<(Arc<str>, Items)> },
    Done,
}

impl FileRecords {
    /// Opens nothing yet; a file that cannot be opened gives one record with the reason.
    pub fn new(path: &Path, limits: Limits) -> Self {
        Self { path: path.to_owned(), limits, begin: Place::default(), header: Header::default(), state: State::Start }
    }

    /// Only the records behind a place; for files of lines (see [`is_of_lines`]).
    pub fn behind(self, begin: Place) -> Self {
        Self { begin, ..self }
    }

    fn start(&mut self) -> io::Result<State> {
        let mut file = open(&self.path)?;
        let name: Arc<str> = self.path.display().to_string().into();
        if self.begin.bytes > 0 {
            self.header = Header::behind(file.by_ref().take(self.begin.bytes))?;
            file.seek(SeekFrom::Start(self.begin.bytes))?;
            let reader = BufReader::with_capacity(256 << 10, file);
            return Ok(State::Plain {
                name,
                items: Box::new(Records::new(reader, self.limits).after(self.begin.lines)),
            });
        }
        let head = peek(&mut file)?;
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Ok(State::Archive { members: Members::open(file, name, self.limits)?, current: None });
        }
        if head.starts_with(evtx::MAGIC) {
            return Ok(State::Plain { name, items: evtx::items(BufReader::new(file)) });
        }
        let size = file.metadata()?.len();
        Ok(State::Plain { name, items: stream(file, size, self.limits)? })
    }
}

impl Iterator for FileRecords {
    type Item = FileRecord;

    fn next(&mut self) -> Option<FileRecord> {
        loop {
            match &mut self.state {
                State::Done => return None,
                State::Start => match self.start() {
                    Ok(state) => self.state = state,
                    Err(error) => {
                        self.state = State::Done;
                        let file: Arc<str> = self.path.display().to_string().into();
                        let reason = format!("cannot be opened: {error}");
                        return Some(record(&file, &mut self.header, (1, Err(reason))));
                    }
                },
                State::Plain { name, items } => match items.next() {
                    Some(item) => return Some(record(name, &mut self.header, item)),
                    None => self.state = State::Done,
                },
                State::Archive { members, current } => {
                    if let Some((name, items)) = current {
                        match items.next() {
                            Some(item) => return Some(record(name, &mut self.header, item)),
                            None => *current = None,
                        }
                        continue;
                    }
                    match members.next() {
                        Some((name, Ok(items))) => {
                            self.header = Header::default();
                            *current = Some((name, items));
                        }
                        Some((file, Err(reason))) => {
                            return Some(record(&file, &mut Header::default(), (1, Err(reason))));
                        }
                        None => self.state = State::Done,
                    }
                }
            }
        }
    }
}

fn record(file: &Arc<str>, header: &mut Header, (position, result): Item) -> FileRecord {
    if let Ok(bytes) = &result {
        header.see(bytes);
    }
    FileRecord { file: file.clone(), position, header: header.names(), result }
}

/// Opens a file to read. A pipe or a device is refused: it may have no end, or nobody at its other end.
pub fn open(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file but a pipe, socket, device or folder; give a file"));
    }
    File::open(path)
}

/// Whether a file is one of lines, read one by one: text or JSON lines, neither packed nor EVTX nor UTF-16.
pub fn is_of_lines(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    open(path)?.take(256 << 10).read_to_end(&mut head)?;
    let plain = !head.starts_with(evtx::MAGIC) && !head.starts_with(&[0x1f, 0x8b]) && archive::kind(&head).is_none();
    let utf16 = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    Ok(plain && !utf16 && records::is_of_lines(&head))
}

/// Records of a stream that cannot be rewound: compressed once at most, then EVTX (spilled to a temporary file,
/// since its chunks are read by position), JSON or lines.
fn stream(reader: impl Read + Send + 'static, size: u64, limits: Limits) -> io::Result<Items> {
    let (head, reader) = peek_stream(reader);
    if !head.starts_with(&[0x1f, 0x8b]) {
        return expanded(head, reader, limits);
    }
    let inside = flate2::read::MultiGzDecoder::new(BufReader::with_capacity(64 << 10, reader));
    let (head, reader) = peek_stream(Budget::new(inside, size, limits));
    if head.starts_with(&[0x1f, 0x8b]) {
        return Err(io::Error::other("it is packed with gzip twice; unpack it once"));
    }
    expanded(head, reader, limits)
}

fn expanded(head: Vec<u8>, mut reader: impl Read + Send + 'static, limits: Limits) -> io::Result<Items> {
    if let Some(kind) = archive::kind(&head) {
        return Err(io::Error::other(format!("it is a {kind} archive, which is not read here; unpack it first")));
    }
    if head.starts_with(evtx::MAGIC) {
        let mut spill = tempfile::tempfile()?;
        io::copy(&mut reader, &mut spill)?;
        io::Seek::rewind(&mut spill)?;
        return Ok(evtx::items(BufReader::new(spill)));
    }
    let reader = records::decode_utf16(&head, reader);
    Ok(Box::new(Records::new(BufReader::with_capacity(256 << 10, reader), limits)))
}

fn peek(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(16);
    file.by_ref().take(16).read_to_end(&mut head)?;
    io::Seek::rewind(file)?;
    Ok(head)
}

/// The first bytes, enough to tell a file's kind by its first lines, and the whole stream again.
type Peeked<R> = (Vec<u8>, io::Chain<io::Cursor<Vec<u8>>, Rest<R>>);

fn peek_stream<R: Read>(mut reader: R) -> Peeked<R> {
    let mut head = Vec::new();
    // Where it breaks this early, what was read still comes before the reason.
    let rest = match reader.by_ref().take(64 << 10).read_to_end(&mut head) {
        Ok(_) => Rest::Whole(reader),
        Err(error) => Rest::Broken(Some(error)),
    };
    (head.clone(), io::Cursor::new(head).chain(rest))
}

/// What follows the first bytes of a stream.
enum Rest<R> {
    Whole(R),
    Broken(Option<io::Error>),
}

impl<R: Read> Read for Rest<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Whole(reader) => reader.read(buffer),
            Self::Broken(error) => error.take().map_or(Ok(0), Err),
        }
    }
}
