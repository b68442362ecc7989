//! The file of a bundle: a zip archive of stored members, which any tool opens. There is one way to write the same members, and
//! only that is read: nothing expands, hides between members, stands twice or is a link.

use super::Unfit;
use flate2::Crc;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Largest bundle, in bytes.
pub const MOST_BYTES: usize = 64 << 20;
const MOST_MEMBERS: usize = 20_002;
const LONGEST_PATH: usize = 200;

/// A name and what it holds.
pub(super) type Member = (String, Vec<u8>);

/// Whether a file may be called so: plain letters, folders below, nothing hidden, no way up.
pub(super) fn is_sound(path: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+ ()".contains(&byte);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(letter);
    path.len() <= LONGEST_PATH && path.split('/').all(part)
}

/// Version 2.0 of the format, no flags, stored, midnight of 1 January 1980.
const COMMON: [u16; 5] = [20, 0, 0, 0, 0x21];

struct Writer(Vec<u8>);

impl Writer {
    fn signature(&mut self, last: [u8; 2]) {
        self.0.extend(*b"PK");
        self.0.extend(last);
    }

    fn shorts(&mut self, numbers: &[u16]) {
        numbers.iter().for_each(|number| self.0.extend(number.to_le_bytes()));
    }

    fn longs(&mut self, numbers: &[u32]) {
        numbers.iter().for_each(|number| self.0.extend(number.to_le_bytes()));
    }

    /// What stands before a member and again in the directory.
    fn head(&mut self, name: &str, content: &[u8]) {
        let mut crc = Crc::new();
        crc.update(content);
        self.shorts(&COMMON);
        self.longs(&[crc.sum(), content.len() as u32, content.len() as u32]);
        self.shorts(&[name.len() as u16, 0]);
    }
}

/// The archive of these members, in their order.
pub(super) fn write(members: &[Member]) -> Result<Vec<u8>, Unfit> {
    let size: usize = members.iter().map(|(name, content)| 2 * name.len() + content.len() + 76).sum();
    if size > MOST_BYTES {
        return Err(Unfit::TooLarge);
    }
    if members.len() > MOST_MEMBERS {
        return Err(Unfit::TooMany);
    }
    let (mut file, mut directory) = (Writer(Vec::with_capacity(size + 22)), Writer(Vec::new()));
    for (name, content) in members {
        let offset = file.0.len() as u32;
        file.signature([3, 4]);
        file.head(name, content);
        file.0.extend(name.as_bytes());
        file.0.extend(content);
        directory.signature([1, 2]);
        directory.shorts(&[20]);
        directory.head(name, content);
        directory.shorts(&[0, 0, 0]);
        directory.longs(&[0, offset]);
        directory.0.extend(name.as_bytes());
    }
    let (begin, length, count) = (file.0.len() as u32, directory.0.len() as u32, members.len() as u16);
    file.0.extend(directory.0);
    file.signature([5, 6]);
    file.shorts(&[0, 0, count, count]);
    file.longs(&[length, begin]);
    file.shorts(&[0]);
    Ok(file.0)
}

/// The members of an archive that was written so.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Member>, Unfit> {
    if bytes.len() > MOST_BYTES {
        return Err(Unfit::TooLarge);
    }
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unfit::NoBundle)?;
    if zip.len() > MOST_MEMBERS {
        return Err(Unfit::TooMany);
    }
    let (mut members, mut left) = (Vec::new(), bytes.len() as u64);
    for number in 0..zip.len() {
        let member = zip.by_index(number).map_err(|_| Unfit::Altered)?;
        let name = member.name().to_owned();
        if !is_sound(&name) || member.size() > left {
            return Err(Unfit::Altered);
        }
        let mut content = Vec::new();
        // An archive may lie about sizes, and members may lie in each other.
        member.take(left + 1).read_to_end(&mut content).map_err(|_| Unfit::Altered)?;
        left = left.checked_sub(content.len() as u64).ok_or(Unfit::Altered)?;
        members.push((name, content));
    }
    match write(&members)? == bytes {
        true => Ok(members),
        false => Err(Unfit::Altered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<Member> {
        vec![("a.txt".to_owned(), b"one".to_vec()), ("b/c.txt".to_owned(), Vec::new())]
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let bytes = write(&members()).unwrap();
        assert_eq!(read(&bytes).unwrap(), members());
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[place] ^= 1 << bit;
                if let Ok(read) = read(&other) {
                    assert_eq!(write(&read).unwrap(), other, "one way to write it");
                    assert_ne!(read, members(), "byte {place}, bit {bit}");
                }
            }
        }
        for other in [[b"x".to_vec(), bytes.clone()].concat(), [bytes.clone(), b"x".to_vec()].concat()] {
            assert_eq!(read(&other), Err(Unfit::Altered));
        }
        assert_eq!(read(b"no archive"), Err(Unfit::NoBundle));
    }

    #[test]
    fn the_bytes_of_the_format_stay_as_they_are() {
        let written = write(&[("a".to_owned(), b"x".to_vec())]).unwrap();
        let written: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
        let member = "504b0304140000000000000021008316dc8c0100000001000000010000006178";
        let directory =
            "504b01021400140000000000000021008316dc8c010000000100000001000000000000000000000000000000000061";
        assert_eq!(written, format!("{member}{directory}504b050600000000010001002f000000200000000000"));
    }

    #[test]
    fn names_are_plain_and_lead_nowhere() {
        assert!(["a.yml", "rules/win (2)/a-b_c.yml"].into_iter().all(is_sound));
        let odd = ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "a\\b", "C:a", "a\0", "á"];
        assert!(!odd.into_iter().any(is_sound));
        assert!(!is_sound(&"a".repeat(LONGEST_PATH + 1)));
    }
}
