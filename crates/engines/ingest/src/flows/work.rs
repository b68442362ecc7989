//! The reading of one message: its header, templates, records.

use super::domain::{Domain, Waiting};
use super::reader::Reader;
use super::summary::{Sent, Summary};
use super::template::{Said, Template, of_ipfix, of_version_9};
use super::{Decoded, FlowDecoder, Stream, json};
use event::Micros;
use std::fmt::Write;

/// What the header of a message says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) sent: Sent,
    pub(super) sequence: u32,
    pub(super) domain: u32,
    /// Of version 5, which says it in each header.
    pub(super) sampling: Option<u64>,
}

/// What stands before the sets, or the records, of a message.
pub(super) fn header(version: u16, reader: &mut Reader<'_>) -> Option<Header> {
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
pub(super) struct Work<'d> {
    pub(super) decoder: &'d mut FlowDecoder,
    pub(super) domain: &'d mut Domain,
    pub(super) stream: Stream,
    pub(super) out: &'d mut Decoded,
    /// Bytes of JSON that may still be written.
    pub(super) room: usize,
    /// How many records the message holds is known.
    pub(super) known: bool,
}

impl Work<'_> {
    pub(super) fn version_5(&mut self, reader: Reader<'_>, sent: Sent, now: Micros) -> u32 {
        let Some(template) = self.decoder.version_5.take() else { return 0 };
        let given = self.records(&template, reader, sent, now);
        self.decoder.version_5 = Some(template);
        given
    }

    /// Reads sets one after the other. Returns the records that they gave.
    pub(super) fn sets(&mut self, mut reader: Reader<'_>, sent: Sent, now: Micros) -> u32 {
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
