//! The browser files, embedded: our own (`assets/own`) and those npm brought (`assets/vendor`). Every address
//! holds the content hash of the whole set, so a browser may keep a file for ever.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use include_dir::{Dir, include_dir};
use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

static OWN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/own");
static VENDOR: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/vendor");

/// Address prefix of every embedded file, for example `/assets/0f3c…`.
pub const PREFIX: &str = concat!("/assets/", env!("LUYTRE_ASSETS_HASH"));

/// The shared style sheets in the order in which they open `own/style.css`. One sheet an area may follow
/// (`own/<area>.css`); print closes.
const STYLES: [&str; 5] = ["base.css", "frame.css", "components.css", "forms.css", "tables.css"];
const LAST_STYLE: &str = "print.css";

struct Asset {
    content_type: &'static str,
    bytes: Bytes,
    compressed: OnceLock<Option<Bytes>>,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let mut assets = HashMap::new();
    collect(&OWN, "own", &mut assets);
    collect(&VENDOR, "vendor", &mut assets);
    let of_areas = OWN
        .files()
        .filter_map(|file| file.path().to_str())
        .filter(|name| name.ends_with(".css") && !STYLES.contains(name) && *name != LAST_STYLE);
    let mut style = Vec::new();
    for name in STYLES.into_iter().chain(of_areas).chain([LAST_STYLE]) {
        style.extend_from_slice(OWN.get_file(name).map(include_dir::File::contents).unwrap_or_default());
        style.push(b'\n');
    }
    assets.insert("own/style.css".to_owned(), Asset::new("text/css; charset=utf-8", Bytes::from(style)));
    assets
});

impl Asset {
    fn new(content_type: &'static str, bytes: Bytes) -> Self {
        Self { content_type, bytes, compressed: OnceLock::new() }
    }

    /// The gzip form, made on first use; `None` where it would not be smaller (fonts are packed already).
    fn gzip(&self) -> Option<Bytes> {
        self.compressed
            .get_or_init(|| {
                if self.content_type.starts_with("font/") {
                    return None;
                }
                let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
                encoder.write_all(&self.bytes).ok()?;
                encoder.finish().ok().filter(|packed| packed.len() < self.bytes.len()).map(Bytes::from)
            })
            .clone()
    }
}

fn collect(dir: &'static Dir<'static>, prefix: &str, assets: &mut HashMap<String, Asset>) {
    for file in dir.files() {
        let path = file.path().to_string_lossy().replace('\\', "/");
        let content_type = content_type(&path);
        assets.insert(format!("{prefix}/{path}"), Asset::new(content_type, Bytes::from_static(file.contents())));
    }
    for child in dir.dirs() {
        collect(child, prefix, assets);
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Address of one embedded file: `url("own/main.js")`.
pub fn url(path: &str) -> String {
    format!("{PREFIX}/{path}")
}

/// Serves `/assets/<hash>/<path>`; an address with another hash is not found, so a stale page never gets a
/// file of another version.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(&format!("{PREFIX}/{{*path}}"), get(show_asset)).route("/favicon.ico", get(show_favicon))
}

async fn show_asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    respond(&path, &headers)
}

async fn show_favicon(headers: HeaderMap) -> Response {
    respond("own/mark.svg", &headers)
}

fn respond(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.get(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepts_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")));
    let packed = if accepts_gzip { asset.gzip() } else { None };
    let encoded = packed.is_some();
    let mut response = Response::new(Body::from(packed.unwrap_or_else(|| asset.bytes.clone())));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if encoded {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_the_base_page_names_is_embedded() {
        for path in [
            "own/style.css",
            "own/main.js",
            "own/mark.svg",
            "vendor/tabler.css",
            "vendor/fonts.css",
            "vendor/htmx.js",
            "vendor/icons.svg",
            "vendor/echarts.js",
            "vendor/fonts/inter-vietnamese-wght-normal.woff2",
        ] {
            assert!(ASSETS.contains_key(path), "{path} is not embedded");
        }
    }

    #[test]
    fn no_style_sheet_needs_more_than_the_policy_allows() {
        for (path, asset) in ASSETS.iter().filter(|(path, _)| path.ends_with(".css")) {
            let text = String::from_utf8_lossy(&asset.bytes);
            assert!(!text.contains("data:"), "{path} holds a data: address");
            assert!(!text.contains("//fonts."), "{path} loads from elsewhere");
        }
    }

    #[test]
    fn text_is_served_packed_and_cached_for_ever() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br, gzip"));
        let response = respond("vendor/tabler.css", &headers);
        assert_eq!(response.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes), Some(&b"gzip"[..]));
        assert!(response.headers().contains_key(header::CACHE_CONTROL));
        assert_eq!(respond("own/../secret", &headers).status(), StatusCode::NOT_FOUND);
    }
}
