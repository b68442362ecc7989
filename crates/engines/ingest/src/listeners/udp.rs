//! Datagrams: syslog in them (RFC 5426), one message each, and GELF, whose messages may come in several. Nobody waits for an answer, so a burst waits here as far as
//! memory is set aside for it; then the newest is dropped and counted. What the kernel dropped before is counted apart.

use super::batch::drain;
use super::counters::Counters;
use super::kernel;
use super::{Sink, gelf_origin, now, origin};
use crate::gelf::{ChunkLimits, Chunks, Datagram, expand};
use bytes::Bytes;
use event::{LONGEST_RECORD, Listener, Origin, RawRecord};
use quinn_udp::{RecvMeta, UdpSocketState};
use rustix::net::sockopt;
use socket2::{Domain, Socket, Type};
use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Copy)]
pub struct UdpSettings {
    /// Records of one batch at most.
    pub batch: usize,
    /// How long a batch waits for more.
    pub linger: Duration,
    /// Batches on their way to the sink.
    pub queue: usize,
    /// Bytes that wait where the way is full, before datagrams are dropped.
    pub waiting: usize,
}

impl Default for UdpSettings {
    fn default() -> Self {
        Self { batch: 512, linger: Duration::from_millis(2), queue: 64, waiting: 64 << 20 }
    }
}

/// What is asked of the kernel for datagrams that wait: all of it where the process may administer the network, else as much as
/// `net.core.rmem_max` allows. A burst of 20,000 short messages takes some 15 MiB there.
pub const WAITING_BYTES: usize = 32 << 20;

/// Opens the door, with as much room for waiting datagrams as the kernel gives.
pub fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    bind(address, false)
}

/// Opens the door with so many sockets, between which the kernel parts the senders: each stays at one, so that the order of its
/// messages stays. All have the same address, also where the kernel chose the port.
pub fn bind_udp_shared(address: SocketAddr, loops: usize) -> io::Result<Vec<UdpSocket>> {
    if address.port() != 0 {
        // A shared door opens beside another program's that is shared as well, which would get half of what is sent: who is
        // there already is found by one that does not share.
        drop(bind(address, false)?);
    }
    let first = bind(address, true)?;
    let address = first.local_addr()?;
    let mut sockets = vec![first];
    while sockets.len() < loops {
        sockets.push(bind(address, true)?);
    }
    Ok(sockets)
}

fn bind(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    // More than `net.core.rmem_max` needs the right to administer the network; a refusal of both leaves the room that every
    // socket has.
    if sockopt::set_socket_recv_buffer_size_force(&socket, WAITING_BYTES).is_err()
        && let Err(error) = socket.set_recv_buffer_size(WAITING_BYTES)
    {
        tracing::warn!(%error, "no more room for waiting datagrams");
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// What a record takes beside its bytes.
const RECORD_BYTES: usize = 128;

/// Records for which there was no room on the way to the sink yet.
#[derive(Default)]
struct Waiting {
    records: VecDeque<RawRecord>,
    bytes: usize,
}

impl Waiting {
    fn add(&mut self, record: RawRecord) {
        self.bytes += record.bytes.len() + RECORD_BYTES;
        self.records.push_back(record);
    }

    /// Takes one batch, oldest first.
    fn first(&mut self, most: usize) -> Vec<RawRecord> {
        let batch: Vec<_> = self.records.drain(..most.max(1).min(self.records.len())).collect();
        self.bytes -= batch.iter().map(|record| record.bytes.len() + RECORD_BYTES).sum::<usize>();
        batch
    }
}

/// Datagrams that one call to the kernel brings at most.
const DATAGRAMS_OF_A_CALL: usize = 32;

/// No datagram is longer, nor what the kernel joins of one sender's.
const LONGEST_DATAGRAM: usize = 64 << 10;

/// The kernel's side of a door: many datagrams with one call.
struct Reception {
    state: UdpSocketState,
    buffer: Vec<u8>,
    metas: [RecvMeta; DATAGRAMS_OF_A_CALL],
}

impl Reception {
    fn new(socket: &UdpSocket) -> io::Result<Self> {
        Ok(Self {
            state: UdpSocketState::new(socket.into())?,
            buffer: vec![0; DATAGRAMS_OF_A_CALL * LONGEST_DATAGRAM],
            metas: [RecvMeta::default(); DATAGRAMS_OF_A_CALL],
        })
    }

    /// Shows each datagram that is there to `each`, as many as one call brings, and tells how many came.
    fn take(&mut self, socket: &UdpSocket, mut each: impl FnMut(&[u8], IpAddr)) -> io::Result<usize> {
        let mut slices = self.buffer.chunks_exact_mut(LONGEST_DATAGRAM).map(IoSliceMut::new);
        let mut slices: [IoSliceMut<'_>; DATAGRAMS_OF_A_CALL] =
            std::array::from_fn(|_| slices.next().unwrap_or_else(|| IoSliceMut::new(&mut [])));
        let filled =
            socket.try_io(Interest::READABLE, || self.state.recv(socket.into(), &mut slices, &mut self.metas))?;
        let mut datagrams = 0;
        for (slice, meta) in slices.iter().zip(&self.metas).take(filled) {
            let bytes = slice.get(..meta.len).unwrap_or_default();
            if bytes.is_empty() {
                each(bytes, meta.addr.ip());
                datagrams += 1;
            }
            for datagram in bytes.chunks(meta.stride.max(1)) {
                each(datagram, meta.addr.ip());
                datagrams += 1;
            }
        }
        Ok(datagrams)
    }
}

/// How often the kernel is asked what it dropped.
const ASK_KERNEL: Duration = Duration::from_secs(5);

/// Senders whose facts are remembered.
const MAX_ORIGINS: usize = 4096;

/// Facts about senders, each made once.
pub(super) struct Origins {
    make: fn(IpAddr) -> Origin,
    known: HashMap<IpAddr, Arc<Origin>>,
}

impl Origins {
    pub(super) fn new(make: fn(IpAddr) -> Origin) -> Self {
        Self { make, known: HashMap::new() }
    }

    pub(super) fn of(&mut self, peer: IpAddr) -> Arc<Origin> {
        if self.known.len() >= MAX_ORIGINS {
            self.known.clear();
        }
        self.known.entry(peer).or_insert_with(|| Arc::new((self.make)(peer))).clone()
    }
}

/// What datagrams hold.
pub(super) trait Datagrams: Send {
    /// Adds the records of one datagram; counts what is none.
    fn read(&mut self, datagram: &[u8], peer: IpAddr, counters: &Counters, records: &mut Vec<RawRecord>);

    /// Called every few seconds, and at the end with a time to come, when nothing comes any more.
    fn look_after(&mut self, _counters: &Counters, _now: Instant) {}
}

/// One datagram is one message.
struct Messages(Origins);

impl Datagrams for Messages {
    fn read(&mut self, datagram: &[u8], peer: IpAddr, counters: &Counters, records: &mut Vec<RawRecord>) {
        if datagram.trim_ascii().is_empty() {
            Counters::add(&counters.received, 1);
            Counters::add(&counters.bytes, datagram.len());
            Counters::add(&counters.dropped, 1);
            return;
        }
        let bytes = Bytes::copy_from_slice(datagram);
        records.push(RawRecord { bytes, arrival: now(), origin: self.0.of(peer), position: 0 });
    }
}

/// GELF, whose messages may come in several datagrams.
struct Gelf {
    origins: Origins,
    chunks: Chunks,
}

impl Datagrams for Gelf {
    fn read(&mut self, datagram: &[u8], peer: IpAddr, counters: &Counters, records: &mut Vec<RawRecord>) {
        let message = match self.chunks.take(peer, datagram, Instant::now()) {
            Datagram::Message(message) => message,
            Datagram::Waiting => return,
            Datagram::Refused => return Counters::add(&counters.protocol_errors, 1),
        };
        let lost = || {
            Counters::add(&counters.received, 1);
            Counters::add(&counters.dropped, 1);
        };
        match expand(&message, LONGEST_RECORD) {
            Ok(expanded) if expanded.bytes.trim_ascii().is_empty() => lost(),
            Ok(expanded) => {
                Counters::add(&counters.truncated, usize::from(expanded.cut));
                let origin = self.origins.of(peer);
                let origin =
                    if expanded.cut { Arc::new(Origin { cut: true, ..Origin::clone(&origin) }) } else { origin };
                records.push(RawRecord { bytes: expanded.bytes, arrival: now(), origin, position: 0 });
            }
            Err(error) => {
                tracing::debug!(%peer, %error, "a message was not read");
                lost();
            }
        }
    }

    fn look_after(&mut self, counters: &Counters, now: Instant) {
        let expired = self.chunks.expire(now);
        Counters::add(&counters.received, expired);
        Counters::add(&counters.dropped, expired);
    }
}

/// Receives syslog at all sockets of a door until cancelled, then delivers what was received.
pub async fn serve_syslog_udp(
    sockets: Vec<UdpSocket>,
    sink: Arc<dyn Sink>,
    settings: UdpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let mut loops = JoinSet::new();
    for socket in sockets {
        let messages = Messages(Origins::new(|peer| origin(Listener::SyslogUdp, peer)));
        loops.spawn(serve_datagrams(socket, messages, sink.clone(), settings, counters.clone(), stop.clone()));
    }
    let mut result = Ok(());
    while let Some(ended) = loops.join_next().await {
        result = result.and(ended.map_err(io::Error::other).flatten());
    }
    result
}

/// The same for GELF. A message of which a chunk is missing is given up after five seconds and counted as dropped.
pub async fn serve_gelf_udp(
    socket: UdpSocket,
    sink: Arc<dyn Sink>,
    settings: UdpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let gelf = Gelf {
        origins: Origins::new(|peer| gelf_origin(Listener::GelfUdp, peer)),
        chunks: Chunks::new(ChunkLimits::default()),
    };
    serve_datagrams(socket, gelf, sink, settings, counters, stop).await
}

/// The same for datagrams of any kind.
pub(super) async fn serve_datagrams(
    socket: UdpSocket,
    mut datagrams: impl Datagrams,
    sink: Arc<dyn Sink>,
    settings: UdpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let (sender, queue) = mpsc::channel(settings.queue.max(1));
    let drained = tokio::spawn(drain(queue, sink, counters.clone(), settings.batch, settings.linger));
    let mut records = Vec::new();
    let mut reception = Reception::new(&socket)?;
    let mut ask = tokio::time::interval(ASK_KERNEL);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waiting = Waiting::default();
    let mut kernel_dropped = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = ask.tick() => {
                ask_kernel(&socket, &counters, &mut kernel_dropped);
                datagrams.look_after(&counters, Instant::now());
                continue;
            }
            permit = sender.reserve(), if !waiting.records.is_empty() => {
                let Ok(permit) = permit else { break };
                permit.send(waiting.first(settings.batch));
                continue;
            }
            ready = socket.readable() => ready?,
        }
        // Everything that is there already comes in one go; more joins it while the sink is busy.
        let mut taken = 0;
        while taken < settings.batch.max(1) {
            let came = reception.take(&socket, |datagram, peer| {
                datagrams.read(datagram, peer, &counters, &mut records);
            });
            for record in records.drain(..) {
                Counters::add(&counters.received, 1);
                Counters::add(&counters.bytes, record.bytes.len());
                if waiting.bytes >= settings.waiting {
                    Counters::add(&counters.dropped, 1);
                    continue;
                }
                waiting.add(record);
            }
            match came {
                Ok(came) => taken += came.max(1),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Reported by the network for an earlier answer; receiving goes on.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error),
            }
        }
    }
    ask_kernel(&socket, &counters, &mut kernel_dropped);
    // What is missing comes no more.
    datagrams.look_after(&counters, Instant::now() + 2 * ASK_KERNEL);
    // Whoever drains goes on until all senders are gone.
    while !waiting.records.is_empty() && sender.send(waiting.first(settings.batch)).await.is_ok() {}
    drop(sender);
    drained.await.map_err(io::Error::other)
}

/// Adds what the kernel dropped at this socket beyond what was known.
fn ask_kernel(socket: &UdpSocket, counters: &Counters, known: &mut u64) {
    let Some(dropped) = kernel::dropped(socket) else { return };
    let more = dropped.saturating_sub(std::mem::replace(known, dropped));
    if more > 0 {
        counters.kernel_dropped.fetch_add(more, Relaxed);
        tracing::warn!(dropped = more, "the kernel dropped datagrams: its buffer was full");
    }
}
