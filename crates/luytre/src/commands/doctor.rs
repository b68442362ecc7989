//! `luytre doctor`: what is well and what is not, in sentences of the terminal's language or as JSON.

mod archive;

use super::{language, print_json, say};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control::{self, Feeds};
use crate::examination::{Check, Examiner, check};
use crate::spare::room;
use anyhow::Result;
use clap::Args;
use ingest::listeners::WAITING_BYTES;
use kit::Lang;
use kit::locale::texts;
use monitoring::intake::{DoorFigures, ExporterFigures};
use monitoring::pull::FeedFigures;
use monitoring::watch::FolderFigures;
use std::path::Path;
use std::process::ExitCode;

/// Problems of one part that are told one by one.
const MOST_TOLD: usize = 20;

/// Checks the data directory: settings, registers and audit trail, event store with its log and segments, rules,
/// formats, texts, space. Exit code 1 where something is not well. A running server takes the look into its own store
/// itself, so that the list is the same.
#[derive(Debug, Args)]
pub struct Doctor {
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let examiner = Examiner(language());
        let settings = configuration.check().map(|()| examiner.say("doctor-configuration-well", &[]));
        let mut checks = vec![
            check("configuration", settings.map_err(|error| examiner.quoting("doctor-configuration-wrong", &error))),
            examiner.texts(),
            examiner.space(data),
        ];
        let intake = &configuration.intake;
        let datagrams = intake.syslog_udp.or(intake.gelf_udp).or(intake.flow_udp);
        checks.extend(datagrams.and_then(|_| examiner.datagrams()));
        checks.extend(examiner.archive(&configuration).await);
        if let Some(server) = control::running(data).await? {
            checks.push(check("server", Ok(examiner.say("doctor-server-runs", &[]))));
            checks.push(match server.post::<Vec<DoorFigures>>("/control/doors", &()).await {
                Ok(doors) => examiner.intake(&doors),
                Err(error) => check("intake", Err(examiner.quoting("doctor-no-answer", &error))),
            });
            match server.post::<Feeds>("/control/feeds", &()).await {
                Ok(feeds) => checks.extend(examiner.feeds(&feeds)),
                Err(error) => checks.push(check("flows", Err(examiner.quoting("doctor-no-answer", &error)))),
            }
            match server.post::<Vec<Check>>("/control/examine", &examiner.0).await {
                Ok(found) => checks.extend(found),
                Err(error) => checks.push(check("centre", Err(examiner.quoting("doctor-no-answer", &error)))),
            }
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

impl Examiner {
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
                ("undecoded", counted.undecoded.into()),
                ("open", counted.open.into()),
                ("refused", door.refused().into()),
            ];
            self.say("doctor-door", &arguments)
        });
        let says = says.collect::<Vec<_>>().join("; ");
        let lost = doors.iter().any(|door| door.lost() > 0);
        check("intake", if lost { Err(says) } else { Ok(says) })
    }

    /// Flows and watched folders, where there are any.
    fn feeds(self, feeds: &Feeds) -> Vec<Check> {
        let flows = (!feeds.exporters.is_empty()).then(|| self.flows(&feeds.exporters));
        let folders = (!feeds.folders.is_empty()).then(|| self.folders(&feeds.folders));
        let pulled = (!feeds.pulled.is_empty()).then(|| self.pulled(&feeds.pulled));
        flows.into_iter().chain(folders).chain(pulled).collect()
    }

    /// Feeds that are fetched. One that does not answer is not well.
    fn pulled(self, feeds: &[FeedFigures]) -> Check {
        let says = |one: &FeedFigures| {
            let trouble = one.trouble.as_deref().unwrap_or("–");
            let arguments = [
                ("feed", one.name.as_str().into()),
                ("fetched", one.fetched.into()),
                ("records", one.records.into()),
                ("trouble", trouble.into()),
            ];
            self.say("doctor-feed", &arguments)
        };
        let wrong = feeds.iter().filter(|one| one.trouble.is_some()).count();
        let arguments = [("count", feeds.len().into()), ("wrong", wrong.into())];
        let found = match wrong {
            0 => Ok(self.say("doctor-feeds-well", &arguments)),
            _ => Err(self.say("doctor-feeds-wrong", &arguments)),
        };
        Check { problems: feeds.iter().map(says).collect(), ..check("feeds", found) }
    }

    /// Who sends flows. One of whom nothing can be read is not well: its templates do not come.
    fn flows(self, exporters: &[ExporterFigures]) -> Check {
        let says = |one: &ExporterFigures| {
            let arguments = [
                ("exporter", one.exporter.to_string().into()),
                ("version", one.version.to_string().into()),
                ("domain", one.domain.to_string().into()),
                ("flows", one.flows.into()),
                ("missed", one.missed.into()),
                ("undecoded", one.undecoded.into()),
                ("templates", one.templates.into()),
                ("sampling", one.sampling.unwrap_or(1).into()),
            ];
            self.say("doctor-exporter", &arguments)
        };
        let mute = exporters.iter().filter(|one| one.flows == 0 && one.undecoded > 0).count();
        let arguments = [("count", exporters.len().into()), ("mute", mute.into())];
        let found = match mute {
            0 => Ok(self.say("doctor-flows-well", &arguments)),
            _ => Err(self.say("doctor-flows-mute", &arguments)),
        };
        Check { problems: exporters.iter().map(says).collect(), ..check("flows", found) }
    }

    /// Watched folders. One with files that cannot be read, or with too many, is not well.
    fn folders(self, folders: &[FolderFigures]) -> Check {
        let says = |one: &FolderFigures| {
            let arguments = [
                ("folder", one.folder.as_str().into()),
                ("followed", one.followed.into()),
                ("whole", one.whole.into()),
                ("records", one.records.into()),
                ("rejected", one.rejected.into()),
                ("behind", one.behind.into()),
                ("skipped", one.skipped.into()),
                ("left", one.left_out.into()),
            ];
            self.say("doctor-folder", &arguments)
        };
        let troubles: Vec<&String> = folders.iter().flat_map(|one| &one.troubles).collect();
        let wrong = folders.iter().filter(|one| !one.troubles.is_empty() || one.left_out > 0).count();
        let arguments = [("count", folders.len().into()), ("wrong", wrong.into())];
        let found = match wrong {
            0 => Ok(self.say("doctor-folders-well", &arguments)),
            _ => Err(self.say("doctor-folders-wrong", &arguments)),
        };
        let problems = folders.iter().map(says).chain(troubles.into_iter().cloned()).collect();
        Check { problems, ..check("watched folders", found) }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_for_datagrams_is_told_with_what_to_do() {
        let told = |most| Examiner(Lang::En).room_for_datagrams(most);
        assert!(told(212_992).contains("sysctl -w net.core.rmem_max=33554432"));
        assert!(!told(WAITING_BYTES).contains("sysctl"));
    }
}
