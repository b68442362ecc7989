//! Reading a pack of rules, from a directory or a zip archive, within bounds: a pack comes from outside.

use anyhow::{Context, Result, ensure};
use detection::RuleError;
use monitoring::rules::import::{PackFile, is_of_a_pack};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Largest file of a pack, as loading takes it, and how much all of them may hold together.
const MOST_BYTES_OF_A_FILE: u64 = 1 << 20;
const MOST_BYTES: u64 = 256 << 20;
/// Files of a pack, and members of an archive.
const MOST_FILES: usize = 50_000;
const DEEPEST: usize = 32;

/// What was read, and what could not be.
#[derive(Default)]
pub(super) struct Pack {
    pub(super) files: Vec<PackFile>,
    pub(super) refused: Vec<RuleError>,
    bytes: u64,
}

impl Pack {
    /// A directory or a zip archive.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut pack = Self::default();
        if path.is_dir() {
            pack.directory(path, Path::new(""), 0)?;
        } else {
            pack.archive(path)?;
        }
        pack.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(pack)
    }

    fn refuse(&mut self, path: &Path, reason: impl Into<String>) {
        self.refused.push(RuleError { path: path.to_owned(), line: 1, reason: reason.into() });
    }

    /// Links are not followed: they may lead out of the pack.
    fn directory(&mut self, root: &Path, below: &Path, depth: usize) -> Result<()> {
        ensure!(depth <= DEEPEST, "{} is nested too deeply", root.join(below).display());
        let folder = root.join(below);
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = below.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.directory(root, &path, depth + 1)?;
            } else if kind.is_file() && is_of_a_pack(&path) {
                let file = File::open(entry.path()).with_context(|| format!("cannot read {}", path.display()))?;
                self.take(path, file)?;
            }
        }
        Ok(())
    }

    fn archive(&mut self, archive: &Path) -> Result<()> {
        let file = File::open(archive).with_context(|| format!("cannot read {}", archive.display()))?;
        let mut zip = ZipArchive::new(BufReader::new(file))
            .with_context(|| format!("{} is neither a directory nor a zip archive", archive.display()))?;
        ensure!(zip.len() <= MOST_FILES, "the archive has {} members; {MOST_FILES} are taken", zip.len());
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
                Some(path) if is_of_a_pack(&path) => self.take(path, member)?,
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
    fn take(&mut self, path: PathBuf, file: impl Read) -> Result<()> {
        let mut bytes = Vec::new();
        if let Err(error) = file.take(MOST_BYTES_OF_A_FILE + 1).read_to_end(&mut bytes) {
            self.refuse(&path, format!("cannot be read: {error}"));
            return Ok(());
        }
        self.bytes += bytes.len() as u64;
        ensure!(self.bytes <= MOST_BYTES, "the pack holds more than {MOST_BYTES} bytes");
        ensure!(self.files.len() < MOST_FILES, "the pack holds more than {MOST_FILES} files");
        if bytes.len() as u64 > MOST_BYTES_OF_A_FILE {
            self.refuse(&path, format!("the file has more than {MOST_BYTES_OF_A_FILE} bytes"));
            return Ok(());
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.files.push(PackFile { path, text }),
            Err(_) => self.refuse(&path, "the file is no UTF-8 text"),
        }
        Ok(())
    }
}
