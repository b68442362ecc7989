//! What the archive is told: where it is, which days go there, how much of it is kept here for reading.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where segments of days long past go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archiving {
    pub place: ArchivePlace,
    /// A file goes once its last event came so many whole days ago.
    pub after_days: u32,
    /// Bytes of archived files that are kept on the store's own disk for reading again.
    pub cache_bytes: u64,
    /// How long an archive that did not answer is left alone.
    pub pause: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivePlace {
    /// A folder, such as another disk mounted there.
    Folder(PathBuf),
    S3(S3Bucket),
}

/// A bucket of a server that speaks S3.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Bucket {
    /// `https://host:port`; that of the region where empty.
    pub endpoint: String,
    pub bucket: String,
    /// Folder in the bucket; the whole bucket where empty.
    pub prefix: String,
    pub region: String,
    pub key: String,
    pub secret: String,
    /// Whether the endpoint may be plain HTTP.
    pub allow_http: bool,
}

impl Archiving {
    pub fn new(place: ArchivePlace, after_days: u32) -> Self {
        Self { place, after_days, cache_bytes: 10 << 30, pause: Duration::from_secs(15) }
    }
}

impl fmt::Debug for S3Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("S3Bucket")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("region", &self.region)
            .field("key", &self.key)
            .field("allow_http", &self.allow_http)
            .finish_non_exhaustive()
    }
}
