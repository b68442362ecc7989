//! The web door: how many connections it keeps open, for how long it waits for a request and for its body, and what is
//! known of a connection from the moment it is accepted.

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use ingest::listeners::{ConnectionLimits, Counters, Share, Shares};
use ingest::resends::connection_number;
use kit::clock::{Clock, SystemClock};
use kit::web::{Pace, paced};
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
/// What the body of a request brings at least, in bytes a second, once those seconds are used up: less than the slowest
/// line that anybody sends over.
const SLOWEST: u64 = 1_024;

/// Accepts connections, each address its share. What comes from this machine (a proxy that speaks for everybody) is not
/// counted.
pub struct WebDoor {
    listener: TcpListener,
    shares: Arc<Shares>,
    counters: Counters,
    pace: Pace,
}

impl WebDoor {
    pub fn new(listener: TcpListener, limits: ConnectionLimits) -> Self {
        let pace = Pace { silence: SILENCE, bytes_a_second: SLOWEST };
        Self { listener, shares: Shares::new(limits), counters: Counters::default(), pace }
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
            return (Connection::new(stream, share, self.pace), peer);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when it is silent for too long.
pub struct Connection {
    stream: TcpStream,
    pace: Pace,
    until: Pin<Box<Sleep>>,
    /// Requests whose answer is still being made.
    at_work: Arc<AtomicUsize>,
    _share: Option<Share>,
}

impl Connection {
    fn new(stream: TcpStream, share: Option<Share>, pace: Pace) -> Self {
        Self { stream, pace, until: Box::pin(sleep(pace.silence)), at_work: Arc::default(), _share: share }
    }

    fn heard(&mut self) {
        let until = Instant::now() + self.pace.silence;
        self.until.as_mut().reset(until);
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
    pace: Pace,
    at_work: Arc<AtomicUsize>,
}

impl Connected<IncomingStream<'_, WebDoor>> for Accepted {
    fn connect_info(stream: IncomingStream<'_, WebDoor>) -> Self {
        let at_work = Arc::clone(&stream.io().at_work);
        let pace = stream.io().pace;
        Self { peer: *stream.remote_addr(), number: connection_number(SystemClock.now()), pace, at_work }
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

/// Gives both to whoever handles the request, and its body as long as it goes on arriving.
pub async fn introduce(mut request: Request, next: Next) -> Response {
    let mut at_work = None;
    if let Some(ConnectInfo(accepted)) = request.extensions_mut().remove::<ConnectInfo<Accepted>>() {
        request.extensions_mut().insert(ConnectInfo(accepted.peer));
        request.extensions_mut().insert(ConnectionNumber(accepted.number));
        at_work = Some(AtWork::begin(accepted.at_work));
        request = request.map(|body| paced(body, accepted.pace));
    }
    let response = next.run(request).await;
    drop(at_work);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Bytes;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn served(silence: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pace = Pace { silence, bytes_a_second: SLOWEST };
        let door = WebDoor { pace, ..WebDoor::new(listener, ConnectionLimits::default()) };
        let slow = move || async move {
            sleep(silence * 3).await;
            "slowly"
        };
        let length = |body: Bytes| async move { format!("{} bytes", body.len()) };
        let router = Router::new()
            .route("/slow", get(slow))
            .route("/length", post(length))
            .layer(axum::middleware::from_fn(introduce));
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

    #[tokio::test]
    async fn a_body_that_does_not_go_on_ends_and_one_that_is_whole_is_read() {
        let address = served(Duration::from_millis(200)).await;
        let head = "POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10\r\n\r\n";
        let whole = answer(address, &format!("{head}0123456789")).await;
        assert!(whole.ends_with("10 bytes"), "{whole}");
        let half = answer(address, &format!("{head}012")).await;
        assert!(half.starts_with("HTTP/1.1 400") && half.contains("the request came too slowly"), "{half}");
        // A byte now and then is no silence; it does not keep the door open either.
        let (mut answers, mut sends) = TcpStream::connect(address).await.unwrap().into_split();
        sends.write_all(head.replace("length: 10", "length: 1000").as_bytes()).await.unwrap();
        let trickle = tokio::spawn(async move {
            while sends.write_all(b"x").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        });
        let mut bytes = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), answers.read_to_end(&mut bytes)).await;
        assert!(ended.is_ok(), "the connection has ended by itself");
        trickle.abort();
    }
}
