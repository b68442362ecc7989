//! Where the bytes of segments may lie beside the store's own folder: the few operations that moving, reading back and
//! deleting rest on. A folder and an object store have them; one suite of tests runs on both.

use bytes::Bytes;
use event::Micros;
use std::io::{self, Read};
use std::ops::Range;

/// What is known of an object without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Described {
    pub bytes: u64,
    /// When it was put there by the clock of the other side, microseconds since 1970, UTC.
    pub modified: Option<Micros>,
}

/// Objects by name; parts of a name are separated by `/`. Calls block and may be made from any thread.
///
/// Errors are `NotFound` for an object that is not there, `PermissionDenied` where the other side refuses who asks, and
/// others where it does not answer.
pub(crate) trait ByteStore: Send + Sync {
    /// Where it is, for people. Holds no secret.
    fn place(&self) -> String;
    /// Puts what is read there, durable and whole or not at all. What has the name already is replaced.
    fn put(&self, name: &str, from: &mut dyn Read) -> io::Result<()>;
    /// The same under a name that must be free; answers whether it was. Of several at the same time one succeeds.
    fn put_new(&self, name: &str, bytes: Bytes) -> io::Result<bool>;
    /// These bytes, none fewer.
    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Bytes>;
    /// `None` where there is no such object.
    fn describe(&self, name: &str) -> io::Result<Option<Described>>;
    /// Names of all objects below a folder, sorted.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Removes an object; one that is not there is removed already.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// Stands in where no archive is configured: whatever lies in one cannot be read.
pub(crate) struct Nowhere;

fn nowhere<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::NotConnected, "no archive is configured"))
}

impl ByteStore for Nowhere {
    fn place(&self) -> String {
        String::new()
    }

    fn put(&self, _name: &str, _from: &mut dyn Read) -> io::Result<()> {
        nowhere()
    }

    fn put_new(&self, _name: &str, _bytes: Bytes) -> io::Result<bool> {
        nowhere()
    }

    fn read(&self, _name: &str, _range: Range<u64>) -> io::Result<Bytes> {
        nowhere()
    }

    fn describe(&self, _name: &str) -> io::Result<Option<Described>> {
        nowhere()
    }

    fn list(&self, _folder: &str) -> io::Result<Vec<String>> {
        nowhere()
    }

    fn remove(&self, _name: &str) -> io::Result<()> {
        nowhere()
    }
}
