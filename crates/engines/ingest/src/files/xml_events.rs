//! Windows events in XML as exports write them: all within `<Events>` and often on one line. Each event is one record,
//! as forwarders would have sent it. Only the tags of events are looked at; an event that breaks off ends where a line
//! begins with the next one.

use super::Limits;
use bytes::Bytes;
use std::io::{self, BufRead};

/// Bytes that tell a tag from others: `</Events>`.
const TAG: usize = 9;

/// A record, or why there is none.
type Found = Result<Bytes, String>;

#[derive(Default)]
pub(super) struct XmlEvents {
    buffer: Vec<u8>,
    /// What is handed out already lies before it.
    begin: usize,
    ended: bool,
    /// An event was too long: what is left of it is no record of its own.
    skipping: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Open,
    Close,
    /// Of the export, around the events.
    Frame,
    Other,
}

fn tag(bytes: &[u8]) -> Tag {
    let named = |name: &[u8]| {
        bytes.strip_prefix(name).and_then(|rest| rest.first()).is_some_and(|byte| b" \t\r\n>/".contains(byte))
    };
    match bytes {
        _ if named(b"<Event") => Tag::Open,
        _ if named(b"</Event") => Tag::Close,
        _ if named(b"<Events") || named(b"</Events") => Tag::Frame,
        [b'<', b'?' | b'!', ..] => Tag::Frame,
        _ => Tag::Other,
    }
}

/// Whether a text that begins so is an export of events that lines cannot tell apart.
pub(super) fn is_export(head: &[u8]) -> bool {
    let mut rest = head.trim_ascii_start();
    while rest.starts_with(b"<?") || rest.starts_with(b"<!--") {
        let Some(end) = rest.iter().position(|byte| *byte == b'>') else { return false };
        rest = rest.get(end + 1..).unwrap_or_default().trim_ascii_start();
    }
    match tag(rest) {
        Tag::Frame => true,
        // One event a line is a file of lines, which may grow.
        Tag::Open => {
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest).trim_ascii_end();
            let closing = b"</Event>";
            let closed = line.windows(closing.len()).filter(|part| part == closing).count();
            closed != 1 || !line.ends_with(closing)
        }
        _ => false,
    }
}

/// What a search for a tag came to.
enum Next {
    Tag(usize, Tag),
    End,
    TooLong,
}

impl XmlEvents {
    /// The next event, or what stands between two that is none; nothing at the end.
    pub(super) fn next(&mut self, reader: &mut impl BufRead, limits: &Limits) -> io::Result<Option<Found>> {
        let mut from = 0;
        loop {
            match self.next_tag(reader, from, limits)? {
                Next::Tag(at, Tag::Other) => from = at + 1,
                Next::Tag(at, tag) => {
                    let stray = self.take(at);
                    if !stray.is_empty() && !self.skipping {
                        return Ok(Some(Ok(stray)));
                    }
                    if tag == Tag::Open {
                        self.skipping = false;
                        return self.event(reader, limits).map(Some);
                    }
                    let end = self.tag_end(reader, limits)?;
                    self.take(end);
                    from = 0;
                }
                Next::End => {
                    let stray = self.take(usize::MAX);
                    return Ok((!stray.is_empty() && !self.skipping).then_some(Ok(stray)));
                }
                Next::TooLong if self.skipping => {
                    self.take(usize::MAX);
                    from = 0;
                }
                Next::TooLong => return Ok(Some(self.too_long(limits))),
            }
        }
    }

    /// The event that begins here.
    fn event(&mut self, reader: &mut impl BufRead, limits: &Limits) -> io::Result<Found> {
        let (mut from, mut depth) = (1, 1_usize);
        loop {
            match self.next_tag(reader, from, limits)? {
                Next::Tag(at, Tag::Open) if self.begins_line(at) => return Ok(Ok(self.take(at))),
                Next::Tag(at, Tag::Open) => (from, depth) = (at + 1, depth + 1),
                Next::Tag(at, Tag::Close) if depth > 1 => (from, depth) = (at + 1, depth - 1),
                Next::Tag(at, Tag::Close) => {
                    let rest = self.rest().get(at..).unwrap_or_default();
                    let end = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
                    return Ok(Ok(self.take(at + end + 1)));
                }
                Next::Tag(at, _) => from = at + 1,
                Next::End => return Ok(Ok(self.take(usize::MAX))),
                Next::TooLong => return Ok(self.too_long(limits)),
            }
        }
    }

    fn next_tag(&mut self, reader: &mut impl BufRead, mut from: usize, limits: &Limits) -> io::Result<Next> {
        loop {
            let rest = self.rest();
            let found = rest.get(from..).unwrap_or_default().iter().position(|byte| *byte == b'<');
            from = found.map_or(rest.len(), |found| from + found);
            if found.is_some() && (rest.len() >= from + TAG || self.ended) {
                return Ok(Next::Tag(from, tag(rest.get(from..).unwrap_or_default())));
            }
            match () {
                () if rest.len() > limits.document => return Ok(Next::TooLong),
                () if self.ended => return Ok(Next::End),
                () => self.more(reader)?,
            }
        }
    }

    /// Where the tag ends that begins here.
    fn tag_end(&mut self, reader: &mut impl BufRead, limits: &Limits) -> io::Result<usize> {
        loop {
            let rest = self.rest();
            match rest.iter().position(|byte| *byte == b'>') {
                Some(end) => return Ok(end + 1),
                None if self.ended || rest.len() > limits.document => return Ok(rest.len()),
                None => self.more(reader)?,
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.begin..).unwrap_or_default()
    }

    fn begins_line(&self, at: usize) -> bool {
        let before = self.rest().get(..at).unwrap_or_default();
        before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t')) == Some(&b'\n')
    }

    fn more(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        self.buffer.drain(..std::mem::take(&mut self.begin));
        let part = reader.fill_buf()?;
        let length = part.len();
        self.buffer.extend_from_slice(part);
        reader.consume(length);
        self.ended = length == 0;
        Ok(())
    }

    /// Takes so many bytes, without the blanks around them.
    fn take(&mut self, length: usize) -> Bytes {
        let end = self.begin.saturating_add(length).min(self.buffer.len());
        let taken = self.buffer.get(self.begin..end).unwrap_or_default().trim_ascii();
        let taken = Bytes::copy_from_slice(taken);
        self.begin = end;
        taken
    }

    fn too_long(&mut self, limits: &Limits) -> Found {
        self.take(usize::MAX);
        self.skipping = true;
        Err(format!("the event is longer than {} bytes", limits.document))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, capacity: usize) -> Vec<Result<String, String>> {
        let mut reader = io::BufReader::with_capacity(capacity, text.as_bytes());
        let limits = Limits { document: 120, ..Limits::default() };
        let mut events = XmlEvents::default();
        std::iter::from_fn(|| events.next(&mut reader, &limits).unwrap())
            .map(|found| found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
            .collect()
    }

    fn good(text: &str) -> Vec<String> {
        let whole: Vec<_> = read(text, 8192).into_iter().map(Result::unwrap).collect();
        let cut: Vec<_> = read(text, 3).into_iter().map(Result::unwrap).collect();
        assert_eq!(whole, cut, "however the file is cut into reads");
        whole
    }

    const ONE: &str = "<Event xmlns='x'><EventData><Data Name=\"a\">1</Data></EventData></Event>";
    const TWO: &str = "<Event><System><EventID>4625</EventID></System></Event>";

    #[test]
    fn an_export_on_one_line_is_its_events() {
        assert_eq!(good(&format!("<Events>{ONE}{TWO}</Events>")), [ONE, TWO]);
        let declared =
            format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- x --><Events>\r\n{ONE}\r\n{TWO}</Events>\n");
        assert_eq!(good(&declared), [ONE, TWO]);
        assert_eq!(good(&format!("{ONE}{TWO}")), [ONE, TWO]);
        assert_eq!(good("<Events></Events>"), Vec::<String>::new());
    }

    #[test]
    fn what_is_broken_is_kept_and_the_next_event_is_read() {
        let open = "<Event><System>";
        assert_eq!(good(&format!("<Events>{open}\n{TWO}</Events>")), [open, TWO]);
        assert_eq!(good(&format!("<Events>{TWO}stray{ONE}")), [TWO, "stray", ONE]);
        assert_eq!(good(&format!("<Events>{TWO}{open}")), [TWO, open]);
        let inside = "<Event><UserData><Event>x</Event></UserData></Event>";
        assert_eq!(good(&format!("<Events>{inside}{TWO}</Events>")), [inside, TWO]);
    }

    #[test]
    fn an_event_that_is_too_long_is_rejected_alone() {
        let long = format!("<Event><Data>{}</Data></Event>", "x".repeat(500));
        let found = read(&format!("<Events>{ONE}{long}{TWO}</Events>"), 64);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].as_ref().is_err_and(|reason| reason.contains("120 bytes")));
        assert_eq!((found[0].as_deref(), found[2].as_deref()), (Ok(ONE), Ok(TWO)));
    }

    #[test]
    fn one_event_a_line_is_a_file_of_lines() {
        assert!(is_export(format!("<Events>{ONE}").as_bytes()));
        assert!(is_export(format!("\r\n<?xml version=\"1.0\"?><Events>{ONE}").as_bytes()));
        assert!(is_export(format!("{ONE}{TWO}\n").as_bytes()));
        assert!(is_export(b"<Event>\n<System>"));
        assert!(!is_export(format!("{ONE}\n{TWO}\n").as_bytes()));
        assert!(!is_export(b"<13>Jul  5 08:00:00 host a: b"));
    }
}
