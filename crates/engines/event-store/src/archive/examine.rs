//! Looks at an archive for `luytre doctor`: whether it can be written, read and emptied again, whether it keeps two
//! writers apart, and whether its clock is ours.

use super::bytes::ByteStore;
use super::{Archiving, connect};
use crate::StoreError;
use crate::files::RealFiles;
use bytes::Bytes;
use event::Micros;
use serde::Serialize;
use std::io;
use std::sync::Arc;

/// What was found of an archive that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveFound {
    pub place: String,
    /// Seconds that its clock is ahead of ours; nothing where it tells no time.
    pub clock_ahead: Option<i64>,
    /// Whether it refuses to write over an object when asked to. Needed for several nodes only.
    pub keeps_apart: bool,
}

/// Writes, reads and removes an object there. `name` is a name that nobody used yet, `now` the time by our clock.
/// Blocks.
///
/// # Errors
/// `Archive` with what it could not do.
pub fn examine_archive(settings: &Archiving, name: &str, now: Micros) -> Result<ArchiveFound, StoreError> {
    let bytes = connect(&settings.place, Arc::new(RealFiles))?;
    examine(&*bytes, &format!("examination/{name}"), now)
        .map_err(|error| StoreError::Archive(format!("{}: {error}", bytes.place())))
}

fn examine(bytes: &dyn ByteStore, name: &str, now: Micros) -> io::Result<ArchiveFound> {
    let text = Bytes::from(format!("examined at {now}\n"));
    let keeps_apart = match bytes.put_new(name, text.clone()) {
        Ok(_) => !bytes.put_new(name, text.clone())?,
        // Servers that do not know the condition say so in many ways.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
        Err(_) => bytes.put(name, &mut text.as_ref()).map(|()| false)?,
    };
    let described = bytes.describe(name)?.ok_or_else(|| io::Error::other("what was written is not there"))?;
    let read = bytes.read(name, 0..text.len() as u64)?;
    bytes.remove(name)?;
    if read != text || described.bytes != text.len() as u64 {
        return Err(io::Error::other("what was written is not what is read"));
    }
    let clock_ahead = described.modified.map(|modified| (modified - now) / 1_000_000);
    Ok(ArchiveFound { place: bytes.place(), clock_ahead, keeps_apart })
}

#[cfg(test)]
mod tests {
    use super::super::folder::Folder;
    use super::*;

    #[test]
    fn a_folder_that_works_is_found_to_and_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned(), Arc::new(RealFiles));
        let found = examine(&folder, "examination/x", 0).unwrap();
        assert!(found.keeps_apart && found.clock_ahead.is_some_and(|ahead| ahead > 1_000_000_000));
        assert_eq!(folder.list("examination").unwrap(), Vec::<String>::new());
    }
}
