//! The index as bytes. Pieces one after the other, each compressed or plain with a checksum of its own; then the
//! directory of the pieces, its length and its checksum (both 32 bits, little endian).

use super::build::Block;
use super::{BLOCK, Blocks};
use event::Text;
use foldhash::fast::RandomState;
use parquet::bloom_filter::Sbbf;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{self, Write};
use zstd::bulk::Decompressor;

/// Words of a chunk of the dictionary, in bytes of text.
const CHUNK: usize = 64 << 10;
const LEVEL: i32 = 3;
/// False alarms of the bloom filters.
const FALSE_ALARMS: f64 = 0.01;
/// Longest piece that is read back; a directory that says more is damaged.
const LONGEST: u32 = 256 << 20;

/// One piece. Its place is counted from the start of the index.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Piece {
    at: u64,
    length: u32,
    /// Once decompressed.
    plain: u32,
    crc32c: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Chunk {
    /// Its first word.
    pub first: String,
    /// Each word between line ends.
    pub words: Piece,
    /// For each word how many blocks it is in, and their distances, as numbers of variable length.
    pub blocks: Piece,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Directory {
    version: u32,
    block_rows: usize,
    pub blocks: usize,
    /// Blocks that every search must read.
    pub uncovered: Vec<usize>,
    pub chunks: Vec<Chunk>,
    /// A bloom filter per block, one after the other, with their lengths.
    pub wholes: Piece,
    pub whole_lengths: Vec<u32>,
    /// Bitmaps of trigrams, one after the other, of these blocks.
    pub trigrams: Piece,
    pub trigram_blocks: Vec<usize>,
}

/// Reads bytes of the segment's file: from an offset, so many.
pub(crate) type ReadAt<'a> = &'a dyn Fn(u64, usize) -> io::Result<Vec<u8>>;

/// An index in use: its directory.
#[derive(Debug)]
pub(crate) struct Words {
    offset: u64,
    pub(super) directory: Directory,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the word index is damaged: {what}"))
}

impl Words {
    /// Reads the directory of the index of `length` bytes at `offset`.
    pub(crate) fn open(read: ReadAt<'_>, offset: u64, length: u64) -> io::Result<Self> {
        let end = offset.checked_add(length).filter(|_| length >= 8).ok_or_else(|| damaged("its place"))?;
        let tail = read(end - 8, 8)?;
        let number = |from: usize| {
            let bytes = tail.get(from..from + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u32::from_le_bytes).ok_or_else(|| damaged("its end"))
        };
        let (long, crc) = (number(0)?, number(4)?);
        if u64::from(long) + 8 > length || long > LONGEST {
            return Err(damaged("the length of its directory"));
        }
        let packed = read(end - 8 - u64::from(long), long as usize)?;
        if crc32c::crc32c(&packed) != crc {
            return Err(damaged("its directory"));
        }
        let plain = unpack(&packed, LONGEST as usize).map_err(|_| damaged("its directory"))?;
        let directory: Directory = serde_json::from_slice(&plain).map_err(|_| damaged("its directory"))?;
        if directory.version != 1 || directory.block_rows != BLOCK {
            return Err(damaged("of a version that is not known"));
        }
        Ok(Self { offset, directory })
    }

    pub(crate) fn blocks(&self) -> usize {
        self.directory.blocks
    }

    pub(super) fn piece(&self, read: ReadAt<'_>, piece: &Piece) -> io::Result<Vec<u8>> {
        if piece.length > LONGEST || piece.plain > LONGEST {
            return Err(damaged("the length of a piece"));
        }
        let packed = read(self.offset + piece.at, piece.length as usize)?;
        if crc32c::crc32c(&packed) != piece.crc32c {
            return Err(damaged("a piece"));
        }
        if piece.plain == piece.length {
            return Ok(packed);
        }
        unpack(&packed, piece.plain as usize).map_err(|_| damaged("a piece"))
    }
}

/// Making a context costs as much as unpacking a small piece: each thread keeps one.
fn unpack(packed: &[u8], most: usize) -> io::Result<Vec<u8>> {
    thread_local! {
        static CONTEXT: io::Result<RefCell<Decompressor<'static>>> = Decompressor::new().map(RefCell::new);
    }
    CONTEXT.with(|context| match context {
        Ok(context) => context.borrow_mut().decompress(packed, most),
        Err(error) => Err(error.kind().into()),
    })
}

#[derive(Default)]
struct Pieces {
    bytes: Vec<u8>,
}

impl Pieces {
    fn add(&mut self, plain: &[u8]) -> io::Result<Piece> {
        let packed = zstd::bulk::compress(plain, LEVEL)?;
        let kept = if packed.len() < plain.len() { &packed } else { plain };
        let number = |length: usize| u32::try_from(length).map_err(io::Error::other);
        let piece = Piece {
            at: self.bytes.len() as u64,
            length: number(kept.len())?,
            plain: number(plain.len())?,
            crc32c: crc32c::crc32c(kept),
        };
        self.bytes.extend_from_slice(kept);
        Ok(piece)
    }
}

/// `words` in their order, each with its blocks ascending.
pub(super) fn encode(words: &[(Box<str>, Vec<u32>)], blocks: &[Block], uncovered: &Blocks) -> io::Result<Vec<u8>> {
    let mut pieces = Pieces::default();
    let mut chunks = Vec::new();
    let mut rest = words;
    while let Some((first, _)) = rest.first() {
        let (mut text, mut places) = (String::from("\n"), Vec::new());
        let mut taken = 0;
        for (word, blocks) in rest {
            text.push_str(word);
            text.push('\n');
            put(&mut places, blocks.len() as u32);
            let mut before = 0;
            for block in blocks {
                put(&mut places, block - before);
                before = *block;
            }
            taken += 1;
            if text.len() >= CHUNK {
                break;
            }
        }
        let words = pieces.add(text.as_bytes())?;
        chunks.push(Chunk { first: first.to_string(), words, blocks: pieces.add(&places)? });
        rest = rest.get(taken..).unwrap_or_default();
    }
    let (mut filters, mut whole_lengths) = (Vec::new(), Vec::new());
    let (mut bitmaps, mut trigram_blocks) = (Vec::new(), Vec::new());
    for (number, block) in blocks.iter().enumerate() {
        filters.extend_from_slice(&block.wholes);
        whole_lengths.push(block.wholes.len() as u32);
        if let Some(bitmap) = &block.trigrams {
            bitmaps.extend_from_slice(bitmap);
            trigram_blocks.push(number);
        }
    }
    let directory = Directory {
        version: 1,
        block_rows: BLOCK,
        blocks: blocks.len(),
        uncovered: (0..uncovered.count()).filter(|block| uncovered.contains(*block)).collect(),
        chunks,
        wholes: pieces.add(&filters)?,
        whole_lengths,
        trigrams: pieces.add(&bitmaps)?,
        trigram_blocks,
    };
    let packed = zstd::bulk::compress(&serde_json::to_vec(&directory)?, LEVEL)?;
    let mut bytes = pieces.bytes;
    bytes.write_all(&packed)?;
    bytes.write_all(&(packed.len() as u32).to_le_bytes())?;
    bytes.write_all(&crc32c::crc32c(&packed).to_le_bytes())?;
    Ok(bytes)
}

/// The bloom filter of a block; empty where there is nothing.
pub(super) fn filter(wholes: &HashSet<Text, RandomState>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if !wholes.is_empty() {
        let mut filter = Sbbf::new_with_ndv_fpp(wholes.len() as u64, FALSE_ALARMS).map_err(io::Error::other)?;
        wholes.iter().for_each(|word| filter.insert(word.as_str()));
        filter.write_bitset(&mut bytes).map_err(io::Error::other)?;
    }
    Ok(bytes)
}

fn put(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The next number of variable length.
pub(super) fn take(bytes: &mut &[u8]) -> io::Result<u32> {
    let mut number = 0_u32;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(|| damaged("a list of blocks ends too early"))?;
        *bytes = rest;
        number |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(damaged("a number of blocks"))
}

/// Takes over the blocks of the next word, or passes over them.
pub(super) fn take_blocks(bytes: &mut &[u8], mut into: Option<&mut Blocks>) -> io::Result<()> {
    let mut block = 0;
    for _ in 0..take(bytes)? {
        block += take(bytes)? as usize;
        if let Some(blocks) = &mut into {
            blocks.insert(block);
        }
    }
    Ok(())
}
