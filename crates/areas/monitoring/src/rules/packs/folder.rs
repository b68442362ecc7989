//! The folder of a pack: what a pack has brought into it, and putting another in its place.

use super::{PackFile, Plan};
use kit::Error;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Name of the list of what a pack has brought into its folder. Hidden files are no part of a pack.
const BROUGHT: &str = ".luytre-pack";

/// What the file system says about a path.
pub(super) fn unreadable(path: &Path, error: impl ToString) -> Error {
    Error::mistake("pack-unreadable", [("path", path.display().to_string()), ("reason", error.to_string())])
}

/// What a pack has brought into a folder; nothing where none ever did.
pub(super) fn brought(target: &Path) -> Result<Option<BTreeSet<PathBuf>>, Error> {
    let path = target.join(BROUGHT);
    match std::fs::read(&path) {
        Ok(list) => Ok(Some(serde_json::from_slice(&list).map_err(|error| unreadable(&path, error))?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&path, error)),
    }
}

/// Each file is whole at any moment; what is gone goes last. Before anything is written the list names all that may be
/// there, so that whatever interrupts this is known to the next release.
pub(super) fn write(target: &Path, plan: &Plan) -> Result<(), Error> {
    let before = brought(target)?.unwrap_or_default();
    let written = plan.write.iter().map(|file| file.path.clone());
    let during: BTreeSet<PathBuf> = before.iter().cloned().chain(written).collect();
    let after: BTreeSet<PathBuf> = during.iter().filter(|path| !plan.delete.contains(path)).cloned().collect();
    std::fs::create_dir_all(target).map_err(|error| unreadable(target, error))?;
    list(target, &during)?;
    for PackFile { path, text } in &plan.write {
        put(&target.join(path), text)?;
    }
    for path in &plan.delete {
        let path = target.join(path);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unreadable(&path, error)),
            _ => {}
        }
        // Folders that are empty now go as well; one that is not stays.
        let mut folder = path.parent();
        while let Some(one) = folder.filter(|one| *one != target && std::fs::remove_dir(one).is_ok()) {
            folder = one.parent();
        }
    }
    list(target, &after)
}

fn list(target: &Path, paths: &BTreeSet<PathBuf>) -> Result<(), Error> {
    let paths = serde_json::to_vec(paths).map_err(Error::internal)?;
    let (draft, place) = (target.join(format!("{BROUGHT}.luytre-draft")), target.join(BROUGHT));
    std::fs::write(&draft, paths)
        .and_then(|()| std::fs::rename(&draft, &place))
        .map_err(|error| unreadable(&place, error))
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let draft = path.with_extension("luytre-draft");
        std::fs::write(&draft, text)?;
        std::fs::rename(&draft, path)
    };
    write().map_err(|error: std::io::Error| unreadable(path, error))
}
