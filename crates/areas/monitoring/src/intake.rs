//! The doors for syslog, RELP and GELF, opened onto the event store. A batch that the store has is delivered; a store that
//! is full makes the door wait, which makes TCP senders wait; what cannot be kept is counted as dropped.

use crate::sources::connect::ListenerAddresses;
use async_trait::async_trait;
use event::{Listener, RawRecord};
use event_store::{Store, StoreError};
pub use ingest::listeners::ConnectionLimits;
use ingest::listeners::{
    Counters, DeliverError, RelpSettings, Sink, Snapshot, TcpSettings, UdpSettings, bind_udp, serve_gelf_tcp,
    serve_gelf_udp, serve_relp, serve_syslog_tcp, serve_syslog_udp,
};
use ingest::resends::Resends;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
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
    /// Of each of the doors that have connections.
    pub connections: ConnectionLimits,
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
pub struct Doors(Arc<Vec<Door>>);

/// Doors on the address of the pages that count for themselves, by their listeners' names.
const WEB_DOORS: [Listener; 3] = [Listener::Otlp, Listener::Hec, Listener::GelfHttp];

impl Doors {
    /// These and the doors of the web.
    pub fn with_web(&self, address: SocketAddr) -> Self {
        let web = WEB_DOORS.map(|listener| Door { name: listener.as_str(), address, counters: Arc::default() });
        Self(Arc::new(self.0.iter().cloned().chain(web).collect()))
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
            let served = serve_syslog_udp(
                socket,
                datagrams.clone(),
                UdpSettings::default(),
                door.counters.clone(),
                stop.clone(),
            );
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
            let served = serve_gelf_udp(socket, datagrams, UdpSettings::default(), door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let Some(address) = settings.gelf_tcp {
            let listener = TcpListener::bind(address).await.map_err(|error| named("GELF TCP", address, error))?;
            let door = Door { name: "gelf_tcp", address: listener.local_addr()?, counters: Arc::default() };
            let tcp = TcpSettings { connections: settings.connections, ..TcpSettings::default() };
            let served = serve_gelf_tcp(listener, sink, tcp, door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        Ok(Self { doors: Doors(Arc::new(doors)), stop, tasks: Mutex::new(tasks) })
    }

    /// Address of a door by name (`syslog_udp`, `syslog_tcp`, `relp`, `gelf_udp`, `gelf_tcp`), with the real port where 0
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
