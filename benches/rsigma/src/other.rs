//! rsigma-eval with its fastest settings, and its view of events parsed by simd-json.

use anyhow::Result;
use rsigma_eval::{Engine, Event, EventValue};
use rsigma_parser::LogSource;
use simd_json::BorrowedValue;
use simd_json::StaticNode;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// An engine with every rule below `folder`, and what did not load.
pub fn engine(folder: &Path) -> Result<(Engine, Vec<String>)> {
    engine_of(&[folder.to_owned()])
}

/// The same of several folders.
pub fn engine_of(folders: &[PathBuf]) -> Result<(Engine, Vec<String>)> {
    let (mut engine, mut problems) = (Engine::new(), Vec::new());
    engine.set_include_event(false);
    for folder in folders {
        let collection = rsigma_parser::parse_sigma_directory(folder)?;
        problems.extend(collection.errors.iter().cloned());
        let refused = engine.add_rules(collection.rules.iter());
        problems
            .extend(refused.iter().map(|(position, error)| format!("{}: rule {position}: {error}", folder.display())));
    }
    Ok((engine, problems))
}

/// The log source as rsigma wants it; what an event has not conflicts with every rule that asks for it.
pub fn log_sources(source: &event::LogSource) -> Vec<LogSource> {
    let words = |words: &[std::sync::Arc<str>]| -> Vec<String> {
        if words.is_empty() { vec!["-".to_owned()] } else { words.iter().map(ToString::to_string).collect() }
    };
    let mut all = Vec::new();
    for category in words(&source.categories) {
        for service in words(&source.services) {
            all.push(LogSource {
                product: Some(source.product.as_deref().unwrap_or("-").to_owned()),
                category: Some(category.clone()),
                service: Some(service),
                ..LogSource::default()
            });
        }
    }
    all
}

/// Rules that match an event of these log sources, each once. rsigma takes one category and one service at a time, so that an
/// event that stands for several is asked as often: our engine answers for all of them too.
pub fn count(engine: &Engine, event: &impl Event, sources: &[LogSource]) -> usize {
    if let [source] = sources {
        return engine.evaluate_pruned(event, source).len();
    }
    let found = sources.iter().flat_map(|source| engine.evaluate_pruned(event, source));
    let mut rules: Vec<Option<String>> = found.map(|found| found.header.rule_id).collect();
    rules.sort_unstable();
    rules.dedup();
    rules.len()
}

/// A flat object parsed by simd-json.
pub struct Flat<'v>(pub BorrowedValue<'v>);

fn value<'v>(json: &'v BorrowedValue<'_>) -> EventValue<'v> {
    match json {
        BorrowedValue::String(text) => EventValue::Str(Cow::Borrowed(text)),
        BorrowedValue::Static(StaticNode::I64(number)) => EventValue::Int(*number),
        BorrowedValue::Static(StaticNode::U64(number)) => {
            i64::try_from(*number).map_or(EventValue::Float(*number as f64), EventValue::Int)
        }
        BorrowedValue::Static(StaticNode::F64(number)) => EventValue::Float(*number),
        BorrowedValue::Static(StaticNode::Bool(truth)) => EventValue::Bool(*truth),
        BorrowedValue::Static(StaticNode::Null) => EventValue::Null,
        BorrowedValue::Array(values) => EventValue::Array(values.iter().map(value).collect()),
        BorrowedValue::Object(members) => EventValue::Map(
            members.iter().map(|(name, member)| (Cow::Borrowed(name.as_ref()), value(member))).collect(),
        ),
    }
}

fn visit(json: &BorrowedValue<'_>, each: &mut dyn FnMut(&str) -> bool) -> bool {
    match json {
        BorrowedValue::String(text) => each(text),
        BorrowedValue::Array(values) => values.iter().any(|one| visit(one, each)),
        BorrowedValue::Object(members) => members.values().any(|one| visit(one, each)),
        BorrowedValue::Static(_) => false,
    }
}

impl Event for Flat<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        match &self.0 {
            BorrowedValue::Object(members) => members.get(path).map(value),
            _ => None,
        }
    }

    fn any_string_value(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        visit(&self.0, &mut |text| holds(text))
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        match &self.0 {
            BorrowedValue::Object(members) => members
                .values()
                .filter_map(|one| match one {
                    BorrowedValue::String(text) => Some(Cow::Borrowed(text.as_ref())),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn visit_string_values(&self, each: &mut dyn FnMut(&str)) {
        visit(&self.0, &mut |text| {
            each(text);
            false
        });
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn top_level_keys(&self) -> Option<Vec<Cow<'_, str>>> {
        match &self.0 {
            BorrowedValue::Object(members) => Some(members.keys().map(|name| Cow::Borrowed(name.as_ref())).collect()),
            _ => None,
        }
    }

    fn visit_top_level_keys(&self, each: &mut dyn FnMut(&str)) -> bool {
        match &self.0 {
            BorrowedValue::Object(members) => {
                members.keys().for_each(|name| each(name));
                true
            }
            _ => false,
        }
    }
}
