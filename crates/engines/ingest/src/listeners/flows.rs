//! Flows over UDP (NetFlow 5 and 9, IPFIX) and IPFIX over TCP (RFC 7011 §10.4). Messages are decoded before they are
//! handed on, since what they mean hangs on templates that came earlier; why is in `docs/decisions/0026-flows.md`.

use super::batch::drain;
use super::counters::Counters;
use super::tcp::{TcpSettings, accept};
use super::udp::{Datagrams, Origins, UdpSettings, serve_datagrams};
use super::{Sink, now, origin, who};
use crate::flows::{Decoded, Elements, Exporter, ExporterFigures, FlowDecoder, FlowLimits, SavedTemplates};
use crate::resends::connection_number;
use event::{Listener, Origin, RawRecord};
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// What is remembered of all exporters, shared by the doors for flows. Cheap to clone.
#[derive(Clone)]
pub struct FlowBoard {
    decoder: Arc<Mutex<FlowDecoder>>,
    /// Where templates are kept over a restart.
    file: Option<PathBuf>,
}

impl FlowBoard {
    /// Takes up the templates that were kept, where there are any.
    pub fn open(elements: Arc<Elements>, limits: FlowLimits, file: Option<PathBuf>) -> Self {
        let mut decoder = FlowDecoder::new(elements, limits);
        if let Some(path) = &file {
            let read = std::fs::read(path).and_then(|text| Ok(serde_json::from_slice::<SavedTemplates>(&text)?));
            match read {
                Ok(saved) => decoder.restore(saved, now()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // Exporters send them again.
                Err(error) => tracing::warn!(%error, "templates of flows could not be read"),
            }
        }
        Self { decoder: Arc::new(Mutex::new(decoder)), file }
    }

    pub fn figures(&self) -> Vec<ExporterFigures> {
        self.decoder().figures()
    }

    fn decoder(&self) -> MutexGuard<'_, FlowDecoder> {
        self.decoder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records of one message; counts what could not be read.
    fn read(&self, from: Exporter, message: &[u8], origin: &Arc<Origin>, counters: &Counters) -> Vec<RawRecord> {
        let Decoded { records, undecoded, templates_dropped } = self.decoder().decode(from, message, now());
        Counters::add(&counters.undecoded, undecoded);
        Counters::add(&counters.templates_dropped, templates_dropped);
        let record = |(arrival, bytes)| RawRecord { bytes, arrival, origin: origin.clone(), position: 0 };
        records.into_iter().map(record).collect()
    }

    /// Forgets what is too old and keeps what is new.
    fn look_after(&self, counters: &Counters) {
        let (lost, news) = {
            let mut decoder = self.decoder();
            (decoder.expire(now()), decoder.news())
        };
        Counters::add(&counters.undecoded, lost);
        let (Some(path), Some(news)) = (&self.file, news) else { return };
        let beside = path.with_extension("new");
        let text = serde_json::to_vec(&news).map_err(io::Error::from);
        let kept = text.and_then(|text| std::fs::write(&beside, text)).and_then(|()| std::fs::rename(&beside, path));
        if let Err(error) = kept {
            tracing::warn!(%error, "templates of flows could not be kept for the next start");
        }
    }
}

/// Flows in datagrams.
struct Flows {
    board: FlowBoard,
    origins: Origins,
}

impl Datagrams for Flows {
    fn read(&mut self, datagram: &[u8], peer: IpAddr, counters: &Counters, records: &mut Vec<RawRecord>) {
        let from = Exporter { address: peer, connection: None };
        records.extend(self.board.read(from, datagram, &self.origins.of(peer), counters));
    }

    fn look_after(&mut self, counters: &Counters, _now: Instant) {
        self.board.look_after(counters);
    }
}

/// Receives until cancelled, then delivers what was received.
pub async fn serve_flows_udp(
    socket: UdpSocket,
    board: FlowBoard,
    sink: Arc<dyn Sink>,
    settings: UdpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let flows = Flows { board, origins: Origins::new(|peer| origin(Listener::Flow, peer)) };
    serve_datagrams(socket, flows, sink, settings, counters, stop).await
}

/// Accepts until cancelled, then delivers what was read.
pub async fn serve_ipfix_tcp(
    listener: TcpListener,
    board: FlowBoard,
    sink: Arc<dyn Sink>,
    settings: TcpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let (sender, queue) = mpsc::channel(settings.queue.max(1));
    let drained = tokio::spawn(drain(queue, sink, counters.clone(), settings.batch, settings.linger));
    let door = (settings.connections, settings.tls.clone());
    accept(listener, door, counters.clone(), stop.clone(), move |stream, certificate, peer| {
        let connection = connection_number(now());
        let session = Session {
            board: board.clone(),
            from: Exporter { address: peer.ip(), connection: Some(connection) },
            origin: Arc::new(Origin { connection: Some(connection), certificate, ..origin(Listener::Flow, peer.ip()) }),
            counters: counters.clone(),
        };
        let (sender, stop, idle) = (sender.clone(), stop.clone(), settings.idle);
        async move {
            if let Err(error) = session.receive(stream, idle, sender, stop).await {
                if error.kind() == io::ErrorKind::InvalidData {
                    Counters::add(&session.counters.protocol_errors, 1);
                }
                tracing::debug!(peer = who(peer), %error, "IPFIX connection ended");
            }
            let lost = session.board.decoder().end(connection);
            Counters::add(&session.counters.undecoded, lost);
        }
    })
    .await?;
    drained.await.map_err(io::Error::other)
}

/// One connection.
struct Session {
    board: FlowBoard,
    from: Exporter,
    origin: Arc<Origin>,
    counters: Arc<Counters>,
}

/// Version and length, with which each message begins.
const HEAD: usize = 4;

impl Session {
    async fn receive(
        &self,
        mut stream: impl AsyncRead + Unpin,
        idle: Duration,
        queue: mpsc::Sender<Vec<RawRecord>>,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let mut message = Vec::new();
        loop {
            let read = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                read = timeout(idle, next_message(&mut stream, &mut message)) => read,
            };
            match read {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return Ok(()),
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "silent for too long")),
            }
            let records = self.board.read(self.from, &message, &self.origin, &self.counters);
            Counters::add(&self.counters.received, records.len());
            Counters::add(&self.counters.bytes, records.iter().map(|record| record.bytes.len()).sum());
            if !records.is_empty()
                && let Err(lost) = queue.send(records).await
            {
                Counters::add(&self.counters.dropped, lost.0.len());
                return Ok(());
            }
        }
    }
}

/// Reads one message; `false` where the sender has ended between two.
async fn next_message(stream: &mut (impl AsyncRead + Unpin), message: &mut Vec<u8>) -> io::Result<bool> {
    message.clear();
    message.resize(HEAD, 0);
    if stream.read(message.get_mut(..1).unwrap_or_default()).await? == 0 {
        return Ok(false);
    }
    stream.read_exact(message.get_mut(1..).unwrap_or_default()).await?;
    let length = match message.as_slice() {
        [0, 10, high, low] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    if length < HEAD {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no IPFIX"));
    }
    message.resize(length, 0);
    stream.read_exact(message.get_mut(HEAD..).unwrap_or_default()).await?;
    Ok(true)
}
