//! Serves the gallery of components: `cargo run -p luytre-kit --example gallery -- 4999`.

use luytre_kit::page::{assets, gallery_router, preferences_router};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(4999);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/gallery", listener.local_addr()?);
    let app = axum::Router::new()
        .merge(gallery_router())
        .merge(preferences_router())
        .merge(assets::router())
        .layer(tower_http::compression::CompressionLayer::new())
        .layer(axum::middleware::from_fn(luytre_kit::web::secure));
    axum::serve(listener, app).await
}
