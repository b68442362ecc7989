//! The doors for syslog, RELP, GELF and flows, opened onto the event store. A batch that the store has is delivered; a
//! store that is full makes the door wait, which makes TCP senders wait; what cannot be kept is counted as dropped.

use crate::senders::ListenerAddresses;
use async_trait::async_trait;
use event::{Listener, RawRecord};
use event_store::{Store, StoreError};
use ingest::flows::FlowLimits;
pub use ingest::flows::{Elements, ExporterFigures};
pub use ingest::listeners::{ConnectionLimits, TlsSettings};
use ingest::listeners::{
    Counters, DeliverError, FlowBoard, RelpSettings, Sink, Snapshot, TcpSettings, TlsDoor, UdpSettings, bind_udp,
    bind_udp_shared, serve_flows_udp, serve_gelf_tcp, serve_gelf_udp, serve_ipfix_tcp, serve_relp, serve_syslog_tcp,
    serve_syslog_udp,
};
use ingest::resends::Resends;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest time a batch waits for a full store before it is refused.
const PATIENCE: Duration = Duration::from_secs(20);

/// What comes to a door, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorKind {
    SyslogUdp,
    SyslogTcp,
    /// Syslog in TLS (RFC 5425).
    SyslogTls,
    Relp,
    RelpTls,
    GelfUdp,
    GelfTcp,
    GelfTls,
    /// NetFlow 5 and 9 and IPFIX.
    FlowUdp,
    IpfixTcp,
}

impl DoorKind {
    pub const ALL: [DoorKind; 10] = [
        Self::SyslogUdp,
        Self::SyslogTcp,
        Self::SyslogTls,
        Self::Relp,
        Self::RelpTls,
        Self::GelfUdp,
        Self::GelfTcp,
        Self::GelfTls,
        Self::FlowUdp,
        Self::IpfixTcp,
    ];

    /// Word in figures, logs and settings.
    pub fn code(self) -> &'static str {
        match self {
            Self::SyslogUdp => "syslog_udp",
            Self::SyslogTcp => "syslog_tcp",
            Self::SyslogTls => "syslog_tls",
            Self::Relp => "relp",
            Self::RelpTls => "relp_tls",
            Self::GelfUdp => "gelf_udp",
            Self::GelfTcp => "gelf_tcp",
            Self::GelfTls => "gelf_tls",
            Self::FlowUdp => "flow_udp",
            Self::IpfixTcp => "ipfix_tcp",
        }
    }

    pub fn is_tls(self) -> bool {
        matches!(self, Self::SyslogTls | Self::RelpTls | Self::GelfTls)
    }
}

/// A door that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedDoor {
    pub kind: DoorKind,
    pub address: SocketAddr,
    /// Certificates, of doors in TLS.
    pub tls: Option<TlsSettings>,
}

/// The doors to open, any number of a kind, and what they need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntakeSettings {
    pub doors: Vec<WantedDoor>,
    pub flows: FlowSettings,
    /// Of each of the doors that have connections.
    pub connections: ConnectionLimits,
    /// Sockets of a door for syslog over UDP, each read by a task of its own; at least one.
    pub loops: usize,
}

/// What doors for flows need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowSettings {
    /// Text of `content/flows/elements.toml`.
    pub elements: String,
    /// File in which templates outlive a restart.
    pub templates: Option<PathBuf>,
}

impl FlowSettings {
    fn board(&self) -> io::Result<FlowBoard> {
        let elements = Elements::parse(&self.elements)
            .map_err(|reason| io::Error::other(format!("content/flows/elements.toml: {reason}")))?;
        Ok(FlowBoard::open(Arc::new(elements), FlowLimits::default(), self.templates.clone()))
    }
}

/// Appends to the store; `Ok` after fsync.
struct StoreSink {
    store: Store,
    /// Its senders wait where they have to; datagrams that wait are lost.
    can_wait: bool,
}

#[async_trait]
impl Sink for StoreSink {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        if self.can_wait {
            self.store.pace().await;
        }
        let started = tokio::time::Instant::now();
        loop {
            match self.store.append(batch.clone(), None).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Full { retry_after }) if started.elapsed() < PATIENCE => {
                    tokio::time::sleep(retry_after).await;
                }
                Err(error) => return Err(DeliverError(error.to_string())),
            }
        }
    }
}

/// One open door.
#[derive(Clone)]
struct Door {
    name: &'static str,
    address: SocketAddr,
    counters: Arc<Counters>,
}

/// Figures of one door.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DoorFigures {
    pub name: String,
    pub address: SocketAddr,
    #[serde(flatten)]
    pub counters: Snapshot,
}

impl DoorFigures {
    /// Records that a sender gave up and that are not stored.
    pub fn lost(&self) -> u64 {
        self.counters.dropped + self.counters.kernel_dropped
    }

    /// Connections that were not let in.
    pub fn refused(&self) -> u64 {
        self.counters.refused + self.counters.refused_share
    }
}

/// The figures of all open doors. Registered by `luytre` as a port; cheap to clone.
#[derive(Clone)]
pub struct Doors(Arc<Vec<Door>>, Option<FlowBoard>);

/// Doors on the address of the pages that count for themselves, by their listeners' names.
const WEB_DOORS: [Listener; 3] = [Listener::Otlp, Listener::Hec, Listener::GelfHttp];

impl Doors {
    /// These and the doors of the web.
    pub fn with_web(&self, address: SocketAddr) -> Self {
        let web = WEB_DOORS.map(|listener| Door { name: listener.as_str(), address, counters: Arc::default() });
        Self(Arc::new(self.0.iter().cloned().chain(web).collect()), self.1.clone())
    }

    /// The counters of a door, where it is open.
    pub fn counters(&self, listener: Listener) -> Option<&Counters> {
        self.0.iter().find(|door| door.name == listener.as_str()).map(|door| &*door.counters)
    }

    pub fn figures(&self) -> Vec<DoorFigures> {
        let figures = |door: &Door| DoorFigures {
            name: door.name.to_owned(),
            address: door.address,
            counters: door.counters.snapshot(),
        };
        self.0.iter().map(figures).collect()
    }

    /// Who sends flows.
    pub fn exporters(&self) -> Vec<ExporterFigures> {
        self.1.as_ref().map(FlowBoard::figures).unwrap_or_default()
    }
}

/// All open doors.
pub struct Intake {
    doors: Doors,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Intake {
    /// Opens every door; one that cannot be opened is an error, since a sender would not know.
    pub async fn open(settings: &IntakeSettings, store: Store, resends: Arc<Resends>) -> io::Result<Self> {
        let is_of_flows = |door: &WantedDoor| matches!(door.kind, DoorKind::FlowUdp | DoorKind::IpfixTcp);
        let board = settings.doors.iter().any(is_of_flows).then(|| settings.flows.board()).transpose()?;
        let mut opening = Opening {
            datagrams: Arc::new(StoreSink { store: store.clone(), can_wait: false }),
            sink: Arc::new(StoreSink { store, can_wait: true }),
            resends,
            board,
            connections: settings.connections,
            loops: settings.loops.max(1),
            stop: CancellationToken::new(),
            doors: Vec::new(),
            tasks: Vec::new(),
        };
        for wanted in &settings.doors {
            if let Err(error) = opening.open(wanted).await {
                opening.stop.cancel();
                let (kind, address) = (wanted.kind.code(), wanted.address);
                return Err(io::Error::new(error.kind(), format!("{kind} on {address}: {error}")));
            }
        }
        let doors = Doors(Arc::new(opening.doors), opening.board);
        Ok(Self { doors, stop: opening.stop, tasks: Mutex::new(opening.tasks) })
    }

    /// Address of the first door of a kind, with the real port where 0 was asked for.
    pub fn address(&self, kind: DoorKind) -> Option<SocketAddr> {
        self.doors.0.iter().find(|door| door.name == kind.code()).map(|door| door.address)
    }

    /// All open doors, in words.
    pub fn in_words(&self) -> String {
        let words = self.doors.0.iter().map(|door| format!("{} {}", door.name, door.address));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Addresses for the page "how to connect". `host` is the name that senders reach this node by.
    pub fn addresses(&self, host: &str, elastic: Option<String>) -> ListenerAddresses {
        let port = |kind: DoorKind| Some((kind, self.address(kind)?.port()));
        ListenerAddresses {
            host: host.to_owned(),
            doors: DoorKind::ALL.into_iter().filter_map(port).collect(),
            elastic,
        }
    }

    pub fn doors(&self) -> Doors {
        self.doors.clone()
    }

    /// Shuts the doors and delivers what was received.
    pub async fn close(&self) {
        self.stop.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a listener ended badly");
            }
        }
    }
}

async fn watched(name: &'static str, served: impl Future<Output = io::Result<()>>) {
    if let Err(error) = served.await {
        tracing::error!(listener = name, %error, "a listener ended");
    }
}

/// Doors while they are opened one after the other.
struct Opening {
    datagrams: Arc<dyn Sink>,
    sink: Arc<dyn Sink>,
    resends: Arc<Resends>,
    board: Option<FlowBoard>,
    connections: ConnectionLimits,
    loops: usize,
    stop: CancellationToken,
    doors: Vec<Door>,
    tasks: Vec<JoinHandle<()>>,
}

impl Opening {
    async fn open(&mut self, wanted: &WantedDoor) -> io::Result<()> {
        let (stop, counters) = (self.stop.clone(), Arc::<Counters>::default());
        let (datagrams, sink) = (self.datagrams.clone(), self.sink.clone());
        let tls = wanted.tls.as_ref().map(TlsDoor::open).transpose()?;
        if wanted.kind.is_tls() && tls.is_none() {
            return Err(io::Error::other("a door in TLS needs a certificate and its key"));
        }
        let tcp = TcpSettings { connections: self.connections, tls: tls.clone(), ..TcpSettings::default() };
        let board = || self.board.clone().ok_or_else(|| io::Error::other("the elements of flows are not there"));
        let (address, served): (SocketAddr, Served) = match wanted.kind {
            DoorKind::SyslogUdp => {
                let sockets = bind_udp_shared(wanted.address, self.loops)?;
                let address = sockets.first().map_or(Ok(wanted.address), UdpSocket::local_addr)?;
                let settings = UdpSettings::default();
                (address, Box::pin(serve_syslog_udp(sockets, datagrams, settings, counters.clone(), stop)))
            }
            DoorKind::GelfUdp => {
                let socket = bind_udp(wanted.address)?;
                let settings = UdpSettings::default();
                (socket.local_addr()?, Box::pin(serve_gelf_udp(socket, datagrams, settings, counters.clone(), stop)))
            }
            DoorKind::FlowUdp => {
                let socket = bind_udp(wanted.address)?;
                let (address, settings) = (socket.local_addr()?, UdpSettings::default());
                (address, Box::pin(serve_flows_udp(socket, board()?, datagrams, settings, counters.clone(), stop)))
            }
            DoorKind::SyslogTcp | DoorKind::SyslogTls => {
                let listener = TcpListener::bind(wanted.address).await?;
                (listener.local_addr()?, Box::pin(serve_syslog_tcp(listener, sink, tcp, counters.clone(), stop)))
            }
            DoorKind::GelfTcp | DoorKind::GelfTls => {
                let listener = TcpListener::bind(wanted.address).await?;
                (listener.local_addr()?, Box::pin(serve_gelf_tcp(listener, sink, tcp, counters.clone(), stop)))
            }
            DoorKind::IpfixTcp => {
                let listener = TcpListener::bind(wanted.address).await?;
                let address = listener.local_addr()?;
                (address, Box::pin(serve_ipfix_tcp(listener, board()?, sink, tcp, counters.clone(), stop)))
            }
            DoorKind::Relp | DoorKind::RelpTls => {
                let listener = TcpListener::bind(wanted.address).await?;
                let relp = RelpSettings { connections: self.connections, tls, ..RelpSettings::default() };
                let (address, resends) = (listener.local_addr()?, self.resends.clone());
                (address, Box::pin(serve_relp(listener, sink, relp, resends, counters.clone(), stop)))
            }
        };
        let name = wanted.kind.code();
        self.tasks.push(tokio::spawn(watched(name, served)));
        self.doors.push(Door { name, address, counters });
        Ok(())
    }
}

type Served = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;
