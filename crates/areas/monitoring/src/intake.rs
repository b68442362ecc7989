//! The doors for syslog, RELP, GELF and flows, opened onto the event store. A batch that the store has is delivered; a
//! store that is full makes the door wait, which makes TCP senders wait; what cannot be kept is counted as dropped.

use crate::sources::connect::ListenerAddresses;
use async_trait::async_trait;
use event::{Listener, RawRecord};
use event_store::{Store, StoreError};
use ingest::flows::FlowLimits;
pub use ingest::flows::{Elements, ExporterFigures};
pub use ingest::listeners::ConnectionLimits;
use ingest::listeners::{
    Counters, DeliverError, FlowBoard, RelpSettings, Sink, Snapshot, TcpSettings, UdpSettings, bind_udp,
    serve_flows_udp, serve_gelf_tcp, serve_gelf_udp, serve_ipfix_tcp, serve_relp, serve_syslog_tcp, serve_syslog_udp,
};
use ingest::resends::Resends;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest time a batch waits for a full store before it is refused.
const PATIENCE: Duration = Duration::from_secs(20);

/// Addresses to listen on; a door without an address stays shut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntakeSettings {
    pub syslog_udp: Option<SocketAddr>,
    pub syslog_tcp: Option<SocketAddr>,
    pub relp: Option<SocketAddr>,
    pub gelf_udp: Option<SocketAddr>,
    pub gelf_tcp: Option<SocketAddr>,
    pub flows: FlowSettings,
    /// Of each of the doors that have connections.
    pub connections: ConnectionLimits,
}

/// The doors for flows and what they need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowSettings {
    /// NetFlow 5 and 9 and IPFIX.
    pub udp: Option<SocketAddr>,
    /// IPFIX.
    pub tcp: Option<SocketAddr>,
    /// Text of `content/flows/elements.toml`.
    pub elements: String,
    /// File in which templates outlive a restart.
    pub templates: Option<PathBuf>,
}

impl FlowSettings {
    fn board(&self) -> io::Result<Option<FlowBoard>> {
        if self.udp.is_none() && self.tcp.is_none() {
            return Ok(None);
        }
        let elements = Elements::parse(&self.elements)
            .map_err(|reason| io::Error::other(format!("content/flows/elements.toml: {reason}")))?;
        Ok(Some(FlowBoard::open(Arc::new(elements), FlowLimits::default(), self.templates.clone())))
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
    /// Opens every door that has an address; one that cannot be opened is an error, since a sender would not know.
    pub async fn open(settings: &IntakeSettings, store: Store, resends: Arc<Resends>) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let datagrams: Arc<dyn Sink> = Arc::new(StoreSink { store: store.clone(), can_wait: false });
        let sink: Arc<dyn Sink> = Arc::new(StoreSink { store, can_wait: true });
        let mut doors = Vec::new();
        let mut tasks = Vec::new();
        if let Some(address) = settings.syslog_udp {
            let socket = bind_udp(address).map_err(|error| named("syslog UDP", address, error))?;
            let door = Door { name: "syslog_udp", address: socket.local_addr()?, counters: Arc::default() };
            let (udp, counters) = (UdpSettings::default(), door.counters.clone());
            let served = serve_syslog_udp(socket, datagrams.clone(), udp, counters, stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let Some(address) = settings.syslog_tcp {
            let listener = TcpListener::bind(address).await.map_err(|error| named("syslog TCP", address, error))?;
            let door = Door { name: "syslog_tcp", address: listener.local_addr()?, counters: Arc::default() };
            let tcp = TcpSettings { connections: settings.connections, ..TcpSettings::default() };
            let served = serve_syslog_tcp(listener, sink.clone(), tcp, door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let Some(address) = settings.relp {
            let listener = TcpListener::bind(address).await.map_err(|error| named("RELP", address, error))?;
            let door = Door { name: "relp", address: listener.local_addr()?, counters: Arc::default() };
            let relp = RelpSettings { connections: settings.connections, ..RelpSettings::default() };
            let served = serve_relp(listener, sink.clone(), relp, resends, door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let Some(address) = settings.gelf_udp {
            let socket = bind_udp(address).map_err(|error| named("GELF UDP", address, error))?;
            let door = Door { name: "gelf_udp", address: socket.local_addr()?, counters: Arc::default() };
            let served =
                serve_gelf_udp(socket, datagrams.clone(), UdpSettings::default(), door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let Some(address) = settings.gelf_tcp {
            let listener = TcpListener::bind(address).await.map_err(|error| named("GELF TCP", address, error))?;
            let door = Door { name: "gelf_tcp", address: listener.local_addr()?, counters: Arc::default() };
            let tcp = TcpSettings { connections: settings.connections, ..TcpSettings::default() };
            let served = serve_gelf_tcp(listener, sink.clone(), tcp, door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        let board = settings.flows.board()?;
        if let (Some(address), Some(board)) = (settings.flows.udp, &board) {
            let socket = bind_udp(address).map_err(|error| named("flows over UDP", address, error))?;
            let door = Door { name: "flow_udp", address: socket.local_addr()?, counters: Arc::default() };
            let (udp, counters) = (UdpSettings::default(), door.counters.clone());
            let served = serve_flows_udp(socket, board.clone(), datagrams, udp, counters, stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let (Some(address), Some(board)) = (settings.flows.tcp, &board) {
            let listener = TcpListener::bind(address).await.map_err(|error| named("IPFIX", address, error))?;
            let door = Door { name: "ipfix_tcp", address: listener.local_addr()?, counters: Arc::default() };
            let tcp = TcpSettings { connections: settings.connections, ..TcpSettings::default() };
            let served = serve_ipfix_tcp(listener, board.clone(), sink, tcp, door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        Ok(Self { doors: Doors(Arc::new(doors), board), stop, tasks: Mutex::new(tasks) })
    }

    /// Address of a door by name (`syslog_udp`, `syslog_tcp`, `relp`, `gelf_udp`, `gelf_tcp`, `flow_udp`, `ipfix_tcp`), with the real port where 0
    /// was asked for.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.doors.0.iter().find(|door| door.name == name).map(|door| door.address)
    }

    /// Addresses for the page "how to connect". `host` is the name that senders reach this node by.
    pub fn addresses(&self, host: &str, elastic: Option<String>) -> ListenerAddresses {
        let port = |name| self.address(name).map(|address| address.port());
        ListenerAddresses {
            host: host.to_owned(),
            syslog_udp: port("syslog_udp"),
            syslog_tcp: port("syslog_tcp"),
            relp: port("relp"),
            gelf_udp: port("gelf_udp"),
            gelf_tcp: port("gelf_tcp"),
            flow_udp: port("flow_udp"),
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

fn named(what: &str, address: SocketAddr, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} on {address}: {error}"))
}
