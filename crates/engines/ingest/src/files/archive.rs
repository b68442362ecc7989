//! Zip archives member by member, and the budget that keeps a compressed bomb from filling the disk. Members are
//! read through the central directory's offsets, so that none is held in memory.

use super::{Items, Limits, stream};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use zip::{CompressionMethod, ZipArchive};

/// Bytes that any archive may expand to before the ratio is looked at. What it expands to is read as it comes, so memory
/// is no matter; logs of one kind of line shrink to a thousandth.
const FREE: u64 = 16 << 30;

struct Member {
    name: String,
    start: u64,
    packed: u64,
    method: CompressionMethod,
    checksum: u32,
    encrypted: bool,
}

/// Members of a zip archive, in the archive's order.
pub(crate) struct Members {
    archive: File,
    name: Arc<str>,
    limits: Limits,
    members: std::vec::IntoIter<Member>,
    too_many: bool,
}

impl Members {
    pub(crate) fn open(file: File, name: Arc<str>, limits: Limits) -> io::Result<Self> {
        let mut zip = ZipArchive::new(BufReader::new(file.try_clone()?))?;
        let mut members = Vec::new();
        for number in 0..zip.len().min(limits.members) {
            let member = zip.by_index_raw(number)?;
            if member.is_dir() {
                continue;
            }
            members.push(Member {
                name: member.name().to_owned(),
                start: member.data_start().unwrap_or(0),
                packed: member.compressed_size(),
                method: member.compression(),
                checksum: member.crc32(),
                encrypted: member.encrypted(),
            });
        }
        let too_many = zip.len() > limits.members;
        Ok(Self { archive: file, name, limits, members: members.into_iter(), too_many })
    }

    fn items(&self, member: &Member) -> Result<Items, String> {
        if member.encrypted {
            return Err("the member is encrypted".to_owned());
        }
        let describe = |error: io::Error| format!("the member cannot be read: {error}");
        // The clone shares its position with the archive, which is no harm: one member is read at a time.
        let mut file = self.archive.try_clone().map_err(describe)?;
        file.seek(SeekFrom::Start(member.start)).map_err(describe)?;
        let packed = BufReader::with_capacity(64 << 10, file).take(member.packed);
        let limits = self.limits;
        match member.method {
            CompressionMethod::Stored => stream(Checked::new(packed, member.checksum), member.packed, limits),
            CompressionMethod::Deflated => {
                let expanded = flate2::read::DeflateDecoder::new(packed);
                let budget = Budget::new(Checked::new(expanded, member.checksum), member.packed, limits);
                stream(budget, member.packed, limits)
            }
            method => return Err(format!("the member's compression {method:?} is not supported")),
        }
        .map_err(describe)
    }
}

impl Iterator for Members {
    type Item = (Arc<str>, Result<Items, String>);

    fn next(&mut self) -> Option<Self::Item> {
        match self.members.next() {
            Some(member) => {
                let name: Arc<str> = format!("{}!{}", self.name, member.name).into();
                Some((name, self.items(&member)))
            }
            None if std::mem::take(&mut self.too_many) => {
                let reason = format!("only the first {} members are read", self.limits.members);
                Some((self.name.clone(), Err(reason)))
            }
            None => None,
        }
    }
}

/// The kind of archive that begins so; none of them can be read out of a stream.
pub(crate) fn kind(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 7] = [
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "rar"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh", "bzip2"),
    ];
    let tar = head.get(257..262) == Some(b"ustar");
    let known = MAGIC.into_iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| kind);
    known.or(tar.then_some("tar"))
}

/// A stream that fails once it has expanded beyond its limits.
pub(crate) struct Budget<R> {
    inner: R,
    packed: u64,
    expanded: u64,
    limits: Limits,
}

impl<R> Budget<R> {
    pub(crate) fn new(inner: R, packed: u64, limits: Limits) -> Self {
        Self { inner, packed, expanded: 0, limits }
    }
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.expanded += count as u64;
        let too_dense = self.expanded > FREE && self.expanded / self.packed.max(1) > self.limits.ratio;
        if self.expanded > self.limits.expanded || too_dense {
            return Err(io::Error::other(format!("it expands beyond its limit ({} bytes so far)", self.expanded)));
        }
        Ok(count)
    }
}

/// A stream whose end is refused when the checksum differs.
struct Checked<R> {
    inner: flate2::CrcReader<R>,
    wanted: u32,
}

impl<R: Read> Checked<R> {
    fn new(inner: R, wanted: u32) -> Self {
        Self { inner: flate2::CrcReader::new(inner), wanted }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.inner.crc().sum() != self.wanted {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum differs"));
        }
        Ok(count)
    }
}
