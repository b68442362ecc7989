//! The settings of the archive: where events of days long past go, from when on, and how it is reached.

use crate::configuration::Secret;
use anyhow::{Result, bail, ensure};
use event_store::{ArchivePlace, Archiving, S3Bucket};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A directory or a bucket; nothing is archived where neither is named.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Archive {
    /// Events go there so many whole days after they came; none go, and those there are read on, where absent.
    pub after_days: Option<u32>,
    /// A directory, such as a disk mounted there.
    pub directory: Option<PathBuf>,
    /// The bucket of a server that speaks S3.
    pub bucket: String,
    /// `https://host:port` of that server; the address of the region where empty.
    pub endpoint: String,
    /// Folder in the bucket.
    pub prefix: String,
    pub region: String,
    pub key: String,
    pub secret: Secret,
    /// Allows an endpoint of plain HTTP on a loopback or private address.
    pub allow_http: bool,
    /// Bytes of archived events that are kept on the own disk for reading again.
    pub cache_bytes: u64,
    /// Seconds that an archive which did not answer is left alone.
    pub pause_seconds: u64,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            after_days: None,
            directory: None,
            bucket: String::new(),
            endpoint: String::new(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            key: String::new(),
            secret: Secret::default(),
            allow_http: false,
            cache_bytes: 10 << 30,
            pause_seconds: 15,
        }
    }
}

impl Archive {
    /// As the event store takes them; nothing where there is no archive.
    ///
    /// # Errors
    /// In words, which settings do not go together.
    pub fn settings(&self) -> Result<Option<Archiving>> {
        let place = match (&self.directory, self.bucket.is_empty()) {
            (Some(_), false) => bail!("events.archive: a directory or a bucket, not both"),
            (Some(directory), true) => {
                ensure!(directory.is_absolute(), "events.archive.directory must be an absolute path");
                ArchivePlace::Folder(directory.clone())
            }
            (None, false) => ArchivePlace::S3(self.s3()?),
            (None, true) => {
                ensure!(self.after_days.is_none(), "events.archive.after_days needs a directory or a bucket");
                return Ok(None);
            }
        };
        ensure!(self.after_days != Some(0), "events.archive.after_days is 0: give at least one day");
        Ok(Some(Archiving {
            place,
            after_days: self.after_days.unwrap_or(u32::MAX),
            cache_bytes: self.cache_bytes,
            pause: Duration::from_secs(self.pause_seconds),
        }))
    }

    fn s3(&self) -> Result<S3Bucket> {
        ensure!(
            !self.key.is_empty() && !self.secret.is_empty(),
            "events.archive: a bucket needs key and secret (LUYTRE_EVENTS__ARCHIVE__SECRET)"
        );
        if self.endpoint.starts_with("http://") {
            ensure!(self.allow_http, "events.archive.endpoint is plain HTTP: use https://, or set allow_http = true");
            ensure!(
                is_near(&self.endpoint),
                "events.archive.endpoint is plain HTTP beyond this machine and its private network: use https://"
            );
        } else {
            ensure!(
                self.endpoint.is_empty() || self.endpoint.starts_with("https://"),
                "events.archive.endpoint must begin with https://"
            );
        }
        Ok(S3Bucket {
            endpoint: self.endpoint.clone(),
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            region: self.region.clone(),
            key: self.key.clone(),
            secret: self.secret.reveal().to_owned(),
            allow_http: self.allow_http,
        })
    }
}

/// Whether an address names this machine or one of a private network. A name may lead anywhere, but for `localhost`.
fn is_near(endpoint: &str) -> bool {
    let Ok(address) = reqwest::Url::parse(endpoint) else { return false };
    let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(endpoint: &str, allow_http: bool) -> Archive {
        let secret: Secret = serde_json::from_value("hidden".into()).unwrap();
        let (bucket, endpoint, key) = ("events".into(), endpoint.into(), "key".into());
        Archive { bucket, endpoint, key, secret, allow_http, after_days: Some(30), ..Archive::default() }
    }

    #[test]
    fn nothing_is_archived_unless_it_is_said_where() {
        assert_eq!(Archive::default().settings().unwrap(), None);
        assert!(Archive { after_days: Some(30), ..Archive::default() }.settings().is_err());
        let directory = Archive { directory: Some("/srv/archive".into()), ..Archive::default() };
        assert_eq!(directory.settings().unwrap().unwrap().after_days, u32::MAX, "read, but nothing more goes there");
        assert!(Archive { after_days: Some(0), ..directory.clone() }.settings().is_err());
        assert!(Archive { directory: Some("archive".into()), ..directory.clone() }.settings().is_err());
        assert!(Archive { bucket: "b".into(), ..directory }.settings().is_err());
    }

    #[test]
    fn plain_http_stays_near_and_secrets_do_not_show() {
        for near in ["http://127.0.0.1:9000", "http://localhost", "http://10.1.2.3", "http://[fd00::1]:9000"] {
            assert!(bucket(near, true).settings().is_ok(), "{near}");
            assert!(bucket(near, false).settings().is_err(), "{near}");
        }
        for far in ["http://203.0.113.7", "http://s3.example.vn", "http://[2001:db8::1]", "ftp://localhost"] {
            assert!(bucket(far, true).settings().is_err(), "{far}");
        }
        let sound = bucket("https://s3.example.vn", false);
        assert!(sound.settings().is_ok());
        assert!(!format!("{sound:?}{:?}", sound.settings()).contains("hidden"));
        assert!(Archive { key: String::new(), ..sound }.settings().is_err());
    }
}
