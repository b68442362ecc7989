//! The doors for syslog and RELP, opened onto the event store. A batch that the store has is delivered; a store that
//! is full makes the door wait, which makes TCP senders wait; what cannot be kept is counted as dropped.

use crate::sources::connect::ListenerAddresses;
use async_trait::async_trait;
use event::RawRecord;
use event_store::{Store, StoreError};
use ingest::listeners::{
    Counters, DeliverError, RelpSettings, Sink, Snapshot, TcpSettings, UdpSettings, serve_relp, serve_syslog_tcp,
    serve_syslog_udp,
};
use ingest::resends::Resends;
use serde::Deserialize;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest time a batch waits for a full store before it is refused.
const PATIENCE: Duration = Duration::from_secs(20);

/// Addresses to listen on; a door without an address stays shut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntakeSettings {
    pub syslog_udp: Option<SocketAddr>,
    pub syslog_tcp: Option<SocketAddr>,
    pub relp: Option<SocketAddr>,
}

/// Appends to the store; `Ok` after fsync.
struct StoreSink(Store);

#[async_trait]
impl Sink for StoreSink {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        let started = tokio::time::Instant::now();
        loop {
            match self.0.append(batch.clone(), None).await {
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
struct Door {
    name: &'static str,
    address: SocketAddr,
    counters: Arc<Counters>,
}

/// Figures of one door.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DoorFigures {
    pub name: &'static str,
    pub address: SocketAddr,
    #[serde(flatten)]
    pub counters: Snapshot,
}

/// All open doors.
pub struct Intake {
    doors: Vec<Door>,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Intake {
    /// Opens every door that has an address; one that cannot be opened is an error, since a sender would not know.
    pub async fn open(settings: &IntakeSettings, store: Store, resends: Arc<Resends>) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let sink: Arc<dyn Sink> = Arc::new(StoreSink(store));
        let mut doors = Vec::new();
        let mut tasks = Vec::new();
        if let Some(address) = settings.syslog_udp {
            let socket = UdpSocket::bind(address).await.map_err(|error| named("syslog UDP", address, error))?;
            let door = Door { name: "syslog_udp", address: socket.local_addr()?, counters: Arc::default() };
            let served =
                serve_syslog_udp(socket, sink.clone(), UdpSettings::default(), door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let Some(address) = settings.syslog_tcp {
            let listener = TcpListener::bind(address).await.map_err(|error| named("syslog TCP", address, error))?;
            let door = Door { name: "syslog_tcp", address: listener.local_addr()?, counters: Arc::default() };
            let served =
                serve_syslog_tcp(listener, sink.clone(), TcpSettings::default(), door.counters.clone(), stop.clone());
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        if let Some(address) = settings.relp {
            let listener = TcpListener::bind(address).await.map_err(|error| named("RELP", address, error))?;
            let door = Door { name: "relp", address: listener.local_addr()?, counters: Arc::default() };
            let served = serve_relp(
                listener,
                sink.clone(),
                RelpSettings::default(),
                resends,
                door.counters.clone(),
                stop.clone(),
            );
            tasks.push(tokio::spawn(watched(door.name, served)));
            doors.push(door);
        }
        Ok(Self { doors, stop, tasks: Mutex::new(tasks) })
    }

    /// Address of a door by name (`syslog_udp`, `syslog_tcp`, `relp`), with the real port where 0 was asked for.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.doors.iter().find(|door| door.name == name).map(|door| door.address)
    }

    /// Addresses for the page "how to connect". `host` is the name that senders reach this node by.
    pub fn addresses(&self, host: &str, elastic: Option<String>) -> ListenerAddresses {
        let port = |name| self.address(name).map(|address| address.port());
        ListenerAddresses {
            host: host.to_owned(),
            syslog_udp: port("syslog_udp"),
            syslog_tcp: port("syslog_tcp"),
            relp: port("relp"),
            elastic,
        }
    }

    pub fn figures(&self) -> Vec<DoorFigures> {
        let figures =
            |door: &Door| DoorFigures { name: door.name, address: door.address, counters: door.counters.snapshot() };
        self.doors.iter().map(figures).collect()
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
