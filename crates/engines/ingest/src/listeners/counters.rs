//! What a listener did, in numbers that only grow. Read by the status page and the doctor.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Shared by the tasks of one listener.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: AtomicU64),+ }

        /// The counters at one moment.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct Snapshot { $($(#[$doc])* pub $name: u64),+ }

        impl Counters {
            pub fn snapshot(&self) -> Snapshot {
                Snapshot { $($name: self.$name.load(Relaxed)),+ }
            }
        }
    };
}

counters! {
    /// Records read from sockets.
    received,
    /// Bytes of those records.
    bytes,
    /// Records that the sink stored.
    delivered,
    /// Records read but not stored: the queue was full, or the sink refused.
    dropped,
    /// Records that a sender repeated after a broken session and that were stored already.
    repeated,
    /// Records cut to the longest that is kept; each carries the mark.
    truncated,
    /// Datagrams that the kernel dropped before they could be read.
    kernel_dropped,
    /// Messages with flows, or parts of them, that could not be read or whose template did not come.
    undecoded,
    /// Templates of flows that were too long, or went because there were too many.
    templates_dropped,
    /// Pieces of counted streams that stood where a count should have been.
    out_of_step,
    /// Connections accepted.
    connections,
    /// Connections refused because too many were open in all.
    refused,
    /// Connections refused because their address had its share.
    refused_share,
    /// Connections whose greeting in TLS failed: no certificate, one that is not trusted, or no TLS at all.
    greetings_failed,
    /// Connections closed for breaking the protocol.
    protocol_errors,
    /// Connections open now: the only number that falls.
    open,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Relaxed);
    }
}

/// Counts a connection as open until it is dropped.
pub(crate) struct Open<'a>(&'a Counters);

impl<'a> Open<'a> {
    pub(crate) fn new(counters: &'a Counters) -> Self {
        counters.connections.fetch_add(1, Relaxed);
        counters.open.fetch_add(1, Relaxed);
        Self(counters)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}
