//! Reading a pack of rules, from a directory or a zip archive, within bounds: a pack comes from outside.

use super::folder::unreadable;
use super::{PackFile, is_of_a_pack};
use crate::rules::bundles;
use crate::rules::bundles::registers::Register;
use detection::RuleError;
use kit::Error;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Largest file of a pack, as loading takes it, and how much all of them may hold together.
const MOST_BYTES_OF_A_FILE: u64 = 1 << 20;
const MOST_BYTES_OF_A_TABLE: u64 = 32 << 20;
const MOST_BYTES: u64 = 256 << 20;
/// Files of a pack, and members of an archive.
const MOST_FILES: usize = 50_000;
const DEEPEST: usize = 32;

/// What was read, and what could not be.
#[derive(Debug, Default)]
pub struct Pack {
    pub files: Vec<PackFile>,
    pub refused: Vec<RuleError>,
    /// It is one of our signed bundles, and nobody looked at its signature.
    pub(super) is_bundle: bool,
    /// Tables for registers are wanted as well, and these may be larger.
    with_tables: bool,
    bytes: u64,
}

impl Pack {
    /// A directory or a zip archive.
    pub fn read(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return Self::of_directory(path);
        }
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        Self::of_archive(BufReader::new(file))
    }

    /// The same with everything that a bundle of our own can carry.
    pub fn for_bundle(path: &Path) -> Result<Self, Error> {
        let mut pack = Self { with_tables: true, ..Self::default() };
        match path.is_dir() {
            true => pack.directory(path, Path::new(""), 0)?,
            false => pack.archive(BufReader::new(File::open(path).map_err(|error| unreadable(path, error))?))?,
        }
        Ok(pack.in_order())
    }

    pub(super) fn of_directory(path: &Path) -> Result<Self, Error> {
        let mut pack = Self::default();
        pack.directory(path, Path::new(""), 0)?;
        Ok(pack.in_order())
    }

    pub(super) fn of_archive(archive: impl Read + Seek) -> Result<Self, Error> {
        let mut pack = Self::default();
        pack.archive(archive)?;
        Ok(pack.in_order())
    }

    /// Whether a file is wanted, by its name.
    fn wants(&self, path: &Path) -> bool {
        is_of_a_pack(path) || (self.with_tables && Register::of(path).is_some())
    }

    fn in_order(mut self) -> Self {
        self.files.sort_by(|one, other| one.path.cmp(&other.path));
        self
    }

    fn refuse(&mut self, path: &Path, reason: impl Into<String>) {
        self.refused.push(RuleError { path: path.to_owned(), line: 1, reason: reason.into() });
    }

    /// Links are not followed: they may lead out of the pack.
    fn directory(&mut self, root: &Path, below: &Path, depth: usize) -> Result<(), Error> {
        let folder = root.join(below);
        if depth > DEEPEST {
            return Err(Error::mistake("pack-too-deep", [("path", folder.display().to_string())]));
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let path = below.join(entry.file_name());
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), error))?;
            if kind.is_dir() {
                self.directory(root, &path, depth + 1)?;
            } else if kind.is_file() && self.wants(&path) {
                let file = File::open(entry.path()).map_err(|error| unreadable(&entry.path(), error))?;
                self.take(path, file)?;
            }
        }
        Ok(())
    }

    fn archive(&mut self, archive: impl Read + Seek) -> Result<(), Error> {
        let mut zip = ZipArchive::new(archive).map_err(|_| Error::mistake("pack-no-archive", []))?;
        if zip.len() > MOST_FILES {
            return Err(too_many());
        }
        self.is_bundle = bundles::MEMBERS.iter().all(|name| zip.index_for_name(name).is_some());
        for number in 0..zip.len() {
            let member = match zip.by_index(number) {
                Ok(member) => member,
                Err(error) => {
                    self.refuse(Path::new(""), format!("member {} cannot be read: {error}", number + 1));
                    continue;
                }
            };
            if !member.is_file() {
                continue;
            }
            match member.enclosed_name() {
                Some(path) if self.wants(&path) => self.take(path, member)?,
                Some(_) => {}
                None => {
                    let name = PathBuf::from(member.name());
                    drop(member);
                    self.refuse(&name, "the name leads out of the archive");
                }
            }
        }
        Ok(())
    }

    /// Reads one file, and no more of it than is taken: an archive may lie about sizes.
    fn take(&mut self, path: PathBuf, file: impl Read) -> Result<(), Error> {
        let most = if Register::of(&path).is_some() { MOST_BYTES_OF_A_TABLE } else { MOST_BYTES_OF_A_FILE };
        let mut bytes = Vec::new();
        if let Err(error) = file.take(most + 1).read_to_end(&mut bytes) {
            self.refuse(&path, format!("cannot be read: {error}"));
            return Ok(());
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > MOST_BYTES {
            return Err(Error::mistake("pack-too-large", [("most", (MOST_BYTES >> 20).to_string())]));
        }
        if self.files.len() >= MOST_FILES {
            return Err(too_many());
        }
        if bytes.len() as u64 > most {
            self.refuse(&path, format!("the file has more than {most} bytes"));
            return Ok(());
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.files.push(PackFile { path, text }),
            Err(_) => self.refuse(&path, "the file is no UTF-8 text"),
        }
        Ok(())
    }
}

fn too_many() -> Error {
    Error::mistake("pack-too-many", [("most", MOST_FILES.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn archive(members: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap()
    }

    fn paths(pack: &Pack) -> Vec<String> {
        pack.files.iter().map(|file| file.path.display().to_string()).collect()
    }

    #[test]
    fn of_a_file_that_expands_no_more_is_read_than_is_taken() {
        let large = vec![b'#'; 8 << 20];
        let pack = Pack::of_archive(archive(&[("large.yml", large.as_slice()), ("small.yml", b"title: x".as_slice())]))
            .unwrap();
        assert_eq!(paths(&pack), ["small.yml"]);
        assert!(pack.refused.len() == 1 && pack.refused[0].reason.contains("more than"), "{:?}", pack.refused);
        assert_eq!(pack.bytes, MOST_BYTES_OF_A_FILE + 1 + 8);
    }

    #[test]
    fn a_bomb_of_many_files_is_refused_as_a_whole() {
        let large = vec![b'#'; 2 << 20];
        let mut one = ZipArchive::new(archive(&[("0.yml", large.as_slice())])).unwrap();
        let mut many = ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..300 {
            many.raw_copy_file_rename(one.by_index_raw(0).unwrap(), format!("{number}.yml")).unwrap();
        }
        let bomb = many.finish().unwrap();
        assert!(bomb.get_ref().len() < 4 << 20, "{} bytes that expand to 600 MiB", bomb.get_ref().len());
        assert_eq!(Pack::of_archive(bomb).unwrap_err().code(), "pack-too-large");
    }

    #[test]
    fn names_that_climb_are_refused() {
        let text = b"title: x".as_slice();
        let members = [("../../above.yml", text), ("x/../../above.yml", text), ("rules/inside.yml", text)];
        let pack = Pack::of_archive(archive(&members)).unwrap();
        assert_eq!(paths(&pack), ["rules/inside.yml"]);
        assert_eq!(pack.refused.len(), 2, "{:?}", pack.refused);
        assert!(pack.refused.iter().all(|one| one.reason.contains("leads out")), "{:?}", pack.refused);
    }
}
