//! `luytre doctor`: what is well and what is not, in words.

use super::{print_json, say};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::content::Content;
use crate::control;
use crate::retention::Retention;
use crate::spare::room;
use anyhow::Result;
use clap::Args;
use ingest::listeners::WAITING_BYTES;
use ingest::{FormatSet, SAMPLES_ARRIVED};
use kit::Scope;
use monitoring::intake::DoorFigures;
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;

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
}

impl Doctor {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let mut checks = vec![
            check(
                "configuration",
                configuration.check().map(|()| "sound".to_owned()).map_err(|error| error.to_string()),
            ),
            texts(),
            retention(&configuration),
            space(data),
        ];
        checks.extend(configuration.intake.syslog_udp.and_then(|_| datagrams()));
        if let Some(server) = control::running(data).await? {
            checks.push(check("server", Ok("runs and answers; stop it to check the event store in depth".to_owned())));
            match server.post::<Vec<DoorFigures>>("/control/doors", &()).await {
                Ok(doors) => checks.push(intake(&doors)),
                Err(error) => checks.push(check("intake", Err(format!("{error:#}")))),
            }
        } else {
            match Centre::open(data, &configuration).await {
                Ok(centre) => {
                    checks.extend(deep(&centre).await);
                    centre.close().await;
                }
                Err(error) => checks.push(check("centre", Err(format!("{error:#}")))),
            }
        }
        let well = checks.iter().all(|check| check.well);
        if self.json {
            print_json(&checks)?;
        } else {
            for check in &checks {
                say!("{} {:<14} {}", if check.well { "✓" } else { "✗" }, check.name, check.says);
            }
        }
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn check(name: &'static str, found: Result<String, String>) -> Check {
    match found {
        Ok(says) => Check { name, well: true, says },
        Err(says) => Check { name, well: false, says },
    }
}

/// What the doors of the running server did since its start. Lost records are not well.
fn intake(doors: &[DoorFigures]) -> Check {
    let says = doors.iter().map(|door| {
        let counted = &door.counters;
        format!(
            "{} {}: received {}, lost {}, dropped by the kernel {}, cut {}, connections open {}, refused {}",
            door.name,
            door.address,
            counted.received,
            counted.dropped,
            counted.kernel_dropped,
            counted.truncated,
            counted.open,
            door.refused()
        )
    });
    let says = says.collect::<Vec<_>>().join("; ");
    let lost = doors.iter().any(|door| door.lost() > 0);
    check("intake", if lost { Err(says) } else { Ok(says) })
}

/// How much room for waiting datagrams the kernel gives a door that asks for more (Linux).
fn datagrams() -> Option<Check> {
    let most: usize = std::fs::read_to_string("/proc/sys/net/core/rmem_max").ok()?.trim().parse().ok()?;
    Some(check("datagrams", Ok(room_for_datagrams(most))))
}

fn room_for_datagrams(most: usize) -> String {
    let kib = |bytes: usize| bytes >> 10;
    if most >= WAITING_BYTES {
        return format!("the kernel lets {} KiB of syslog over UDP wait", kib(most));
    }
    format!(
        "the kernel lets only {} KiB of syslog over UDP wait, and drops what comes while they are full; \
         `sysctl -w net.core.rmem_max={WAITING_BYTES}` gives bursts room (again after each start: /etc/sysctl.d)",
        kib(most)
    )
}

fn retention(configuration: &Configuration) -> Check {
    let content = Content::new(configuration.content_directory.clone());
    let read = Retention::load(&content).map_err(|error| format!("{error:#}"));
    check("retention", read.and_then(|retention| retention.judge(configuration.events.retention_days)))
}

fn texts() -> Check {
    let problems = kit::locale::texts().problems();
    let keys = kit::locale::keys(kit::Lang::Vi).len();
    let found =
        if problems.is_empty() { Ok(format!("{keys} keys in two languages")) } else { Err(problems.join("; ")) };
    check("texts", found)
}

/// Free space of the data directory's disk; under a tenth is not well.
fn space(data: &Path) -> Check {
    let size = |bytes: u64| match bytes {
        0..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    };
    let found = match room(data) {
        None => Err("the disk does not say how much room it has".to_owned()),
        Some((free, all)) => {
            let share = free as f64 / all as f64 * 100.0;
            let says = format!("{} free of {} ({share:.0} %)", size(free), size(all));
            match share {
                0.0..1.0 => Err(format!("{says}: the disk is full, no record is taken in until there is room")),
                1.0..10.0 => Err(says),
                _ => Ok(says),
            }
        }
    };
    check("disk", found)
}

async fn deep(centre: &Centre) -> Vec<Check> {
    let scope = Scope::service("doctor");
    let scoped = centre.db.scoped(&scope);
    let audit = match organisation::audit::verify(&scoped.read()).await {
        Ok(Ok(rows)) => Ok(format!("{rows} rows, every hash fits the one before")),
        Ok(Err(broken)) => Err(format!("row {}: {}", broken.sequence, broken.reason)),
        Err(error) => Err(error.to_string()),
    };
    let store = match centre.store.verify().await {
        Ok(report) if report.ok() => Ok(format!(
            "{} records in the log, {} segments with {} rows, every hash fits",
            report.log_records, report.segments, report.rows
        )),
        Ok(report) => Err(format!("{:?}", report.problems)),
        Err(error) => Err(error.to_string()),
    };
    let book = centre.rules.current();
    let rules = if book.errors.is_empty() {
        Ok(format!("{} loaded", book.set.len()))
    } else {
        let reasons: Vec<_> = book.errors.iter().take(5).map(ToString::to_string).collect();
        Err(format!("{} loaded, {} not: {}", book.set.len(), book.errors.len(), reasons.join("; ")))
    };
    vec![
        check("audit trail", audit),
        check("event store", store),
        check("rules", rules),
        check("formats", formats(&centre.content)),
    ]
}

/// Runs the sample lines as their authors wrote them: without the zone that this centre has set.
fn formats(content: &Content) -> Result<String, String> {
    let files = content.files("formats", &[".toml"]).map_err(|error| error.to_string())?;
    let formats = FormatSet::load(&files).map_err(|error| error.to_string())?;
    let (samples, failures) = formats.check_samples(SAMPLES_ARRIVED);
    match failures.is_empty() {
        true => Ok(format!("{} formats, {samples} sample lines read as expected", formats.names().len())),
        false => Err(failures.iter().map(|failure| format!("{failure:?}")).collect::<Vec<_>>().join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_for_datagrams_is_told_with_what_to_do() {
        assert!(room_for_datagrams(212_992).contains("sysctl -w net.core.rmem_max=33554432"));
        assert!(!room_for_datagrams(WAITING_BYTES).contains("sysctl"));
    }
}
