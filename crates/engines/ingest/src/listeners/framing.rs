//! Syslog messages out of a byte stream: octet counting (RFC 6587 §3.4.1) or one per line (§3.4.2), told apart by
//! the first byte of the stream. Independent of how the stream is cut into reads.

use bytes::{Buf, Bytes, BytesMut};

/// One message of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    pub message: Bytes,
    /// It was longer than allowed; the rest is gone.
    pub truncated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Undecided,
    Lines,
    Octets,
}

/// Decoder of one connection.
#[derive(Debug)]
pub struct SyslogFraming {
    buffer: BytesMut,
    mode: Mode,
    longest: usize,
    /// Bytes already looked at for a line end.
    searched: usize,
    /// Bytes or line that belong to a message already cut.
    skip: Skip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    Nothing,
    Line,
    Octets(usize),
}

/// Digits of an octet count.
const MAX_DIGITS: usize = 9;

impl SyslogFraming {
    /// `longest`: bytes of a message that are kept.
    pub fn new(longest: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            mode: Mode::Undecided,
            longest: longest.max(1),
            searched: 0,
            skip: Skip::Nothing,
        }
    }

    /// Where the next bytes of the stream go. Call [`Self::next`] until it is empty before adding more: the buffer then
    /// never outgrows the longest message by more than one read.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole message.
    #[expect(clippy::should_implement_trait, reason = "a decoder is fed between calls, which an iterator is not")]
    pub fn next(&mut self) -> Option<Framed> {
        loop {
            if !self.skipped() {
                return None;
            }
            if self.mode == Mode::Undecided {
                // Blank lines before the first message decide nothing.
                while matches!(self.buffer.first(), Some(b'\n' | b'\r' | 0)) {
                    self.buffer.advance(1);
                }
                let first = *self.buffer.first()?;
                self.mode = if first.is_ascii_digit() && first != b'0' { self.decide()? } else { Mode::Lines };
            }
            let framed = match self.mode {
                Mode::Octets => self.octets()?,
                _ => self.line()?,
            };
            if !framed.message.is_empty() {
                return Some(framed);
            }
        }
    }

    /// What is left at the end of the stream: a last line without its end.
    pub fn finish(&mut self) -> Option<Framed> {
        if let Some(framed) = self.next() {
            return Some(framed);
        }
        let cut_before = self.skip != Skip::Nothing;
        let mut rest = self.buffer.split().freeze();
        if self.mode == Mode::Octets {
            // The count promised more than came; what came is kept without it.
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if rest.get(digits) == Some(&b' ') {
                rest.advance(digits + 1);
            }
        }
        self.searched = 0;
        if cut_before {
            return None;
        }
        let length = rest.trim_ascii_end().len();
        rest.truncate(length);
        let truncated = rest.len() > self.longest;
        rest.truncate(self.longest);
        (!rest.is_empty()).then_some(Framed { message: rest, truncated })
    }

    /// A stream that begins with a digit is counted only if the digits end in a blank.
    fn decide(&self) -> Option<Mode> {
        let digits = self.buffer.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match self.buffer.get(digits) {
            Some(b' ') if digits <= MAX_DIGITS => Some(Mode::Octets),
            None if digits <= MAX_DIGITS => None,
            _ => Some(Mode::Lines),
        }
    }

    /// Drops the rest of a cut message; false while more of it is to come.
    fn skipped(&mut self) -> bool {
        match self.skip {
            Skip::Nothing => return true,
            Skip::Octets(count) => {
                let now = count.min(self.buffer.len());
                self.buffer.advance(now);
                self.skip = if now == count { Skip::Nothing } else { Skip::Octets(count - now) };
            }
            Skip::Line => match self.buffer.iter().position(|byte| matches!(byte, b'\n' | 0)) {
                Some(end) => {
                    self.buffer.advance(end + 1);
                    self.skip = Skip::Nothing;
                }
                None => self.buffer.clear(),
            },
        }
        self.skip == Skip::Nothing
    }

    fn octets(&mut self) -> Option<Framed> {
        // Some senders end counted messages with a line end all the same.
        while matches!(self.buffer.first(), Some(b'\n' | b'\r')) {
            self.buffer.advance(1);
        }
        let digits = self.buffer.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > MAX_DIGITS || self.buffer.get(digits).is_some_and(|byte| *byte != b' ') {
            if self.buffer.is_empty() {
                return None;
            }
            // Out of step: the next line end is the only place to find it again.
            self.mode = Mode::Lines;
            return self.line();
        }
        self.buffer.get(digits)?;
        let count: usize = std::str::from_utf8(self.buffer.get(..digits)?).ok()?.parse().ok()?;
        let wanted = count.min(self.longest);
        if self.buffer.len() < digits + 1 + wanted {
            return None;
        }
        self.buffer.advance(digits + 1);
        let mut message = self.buffer.split_to(wanted).freeze();
        let truncated = count > wanted;
        if truncated {
            self.skip = Skip::Octets(count - wanted);
        } else {
            let length = message.trim_ascii_end().len();
            message.truncate(length);
        }
        Some(Framed { message, truncated })
    }

    fn line(&mut self) -> Option<Framed> {
        let unseen = self.buffer.get(self.searched..).unwrap_or_default();
        // A NUL ends a message, too: old senders use it.
        let end = unseen.iter().position(|byte| matches!(byte, b'\n' | 0)).map(|at| self.searched + at);
        match end {
            Some(end) => {
                self.searched = 0;
                let mut message = self.buffer.split_to(end + 1).freeze();
                message.truncate(end);
                let length = message.trim_ascii_end().len();
                let truncated = length > self.longest;
                message.truncate(length.min(self.longest));
                Some(Framed { message, truncated })
            }
            // Blanks at the end of a line do not count, so a cut must wait for something that is none.
            None if self.buffer.trim_ascii_end().len() > self.longest => {
                self.searched = 0;
                let message = self.buffer.split_to(self.longest).freeze();
                self.skip = Skip::Line;
                Some(Framed { message, truncated: true })
            }
            None => {
                if self.buffer.len() > self.longest * 2 + 1024 {
                    // Nothing but blanks behind a message within bounds: one too many is enough to know that it
                    // is cut, should anything follow.
                    self.buffer.truncate(self.longest + 1);
                    self.searched = self.buffer.len();
                } else {
                    self.searched = self.buffer.len();
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(parts: &[&[u8]], longest: usize) -> Vec<(String, bool)> {
        let mut framing = SyslogFraming::new(longest);
        let mut out = Vec::new();
        let text = |framed: Framed| (String::from_utf8_lossy(&framed.message).into_owned(), framed.truncated);
        for part in parts {
            framing.buffer().extend_from_slice(part);
            while let Some(framed) = framing.next() {
                out.push(text(framed));
            }
        }
        out.extend(framing.finish().map(text));
        out
    }

    fn messages(parts: &[&[u8]]) -> Vec<String> {
        all(parts, 1000).into_iter().map(|(message, _)| message).collect()
    }

    #[test]
    fn lines_and_counted_messages_are_told_apart() {
        assert_eq!(messages(&[b"<1>a\r\n\n<2>", b"b\n<3>c"]), ["<1>a", "<2>b", "<3>c"]);
        assert_eq!(messages(&[b"4 <1>a7 <2>b\nc\n3 <3>"]), ["<1>a", "<2>b\nc", "<3>"]);
        assert_eq!(messages(&[b"2026-01-01T00:00:00Z x\n"]), ["2026-01-01T00:00:00Z x"]);
        assert_eq!(messages(&[b"1", b"2", b" <1>abcdefghi"]), ["<1>abcdefghi"]);
    }

    #[test]
    fn long_messages_are_cut_and_the_next_is_whole() {
        let expected = [("<1>ab".to_owned(), true), ("<2>c".to_owned(), false)];
        assert_eq!(all(&[b"<1>abcdefgh\n<2>c\n"], 5), expected);
        assert_eq!(all(&[b"<1>abcd", b"efgh\n<2>c\n"], 5), expected);
        assert_eq!(all(&[b"11 <1>abcdefgh4 <2>c"], 5), expected);
        assert_eq!(all(&[b"11 <1>abc", b"defgh4 <2>c"], 5), expected);
    }

    #[test]
    fn a_stream_out_of_step_goes_on_at_the_next_line() {
        assert_eq!(messages(&[b"4 <1>aXX<9>lost\n<2>b\n"]), ["<1>a", "XX<9>lost", "<2>b"]);
    }
}
