//! The web door: how many connections it keeps open, for how long it waits for a request, and what is known of a
//! connection from the moment it is accepted.

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use ingest::listeners::{ConnectionLimits, Counters, Share, Shares};
use ingest::resends::connection_number;
use kit::clock::{Clock, SystemClock};
use monitoring::bulk::ConnectionNumber;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

/// How long a connection may be silent while no request of it is at work: before its first one, within the head of one,
/// or between two.
const SILENCE: Duration = Duration::from_secs(60);

/// Accepts connections, each address its share. What comes from this machine (a proxy that speaks for everybody) is not
/// counted.
pub struct WebDoor {
    listener: TcpListener,
    shares: Arc<Shares>,
    counters: Counters,
    silence: Duration,
}

impl WebDoor {
    pub fn new(listener: TcpListener, limits: ConnectionLimits) -> Self {
        Self { listener, shares: Shares::new(limits), counters: Counters::default(), silence: SILENCE }
    }
}

impl Listener for WebDoor {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (stream, peer) = Listener::accept(&mut self.listener).await;
            let share = match peer.ip().to_canonical().is_loopback() {
                true => None,
                false => match self.shares.admit(peer, &self.counters) {
                    Some(share) => Some(share),
                    None => continue,
                },
            };
            return (Connection::new(stream, share, self.silence), peer);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when it is silent for too long.
pub struct Connection {
    stream: TcpStream,
    silence: Duration,
    until: Pin<Box<Sleep>>,
    /// Requests whose answer is still being made.
    at_work: Arc<AtomicUsize>,
    _share: Option<Share>,
}

impl Connection {
    fn new(stream: TcpStream, share: Option<Share>, silence: Duration) -> Self {
        Self { stream, silence, until: Box::pin(sleep(silence)), at_work: Arc::default(), _share: share }
    }

    fn heard(&mut self) {
        self.until.as_mut().reset(Instant::now() + self.silence);
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if read.is_ready() {
            self.heard();
            return read;
        }
        while self.until.as_mut().poll(context).is_ready() {
            if self.at_work.load(Ordering::Relaxed) == 0 {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.heard();
        }
        Poll::Pending
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.heard();
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.heard();
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A connection as its requests know it: its other end, and a number that no other has.
#[derive(Debug, Clone)]
pub struct Accepted {
    peer: SocketAddr,
    number: u64,
    at_work: Arc<AtomicUsize>,
}

impl Connected<IncomingStream<'_, WebDoor>> for Accepted {
    fn connect_info(stream: IncomingStream<'_, WebDoor>) -> Self {
        let at_work = Arc::clone(&stream.io().at_work);
        Self { peer: *stream.remote_addr(), number: connection_number(SystemClock.now()), at_work }
    }
}

/// A request at work, until dropped.
struct AtWork(Arc<AtomicUsize>);

impl AtWork {
    fn begin(at_work: Arc<AtomicUsize>) -> Self {
        at_work.fetch_add(1, Ordering::Relaxed);
        Self(at_work)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives both to whoever handles the request.
pub async fn introduce(mut request: Request, next: Next) -> Response {
    let mut at_work = None;
    if let Some(ConnectInfo(accepted)) = request.extensions_mut().remove::<ConnectInfo<Accepted>>() {
        request.extensions_mut().insert(ConnectInfo(accepted.peer));
        request.extensions_mut().insert(ConnectionNumber(accepted.number));
        at_work = Some(AtWork::begin(accepted.at_work));
    }
    let response = next.run(request).await;
    drop(at_work);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn served(silence: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = WebDoor { silence, ..WebDoor::new(listener, ConnectionLimits::default()) };
        let slow = move || async move {
            sleep(silence * 3).await;
            "slowly"
        };
        let router = Router::new().route("/slow", get(slow)).layer(axum::middleware::from_fn(introduce));
        tokio::spawn(async move { axum::serve(door, router.into_make_service_with_connect_info::<Accepted>()).await });
        address
    }

    async fn answer(address: SocketAddr, sent: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_head_that_does_not_go_on_ends_and_an_answer_that_takes_long_does_not() {
        let address = served(Duration::from_millis(200)).await;
        for half in ["", "GET /slow HTTP/1.1\r\nhost: x\r\n"] {
            assert!(!answer(address, half).await.contains("slowly"), "the connection has ended by itself");
        }
        let whole = answer(address, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(whole.ends_with("slowly"), "{whole}");
    }
}
