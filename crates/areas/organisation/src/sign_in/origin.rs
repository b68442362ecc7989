//! Where a request comes from: address, browser, and whether a form was posted from our own pages.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// Facts of a request that sign-in needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Address of the other end, where the server knows it.
    pub address: Option<IpAddr>,
    /// What the browser calls itself, shortened.
    pub browser: String,
    /// The browser says the request comes from our own pages, or says nothing (no browser).
    pub same_site: bool,
    /// The name in the address bar is this machine's own.
    pub host_is_loopback: bool,
}

impl Origin {
    /// Text for rows; empty where unknown.
    pub fn text(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }

    /// What attempts are counted by: the address, or the /64 an IPv6 address is in.
    pub(super) fn network(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// Both ends are this machine and the browser knows it under its own name: no proxy, no foreign name
    /// bound to 127.0.0.1.
    pub fn is_loopback(&self) -> bool {
        self.host_is_loopback && self.address.is_some_and(|address| address.to_canonical().is_loopback())
    }
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl Origin {
    pub fn of(parts: &Parts) -> Self {
        let text = |name| parts.headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let host = text(header::HOST).or_else(|| parts.uri.host()).unwrap_or_default();
        let same_site = match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
            (None, None) => true,
        };
        Self {
            address: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()),
            browser: text(header::USER_AGENT).unwrap_or_default().chars().take(200).collect(),
            same_site,
            host_is_loopback: is_loopback_name(host),
        }
    }
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a text is a path on this site and nothing else: no other host, no scheme, no control characters.
pub fn is_local_path(path: &str) -> bool {
    path.len() <= 2_000
        && path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_followed() {
        for path in ["/", "/alerts?page=2", "/me#password"] {
            assert!(is_local_path(path), "{path}");
        }
        for path in ["", "alerts", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: x"] {
            assert!(!is_local_path(path), "{path}");
        }
    }

    #[test]
    fn loopback_needs_both_the_address_and_the_name() {
        let origin = |host: &str, address: &str| {
            let mut request = axum::http::Request::builder().uri("/").header("host", host).body(()).unwrap();
            let address: SocketAddr = format!("{address}:4000").parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(address));
            Origin::of(&request.into_parts().0)
        };
        assert!(origin("127.0.0.1:8080", "127.0.0.1").is_loopback());
        assert!(origin("localhost", "[::1]").is_loopback());
        assert!(origin("[::1]:8080", "[::ffff:127.0.0.1]").is_loopback());
        assert!(!origin("rebound.example:8080", "127.0.0.1").is_loopback());
        assert!(!origin("127.0.0.1:8080", "192.0.2.7").is_loopback());
    }

    #[test]
    fn a_form_from_elsewhere_is_recognised() {
        let same = |name: &'static str, value: &str| {
            let request = axum::http::Request::builder()
                .uri("/")
                .header("host", "soc.example")
                .header(name, value)
                .body(())
                .unwrap();
            Origin::of(&request.into_parts().0).same_site
        };
        assert!(same("sec-fetch-site", "same-origin"));
        assert!(same("origin", "https://soc.example"));
        assert!(same("accept", "*/*"));
        assert!(!same("sec-fetch-site", "cross-site"));
        assert!(!same("sec-fetch-site", "same-site"));
        assert!(!same("origin", "https://evil.example"));
        assert!(!same("origin", "null"));
    }
}
