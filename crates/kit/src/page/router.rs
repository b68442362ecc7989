//! Routes of the frame itself: embedded files, and the counters of the top bar when there is news. Language and
//! theme (`POST /preferences`) are kept by organisation, beside sign-in.

use super::assets;
use crate::web::{Access, Fail, Html, Routes, Visit};

/// All of them; `luytre` merges this once.
pub fn router() -> Routes {
    Routes::new()
        .get("/counters", Access::Entering, show_counters)
        .merge(crate::find::router())
        .map(|frame| frame.merge(assets::router()))
}

async fn show_counters(visit: Visit) -> Result<Html, Fail> {
    let page = visit.page().await?;
    Ok(axum::response::Html(page.counters_bar().to_string()))
}
