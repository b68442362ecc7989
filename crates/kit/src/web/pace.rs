//! A request body that has to go on arriving: who falls silent, or sends slower than anybody's line, holds memory and a
//! handler no longer.

use axum::BoxError;
use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use futures::StreamExt;
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a sender may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Longest pause, and the time that everybody has altogether.
    pub silence: Duration,
    /// Bytes that give a second more; at least 1.
    pub bytes_a_second: u64,
}

/// The body ended because its sender took too long.
#[derive(Debug, thiserror::Error)]
#[error("the request came too slowly")]
pub struct TooSlow;

impl TooSlow {
    /// Whether this is why reading a body failed.
    pub fn is_behind(error: &(dyn Error + 'static)) -> bool {
        std::iter::successors(Some(error), |&error| error.source()).any(|error| error.is::<Self>())
    }
}

/// The same body; it ends with [`TooSlow`] once its sender has kept us waiting for too long. Time in which nobody asks
/// for more of it is not counted.
pub fn paced(body: Body, pace: Pace) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let sender = Sender { parts: body.into_data_stream(), pace, waited: Duration::ZERO, bytes: 0, is_over: false };
    Body::from_stream(futures::stream::unfold(sender, |mut sender| async move {
        let part = sender.next().await?;
        Some((part, sender))
    }))
}

struct Sender {
    parts: BodyDataStream,
    pace: Pace,
    waited: Duration,
    bytes: u64,
    is_over: bool,
}

impl Sender {
    async fn next(&mut self) -> Option<Result<Bytes, BoxError>> {
        if self.is_over {
            return None;
        }
        let begun = Instant::now();
        let Ok(part) = timeout(self.left(), self.parts.next()).await else {
            self.is_over = true;
            return Some(Err(TooSlow.into()));
        };
        self.waited += begun.elapsed();
        let part = part?;
        self.bytes += part.as_ref().map_or(0, |part| part.len() as u64);
        Some(part.map_err(BoxError::from))
    }

    /// How long the next part may take.
    fn left(&self) -> Duration {
        let earned = Duration::from_secs(self.bytes / self.pace.bytes_a_second.max(1));
        let altogether = self.pace.silence.saturating_add(earned);
        self.pace.silence.min(altogether.saturating_sub(self.waited))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use futures::stream;

    const PACE: Pace = Pace { silence: Duration::from_millis(200), bytes_a_second: 1_000 };

    /// So many parts of a length, each after a pause.
    fn parts(count: usize, length: usize, pause: Duration) -> Body {
        Body::from_stream(stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, BoxError>(Bytes::from(vec![b'x'; length]))
        }))
    }

    async fn read(body: Body) -> Result<usize, bool> {
        match to_bytes(paced(body, PACE), 1 << 20).await {
            Ok(bytes) => Ok(bytes.len()),
            Err(error) => Err(TooSlow::is_behind(&error)),
        }
    }

    #[tokio::test]
    async fn who_is_silent_or_trickles_is_cut_off_and_who_goes_on_is_not() {
        assert_eq!(read(Body::empty()).await, Ok(0));
        assert_eq!(read(parts(1, 10, Duration::from_secs(60))).await, Err(true), "silence");
        assert_eq!(read(parts(600, 1, Duration::from_millis(20))).await, Err(true), "never silent, and never done");
        // Each part gives a second more.
        assert_eq!(read(parts(20, 1_000, Duration::from_millis(20))).await, Ok(20_000));
        assert_eq!(
            to_bytes(paced(parts(9, 9, Duration::ZERO), PACE), 10).await.map_err(|error| TooSlow::is_behind(&error)),
            Err(false)
        );
    }

    #[tokio::test]
    async fn who_waits_for_us_is_not_cut_off() {
        let mut body = paced(parts(8, 10, Duration::ZERO), PACE).into_data_stream();
        let mut length = 0;
        while let Some(part) = body.next().await {
            length += part.unwrap().len();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(length, 80);
    }
}
