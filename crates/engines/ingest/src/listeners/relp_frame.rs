//! RELP frames: `TXNR SP COMMAND SP DATALEN [SP DATA] LF` (the protocol as rsyslog's RELP project documents it).
//! Decoding knows no socket.

use bytes::{Buf, Bytes, BytesMut};

/// One frame from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelpFrame {
    /// Transaction number, answered with the same.
    pub number: u64,
    pub command: String,
    pub data: Bytes,
    /// The data was longer than allowed; the rest is gone.
    pub truncated: bool,
}

/// The stream is no RELP any more; the connection must be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelpError {
    #[error("the frame's header is malformed")]
    Header,
    #[error("the frame does not end with a line end")]
    Trailer,
}

/// Longest header: number, command and length with their blanks.
const MAX_HEADER: usize = 64;

/// Decoder of one connection.
#[derive(Debug)]
pub struct RelpDecoder {
    buffer: BytesMut,
    longest: usize,
    /// Bytes of a cut frame that are still to come.
    skip: usize,
    /// A cut frame's line end is still to come.
    cut: bool,
}

impl RelpDecoder {
    /// `longest`: bytes of a frame's data that are kept.
    pub fn new(longest: usize) -> Self {
        Self { buffer: BytesMut::new(), longest, skip: 0, cut: false }
    }

    /// Where the next bytes of the stream go.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole frame, `None` while more bytes are needed.
    pub fn decode(&mut self) -> Result<Option<RelpFrame>, RelpError> {
        if !self.skipped()? {
            return Ok(None);
        }
        // Frames may be followed by stray line ends.
        while matches!(self.buffer.first(), Some(b'\n' | b'\r')) {
            self.buffer.advance(1);
        }
        let head = self.buffer.get(..self.buffer.len().min(MAX_HEADER)).unwrap_or_default();
        let mut ends = head.iter().enumerate().filter(|(_, byte)| matches!(byte, b' ' | b'\n')).map(|(at, _)| at);
        let (Some(first), Some(second), third) = (ends.next(), ends.next(), ends.next()) else {
            return if head.len() == MAX_HEADER { Err(RelpError::Header) } else { Ok(None) };
        };
        let Some(third) = third else {
            return if head.len() == MAX_HEADER { Err(RelpError::Header) } else { Ok(None) };
        };
        let part =
            |from: usize, to: usize| std::str::from_utf8(head.get(from..to).unwrap_or_default()).unwrap_or_default();
        let number = digits(part(0, first), 9).ok_or(RelpError::Header)?;
        let command = part(first + 1, second).to_owned();
        let length = digits(part(second + 1, third), 9).ok_or(RelpError::Header)? as usize;
        if command.is_empty() || command.len() > 32 || !command.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(RelpError::Header);
        }
        // Without data the line end follows the length, with or without a blank between.
        let blank = head.get(third) == Some(&b' ');
        if !blank && length > 0 {
            return Err(RelpError::Header);
        }
        let start = if blank { third + 1 } else { third };
        // A sender that is refused sends the same frame again for ever, so a long one is cut, not refused.
        if length > self.longest {
            if self.buffer.len() < start + self.longest {
                return Ok(None);
            }
            self.buffer.advance(start);
            let data = self.buffer.split_to(self.longest).freeze();
            (self.skip, self.cut) = (length - self.longest, true);
            return Ok(Some(RelpFrame { number, command, data, truncated: true }));
        }
        let Some(end) = self.buffer.get(start + length) else { return Ok(None) };
        if *end != b'\n' {
            return Err(RelpError::Trailer);
        }
        self.buffer.advance(start);
        let data = self.buffer.split_to(length).freeze();
        self.buffer.advance(1);
        Ok(Some(RelpFrame { number, command, data, truncated: false }))
    }

    /// Drops the rest of a cut frame with its line end; false while more of it is to come.
    fn skipped(&mut self) -> Result<bool, RelpError> {
        let now = self.skip.min(self.buffer.len());
        self.buffer.advance(now);
        self.skip -= now;
        if self.cut && self.skip == 0 {
            match self.buffer.first() {
                Some(b'\n') => self.cut = false,
                Some(_) => return Err(RelpError::Trailer),
                None => {}
            }
        }
        Ok(!self.cut)
    }
}

fn digits(text: &str, most: usize) -> Option<u64> {
    let proper = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    proper.then(|| text.parse().ok()).flatten()
}

/// A frame as it goes over the wire.
pub(crate) fn encode(number: u64, command: &str, data: &str, out: &mut BytesMut) {
    out.extend_from_slice(format!("{number} {command} {}", data.len()).as_bytes());
    if !data.is_empty() {
        out.extend_from_slice(b" ");
        out.extend_from_slice(data.as_bytes());
    }
    out.extend_from_slice(b"\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Vec<(u64, String, Bytes)>, RelpError> {
        let mut decoder = RelpDecoder::new(100);
        decoder.buffer().extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(frame) = decoder.decode()? {
            out.push((frame.number, frame.command, frame.data));
        }
        Ok(out)
    }

    #[test]
    fn frames_with_and_without_data_are_read() {
        assert_eq!(
            decode(b"1 open 9 relp_ver=\n2 syslog 3 a\nb\n3 close 0\n4 close 0 \n5 sy").unwrap(),
            [
                (1, "open".into(), "relp_ver=".into()),
                (2, "syslog".into(), "a\nb".into()),
                (3, "close".into(), "".into()),
                (4, "close".into(), "".into()),
            ]
        );
    }

    #[test]
    fn a_long_frame_is_cut_and_the_next_is_whole() {
        let mut decoder = RelpDecoder::new(3);
        let mut told = Vec::new();
        for part in [&b"1 syslog 6 ab"[..], b"c", b"de", b"f\n2 syslog 1 x\n"] {
            decoder.buffer().extend_from_slice(part);
            while let Some(frame) = decoder.decode().unwrap() {
                told.push((frame.number, frame.data, frame.truncated));
            }
        }
        assert_eq!(told, [(1, "abc".into(), true), (2, "x".into(), false)]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        assert_eq!(decode(b"GET / HTTP/1.1\r\n"), Err(RelpError::Header));
        assert_eq!(decode(&[&b"1 syslog 101 "[..], &[b'x'; 102]].concat()), Err(RelpError::Trailer));
        assert_eq!(decode(b"1 syslog 1 xy"), Err(RelpError::Trailer));
        assert_eq!(decode(&[b'1'; 64]), Err(RelpError::Header));
    }
}
