//! Messages that end in NUL, as GELF over TCP has them. Independent of how the stream is cut into reads.

use super::framing::{Framed, Framing};
use bytes::{Buf, BytesMut};

/// Decoder of one connection.
#[derive(Debug)]
pub struct NullFraming {
    buffer: BytesMut,
    longest: usize,
    /// Bytes already looked at for a NUL.
    searched: usize,
    /// What comes belongs to a message already cut.
    skipping: bool,
}

impl NullFraming {
    /// `longest`: bytes of a message that are kept.
    pub fn new(longest: usize) -> Self {
        Self { buffer: BytesMut::new(), longest: longest.max(1), searched: 0, skipping: false }
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
            let unseen = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(found) = memchr::memchr(0, unseen) else {
                if self.skipping {
                    self.buffer.clear();
                    self.searched = 0;
                    return None;
                }
                if self.buffer.len() > self.longest {
                    self.skipping = true;
                    match self.message(self.longest, true) {
                        Some(framed) => return Some(framed),
                        None => continue,
                    }
                }
                self.searched = self.buffer.len();
                return None;
            };
            let end = self.searched + found;
            if self.skipping {
                self.skipping = false;
                self.buffer.advance(end + 1);
                self.searched = 0;
                continue;
            }
            let truncated = end > self.longest;
            let framed = self.message(end.min(self.longest), truncated);
            self.buffer.advance(if truncated { end - self.longest + 1 } else { 1 });
            if framed.is_some() {
                return framed;
            }
        }
    }

    /// What is left at the end of the stream: a last message without its NUL.
    pub fn finish(&mut self) -> Option<Framed> {
        if let Some(framed) = self.next() {
            return Some(framed);
        }
        let length = self.buffer.len();
        self.message(length, false)
    }

    /// Takes a message of this length, without blanks around it; none where nothing else is in it.
    fn message(&mut self, length: usize, truncated: bool) -> Option<Framed> {
        self.searched = 0;
        let mut message = self.buffer.split_to(length).freeze();
        let blanks = length - message.trim_ascii_start().len();
        message.advance(blanks);
        let kept = message.trim_ascii_end().len();
        message.truncate(kept);
        (!message.is_empty()).then_some(Framed { message, truncated, out_of_step: false })
    }
}

impl Framing for NullFraming {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all(parts: &[&[u8]], longest: usize) -> Vec<(String, bool)> {
        let mut framing = NullFraming::new(longest);
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

    #[test]
    fn messages_end_in_nul_wherever_the_stream_is_cut() {
        let expected = ["{\"a\":1}", "{\"b\":\n2}", "c"].map(|text| (text.to_owned(), false));
        assert_eq!(all(&[b"{\"a\":1}\0\0 \0{\"b\":\n2}\n\0c"], 100), expected);
        assert_eq!(all(&[b"{\"a\"", b":1}", b"\0", b"{\"b\":\n2}", b"\0 c"], 100), expected);
    }

    #[test]
    fn long_messages_are_cut_and_the_next_is_whole() {
        let expected = [("abcde".to_owned(), true), ("x".to_owned(), false)];
        assert_eq!(all(&[b"abcdefgh\0x\0"], 5), expected);
        assert_eq!(all(&[b"abcd", b"efg", b"h", b"\0x\0"], 5), expected);
        assert_eq!(all(&[b"abcde\0x"], 5), [("abcde".to_owned(), false), ("x".to_owned(), false)]);
        assert_eq!(all(&[b"abcdefgh"], 5), expected[..1]);
    }
}
