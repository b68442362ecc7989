//! Graylog's Extended Log Format as it comes in: compressed or not, over UDP in up to 128 chunks. Everything is bounded:
//! what a message expands to, what waits for its chunks, how much of that one address may have, and for how long.

use crate::bulk::check_document;
use crate::objects::Objects;
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Bytes of one record beside its text, as memory is counted.
const RECORD_BYTES: usize = 128;
/// The first bytes of a chunk.
const MAGIC: [u8; 2] = [0x1e, 0x0f];
/// Magic, eight bytes of id, number, count.
const HEADER: usize = 12;
/// Chunks of a message.
const MOST_CHUNKS: u8 = 128;
/// How long a message waits for its chunks, as Graylog does.
const PATIENCE: Duration = Duration::from_secs(5);

/// A message, expanded, and whether its end was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    pub bytes: Bytes,
    pub cut: bool,
}

/// The message is compressed and does not expand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message does not expand: {0}")]
pub struct ExpandError(pub String);

/// Expands a message, whatever it is compressed with; `longest` bytes of it are kept.
pub fn expand(message: &[u8], longest: usize) -> Result<Expanded, ExpandError> {
    let most = longest as u64 + 1;
    let mut bytes = Vec::new();
    let read = match message {
        [0x1f, 0x8b, ..] => MultiGzDecoder::new(message).take(most).read_to_end(&mut bytes),
        // RFC 1950: the method is 8, and both bytes together are a multiple of 31.
        [head, flags, ..] if head & 0x0f == 8 && u16::from_be_bytes([*head, *flags]).is_multiple_of(31) => {
            ZlibDecoder::new(message).take(most).read_to_end(&mut bytes)
        }
        _ => {
            bytes.extend_from_slice(message.get(..message.len().min(longest + 1)).unwrap_or_default());
            Ok(bytes.len())
        }
    };
    read.map_err(|error| ExpandError(error.to_string()))?;
    let cut = bytes.len() > longest;
    bytes.truncate(longest);
    let length = bytes.iter().rposition(|byte| *byte != 0 && !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    bytes.truncate(length);
    Ok(Expanded { bytes: bytes.into(), cut })
}

/// What the body of a request holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Records with their numbers in the body, from 1 on.
    pub records: Vec<(u64, Bytes)>,
    /// How many were refused.
    pub refused: u64,
    /// The first that was, with the reason.
    pub first: Option<(u64, String)>,
    /// Memory that the records take.
    pub bytes: usize,
    /// Each record states its time, so that a request that is the same is a repeated one.
    pub timed: bool,
}

/// The records of a body take more memory than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the messages of the request take more than {0} bytes; send smaller batches")]
pub struct TooLarge(pub usize);

/// Reads the body of a request: one message, or several one behind the other. Where the JSON of one breaks,
/// reading goes on at the next. `most` bounds the memory of the records.
pub fn parse(body: &[u8], most: usize) -> Result<Messages, TooLarge> {
    let mut messages = Messages { timed: true, ..Messages::default() };
    let time = memchr::memmem::Finder::new(b"\"timestamp\"");
    // The terminator of GELF over TCP, which some senders add everywhere.
    let body = body.strip_suffix(b"\0").unwrap_or(body);
    for object in Objects::of(body) {
        let number = messages.records.len() as u64 + messages.refused + 1;
        let checked = object
            .and_then(|raw| check_document(raw.as_bytes()).map(|()| raw.as_bytes()).map_err(|error| error.reason));
        match checked {
            Ok(bytes) => {
                messages.timed &= time.find(bytes).is_some();
                messages.bytes += bytes.len() + RECORD_BYTES;
                messages.records.push((number, Bytes::copy_from_slice(bytes)));
            }
            Err(reason) => {
                messages.refused += 1;
                if messages.first.is_none() {
                    messages.first = Some((number, reason));
                }
            }
        }
        if messages.bytes > most {
            return Err(TooLarge(most));
        }
    }
    Ok(messages)
}

/// Bounds of what waits.
#[derive(Debug, Clone, Copy)]
pub struct ChunkLimits {
    /// Messages, and bytes, of all senders.
    pub messages: usize,
    pub bytes: usize,
    /// The same of one address.
    pub messages_per_address: usize,
    pub bytes_per_address: usize,
    /// Bytes of one message, compressed as it comes.
    pub longest: usize,
}

impl Default for ChunkLimits {
    fn default() -> Self {
        Self {
            messages: 4_096,
            bytes: 64 << 20,
            messages_per_address: 256,
            bytes_per_address: 8 << 20,
            longest: event::LONGEST_RECORD,
        }
    }
}

/// What a datagram is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datagram {
    /// A whole message, or the last chunk that was missing from one.
    Message(Bytes),
    /// A chunk of a message that is not whole yet, or one that came twice.
    Waiting,
    /// A chunk for which there is no room, or that is none.
    Refused,
}

type Key = (IpAddr, [u8; 8]);

#[derive(Debug)]
struct Parts {
    chunks: Vec<Option<Bytes>>,
    missing: u8,
    bytes: usize,
    since: Instant,
}

#[derive(Debug, Default, Clone, Copy)]
struct Share {
    messages: usize,
    bytes: usize,
}

/// Messages that wait for their chunks.
#[derive(Debug)]
pub struct Chunks {
    limits: ChunkLimits,
    waiting: HashMap<Key, Parts>,
    /// In the order in which they began; some of them may be whole meanwhile.
    order: VecDeque<(Instant, Key)>,
    shares: HashMap<IpAddr, Share>,
    bytes: usize,
    /// Given up because their id came anew, and not told yet.
    replaced: usize,
}

impl Chunks {
    pub fn new(limits: ChunkLimits) -> Self {
        let (waiting, order, shares) = (HashMap::new(), VecDeque::new(), HashMap::new());
        Self { limits, waiting, order, shares, bytes: 0, replaced: 0 }
    }

    /// Takes a datagram.
    pub fn take(&mut self, peer: IpAddr, datagram: &[u8], now: Instant) -> Datagram {
        let Some((header, chunk)) = datagram.split_first_chunk::<HEADER>().filter(|_| datagram.starts_with(&MAGIC))
        else {
            return match datagram.starts_with(&MAGIC) {
                true => Datagram::Refused,
                false => Datagram::Message(Bytes::copy_from_slice(datagram)),
            };
        };
        let [_, _, id @ .., number, count] = *header;
        if count == 0 || count > MOST_CHUNKS || number >= count || chunk.is_empty() {
            return Datagram::Refused;
        }
        if count == 1 {
            return Datagram::Message(Bytes::copy_from_slice(chunk));
        }
        let key = (peer, id);
        if self.waiting.get(&key).is_some_and(|parts| now.duration_since(parts.since) >= PATIENCE) {
            self.remove(&key);
            self.replaced += 1;
        }
        let share = self.shares.get(&peer).copied().unwrap_or_default();
        let limits = self.limits;
        let too_much = self.bytes + chunk.len() > limits.bytes || share.bytes + chunk.len() > limits.bytes_per_address;
        match self.waiting.get(&key) {
            Some(parts) if parts.chunks.len() != usize::from(count) => return Datagram::Refused,
            Some(parts) if parts.chunks.get(usize::from(number)).is_some_and(Option::is_some) => {
                return Datagram::Waiting;
            }
            Some(parts) if too_much || parts.bytes + chunk.len() > limits.longest => return Datagram::Refused,
            None if too_much || chunk.len() > limits.longest => return Datagram::Refused,
            None if self.waiting.len() >= limits.messages || share.messages >= limits.messages_per_address => {
                return Datagram::Refused;
            }
            _ => {}
        }
        let share = self.shares.entry(peer).or_default();
        let order = &mut self.order;
        let parts = self.waiting.entry(key).or_insert_with(|| {
            share.messages += 1;
            order.push_back((now, key));
            Parts { chunks: vec![None; usize::from(count)], missing: count, bytes: 0, since: now }
        });
        share.bytes += chunk.len();
        self.bytes += chunk.len();
        parts.bytes += chunk.len();
        parts.missing -= 1;
        if let Some(place) = parts.chunks.get_mut(usize::from(number)) {
            *place = Some(Bytes::copy_from_slice(chunk));
        }
        if parts.missing > 0 {
            return Datagram::Waiting;
        }
        let Some(parts) = self.remove(&key) else { return Datagram::Refused };
        let mut whole = Vec::with_capacity(parts.bytes);
        for chunk in parts.chunks.iter().flatten() {
            whole.extend_from_slice(chunk);
        }
        Datagram::Message(whole.into())
    }

    /// Gives up messages that have waited for too long; says how many.
    pub fn expire(&mut self, now: Instant) -> usize {
        let mut expired = std::mem::take(&mut self.replaced);
        while let Some((since, key)) = self.order.front().copied() {
            let waits = self.waiting.get(&key).is_some_and(|parts| parts.since == since);
            if waits && now.duration_since(since) < PATIENCE {
                break;
            }
            self.order.pop_front();
            if waits {
                self.remove(&key);
                expired += 1;
            }
        }
        expired
    }

    /// Messages that are not whole yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn remove(&mut self, key: &Key) -> Option<Parts> {
        let parts = self.waiting.remove(key)?;
        self.bytes -= parts.bytes;
        if let Some(share) = self.shares.get_mut(&key.0) {
            share.bytes -= parts.bytes;
            share.messages -= 1;
            if share.messages == 0 {
                self.shares.remove(&key.0);
            }
        }
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn chunk(id: u8, number: u8, count: u8, bytes: &[u8]) -> Vec<u8> {
        [&MAGIC[..], &[id; 8][..], &[number, count][..], bytes].concat()
    }

    #[test]
    fn chunks_come_in_any_order_and_of_several_messages_at_once() {
        let mut chunks = Chunks::new(ChunkLimits::default());
        let now = Instant::now();
        let mut take = |peer, datagram: &[u8]| chunks.take(peer, datagram, now);
        assert_eq!(take(ONE, b"{\"a\":1}"), Datagram::Message(Bytes::from("{\"a\":1}")));
        assert_eq!(take(ONE, &chunk(7, 1, 2, b"de")), Datagram::Waiting);
        assert_eq!(take(TWO, &chunk(7, 0, 2, b"xy")), Datagram::Waiting, "an id of another address");
        assert_eq!(take(ONE, &chunk(8, 0, 1, b"q")), Datagram::Message(Bytes::from("q")));
        assert_eq!(take(ONE, &chunk(7, 1, 2, b"zz")), Datagram::Waiting, "one that came twice");
        assert_eq!(take(ONE, &chunk(7, 0, 2, b"abc")), Datagram::Message(Bytes::from("abcde")));
        for odd in [chunk(9, 2, 2, b"x"), chunk(9, 0, 0, b"x"), chunk(9, 0, 129, b"x"), chunk(9, 0, 2, b"")] {
            assert_eq!(take(ONE, &odd), Datagram::Refused);
        }
        assert_eq!(take(TWO, &chunk(7, 1, 3, b"z")), Datagram::Refused, "another count than before");
        assert_eq!(take(TWO, &[0x1e, 0x0f, 1]), Datagram::Refused);
        assert_eq!(chunks.waiting(), 1);
    }

    #[test]
    fn what_waits_is_bounded_and_given_up() {
        let limits = ChunkLimits { messages: 4, messages_per_address: 2, bytes_per_address: 10, bytes: 30, longest: 8 };
        let mut chunks = Chunks::new(limits);
        let begin = Instant::now();
        assert_eq!(chunks.take(ONE, &chunk(1, 0, 2, b"abcd"), begin), Datagram::Waiting);
        assert_eq!(
            chunks.take(ONE, &chunk(1, 1, 2, b"efghi"), begin),
            Datagram::Refused,
            "longer than a message may be"
        );
        assert_eq!(chunks.take(ONE, &chunk(2, 0, 2, b"abcdefg"), begin), Datagram::Refused, "more than one may have");
        assert_eq!(chunks.take(ONE, &chunk(2, 0, 2, b"abcd"), begin), Datagram::Waiting);
        assert_eq!(chunks.take(ONE, &chunk(3, 0, 2, b"a"), begin), Datagram::Refused, "one has two messages");
        assert_eq!(chunks.take(TWO, &chunk(3, 0, 2, b"a"), begin), Datagram::Waiting);
        assert_eq!(chunks.expire(begin + Duration::from_secs(4)), 0);
        assert_eq!(chunks.expire(begin + Duration::from_secs(5)), 3);
        assert_eq!((chunks.waiting(), chunks.bytes, chunks.shares.len(), chunks.order.len()), (0, 0, 0, 0));
        assert_eq!(chunks.take(ONE, &chunk(1, 1, 2, b"x"), begin + PATIENCE), Datagram::Waiting);
        let later = begin + 2 * PATIENCE;
        assert_eq!(chunks.take(ONE, &chunk(1, 0, 2, b"y"), later), Datagram::Waiting, "it begins anew");
        assert_eq!((chunks.expire(later), chunks.waiting()), (1, 1), "and the one before is told");
    }

    #[test]
    fn a_request_holds_one_message_or_several_and_a_bad_one_refuses_itself() {
        let one = parse(b"{\n \"short_message\": \"a\"\n}\0", 1_000).unwrap();
        assert_eq!((one.records.len(), one.refused, one.timed), (1, 0, false));
        let several = parse(b"{\"timestamp\":1}\n[2] {\"timestamp\":3}\n{\"x\"", 1_000).unwrap();
        let numbers: Vec<u64> = several.records.iter().map(|(number, _)| *number).collect();
        assert_eq!((numbers, several.refused, several.timed), (vec![1, 3], 2, true));
        assert_eq!(several.first.unwrap().0, 2);
        assert_eq!(parse(&b"{}".repeat(10), 1_000), Err(TooLarge(1_000)));
        assert!(parse(b" ", 1_000).unwrap().records.is_empty());
    }

    #[test]
    fn messages_are_expanded_and_bombs_are_cut() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(b"{\"short_message\":\"a\"}\n\0").unwrap();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(b"{\"short_message\":\"a\"}").unwrap();
        let whole = Expanded { bytes: Bytes::from("{\"short_message\":\"a\"}"), cut: false };
        let zlib = zlib.finish().unwrap();
        assert_eq!(expand(&gzip.finish().unwrap(), 100), Ok(whole.clone()));
        assert_eq!(expand(&zlib, 100), Ok(whole.clone()));
        assert_eq!(expand(b"{\"short_message\":\"a\"}\0", 100), Ok(whole));
        assert_eq!(expand(&zlib, 5), Ok(Expanded { bytes: Bytes::from("{\"sho"), cut: true }));
        assert!(expand(&zlib[..8], 100).is_err());
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![b'x'; 10 << 20]).unwrap();
        let bomb = expand(&bomb.finish().unwrap(), 1_000).unwrap();
        assert_eq!((bomb.bytes.len(), bomb.cut), (1_000, true));
        assert_eq!(expand(b"", 5), Ok(Expanded { bytes: Bytes::new(), cut: false }));
    }
}
