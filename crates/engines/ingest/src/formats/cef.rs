//! Two formats of security products with a header between bars: CEF (ArcSight, revision 26) and LEEF 1.0 and 2.0
//! (QRadar). Header fields get the names that both documents use for them.

use super::draft::Draft;
use std::borrow::Cow;

/// `CEF:VERSION|vendor|product|version|class|name|severity|key=value key=value …`
pub(crate) fn extract_cef(text: &str) -> Option<Draft> {
    let rest = text.strip_prefix("CEF:")?;
    let mut draft = Draft::default();
    let mut rest = Some(rest);
    let names =
        ["cef_version", "deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity"];
    for name in names {
        // A record that breaks off in its header keeps what it has.
        let Some(text) = rest else {
            draft.trouble("the CEF header is not whole");
            break;
        };
        let (field, behind) = header_field(text);
        draft.push(name, unescape(field.trim()).into_owned());
        rest = behind;
    }
    draft.get("deviceEventClassId")?;
    if let Some(extension) = rest {
        spaced_pairs(extension, &mut draft);
    }
    labels(&mut draft);
    Some(draft)
}

/// `LEEF:1.0|vendor|product|version|event|key=value<TAB>…`, in 2.0 with the delimiter behind the event.
pub(crate) fn extract_leef(text: &str) -> Option<Draft> {
    let mut rest = text.strip_prefix("LEEF:")?;
    let mut draft = Draft::default();
    let second = rest.starts_with('2');
    for name in ["leef_version", "deviceVendor", "deviceProduct", "deviceVersion", "eventId"] {
        let (field, behind) = rest.split_once('|')?;
        draft.push(name, field.trim());
        rest = behind;
    }
    let named = rest.split_once('|').filter(|_| second).and_then(|(mark, behind)| Some((delimiter(mark)?, behind)));
    let (mark, attributes) = named.unwrap_or(("\t".to_owned(), rest));
    // Relays that may not pass control characters on write a tab so.
    let spelt = if mark == "\t" && !attributes.contains('\t') { "#011" } else { &mark };
    for pair in attributes.split(spelt) {
        if let Some((name, value)) = pair.split_once('=').filter(|(name, _)| is_key(name.trim())) {
            draft.push(name.trim(), value.trim());
        }
    }
    Some(draft)
}

/// One character, or its code as `x09` or `0x09`; empty stands for the tab.
fn delimiter(text: &str) -> Option<String> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix('x')).filter(|digits| !digits.is_empty());
    match (text.chars().count(), hex) {
        (0, _) => Some("\t".to_owned()),
        (1, _) => Some(text.to_owned()),
        (_, Some(digits)) => u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).map(String::from),
        _ => None,
    }
}

/// Up to the next bar that has no backslash before it.
fn header_field(text: &str) -> (&str, Option<&str>) {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'|' => return (text.get(..at).unwrap_or(text), text.get(at + 1..)),
            _ => {}
        }
    }
    (text, None)
}

/// Pairs whose values may hold blanks: a value ends where the next `key=` begins.
fn spaced_pairs(text: &str, draft: &mut Draft) {
    let mut found: Option<(&str, usize)> = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'=' => {
                let before = text.get(..at).unwrap_or_default();
                let start = before.rfind([' ', '\t']).map_or(0, |blank| blank + 1);
                let name = before.get(start..).unwrap_or_default();
                let open = found.map_or(0, |(_, from)| from);
                if start < open || !is_key(name) {
                    continue;
                }
                if let Some((name, from)) = found {
                    push(name, text.get(from..start).unwrap_or_default(), draft);
                }
                found = Some((name, at + 1));
            }
            _ => {}
        }
    }
    if let Some((name, from)) = found {
        push(name, text.get(from..).unwrap_or_default(), draft);
    }
}

fn push(name: &str, value: &str, draft: &mut Draft) {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() {
        draft.push(name, unescape(value).into_owned());
    }
}

fn is_key(name: &str) -> bool {
    let proper = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']' | b':');
    (1..=64).contains(&name.len()) && name.bytes().all(proper)
}

/// `\\|`, `\\=`, `\\\\`, `\\n`, `\\r` undone; before anything else a backslash stands for itself.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(one) = letters.next() {
        let undone = match letters.peek() {
            Some(next @ ('|' | '=' | '\\')) if one == '\\' => Some(*next),
            Some('n') if one == '\\' => Some('\n'),
            Some('r') if one == '\\' => Some('\r'),
            _ => None,
        };
        if undone.is_some() {
            letters.next();
        }
        out.push(undone.unwrap_or(one));
    }
    Cow::Owned(out)
}

/// Fields of one's own come as `cs1=value cs1Label=name`; the name is offered, too.
fn labels(draft: &mut Draft) {
    let named: Vec<_> = draft
        .fields
        .iter()
        .filter_map(|(key, label)| {
            let value = draft.get(key.strip_suffix("Label")?)?;
            let label = label.as_text()?.trim().to_owned();
            ((1..=64).contains(&label.len()) && draft.get(&label).is_none()).then(|| (label, value.clone()))
        })
        .collect();
    for (label, value) in named {
        draft.push(&label, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Value;

    fn text(draft: &Draft, name: &str) -> String {
        draft.get(name).and_then(Value::as_text).map(|text| text.into_owned()).unwrap_or_default()
    }

    #[test]
    fn escapes_and_blanks_in_cef_are_kept_apart_from_marks() {
        let draft = extract_cef(
            r"CEF:0|Ven\dor|Pro\|duct|1|a\\b|name = x|9|msg=two words, a\=b c=d\nx  filePath=C:\\x\y cs1=v cs1Label=Rule Name url=http://x/?a=1&b=2",
        );
        let draft = draft.unwrap();
        let expected = [
            ("deviceVendor", r"Ven\dor"),
            ("deviceProduct", "Pro|duct"),
            ("deviceEventClassId", r"a\b"),
            ("name", "name = x"),
            ("severity", "9"),
            ("msg", "two words, a=b"),
            ("c", "d\nx"),
            ("filePath", r"C:\x\y"),
            ("cs1", "v"),
            ("Rule Name", "v"),
            ("url", "http://x/?a=1&b=2"),
        ];
        for (name, value) in expected {
            assert_eq!(text(&draft, name), value, "{name}");
        }
    }

    #[test]
    fn a_broken_header_keeps_what_it_has() {
        assert!(extract_cef("CEF:0|A|B").is_none());
        let draft = extract_cef("CEF:0|A|B|1|class|na").unwrap();
        assert_eq!(text(&draft, "name"), "na");
        assert!(draft.problem.is_some());
    }

    #[test]
    fn leef_tells_its_delimiter() {
        for line in [
            "LEEF:1.0|A|B|1|e|src=192.0.2.1\tmsg=a b|c=d",
            "LEEF:1.0|A|B|1|e|src=192.0.2.1#011msg=a b|c=d",
            "LEEF:2.0|A|B|1|e|^|src=192.0.2.1^msg=a b|c=d",
            "LEEF:2.0|A|B|1|e|x7E|src=192.0.2.1~msg=a b|c=d",
            "LEEF:2.0|A|B|1|e||src=192.0.2.1\tmsg=a b|c=d",
            "LEEF:2.0|A|B|1|e|src=192.0.2.1\tmsg=a b|c=d",
        ] {
            let draft = extract_leef(line).unwrap();
            assert_eq!((text(&draft, "src"), text(&draft, "msg")), ("192.0.2.1".into(), "a b|c=d".into()), "{line}");
            assert_eq!(text(&draft, "eventId"), "e");
        }
        assert!(extract_leef("LEEF:1.0|A|B").is_none());
    }
}
