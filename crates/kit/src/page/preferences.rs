//! `POST /preferences`: language and theme as cookies, then back to the page. Nothing of worth changes, so no
//! proof of origin is asked and guests may use it.

use super::Theme;
use crate::locale::Lang;
use axum::Router;
use axum::extract::Form;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

#[derive(serde::Deserialize)]
struct Wish {
    lang: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    to: String,
}

/// The route; needs no sign-in.
pub fn preferences_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/preferences", post(keep_preferences))
}

async fn keep_preferences(Form(wish): Form<Wish>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    let lang = wish.lang.as_deref().and_then(Lang::from_code).map(|lang| ("lang", lang.code()));
    let theme = wish.theme.as_deref().and_then(Theme::from_code).map(|theme| ("theme", theme.code()));
    for (name, code) in [lang, theme].into_iter().flatten() {
        let cookie = format!("{name}={code}; Path=/; Max-Age=31536000; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    let back = HeaderValue::from_str(local(&wish.to)).unwrap_or(HeaderValue::from_static("/"));
    headers.insert(header::LOCATION, back);
    response
}

/// Only an address of this site: one slash at the start, no second one, no backslash.
fn local(to: &str) -> &str {
    let second = to.as_bytes().get(1);
    if to.starts_with('/') && !matches!(second, Some(b'/' | b'\\')) && to.is_ascii() { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_the_site() {
        assert_eq!(local("/alerts?severity=high"), "/alerts?severity=high");
        for elsewhere in ["https://example.com/", "//example.com", "/\\example.com", "", "alerts"] {
            assert_eq!(local(elsewhere), "/");
        }
    }
}
