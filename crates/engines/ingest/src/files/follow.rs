//! A file of lines that grows: what is whole is given out, a half line waits for its end. Where reading stands moves
//! only when told that what was given out is safe.

use super::header::Header;
use super::records::Records;
use super::{Limits, Place, open};
use bytes::Bytes;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Lines and bytes that are given out at once.
const MOST_LINES: usize = 5_000;
const MOST_BYTES: usize = 4 << 20;
/// Bytes of a first line that are looked at.
const FIRST_LINE: usize = 16 << 10;
/// Mark that some programs begin a text with.
const BYTE_ORDER: &[u8] = b"\xef\xbb\xbf";

/// An open file and where reading stands in it.
#[derive(Debug)]
pub struct Follower {
    file: File,
    limits: Limits,
    place: Place,
    header: Header,
    json: bool,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of its line, from 1.
    pub position: u64,
    /// Names of its fields, where the file states them above it.
    pub header: Option<Arc<str>>,
    /// Its bytes, or why they could not be read.
    pub result: Result<Bytes, String>,
}

/// Lines given out together.
#[derive(Debug)]
pub struct Lines {
    pub lines: Vec<Line>,
    /// Where reading stands once they are safe.
    pub to: Place,
    header: Header,
}

impl Follower {
    /// Opens a file of lines at its beginning.
    ///
    /// # Errors
    /// Where it cannot be read or is no regular file.
    pub fn open(path: &Path, limits: Limits) -> io::Result<Self> {
        let file = open(path)?;
        let mut follower = Self { file, limits, place: Place::default(), header: Header::default(), json: false };
        let head = follower.bytes(0, 64)?;
        let head = head.strip_prefix(BYTE_ORDER).unwrap_or(&head);
        follower.json = head.trim_ascii_start().starts_with(b"{");
        Ok(follower)
    }

    /// # Errors
    /// Those of the file system.
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    pub fn place(&self) -> Place {
        self.place
    }

    /// Goes on elsewhere: behind what was read earlier, or at the beginning of what replaced it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn go_to(&mut self, place: Place) -> io::Result<()> {
        self.file.rewind()?;
        self.header = Header::behind((&self.file).take(place.bytes))?;
        self.place = place;
        Ok(())
    }

    /// At most so many bytes from a place on.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn bytes(&self, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; most];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, from + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// The first line, as far as it is looked at; nothing before its end is written.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn first_line(&self) -> io::Result<Option<Vec<u8>>> {
        let mut head = self.bytes(0, FIRST_LINE)?;
        let end = memchr::memchr(b'\n', &head);
        let known = end.is_some() || head.len() == FIRST_LINE;
        head.truncate(end.unwrap_or(FIRST_LINE));
        Ok(known.then_some(head))
    }

    /// What is whole behind the place where reading stands; with `rest`, the half line at the end too.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn next(&self, rest: bool) -> io::Result<Option<Lines>> {
        let most = MOST_BYTES.max(self.limits.line + 2);
        let mut part = self.bytes(self.place.bytes, most)?;
        let ended = part.len() < most;
        let end = match memchr::memchr_iter(b'\n', &part).nth(MOST_LINES - 1) {
            Some(end) => Some(end + 1),
            None => memchr::memrchr(b'\n', &part).map(|end| end + 1),
        };
        let whole = match end {
            Some(end) => end,
            None if !ended || part.len() > self.limits.line => return self.too_long(part.len(), rest),
            None if rest => part.len(),
            None => return Ok(None),
        };
        part.truncate(whole);
        if part.is_empty() {
            return Ok(None);
        }
        let ends = memchr::memchr_iter(b'\n', &part).count() + usize::from(!part.ends_with(b"\n"));
        let to = Place { bytes: self.place.bytes + whole as u64, lines: self.place.lines + ends as u64 };
        let mark = self.place.bytes == 0 && part.starts_with(BYTE_ORDER);
        let begin = if mark { BYTE_ORDER.len() } else { 0 };
        let text = part.get(begin..).unwrap_or_default();
        let mut header = self.header.clone();
        let records = Records::new(text, self.limits).of_lines(self.json).after(self.place.lines);
        let lines = records.map(|(position, result)| {
            if let Ok(bytes) = &result {
                header.see(bytes);
            }
            Line { position, header: header.names(), result }
        });
        let lines = lines.collect();
        Ok(Some(Lines { lines, to, header }))
    }

    /// A line longer than any that is kept, once its end is there.
    fn too_long(&self, seen: usize, rest: bool) -> io::Result<Option<Lines>> {
        let mut length = seen as u64;
        loop {
            let part = self.bytes(self.place.bytes + length, 256 << 10)?;
            if let Some(end) = memchr::memchr(b'\n', &part) {
                length += end as u64;
                return Ok(Some(self.rejected(length, 1)));
            }
            length += part.len() as u64;
            if part.is_empty() {
                return Ok(rest.then(|| self.rejected(length, 0)));
            }
        }
    }

    fn rejected(&self, length: u64, end: u64) -> Lines {
        let reason = format!("the line has {length} bytes; {} are read at most", self.limits.line);
        let to = Place { bytes: self.place.bytes + length + end, lines: self.place.lines + 1 };
        let line = Line { position: to.lines, header: None, result: Err(reason) };
        Lines { lines: vec![line], to, header: self.header.clone() }
    }

    /// These lines are safe: reading goes on behind them.
    pub fn accept(&mut self, lines: Lines) {
        (self.place, self.header) = (lines.to, lines.header);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn texts(lines: &Lines) -> Vec<(u64, String)> {
        let text = |line: &Line| match &line.result {
            Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Err(reason) => reason.clone(),
        };
        lines.lines.iter().map(|line| (line.position, text(line))).collect()
    }

    #[test]
    fn a_half_line_waits_for_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"\xef\xbb\xbfone\n\ntwo\nth").unwrap();
        let mut follower = Follower::open(&path, Limits::default()).unwrap();
        let lines = follower.next(false).unwrap().unwrap();
        assert_eq!(texts(&lines), [(1, "one".into()), (3, "two".into())]);
        assert_eq!(texts(&follower.next(false).unwrap().unwrap()), texts(&lines), "until they are safe");
        follower.accept(lines);
        assert!(follower.next(false).unwrap().is_none());
        file.write_all(b"ree\n").unwrap();
        let lines = follower.next(false).unwrap().unwrap();
        assert_eq!((texts(&lines), lines.to), (vec![(4, "three".into())], Place { bytes: 18, lines: 4 }));
        follower.accept(lines);
        file.write_all(b"half").unwrap();
        assert!(follower.next(false).unwrap().is_none());
        assert_eq!(texts(&follower.next(true).unwrap().unwrap()), [(5, "half".into())]);
    }

    #[test]
    fn field_lists_hold_also_where_reading_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        std::fs::write(&path, "#Fields: a b\n1 2\n").unwrap();
        let mut follower = Follower::open(&path, Limits::default()).unwrap();
        follower.go_to(Place { bytes: 13, lines: 1 }).unwrap();
        let lines = follower.next(false).unwrap().unwrap();
        assert_eq!(lines.lines[0].header.as_deref(), Some("a b"));
        assert_eq!(texts(&lines), [(2, "1 2".into())]);
    }

    #[test]
    fn a_line_that_is_too_long_is_told_once_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let limits = Limits { line: 10, ..Limits::default() };
        let long = "x".repeat(MOST_BYTES + 5);
        std::fs::write(&path, &long).unwrap();
        let mut follower = Follower::open(&path, limits).unwrap();
        assert!(follower.next(false).unwrap().is_none());
        std::fs::write(&path, format!("{long}\nnext\n")).unwrap();
        let lines = follower.next(false).unwrap().unwrap();
        assert!(lines.lines[0].result.is_err());
        follower.accept(lines);
        assert_eq!(texts(&follower.next(false).unwrap().unwrap()), [(2, "next".into())]);
    }
}
