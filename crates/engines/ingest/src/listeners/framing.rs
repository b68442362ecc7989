//! Syslog messages out of a byte stream: octet counting (RFC 6587 §3.4.1) or one per line (§3.4.2), told apart by
//! the first byte of the stream. A NUL within a line is part of the message, or whoever writes one into a log could make
//! two messages of it. Old senders end messages with NUL instead of a line end: such a stream shows itself at its first
//! message, whose NUL comes right before the priority of the second. A counted stream that falls out of step is taken up again at the next line end or
//! count; what stood between is a message of its own. Independent of how the stream is cut into reads.

use super::step::next_step;
use bytes::{Buf, Bytes, BytesMut};

/// Parts a stream into messages.
pub(crate) trait Framing: Send {
    /// Where the next bytes of the stream go.
    fn buffer(&mut self) -> &mut BytesMut;
    /// The next whole message; to be asked until there is none before more bytes are added.
    fn next(&mut self) -> Option<Framed>;
    /// What is left at the end of the stream.
    fn finish(&mut self) -> Option<Framed>;
}

impl Framing for SyslogFraming {
    fn buffer(&mut self) -> &mut BytesMut {
        self.buffer()
    }

    fn next(&mut self) -> Option<Framed> {
        self.next()
    }

    fn finish(&mut self) -> Option<Framed> {
        self.finish()
    }
}

/// One message of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    pub message: Bytes,
    /// It was longer than allowed; the rest is gone.
    pub truncated: bool,
    /// It stood where a count should have been.
    pub out_of_step: bool,
}

impl Framed {
    fn whole(message: Bytes) -> Self {
        Self { message, truncated: false, out_of_step: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Undecided,
    Lines,
    Octets,
    /// Counted, but what comes is no count.
    OutOfStep,
}

/// What ends a message of a stream of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trailer {
    Undecided,
    LineEnd,
    /// NUL; a line end, too.
    Null,
}

/// Decoder of one connection.
#[derive(Debug)]
pub struct SyslogFraming {
    buffer: BytesMut,
    mode: Mode,
    trailer: Trailer,
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
    /// To the place where a counted stream is in step again.
    OutOfStep,
}

/// Digits of an octet count.
const MAX_DIGITS: usize = 9;

impl SyslogFraming {
    /// `longest`: bytes of a message that are kept.
    pub fn new(longest: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            mode: Mode::Undecided,
            trailer: Trailer::Undecided,
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
                Mode::OutOfStep => self.stray()?,
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
        let length = without_trailer(&rest).len();
        rest.truncate(length);
        let truncated = rest.len() > self.longest;
        rest.truncate(self.longest);
        (!rest.is_empty()).then_some(Framed { truncated, out_of_step: self.mode == Mode::OutOfStep, message: rest })
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
            Skip::Line => match self.line_end(0) {
                Ok(end) => {
                    self.buffer.advance(end + 1);
                    self.skip = Skip::Nothing;
                }
                Err(unseen) => self.buffer.advance(unseen),
            },
            Skip::OutOfStep => {
                let step = next_step(&self.buffer, 0);
                self.buffer.advance(step.at());
                if step.is_found() {
                    self.skip = Skip::Nothing;
                }
            }
        }
        self.skip == Skip::Nothing
    }

    fn octets(&mut self) -> Option<Framed> {
        // Some senders end counted messages with a line end all the same.
        while matches!(self.buffer.first(), Some(b'\n' | b'\r' | 0)) {
            self.buffer.advance(1);
        }
        let first = *self.buffer.first()?;
        let digits = self.buffer.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let no_count = !(b'1'..=b'9').contains(&first) || digits > MAX_DIGITS;
        if no_count || self.buffer.get(digits).is_some_and(|byte| *byte != b' ') {
            self.mode = Mode::OutOfStep;
            self.searched = 0;
            return self.stray();
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
        Some(Framed { truncated, ..Framed::whole(message) })
    }

    /// What stands between the last counted message and the place where counting can go on.
    fn stray(&mut self) -> Option<Framed> {
        let step = next_step(&self.buffer, self.searched);
        let at = step.at();
        let truncated = at > self.longest;
        if !step.is_found() && !truncated {
            self.searched = at;
            return None;
        }
        self.searched = 0;
        let mut message = self.buffer.split_to(at.min(self.longest)).freeze();
        if truncated {
            self.skip = Skip::OutOfStep;
        } else {
            let length = message.trim_ascii_end().len();
            message.truncate(length);
        }
        self.mode = Mode::Octets;
        Some(Framed { message, truncated, out_of_step: true })
    }

    /// Where the line ends that is searched from `from` on; else from where to search once there is more.
    fn line_end(&mut self, from: usize) -> Result<usize, usize> {
        let unseen = self.buffer.get(from..).unwrap_or_default();
        for (at, byte) in unseen.iter().enumerate() {
            let found = match (byte, self.trailer) {
                (b'\n', Trailer::Undecided) => Some(Trailer::LineEnd),
                (b'\n', trailer) => Some(trailer),
                (0, Trailer::Null) => Some(Trailer::Null),
                (0, Trailer::Undecided) => match unseen.get(at + 1..at + 3) {
                    Some([b'<', b'0'..=b'9']) => Some(Trailer::Null),
                    Some(_) => None,
                    None if matches!(unseen.get(at + 1), None | Some(b'<')) => return Err(from + at),
                    None => None,
                },
                _ => None,
            };
            if let Some(trailer) = found {
                self.trailer = trailer;
                return Ok(from + at);
            }
        }
        Err(self.buffer.len())
    }

    fn line(&mut self) -> Option<Framed> {
        // Where a NUL follows a line end, it is a trailer of what came before.
        while self.searched == 0 && self.buffer.first() == Some(&0) {
            self.buffer.advance(1);
        }
        match self.line_end(self.searched) {
            Ok(end) => {
                self.searched = 0;
                let mut message = self.buffer.split_to(end + 1).freeze();
                message.truncate(end);
                let length = without_trailer(&message).len();
                let truncated = length > self.longest;
                message.truncate(length.min(self.longest));
                Some(Framed { truncated, ..Framed::whole(message) })
            }
            // Blanks at the end of a line do not count, so a cut must wait for something that is none.
            Err(_) if without_trailer(&self.buffer).len() > self.longest => {
                self.searched = 0;
                let message = self.buffer.split_to(self.longest).freeze();
                self.skip = Skip::Line;
                Some(Framed { truncated: true, ..Framed::whole(message) })
            }
            Err(unseen) => {
                if self.buffer.len() > self.longest * 2 + 1024 {
                    // Nothing but blanks behind a message within bounds: one too many is enough to know that it
                    // is cut, should anything follow.
                    self.buffer.truncate(self.longest + 1);
                }
                self.searched = unseen.min(self.buffer.len());
                None
            }
        }
    }
}

/// The message without blanks and NULs at its end.
fn without_trailer(message: &[u8]) -> &[u8] {
    let end = message.iter().rposition(|byte| *byte != 0 && !byte.is_ascii_whitespace());
    message.get(..end.map_or(0, |last| last + 1)).unwrap_or_default()
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;
