//! The body of a request: bounded, and expanded where it is compressed. All bodies under way together are bounded
//! too; who comes when that is used up is asked to come again.

use super::MAX_BODY;
use super::answer::Refusal;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use kit::web::TooSlow;
use std::io::Read;
use std::sync::LazyLock;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Memory of all bodies under way, in units of [`UNIT`] bytes: 200 MiB, the largest
/// body twice. A body of small documents takes about five times its length until it is answered.
static MEMORY: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(202));
const UNIT: usize = 1 << 20;
/// Taken for a body whose length nobody tells beforehand.
const UNTOLD: u32 = 8;

/// A body with its share of the memory, given back when dropped.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _memory: SemaphorePermit<'static>,
}

/// Reads and expands a body.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Held, Refusal> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Err(Refusal::too_large(MAX_BODY));
    }
    let units = length.map_or(UNTOLD, |length| u32::try_from(length / UNIT + 1).unwrap_or(UNTOLD));
    let Ok(mut memory) = MEMORY.try_acquire_many(units) else { return Err(Refusal::busy(1)) };
    let raw = to_bytes(body, MAX_BODY).await.map_err(|error| match TooSlow::is_behind(&error) {
        true => Refusal::too_slow(),
        false => Refusal::too_large(MAX_BODY),
    })?;
    let bytes = match encoding(headers)? {
        Encoding::Plain => raw,
        Encoding::Gzip => {
            let expanded = tokio::task::spawn_blocking(move || expand(&raw)).await;
            expanded.map_err(|_| Refusal::unavailable("expanding the request ended badly"))??
        }
    };
    // What it really takes may be more than what it said.
    let really = u32::try_from(bytes.len() / UNIT + 1).unwrap_or(u32::MAX);
    if really > units {
        let Ok(more) = MEMORY.try_acquire_many(really - units) else { return Err(Refusal::busy(1)) };
        memory.merge(more);
    }
    Ok(Held { bytes, _memory: memory })
}

enum Encoding {
    Plain,
    Gzip,
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Encoding::Plain) };
    match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Plain),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        other => {
            let reason = format!("Content-Encoding {other} is not supported; send gzip or nothing");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "illegal_argument_exception", reason))
        }
    }
}

fn expand(raw: &[u8]) -> Result<Bytes, Refusal> {
    let mut expanded = Vec::with_capacity(raw.len().saturating_mul(4).min(MAX_BODY));
    let read = MultiGzDecoder::new(raw).take(MAX_BODY as u64 + 1).read_to_end(&mut expanded);
    match read {
        Ok(_) if expanded.len() > MAX_BODY => Err(Refusal::too_large(MAX_BODY)),
        Ok(_) => Ok(expanded.into()),
        Err(error) => {
            let reason = format!("the gzip body cannot be expanded: {error}");
            Err(Refusal::new(StatusCode::BAD_REQUEST, "illegal_argument_exception", reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("compresses");
        encoder.finish().expect("compresses")
    }

    #[test]
    fn a_gzip_bomb_is_refused_before_it_fills_the_memory() {
        let bomb = compressed(&vec![b' '; MAX_BODY + 10]);
        assert!(bomb.len() < 200_000);
        assert_eq!(expand(&bomb).expect_err("too large").status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn gzip_in_several_members_is_read_to_the_end() {
        let two = [compressed(b"one\n"), compressed(b"two\n")].concat();
        assert_eq!(expand(&two).expect("expands"), Bytes::from("one\ntwo\n"));
        assert_eq!(expand(&two[..20]).expect_err("cut").status(), StatusCode::BAD_REQUEST);
    }
}
