//! The syslog envelope: RFC 5424 with structured data, RFC 3164 as senders really write it (also with ISO
//! times, without priority, without host), and bare `<priority>text`. What stands inside is other formats' work.

use super::draft::Draft;
use event::Value;

/// A line without its envelope.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Envelope<'a> {
    pub(crate) priority: Option<u8>,
    /// As written; RFC 3164 times have neither year nor zone.
    pub(crate) timestamp: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) program: Option<&'a str>,
    /// What stands in brackets behind the program's name, for example `pam_unix` in `sshd(pam_unix)[1]`.
    pub(crate) module: Option<&'a str>,
    pub(crate) pid: Option<&'a str>,
    pub(crate) message_id: Option<&'a str>,
    pub(crate) structured_data: Option<&'a str>,
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
    let (structured_data, message) = structured_data(tail);
    Some(Envelope {
        priority: None,
        timestamp: Some(timestamp).filter(nil("-")),
        host: Some(host).filter(nil("-")),
        program: Some(program).filter(nil("-")),
        module: None,
        pid: Some(pid).filter(nil("-")),
        message_id: Some(message_id).filter(nil("-")),
        structured_data,
        message: message.trim_start_matches('\u{feff}'),
    })
}

fn structured_data(tail: &str) -> (Option<&str>, &str) {
    if let Some(rest) = tail.strip_prefix('-') {
        return (None, rest.trim_start_matches(' '));
    }
    if !tail.starts_with('[') {
        return (None, tail);
    }
    let (mut inside, mut quoted, mut escaped) = (false, false, false);
    for (at, one) in tail.char_indices() {
        match one {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if inside => quoted = !quoted,
            '[' if !quoted => inside = true,
            ']' if !quoted => inside = false,
            _ if !inside => return (tail.get(..at), tail.get(at..).unwrap_or("").trim_start_matches(' ')),
            _ => {}
        }
    }
    (Some(tail), "")
}

/// RFC 3164 §4.1: time, host, tag, text.
fn legacy(rest: &str) -> Option<Envelope<'_>> {
    let length = bsd_time_length(rest).or_else(|| iso_time_length(rest))?;
    let (timestamp, rest) = rest.split_at_checked(length)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let rest = rest.strip_prefix(' ')?;
    let timestamp = timestamp.trim_end_matches(':');
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    // Some senders leave the host out; then the tag stands in its place.
    let (host, rest) = if is_tag(word) { (None, rest) } else { (Some(word), after.trim_start_matches(' ')) };
    let (program, module, pid, message) = tag(rest);
    Some(Envelope { timestamp: Some(timestamp), host, program, module, pid, message, ..Envelope::default() })
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
    if program.is_empty() || tag.len() > 128 || program.len() > 64 || !program.chars().all(proper) {
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
        structured_fields(data, &mut draft);
    }
    draft.push("message", envelope.message);
    draft
}

fn structured_fields(data: &str, draft: &mut Draft) {
    for element in data.split_inclusive("]").filter_map(|part| part.strip_prefix('[')) {
        let (id, rest) = element.split_once(' ').unwrap_or((element, ""));
        if id.len() > 64 {
            continue;
        }
        for pair in super::key_value::Pairs(rest.trim_end_matches(']')) {
            if pair.name.len() <= 64 {
                draft.push(&format!("sd.{id}.{}", pair.name), Value::from(pair.value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_standards_and_their_relatives_open() {
        let old = open("<34>Oct 11 22:14:15 mymachine su: 'su root' failed").unwrap();
        assert_eq!((old.priority, old.host, old.program, old.pid), (Some(34), Some("mymachine"), Some("su"), None));
        assert_eq!(old.message, "'su root' failed");
        let new =
            open("<165>1 2003-10-11T22:14:15.003Z host evntslog 7 ID47 [ex@1 iut=\"3\" e=\"A\\]p\"][b@2] \u{feff}Hi")
                .unwrap();
        assert_eq!((new.host, new.program, new.pid), (Some("host"), Some("evntslog"), Some("7")));
        assert_eq!(new.structured_data, Some("[ex@1 iut=\"3\" e=\"A\\]p\"][b@2]"));
        assert_eq!(new.message, "Hi");
        let iso = open("2026-01-31T10:00:00.5+07:00 web nginx: x").unwrap();
        assert_eq!((iso.priority, iso.host, iso.program), (None, Some("web"), Some("nginx")));
        let pam = open("Jun 14 15:16:01 combo sshd(pam_unix)[19939]: x").unwrap();
        assert_eq!((pam.program, pam.module, pam.pid), (Some("sshd"), Some("pam_unix"), Some("19939")));
        let hostless = open("<13>Jan  1 00:00:00 cron[3]: x").unwrap();
        assert_eq!((hostless.host, hostless.program), (None, Some("cron")));
        let versioned = open("Jun 19 04:08:57 combo syslogd 1.4.1: restart.").unwrap();
        assert_eq!((versioned.program, versioned.message), (Some("syslogd"), "restart."));
        assert_eq!(open("<13>only text").unwrap().message, "only text");
        assert_eq!(open("only text"), None);
        assert_eq!(open("<999>x"), None);
    }

    #[test]
    fn structured_data_becomes_fields() {
        let envelope = open("<165>1 - - - - - [ex@1 iut=\"3\" name=\"a b\"] Hi").unwrap();
        let draft = fields(&envelope);
        assert_eq!(draft.get("sd.ex@1.name"), Some(&"a b".into()));
        assert_eq!(draft.get("severity"), Some(&Value::Int(5)));
    }
}
