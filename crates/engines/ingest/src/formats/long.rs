//! Records too long to be searched with expressions: their beginning is read like any other, and whoever looks for
//! words still finds them in the whole message.

use super::draft::Draft;
use event::Value;

/// Bytes of a text that are searched with expressions; no line format comes near it.
const MAX_LINE: usize = 256 << 10;

/// The part of a text that is searched.
pub(super) struct Head<'a> {
    pub(super) text: &'a str,
    whole: usize,
}

impl<'a> Head<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let end = text.floor_char_boundary(MAX_LINE);
        Self { text: text.get(..end).unwrap_or(text), whole: text.len() }
    }

    pub(super) fn is_part(&self) -> bool {
        self.text.len() < self.whole
    }
}

/// Says what was not read, and gives texts that reach to the end of the head the rest of the record.
pub(super) fn complete(draft: &mut Draft, text: &str, head: &Head<'_>) {
    draft.trouble(format!("of {} bytes the first {} were read into fields", text.len(), head.text.len()));
    let read = head.text.trim_end();
    let rest = text.get(read.len()..).unwrap_or_default();
    let reaches = |have: &str| !have.is_empty() && read.ends_with(have);
    if let Some(message) = draft.message.as_mut().filter(|message| reaches(message)) {
        message.push_str(rest);
    }
    for (name, value) in &mut draft.fields {
        if let Value::Text(have) = value
            && **name == *"message"
            && reaches(have)
        {
            have.push_str(rest);
        }
    }
}
