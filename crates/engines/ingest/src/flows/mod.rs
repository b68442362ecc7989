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

pub use elements::Elements;
pub use saved::SavedTemplates;

use bytes::Bytes;
use domain::{Domain, Waiting};
use event::Micros;
use reader::Reader;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use summary::{Sampling, Sent, Summary};
use template::{Said, Template, VERSION_5, of_ipfix, of_version_9};

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

/// What the header of a message says.
#[derive(Debug, Clone, Copy)]
struct Header {
    sent: Sent,
    sequence: u32,
    domain: u32,
    /// Of version 5, which says it in each header.
    sampling: Option<u64>,
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

/// What stands before the sets, or the records, of a message.
fn header(version: u16, reader: &mut Reader<'_>) -> Option<Header> {
    let at = |seconds: u32, nanoseconds: u32| i64::from(seconds) * 1_000_000 + i64::from(nanoseconds / 1_000);
    match version {
        5 => {
            reader.short()?;
            let (uptime, seconds, nanoseconds) = (reader.long()?, reader.long()?, reader.long()?);
            let (sequence, domain, sampling) = (reader.long()?, reader.short()?, reader.short()?);
            let interval = u64::from(sampling & 0x3fff);
            Some(Header {
                sent: Sent { at: at(seconds, nanoseconds), uptime: Some(uptime) },
                sequence,
                domain: domain.into(),
                sampling: (interval > 0).then_some(interval),
            })
        }
        9 => {
            reader.short()?;
            let (uptime, seconds, sequence, domain) = (reader.long()?, reader.long()?, reader.long()?, reader.long()?);
            let sent = Sent { at: at(seconds, 0), uptime: Some(uptime) };
            Some(Header { sent, sequence, domain, sampling: None })
        }
        10 => {
            // What stands behind the length that the message states is not of it.
            let length = usize::from(reader.short()?);
            let inside = reader.take(length.checked_sub(4)?)?;
            *reader = Reader::new(inside);
            let (seconds, sequence, domain) = (reader.long()?, reader.long()?, reader.long()?);
            let sent = Sent { at: at(seconds, 0), uptime: None };
            Some(Header { sent, sequence, domain, sampling: None })
        }
        _ => None,
    }
}

/// The reading of one message.
struct Work<'d> {
    decoder: &'d mut FlowDecoder,
    domain: &'d mut Domain,
    stream: Stream,
    out: &'d mut Decoded,
    /// Bytes of JSON that may still be written.
    room: usize,
    /// How many records the message holds is known.
    known: bool,
}

impl Work<'_> {
    fn version_5(&mut self, reader: Reader<'_>, sent: Sent, now: Micros) -> u32 {
        let Some(template) = self.decoder.version_5.take() else { return 0 };
        let given = self.records(&template, reader, sent, now);
        self.decoder.version_5 = Some(template);
        given
    }

    /// Reads sets one after the other. Returns the records that they gave.
    fn sets(&mut self, mut reader: Reader<'_>, sent: Sent, now: Micros) -> u32 {
        let (templates, options) = if self.stream.version == 9 { (0, 1) } else { (2, 3) };
        let mut given = 0_u32;
        // Fewer bytes than a header of a set has are its padding.
        while reader.left() >= 4 {
            let (Some(id), Some(length)) = (reader.short(), reader.short()) else { break };
            let Some(set) = usize::from(length).checked_sub(4).and_then(|length| reader.take(length)) else {
                self.broken();
                break;
            };
            let set = Reader::new(set);
            match id {
                _ if id == templates => given = given.saturating_add(self.learn(set, false, now)),
                _ if id == options => given = given.saturating_add(self.learn(set, true, now)),
                256.. => given = given.saturating_add(self.data(id, set, sent, now)),
                // Numbers without a meaning (RFC 7011 §3.3.2).
                _ => self.broken(),
            }
        }
        given
    }

    fn broken(&mut self) {
        self.out.undecoded += 1;
        self.known = false;
    }

    /// Reads templates, then the sets that waited for them. Their records were counted when they came.
    fn learn(&mut self, mut set: Reader<'_>, options: bool, now: Micros) -> u32 {
        // What is shorter than the head of a template fills up the set.
        while set.left() >= 4 {
            let said = match self.stream.version {
                9 => of_version_9(&mut set, options),
                _ => of_ipfix(&mut set, options),
            };
            let (id, options, declared) = match said {
                Some(Said::Template { id: 256.., .. })
                    if self.out.templates_dropped > self.decoder.limits.templates =>
                {
                    // A message with so many of them is no exporter's.
                    self.broken();
                    return 0;
                }
                Some(Said::Template { id: id @ 256.., options, declared }) => (id, options, declared),
                // Zeros that fill up the set.
                Some(Said::Template { .. } | Said::Withdrawn { id: 0 }) => return 0,
                Some(said @ Said::Withdrawn { .. }) => {
                    // Whoever can send a datagram could take templates back otherwise (RFC 7011 §8.1).
                    if self.stream.connection.is_some() {
                        self.domain.withdraw(&said);
                    }
                    continue;
                }
                None => {
                    self.broken();
                    return 0;
                }
            };
            let limits = self.decoder.limits;
            match Template::of(&declared, options, &self.decoder.elements, limits.fields, now) {
                Some(template) => {
                    let (dropped, news) = self.domain.learn(id, template, &limits);
                    self.out.templates_dropped += usize::from(dropped);
                    self.decoder.changed |= news && self.stream.connection.is_none();
                    self.wake(id);
                }
                None => self.out.templates_dropped += 1,
            }
        }
        0
    }

    /// Reads the sets that waited for a template.
    fn wake(&mut self, id: u16) {
        let (ready, waiting) = self.domain.waiting.drain(..).partition::<Vec<_>, _>(|set: &Waiting| set.template == id);
        self.domain.waiting.extend(waiting);
        for set in ready {
            self.data(id, Reader::new(&set.bytes), set.sent, set.arrival);
        }
    }

    fn data(&mut self, id: u16, set: Reader<'_>, sent: Sent, arrival: Micros) -> u32 {
        // Taken out, so that its records may change what is remembered beside it.
        let Some(mut template) = self.domain.templates.remove(&id) else {
            self.wait(id, set, sent, arrival);
            return 0;
        };
        template.used = Some(arrival);
        let given = self.records(&template, set, sent, arrival);
        self.domain.templates.insert(id, template);
        given
    }

    /// Lays a set aside until its template comes.
    fn wait(&mut self, id: u16, mut set: Reader<'_>, sent: Sent, arrival: Micros) {
        self.known = false;
        let here = self.domain.waiting_bytes();
        let fits = here + set.left() <= self.decoder.limits.waiting_bytes
            && self.decoder.waiting + here + set.left() <= self.decoder.limits.all_waiting;
        match set.take(set.left()).filter(|bytes| fits && !bytes.is_empty()) {
            Some(bytes) => {
                self.domain.waiting.push_back(Waiting { template: id, bytes: bytes.to_vec(), sent, arrival });
            }
            None => self.out.undecoded += 1,
        }
    }

    /// Reads the records of a set. Returns how many there were.
    fn records(&mut self, template: &Template, mut set: Reader<'_>, sent: Sent, arrival: Micros) -> u32 {
        let mut values = Vec::with_capacity(template.fields.len());
        let mut given = 0_u32;
        // Fewer bytes than a record has fill up the set.
        while set.left() >= template.least {
            if !template.read(&mut set, &mut values) {
                self.broken();
                break;
            }
            let record = self.record(template, &values, sent);
            given = given.saturating_add(1);
            if record.len() > self.room {
                self.broken();
                break;
            }
            self.room -= record.len();
            self.domain.figures.flows += u64::from(!template.options);
            self.out.records.push((arrival, record.into()));
        }
        given
    }

    /// One record as JSON: under `flow` what all of them say alike, then its elements under their own names.
    fn record(&mut self, template: &Template, values: &[&[u8]], sent: Sent) -> String {
        let (mut summary, mut elements) = (Summary::default(), String::with_capacity(768));
        for (field, value) in template.fields.iter().zip(values) {
            summary.see(field, value, sent, self.decoder.elements.reverse());
            let padding = field.enterprise == 0 && field.id == 210;
            if !padding && !value.is_empty() {
                json::element(&mut elements, &field.name, field.kind, value);
            }
        }
        if template.options {
            self.domain.samplers.learn(&summary.sampling);
            self.domain.began = summary.began().or(self.domain.began);
        }
        let mut out = String::with_capacity(elements.len() + 256);
        let kind = if template.options { "options" } else { "flow" };
        let Stream { exporter, version, domain, .. } = self.stream;
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "{{\"flow\":{{\"kind\":\"{kind}\",\"exporter\":\"{exporter}\",\"version\":{version},\"domain\":{domain}"
        );
        member(&mut out, "exported", Some(sent.at));
        if !template.options {
            let (start, end) = summary.times(sent, self.domain.began);
            member(&mut out, "start", start);
            member(&mut out, "end", end);
            let interval = self.domain.samplers.of(&summary.sampling).unwrap_or(1);
            for (name, count) in [("bytes", summary.bytes()), ("packets", summary.packets())] {
                if let Some(count) = count {
                    // What is larger than any column holds is no count.
                    let scaled = count.saturating_mul(interval).min(i64::MAX.cast_unsigned());
                    let _ = write!(out, ",\"{name}\":{scaled}");
                }
            }
            if interval > 1 {
                let _ = write!(out, ",\"sampled\":true,\"sampling_interval\":{interval}");
            }
        }
        out.push('}');
        out.push_str(&elements);
        out.push('}');
        out
    }
}

/// Writes a time of `flow`, where it is one.
fn member(out: &mut String, name: &str, at: Option<Micros>) {
    let begun = out.len();
    let _ = write!(out, ",\"{name}\":");
    if at.and_then(|at| json::time(out, at)).is_none() {
        out.truncate(begun);
    }
}
