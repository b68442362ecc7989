//! One suite for every place of bytes: a folder, objects in memory, and the server named in `LUYTRE_TEST_S3`
//! (`http://key:secret@host:port/bucket`) where there is one.

use super::bytes::ByteStore;
use super::folder::Folder;
use super::objects::Objects;
use super::settings::S3Bucket;
use crate::files::RealFiles;
use bytes::Bytes;
use object_store::memory::InMemory;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) bytes: Arc<dyn ByteStore>,
}

/// The bucket of the tests, if there is one.
pub(crate) fn bucket() -> Option<S3Bucket> {
    let address = std::env::var("LUYTRE_TEST_S3").ok()?;
    let (scheme, rest) = address.split_once("://")?;
    let (who, rest) = rest.split_once('@')?;
    let ((key, secret), (host, bucket)) = (who.split_once(':')?, rest.split_once('/')?);
    let unique = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_nanos();
    Some(S3Bucket {
        endpoint: format!("{scheme}://{host}"),
        bucket: bucket.into(),
        prefix: format!("tests/{unique}"),
        region: "us-east-1".into(),
        key: key.into(),
        secret: secret.into(),
        allow_http: scheme == "http",
    })
}

/// Runs a test on every place, fresh.
pub(crate) fn each_place(test: impl Fn(Place)) {
    let dir = tempfile::tempdir().unwrap();
    test(Place { name: "folder", bytes: Arc::new(Folder::new(dir.path().to_owned(), Arc::new(RealFiles))) });
    let memory = Objects::new(Arc::new(InMemory::new()), "some/prefix", "memory".into()).unwrap();
    test(Place { name: "memory", bytes: Arc::new(memory) });
    match bucket() {
        Some(bucket) => test(Place { name: "S3", bytes: Arc::new(Objects::s3(&bucket).unwrap()) }),
        None => println!("LUYTRE_TEST_S3 names no server: not run on S3"),
    }
}

/// Gives so many bytes, then fails or ends.
struct Faulty(usize, bool);

impl Read for Faulty {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = into.len().min(self.0);
        self.0 -= length;
        into.iter_mut().take(length).for_each(|byte| *byte = 7);
        match (length, self.1) {
            (0, true) => Err(io::Error::other("broke off")),
            _ => Ok(length),
        }
    }
}

#[test]
fn every_place_keeps_bytes() {
    each_place(|Place { name, bytes }| {
        let text = |text: &'static str| Bytes::from_static(text.as_bytes());
        assert_eq!(bytes.describe("a/b").unwrap(), None, "{name}");
        assert_eq!(bytes.read("a/b", 0..1).unwrap_err().kind(), io::ErrorKind::NotFound, "{name}");
        bytes.remove("a/b").unwrap();
        bytes.put("a/b", &mut "eins".as_bytes()).unwrap();
        bytes.put("a/b", &mut "zwei, drei".as_bytes()).unwrap();
        assert_eq!(bytes.describe("a/b").unwrap().unwrap().bytes, 10, "{name}");
        assert_eq!(bytes.read("a/b", 2..6).unwrap(), text("ei, "), "{name}");
        assert!(bytes.read("a/b", 8..12).is_err(), "{name}: fewer than asked for");
        assert!(bytes.put_new("a/c/d.json", text("one")).unwrap(), "{name}");
        assert!(!bytes.put_new("a/c/d.json", text("another")).unwrap(), "{name}: taken");
        assert_eq!(bytes.read("a/c/d.json", 0..3).unwrap(), text("one"), "{name}");
        bytes.put("ab/c", &mut "".as_bytes()).unwrap();
        assert_eq!(bytes.list("a").unwrap(), ["a/b", "a/c/d.json"], "{name}");
        assert_eq!(bytes.list("nothing").unwrap(), Vec::<String>::new(), "{name}");
        assert!(bytes.put("a/b", &mut Faulty(100, true)).is_err(), "{name}");
        assert!(bytes.put("a/e", &mut Faulty(9 << 20, true)).is_err(), "{name}");
        assert_eq!(bytes.read("a/b", 0..4).unwrap(), text("zwei"), "{name}: whole or not at all");
        assert_eq!(bytes.describe("a/e").unwrap(), None, "{name}: whole or not at all");
        bytes.put("a/large", &mut Faulty(20 << 20, false)).unwrap();
        assert_eq!(bytes.describe("a/large").unwrap().unwrap().bytes, 20 << 20, "{name}");
        assert_eq!(bytes.read("a/large", (20 << 20) - 2..20 << 20).unwrap(), Bytes::from_static(&[7, 7]), "{name}");
        for one in ["a/b", "a/c/d.json", "a/large", "ab/c"] {
            bytes.remove(one).unwrap();
        }
        assert_eq!(bytes.list("a").unwrap(), Vec::<String>::new(), "{name}");
    });
}

#[test]
fn of_several_writers_of_one_name_one_succeeds() {
    each_place(|Place { name, bytes }| {
        let writers = (0..8).map(|number| {
            let bytes = bytes.clone();
            std::thread::spawn(move || bytes.put_new("one", Bytes::from(vec![number; 1000])).unwrap())
        });
        let won: Vec<_> = writers.collect::<Vec<_>>().into_iter().map(|writer| writer.join().unwrap()).collect();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{name}");
        let winner = won.iter().position(|won| *won).unwrap() as u8;
        assert_eq!(bytes.read("one", 0..1000).unwrap(), Bytes::from(vec![winner; 1000]), "{name}");
    });
}

#[test]
fn wrong_credentials_and_a_server_that_is_away_are_told_plainly() {
    let nobody = S3Bucket { endpoint: "http://127.0.0.1:9".into(), bucket: "b".into(), ..S3Bucket::default() };
    let nobody = S3Bucket { key: "k".into(), secret: "s".into(), region: "r".into(), allow_http: true, ..nobody };
    let error = Objects::s3(&nobody).unwrap().read("a", 0..1).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected, "{error}");
    let Some(bucket) = bucket() else { return };
    // A server that believes everybody refuses nobody.
    if std::env::var_os("LUYTRE_TEST_S3_TRUSTS").is_none() {
        let wrong = S3Bucket { secret: "wrong".into(), ..bucket.clone() };
        let error = Objects::s3(&wrong).unwrap().put("a", &mut "x".as_bytes()).unwrap_err();
        assert!(error.kind() == io::ErrorKind::PermissionDenied && error.to_string().contains("key"), "{error}");
    }
    let elsewhere = S3Bucket { bucket: "no-such-bucket".into(), ..bucket };
    let error = Objects::s3(&elsewhere).unwrap().read("a", 0..1).unwrap_err();
    assert!(error.kind() == io::ErrorKind::NotConnected && error.to_string().contains("bucket"), "{error}");
}
