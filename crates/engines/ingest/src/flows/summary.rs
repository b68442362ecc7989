//! What every flow says in its own elements, said once in the same words: bytes, packets, begin, end, sampling.

use super::reader::{float, unsigned};
use super::template::Field;
use event::Micros;

/// Of elements that mean the same the most exact counts: the one with the lowest rank.
#[derive(Debug, Clone, Copy)]
struct Best<T> {
    rank: u8,
    value: Option<T>,
}

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self { rank: u8::MAX, value: None }
    }
}

impl<T> Best<T> {
    fn offer(&mut self, rank: u8, value: Option<T>) {
        if value.is_some() && rank < self.rank {
            (self.rank, self.value) = (rank, value);
        }
    }
}

/// When and by which clock a message was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    pub(super) at: Micros,
    /// Milliseconds since the exporter began, where the header says.
    pub(super) uptime: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Summary {
    bytes: Best<u64>,
    bytes_back: Best<u64>,
    packets: Best<u64>,
    packets_back: Best<u64>,
    start: Best<Micros>,
    end: Best<Micros>,
    start_uptime: Option<u32>,
    end_uptime: Option<u32>,
    began: Option<Micros>,
    milliseconds: Option<u64>,
    pub(super) sampling: Sampling,
}

/// What a record says of sampling, of its own or of others.
#[derive(Debug, Default)]
pub(super) struct Sampling {
    pub(super) interval: Option<u64>,
    pub(super) packet_interval: Option<u64>,
    pub(super) packet_space: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) population: Option<u64>,
    pub(super) probability: Option<f64>,
    pub(super) sampler: Option<u64>,
    pub(super) interface: Option<u64>,
}

impl Sampling {
    /// Of an exporter that looks at one of so many.
    pub(super) fn every(interval: u64) -> Self {
        Self { interval: Some(interval), ..Self::default() }
    }

    /// One of how many packets (or flows) is looked at, as far as the record says.
    pub(super) fn one_of(&self) -> Option<u64> {
        let of = |part: u64, whole: u64| (part > 0).then(|| whole.saturating_add(part / 2) / part);
        let spaced = || of(self.packet_interval?, self.packet_interval?.saturating_add(self.packet_space?));
        let drawn = || of(self.size?, self.population?);
        let likely =
            || self.probability.filter(|share| *share > 0.0 && *share <= 1.0).map(|share| (1.0 / share) as u64);
        self.interval.or_else(spaced).or_else(drawn).or_else(likely).filter(|interval| *interval > 0)
    }
}

/// Seconds from 1900, as NTP counts, to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// A time of seconds since 1900 and their binary fraction (RFC 7011 §6.1.9).
pub(super) fn ntp(bytes: &[u8]) -> Option<Micros> {
    let value = unsigned(bytes).filter(|_| bytes.len() == 8)?;
    let micros = ((value & 0xffff_ffff) * 1_000_000) >> 32;
    Some((i64::try_from(value >> 32).ok()? - NTP_TO_UNIX) * 1_000_000 + i64::try_from(micros).ok()?)
}

pub(super) fn seconds(bytes: &[u8]) -> Option<Micros> {
    i64::try_from(unsigned(bytes)?).ok()?.checked_mul(1_000_000)
}

pub(super) fn milliseconds(bytes: &[u8]) -> Option<Micros> {
    i64::try_from(unsigned(bytes)?).ok()?.checked_mul(1_000)
}

impl Summary {
    /// Takes up one element of the record.
    pub(super) fn see(&mut self, field: &Field, value: &[u8], sent: Sent, reverse: u32) {
        if field.enterprise == reverse {
            match field.id {
                1 => self.bytes_back.offer(0, unsigned(value)),
                85 => self.bytes_back.offer(1, unsigned(value)),
                2 => self.packets_back.offer(0, unsigned(value)),
                86 => self.packets_back.offer(1, unsigned(value)),
                _ => {}
            }
        }
        if field.enterprise != 0 {
            return;
        }
        let number = || unsigned(value);
        let short = || number().and_then(|number| u32::try_from(number).ok());
        let before = || Some(sent.at - i64::try_from(number()?).ok()?);
        match field.id {
            1 => self.bytes.offer(0, number()),
            85 => self.bytes.offer(1, number()),
            231 => self.bytes.offer(2, number()),
            23 => self.bytes.offer(3, number()),
            232 => self.bytes_back.offer(2, number()),
            2 => self.packets.offer(0, number()),
            86 => self.packets.offer(1, number()),
            298 => self.packets.offer(2, number()),
            24 => self.packets.offer(3, number()),
            299 => self.packets_back.offer(2, number()),
            156 | 154 => self.start.offer(0, ntp(value)),
            152 => self.start.offer(1, milliseconds(value)),
            158 => self.start.offer(2, before()),
            150 => self.start.offer(3, seconds(value)),
            157 | 155 => self.end.offer(0, ntp(value)),
            153 => self.end.offer(1, milliseconds(value)),
            159 => self.end.offer(2, before()),
            151 => self.end.offer(3, seconds(value)),
            // Of firewalls that tell one moment of a flow.
            323 => self.end.offer(4, milliseconds(value)),
            22 => self.start_uptime = short(),
            21 => self.end_uptime = short(),
            160 => self.began = milliseconds(value),
            161 => self.milliseconds = number(),
            34 | 50 => self.sampling.interval = number().filter(|one| *one > 0).or(self.sampling.interval),
            48 | 302 => self.sampling.sampler = number(),
            10 => self.sampling.interface = number(),
            305 => self.sampling.packet_interval = number(),
            306 => self.sampling.packet_space = number(),
            309 => self.sampling.size = number(),
            310 => self.sampling.population = number(),
            311 => self.sampling.probability = float(value),
            _ => {}
        }
    }

    /// When an exporter began, where its record says.
    pub(super) fn began(&self) -> Option<Micros> {
        self.began
    }

    /// Bytes of both ways.
    pub(super) fn bytes(&self) -> Option<u64> {
        both(self.bytes.value, self.bytes_back.value)
    }

    /// Packets of both ways.
    pub(super) fn packets(&self) -> Option<u64> {
        both(self.packets.value, self.packets_back.value)
    }

    /// Begin and end. `began`: when the exporter began, as it said earlier.
    pub(super) fn times(&self, sent: Sent, began: Option<Micros>) -> (Option<Micros>, Option<Micros>) {
        // The counter of milliseconds begins anew after 49 days; what is a little ahead of the message is no such case.
        let by_uptime = |stated: Option<u32>| {
            let stated = stated?;
            match (sent.uptime, self.began.or(began)) {
                (Some(uptime), _) => Some(sent.at - i64::from(uptime.wrapping_sub(stated).cast_signed()) * 1_000),
                (None, Some(began)) => Some(began.saturating_add(i64::from(stated) * 1_000)),
                (None, None) => None,
            }
        };
        let duration = self.milliseconds.and_then(|length| i64::try_from(length).ok()?.checked_mul(1_000));
        let start = self.start.value.or_else(|| by_uptime(self.start_uptime));
        let end = self.end.value.or_else(|| by_uptime(self.end_uptime));
        let start_by_end = || end?.checked_sub(duration?);
        let end_by_start = || start?.checked_add(duration?);
        (start.or_else(start_by_end), end.or_else(end_by_start))
    }
}

fn both(one: Option<u64>, back: Option<u64>) -> Option<u64> {
    match (one, back) {
        (None, None) => None,
        (one, back) => Some(one.unwrap_or_default().saturating_add(back.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_packet_of_how_many() {
        let of = |sampling: Sampling| sampling.one_of();
        assert_eq!(of(Sampling { interval: Some(100), ..Sampling::default() }), Some(100));
        assert_eq!(of(Sampling { packet_interval: Some(1), packet_space: Some(99), ..Sampling::default() }), Some(100));
        assert_eq!(of(Sampling { size: Some(2), population: Some(1_000), ..Sampling::default() }), Some(500));
        assert_eq!(of(Sampling { probability: Some(0.25), ..Sampling::default() }), Some(4));
        assert_eq!(of(Sampling { probability: Some(f64::NAN), ..Sampling::default() }), None);
        assert_eq!(of(Sampling { size: Some(0), population: Some(9), ..Sampling::default() }), None);
        assert_eq!(of(Sampling::default()), None);
    }

    #[test]
    fn the_clock_of_the_exporter_may_begin_anew() {
        let summary = Summary { start_uptime: Some(u32::MAX - 999), end_uptime: Some(2_000), ..Summary::default() };
        let sent = Sent { at: 100_000_000, uptime: Some(1_000) };
        assert_eq!(summary.times(sent, None), (Some(98_000_000), Some(101_000_000)));
        assert_eq!(summary.times(Sent { at: 0, uptime: None }, None), (None, None));
    }

    #[test]
    fn ntp_times_begin_in_1900() {
        let text: i64 = "2026-11-23T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second() + NTP_TO_UNIX;
        let mut bytes = u32::try_from(text).unwrap().to_be_bytes().to_vec();
        bytes.extend(0x8000_0000_u32.to_be_bytes());
        let half = "2026-11-23T00:00:00.5Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        assert_eq!(ntp(&bytes), Some(half));
    }
}
