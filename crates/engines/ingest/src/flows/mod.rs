//! Flows of a network as routers and firewalls export them: NetFlow version 5 and 9 (RFC 3954) and IPFIX (RFC 7011).
//! Messages in, one JSON object per record out; templates are remembered per exporter, in bounds. No sockets and no
//! clock here.
//!
//! Invariant: whatever arrives, nothing panics, and every record is given out or what hid it is counted.

mod domain;
mod elements;
mod json;
mod reader;
mod saved;
mod summary;
mod template;
mod work;

pub use elements::Elements;
pub use saved::SavedTemplates;

use bytes::Bytes;
use domain::Domain;
use event::Micros;
use reader::Reader;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use summary::Sampling;
use template::{Template, VERSION_5};
use work::{Work, header};

/// How much exporters may ask for.
#[derive(Debug, Clone, Copy)]
pub struct FlowLimits {
    /// Streams remembered: pairs of exporter and observation domain.
    pub streams: usize,
    /// Templates of one stream.
    pub templates: usize,
    /// Elements of one template.
    pub fields: usize,
    /// Elements of all templates together.
    pub all_fields: usize,
    /// How long a template holds that is not repeated.
    pub template_age: Micros,
    /// Bytes of one stream that wait for their template.
    pub waiting_bytes: usize,
    /// Bytes of all streams that wait.
    pub all_waiting: usize,
    /// How long they wait.
    pub waiting_age: Micros,
    /// Bytes of JSON that one message may become.
    pub expanded: usize,
}

impl Default for FlowLimits {
    fn default() -> Self {
        Self {
            streams: 2_048,
            templates: 512,
            fields: 512,
            all_fields: 400_000,
            // Exporters repeat them within minutes, an hour at most.
            template_age: 6 * 3_600 * 1_000_000,
            waiting_bytes: 256 << 10,
            all_waiting: 8 << 20,
            waiting_age: 60 * 1_000_000,
            expanded: 4 << 20,
        }
    }
}

/// Who sends: an address and, where templates hold for one connection alone (RFC 7011 §8.1), its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exporter {
    pub address: IpAddr,
    pub connection: Option<u64>,
}

/// One stream of messages: numbers of templates mean something within it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Stream {
    exporter: IpAddr,
    connection: Option<u64>,
    version: u16,
    domain: u32,
}

/// What one message gave.
#[derive(Debug, Default)]
pub struct Decoded {
    /// JSON objects, with the time at which their message arrived.
    pub records: Vec<(Micros, Bytes)>,
    /// Messages and sets that could not be read, or waited for their template in vain.
    pub undecoded: usize,
    /// Templates that were too long, or went because there were too many.
    pub templates_dropped: usize,
}

/// What is known of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExporterFigures {
    pub exporter: IpAddr,
    /// 5, 9, or 10 for IPFIX.
    pub version: u16,
    /// Observation domain, source id or engine.
    pub domain: u32,
    pub messages: u64,
    pub flows: u64,
    /// Flows (version 5, IPFIX) or messages (version 9) that were sent, by their numbers, and did not come.
    pub missed: u64,
    /// Messages and sets that could not be read, or whose template did not come.
    pub undecoded: u64,
    pub templates: usize,
    /// One of so many packets is looked at, as the exporter says.
    pub sampling: Option<u64>,
    /// When it last sent.
    pub heard: Micros,
}

/// Reads messages of all exporters.
#[derive(Debug)]
pub struct FlowDecoder {
    elements: Arc<Elements>,
    limits: FlowLimits,
    version_5: Option<Template>,
    streams: HashMap<Stream, Domain>,
    /// Elements of all templates.
    fields: usize,
    /// Bytes of all sets that wait.
    waiting: usize,
    /// Templates came or changed since they were last saved.
    changed: bool,
}

impl FlowDecoder {
    pub fn new(elements: Arc<Elements>, limits: FlowLimits) -> Self {
        let version_5 = Template::of(&VERSION_5, false, &elements, VERSION_5.len(), 0);
        Self { elements, limits, version_5, streams: HashMap::new(), fields: 0, waiting: 0, changed: false }
    }

    /// Reads one message.
    pub fn decode(&mut self, from: Exporter, message: &[u8], now: Micros) -> Decoded {
        let mut decoded = Decoded::default();
        let mut reader = Reader::new(message);
        let version = reader.short();
        let header = version.and_then(|version| Some((version, header(version, &mut reader)?)));
        let Some((version, header)) = header else {
            decoded.undecoded += 1;
            return decoded;
        };
        let exporter = from.address.to_canonical();
        let stream = Stream { exporter, connection: from.connection, version, domain: header.domain };
        // What belongs to this stream is taken out, so that what it remembers can change beside the others.
        let mut domain = match self.streams.remove(&stream) {
            Some(domain) => domain,
            None => {
                self.make_room(&mut decoded);
                Domain::new(stream, now)
            }
        };
        (self.fields, self.waiting) = (self.fields - domain.fields(), self.waiting - domain.waiting_bytes());
        domain.figures.heard = now;
        domain.figures.messages += 1;
        if let Some(interval) = header.sampling {
            domain.samplers.learn(&Sampling::every(interval));
        }
        let room = self.limits.expanded;
        let mut work = Work { decoder: &mut *self, domain: &mut domain, stream, out: &mut decoded, room, known: true };
        let given = match version {
            5 => work.version_5(reader, header.sent, now),
            _ => work.sets(reader, header.sent, now),
        };
        let units = if version == 9 { Some(1) } else { work.known.then_some(given) };
        let missed = domain.sequence.step(header.sequence, units);
        domain.figures.missed = domain.figures.missed.saturating_add_signed(missed);
        domain.figures.undecoded += decoded.undecoded as u64;
        (self.fields, self.waiting) = (self.fields + domain.fields(), self.waiting + domain.waiting_bytes());
        self.streams.insert(stream, domain);
        self.shrink(stream, &mut decoded);
        decoded
    }

    /// Makes room for one stream more.
    fn make_room(&mut self, decoded: &mut Decoded) {
        if self.streams.len() >= self.limits.streams.max(1) {
            self.forget_oldest(None, decoded);
        }
    }

    /// Forgets streams until all are within their bounds again, this one last.
    fn shrink(&mut self, current: Stream, decoded: &mut Decoded) {
        while self.fields > self.limits.all_fields && self.forget_oldest(Some(current), decoded) {}
    }

    /// Forgets the stream that was silent longest.
    fn forget_oldest(&mut self, but: Option<Stream>, decoded: &mut Decoded) -> bool {
        let others = self.streams.iter().filter(|(stream, _)| Some(**stream) != but);
        let oldest = others.min_by_key(|(_, domain)| domain.figures.heard).map(|(stream, _)| *stream);
        let Some(gone) = oldest.and_then(|oldest| self.streams.remove(&oldest)) else { return false };
        (self.fields, self.waiting) = (self.fields - gone.fields(), self.waiting - gone.waiting_bytes());
        decoded.undecoded += gone.waiting.len();
        decoded.templates_dropped += gone.templates.len();
        self.changed = true;
        true
    }

    /// Forgets what is too old. Returns how many sets waited for their template in vain.
    pub fn expire(&mut self, now: Micros) -> usize {
        let limits = self.limits;
        let lost = self.streams.values_mut().map(|domain| domain.expire(now, &limits)).sum();
        self.fields = self.streams.values().map(Domain::fields).sum();
        self.waiting = self.streams.values().map(Domain::waiting_bytes).sum();
        lost
    }

    /// A connection ended, and its templates with it. Returns how many of its sets waited in vain.
    pub fn end(&mut self, connection: u64) -> usize {
        let mut lost = 0;
        self.streams.retain(|stream, domain| {
            let stays = stream.connection != Some(connection);
            if !stays {
                lost += domain.waiting.len();
            }
            stays
        });
        self.fields = self.streams.values().map(Domain::fields).sum();
        self.waiting = self.streams.values().map(Domain::waiting_bytes).sum();
        lost
    }

    /// All streams, by exporter.
    pub fn figures(&self) -> Vec<ExporterFigures> {
        let mut streams: Vec<_> = self.streams.iter().collect();
        streams.sort_by_key(|(stream, _)| **stream);
        streams.into_iter().map(|(_, domain)| domain.figures()).collect()
    }
}
