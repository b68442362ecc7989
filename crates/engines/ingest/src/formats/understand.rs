//! From bytes to a record understood: which format fits, and what stands inside an envelope or a wrapper.

use super::apply::{Context, Stated, apply, event_time};
use super::compile::{Condition, Format};
use super::definition::Extract;
use super::draft::{Draft, Names, Shaped};
use super::long::{self, Head};
use super::w3c::StatedList;
use super::{FormatSet, cef, csv, json, key_value, syslog, w3c, xml};
use event::{Column, Shape, Value};
use std::borrow::Cow;

/// Formats from this order on say so little that they are not sought inside other records.
const GENERIC: i32 = 900;

/// A record understood.
pub(super) struct Understood {
    pub(super) draft: Draft,
    pub(super) format: usize,
    pub(super) time: Stated,
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
            let flat = match json::flatten(bytes) {
                Err(_) if context.cut => json::flatten_start(String::from_utf8_lossy(bytes).as_bytes()),
                // Bytes that are not UTF-8 are no JSON by the book, but a log that holds some is still read.
                Err(error) if std::str::from_utf8(bytes).is_err() => {
                    json::flatten(String::from_utf8_lossy(bytes).as_bytes()).map_err(|_| error)?
                }
                other => other?,
            };
            let draft = self.outlines.draft(flat, self.formats.len());
            return self.understand_json(draft, named, context, 0);
        }
        let text = String::from_utf8_lossy(bytes);
        let lossy = matches!(text, Cow::Owned(_));
        let mut understood = self.understand_line(&text, named, context, 0)?;
        if lossy {
            understood.draft.trouble("bytes that are not UTF-8 were replaced in the fields");
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
                let candidates = match draft.shaped() {
                    Some(Shaped { names: Names::Outline(outline), .. }) => {
                        outline.candidates(|shape| self.may_fit(shape))
                    }
                    _ => &self.json,
                };
                candidates.iter().copied().find(|number| self.format(*number).is_some_and(|one| fits(one, &draft)))
            })
            .ok_or("no format fits this JSON object")?;
        let format = self.format(number).ok_or("no such format")?;
        apply(format, &mut draft);
        let mut understood = Understood { time: event_time(format, &draft, context), draft, format: number };
        if depth == 0 {
            match self.object_inside(format, &understood.draft, context) {
                Some(inside) => merge(&mut understood, inside),
                None => self.look_inside_json(format, &mut understood, context),
            }
        }
        Ok(understood)
    }

    /// JSON formats for one of whose conditions a record with these names has all fields.
    fn may_fit(&self, shape: &Shape) -> Vec<usize> {
        let has_all = |all: &Vec<Condition>| all.iter().all(|one| shape.place(&one.field).is_some());
        let may = |number: &usize| self.format(*number).is_some_and(|one| one.recognise_fields.iter().any(has_all));
        self.json.iter().copied().filter(may).collect()
    }

    /// An object that a wrapper holds, read as a record of its own.
    fn object_inside(&self, format: &Format, draft: &Draft, context: &Context<'_>) -> Option<Understood> {
        format.inner_objects.iter().find_map(|name| {
            let mut inside = Draft::default();
            for (have, value) in draft.iter() {
                if let Some(own) = have.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.')) {
                    inside.push(own, value.clone());
                }
            }
            let found = self.understand_json(inside, None, context, 1).ok()?;
            self.format(found.format).is_some_and(|one| one.order < GENERIC).then_some(found)
        })
    }

    /// A shipper's wrapper: the line stands in one field, perhaps without its header.
    fn look_inside_json(&self, format: &Format, understood: &mut Understood, context: &Context<'_>) {
        let text_of = |draft: &Draft, names: &[String]| {
            names.iter().find_map(|name| draft.get(name).and_then(Value::as_text).map(Cow::into_owned))
        };
        let Some(text) = text_of(&understood.draft, &format.inner_text) else { return };
        let text = text.trim();
        let head = Head::of(text);
        let program = text_of(&understood.draft, &format.inner_program);
        let program = program.as_deref().map(|tag| tag.split(['[', ':', '(']).next().unwrap_or(tag));
        let inside = self
            .understand_line(text, None, context, 1)
            .ok()
            .filter(|inside| self.format(inside.format).is_some_and(|format| format.order < GENERIC));
        match inside {
            Some(inside) => merge(understood, inside),
            None => self.look_inside_message(head.text, program, understood, context),
        }
    }

    fn understand_line(
        &self,
        text: &str,
        named: Option<usize>,
        context: &Context<'_>,
        depth: u8,
    ) -> Result<Understood, String> {
        if let Some(draft) = xml::event(text) {
            return self.understand_json(draft, named, context, 1);
        }
        let head = Head::of(text);
        let context = &Context { cut: context.cut || head.is_part(), ..*context };
        let mut understood = self.understand_head(head.text, named, context, depth)?;
        if head.is_part() {
            long::complete(&mut understood.draft, text, &head);
        }
        Ok(understood)
    }

    /// Tries line formats on a text that is short enough to be searched.
    fn understand_head(
        &self,
        text: &str,
        named: Option<usize>,
        context: &Context<'_>,
        depth: u8,
    ) -> Result<Understood, String> {
        let named = named.filter(|number| !self.json.contains(number));
        let of_header = context.stated.map_or(&[][..], |stated| stated.formats.as_slice());
        for number in named.into_iter().chain(of_header.iter().copied()).chain(self.lines.find(text)) {
            let Some(format) = self.format(number) else { continue };
            let Some(mut draft) = extract(format, text, context.stated) else { continue };
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
            && let Some(draft) = json_inside(json, context)
            && let Ok(inside) = self.understand_json(draft, None, context, 1)
        {
            return merge(understood, inside);
        }
        if let Some(draft) = xml::event(message)
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
        let found = self.format(number).and_then(|one| Some((one, extract(one, message, context.stated)?)));
        let Some((format, inside)) = found else { return false };
        let draft = &mut understood.draft;
        draft.dissolve();
        for (name, value) in inside.fields {
            draft.replace(&name, value);
        }
        draft.pattern = inside.pattern;
        inside.problem.into_iter().for_each(|problem| draft.trouble(problem));
        apply(format, draft);
        understood.time = event_time(format, draft, context).or(std::mem::take(&mut understood.time));
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
fn extract(format: &Format, text: &str, stated: Option<&StatedList>) -> Option<Draft> {
    let mut draft = match format.extract {
        Extract::Patterns => Draft::default(),
        Extract::KeyValue => key_value::extract(text, format.sign)?,
        Extract::Auditd => key_value::extract_auditd(text)?,
        Extract::Cef => cef::extract_cef(text)?,
        Extract::Leef => cef::extract_leef(text)?,
        Extract::W3c => w3c::extract(text, stated.and_then(|stated| stated.list.as_ref()), &format.field_lists)?,
        Extract::Csv => csv::extract(text, &format.csv)?,
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

fn json_inside(text: &str, context: &Context<'_>) -> Option<Draft> {
    match json::flatten(text.as_bytes()) {
        Ok(flat) => Some(flat.into_draft()),
        Err(_) if context.cut => Some(json::flatten_start(text.as_bytes()).into_draft()),
        Err(_) => None,
    }
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
    draft.timeless = envelope.timestamp.is_none();
    if envelope.unclosed {
        draft.trouble("the structured data of the syslog header has no end");
    }
    Some(draft)
}

/// Puts a record found inside another on top of it: its fields, columns and time win.
fn merge(outer: &mut Understood, mut inside: Understood) {
    outer.draft.dissolve();
    inside.draft.dissolve();
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
    inside.draft.problem.into_iter().for_each(|problem| outer.draft.trouble(problem));
    outer.time = inside.time.or(std::mem::take(&mut outer.time));
    outer.format = inside.format;
}
