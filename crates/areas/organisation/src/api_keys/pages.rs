//! Pages.
use axum::Router;
use kit::App;

pub fn routes() -> Router<App> {
    Router::new()
}
