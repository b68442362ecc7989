//! `name=value name="value" …` lines, and the Linux audit records, which nest such pairs in `msg='…'` and
//! write texts with special characters in hexadecimal.

use super::draft::Draft;
use event::Value;

/// One pair as it stands in the line.
#[derive(Debug, PartialEq)]
pub(crate) struct Pair<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) quoted: bool,
}

/// Pairs of a line. Words without the sign are passed over; a backslash keeps the following quote in the value.
pub(crate) struct Pairs<'a> {
    rest: &'a str,
    /// What stands between name and value.
    sign: char,
}

impl<'a> Pairs<'a> {
    pub(crate) fn new(text: &'a str, sign: char) -> Self {
        Self { rest: text, sign }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        let separator = |one: char| one.is_whitespace() || matches!(one, '\u{1d}' | ',' | ';');
        loop {
            self.rest = self.rest.trim_start_matches(separator);
            if self.rest.is_empty() {
                return None;
            }
            let end = self.rest.find(|one: char| one == self.sign || one.is_whitespace() || one == '\u{1d}');
            let Some((name, rest)) = end.and_then(|at| self.rest.split_at_checked(at)) else {
                self.rest = "";
                return None;
            };
            let Some(rest) = rest.strip_prefix(self.sign) else {
                self.rest = rest;
                continue;
            };
            if name.is_empty() {
                self.rest = rest;
                continue;
            }
            let (value, rest, quoted) = match rest.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let (value, rest) = until_quote(&rest[1..], quote);
                    (value, rest, true)
                }
                _ => {
                    let end = rest.find(|one: char| one.is_whitespace() || one == '\u{1d}').unwrap_or(rest.len());
                    let (value, rest) = rest.split_at(end);
                    (value.trim_end_matches([',', ';']), rest, false)
                }
            };
            self.rest = rest;
            return Some(Pair { name, value, quoted });
        }
    }
}

fn until_quote(text: &str, quote: char) -> (&str, &str) {
    let mut escaped = false;
    for (at, one) in text.char_indices() {
        if one == quote && !escaped {
            return (&text[..at], &text[at + 1..]);
        }
        escaped = one == '\\' && !escaped;
    }
    (text, "")
}

/// Fields of a plain line; at least three pairs make one, so that prose with an odd sign does not. Colons also stand in times
/// and addresses, so what is a name before one begins with a letter; a bracket may open the pairs.
pub(crate) fn extract(line: &str, sign: char) -> Option<Draft> {
    let mut draft = Draft::default();
    for mut pair in Pairs::new(line, sign) {
        if sign != '=' {
            pair.name = pair.name.trim_start_matches('[');
            if !pair.name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_') {
                continue;
            }
        }
        if pair.name.len() <= 64 && pair.name.bytes().all(|byte| byte.is_ascii_graphic()) {
            draft.push(pair.name, pair.value);
        }
    }
    (draft.fields.len() >= 3).then_some(draft)
}

/// Fields of an audit record (`type=… msg=audit(SECONDS.MILLIS:SERIAL): …`).
///
/// `audit_epoch` and `audit_serial` come from the header; the arguments of EXECVE are joined as `CommandLine`.
pub(crate) fn extract_auditd(line: &str) -> Option<Draft> {
    let (head, body) = line.split_once("audit(")?;
    let (stamp, body) = body.split_once(')')?;
    let (epoch, serial) = stamp.split_once(':')?;
    let body = body.trim_start_matches(':');
    let mut draft = Draft::default();
    for pair in Pairs::new(head, '=') {
        if pair.name != "msg" {
            draft.push(pair.name, pair.value);
        }
    }
    draft.push("audit_epoch", epoch);
    draft.push("audit_serial", serial);
    let mut kind = draft.get("type").and_then(Value::as_text).map(|text| text.into_owned()).unwrap_or_default();
    // Where no auditd runs, the kernel writes its records itself, with numbers for names.
    if let Some((_, name)) = NUMBERED.iter().find(|(number, _)| *number == kind) {
        (*name).clone_into(&mut kind);
        draft.replace("type", kind.clone().into());
    }
    pairs_of_audit(body, &kind, &mut draft, 0);
    if kind == "EXECVE" {
        join_arguments(&mut draft);
    }
    Some(draft)
}

/// Record types of the kernel (`linux/audit.h`) that hold what rules ask for.
const NUMBERED: [(&str, &str); 8] = [
    ("1300", "SYSCALL"),
    ("1302", "PATH"),
    ("1305", "CONFIG_CHANGE"),
    ("1307", "CWD"),
    ("1309", "EXECVE"),
    ("1327", "PROCTITLE"),
    ("1400", "AVC"),
    ("1326", "SECCOMP"),
];

fn pairs_of_audit(body: &str, kind: &str, draft: &mut Draft, depth: u8) {
    for pair in Pairs::new(body, '=') {
        if pair.name == "msg" && pair.quoted && depth == 0 {
            pairs_of_audit(pair.value, kind, draft, 1);
            continue;
        }
        let decoded = (!pair.quoted && may_be_encoded(pair.name, kind)).then(|| decode(pair.value, kind)).flatten();
        match decoded {
            Some(text) => draft.push(pair.name, text),
            None => draft.push(pair.name, pair.value),
        }
    }
}

/// Fields that the kernel and auditd write in hexadecimal where the text holds blanks or quotes
/// (`auparse` field types "escaped").
fn may_be_encoded(name: &str, kind: &str) -> bool {
    match name {
        "proctitle" | "acct" | "cmd" | "comm" | "cwd" | "data" | "dir" | "exe" | "file" | "key" | "name" | "path"
        | "vm" | "watch" => true,
        _ => {
            kind == "EXECVE"
                && name.strip_prefix('a').is_some_and(|digits| digits.starts_with(|one: char| one.is_ascii_digit()))
        }
    }
}

/// A text in hexadecimal. The kernel writes capitals, which keeps words such as `face` apart; in records that hold
/// nothing but texts, forwarders that write small letters are understood, too. A value cut short keeps what is whole.
fn decode(value: &str, kind: &str) -> Option<String> {
    let either = matches!(kind, "EXECVE" | "PROCTITLE");
    let digit =
        |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte) || (either && byte.is_ascii_hexdigit());
    let whole = value.len().is_multiple_of(2) || (kind == "PROCTITLE" && value.len() > 2);
    if value.len() < 2 || !whole || !value.bytes().all(digit) {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = value
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => digit(*high) << 4 | digit(*low),
            _ => 0,
        })
        .collect();
    let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
    Some(text.trim_end().to_owned())
}

fn join_arguments(draft: &mut Draft) {
    let count = draft.get("argc").and_then(Value::as_f64).unwrap_or(0.0).clamp(0.0, 256.0) as usize;
    let mut line = String::new();
    for number in 0..count {
        // Long arguments come in parts: a1_len=…, a1[0]=…, a1[1]=…
        let whole = draft.get(&format!("a{number}")).and_then(Value::as_text).map(|text| text.into_owned());
        let argument = whole.unwrap_or_else(|| {
            (0..64)
                .map_while(|part| draft.get(&format!("a{number}[{part}]")).and_then(Value::as_text))
                .collect::<String>()
        });
        if number > 0 {
            line.push(' ');
        }
        line.push_str(&argument);
    }
    if !line.is_empty() {
        draft.push("CommandLine", line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(draft: &Draft, name: &str) -> String {
        draft.get(name).and_then(Value::as_text).map(|text| text.into_owned()).unwrap_or_default()
    }

    #[test]
    fn quoted_values_keep_blanks_and_escaped_quotes() {
        let pairs: Vec<_> =
            Pairs::new(r#"a=1 b="x y" word c='it\'s' d= e=2, =x"#, '=').map(|pair| (pair.name, pair.value)).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "x y"), ("c", r"it\'s"), ("d", ""), ("e", "2")]);
    }

    #[test]
    fn pairs_with_colons_are_no_times() {
        let line = r#"<134>1 2026-11-20T03:11:12Z gw CheckPoint 77 - [action:"Drop"; src:"2001:db8::7"; origin:"a;b:\"c\""; n:"1"]"#;
        let draft = extract(line, ':').unwrap();
        let fields: Vec<_> = draft.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(fields, ["action", "src", "origin", "n"]);
        assert_eq!(text(&draft, "src"), "2001:db8::7");
        assert_eq!(text(&draft, "origin"), r#"a;b:\"c\""#);
        assert!(extract("at 10:11:12 a:b was told", ':').is_none());
    }

    #[test]
    fn nested_messages_and_hex_are_opened() {
        let draft = extract_auditd(
            "type=USER_CMD msg=audit(1642864622.017:1353): pid=7 uid=1000 msg='cwd=\"/root\" cmd=6C73202D6C res=success'",
        )
        .unwrap();
        assert_eq!(text(&draft, "type"), "USER_CMD");
        assert_eq!(text(&draft, "cmd"), "ls -l");
        assert_eq!(text(&draft, "res"), "success");
        assert_eq!(text(&draft, "audit_epoch"), "1642864622.017");
    }

    #[test]
    fn the_title_of_a_process_is_opened_whoever_wrote_it() {
        let title = |line: &str| text(&extract_auditd(line).unwrap(), "proctitle");
        let hex = "2F62696E2F7368002D6300637572C6";
        assert_eq!(title(&format!("type=PROCTITLE msg=audit(1.000:2): proctitle={}", &hex[..28])), "/bin/sh -c cur");
        assert_eq!(title(&format!("type=PROCTITLE msg=audit(1.000:2): proctitle={}", &hex[..29])), "/bin/sh -c cur");
        let small = "proctitle=2f62696e2f7368002d63006964";
        assert_eq!(title(&format!("audit: type=1327 audit(1.000:2): {small}")), "/bin/sh -c id");
        assert_eq!(title("type=PROCTITLE msg=audit(1.000:2): proctitle=\"bash\""), "bash");
        assert_eq!(title("type=PROCTITLE msg=audit(1.000:2): proctitle=(null)"), "(null)");
        let draft = extract_auditd("audit: type=1309 audit(1.000:2): argc=2 a0=\"sh\" a1=2d6320 a2=zz").unwrap();
        assert_eq!(text(&draft, "type"), "EXECVE");
        assert_eq!(text(&draft, "CommandLine"), "sh -c");
    }

    #[test]
    fn arguments_of_execve_become_a_command_line_and_those_of_syscall_stay_numbers() {
        let draft = extract_auditd(
            "type=EXECVE msg=audit(1.000:2): argc=3 a0=\"sh\" a1=\"-c\" a2=6563686F2068692074686572650A",
        )
        .unwrap();
        assert_eq!(text(&draft, "CommandLine"), "sh -c echo hi there");
        let draft = extract_auditd("type=SYSCALL msg=audit(1.000:2): arch=c000003e syscall=59 a0=7F0A a1=22").unwrap();
        assert_eq!(text(&draft, "a0"), "7F0A");
    }
}
