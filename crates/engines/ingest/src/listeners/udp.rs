//! Syslog over UDP (RFC 5426): one datagram, one message. Nobody waits for an answer, so a full queue drops the newest
//! and counts it; what the kernel dropped before is counted apart.

use super::batch::drain;
use super::counters::Counters;
use super::kernel;
use super::{Sink, now, origin};
use bytes::Bytes;
use event::{Listener, Origin, RawRecord};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Copy)]
pub struct UdpSettings {
    /// Records of one batch at most.
    pub batch: usize,
    /// How long a batch waits for more.
    pub linger: Duration,
    /// Batches waiting for the sink before datagrams are dropped.
    pub queue: usize,
}

impl Default for UdpSettings {
    fn default() -> Self {
        Self { batch: 512, linger: Duration::from_millis(2), queue: 256 }
    }
}

/// How often the kernel is asked what it dropped.
const ASK_KERNEL: Duration = Duration::from_secs(5);

/// Senders whose facts are remembered.
const MAX_ORIGINS: usize = 4096;

/// Receives until cancelled, then delivers what was received.
pub async fn serve_syslog_udp(
    socket: UdpSocket,
    sink: Arc<dyn Sink>,
    settings: UdpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let (sender, queue) = mpsc::channel(settings.queue.max(1));
    let drained = tokio::spawn(drain(queue, sink, counters.clone(), settings.batch, settings.linger));
    let mut origins: HashMap<IpAddr, Arc<Origin>> = HashMap::new();
    // No datagram is longer.
    let mut buffer = vec![0; 64 << 10];
    let mut ask = tokio::time::interval(ASK_KERNEL);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = ask.tick() => {
                ask_kernel(&socket, &counters);
                continue;
            }
            ready = socket.readable() => ready?,
        }
        let mut batch = Vec::new();
        // Everything that is there already is one batch; the queue joins batches if the sink is busy.
        while batch.len() < settings.batch.max(1) {
            match socket.try_recv_from(&mut buffer) {
                Ok((length, peer)) => {
                    let bytes = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
                    Counters::add(&counters.received, 1);
                    Counters::add(&counters.bytes, bytes.len());
                    if bytes.trim_ascii().is_empty() {
                        Counters::add(&counters.dropped, 1);
                        continue;
                    }
                    if origins.len() >= MAX_ORIGINS {
                        origins.clear();
                    }
                    let origin = origins
                        .entry(peer.ip())
                        .or_insert_with(|| Arc::new(origin(Listener::SyslogUdp, peer.ip())))
                        .clone();
                    batch.push(RawRecord { bytes, arrival: now(), origin, position: 0 });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Reported by the network for an earlier answer; receiving goes on.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error),
            }
        }
        if batch.is_empty() {
            continue;
        }
        match sender.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(batch)) => Counters::add(&counters.dropped, batch.len()),
            Err(TrySendError::Closed(_)) => break,
        }
    }
    ask_kernel(&socket, &counters);
    drop(sender);
    drained.await.map_err(io::Error::other)
}

fn ask_kernel(socket: &UdpSocket, counters: &Counters) {
    let Some(dropped) = kernel::dropped(socket) else { return };
    let before = counters.kernel_dropped.swap(dropped, Relaxed);
    if dropped > before {
        tracing::warn!(dropped = dropped - before, "the kernel dropped datagrams: its buffer was full");
    }
}
