//! The Elasticsearch-compatible door: `_bulk` and single documents, and the probes that unchanged clients and
//! shippers make before they send. A document is acknowledged after fsync, one by one; a full store answers 429.
//! Nothing can be read through this door.

pub(crate) mod answer;
pub(crate) mod body;
mod probes;
pub(crate) mod receive;
mod shape;

pub use receive::ConnectionNumber;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{any, get};
use kit::web::{Access, Routes};
use kit::{App, Capability};

/// Bytes of one request, compressed or not.
pub const MAX_BODY: usize = 100 << 20;

/// Refusals are in the form that clients of Elasticsearch understand.
const SENDS: Access = Access::AnswersItself(Capability::IngestEvents);

/// Sending only, for the address that also serves the pages: clients that need no probes (rsyslog, `curl`) can use
/// it, and no path of a page is taken.
pub fn routes() -> Routes {
    sending().map(|router| router.layer(from_fn(shape::as_asked)))
}

fn sending() -> Routes {
    Routes::new()
        .post("/_bulk", SENDS, receive::bulk)
        .put("/_bulk", SENDS, receive::bulk)
        .post("/{index}/_bulk", SENDS, receive::bulk_into)
        .put("/{index}/_bulk", SENDS, receive::bulk_into)
        .post("/{index}/_doc", SENDS, receive::document)
        .put("/{index}/_doc", SENDS, receive::document)
        .put("/{index}/_doc/{id}", SENDS, receive::document)
        .post("/{index}/_doc/{id}", SENDS, receive::document)
        .put("/{index}/_create/{id}", SENDS, receive::document)
        .post("/{index}/_create/{id}", SENDS, receive::document)
        .map(|router| router.layer(DefaultBodyLimit::disable()))
}

/// The whole door, for an address of its own (9200 by habit): sending and probes.
pub fn elastic_routes() -> axum::Router<App> {
    sending()
        .into_router()
        .route("/", get(probes::about).head(probes::well))
        .route("/_license", get(probes::license))
        .route("/_xpack", get(probes::xpack))
        .route("/_cluster/health", get(probes::health))
        .route("/_cat/health", get(probes::cat_health))
        .route("/_nodes", get(probes::nodes))
        .route("/_nodes/{*what}", get(probes::nodes))
        .fallback(any(probes::other))
        .layer(from_fn(shape::as_asked))
}
