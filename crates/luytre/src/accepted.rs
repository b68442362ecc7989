//! What is known of a web connection from the moment it is accepted.

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::IncomingStream;
use ingest::resends::connection_number;
use kit::clock::{Clock, SystemClock};
use monitoring::bulk::ConnectionNumber;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// A connection: its other end, and a number that no other has.
#[derive(Debug, Clone, Copy)]
pub struct Accepted {
    peer: SocketAddr,
    number: u64,
}

impl Connected<IncomingStream<'_, TcpListener>> for Accepted {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self { peer: *stream.remote_addr(), number: connection_number(SystemClock.now()) }
    }
}

/// Gives both to whoever handles the request.
pub async fn introduce(mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(accepted)) = request.extensions_mut().remove::<ConnectInfo<Accepted>>() {
        request.extensions_mut().insert(ConnectInfo(accepted.peer));
        request.extensions_mut().insert(ConnectionNumber(accepted.number));
    }
    next.run(request).await
}
