//! Finds out what lies in an archive when the manifest is lost: every segment is fetched once and read.

use super::{Archive, STEP, object};
use crate::StoreError;
use crate::manifest::SegmentRow;
use crate::segment::describe;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Rows of all segments in the archive; none where there is no archive. `unfinished` is a folder for work under way.
///
/// # Errors
/// `Archive` where it cannot be read: without it the store would forget what lies there.
pub(crate) fn describe_all(archive: &Archive, unfinished: &Path) -> Result<Vec<SegmentRow>, StoreError> {
    if archive.settings.is_none() {
        return Ok(Vec::new());
    }
    let failed = |error: io::Error| StoreError::Archive(format!("{}: {error}", archive.bytes.place()));
    let mut rows = Vec::new();
    for name in archive.bytes.list("segments").map_err(failed)? {
        let Some(path) = name.strip_prefix("segments/").filter(|path| path.ends_with(".parquet")) else { continue };
        let file = unfinished.join(path);
        fetch(archive, path, &file).map_err(failed)?;
        match describe(unfinished, path) {
            Ok(row) => rows.push(SegmentRow { archived: true, ..row }),
            Err(error) => tracing::error!(segment = path, %error, "cannot be read from the archive"),
        }
        fs::remove_file(&file).map_err(failed)?;
    }
    Ok(rows)
}

fn fetch(archive: &Archive, path: &str, to: &Path) -> io::Result<()> {
    let name = object(path);
    let bytes = archive.bytes.describe(&name)?.ok_or(io::ErrorKind::NotFound)?.bytes;
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(to)?;
    let mut at = 0;
    while at < bytes {
        let end = bytes.min(at + STEP);
        file.write_all(&archive.bytes.read(&name, at..end)?)?;
        at = end;
    }
    Ok(())
}
