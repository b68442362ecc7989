//! Tests that lie beside rules: `web_shell.test.yml` names events that the rules of `web_shell.yml` must and must
//! not alert on. Events are given as fields, or raw as they arrive; raw ones need the ingest engine, so whoever has
//! one (the program, its tests) parses them and hands the records to [`RuleTestCase::check`].

use crate::rules::is_test_file;
use crate::{CorrelationLimits, CorrelationState, Engine, Matches, Moment, RuleError};
use event::{Column, Columns, Event, Fields, LogSource, Value};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// 1-based line in the file.
    pub line: usize,
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
    pub fn parse(path: &Path, text: &str) -> Result<Self, RuleError> {
        let error = |line: usize, reason: String| RuleError { path: path.to_owned(), line, reason };
        let file: FileText = serde_yaml_ng::from_str(text)
            .map_err(|wrong| error(wrong.location().map_or(1, |place| place.line()), wrong.to_string()))?;
        if !matches!(file.origin.as_str(), "seen" | "documented") {
            return Err(error(1, format!("origin is 'seen' or 'documented', not '{}'", file.origin)));
        }
        let mut lines = text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("- name:"));
        let mut cases = Vec::with_capacity(file.cases.len());
        for case in file.cases {
            let line = lines.next().map_or(1, |(_, number)| number);
            let records = records(&case.events).map_err(|reason| error(line, format!("{}: {reason}", case.name)))?;
            if records.is_empty() {
                return Err(error(line, format!("{}: no events", case.name)));
            }
            cases.push(RuleTestCase { name: case.name, line, expect: case.expect, records });
        }
        Ok(Self { path: path.to_owned(), origin: file.origin, cases })
    }

    /// Every test file below `directory`, in the order of their paths, and what is wrong with the others.
    pub fn from_directory(directory: &Path) -> (Vec<Self>, Vec<RuleError>) {
        let (mut files, mut errors, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        let failed = |path: &Path, reason: String| RuleError { path: path.to_owned(), line: 1, reason };
        if let Err(error) = gather(directory, &mut paths) {
            errors.push(failed(directory, format!("cannot be read: {error}")));
        }
        paths.sort();
        for path in paths {
            let text = crate::rules::read(&path).map_err(|error| failed(&path, error.to_string()));
            match text.and_then(|text| Self::parse(&path, &text)) {
                Ok(file) => files.push(file),
                Err(error) => errors.push(error),
            }
        }
        (files, errors)
    }

    /// The rules that this file tests: `web_shell.yml` beside `web_shell.test.yml`.
    pub fn rule_file(&self) -> PathBuf {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        self.path.with_file_name(name.replace(".test.", "."))
    }
}

/// Test files below a directory. Links to directories are not followed: they may lead back.
fn gather(directory: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), paths)?;
        } else if is_test_file(&entry.path()) {
            paths.push(entry.path());
        }
    }
    Ok(())
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
        Yaml::String(text) => numbered(text).into(),
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

    /// The records, raw ones understood by `parse`. The error names one that another format understood.
    pub fn events(&self, parse: impl Fn(&str) -> Event) -> Result<Vec<Event>, String> {
        let understood = |record: &TestRecord| match record {
            TestRecord::Event(event) => Ok((**event).clone()),
            TestRecord::Raw { format, text } => {
                let event = parse(text);
                let name = event.format.split('@').next().unwrap_or_default();
                match format {
                    Some(format) if format != name => {
                        Err(format!("{}: understood as '{name}', not '{format}': {text}", self.name))
                    }
                    _ => Ok(event),
                }
            }
        };
        self.records.iter().map(understood).collect()
    }

    /// Runs the events through `engine` and compares the alerts of the rules in `rule_file` (see
    /// [`RuleTestFile::rule_file`]) with what the case expects. The error says what differs.
    pub fn check(&self, engine: &Engine, rule_file: &Path, events: &[Event]) -> Result<(), String> {
        let mut matches = Matches::default();
        let mut state = CorrelationState::new(CorrelationLimits::default());
        let mut raised: Vec<usize> = Vec::new();
        for (event, seq) in events.iter().zip(1..) {
            engine.evaluate(event, &mut matches);
            raised.extend(matches.detections().iter().map(|detection| detection.rule));
            let moment = Moment { time: event.time, arrival: event.arrival, seq, scope: 0 };
            raised.extend(state.observe(engine, event, moment, &matches, &mut |_| true).iter().map(|found| found.rule));
        }
        raised.sort_unstable();
        raised.dedup();
        let rules = engine.rules();
        let mine = |position: &usize| {
            let rule = rules.get(*position)?;
            (rule.alerts() && rule.path == rule_file).then(|| rule.id.clone())
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
        Err(format!("{}: raised [{}], expected [{}]", self.name, titled(&got), titled(&wanted)))
    }
}
