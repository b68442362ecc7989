//! Records of a text stream: lines, JSON objects one per line, JSON values over many lines, JSON arrays, events in XML. Decided by
//! what the stream begins with; a broken record ends where the next one can begin.

use super::xml_events::{self, XmlEvents};
use super::{Item, Limits};
use bytes::Bytes;
use std::io::{self, BufRead, Read};
use std::sync::LazyLock;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Undecided,
    Lines,
    /// One JSON object per line; several on one line are told apart.
    JsonLines,
    /// Objects that span lines, bare, in an array, or both.
    JsonValues,
    /// Windows events in XML that lines do not tell apart.
    XmlEvents,
}

pub(crate) struct Records<R> {
    reader: R,
    limits: Limits,
    mode: Mode,
    line: u64,
    record: u64,
    /// Records found but not yet handed out.
    ready: std::collections::VecDeque<Item>,
    ended: bool,
    xml: XmlEvents,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(reader: R, limits: Limits) -> Self {
        Self {
            reader,
            limits,
            mode: Mode::Undecided,
            line: 0,
            record: 0,
            ready: Default::default(),
            ended: false,
            xml: XmlEvents::default(),
        }
    }

    /// Lines are counted on from here.
    pub(crate) fn after(self, lines: u64) -> Self {
        Self { line: lines, ..self }
    }

    /// A part of a file that is known to be one of lines.
    pub(crate) fn of_lines(self, json: bool) -> Self {
        Self { mode: if json { Mode::JsonLines } else { Mode::Lines }, ..self }
    }

    fn decide(&mut self) -> io::Result<()> {
        // Only what one fill gives is looked at: a quarter MiB says what a file is.
        let mut head = self.reader.fill_buf()?;
        if let Some(rest) = head.strip_prefix(b"\xef\xbb\xbf") {
            let mark = head.len() - rest.len();
            self.reader.consume(mark);
            head = self.reader.fill_buf()?;
        }
        self.mode = mode(head);
        Ok(())
    }

    fn fill(&mut self) -> io::Result<()> {
        match self.mode {
            Mode::Undecided => self.decide(),
            Mode::Lines | Mode::JsonLines => self.next_line(),
            Mode::JsonValues => self.next_value(),
            Mode::XmlEvents => {
                match self.xml.next(&mut self.reader, &self.limits)? {
                    Some(found) => {
                        self.record += 1;
                        self.ready.push_back((self.record, found));
                    }
                    None => self.ended = true,
                }
                Ok(())
            }
        }
    }

    fn next_line(&mut self) -> io::Result<()> {
        let mut line = Vec::new();
        let read = (&mut self.reader).take(self.limits.line as u64 + 2).read_until(b'\n', &mut line)?;
        if read == 0 {
            self.ended = true;
            return Ok(());
        }
        self.line += 1;
        let finished = line.ends_with(b"\n");
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        if line.len() > self.limits.line {
            let rest = if finished { 0 } else { skip_line(&mut self.reader)? };
            let length = line.len() as u64 + rest;
            let reason = format!("the line has {length} bytes; {} are read at most", self.limits.line);
            self.ready.push_back((self.line, Err(reason)));
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let parts = if self.mode == Mode::JsonLines { several(&line) } else { Vec::new() };
        if parts.is_empty() {
            self.ready.push_back((self.line, Ok(line.into())));
            return Ok(());
        }
        let line = Bytes::from(line);
        for part in parts {
            self.ready.push_back((self.line, Ok(line.slice(part))));
        }
        Ok(())
    }

    /// Reads to the end of the next value. Brackets and commas of enclosing arrays lie between values.
    fn next_value(&mut self) -> io::Result<()> {
        let mut value = Vec::new();
        let mut scan = Scan::default();
        let mut too_long = 0_u64;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                self.ended = true;
                break;
            }
            let mut used = 0;
            let mut done = false;
            for byte in buffer {
                used += 1;
                if value.is_empty() && too_long == 0 && scan.depth == 0 {
                    if byte.is_ascii_whitespace() || matches!(byte, b'[' | b']' | b',') {
                        continue;
                    }
                    scan = Scan { bare: !matches!(byte, b'{'), ..Scan::default() };
                }
                if scan.bare && scan.depth == 0 && !scan.text && matches!(byte, b'\n' | b',' | b']') {
                    done = true;
                    break;
                }
                if scan.breaks_off(*byte) || (too_long > 0 && scan.new_line && *byte == b'{') {
                    used -= 1;
                    done = true;
                    break;
                }
                scan.step(*byte);
                if value.len() < self.limits.document {
                    value.push(*byte);
                } else {
                    too_long += 1;
                }
                if !scan.bare && scan.depth == 0 {
                    done = true;
                    break;
                }
            }
            self.reader.consume(used);
            if done {
                break;
            }
        }
        if value.trim_ascii().is_empty() && too_long == 0 {
            return Ok(());
        }
        self.record += 1;
        let result = if too_long > 0 {
            Err(format!("the JSON value is longer than {} bytes", self.limits.document))
        } else {
            let end = value.trim_ascii_end().len();
            value.truncate(end);
            Ok(value.into())
        };
        self.ready.push_back((self.record, result));
        Ok(())
    }
}

/// What a text is, by its beginning.
fn mode(head: &[u8]) -> Mode {
    let start = head.trim_ascii_start();
    match start.first() {
        Some(b'{') => {
            let first = start.split(|byte| *byte == b'\n').next().unwrap_or(start);
            let whole_line = first.len() < start.len();
            if balanced(first) || (!whole_line && start.len() > 4096) { Mode::JsonLines } else { Mode::JsonValues }
        }
        Some(b'[') => {
            let inside = start.get(1..).unwrap_or_default().trim_ascii_start();
            if matches!(inside.first(), Some(b'{' | b'[' | b']')) { Mode::JsonValues } else { Mode::Lines }
        }
        Some(b'<') if xml_events::is_export(start) => Mode::XmlEvents,
        _ => Mode::Lines,
    }
}

/// Whether a text that begins so is read line by line.
pub(crate) fn is_of_lines(head: &[u8]) -> bool {
    matches!(mode(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)), Mode::Lines | Mode::JsonLines)
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.fill() {
                self.ended = true;
                let position = self.line.max(self.record) + 1;
                return Some((position, Err(format!("the file cannot be read further: {error}"))));
            }
        }
    }
}

/// Where a scan of JSON text stands.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    text: bool,
    escaped: bool,
    /// The value is no object; it ends at a comma, bracket or line end.
    bare: bool,
    new_line: bool,
    /// Which of the open brackets are of arrays; the innermost is the lowest bit.
    arrays: u64,
    /// The last byte that is no white space, outside of texts or at their end.
    before: u8,
}

impl Scan {
    /// Whether a value that never closed ends before this byte: JSON has no line end in a text, and an object begins
    /// only after a colon, or after the bracket or comma of an array.
    fn breaks_off(&self, byte: u8) -> bool {
        let in_array = self.arrays & 1 == 1;
        let may_begin = self.before == b':' || (in_array && matches!(self.before, b'[' | b','));
        match self.text {
            true => byte == b'\n',
            false => byte == b'{' && self.new_line && self.depth > 0 && !may_begin,
        }
    }

    fn step(&mut self, byte: u8) {
        self.new_line = byte == b'\n' || (self.new_line && byte.is_ascii_whitespace());
        if !byte.is_ascii_whitespace() {
            self.before = byte;
        }
        if self.text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.text = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.text = true,
            b'{' | b'[' => {
                self.depth += 1;
                self.arrays = self.arrays << 1 | u64::from(byte == b'[');
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.arrays >>= 1;
            }
            _ => {}
        }
    }
}

/// Whether a text is whole JSON as far as brackets tell.
fn balanced(text: &[u8]) -> bool {
    let mut scan = Scan::default();
    text.iter().for_each(|byte| scan.step(*byte));
    scan.depth == 0 && !scan.text
}

/// Ranges of the objects on a line, where it holds more than one and nothing else.
fn several(line: &[u8]) -> Vec<std::ops::Range<usize>> {
    // Most lines hold one object; a search for a seam is much quicker than a scan of every byte.
    static SEAM: LazyLock<Option<regex::bytes::Regex>> =
        LazyLock::new(|| regex::bytes::Regex::new(r"\}[ \t,]*\{").ok());
    if SEAM.as_ref().is_some_and(|seam| !seam.is_match(line)) {
        return Vec::new();
    }
    let mut scan = Scan::default();
    let (mut parts, mut start) = (Vec::new(), None);
    for (at, byte) in line.iter().enumerate() {
        if scan.depth == 0 && !scan.text {
            match byte {
                b'{' => start = Some(at),
                _ if byte.is_ascii_whitespace() || *byte == b',' => continue,
                _ => return Vec::new(),
            }
        }
        scan.step(*byte);
        if scan.depth == 0
            && let Some(start) = start.take()
        {
            parts.push(start..at + 1);
        }
    }
    if parts.len() > 1 && scan.depth == 0 { parts } else { Vec::new() }
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            reader.consume(end + 1);
            return Ok(skipped + end as u64);
        }
        let length = buffer.len();
        skipped += length as u64;
        reader.consume(length);
    }
}

/// Text that Windows tools export as UTF-16 becomes UTF-8; everything else passes unchanged.
pub(crate) fn decode_utf16(head: &[u8], reader: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    let big = match head {
        [0xff, 0xfe, ..] => false,
        [0xfe, 0xff, ..] => true,
        _ => return Box::new(reader),
    };
    Box::new(Utf16 { inner: io::BufReader::new(reader), big, begun: false, high: None, out: Vec::new(), at: 0 })
}

struct Utf16<R> {
    inner: io::BufReader<R>,
    big: bool,
    begun: bool,
    /// First half of a surrogate pair.
    high: Option<u16>,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            self.out.clear();
            self.at = 0;
            let mut bytes = Vec::with_capacity(8192);
            if self.inner.by_ref().take(8192).read_to_end(&mut bytes)? == 0 {
                return Ok(0);
            }
            let mut units: Vec<u16> = self.high.take().into_iter().collect();
            units.extend(bytes.chunks(2).map(|pair| match pair {
                [one, two] if self.big => u16::from_be_bytes([*one, *two]),
                [one, two] => u16::from_le_bytes([*one, *two]),
                _ => u16::from(char::REPLACEMENT_CHARACTER as u8),
            }));
            if units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) && units.len() > 1 {
                self.high = units.pop();
            }
            let mut text = String::from_utf16_lossy(&units);
            if !std::mem::replace(&mut self.begun, true) {
                text = text.trim_start_matches('\u{feff}').to_owned();
            }
            self.out = text.into_bytes();
        }
        let ready = self.out.get(self.at..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(ready) {
            *to = *from;
        }
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let limits = Limits { line: 64, document: 64, ..Limits::default() };
        Records::new(io::BufReader::with_capacity(7000, text), limits)
            .map(|(position, result)| (position, result.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())))
            .collect()
    }

    fn good(text: &[u8]) -> Vec<String> {
        read(text).into_iter().map(|(_, result)| result.unwrap()).collect()
    }

    #[test]
    fn lines_keep_their_numbers_and_long_ones_are_rejected() {
        let long = "x".repeat(65);
        let items = read(format!("one\r\n\n{long}\nfour").as_bytes());
        assert_eq!(items[0], (1, Ok("one".into())));
        assert_eq!(items[1].0, 3);
        assert!(items[1].1.as_ref().unwrap_err().contains("65 bytes"));
        assert_eq!(items[2], (4, Ok("four".into())));
        assert_eq!(items.len(), 3);
        assert_eq!(good("x".repeat(64).as_bytes()).len(), 1);
    }

    #[test]
    fn json_comes_in_lines_arrays_pretty_and_glued() {
        assert_eq!(good(b"{\"a\":1}\n{bad\n{\"b\":2}\n"), ["{\"a\":1}", "{bad", "{\"b\":2}"]);
        assert_eq!(good(b"[{\"a\":\"]}\"},\n {\"b\":[1]}]"), ["{\"a\":\"]}\"}", "{\"b\":[1]}"]);
        assert_eq!(good(b"[\n  {\n \"a\": 1\n  },\n  7\n]\n"), ["{\n \"a\": 1\n  }", "7"]);
        assert_eq!(good(b"{\n\"a\":1\n}\n{\n\"b\":2\n}"), ["{\n\"a\":1\n}", "{\n\"b\":2\n}"]);
        assert_eq!(good(b"{\"a\":1}{\"b\":2}\n"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(good(b"[Sun Dec 04] x\n[Sun Dec 05] y\n").len(), 2);
        assert_eq!(good(b"[]"), Vec::<String>::new());
        assert_eq!(good(b"\xef\xbb\xbf{\"a\":1}"), ["{\"a\":1}"]);
    }

    #[test]
    fn a_value_that_never_closes_is_rejected_and_the_next_one_read() {
        let text = format!("{{\n\"a\":\"{}\n{{\n\"b\":2\n}}", "x".repeat(100));
        let items = read(text.as_bytes());
        assert!(items[0].1.is_err());
        assert_eq!(items[1].1, Ok("{\n\"b\":2\n}".to_owned()));
        assert_eq!(good(b"{\n\"a\":"), ["{\n\"a\":"]);
        let next = "{\"b\":2}";
        for broken in ["{\"a\":\"open", "{\"a\":{\"b\":1}", "{\"a\":{\"b\":1},", "{bad", "{\"a\":[1,2"] {
            assert_eq!(good(format!("{broken}\n{next}\n{next}\n").as_bytes()), [broken, next, next]);
            let inside = good(format!("[{next},\n{broken}\n{next},\n{next}]").as_bytes());
            assert_eq!(inside, [next, broken, next, next]);
        }
        assert_eq!(good(b"{\n\"a\":\n{\n\"b\":[\n{\"c\":1},\n{\"d\":2}]}}").len(), 1);
    }

    #[test]
    fn utf16_becomes_utf8() {
        let bytes: Vec<u8> = "\u{feff}Lũy 🎋\r\nTre".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut text = String::new();
        decode_utf16(&bytes.clone(), io::Cursor::new(bytes)).read_to_string(&mut text).unwrap();
        assert_eq!(text, "Lũy 🎋\r\nTre");
    }
}
