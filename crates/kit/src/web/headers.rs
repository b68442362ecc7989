//! Security headers on every answer. Pages load nothing from elsewhere and run no inline code; a browser test
//! counts violations and expects none.

use crate::session::HOST_PREFIX;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; \
                      font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'";

/// Middleware that adds them; an answer that set its own keeps it.
pub async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Middleware that asks browsers for TLS alone from now on (`Strict-Transport-Security`); nothing where the program does
/// not know that it is reached that way.
pub async fn strict_transport(State(value): State<Option<HeaderValue>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(value) = value {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Every cookie of an answer kept to this host and to TLS, whoever wrote it.
pub(crate) fn kept_to_this_host(mut response: Response) -> Response {
    let written: Vec<HeaderValue> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    response.headers_mut().remove(header::SET_COOKIE);
    for cookie in written {
        let bytes = cookie.as_bytes();
        let kept = match bytes.starts_with(HOST_PREFIX.as_bytes()) {
            true => Some(cookie),
            false => HeaderValue::from_bytes(&[HOST_PREFIX.as_bytes(), bytes, b"; Secure"].concat()).ok(),
        };
        if let Some(kept) = kept {
            response.headers_mut().append(header::SET_COOKIE, kept);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::cookie;
    use axum::response::{AppendHeaders, IntoResponse};

    #[test]
    fn over_tls_no_cookie_leaves_without_its_prefix_and_the_prefixed_one_is_read_first() {
        let cookies = [
            (header::SET_COOKIE, "lang=en; Path=/; SameSite=Lax"),
            (header::SET_COOKIE, "__Host-luytre=x; Path=/; Secure"),
        ];
        let response = kept_to_this_host(AppendHeaders(cookies).into_response());
        let written: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(written, ["__Host-lang=en; Path=/; SameSite=Lax; Secure", "__Host-luytre=x; Path=/; Secure"]);
        let asked = axum::http::Request::builder().header("cookie", "lang=vi; __Host-lang=en; theme=dark");
        let (parts, ()) = asked.body(()).unwrap().into_parts();
        assert_eq!((cookie(&parts, "lang"), cookie(&parts, "theme")), (Some("en"), Some("dark")));
        assert_eq!(cookie(&parts, "luytre"), None);
    }
}
