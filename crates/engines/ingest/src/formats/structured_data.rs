//! Structured data of a syslog header (RFC 5424 §6.3): `[ID NAME="value" …][ID …]`. In a value `"`, `\\` and `]` have a
//! backslash before them.

use super::draft::Draft;

/// Bytes of an identifier or a name that become one of ours.
const MAX_NAME: usize = 64;

/// Structured data, the message behind it, and whether the former never ends.
pub(super) fn split(tail: &str) -> (Option<&str>, &str, bool) {
    if let Some(rest) = tail.strip_prefix('-') {
        return (None, rest.trim_start_matches(' '), false);
    }
    if !tail.starts_with('[') {
        return (None, tail, false);
    }
    let (mut inside, mut quoted, mut escaped) = (false, false, false);
    for (at, one) in tail.char_indices() {
        match one {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if inside => quoted = !quoted,
            '[' if !quoted => inside = true,
            ']' if !quoted => inside = false,
            _ if !inside => return (tail.get(..at), tail.get(at..).unwrap_or("").trim_start_matches(' '), false),
            _ => {}
        }
    }
    if inside { (None, tail, true) } else { (Some(tail), "", false) }
}

/// The values as fields `sd.ID.NAME`.
pub(super) fn fields(data: &str, draft: &mut Draft) {
    let mut rest = data;
    while let Some(element) = rest.strip_prefix('[') {
        let end = element.find([' ', ']']).unwrap_or(element.len());
        let (id, mut pairs) = element.split_at(end);
        while let Some((name, behind)) = pairs.trim_start_matches(' ').split_once("=\"") {
            if name.contains([']', '[']) {
                break;
            }
            let (value, behind) = value(behind);
            if id.len() <= MAX_NAME && name.len() <= MAX_NAME {
                draft.push(&format!("sd.{id}.{name}"), value);
            }
            pairs = behind;
        }
        rest = pairs.split_once(']').map_or("", |(_, rest)| rest);
    }
}

/// The value up to its closing quote, and what follows. A backslash before anything else stands for itself.
fn value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, one)) = letters.next() {
        match one {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => match letters.next_if(|(_, next)| matches!(next, '"' | '\\' | ']')) {
                Some((_, next)) => value.push(next),
                None => value.push('\\'),
            },
            _ => value.push(one),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_brackets_in_values_end_nothing() {
        let mut draft = Draft::default();
        fields(r#"[ex@1 iut="3" e="A\]p \"q\" c:\\d \x"][empty][b@2 n=""]"#, &mut draft);
        let fields: Vec<_> = draft.fields.iter().map(|(name, value)| (&**name, value.as_text().unwrap())).collect();
        assert_eq!(
            fields,
            [("sd.ex@1.iut", "3".into()), ("sd.ex@1.e", r#"A]p "q" c:\d \x"#.into()), ("sd.b@2.n", "".into())]
        );
    }

    #[test]
    fn what_is_no_structured_data_gives_nothing_and_ends() {
        for text in ["[", "[a", "[a b", "[a b=", "[a b=\"", "[]]", "[a b=c][d e=\"f\"]", "[[[[", "[a =\"x"] {
            fields(text, &mut Draft::default());
        }
        assert_eq!(split("[a b=\"]\" x"), (None, "[a b=\"]\" x", true));
    }
}
