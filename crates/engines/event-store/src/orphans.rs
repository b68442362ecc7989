//! Makes disk and manifest agree at the start: unfinished files and segments that never reached the manifest
//! are removed (their events are still in the log), and so are files of segments that were archived; segments that the
//! disk lost are named.

use crate::StoreError;
use crate::manifest::{Manifest, SegmentRow};
use crate::segment::Segment;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

type Settled = (Vec<Arc<Segment>>, Vec<SegmentRow>);

pub(crate) fn settle(
    dir: &Path,
    manifest: &Manifest,
    wrap: &dyn Fn(SegmentRow) -> Arc<Segment>,
) -> Result<Settled, StoreError> {
    let failed = |error| StoreError::io("tidy the store's folders", error);
    for entry in fs::read_dir(dir.join("unfinished")).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            fs::remove_dir_all(path).map_err(failed)?;
        } else {
            fs::remove_file(path).map_err(failed)?;
        }
    }
    let rows = manifest.segments()?;
    let known: HashSet<&str> = rows.iter().filter(|row| !row.archived).map(|row| row.path.as_str()).collect();
    for folder in fs::read_dir(dir.join("segments")).map_err(failed)? {
        let folder = folder.map_err(failed)?;
        if !folder.file_type().map_err(failed)?.is_dir() {
            continue;
        }
        let mut left = 0;
        for file in fs::read_dir(folder.path()).map_err(failed)? {
            let file = file.map_err(failed)?;
            let name = format!("{}/{}", folder.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            if known.contains(name.as_str()) || !name.ends_with(".parquet") {
                left += 1;
            } else {
                fs::remove_file(file.path()).map_err(failed)?;
            }
        }
        if left == 0 {
            fs::remove_dir(folder.path()).map_err(failed)?;
        }
    }
    let (mut segments, mut missing) = (Vec::new(), Vec::new());
    for row in rows {
        if row.archived {
            segments.push(wrap(row));
            continue;
        }
        let found = fs::metadata(dir.join("segments").join(&row.path)).map(|data| data.len()).ok();
        if found == Some(row.bytes) {
            segments.push(wrap(row));
        } else {
            tracing::error!(segment = row.path, expected = row.bytes, ?found, "segment is missing or cut");
            missing.push(row);
        }
    }
    Ok((segments, missing))
}
