//! The Elasticsearch-compatible door: `_bulk` and single documents, and the probes that unchanged clients and
//! shippers make before they send. A document is acknowledged after fsync, one by one; a full store answers 429.
//! Nothing can be read through this door.

mod answer;
mod body;
mod probes;
mod receive;

pub use receive::ConnectionNumber;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post, put};
use kit::App;

/// Bytes of one request, compressed or not.
pub const MAX_BODY: usize = 100 << 20;

/// Sending only, for the address that also serves the pages: clients that need no probes (rsyslog, `curl`) can use
/// it, and no path of a page is taken.
pub fn routes() -> axum::Router<App> {
    axum::Router::new()
        .route("/_bulk", post(receive::bulk).put(receive::bulk))
        .route("/{index}/_bulk", post(receive::bulk_into).put(receive::bulk_into))
        .route("/{index}/_doc", post(receive::document).put(receive::document))
        .route("/{index}/_doc/{id}", put(receive::document).post(receive::document))
        .route("/{index}/_create/{id}", put(receive::document).post(receive::document))
        .layer(DefaultBodyLimit::disable())
}

/// The whole door, for an address of its own (9200 by habit): sending and probes.
pub fn elastic_routes() -> axum::Router<App> {
    routes()
        .route("/", get(probes::about).head(probes::well))
        .route("/_license", get(probes::license))
        .route("/_xpack", get(probes::xpack))
        .route("/_cluster/health", get(probes::health))
        .route("/_cat/health", get(probes::cat_health))
        .route("/_nodes", get(probes::nodes))
        .route("/_nodes/{*what}", get(probes::nodes))
        .fallback(any(probes::other))
}
