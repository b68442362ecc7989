//! A record as it arrived: bytes, arrival time and what the listener knows of its sender.

use crate::Micros;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Bytes of one record that are kept, the same at every door. Listeners cut longer ones and mark them, `_bulk` and
/// files refuse them with a reason.
pub const LONGEST_RECORD: usize = 1 << 20;

/// The door a record came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listener {
    SyslogUdp,
    SyslogTcp,
    Relp,
    Bulk,
    Otlp,
    Hec,
    GelfUdp,
    GelfTcp,
    GelfHttp,
    /// NetFlow and IPFIX.
    Flow,
    /// A file that is followed, or was found in a watched folder.
    Watch,
    /// A feed that is fetched now and then.
    Pull,
    #[default]
    Import,
}

impl Listener {
    /// Records come from files or feeds and may be as old as these.
    pub fn is_of_files(self) -> bool {
        matches!(self, Self::Watch | Self::Pull | Self::Import)
    }

    /// The word stored in the `listener` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SyslogUdp => "syslog_udp",
            Self::SyslogTcp => "syslog_tcp",
            Self::Relp => "relp",
            Self::Bulk => "bulk",
            Self::Otlp => "otlp",
            Self::Hec => "hec",
            Self::GelfUdp => "gelf_udp",
            Self::GelfTcp => "gelf_tcp",
            Self::GelfHttp => "gelf_http",
            Self::Flow => "flow",
            Self::Watch => "watch",
            Self::Pull => "pull",
            Self::Import => "import",
        }
    }
}

/// Facts about the sender of a batch of records, shared by all of them and kept in the write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    pub listener: Listener,
    /// Address of the sender, without port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// SHA-256 of the certificate that the sender showed in TLS, in small hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Number of the connection, for senders that repeat on the next one what they had no answer to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// Agency (UUID text) whose key the sender has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_id: Option<String>,
    /// Registered source (UUID text) that the sender proved to be, for example by its API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// Format named by the sender or the person who imports; recognised by itself where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Path of an imported file, with the member's name for archives (`a.zip!b.json`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Index or data stream named by an Elasticsearch client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Year for formats without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// IANA name or fixed offset (`+07:00`) for formats without a zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Names of the record's fields, where its file or its source states them (`#Fields:` of a W3C log).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The record was longer than [`LONGEST_RECORD`]; what stood behind is gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

impl Origin {
    /// The same origin with these names of fields; no new one while they stay.
    pub fn under(self: &Arc<Self>, header: Option<&str>) -> Arc<Self> {
        match self.header.as_deref() == header {
            true => self.clone(),
            false => Arc::new(Self { header: header.map(str::to_owned), ..Self::clone(self) }),
        }
    }
}

/// One record before parsing. What the write-ahead log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    pub bytes: Bytes,
    pub arrival: Micros,
    pub origin: Arc<Origin>,
    /// 1-based number of the record in its file or batch; 0 where there is none.
    pub position: u64,
}
