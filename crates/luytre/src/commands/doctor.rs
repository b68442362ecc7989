//! `luytre doctor`: what is well and what is not, in sentences of the terminal's language or as JSON.

use super::{language, print_json, say};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::content::Content;
use crate::control;
use crate::retention::Retention;
use crate::spare::room;
use anyhow::Result;
use clap::Args;
use event_store::{Problem, Report};
use ingest::listeners::WAITING_BYTES;
use ingest::{FormatSet, SAMPLES_ARRIVED};
use kit::locale::{Argument, texts};
use kit::{Lang, Scope};
use monitoring::intake::DoorFigures;
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;

/// Problems of one part that are told one by one.
const MOST_TOLD: usize = 20;

/// Checks the data directory: settings, registers and audit trail, event store with its log and segments, rules,
/// formats, texts, space. Exit code 1 where something is not well. A running server is stopped before for the
/// deep checks; beside a running one only the shallow ones run.
#[derive(Debug, Args)]
pub struct Doctor {
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    well: bool,
    says: String,
    /// Each thing that is not well, in a sentence, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// The checks in one language.
#[derive(Clone, Copy)]
struct Examiner(Lang);

impl Doctor {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let examiner = Examiner(language());
        let settings = configuration.check().map(|()| examiner.say("doctor-configuration-well", &[]));
        let mut checks = vec![
            check("configuration", settings.map_err(|error| examiner.quoting("doctor-configuration-wrong", &error))),
            examiner.texts(),
            examiner.retention(&configuration),
            examiner.space(data),
        ];
        checks.extend(configuration.intake.syslog_udp.and_then(|_| examiner.datagrams()));
        if let Some(server) = control::running(data).await? {
            checks.push(check("server", Ok(examiner.say("doctor-server-runs", &[]))));
            checks.push(match server.post::<Vec<DoorFigures>>("/control/doors", &()).await {
                Ok(doors) => examiner.intake(&doors),
                Err(error) => check("intake", Err(examiner.quoting("doctor-no-answer", &error))),
            });
        } else {
            match Centre::open(data, &configuration).await {
                Ok(centre) => {
                    checks.extend(examiner.deep(&centre).await);
                    centre.close().await;
                }
                Err(error) => checks.push(check("centre", Err(examiner.quoting("doctor-centre-closed", &error)))),
            }
        }
        let well = checks.iter().all(|check| check.well);
        if self.json {
            print_json(&checks)?;
        } else {
            checks.iter().for_each(|check| examiner.print(check));
        }
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn check(name: &'static str, found: Result<String, String>) -> Check {
    let (well, says) = match found {
        Ok(says) => (true, says),
        Err(says) => (false, says),
    };
    Check { name, well, says, problems: Vec::new() }
}

impl Examiner {
    fn say(self, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        texts().text_with(self.0, key, arguments)
    }

    /// A sentence, and after it what the part says itself, with its causes.
    fn quoting(self, key: &str, error: &anyhow::Error) -> String {
        self.quote(key, format!("{error:#}"))
    }

    fn quote(self, key: &str, words: String) -> String {
        let arguments = [("sentence", self.say(key, &[]).into()), ("words", words.into())];
        self.say("error-with-words", &arguments)
    }

    fn print(self, check: &Check) {
        const WIDTH: usize = 22;
        let name = self.say(&format!("doctor-{}", check.name.replace(' ', "-")), &[]);
        let blanks = " ".repeat(WIDTH.saturating_sub(name.chars().count()));
        say!("{} {name}{blanks} {}", if check.well { "✓" } else { "✗" }, check.says);
        for problem in check.problems.iter().take(MOST_TOLD) {
            say!("    {problem}");
        }
        if let Some(more @ 1..) = check.problems.len().checked_sub(MOST_TOLD) {
            say!("    {}", self.say("doctor-more", &[("count", more.into())]));
        }
    }

    /// What the doors of the running server did since its start. Lost records are not well.
    fn intake(self, doors: &[DoorFigures]) -> Check {
        let says = doors.iter().map(|door| {
            let counted = &door.counters;
            let arguments = [
                ("door", format!("{} {}", door.name, door.address).into()),
                ("received", counted.received.into()),
                ("lost", counted.dropped.into()),
                ("kernel", counted.kernel_dropped.into()),
                ("cut", counted.truncated.into()),
                ("open", counted.open.into()),
                ("refused", door.refused().into()),
            ];
            self.say("doctor-door", &arguments)
        });
        let says = says.collect::<Vec<_>>().join("; ");
        let lost = doors.iter().any(|door| door.lost() > 0);
        check("intake", if lost { Err(says) } else { Ok(says) })
    }

    /// How much room for waiting datagrams the kernel gives a door that asks for more (Linux).
    fn datagrams(self) -> Option<Check> {
        let most: usize = std::fs::read_to_string("/proc/sys/net/core/rmem_max").ok()?.trim().parse().ok()?;
        Some(check("datagrams", Ok(self.room_for_datagrams(most))))
    }

    fn room_for_datagrams(self, most: usize) -> String {
        let room = ("room", (most >> 10).into());
        match most >= WAITING_BYTES {
            true => self.say("doctor-datagrams-well", &[room]),
            // As a text: a number would be grouped, and the line is there to be copied.
            false => self.say("doctor-datagrams-few", &[room, ("wanted", WAITING_BYTES.to_string().into())]),
        }
    }

    fn retention(self, configuration: &Configuration) -> Check {
        let content = Content::new(configuration.content_directory.clone());
        let read = Retention::load(&content).map_err(|error| self.quoting("doctor-retention-unread", &error));
        check("retention", read.and_then(|retention| retention.judge(&configuration.events, self.0)))
    }

    fn texts(self) -> Check {
        let problems = texts().problems();
        let keys = kit::locale::keys(Lang::Vi).len();
        let found = match problems.is_empty() {
            true => Ok(self.say("doctor-texts-well", &[("count", keys.into())])),
            false => Err(self.quote("doctor-texts-wrong", problems.join("; "))),
        };
        check("texts", found)
    }

    /// Free space of the data directory's disk; under a tenth is not well.
    fn space(self, data: &Path) -> Check {
        let size = |bytes: u64| match bytes {
            0..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
            _ => format!("{:.1} GB", bytes as f64 / 1e9),
        };
        let Some((free, all)) = room(data) else {
            return check("disk", Err(self.say("doctor-disk-unknown", &[])));
        };
        let share = free as f64 / all as f64 * 100.0;
        let arguments =
            [("free", size(free).into()), ("all", size(all).into()), ("percent", format!("{share:.0}").into())];
        let says = self.say("doctor-disk-room", &arguments);
        let found = match share {
            0.0..1.0 => Err(format!("{says}: {}", self.say("doctor-disk-full", &[]))),
            1.0..10.0 => Err(says),
            _ => Ok(says),
        };
        check("disk", found)
    }

    async fn deep(self, centre: &Centre) -> Vec<Check> {
        let scope = Scope::service("doctor");
        let scoped = centre.db.scoped(&scope);
        let audit = match organisation::audit::verify(&scoped.read()).await {
            Ok(Ok(rows)) => Ok(self.say("doctor-audit-well", &[("count", rows.into())])),
            Ok(Err(broken)) => {
                let arguments = [("row", broken.sequence.into()), ("reason", broken.reason.to_string().into())];
                Err(self.say("doctor-audit-broken", &arguments))
            }
            Err(error) => Err(self.quote("doctor-no-answer", error.to_string())),
        };
        let store = match centre.store.verify().await {
            Ok(report) => self.store(&report),
            Err(error) => check("event store", Err(self.quote("doctor-no-answer", error.to_string()))),
        };
        let book = centre.rules.current();
        let mut rules = check("rules", Ok(self.say("doctor-rules-well", &[("count", book.set.len().into())])));
        if !book.errors.is_empty() {
            let arguments = [("count", book.set.len().into()), ("failed", book.errors.len().into())];
            rules = check("rules", Err(self.say("doctor-rules-failed", &arguments)));
            rules.problems = book.errors.iter().map(ToString::to_string).collect();
        }
        vec![check("audit trail", audit), store, rules, self.formats(&centre.content)]
    }

    fn store(self, report: &Report) -> Check {
        if report.ok() {
            let arguments = [
                ("records", report.log_records.into()),
                ("segments", report.segments.into()),
                ("rows", report.rows.into()),
            ];
            return check("event store", Ok(self.say("doctor-store-well", &arguments)));
        }
        let problem = |problem: &Problem| {
            let part = match problem.part.as_str() {
                "log" => "doctor-part-log",
                "segment" => "doctor-part-segment",
                "ledger" => "doctor-part-ledger",
                _ => "doctor-part-manifest",
            };
            let arguments = [
                ("part", self.say(part, &[]).into()),
                ("file", problem.file.as_str().into()),
                ("reason", problem.reason.as_str().into()),
            ];
            self.say("doctor-store-problem", &arguments)
        };
        let count = [("count", report.problems.len().into())];
        let mut store = check("event store", Err(self.say("doctor-store-wrong", &count)));
        store.problems = report.problems.iter().map(problem).collect();
        store
    }

    /// Runs the sample lines as their authors wrote them: without the zone that this centre has set.
    fn formats(self, content: &Content) -> Check {
        let read = content.files("formats", &[".toml"]).map_err(|error| format!("{error:#}"));
        let formats = match read.and_then(|files| FormatSet::load(&files).map_err(|error| error.to_string())) {
            Ok(formats) => formats,
            Err(words) => return check("formats", Err(self.quote("doctor-formats-unread", words))),
        };
        let (samples, failures) = formats.check_samples(SAMPLES_ARRIVED);
        let counts = [("formats", formats.names().len().into()), ("samples", samples.into())];
        let mut found = check("formats", Ok(self.say("doctor-formats-well", &counts)));
        if !failures.is_empty() {
            found = check("formats", Err(self.say("doctor-formats-wrong", &[("count", failures.len().into())])));
        }
        for failure in failures {
            let arguments = [
                ("format", failure.format.into()),
                ("line", failure.line.into()),
                ("difference", failure.difference.into()),
            ];
            found.problems.push(self.say("doctor-sample", &arguments));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_the_store_are_told_in_sentences_of_the_language_asked_for() {
        let problem =
            |part: &str, file: &str| Problem { part: part.into(), file: file.into(), reason: "missing".into() };
        let report =
            Report { problems: vec![problem("segment", "a.parquet"), problem("log", "7.log")], ..Report::default() };
        let told = Examiner(Lang::Vi).store(&report);
        assert!(!told.well && told.says.starts_with("2 "), "{}", told.says);
        assert!(told.problems[0].starts_with("Đoạn lưu a.parquet"), "{}", told.problems[0]);
        let told = Examiner(Lang::En).store(&report);
        assert!(told.problems[1].contains("7.log") && !told.problems[1].contains("Problem {"), "{:?}", told.problems);
    }

    #[test]
    fn little_room_for_datagrams_is_told_with_what_to_do() {
        let told = |most| Examiner(Lang::En).room_for_datagrams(most);
        assert!(told(212_992).contains("sysctl -w net.core.rmem_max=33554432"));
        assert!(!told(WAITING_BYTES).contains("sysctl"));
    }
}
