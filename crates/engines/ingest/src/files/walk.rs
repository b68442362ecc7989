//! Which files an import means: those named, and in folders those that can be logs. What is passed over is
//! listed with a reason.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    pub path: PathBuf,
    /// Bytes on disk, for a progress bar.
    pub size: u64,
}

/// A file in a folder that is no log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub path: PathBuf,
    pub reason: String,
}

/// Files to import, sorted, and those passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    pub files: Vec<ImportFile>,
    pub skipped: Vec<Skipped>,
}

/// Folders deeper than this are not entered.
const MAX_DEPTH: usize = 64;

/// Endings of files that lie beside logs and are none.
const NO_LOGS: &[&str] = &[
    "yml", "yaml", "toml", "md", "rst", "adoc", "py", "rs", "sh", "ps1", "js", "ts", "css", "html", "htm", "pdf",
    "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "png", "jpg", "jpeg", "gif", "svg", "ico", "exe", "dll", "so",
    "pcap", "pcapng", "sqlite", "db", "lock", "sum", "asc", "sig", "ftl", "tar", "7z", "rar", "xz", "bz2", "zst",
    "parquet",
];

/// Parts of the names of logs; such a file is one even if it holds zeros.
const LOGS: &[&str] = &["log", "json", "jsonl", "ndjson", "csv", "txt", "syslog", "messages"];

/// Beginnings of names that are papers, not logs.
const PAPERS: &[&str] =
    &["license", "licence", "readme", "copying", "notice", "authors", "contributing", "changelog", "makefile"];

/// Lists what is to be imported from these paths. A path named directly is always imported; a path that does not
/// exist is listed too, so that reading it gives the reason.
pub fn list(paths: &[PathBuf]) -> Listing {
    let mut listing = Listing::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            walk(path, 0, &mut seen, &mut listing);
        } else if seen.insert(path.clone()) {
            let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
            listing.files.push(ImportFile { path: path.clone(), size });
        }
    }
    listing
}

fn walk(folder: &Path, depth: usize, seen: &mut BTreeSet<PathBuf>, listing: &mut Listing) {
    let skip = |listing: &mut Listing, path: &Path, reason: &str| {
        listing.skipped.push(Skipped { path: path.to_owned(), reason: reason.to_owned() });
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return skip(listing, folder, &error.to_string()),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => {
                skip(listing, &path, &error.to_string());
                continue;
            }
        };
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            skip(listing, &path, "hidden");
        } else if metadata.is_dir() {
            if depth < MAX_DEPTH {
                walk(&path, depth + 1, seen, listing);
            } else {
                skip(listing, &path, "nested too deep");
            }
        } else if !metadata.is_file() {
            skip(listing, &path, "no regular file");
        } else if metadata.len() == 0 {
            skip(listing, &path, "empty");
        } else if let Some(reason) = no_log(&path) {
            skip(listing, &path, &reason);
        } else if seen.insert(path.clone()) {
            listing.files.push(ImportFile { path, size: metadata.len() });
        }
    }
}

/// Why a file is no log, where it is none: by its name, or by its first bytes.
pub fn no_log(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let stem = name.split('.').next().unwrap_or(&name);
    let plain = matches!(path.extension().and_then(|ending| ending.to_str()), None | Some("txt" | "TXT"));
    if plain && let Some(paper) = PAPERS.iter().find(|paper| stem.starts_with(**paper)) {
        return Some(format!("{paper} file"));
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if NO_LOGS.contains(&ending.as_str()) {
        return Some(format!(".{ending} file"));
    }
    let mut head = Vec::with_capacity(512);
    File::open(path).and_then(|file| file.take(512).read_to_end(&mut head)).ok()?;
    let known = [&b"ElfFile\0"[..], b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe", b"\xfe\xff"];
    if known.iter().any(|magic| head.starts_with(magic)) {
        return None;
    }
    // A machine that lost its power leaves runs of zeros in its logs.
    let is_log = name.split(['.', '-', '_']).any(|part| LOGS.contains(&part));
    (!is_log && head.contains(&0)).then(|| "binary file of no known kind".to_owned())
}
