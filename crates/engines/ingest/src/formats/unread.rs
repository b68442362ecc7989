//! What the formats do not read of a record that was parsed: all of it, or the message inside an envelope.

use super::FormatSet;
use event::Event;
use std::borrow::Cow;
use std::sync::Arc;

/// A text that no format reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread<'e> {
    pub text: Cow<'e, str>,
    /// The program that wrote it, where an envelope around it is understood.
    pub program: Option<Cow<'e, str>>,
    /// Everything around it is understood.
    pub enveloped: bool,
}

impl FormatSet {
    /// Whether anything of an event that this set has parsed is not read. Costs next to nothing.
    pub fn is_unread(&self, event: &Event) -> bool {
        let is_its = |number: &usize| self.format(*number).is_some_and(|format| Arc::ptr_eq(&format.id, &event.format));
        !event.understood || self.envelopes.iter().any(is_its)
    }

    /// What is not read of an event that this set has parsed.
    pub fn unread<'e>(&self, event: &'e Event) -> Option<Unread<'e>> {
        if !self.is_unread(event) {
            return None;
        }
        if !event.understood {
            let text = String::from_utf8_lossy(&event.raw);
            return Some(Unread { text, program: None, enveloped: false });
        }
        let text = event.fields.text("message")?;
        (!text.trim().is_empty()).then(|| Unread { text, program: event.fields.text("program"), enveloped: true })
    }
}
