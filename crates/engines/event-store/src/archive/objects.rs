//! Objects of a bucket: any server that speaks S3, and one in memory for tests. Calls block their thread while a small
//! runtime of its own does the work, so that they may be made from anywhere.

use super::bytes::{ByteStore, Described};
use super::settings::S3Bucket;
use crate::StoreError;
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    RetryConfig,
};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Bytes sent at a time; a larger object comes in several parts.
const PART: usize = 8 << 20;
/// A server that cannot be reached is given up after this, so that whoever waits is told soon.
const CONNECT: Duration = Duration::from_secs(5);
/// One request, its bytes included.
const REQUEST: Duration = Duration::from_secs(60);
/// Tries after a failure, and for how long.
const RETRIES: usize = 2;
const RETRYING: Duration = Duration::from_secs(10);
/// Letters of an answer that are told to people.
const TOLD: usize = 300;

pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    place: String,
    runtime: Option<Runtime>,
}

impl Objects {
    /// A bucket. Nothing is asked of it yet.
    pub(crate) fn s3(bucket: &S3Bucket) -> Result<Self, StoreError> {
        let wrong = |error: Error| StoreError::Archive(error.to_string());
        let client =
            ClientOptions::new().with_allow_http(bucket.allow_http).with_connect_timeout(CONNECT).with_timeout(REQUEST);
        let backoff = BackoffConfig { max_backoff: Duration::from_secs(2), ..BackoffConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_client_options(client)
            .with_retry(RetryConfig { max_retries: RETRIES, retry_timeout: RETRYING, backoff })
            .with_bucket_name(&bucket.bucket)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.key)
            .with_secret_access_key(&bucket.secret)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        if !bucket.endpoint.is_empty() {
            builder = builder.with_endpoint(bucket.endpoint.trim_end_matches('/'));
        }
        let store = Arc::new(builder.build().map_err(wrong)?);
        let place = [bucket.endpoint.trim_end_matches('/'), &bucket.bucket, bucket.prefix.trim_matches('/')];
        let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        Self::new(store, &bucket.prefix, place)
    }

    /// The objects below a prefix of any store.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: &str, place: String) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("event-archive")
            .enable_all()
            .build()
            .map_err(|error| StoreError::io("start the runtime of the archive", error))?;
        Ok(Self { store, prefix: Path::from(prefix), place, runtime: Some(runtime) })
    }

    fn path(&self, name: &str) -> Path {
        let parts: Vec<_> =
            self.prefix.parts().chain(Path::from(name).parts()).map(|part| part.as_ref().to_owned()).collect();
        Path::from_iter(parts)
    }

    fn wait<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Error>> + Send + 'static) -> io::Result<T> {
        let ended = || io::Error::other("the archive is closed");
        let runtime = self.runtime.as_ref().ok_or_else(ended)?;
        let (answer, answered) = sync_channel(1);
        runtime.spawn(async move {
            // Nobody waits any more where this fails.
            let _ = answer.send(work.await);
        });
        answered.recv().map_err(|_| ended())?.map_err(|error| explain(&error))
    }

    /// What does not fit into one part, part by part.
    fn put_parts(&self, path: Path, first: Vec<u8>, from: &mut dyn Read) -> io::Result<()> {
        let store = self.store.clone();
        let mut upload: Box<dyn MultipartUpload> = self.wait(async move { store.put_multipart(&path).await })?;
        let mut part = first;
        let mut outcome = Ok(());
        while outcome.is_ok() && !part.is_empty() {
            outcome = self.wait(upload.put_part(PutPayload::from(part)));
            part = match outcome.is_ok().then(|| next_part(from)) {
                Some(Ok(part)) => part,
                Some(Err(error)) => {
                    outcome = Err(error);
                    Vec::new()
                }
                None => Vec::new(),
            };
        }
        let complete = outcome.is_ok();
        let ended = self.wait(async move {
            match complete {
                true => upload.complete().await.map(|_| ()),
                false => upload.abort().await,
            }
        });
        outcome.and(ended)
    }
}

fn next_part(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut part = Vec::new();
    from.take(PART as u64).read_to_end(&mut part)?;
    Ok(part)
}

impl Drop for Objects {
    fn drop(&mut self) {
        // Dropped like any other value it would block, which a runtime around it forbids.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl ByteStore for Objects {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn put(&self, name: &str, from: &mut dyn Read) -> io::Result<()> {
        let (store, path) = (self.store.clone(), self.path(name));
        let first = next_part(from)?;
        match first.len() < PART {
            true => self.wait(async move { store.put(&path, PutPayload::from(first)).await.map(|_| ()) }),
            false => self.put_parts(path, first, from),
        }
    }

    fn put_new(&self, name: &str, bytes: Bytes) -> io::Result<bool> {
        let (store, path) = (self.store.clone(), self.path(name));
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        self.wait(async move {
            match store.put_opts(&path, PutPayload::from(bytes), options).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        let (store, path) = (self.store.clone(), self.path(name));
        let bytes = self.wait(async move { store.get_range(&path, range).await })?;
        match bytes.len() as u64 == length {
            true => Ok(bytes),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{name} is shorter than it was"))),
        }
    }

    fn describe(&self, name: &str) -> io::Result<Option<Described>> {
        let (store, path) = (self.store.clone(), self.path(name));
        self.wait(async move {
            match store.head(&path).await {
                Ok(found) => {
                    let modified = Some(found.last_modified.timestamp_micros());
                    Ok(Some(Described { bytes: found.size, modified }))
                }
                Err(error @ Error::NotFound { .. }) if no_bucket(&error) => Err(error),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let (store, path) = (self.store.clone(), self.path(folder));
        let found: Vec<_> = self.wait(async move { store.list(Some(&path)).try_collect().await })?;
        let name = |path: &Path| -> Option<String> {
            let parts = path.prefix_match(&self.prefix)?.map(|part| part.as_ref().to_owned());
            Some(parts.collect::<Vec<_>>().join("/"))
        };
        let mut names: Vec<_> = found.iter().filter_map(|one| name(&one.location)).collect();
        names.sort();
        Ok(names)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let (store, path) = (self.store.clone(), self.path(name));
        match self.wait(async move { store.delete(&path).await }) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }
}

fn no_bucket(error: &Error) -> bool {
    error.to_string().contains("NoSuchBucket")
}

/// The error in few words, without what only the library's authors can use.
fn explain(error: &Error) -> io::Error {
    let text = error.to_string();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    let (kind, words) = match error {
        Error::NotFound { .. } if no_bucket(error) => (io::ErrorKind::NotConnected, "there is no such bucket"),
        Error::NotFound { .. } => (io::ErrorKind::NotFound, "there is no such object"),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            (io::ErrorKind::PermissionDenied, "the object store refuses the key, its secret or what it may do")
        }
        Error::AlreadyExists { .. } | Error::Precondition { .. } => {
            (io::ErrorKind::AlreadyExists, "it is there already")
        }
        _ => (io::ErrorKind::NotConnected, "the object store does not answer as it should"),
    };
    let cause = std::iter::successors(Some(error as &dyn std::error::Error), |cause| cause.source()).last();
    let details = code.map_or_else(|| cause.map_or(text.clone(), ToString::to_string), str::to_owned);
    let details: String = details.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TOLD).collect();
    io::Error::new(kind, format!("{words}: {details}"))
}
