//! The syslog envelope: RFC 5424 with structured data, RFC 3164 as senders really write it (also with ISO
//! times, without priority, without host, with Cisco's running numbers, marks and zones), and bare `<priority>text`.
//! What stands inside is other formats' work.

use super::draft::Draft;
use super::structured_data;

/// A line without its envelope.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Envelope<'a> {
    pub(crate) priority: Option<u8>,
    /// As written; RFC 3164 times have neither year nor zone.
    pub(crate) timestamp: Option<&'a str>,
    /// Zone behind an RFC 3164 time: an offset, or an abbreviation in front of a Cisco message.
    pub(crate) zone: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) program: Option<&'a str>,
    /// What stands in brackets behind the program's name, for example `pam_unix` in `sshd(pam_unix)[1]`.
    pub(crate) module: Option<&'a str>,
    pub(crate) pid: Option<&'a str>,
    pub(crate) message_id: Option<&'a str>,
    pub(crate) structured_data: Option<&'a str>,
    /// The structured data never ends; all of it stands in the message.
    pub(crate) unclosed: bool,
    pub(crate) message: &'a str,
}

/// Reads the envelope; `None` where the line has neither a priority nor a time that begins it.
pub(crate) fn open(line: &str) -> Option<Envelope<'_>> {
    let (priority, rest) = match priority(line) {
        Some((priority, rest)) => (Some(priority), rest),
        None => (None, line),
    };
    if priority.is_some()
        && let Some(envelope) = rest.strip_prefix("1 ").and_then(modern)
    {
        return Some(Envelope { priority, ..envelope });
    }
    match legacy(rest) {
        Some(envelope) => Some(Envelope { priority, ..envelope }),
        None => priority.map(|priority| bare(priority, rest)),
    }
}

fn priority(line: &str) -> Option<(u8, &str)> {
    let (digits, rest) = line.strip_prefix('<')?.split_once('>')?;
    let number: u8 = (digits.len() <= 3).then(|| digits.parse().ok()).flatten()?;
    (number <= 191).then_some((number, rest))
}

/// RFC 5424 §6, behind the version.
fn modern(rest: &str) -> Option<Envelope<'_>> {
    let mut parts = rest.splitn(6, ' ');
    let mut next = || parts.next();
    let nil = |text: &'static str| move |part: &&str| *part != text;
    let timestamp = next()?;
    if timestamp != "-" && !timestamp.starts_with(|one: char| one.is_ascii_digit()) {
        return None;
    }
    let (host, program, pid, message_id) = (next()?, next()?, next()?, next()?);
    let tail = next().unwrap_or("-");
    let (structured_data, message, unclosed) = structured_data::split(tail);
    Some(Envelope {
        timestamp: Some(timestamp).filter(nil("-")),
        host: Some(host).filter(nil("-")),
        program: Some(program).filter(nil("-")),
        pid: Some(pid).filter(nil("-")),
        message_id: Some(message_id).filter(nil("-")),
        structured_data,
        unclosed,
        message: message.trim_start_matches('\u{feff}'),
        ..Envelope::default()
    })
}

/// RFC 3164 §4.1: time, host, tag, text.
fn legacy(rest: &str) -> Option<Envelope<'_>> {
    let (origin, rest, length) = lead(rest)?;
    let (timestamp, rest) = rest.split_at_checked(length)?;
    let timestamp = timestamp.trim_end_matches(':');
    let (zone, rest) = zone(rest);
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let rest = rest.strip_prefix(' ')?;
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    // Some senders leave the host out; then the tag, or the text, stands in its place.
    let named = origin.is_none() && is_host(word) && !is_tag(word);
    let (host, rest) = if named { (Some(word), after.trim_start_matches(' ')) } else { (origin, rest) };
    let (program, module, pid, message) = tag(rest.strip_prefix(": ").unwrap_or(rest));
    Some(Envelope { timestamp: Some(timestamp), zone, host, program, module, pid, message, ..Envelope::default() })
}

/// What Cisco writes before the time: running numbers, between them perhaps the device's name (`logging origin-id`),
/// a colon (EMBLEM), the mark of an unset or unsynchronised clock. Gives name, rest from the time on, its length.
fn lead(rest: &str) -> Option<(Option<&str>, &str, usize)> {
    let mut rest = rest.strip_prefix(':').unwrap_or(rest);
    let (mut host, mut numbered) = (None, false);
    for _ in 0..4 {
        let time = if numbered || rest.starts_with('*') { rest.strip_prefix(['*', '.']).unwrap_or(rest) } else { rest };
        if let Some(length) = bsd_time_length(time).or_else(|| iso_time_length(time)) {
            return Some((host, time, length));
        }
        let (word, after) = rest.split_once(": ")?;
        match word.bytes().all(|byte| byte.is_ascii_digit()) {
            true if !word.is_empty() => numbered = true,
            _ if numbered && host.is_none() && !word.contains(' ') && is_host(word) => host = Some(word),
            _ => return None,
        }
        rest = after;
    }
    None
}

/// A zone behind the time: `+07`, `+07:00`, `+0700`; an abbreviation only before a Cisco message, since else it would be
/// a host.
fn zone(rest: &str) -> (Option<&str>, &str) {
    let none = (None, rest);
    let Some(text) = rest.strip_prefix(' ') else { return none };
    let length = match text.as_bytes().first() {
        Some(b'+' | b'-') => {
            let end = text.bytes().skip(1).take_while(|byte| byte.is_ascii_digit() || *byte == b':').count() + 1;
            text.get(..end).map_or(end, |zone| zone.trim_end_matches(':').len())
        }
        _ => text.bytes().take_while(u8::is_ascii_uppercase).count(),
    };
    let (zone, behind) = text.split_at_checked(length).unwrap_or((text, ""));
    let offset = zone.starts_with(['+', '-']) && matches!(length, 3 | 5 | 6) && behind.starts_with([' ', ':']);
    let abbreviation = (2..=5).contains(&length) && behind.starts_with(": %");
    if offset || abbreviation { (Some(zone), behind) } else { none }
}

/// Whether a word can be a host; texts that begin without one hold other marks.
fn is_host(word: &str) -> bool {
    let odd = |one: char| matches!(one, '|' | '=' | ',' | ';' | '"' | '{' | '<');
    !word.is_empty() && word.len() <= 255 && !word.starts_with(['%', '(']) && !word.contains(odd)
}

fn bare(priority: u8, rest: &str) -> Envelope<'_> {
    let (program, module, pid, message) = tag(rest);
    Envelope { priority: Some(priority), program, module, pid, message, ..Envelope::default() }
}

fn is_tag(word: &str) -> bool {
    word.ends_with("]:") || (word.ends_with(':') && !word.trim_end_matches(':').contains(':') && !word.starts_with('%'))
}

type Tag<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, &'a str);

/// `program[pid]: text`, `program(module)[pid]: text`, `program: text`; `syslogd 1.4.1: text` has its version
/// in the tag. Without a colon there is no tag and everything is text.
fn tag(rest: &str) -> Tag<'_> {
    let none = (None, None, None, rest);
    let Some((tag, text)) = rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|tag| (tag, ""))) else {
        return none;
    };
    let name_end = tag.find(['[', '(', ' ']).unwrap_or(tag.len());
    let (program, tail) = tag.split_at(name_end);
    let proper = |one: char| one.is_alphanumeric() || matches!(one, '_' | '-' | '.' | '/' | '@' | ':' | '\\');
    let number = program.bytes().all(|byte| byte.is_ascii_digit());
    if number || tag.len() > 128 || program.len() > 64 || !program.chars().all(proper) {
        return none;
    }
    let (module, tail) = match tail.strip_prefix('(').and_then(|inside| inside.split_once(')')) {
        Some((module, tail)) => (Some(module), tail),
        None => (None, tail),
    };
    let pid = tail.strip_prefix('[').and_then(|inside| inside.split_once(']')).map(|(pid, _)| pid);
    // Blanks in a tag are only right before a version number.
    if let Some(version) = tail.strip_prefix(' ')
        && !version.starts_with(|one: char| one.is_ascii_digit())
    {
        return none;
    }
    (Some(program.rsplit('/').next().unwrap_or(program)), module, pid, text.trim_start_matches(' '))
}

/// Length of `Mmm dd hh:mm:ss`, also with a year or fractions of a second.
fn bsd_time_length(text: &str) -> Option<usize> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let bytes = text.as_bytes();
    MONTHS.contains(&text.get(..3)?).then_some(())?;
    let mut at = 3;
    let blanks = |at: &mut usize| {
        let start = *at;
        while bytes.get(*at) == Some(&b' ') {
            *at += 1;
        }
        *at > start
    };
    let digits = |at: &mut usize| {
        let start = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        *at - start
    };
    blanks(&mut at).then_some(())?;
    (1..=2).contains(&digits(&mut at)).then_some(())?;
    blanks(&mut at).then_some(())?;
    if bytes.get(at + 4) == Some(&b' ') {
        (digits(&mut at) == 4).then_some(())?;
        blanks(&mut at);
    }
    for part in 0..3 {
        (digits(&mut at) == 2).then_some(())?;
        if part < 2 {
            (bytes.get(at) == Some(&b':')).then_some(())?;
            at += 1;
        }
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        digits(&mut at);
    }
    Some(at)
}

/// Length of `2026-01-31T10:00:00.000+07:00`.
fn iso_time_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    shape.iter().all(|(at, mark)| bytes.get(*at) == Some(mark)).then_some(())?;
    Some(text.find(' ').unwrap_or(text.len()))
}

/// The envelope as fields: `timestamp`, `host`, `program`, `module`, `pid`, `facility`, `severity`, `msgid`,
/// `message`, and structured data as `sd.ID.NAME`.
pub(crate) fn fields(envelope: &Envelope<'_>) -> Draft {
    let mut draft = Draft::default();
    if let Some(priority) = envelope.priority {
        draft.push("facility", i64::from(priority >> 3));
        draft.push("severity", i64::from(priority & 7));
    }
    let named = [
        ("timestamp", envelope.timestamp),
        ("zone", envelope.zone),
        ("host", envelope.host),
        ("program", envelope.program),
        ("module", envelope.module),
        ("pid", envelope.pid),
        ("msgid", envelope.message_id),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            draft.push(name, value);
        }
    }
    if let Some(data) = envelope.structured_data {
        structured_data::fields(data, &mut draft);
    }
    draft.push("message", envelope.message);
    draft
}

#[cfg(test)]
#[path = "syslog_tests.rs"]
mod tests;
