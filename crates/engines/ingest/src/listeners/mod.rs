//! Doors for records: syslog and GELF over UDP and TCP, RELP, NetFlow and IPFIX. A listener receives, frames, batches and hands on; whether
//! a batch is safe is the [`Sink`]'s word, and only that word is passed back to senders who wait for one.

mod batch;
mod counters;
mod flows;
mod framing;
mod kernel;
mod null_framing;
mod relp;
mod relp_frame;
mod shares;
mod step;
mod tcp;
mod tls;
mod udp;

pub use counters::{Counters, Snapshot};
pub use flows::{FlowBoard, serve_flows_udp, serve_ipfix_tcp};
pub use framing::{Framed, SyslogFraming};
pub use null_framing::NullFraming;
pub use relp::{RelpSettings, serve_relp};
pub use relp_frame::{RelpDecoder, RelpError, RelpFrame};
pub use shares::{ConnectionLimits, Share, Shares};
pub use tcp::{TcpSettings, serve_gelf_tcp, serve_syslog_tcp};
pub use tls::{TlsDoor, TlsSettings};
pub use udp::{UdpSettings, WAITING_BYTES, bind_udp, bind_udp_shared, serve_gelf_udp, serve_syslog_udp};

use async_trait::async_trait;
use event::{Listener, Micros, Origin, RawRecord};
use std::net::{IpAddr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

/// Why a batch was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeliverError(pub String);

/// Takes batches of records. `Ok` means that every record of the batch is durably stored.
#[async_trait]
pub trait Sink: Send + Sync + 'static {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError>;
}

pub(crate) fn now() -> Micros {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}

/// Facts about a sender, shared by all its records.
pub(crate) fn origin(listener: Listener, peer: IpAddr) -> Origin {
    Origin { listener, peer: Some(peer.to_canonical().to_string()), ..Origin::default() }
}

/// The same for GELF, which is JSON that says so only by its door.
pub(crate) fn gelf_origin(listener: Listener, peer: IpAddr) -> Origin {
    Origin { format: Some("gelf".to_owned()), ..origin(listener, peer) }
}

/// A connection or refusal, for logs.
pub(crate) fn who(peer: SocketAddr) -> String {
    format!("{}:{}", peer.ip().to_canonical(), peer.port())
}
