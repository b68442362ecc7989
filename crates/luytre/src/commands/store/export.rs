//! `luytre store export`.

use super::super::search::{moment, tell_unreadable};
use super::super::{plain, print_json, tell, text};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control::{self, ExportQuestion};
use anyhow::Result;
use clap::{Args, ValueEnum};
use event_store::Exported;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file to write; it must not exist.
    file: PathBuf,
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// A day in Vietnamese time, such as 2026-11-21.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    day: Option<String>,
    /// From when: `24h`, `30d`, a day, or a time such as `2026-07-05T08:00:00+07:00`.
    #[arg(long)]
    from: Option<String>,
    #[arg(long)]
    to: Option<String>,
    /// Only what this search finds.
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    search: String,
    /// Only the events of this incident, by its code.
    #[arg(long)]
    incident: Option<String>,
    /// Go on where files are missing or damaged or the archive does not answer, with what can be read. Without it nothing is
    /// written then, and the days are named.
    #[arg(long)]
    without_unreadable: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Parquet,
    Json,
}

impl Export {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let now = jiff::Timestamp::now().as_microsecond();
        let time = |text: &Option<String>| text.as_deref().map(|text| moment(text, now)).transpose();
        let (from, to) = match &self.day {
            Some(day) => {
                let day: jiff::civil::Date =
                    day.parse().map_err(|_| anyhow::anyhow!(text("store-no-day", &[("day", day.as_str().into())])))?;
                let start = kit::calendar::start_of_day;
                (Some(start(day)), Some(start(day.tomorrow()?)))
            }
            None => (time(&self.from)?, time(&self.to)?),
        };
        anyhow::ensure!(from.zip(to).is_none_or(|(from, to)| from < to), text("moment-backwards", &[]));
        let json = match self.format {
            Some(format) => format == Form::Json,
            None => self.file.extension().is_none_or(|extension| extension != "parquet"),
        };
        let question = ExportQuestion {
            file: std::path::absolute(&self.file)?,
            json,
            query: self.search.clone(),
            from,
            to,
            incident: self.incident.clone(),
            without_unreadable: self.without_unreadable,
            user: crate::commands::user_of_the_system(),
        };
        let done: Exported = match control::running(data).await? {
            Some(server) => server.post("/control/export", &question).await?,
            None => {
                let centre = Centre::open(data, &configuration).await?;
                let done = centre.export(&question).await;
                centre.close().await;
                done?
            }
        };
        if self.json {
            print_json(&done)?;
        } else {
            let hash = done.sha256.to_string().into();
            tell("store-exported", &[("events", plain(done.events)), ("bytes", plain(done.bytes)), ("sha256", hash)]);
        }
        // It was asked to go on: what is not in the file is told, and the file is what was wanted.
        let _ = tell_unreadable(Some(&serde_json::to_value(&done.unreadable)?));
        Ok(ExitCode::SUCCESS)
    }
}
