//! Routes of the frame itself: embedded files, and the counters of the top bar when there is news. Language and
//! theme (`POST /preferences`) are kept by organisation, beside sign-in.

use super::assets;
use crate::app::App;
use crate::web::{Fail, Html, Visit};
use axum::Router;
use axum::routing::get;

/// All of them; `luytre` merges this once.
pub fn router() -> Router<App> {
    Router::new().route("/counters", get(show_counters)).merge(crate::find::router()).merge(assets::router())
}

async fn show_counters(visit: Visit) -> Result<Html, Fail> {
    let page = visit.page().await?;
    Ok(axum::response::Html(page.counters_bar().to_string()))
}
