//! Serves the gallery of components: `cargo run -p luytre-kit --example gallery -- 4999`.

use axum::extract::Form;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use luytre_kit::page::{assets, gallery_router};
use std::collections::HashMap;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(4999);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/gallery", listener.local_addr()?);
    let app = axum::Router::new()
        .route("/preferences", axum::routing::post(keep_preferences))
        .merge(gallery_router())
        .merge(assets::router())
        .layer(tower_http::compression::CompressionLayer::new())
        .layer(axum::middleware::from_fn(luytre_kit::web::secure));
    axum::serve(listener, app).await
}

/// In the program organisation does this, beside sign-in.
async fn keep_preferences(Form(wish): Form<HashMap<String, String>>) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    for name in ["lang", "theme"] {
        let cookie = wish.get(name).map(|value| format!("{name}={value}; Path=/"));
        if let Some(Ok(cookie)) = cookie.map(|cookie| HeaderValue::from_str(&cookie)) {
            headers.append(SET_COOKIE, cookie);
        }
    }
    let back = wish.get("to").and_then(|to| HeaderValue::from_str(to).ok());
    headers.insert(LOCATION, back.unwrap_or(HeaderValue::from_static("/gallery")));
    (StatusCode::SEE_OTHER, headers)
}
