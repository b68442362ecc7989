//! RELP server: a message is answered, with 200, only after the sink said that it is stored. Where it is not, the
//! session is closed without an answer: rsyslog takes any answer, a 500 too, for the end of the matter and repeats
//! only what was not answered (seen with 8.2302). Messages that arrive together are stored together.

use super::batch::deliver;
use super::counters::Counters;
use super::relp_frame::{RelpDecoder, RelpFrame, encode};
use super::shares::ConnectionLimits;
use super::tcp::accept;
use super::tls::TlsDoor;
use super::{DeliverError, Sink, now, origin, who};
use crate::resends::{Resends, Session, Verdict, connection_number};
use bytes::{Bytes, BytesMut};
use event::{LONGEST_RECORD, Listener, Origin, RawRecord};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
pub struct RelpSettings {
    /// Bytes of one message; a longer one is cut and marked.
    pub longest: usize,
    pub connections: ConnectionLimits,
    /// Present where senders speak TLS.
    pub tls: Option<TlsDoor>,
    /// A connection silent for this long is closed.
    pub idle: Duration,
    /// Messages stored with one call of the sink; the sender's window is 128 unless it is set otherwise.
    pub batch: usize,
}

impl Default for RelpSettings {
    fn default() -> Self {
        Self {
            longest: LONGEST_RECORD,
            connections: ConnectionLimits::default(),
            tls: None,
            idle: Duration::from_secs(3600),
            batch: 1024,
        }
    }
}

/// Bytes of repeated messages kept until their run has ended. So many equal messages in the same order are no
/// accident: beyond it they count as repeated.
const HELD_BYTES: usize = 8 << 20;

const OFFER: &str = "200 OK\nrelp_version=0\nrelp_software=luytre\ncommands=syslog";

/// Serves until cancelled. Messages whose batch is under way are still answered; others are repeated by their sender.
pub async fn serve_relp(
    listener: TcpListener,
    sink: Arc<dyn Sink>,
    settings: RelpSettings,
    resends: Arc<Resends>,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> io::Result<()> {
    let door = (settings.connections, settings.tls.clone());
    accept(listener, door, counters.clone(), stop.clone(), move |stream, certificate, peer| {
        let (sink, resends, counters, stop) = (sink.clone(), resends.clone(), counters.clone(), stop.clone());
        let connection = Some(connection_number(now()));
        let origin = Arc::new(Origin { connection, certificate, ..origin(Listener::Relp, peer.ip()) });
        let settings = settings.clone();
        async move {
            if let Err(error) = talk(stream, origin, &settings, &*sink, &resends, &counters, stop).await {
                if error.kind() == io::ErrorKind::InvalidData {
                    Counters::add(&counters.protocol_errors, 1);
                }
                tracing::debug!(peer = who(peer), %error, "RELP connection ended");
            }
        }
    })
    .await
}

/// One session.
async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    origin: Arc<Origin>,
    settings: &RelpSettings,
    sink: &dyn Sink,
    resends: &Resends,
    counters: &Counters,
    stop: CancellationToken,
) -> io::Result<()> {
    let mut decoder = RelpDecoder::new(settings.longest);
    let mut answers = BytesMut::new();
    let mut opened = false;
    let mut door = Door {
        session: resends.begin(origin.peer.as_deref().unwrap_or_default(), now()),
        held: Vec::new(),
        held_bytes: 0,
        refused: None,
        cut: Arc::new(Origin { cut: true, ..Origin::clone(&origin) }),
        origin,
        sink,
        counters,
    };
    loop {
        let mut waiting: Vec<RelpFrame> = Vec::new();
        let mut closing = false;
        loop {
            let frame = match decoder.decode() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    // What came before the broken frame is still stored and answered.
                    door.store(&mut waiting, &mut answers).await;
                    encode(0, "serverclose", "", &mut answers);
                    stream.write_all(&answers).await?;
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            };
            if frame.command != "syslog" {
                // Answers keep the order of their frames.
                door.store(&mut waiting, &mut answers).await;
            }
            match frame.command.as_str() {
                "syslog" if opened => waiting.push(frame),
                "open" => {
                    opened = true;
                    encode(frame.number, "rsp", OFFER, &mut answers);
                }
                "close" => {
                    door.end(&mut answers).await;
                    if door.refused.is_some() {
                        break;
                    }
                    door.session.closed_in_order();
                    encode(frame.number, "rsp", "", &mut answers);
                    encode(0, "serverclose", "", &mut answers);
                    closing = true;
                    break;
                }
                "syslog" => encode(frame.number, "rsp", "500 the session is not open", &mut answers),
                _ => encode(frame.number, "rsp", "500 this command is not offered", &mut answers),
            }
            if waiting.len() >= settings.batch.max(1) {
                door.store(&mut waiting, &mut answers).await;
            }
        }
        door.store(&mut waiting, &mut answers).await;
        if let Some(error) = door.refused.take() {
            encode(0, "serverclose", "", &mut answers);
            timeout(settings.idle, stream.write_all(&answers)).await??;
            return Err(io::Error::other(error));
        }
        if !answers.is_empty() {
            timeout(settings.idle, stream.write_all(&answers)).await??;
            answers.clear();
        }
        if closing {
            return stream.shutdown().await;
        }
        decoder.buffer().reserve(64 << 10);
        let read = tokio::select! {
            biased;
            () = stop.cancelled() => {
                encode(0, "serverclose", "", &mut answers);
                stream.write_all(&answers).await?;
                return stream.shutdown().await;
            }
            read = timeout(settings.idle, stream.read_buf(decoder.buffer())) => read??,
        };
        if read == 0 {
            return Ok(());
        }
    }
}

/// The way of messages from one session into the sink.
struct Door<'s> {
    session: Session<'s>,
    /// Messages along a run that has not ended yet. They are answered, since equal ones are stored and the sender
    /// may send the next only then; should the run break off, they were second events and are stored too.
    held: Vec<Message>,
    held_bytes: usize,
    /// Why the sink refused; from then on nothing is stored or answered, so that the order is kept.
    refused: Option<DeliverError>,
    origin: Arc<Origin>,
    /// The same for messages that were cut.
    cut: Arc<Origin>,
    sink: &'s dyn Sink,
    counters: &'s Counters,
}

/// A message, and whether its end is gone.
struct Message {
    bytes: Bytes,
    truncated: bool,
}

/// A message to be stored, with the frame to be answered then.
struct Waiting {
    message: Message,
    frame: Option<u64>,
}

impl Door<'_> {
    /// Stores what waits, but answers repeated messages without storing them again.
    async fn store(&mut self, frames: &mut Vec<RelpFrame>, answers: &mut BytesMut) {
        let mut new = Vec::with_capacity(frames.len());
        for frame in frames.drain(..) {
            let waiting = Waiting { message: content(&frame), frame: Some(frame.number) };
            if !self.session.is_comparing() {
                new.push(waiting);
                continue;
            }
            let verdict = self.session.compare(&waiting.message.bytes);
            if verdict == Verdict::New {
                new.append(&mut self.take_held());
                new.push(waiting);
                continue;
            }
            encode(frame.number, "rsp", "200 OK", answers);
            self.held_bytes += waiting.message.bytes.len();
            self.held.push(waiting.message);
            if verdict == Verdict::Repeated || self.held_bytes > HELD_BYTES {
                Counters::add(&self.counters.repeated, self.held.len());
                let at = now();
                for Waiting { message, .. } in self.take_held() {
                    self.session.stored(&message.bytes, at);
                }
            }
        }
        self.write(new, answers).await;
    }

    fn take_held(&mut self) -> Vec<Waiting> {
        self.held_bytes = 0;
        self.held.drain(..).map(|message| Waiting { message, frame: None }).collect()
    }

    /// The sender has nothing more to say: a run that did not end was none.
    async fn end(&mut self, answers: &mut BytesMut) {
        let held = self.take_held();
        self.write(held, answers).await;
    }

    /// Stores messages as one batch and writes their answers.
    async fn write(&mut self, new: Vec<Waiting>, answers: &mut BytesMut) {
        if new.is_empty() {
            return;
        }
        let arrival = now();
        let mut batch = Vec::with_capacity(new.len());
        for Waiting { message: Message { bytes, truncated }, .. } in &new {
            Counters::add(&self.counters.received, 1);
            Counters::add(&self.counters.bytes, bytes.len());
            Counters::add(&self.counters.truncated, usize::from(*truncated));
            if !bytes.is_empty() {
                let origin = if *truncated { &self.cut } else { &self.origin };
                batch.push(RawRecord { bytes: bytes.clone(), arrival, origin: origin.clone(), position: 0 });
            }
        }
        if self.refused.is_none() && !batch.is_empty() {
            self.refused = deliver(self.sink, self.counters, batch).await.err();
        } else if self.refused.is_some() {
            Counters::add(&self.counters.dropped, batch.len());
        }
        if self.refused.is_some() {
            return;
        }
        for Waiting { message, frame } in new {
            self.session.stored(&message.bytes, arrival);
            if let Some(number) = frame {
                encode(number, "rsp", "200 OK", answers);
            }
        }
    }
}

/// The message without its line end. A copy of its own: a record that is kept must not keep the whole buffer.
fn content(frame: &RelpFrame) -> Message {
    Message { bytes: Bytes::copy_from_slice(frame.data.trim_ascii_end()), truncated: frame.truncated }
}
