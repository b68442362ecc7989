//! A look into an open centre: audit trail, event store, rules, formats. `luytre doctor` takes it itself, or asks the
//! server that has the data directory open to take it.

use crate::centre::Centre;
use detection::CorrelationCounters;
use event_store::{Problem, Report, Unreadable};
use ingest::{FormatSet, SAMPLES_ARRIVED};
use kit::clock::{DAY, Micros};
use kit::locale::{Argument, texts};
use kit::{Lang, Scope};
use monitoring::enrichment::FileState;
use monitoring::pipeline::CountersSnapshot;
use organisation::agencies::{self, Agency};
use organisation::audit;
use organisation::regulations::{Source, State, Unread};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What was looked at and what was found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Check {
    pub name: Cow<'static, str>,
    pub well: bool,
    pub says: String,
    /// Each thing that is not well, in a sentence, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The beginning of a fingerprint, enough to recognise it.
fn short(fingerprint: &str) -> String {
    fingerprint.chars().take(16).collect()
}

/// The checks in one language.
#[derive(Clone, Copy)]
pub struct Examiner(pub Lang);

pub(crate) fn check(name: &'static str, found: Result<String, String>) -> Check {
    let (well, says) = match found {
        Ok(says) => (true, says),
        Err(says) => (false, says),
    };
    Check { name: Cow::Borrowed(name), well, says, problems: Vec::new() }
}

/// Key of the name of a part of the store.
pub(crate) fn part_key(part: &str) -> &'static str {
    match part {
        "log" => "doctor-part-log",
        "segment" => "doctor-part-segment",
        "ledger" => "doctor-part-ledger",
        _ => "doctor-part-manifest",
    }
}

impl Examiner {
    pub(crate) fn say(self, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        texts().text_with(self.0, key, arguments)
    }

    /// A sentence, and after it what the part says itself, with its causes.
    pub(crate) fn quoting(self, key: &str, error: &anyhow::Error) -> String {
        self.quote(key, format!("{error:#}"))
    }

    pub(crate) fn quote(self, key: &str, words: String) -> String {
        let arguments = [("sentence", self.say(key, &[]).into()), ("words", words.into())];
        self.say("error-with-words", &arguments)
    }

    pub async fn deep(self, centre: &Centre) -> Vec<Check> {
        let scope = Scope::service("doctor");
        let scoped = centre.db.scoped(&scope);
        let audit = match organisation::audit::verify(&scoped.read(), Some(&centre.checkpoints)).await {
            Ok(report) => self.audit(&report, centre.checkpoints.trouble()),
            Err(error) => check("audit trail", Err(self.quote("doctor-no-answer", error.to_string()))),
        };
        let sealed = match crate::sealing::examine_all(&centre.db).await {
            Ok((count, 0)) => Ok(self.say("doctor-sealed-well", &[("count", count.into())])),
            Ok((count, lost)) => Err(self.say("doctor-sealed-lost", &[("count", count.into()), ("lost", lost.into())])),
            Err(error) => Err(self.quote("doctor-no-answer", error.to_string())),
        };
        let store = match centre.store.verify_here().await {
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
        let figures = centre.pipeline.counters();
        let (pipeline, correlations) = (self.pipeline(&figures), self.correlations(&figures.correlations));
        let law = self.law(&centre.regulations.current());
        let settings = centre.settings.current();
        let retention = check("retention", settings.retention.judge(centre.configuration.events.wish(), self.0));
        let files = centre.pipeline.enrichment().current().geoip().files();
        let geoip = self.geoip(&files, settings.tuning.enrichment.geoip_days, centre.clock.now());
        let formats = self.formats(&centre.regulations.current());
        let sealed = check("sealed fields", sealed);
        let agencies = self.agencies(&agencies::numbered(&scoped.read(), centre.clock.now()).await);
        let mut checks =
            vec![retention, audit, sealed, agencies, store, pipeline, rules, correlations, geoip, law, formats];
        if let Some(list) = centre.breached() {
            checks.push(self.breached(list.trouble().await));
        }
        checks
    }

    /// Agencies that had the same code and were numbered: whether each is one of its own is for people to say.
    fn agencies(self, numbered: &Result<Vec<Agency>, kit::Error>) -> Check {
        let found = match numbered {
            Ok(numbered) if numbered.is_empty() => Ok(self.say("doctor-agencies-well", &[])),
            Ok(numbered) => {
                let codes = numbered.iter().map(|agency| agency.code.as_str()).collect::<Vec<_>>().join(", ");
                Err(self.say("doctor-agencies-numbered", &[("codes", codes.into())]))
            }
            Err(error) => Err(self.quote("doctor-no-answer", error.to_string())),
        };
        check("agencies", found)
    }

    /// The list of breached passwords, by what keeps it from being read.
    fn breached(self, trouble: Option<String>) -> Check {
        let found = match trouble {
            None => Ok(self.say("doctor-breached-well", &[])),
            Some(words) => Err(self.quote("doctor-breached-unread", words)),
        };
        check("breached passwords", found)
    }

    /// What went through since the start, and what kept it waiting. One that has stopped is not well.
    fn pipeline(self, figures: &CountersSnapshot) -> Check {
        let arguments = [
            ("read", figures.read.into()),
            ("unknown", figures.not_understood.into()),
            ("waiting", figures.waiting.into()),
            ("matches", figures.matches.into()),
            ("write", figures.slowest_write_ms.into()),
            ("changes", figures.rule_changes.into()),
            ("change", figures.slowest_rule_change_us.into()),
            ("refused", figures.database_errors.into()),
        ];
        let says = self.say("doctor-pipeline-says", &arguments);
        check("pipeline", if figures.stopped { Err(self.quote("doctor-pipeline-stopped", says)) } else { Ok(says) })
    }

    /// What correlations remember. What they had to forget while it might still have counted is not well.
    fn correlations(self, held: &CorrelationCounters) -> Check {
        let arguments = [
            ("groups", held.groups.into()),
            ("entries", held.entries.into()),
            ("forgotten", held.forgotten_groups.into()),
            ("matches", held.forgotten_entries.into()),
            ("unsaved", held.unsaved_groups.into()),
        ];
        let well = held.forgotten_groups == 0 && held.unsaved_groups == 0;
        let says = self.say(if well { "doctor-correlations-well" } else { "doctor-correlations-forgot" }, &arguments);
        check("correlations", if well { Ok(says) } else { Err(says) })
    }

    /// Files that say where addresses are from. One that cannot be read or is old is not well.
    fn geoip(self, files: &[FileState], most_days: i64, now: Micros) -> Check {
        let problem = |file: &FileState| {
            let path = ("path", file.path.display().to_string().into());
            if let Some(problem) = &file.problem {
                return Some(self.say("doctor-geoip-unread", &[path, ("problem", problem.as_str().into())]));
            }
            let days = file.built.map(|built| now.saturating_sub(built) / DAY).unwrap_or_default();
            file.is_old(most_days, now).then(|| self.say("doctor-geoip-old", &[path, ("days", days.into())]))
        };
        let problems: Vec<String> = files.iter().filter_map(problem).collect();
        let counts = [("count", files.len().into()), ("wrong", problems.len().into())];
        let key = match (files.is_empty(), problems.is_empty()) {
            (true, _) => "doctor-geoip-none",
            (_, true) => "doctor-geoip-well",
            (_, false) => "doctor-geoip-wrong",
        };
        let says = self.say(key, &counts);
        Check { problems, ..check("geoip", if key == "doctor-geoip-wrong" { Err(says) } else { Ok(says) }) }
    }

    /// Files of law in force, and versions that the program does not read.
    fn law(self, state: &State) -> Check {
        let changed = state.files.values().filter(|file| matches!(file.source, Source::Version { .. })).count();
        let counts = [("count", state.files.len().into()), ("changed", changed.into())];
        if state.unread.is_empty() {
            return check("law", Ok(self.say("doctor-law-well", &counts)));
        }
        let arguments = [("count", state.files.len().into()), ("unread", state.unread.len().into())];
        let mut found = check("law", Err(self.say("doctor-law-unread", &arguments)));
        let faults =
            |one: &Unread| one.faults.iter().map(|fault| fault.in_words(self.0)).collect::<Vec<_>>().join("; ");
        let problem = |one: &Unread| {
            let arguments =
                [("path", one.path.as_str().into()), ("version", one.version.into()), ("faults", faults(one).into())];
            self.say("regulation-unread-version", &arguments)
        };
        found.problems = state.unread.iter().map(problem).collect();
        found
    }

    fn audit(self, report: &audit::Report, trouble: Option<audit::KeyTrouble>) -> Check {
        let counts =
            [("count", report.rows.into()), ("signed", report.signed_rows.into()), ("key", short(&report.key).into())];
        match (report.ok(), trouble) {
            (true, None) => return check("audit trail", Ok(self.say("doctor-audit-well", &counts))),
            (true, Some(trouble)) => return check("audit trail", Err(self.say(trouble.key(), &[]))),
            (false, _) => {}
        }
        let count = report.problems.len() as u64 + report.more;
        let mut found = check("audit trail", Err(self.say("doctor-audit-broken", &[("count", count.into())])));
        let trouble = trouble.map(|trouble| self.say(trouble.key(), &[]));
        let problems = report.problems.iter().map(|problem| self.problem_of_audit(problem));
        found.problems = trouble.into_iter().chain(problems).collect();
        found
    }

    pub(crate) fn problem_of_audit(self, problem: &audit::Problem) -> String {
        // As texts: a number would be grouped, and rows are looked up by it.
        let arguments = [("first", problem.first.to_string().into()), ("last", problem.last.to_string().into())];
        self.say(problem.fault.key(), &arguments)
    }

    fn store(self, report: &Report) -> Check {
        if report.ok() {
            let arguments = [
                ("records", report.log_records.into()),
                ("segments", report.segments.into()),
                ("rows", report.rows.into()),
            ];
            let well = self.say("doctor-store-well", &arguments);
            return check(
                "event store",
                Ok([Some(well), self.lost(report)].into_iter().flatten().collect::<Vec<_>>().join("; ")),
            );
        }
        let problem = |problem: &Problem| {
            let arguments = [
                ("part", self.say(part_key(&problem.part), &[]).into()),
                ("file", problem.file.as_str().into()),
                ("reason", problem.reason.as_str().into()),
            ];
            self.say("doctor-store-problem", &arguments)
        };
        let count = [("count", report.problems.len().into())];
        let mut store = check("event store", Err(self.say("doctor-store-wrong", &count)));
        store.problems = report.problems.iter().map(problem).chain(self.lost(report)).collect();
        store
    }

    /// Events that a repair could not save: nothing can be done about it any more, and nobody shall forget it.
    fn lost(self, report: &Report) -> Option<String> {
        let events = report.lost.iter().map(|one| one.events).sum::<u64>();
        let days = Unreadable::days_of(&report.lost).join(", ");
        (!report.lost.is_empty())
            .then(|| self.say("doctor-store-lost", &[("events", events.into()), ("days", days.into())]))
    }

    /// Runs the sample lines as their authors wrote them: without the zone that this centre has set.
    fn formats(self, law: &State) -> Check {
        let texts = law.texts().into_iter().filter(|(path, _)| path.starts_with("formats/"));
        let formats = match FormatSet::load(&texts.collect::<Vec<_>>()) {
            Ok(formats) => formats,
            Err(errors) => return check("formats", Err(self.quote("doctor-formats-unread", errors.to_string()))),
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
    fn a_file_of_addresses_that_is_missing_or_old_is_told() {
        let file = |built: Option<Micros>, problem: Option<&str>| FileState {
            path: "country.mmdb".into(),
            built,
            problem: problem.map(ToOwned::to_owned),
        };
        let now = 10_000 * DAY;
        assert!(Examiner(Lang::Vi).geoip(&[], 60, now).well);
        assert!(Examiner(Lang::Vi).geoip(&[file(Some(now - DAY), None)], 60, now).well);
        let told = Examiner(Lang::Vi).geoip(&[file(None, Some("no such file")), file(Some(0), None)], 60, now);
        assert!(!told.well && told.problems.len() == 2, "{told:?}");
        assert!(told.problems[0].contains("no such file") && told.problems[1].contains("country.mmdb"), "{told:?}");
    }

    #[test]
    fn a_list_of_breached_passwords_that_cannot_be_read_is_told() {
        assert!(Examiner(Lang::Vi).breached(None).well);
        let told = Examiner(Lang::Vi).breached(Some("/srv/sha1.txt: gone".into()));
        assert!(!told.well && told.says.contains("/srv/sha1.txt: gone"), "{told:?}");
    }

    #[test]
    fn what_a_repair_could_not_save_is_told_for_ever() {
        let lost: Vec<Unreadable> =
            serde_json::from_str(r#"[{"why":"lost","days":["2026-11-21"],"files":1,"events":1993}]"#).unwrap();
        let told = Examiner(Lang::En).store(&Report { lost, ..Report::default() });
        assert!(told.well && told.says.contains("2026-11-21") && told.says.contains("993"), "{}", told.says);
        assert!(!Examiner(Lang::En).store(&Report::default()).says.contains("lost"));
    }

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
}
