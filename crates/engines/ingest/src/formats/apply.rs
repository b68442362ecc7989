//! What a format says about a record once its fields are taken out: names, aliases, columns, log source,
//! time, message.

use super::compile::{CompiledTable, Format, NameRules, Outcome, Target, Use};
use super::draft::{Draft, Names, Shaped};
use super::time::{self, Gaps};
use super::transform::{Source, apply as transform, present};
use super::w3c::StatedList;
use event::{Micros, Origin, Text, TimeQuality, Value};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::sync::Arc;

/// What a record cannot say itself.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) arrival: Micros,
    pub(crate) origin: &'a Origin,
    pub(crate) default_zone: &'a TimeZone,
    /// What the origin states of the names of the record's fields.
    pub(crate) stated: Option<&'a StatedList>,
    /// The end of the record is missing, so that what is nested in it may break off.
    pub(crate) cut: bool,
}

/// Applies everything but the time.
pub(crate) fn apply(format: &Format, draft: &mut Draft) {
    rename(format, draft);
    // Outcomes are chosen by the record's own fields, before aliases stand beside them.
    let mut outcomes: Vec<&Outcome> = Vec::new();
    let mut key = String::new();
    for table in &format.tables {
        outcomes.extend(rows(table, draft, &mut key).iter().filter(|row| holds(row, draft)));
    }
    if let Some(pattern) = draft.pattern.take().and_then(|number| format.patterns.get(number))
        && holds(&pattern.outcome, draft)
    {
        outcomes.push(&pattern.outcome);
    }
    for outcome in &outcomes {
        for (name, sources) in &outcome.alias {
            if draft.get(name).is_none()
                && let Some(value) = sources.iter().find_map(|source| source.value(draft))
            {
                draft.push(name, value);
            }
        }
    }
    fill_targets(format, draft);
    for (name, sources) in &format.lists {
        let mut values: Vec<Value> = sources.iter().filter_map(|source| source.value(draft)).collect();
        values.dedup();
        match values.len() {
            0 => {}
            1 => draft.replace(name, values.remove(0)),
            _ => draft.replace(name, Value::List(values)),
        }
    }
    for (column, value) in &format.constants {
        draft.columns.set(*column, value);
    }
    for outcome in &outcomes {
        for (column, value) in &outcome.set {
            draft.columns.set(*column, value);
        }
        for (column, sources) in &outcome.columns {
            if let Some(value) = sources.iter().find_map(|source| source.value(draft)) {
                draft.columns.set(*column, &value);
            }
        }
    }
    log_source(format, &outcomes, draft);
    if let Some(message) = format.message.iter().find_map(|source| source.text(draft)) {
        draft.message = Some(message.into_owned());
    }
}

fn rename(format: &Format, draft: &mut Draft) {
    let rules = &format.names;
    match draft.take_shaped() {
        Some(Shaped { names: Names::Outline(outline), mut values }) => {
            let Some(plan) = outline.plan(format) else {
                draft.set_shaped(Names::Outline(outline), values);
                return rename_each(rules, draft);
            };
            if rules.trim {
                values.iter_mut().for_each(trim);
            }
            for place in &plan.braces {
                values.get_mut(*place).into_iter().for_each(put_into_braces);
            }
            for place in &plan.copies {
                values.extend(values.get(*place).cloned());
            }
            draft.set_shaped(Names::Plan(plan), values);
        }
        Some(Shaped { names, values }) => {
            draft.set_shaped(names, values);
            rename_each(rules, draft);
        }
        None => rename_each(rules, draft),
    }
}

fn rename_each(rules: &NameRules, draft: &mut Draft) {
    draft.dissolve();
    if rules.is_empty() {
        return;
    }
    let mut more: Vec<(Text, Value)> = Vec::new();
    for (name, value) in &mut draft.fields {
        if rules.trim {
            trim(value);
        }
        *name = rules.renamed(name);
        if rules.braces.contains(name.as_str()) {
            put_into_braces(value);
        }
        if rules.without_spaces && name.contains(' ') {
            more.extend(NameRules::spellings(name).map(|spelling| (spelling, value.clone())));
        }
    }
    for (name, value) in more {
        if draft.get(&name).is_none() {
            draft.push_owned(name, value);
        }
    }
}

/// Bytes of a GUID without braces.
const GUID: usize = 36;

fn put_into_braces(value: &mut Value) {
    if let Value::Text(text) = value
        && text.len() == GUID
    {
        *text = format!("{{{text}}}").into();
    }
}

fn trim(value: &mut Value) {
    let Value::Text(text) = value else { return };
    let solid = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    if solid(text.as_bytes().first()) && solid(text.as_bytes().last()) {
        return;
    }
    let end = text.trim_end().len();
    text.truncate(end);
    let start = text.len() - text.trim_start().len();
    if start > 0 {
        text.drain(..start);
    }
}

fn rows<'a>(table: &'a CompiledTable, draft: &Draft, key: &mut String) -> &'a [Outcome] {
    key.clear();
    for (number, name) in table.keys.iter().enumerate() {
        let Some(text) = draft.get(name).and_then(Value::as_text) else { return &[] };
        if number > 0 {
            key.push(' ');
        }
        key.push_str(text.trim());
    }
    key.make_ascii_lowercase();
    table.rows.get(key.as_str()).map_or(&[], Vec::as_slice)
}

fn holds(outcome: &Outcome, draft: &Draft) -> bool {
    outcome.when.iter().all(|(name, texts)| {
        let Some(have) = draft.get(name) else { return false };
        let same = |have: Cow<'_, str>| texts.iter().any(|text| text.eq_ignore_ascii_case(&have));
        texts.is_empty() || have.as_text().is_some_and(same)
    })
}

fn fill_targets(format: &Format, draft: &mut Draft) {
    let plan = &format.targets;
    if plan.targets.is_empty() {
        return;
    }
    let mut best: Vec<Option<(u16, Best)>> = plan.targets.iter().map(|_| None).collect();
    let mut offer = |place: usize, value: &Value, one: &Use| {
        let Some(slot) = best.get_mut(one.target) else { return };
        if slot.as_ref().is_some_and(|(rank, _)| *rank <= one.rank) {
            return;
        }
        if one.rank == 0 {
            *slot = Some((0, Best::Itself));
        } else if one.transforms.is_empty() {
            if present(value) {
                *slot = Some((one.rank, Best::Field(place)));
            }
        } else if let Some(value) = transform(value, &one.transforms) {
            *slot = Some((one.rank, Best::Made(value)));
        }
    };
    let mut shaped = 0;
    if let Some(Shaped { names: Names::Plan(known), values }) = draft.shaped() {
        shaped = values.len();
        for (place, one) in &known.uses {
            if let Some(value) = values.get(*place) {
                offer(*place, value, one);
            }
        }
    }
    for (place, (name, value)) in (shaped..).zip(&draft.fields) {
        plan.uses.get(name).into_iter().flatten().for_each(|one| offer(place, value, one));
    }
    for (target, rank, source) in &plan.templates {
        if let Some(slot) = best.get_mut(*target)
            && slot.as_ref().is_none_or(|(have, _)| have > rank)
            && let Some(value) = source.value(draft)
        {
            *slot = Some((*rank, Best::Made(value)));
        }
    }
    for (target, found) in plan.targets.iter().zip(best) {
        match (target, found) {
            (Target::Column(column), Some((_, Best::Made(value)))) => draft.columns.put(*column, value),
            (Target::Column(column), Some((_, Best::Field(place)))) => {
                if let Some(value) = draft.at(place).cloned() {
                    draft.columns.put(*column, value);
                }
            }
            (Target::Alias(name), Some((_, Best::Made(value)))) => draft.push_owned(name.clone(), value),
            (Target::Alias(name), Some((_, Best::Field(place)))) => {
                if let Some(value) = draft.at(place).cloned() {
                    draft.push_owned(name.clone(), value);
                }
            }
            (_, Some((_, Best::Itself)) | None) => {}
        }
    }
}

/// What fills a target.
enum Best {
    /// The record has the field of an alias under its own name.
    Itself,
    /// The field at this place, as it is.
    Field(usize),
    /// What transforms or a template made.
    Made(Value),
}

fn log_source(format: &Format, outcomes: &[&Outcome], draft: &mut Draft) {
    let base = &format.log_source;
    let product = outcomes.iter().rev().find_map(|outcome| outcome.product.as_ref()).or(base.product.as_ref());
    let stated = || {
        let text = base.product_from.iter().find_map(|name| draft.get(name).and_then(Value::as_text))?;
        Some(text.trim().to_lowercase()).filter(|text| (1..=64).contains(&text.len())).map(Arc::from)
    };
    if let Some(product) = product.cloned().or_else(stated) {
        // A format inside an envelope that names another product speaks for the whole record.
        if draft.log_source.product.as_ref().is_some_and(|have| *have != product) {
            draft.log_source = event::LogSource::default();
        }
        draft.log_source.product = Some(product);
    }
    base.categories.iter().for_each(|category| draft.add_category(category));
    base.services.iter().for_each(|service| draft.add_service(service));
    for outcome in outcomes {
        outcome.categories.iter().for_each(|category| draft.add_category(category));
        outcome.services.iter().for_each(|service| draft.add_service(service));
    }
    let named = base.service_from.iter().find_map(|name| draft.get(name).and_then(Value::as_text));
    if let Some(service) = named.map(|text| text.trim().to_lowercase()).filter(|text| (1..=64).contains(&text.len())) {
        draft.add_service(&Arc::from(service));
    }
}

/// What a record says of its time.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    pub(crate) time: Option<(Micros, TimeQuality)>,
    /// A text in the time's place that no layout reads.
    pub(crate) unreadable: Option<String>,
}

impl Stated {
    /// This one where it has a time, else the other.
    pub(crate) fn or(self, other: Self) -> Self {
        let unreadable = self.unreadable.or(other.unreadable);
        Self { time: self.time.or(other.time), unreadable }
    }
}

/// Bytes of an unreadable time that are repeated.
const MAX_UNREADABLE: usize = 60;

/// The record's own time by the format's rules, in their order. A time of a clock that was never set gives way to
/// a later one that can be right.
pub(crate) fn event_time(format: &Format, draft: &Draft, context: &Context<'_>) -> Stated {
    let mut stated = Stated::default();
    for rule in &format.times {
        let zone = rule.zone_from.as_ref().and_then(|name| draft.get(name).and_then(Value::as_text));
        let gaps = Gaps {
            arrival: context.arrival,
            origin: context.origin,
            stated_zone: zone.and_then(|name| time::zone(name.trim())),
            format_zone: rule.zone.as_ref(),
            default_zone: context.default_zone,
        };
        for source in &rule.sources {
            // Most times are plain fields; reading them in place saves a copy per record.
            let owned;
            let value = match source {
                Source::Field { name, transforms } if transforms.is_empty() => draft.get(name),
                other => {
                    owned = other.value(draft);
                    owned.as_ref()
                }
            };
            let text = match value {
                // `f64` prints microseconds since 1970 without loss.
                Some(Value::Float(number)) => Some(Cow::Owned(format!("{number:.6}"))),
                other => other.and_then(Value::as_text),
            };
            let Some(text) = text.filter(|text| !matches!(text.trim(), "" | "-")) else { continue };
            match rule.layouts.iter().find_map(|layout| time::read(&text, layout, &gaps)) {
                Some(time) if time.0 >= time::EARLIEST => return Stated { time: Some(time), unreadable: None },
                Some(time) => stated.time = stated.time.or(Some(time)),
                None if stated.unreadable.is_none() => {
                    let end = text.floor_char_boundary(MAX_UNREADABLE);
                    stated.unreadable = text.get(..end).map(str::to_owned);
                }
                None => {}
            }
        }
    }
    stated
}
