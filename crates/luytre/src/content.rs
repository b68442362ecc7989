//! What analysts, lawyers and auditors edit: the `content/` tree, built into the program and overridable file
//! by file by a directory (`content_directory` in the configuration).

use anyhow::{Context, Result};
use include_dir::{Dir, DirEntry, include_dir};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../content");

/// The content tree as this installation sees it.
#[derive(Debug, Clone, Default)]
pub struct Content {
    overrides: Option<PathBuf>,
}

impl Content {
    pub fn new(overrides: Option<PathBuf>) -> Self {
        Self { overrides }
    }

    /// Text of one file, for example `monitoring/scoring.toml`.
    pub fn text(&self, path: &str) -> Result<String> {
        if let Some(directory) = &self.overrides {
            let file = directory.join(path);
            if file.exists() {
                return std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()));
            }
        }
        EMBEDDED
            .get_file(path)
            .and_then(include_dir::File::contents_utf8)
            .map(ToOwned::to_owned)
            .with_context(|| format!("content/{path} is missing"))
    }

    /// All files below a folder with one of these endings, as (path below the folder, text), in order of path.
    pub fn files(&self, folder: &str, endings: &[&str]) -> Result<Vec<(String, String)>> {
        let mut found = BTreeMap::new();
        if let Some(dir) = EMBEDDED.get_dir(folder) {
            embedded(dir, folder, endings, &mut found);
        }
        if let Some(directory) = &self.overrides {
            on_disk(&directory.join(folder), Path::new(""), endings, &mut found)?;
        }
        Ok(found.into_iter().collect())
    }
}

fn wanted(path: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| path.ends_with(ending))
}

fn embedded(dir: &Dir<'_>, folder: &str, endings: &[&str], found: &mut BTreeMap<String, String>) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(dir) => embedded(dir, folder, endings, found),
            DirEntry::File(file) => {
                let path = file.path().strip_prefix(folder).unwrap_or(file.path()).to_string_lossy().into_owned();
                if let (true, Some(text)) = (wanted(&path, endings), file.contents_utf8()) {
                    found.insert(path, text.to_owned());
                }
            }
        }
    }
}

fn on_disk(root: &Path, below: &Path, endings: &[&str], found: &mut BTreeMap<String, String>) -> Result<()> {
    let folder = root.join(below);
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            on_disk(root, &path, endings, found)?;
        } else if wanted(&path.to_string_lossy(), endings) {
            let text = std::fs::read_to_string(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            found.insert(path.to_string_lossy().into_owned(), text);
        }
    }
    Ok(())
}
