//! A door of ours on a free port of this machine, and a store in memory behind it.

use super::elements;
use async_trait::async_trait;
use event::RawRecord;
use luytre_ingest::flows::{Elements, FlowLimits};
use luytre_ingest::listeners::{
    Counters, DeliverError, FlowBoard, RelpSettings, Sink, TcpSettings, TlsDoor, TlsSettings, UdpSettings,
    bind_udp_shared, serve_flows_udp, serve_ipfix_tcp, serve_relp, serve_syslog_tcp, serve_syslog_udp,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Keeps what it is given, after it has refused as often as asked.
#[derive(Default)]
pub(crate) struct Memory {
    records: Mutex<Vec<RawRecord>>,
    refuse: AtomicU64,
    refused: AtomicU64,
}

#[async_trait]
impl Sink for Memory {
    async fn deliver(&self, batch: Vec<RawRecord>) -> Result<(), DeliverError> {
        if self.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            self.refused.fetch_add(batch.len() as u64, Ordering::SeqCst);
            return Err(DeliverError("not now".to_owned()));
        }
        self.records().extend(batch);
        Ok(())
    }
}

impl Memory {
    pub(crate) fn refusing(times: u64) -> Self {
        Self { refuse: AtomicU64::new(times), ..Self::default() }
    }

    pub(crate) fn records(&self) -> MutexGuard<'_, Vec<RawRecord>> {
        self.records.lock().unwrap()
    }

    /// Records that were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }
}

/// What the door speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    SyslogUdp,
    SyslogTcp,
    Relp,
    FlowUdp,
    IpfixTcp,
}

pub(crate) struct Door {
    pub(crate) memory: Arc<Memory>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) flows: FlowBoard,
    pub(crate) port: u16,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

impl Door {
    pub(crate) async fn open(speech: Speech) -> Self {
        Self::with(speech, None, Memory::default()).await
    }

    pub(crate) async fn with(speech: Speech, tls: Option<&TlsSettings>, memory: Memory) -> Self {
        let (memory, counters, stop) = (Arc::new(memory), Arc::new(Counters::default()), CancellationToken::new());
        let elements = Arc::new(Elements::parse(&elements()).unwrap());
        let flows = FlowBoard::open(elements, FlowLimits::default(), None);
        let tls = tls.map(|tls| TlsDoor::open(tls).unwrap());
        let (sink, counted, stopped) = (memory.clone(), counters.clone(), stop.clone());
        let (port, task) = if matches!(speech, Speech::SyslogUdp | Speech::FlowUdp) {
            let mut sockets = bind_udp_shared("127.0.0.1:0".parse().unwrap(), 1).unwrap();
            let port = sockets[0].local_addr().unwrap().port();
            let settings = UdpSettings::default();
            let task = match speech {
                Speech::SyslogUdp => tokio::spawn(serve_syslog_udp(sockets, sink, settings, counted, stopped)),
                _ => {
                    let socket = sockets.remove(0);
                    tokio::spawn(serve_flows_udp(socket, flows.clone(), sink, settings, counted, stopped))
                }
            };
            (port, task)
        } else {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let settings = TcpSettings { tls: tls.clone(), ..TcpSettings::default() };
            let task = match speech {
                Speech::Relp => {
                    let settings = RelpSettings { tls, ..RelpSettings::default() };
                    tokio::spawn(serve_relp(listener, sink, settings, Arc::default(), counted, stopped))
                }
                Speech::IpfixTcp => {
                    tokio::spawn(serve_ipfix_tcp(listener, flows.clone(), sink, settings, counted, stopped))
                }
                _ => tokio::spawn(serve_syslog_tcp(listener, sink, settings, counted, stopped)),
            };
            (port, task)
        };
        Self { memory, counters, flows, port, stop, task }
    }

    /// Waits for something to hold.
    pub(crate) async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            let late = begun.elapsed() > Duration::from_secs(60);
            assert!(!late, "{what}: {} stored, {:?}", self.stored(), self.counters.snapshot());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn stored(&self) -> usize {
        self.memory.records().len()
    }

    /// Shuts the door and gives what came.
    pub(crate) async fn close(self) -> Vec<RawRecord> {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
        std::mem::take(&mut *self.memory.records())
    }
}
