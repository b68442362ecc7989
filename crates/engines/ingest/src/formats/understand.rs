//! From bytes to a record understood: which format fits, and what stands inside an envelope or a wrapper.

use super::apply::{Context, apply, event_time};
use super::compile::{Condition, Format};
use super::definition::Extract;
use super::draft::Draft;
use super::{FormatSet, json, key_value, syslog};
use event::{Column, Micros, TimeQuality, Value};
use std::borrow::Cow;

/// Formats from this order on say so little that they are not sought inside other records.
const GENERIC: i32 = 900;
/// Text longer than this is not searched with expressions; no line format comes near it.
const MAX_LINE: usize = 256 << 10;

/// A record understood.
pub(super) struct Understood {
    pub(super) draft: Draft,
    pub(super) format: usize,
    pub(super) time: Option<(Micros, TimeQuality)>,
}

impl FormatSet {
    pub(super) fn understand(&self, bytes: &[u8], context: &Context<'_>) -> Result<Understood, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return Err("the record is empty".to_owned());
        }
        let named = context.origin.format.as_deref().and_then(|name| self.by_name.get(name).copied());
        if bytes.starts_with(b"{") {
            let draft = match json::flatten(bytes) {
                // Bytes that are not UTF-8 are no JSON by the book, but a log that holds some is still read.
                Err(error) if std::str::from_utf8(bytes).is_err() => {
                    json::flatten(String::from_utf8_lossy(bytes).as_bytes()).map_err(|_| error)?
                }
                other => other?,
            };
            return self.understand_json(draft, named, context, 0);
        }
        let text = String::from_utf8_lossy(bytes);
        let lossy = matches!(text, Cow::Owned(_));
        let mut understood = self.understand_line(&text, named, context, 0)?;
        if lossy && understood.draft.problem.is_none() {
            understood.draft.problem = Some("bytes that are not UTF-8 were replaced in the fields".to_owned());
        }
        Ok(understood)
    }

    fn understand_json(
        &self,
        mut draft: Draft,
        named: Option<usize>,
        context: &Context<'_>,
        depth: u8,
    ) -> Result<Understood, String> {
        let named = named.filter(|number| self.json.contains(number));
        let number = named
            .or_else(|| {
                self.json.iter().copied().find(|number| self.format(*number).is_some_and(|one| fits(one, &draft)))
            })
            .ok_or("no format fits this JSON object")?;
        let format = self.format(number).ok_or("no such format")?;
        apply(format, &mut draft);
        let mut understood = Understood { time: event_time(format, &draft, context), draft, format: number };
        if depth == 0 && !format.inner_text.is_empty() {
            self.look_inside_json(format, &mut understood, context);
        }
        Ok(understood)
    }

    /// A shipper's wrapper: the line stands in one field, perhaps without its header.
    fn look_inside_json(&self, format: &Format, understood: &mut Understood, context: &Context<'_>) {
        let text_of = |draft: &Draft, names: &[String]| {
            names.iter().find_map(|name| draft.get(name).and_then(Value::as_text).map(Cow::into_owned))
        };
        let Some(text) = text_of(&understood.draft, &format.inner_text) else { return };
        let text = text.trim();
        let program = text_of(&understood.draft, &format.inner_program);
        let program = program.as_deref().map(|tag| tag.split(['[', ':', '(']).next().unwrap_or(tag));
        let inside = self
            .understand_line(text, None, context, 1)
            .ok()
            .filter(|inside| self.format(inside.format).is_some_and(|format| format.order < GENERIC));
        match inside {
            Some(inside) => merge(understood, inside),
            None => self.look_inside_message(text, program, understood, context),
        }
    }

    fn understand_line(
        &self,
        text: &str,
        named: Option<usize>,
        context: &Context<'_>,
        depth: u8,
    ) -> Result<Understood, String> {
        if text.len() > MAX_LINE {
            return Err(format!("the line is longer than {MAX_LINE} bytes and was not searched"));
        }
        let named = named.filter(|number| !self.json.contains(number));
        for number in named.into_iter().chain(self.lines.find(text)) {
            let Some(format) = self.format(number) else { continue };
            let Some(mut draft) = extract(format, text) else { continue };
            if draft.message.is_none() {
                draft.message = Some(text.to_owned());
            }
            apply(format, &mut draft);
            let mut understood = Understood { time: event_time(format, &draft, context), draft, format: number };
            if format.extract == Extract::Syslog && depth < 2 {
                self.look_inside_envelope(text, &mut understood, context, depth);
            }
            return Ok(understood);
        }
        Err("no format fits this line".to_owned())
    }

    fn look_inside_envelope(&self, text: &str, understood: &mut Understood, context: &Context<'_>, depth: u8) {
        let Some(envelope) = syslog::open(text) else { return };
        let message = envelope.message.trim();
        let json = message.strip_prefix("@cee:").map_or(message, str::trim_start);
        if json.starts_with('{')
            && let Ok(draft) = json::flatten(json.as_bytes())
            && let Ok(inside) = self.understand_json(draft, None, context, 1)
        {
            return merge(understood, inside);
        }
        for module in [envelope.module, envelope.program].into_iter().flatten() {
            if self.look_inside_program(module, message, understood, context) {
                return;
            }
        }
        let before = understood.format;
        self.look_inside_message(message, None, understood, context);
        if understood.format != before {
            return;
        }
        // Another line format in full, for example an access log sent through syslog.
        if depth == 0
            && let Ok(inside) = self.understand_line(message, None, context, 2)
            && inside.format != before
            && self.format(inside.format).is_some_and(|format| format.order < GENERIC)
        {
            return merge(understood, inside);
        }
        // The program alone names the format, although none of its patterns fitted.
        let known = [envelope.module, envelope.program]
            .into_iter()
            .flatten()
            .find_map(|name| self.programs.get(&name.to_lowercase()).and_then(|numbers| numbers.first().copied()));
        if let Some(number) = known
            && let Some(format) = self.format(number)
        {
            apply(format, &mut understood.draft);
            understood.format = number;
        }
    }

    fn look_inside_program(
        &self,
        program: &str,
        message: &str,
        understood: &mut Understood,
        context: &Context<'_>,
    ) -> bool {
        let numbers = self.programs.get(&program.to_lowercase()).map_or(&[][..], Vec::as_slice);
        numbers.iter().any(|number| self.add_inside(*number, message, understood, context))
    }

    fn look_inside_message(
        &self,
        message: &str,
        program: Option<&str>,
        understood: &mut Understood,
        context: &Context<'_>,
    ) {
        if program.is_some_and(|program| self.look_inside_program(program, message, understood, context)) {
            return;
        }
        for number in self.messages.find(message) {
            if self.add_inside(number, message, understood, context) {
                return;
            }
        }
    }

    fn add_inside(&self, number: usize, message: &str, understood: &mut Understood, context: &Context<'_>) -> bool {
        let Some((format, inside)) = self.format(number).and_then(|one| Some((one, extract(one, message)?))) else {
            return false;
        };
        let draft = &mut understood.draft;
        for (name, value) in inside.fields {
            draft.replace(&name, value);
        }
        draft.pattern = inside.pattern;
        apply(format, draft);
        understood.time = event_time(format, draft, context).or(understood.time);
        understood.format = number;
        true
    }
}

fn fits(format: &Format, draft: &Draft) -> bool {
    let holds = |condition: &Condition| match (draft.get(&condition.field), &condition.value) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(have), Some(wanted)) => have.as_text().is_some_and(|have| *have == **wanted),
    };
    format.recognise_fields.iter().any(|all| all.iter().all(holds))
}

/// Takes the fields out of a text; `None` where the format does not fit after all.
fn extract(format: &Format, text: &str) -> Option<Draft> {
    let mut draft = match format.extract {
        Extract::Patterns => Draft::default(),
        Extract::KeyValue => key_value::extract(text)?,
        Extract::Auditd => key_value::extract_auditd(text)?,
        Extract::Syslog => return envelope(text),
        Extract::Json => return None,
    };
    let matched = format.pattern_set.matches(text).into_iter().next();
    if let Some(number) = matched
        && let Some(pattern) = format.patterns.get(number)
        && let Some(captures) = pattern.regex.captures(text)
    {
        for (name, group) in pattern.groups.iter().zip(captures.iter()) {
            if let (Some(name), Some(group)) = (name, group) {
                draft.push_owned(name.clone(), Value::from(group.as_str()));
            }
        }
        draft.pattern = Some(number);
    }
    (format.extract != Extract::Patterns || draft.pattern.is_some()).then_some(draft)
}

fn envelope(text: &str) -> Option<Draft> {
    let envelope = syslog::open(text)?;
    let mut draft = syslog::fields(&envelope);
    let message = envelope.message.trim();
    draft.message = Some(match (envelope.program, envelope.pid) {
        (Some(program), Some(pid)) => format!("{program}[{pid}]: {message}"),
        (Some(program), None) => format!("{program}: {message}"),
        (None, _) => message.to_owned(),
    });
    if envelope.timestamp.is_none() {
        draft.problem = Some("the syslog header names no time".to_owned());
    }
    Some(draft)
}

/// Puts a record found inside another on top of it: its fields, columns and time win.
fn merge(outer: &mut Understood, inside: Understood) {
    for (name, value) in inside.draft.fields {
        outer.draft.replace(&name, value);
    }
    for (column, value) in inside.draft.columns.iter() {
        outer.draft.columns.set(column, value);
    }
    // The inner record's severity and category describe it; a wrapper's would describe the shipper.
    if inside.draft.columns.get(Column::EventCategory).is_none() {
        outer.draft.columns.set(Column::EventCategory, &Value::Null);
    }
    outer.draft.log_source = inside.draft.log_source;
    outer.draft.message = inside.draft.message.or(outer.draft.message.take());
    outer.draft.problem = inside.draft.problem.or(outer.draft.problem.take());
    outer.time = inside.time.or(outer.time);
    outer.format = inside.format;
}
