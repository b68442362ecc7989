//! The body of a request: bounded, and expanded where it is compressed. All bodies under way together are bounded
//! too; who comes when that is used up is asked to come again.

use super::MAX_BODY;
use super::answer::Refusal;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
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
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    units: u32,
    memory: SemaphorePermit<'static>,
}

/// Reads and expands a body.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Held, Refusal> {
    let held = receive(headers, body, MAX_BODY).await?;
    held.expand(coding(headers)?, MAX_BODY).await
}

/// Reads a body as it comes, up to its limit.
pub(crate) async fn receive(headers: &HeaderMap, body: Body, limit: usize) -> Result<Held, Refusal> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(Refusal::too_large(limit));
    }
    let units = length.map_or(UNTOLD, units_of);
    let Ok(memory) = MEMORY.try_acquire_many(units) else { return Err(Refusal::busy(1)) };
    let bytes = to_bytes(body, limit).await.map_err(|error| match TooSlow::is_behind(&error) {
        true => Refusal::too_slow(),
        false => Refusal::too_large(limit),
    })?;
    Ok(Held { bytes, units, memory })
}

fn units_of(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX)
}

impl Held {
    /// Undoes what the body is compressed with, up to a limit.
    pub(crate) async fn expand(mut self, coding: Coding, limit: usize) -> Result<Self, Refusal> {
        if coding != Coding::Plain {
            let raw = std::mem::take(&mut self.bytes);
            let expanded = tokio::task::spawn_blocking(move || expand(&raw, coding, limit)).await;
            self.bytes = expanded.map_err(|_| Refusal::unavailable("expanding the request ended badly"))??;
        }
        // What it really takes may be more than what it said.
        self.grow(0)?;
        Ok(self)
    }

    /// Takes memory for what is made of the body besides.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let units = units_of(self.bytes.len() + bytes);
        if units > self.units {
            let Ok(more) = MEMORY.try_acquire_many(units - self.units) else { return Err(Refusal::busy(1)) };
            self.memory.merge(more);
            self.units = units;
        }
        Ok(())
    }
}

/// What a body is compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Gzip,
    Deflate,
}

/// The coding that the request names.
pub(crate) fn coding(headers: &HeaderMap) -> Result<Coding, Refusal> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Coding::Plain) };
    match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Coding::Plain),
        "gzip" | "x-gzip" => Ok(Coding::Gzip),
        "deflate" => Ok(Coding::Deflate),
        other => {
            let reason = format!("Content-Encoding {other} is not supported; send gzip, deflate or nothing");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "illegal_argument_exception", reason))
        }
    }
}

fn expand(raw: &[u8], coding: Coding, limit: usize) -> Result<Bytes, Refusal> {
    let mut expanded = Vec::with_capacity(raw.len().saturating_mul(4).min(limit));
    let most = limit as u64 + 1;
    let read = match coding {
        Coding::Deflate => ZlibDecoder::new(raw).take(most).read_to_end(&mut expanded),
        _ => MultiGzDecoder::new(raw).take(most).read_to_end(&mut expanded),
    };
    match read {
        Ok(_) if expanded.len() > limit => Err(Refusal::too_large(limit)),
        Ok(_) => Ok(expanded.into()),
        Err(error) => {
            let reason = format!("the compressed body cannot be expanded: {error}");
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
        assert_eq!(
            expand(&bomb, Coding::Gzip, MAX_BODY).expect_err("too large").status(),
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }

    #[test]
    fn deflate_is_zlib_as_http_has_it() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(b"one").expect("compresses");
        let packed = encoder.finish().expect("compresses");
        assert_eq!(expand(&packed, Coding::Deflate, 3).expect("expands"), Bytes::from("one"));
        let refused = expand(&packed, Coding::Deflate, 2).expect_err("too large");
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn gzip_in_several_members_is_read_to_the_end() {
        let two = [compressed(b"one\n"), compressed(b"two\n")].concat();
        assert_eq!(expand(&two, Coding::Gzip, MAX_BODY).expect("expands"), Bytes::from("one\ntwo\n"));
        assert_eq!(expand(&two[..20], Coding::Gzip, MAX_BODY).expect_err("cut").status(), StatusCode::BAD_REQUEST);
    }
}
