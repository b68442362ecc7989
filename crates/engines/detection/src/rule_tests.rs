//! Tests that lie beside rules: `web_shell.test.yml` names events that the rules of `web_shell.yml` must and must
//! not alert on. Events are given as fields, or raw as they arrive; raw ones need the ingest engine, so whoever has
//! one (the program, its tests) parses them and hands the records to [`RuleTestCase::check`].

use crate::{CorrelationLimits, CorrelationState, Engine, Matches, Moment};
use event::{Column, Columns, Event, Fields, LogSource, Value};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a test file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleTestError {
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Syntax { path: PathBuf, source: serde_yaml_ng::Error },
    #[error("{}: {reason}", path.display())]
    Content { path: PathBuf, reason: String },
}

/// One `*.test.yml`.
#[derive(Debug, Clone)]
pub struct RuleTestFile {
    pub path: PathBuf,
    /// `seen` (real records, anonymised) or `documented` (written from the sender's documentation).
    pub origin: String,
    pub cases: Vec<RuleTestCase>,
}

/// Events and the rules that must alert on them.
#[derive(Debug, Clone)]
pub struct RuleTestCase {
    pub name: String,
    /// Ids of the rules that must alert; no other rule of the same file may. Empty: none may.
    pub expect: Vec<String>,
    pub records: Vec<TestRecord>,
}

/// An event of a test, repetitions written out.
#[derive(Debug, Clone, PartialEq)]
pub enum TestRecord {
    /// Bytes as they arrive, and the format that must understand them.
    Raw { format: Option<String>, text: String },
    /// Ready fields, log source and columns.
    Event(Box<Event>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    origin: String,
    cases: Vec<CaseText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    name: String,
    #[serde(default)]
    expect: Vec<String>,
    events: Vec<EventText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventText {
    format: Option<String>,
    raw: Option<String>,
    #[serde(default)]
    log_source: SourceText,
    #[serde(default)]
    fields: serde_yaml_ng::Mapping,
    #[serde(default)]
    columns: serde_yaml_ng::Mapping,
    message: Option<String>,
    /// How often; `{n}` in texts becomes 1, 2, 3 … and `{nn}` 01, 02, 03 …
    #[serde(default = "once")]
    repeat: u32,
    /// Seconds after the event before it, also between repetitions. Raw events carry their own times.
    #[serde(default = "once")]
    after: u32,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SourceText {
    product: Option<String>,
    #[serde(default, alias = "categories")]
    category: OneOrMany,
    #[serde(default, alias = "services")]
    service: OneOrMany,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum OneOrMany {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

fn once() -> u32 {
    1
}

/// Most repetitions of one event.
const MAX_REPEAT: u32 = 10_000;
/// 2026-01-05T02:00:00Z, where the clock of field events starts.
const START: i64 = 1_767_578_400_000_000;

impl RuleTestFile {
    pub fn parse(path: &Path, text: &str) -> Result<Self, RuleTestError> {
        let content = |reason: String| RuleTestError::Content { path: path.to_owned(), reason };
        let file: FileText =
            serde_yaml_ng::from_str(text).map_err(|source| RuleTestError::Syntax { path: path.to_owned(), source })?;
        if !matches!(file.origin.as_str(), "seen" | "documented") {
            return Err(content(format!("origin is 'seen' or 'documented', not '{}'", file.origin)));
        }
        let mut cases = Vec::with_capacity(file.cases.len());
        for case in file.cases {
            let records = records(&case.events).map_err(|reason| content(format!("{}: {reason}", case.name)))?;
            if records.is_empty() {
                return Err(content(format!("{}: no events", case.name)));
            }
            cases.push(RuleTestCase { name: case.name, expect: case.expect, records });
        }
        Ok(Self { path: path.to_owned(), origin: file.origin, cases })
    }

    /// Every test file directly in `directory`, in the order of their names.
    pub fn load_directory(directory: &Path) -> Result<Vec<Self>, RuleTestError> {
        let read = |path: &Path, source| RuleTestError::Read { path: path.to_owned(), source };
        let entries = std::fs::read_dir(directory).map_err(|error| read(directory, error))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| read(directory, error))?.path();
            if path.to_str().is_some_and(|name| name.ends_with(".test.yml")) {
                paths.push(path);
            }
        }
        paths.sort();
        let parse = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).map_err(|error| read(&path, error))?;
            Self::parse(&path, &text)
        };
        paths.into_iter().map(parse).collect()
    }

    /// File name of the rules that this file tests: `web_shell.yml` for `web_shell.test.yml`.
    pub fn rule_file(&self) -> String {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.replace(".test.yml", ".yml")
    }
}

fn records(events: &[EventText]) -> Result<Vec<TestRecord>, String> {
    let mut all = Vec::new();
    let mut time = START;
    for event in events {
        if event.repeat > MAX_REPEAT {
            return Err(format!("an event is repeated more than {MAX_REPEAT} times"));
        }
        for number in 1..=event.repeat {
            time += i64::from(event.after) * 1_000_000;
            let numbered =
                |text: &str| text.replace("{n}", &number.to_string()).replace("{nn}", &format!("{number:02}"));
            all.push(match &event.raw {
                Some(text) => TestRecord::Raw { format: event.format.clone(), text: numbered(text) },
                None => TestRecord::Event(Box::new(ready_event(event, time, &numbered)?)),
            });
        }
    }
    Ok(all)
}

fn ready_event(text: &EventText, time: i64, numbered: &dyn Fn(&str) -> String) -> Result<Event, String> {
    let words = |words: &OneOrMany| -> Vec<Arc<str>> {
        match words {
            OneOrMany::None => Vec::new(),
            OneOrMany::One(word) => vec![word.as_str().into()],
            OneOrMany::Many(words) => words.iter().map(|word| word.as_str().into()).collect(),
        }
    };
    let mut fields = Fields::default();
    for (name, value) in &text.fields {
        let name = name.as_str().ok_or("a field's name must be a text")?;
        fields.set(name, field_value(value, numbered)?);
    }
    let mut columns = Columns::default();
    for (name, value) in &text.columns {
        let column = name.as_str().and_then(Column::from_name);
        let column = column.ok_or_else(|| format!("{name:?} is no common column"))?;
        columns.set(column, &field_value(value, numbered)?);
    }
    Ok(Event {
        time,
        arrival: time,
        understood: true,
        log_source: LogSource {
            product: text.log_source.product.as_deref().map(Into::into),
            categories: words(&text.log_source.category),
            services: words(&text.log_source.service),
        },
        fields,
        columns,
        message: text.message.as_deref().map(numbered),
        ..Event::default()
    })
}

fn field_value(value: &serde_yaml_ng::Value, numbered: &dyn Fn(&str) -> String) -> Result<Value, String> {
    use serde_yaml_ng::Value as Yaml;
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(truth) => Value::Bool(*truth),
        Yaml::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Yaml::String(text) => Value::Text(numbered(text)),
        Yaml::Sequence(values) => {
            Value::List(values.iter().map(|one| field_value(one, numbered)).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(_) | Yaml::Tagged(_) => return Err("a field's value must be plain or a list".to_owned()),
    })
}

impl RuleTestCase {
    /// The records, where none of them is raw.
    pub fn ready_events(&self) -> Option<Vec<Event>> {
        let ready = |record: &TestRecord| match record {
            TestRecord::Event(event) => Some((**event).clone()),
            TestRecord::Raw { .. } => None,
        };
        self.records.iter().map(ready).collect()
    }

    /// Runs the events through `engine` and compares the alerts of the rules in `rule_file` (see
    /// [`RuleTestFile::rule_file`]) with what the case expects. The error says what differs.
    pub fn check(&self, engine: &Engine, rule_file: &str, events: &[Event]) -> Result<(), String> {
        let mut matches = Matches::default();
        let mut state = CorrelationState::new(CorrelationLimits::default());
        let mut raised: Vec<usize> = Vec::new();
        for (event, seq) in events.iter().zip(1..) {
            engine.evaluate(event, &mut matches);
            raised.extend(matches.detections().iter().map(|detection| detection.rule));
            let moment = Moment { time: event.time, arrival: event.arrival, seq };
            raised.extend(state.observe(engine, event, moment, &matches).iter().map(|found| found.rule));
        }
        raised.sort_unstable();
        raised.dedup();
        let rules = engine.rules();
        let mine = |position: &usize| {
            let rule = rules.get(*position)?;
            let name = rule.path.file_name().and_then(|name| name.to_str());
            (rule.alerts && name == Some(rule_file)).then(|| rule.id.clone())
        };
        let mut got: Vec<String> = raised.iter().filter_map(mine).collect();
        let mut wanted = self.expect.clone();
        got.sort();
        wanted.sort();
        if got == wanted {
            return Ok(());
        }
        let titled = |ids: &[String]| {
            let title = |id: &String| rules.iter().find(|rule| rule.id == *id).map_or("?", |rule| rule.title.as_str());
            ids.iter().map(|id| format!("{id} ({})", title(id))).collect::<Vec<_>>().join(", ")
        };
        Err(format!("{rule_file}: {}: raised [{}], expected [{}]", self.name, titled(&got), titled(&wanted)))
    }
}
