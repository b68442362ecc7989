//! Keys of a data directory. None of them is in the database, and only its owner may read them.

use crate::configuration::Secrets;
use anyhow::{Context, Result, ensure};
use event_store::LedgerKey;
use kit::locale::texts;
use kit::sealed::KeyRing;
use organisation::audit::{Checkpoints, TrailKey};
use rand::RngCore;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Writes a file that its owner alone may read, in one piece.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_extension("key.new");
    let _ = std::fs::remove_file(&fresh);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => std::fs::File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

/// Random bytes of a file in hexadecimal, made when they are first needed.
fn seed<const LENGTH: usize>(path: &Path) -> Result<[u8; LENGTH]> {
    if !path.exists() {
        return new_seed_file(path);
    }
    seed_of(path)
}

/// Makes a file with random bytes that its owner alone may read.
pub(crate) fn new_seed_file<const LENGTH: usize>(path: &Path) -> Result<[u8; LENGTH]> {
    let mut seed = [0; LENGTH];
    rand::rng().fill_bytes(&mut seed);
    write_secret(path, &hex::encode(seed)).with_context(|| path.display().to_string())?;
    Ok(seed)
}

/// The bytes of such a file.
pub(crate) fn seed_of<const LENGTH: usize>(path: &Path) -> Result<[u8; LENGTH]> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.with_context(|| format!("{} holds no key", path.display()))
}

/// Makes a directory into which no other account of the machine looks. One that is there stays as its owner set it.
pub fn make_private_directory(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("cannot make {}", path.display()))
}

/// The key that signs the ledger of segments.
pub fn ledger_key(data: &Path) -> Result<LedgerKey> {
    Ok(LedgerKey::from_seed(&seed(&data.join("ledger.key"))?))
}

/// The key that signs the audit trail, made where there is none.
pub fn trail_key(data: &Path) -> Result<TrailKey> {
    Ok(TrailKey::from_seeds(&seed(&data.join("audit.key"))?))
}

/// The checkpoints of the audit trail and the key that signs them. A key that is lost is not replaced in silence: then
/// nothing is signed until somebody accepts a new one.
pub fn checkpoints(data: &Path) -> Result<Checkpoints> {
    let directory = data.join("audit");
    let is_lost = !data.join("audit.key").exists() && Checkpoints::are_begun(&directory);
    let key = if is_lost { None } else { Some(trail_key(data)?) };
    Ok(Checkpoints::open(&directory, key)?)
}

/// Where the keys of sealed fields are.
pub fn ring_file(data: &Path, secrets: &Secrets) -> PathBuf {
    secrets.key_file.clone().unwrap_or_else(|| data.join("fields.key"))
}

/// The keys of sealed fields: from the configuration (which may be the environment), else from the file. A new file is
/// made only where nothing is sealed yet: a key that is lost is not replaced in silence.
pub fn key_ring(data: &Path, secrets: &Secrets, anything_sealed: bool) -> Result<KeyRing> {
    if !secrets.keys.is_empty() {
        return KeyRing::parse(secrets.keys.reveal()).context("secrets.keys");
    }
    let path = ring_file(data, secrets);
    if !path.exists() {
        let arguments = [("file", path.display().to_string().into())];
        ensure!(!anything_sealed, texts().text_with(crate::commands::language(), "keys-missing", &arguments));
        write_secret(&path, &(KeyRing::fresh_key() + "\n"))?;
    }
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    KeyRing::parse(&text).with_context(|| path.display().to_string())
}

/// Puts a new key before those of the file.
pub fn add_key(path: &Path) -> Result<()> {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    Ok(write_secret(path, &format!("{}\n{old}", KeyRing::fresh_key()))?)
}

/// Leaves the first key of the file alone there.
pub fn drop_old_keys(path: &Path) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    let first = text.split_whitespace().next().unwrap_or_default();
    Ok(write_secret(path, &format!("{first}\n"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use organisation::audit::KeyTrouble;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_directory_keeps_its_keys_and_nobody_else_reads_them() {
        let data = tempfile::tempdir().unwrap();
        let known = || checkpoints(data.path()).unwrap().known().to_vec();
        let first = (ledger_key(data.path()).unwrap().public(), known());
        key_ring(data.path(), &Secrets::default(), false).unwrap();
        assert_eq!((ledger_key(data.path()).unwrap().public(), known()), first);
        for name in ["ledger.key", "audit.key", "fields.key"] {
            let mode = std::fs::metadata(data.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
            std::fs::write(data.path().join(name), "no key").unwrap();
        }
        assert!(ledger_key(data.path()).is_err(), "a key that cannot be read is not replaced in silence");
        assert!(checkpoints(data.path()).is_err());
        assert!(key_ring(data.path(), &Secrets::default(), false).is_err());
    }

    #[test]
    fn a_lost_key_of_the_trail_is_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(checkpoints(data.path()).unwrap().trouble(), None);
        let (key, kept) = (data.path().join("audit.key"), data.path().join("kept"));
        std::fs::rename(&key, &kept).unwrap();
        assert_eq!(checkpoints(data.path()).unwrap().trouble(), Some(KeyTrouble::Missing));
        assert!(!key.exists());
        trail_key(data.path()).unwrap();
        assert_eq!(checkpoints(data.path()).unwrap().trouble(), Some(KeyTrouble::Other));
        std::fs::rename(&kept, &key).unwrap();
        assert_eq!(checkpoints(data.path()).unwrap().trouble(), None);
    }

    #[test]
    fn a_lost_key_of_sealed_fields_is_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        assert!(key_ring(data.path(), &Secrets::default(), true).is_err());
        assert!(!data.path().join("fields.key").exists());
        key_ring(data.path(), &Secrets::default(), false).unwrap();
        assert!(key_ring(data.path(), &Secrets::default(), true).is_ok());
    }

    #[test]
    fn a_new_key_comes_first_until_it_is_alone() {
        let data = tempfile::tempdir().unwrap();
        let names = || -> Vec<String> {
            let keys = key_ring(data.path(), &Secrets::default(), false).unwrap();
            keys.names().map(ToOwned::to_owned).collect()
        };
        let old = names();
        let path = data.path().join("fields.key");
        add_key(&path).unwrap();
        let both = names();
        assert_eq!(both[1..], old);
        drop_old_keys(&path).unwrap();
        assert_eq!(names(), both[..1]);
    }
}
