//! `luytre rules explain`: why a rule does or does not match an event, part by part.

use super::super::{about_file, language, print_json, query, say, text};
use super::formats;
use crate::configuration::Configuration;
use crate::content::Content;
use crate::rules::{load_rules, rule_directories};
use anyhow::{Result, bail, ensure};
use event::{Event, Origin, RawRecord};
use ingest::files::{FileRecords, Limits};
use kit::catalogue::QueryLimits;
use kit::page::Format;
use monitoring::enrichment::{Asked, Enriched, Enrichment};
use monitoring::rules::Book;
use monitoring::rules::explain::{Answer, Why, event_of, why};
use monitoring::rules::reading::Line;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Records of one file that are explained.
const MOST_RECORDS: usize = 100;

/// What is asked.
pub(super) struct Question<'q> {
    pub(super) rule: &'q str,
    pub(super) event: &'q str,
    pub(super) rules: &'q [PathBuf],
    pub(super) json: bool,
}

/// The number of an event in the store, where it is no file.
pub(super) fn number(event: &str) -> Option<u64> {
    event.parse().ok().filter(|_| !Path::new(event).exists())
}

impl Question<'_> {
    /// Explains the records of a file, as an import would read them.
    pub(super) fn of_file(&self, data: &Path, configuration: &Configuration, known: &Enrichment) -> Result<ExitCode> {
        let path = Path::new(self.event);
        ensure!(path.exists(), about_file(path, "command-no-file"));
        let mut formats = formats(&Content::new(configuration.content_directory.clone()))?;
        let zone = &configuration.events.time_zone;
        ensure!(formats.set_default_time_zone(zone), "events.time_zone: no time zone is called {zone}");
        let arrival = jiff::Timestamp::now().as_microsecond();
        let mut origin = Arc::new(Origin::default());
        let mut events = Vec::new();
        for record in FileRecords::new(path, Limits::default()).take(MOST_RECORDS) {
            match record.result {
                Ok(bytes) => {
                    origin = origin.under(record.header.as_deref());
                    let position = record.position;
                    events.push(formats.parse(&RawRecord { bytes, arrival, origin: origin.clone(), position }));
                }
                Err(reason) => eprintln!("{}:{}: {reason}", record.file, record.position),
            }
        }
        self.tell(data, configuration, known, &events)
    }

    /// Explains an event of the store.
    pub(super) async fn of_store(
        &self,
        data: &Path,
        configuration: &Configuration,
        known: &Enrichment,
        seq: u64,
    ) -> Result<ExitCode> {
        let limits = QueryLimits { max_rows: 1, timeout: Duration::from_secs(60) };
        let sql = format!("SELECT * FROM events WHERE seq = {seq}");
        let answer = query::ask(data, configuration, &sql, limits).await?;
        let Some(row) = answer.rows.first() else { bail!(text("rules-no-event", &[("seq", seq.to_string().into())])) };
        self.tell(data, configuration, known, &[event_of(row)])
    }

    fn tell(
        &self,
        data: &Path,
        configuration: &Configuration,
        known: &Enrichment,
        events: &[Event],
    ) -> Result<ExitCode> {
        let content = Content::new(configuration.content_directory.clone());
        let directories = rule_directories(data, configuration, self.rules);
        let (_, book) = load_rules(&content, &directories, known.placeholders(), 0)?;
        let Some(position) = book.set.position(self.rule) else {
            bail!(text("rules-no-rule", &[("rule", self.rule.into())]));
        };
        let lang = language();
        let format = Format::new(lang, 0);
        let explain = |event: &Event| why(&book, position, &Enriched::of(event, known, Asked::ALL), lang, &format);
        let all: Vec<Why> = events.iter().map(explain).collect();
        let fires = all.iter().any(Why::matches);
        if self.json {
            let answers: Vec<_> =
                all.iter().map(|why| json!({ "matches": why.matches(), "rules": why.answers })).collect();
            print_json(&json!({ "rule": self.rule, "events": answers }))?;
        } else {
            all.iter().zip(1..).for_each(|(why, number)| print(&book, position, why, number, all.len()));
        }
        Ok(if fires { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}

fn mark(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "✓",
        Some(false) => "✗",
        None => " ",
    }
}

fn print(book: &Book, position: usize, why: &Why, number: usize, of: usize) {
    if of > 1 {
        say!("{}", text("rules-explain-record", &[("number", number.into())]));
    }
    if let (Some(words), Some(rule)) = (&why.correlation, book.set.rules().get(position)) {
        say!("{}", rule.title);
        words.lines.iter().for_each(print_line);
    }
    for Answer { title, rule_id, log_source_fits, waits_for, matches, lines } in &why.answers {
        say!("{title} ({rule_id})");
        say!("{} {}", mark(Some(*log_source_fits)), text("rule-explain-log-source", &[]));
        if !waits_for.is_empty() {
            say!("{}", text("rule-waiting-text", &[("names", waits_for.join(", ").into())]));
        }
        lines.iter().for_each(print_line);
        say!("→ {}", text(if *matches { "rule-explain-yes" } else { "rule-explain-no" }, &[]));
    }
}

fn print_line(line: &Line) {
    let met = match (&line.met, line.asks && line.holds.is_some()) {
        (_, false) => String::new(),
        (Some(met), true) => format!("  ({} {met})", text("rule-reading-met", &[])),
        (None, true) => format!("  ({})", text("rule-reading-absent", &[])),
    };
    say!("{} {}{}{met}", mark(line.holds), "  ".repeat(line.depth), line.words);
}
