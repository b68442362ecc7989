//! Syslog over TCP (RFC 6587). A full queue stops reading, so the sender's own queue fills and nothing is lost here;
//! everything read from a socket is stored or counted.

use super::batch::drain;
use super::counters::{Counters, Open};
use super::framing::{Framed, Framing, SyslogFraming};
use super::null_framing::NullFraming;
use super::shares::{ConnectionLimits, Shares};
use super::tls::{Stream, TlsDoor};
use super::{Sink, gelf_origin, now, origin, who};
use bytes::Bytes;
use event::{LONGEST_RECORD, Listener, Origin, RawRecord};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
pub struct TcpSettings {
    /// Bytes of a message; longer ones are cut and marked.
    pub longest: usize,
    pub connections: ConnectionLimits,
    /// Present where senders speak TLS.
    pub tls: Option<TlsDoor>,
    /// A connection silent for this long is closed.
    pub idle: Duration,
    /// Records of one batch at most.
    pub batch: usize,
    /// How long a batch waits for more.
    pub linger: Duration,
    /// Batches waiting for the sink before reading stops.
    pub queue: usize,
}

impl Default for TcpSettings {
    fn default() -> Self {
        Self {
            longest: LONGEST_RECORD,
            connections: ConnectionLimits::default(),
            tls: None,
            idle: Duration::from_secs(3600),
            batch: 2048,
            linger: Duration::from_millis(2),
            queue: 64,
        }
    }
}

/// Accepts until cancelled, then reads what is already in the sockets' buffers no further, and delivers what was read.
pub async fn serve_syslog_tcp(
    listener: TcpListener,
    sink: Arc<dyn Sink>,
    settings: TcpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let longest = settings.longest;
    let door = move |peer: SocketAddr| (SyslogFraming::new(longest), origin(Listener::SyslogTcp, peer.ip()));
    serve_framed(listener, sink, settings, counters, stop, door).await
}

/// The same for GELF: messages that end in NUL.
pub async fn serve_gelf_tcp(
    listener: TcpListener,
    sink: Arc<dyn Sink>,
    settings: TcpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let longest = settings.longest;
    let door = move |peer: SocketAddr| (NullFraming::new(longest), gelf_origin(Listener::GelfTcp, peer.ip()));
    serve_framed(listener, sink, settings, counters, stop, door).await
}

/// `door`: how the stream of a sender is parted, and what is known of it.
async fn serve_framed<F: Framing + 'static>(
    listener: TcpListener,
    sink: Arc<dyn Sink>,
    settings: TcpSettings,
    counters: Arc<Counters>,
    stop: CancellationToken,
    door: impl Fn(SocketAddr) -> (F, Origin) + Send + Sync + 'static,
) -> io::Result<()> {
    let (sender, queue) = mpsc::channel(settings.queue.max(1));
    let drained = tokio::spawn(drain(queue, sink, counters.clone(), settings.batch, settings.linger));
    let door_of = (settings.connections, settings.tls.clone());
    accept(listener, door_of, counters.clone(), stop.clone(), move |stream, certificate, peer| {
        let (sender, counters, stop) = (sender.clone(), counters.clone(), stop.clone());
        let (framing, origin) = door(peer);
        let origin = Arc::new(Origin { certificate, ..origin });
        let settings = settings.clone();
        async move {
            if let Err(error) = receive(stream, framing, origin, &settings, sender, &counters, stop).await {
                tracing::debug!(peer = who(peer), %error, "a connection ended");
            }
        }
    })
    .await?;
    drained.await.map_err(io::Error::other)
}

/// Accepts connections up to their limits, one task each, until cancelled; then waits for the tasks. `serve` gets the stream,
/// in TLS where the door has it, and the fingerprint of the certificate that the sender showed.
pub(crate) async fn accept<F, T>(
    listener: TcpListener,
    (limits, tls): (ConnectionLimits, Option<TlsDoor>),
    counters: Arc<Counters>,
    stop: CancellationToken,
    serve: F,
) -> io::Result<()>
where
    F: Fn(Stream, Option<String>, SocketAddr) -> T + Send + Sync + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let serve = Arc::new(serve);
    let shares = Shares::new(limits);
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles or a client gone already: waiting is all that helps.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(share) = shares.admit(peer, &counters) else { continue };
        let (counters, serve, tls, stop) = (counters.clone(), serve.clone(), tls.clone(), stop.clone());
        tasks.spawn(async move {
            let _open = Open::new(&counters);
            // Answers are small and awaited; Nagle's algorithm would only delay them.
            let _ = stream.set_nodelay(true);
            let greeted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                greeted = Stream::of(stream, tls.as_ref()) => greeted,
            };
            match greeted {
                Ok((stream, certificate)) => serve(stream, certificate, peer).await,
                Err(error) => {
                    Counters::add(&counters.greetings_failed, 1);
                    tracing::warn!(peer = who(peer), %error, "a greeting in TLS failed");
                }
            }
            drop(share);
        });
    }
    while tasks.join_next().await.is_some() {}
    Ok(())
}

async fn receive(
    mut stream: impl AsyncRead + Unpin,
    mut framing: impl Framing,
    origin: Arc<Origin>,
    settings: &TcpSettings,
    queue: mpsc::Sender<Vec<RawRecord>>,
    counters: &Counters,
    stop: CancellationToken,
) -> io::Result<()> {
    let cut = Arc::new(Origin { cut: true, ..Origin::clone(&origin) });
    let mut ended = false;
    let mut result = Ok(());
    while !ended {
        framing.buffer().reserve(64 << 10);
        let read = tokio::select! {
            biased;
            () = stop.cancelled() => Ok(0),
            read = timeout(settings.idle, stream.read_buf(framing.buffer())) => match read {
                Ok(read) => read,
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "silent for too long")),
            },
        };
        ended = match read {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => {
                result = Err(error);
                true
            }
        };
        let mut batch = Vec::new();
        let arrival = now();
        let mut add = |framed: Framed| {
            Counters::add(&counters.received, 1);
            Counters::add(&counters.bytes, framed.message.len());
            Counters::add(&counters.truncated, usize::from(framed.truncated));
            Counters::add(&counters.out_of_step, usize::from(framed.out_of_step));
            // A copy of its own: a record that is kept must not keep the whole buffer.
            let bytes = Bytes::copy_from_slice(&framed.message);
            let origin = if framed.truncated { cut.clone() } else { origin.clone() };
            batch.push(RawRecord { bytes, arrival, origin, position: 0 });
        };
        while let Some(framed) = framing.next() {
            add(framed);
        }
        if ended {
            framing.finish().into_iter().for_each(add);
        }
        if !batch.is_empty()
            && let Err(lost) = queue.send(batch).await
        {
            Counters::add(&counters.dropped, lost.0.len());
            return Ok(());
        }
    }
    result
}
