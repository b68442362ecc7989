//! Pages.
use axum::Router;
use kit::App;

pub fn routes() -> Router<App> {
    Router::new()
}

pub fn counter() -> kit::area::CounterSource {
    std::sync::Arc::new(|_app, _scope| Box::pin(async { Ok(None) }))
}
