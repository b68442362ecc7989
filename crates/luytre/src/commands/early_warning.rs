//! `luytre early-warning evaluate`: how good the detectors are, on labelled anomalies in recorded noise.

use super::rules::known::has_registers;
use super::{about_file, plain, print_json, say, tell, text};
use crate::centre::{Registers, regulations, settings_in_force};
use crate::configuration::Configuration;
use crate::content::Content;
use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, Subcommand};
use event::{Event, Listener, Origin, RawRecord};
use ingest::FormatSet;
use ingest::files::{FileRecords, Limits};
use kit::live::Live;
use kit::locale::Argument;
use monitoring::early_warning::evaluation::{Share, evaluate};
use monitoring::settings::Settings;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, Args)]
pub struct EarlyWarning {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put labelled anomalies of three magnitudes into recorded logs and say which the detectors find: precision and recall
    /// with n and the 95 % interval by Wilson. The detectors are those of the settings in force.
    ///
    /// The recording is stretched over four weeks, of which three are learnt from. Magnitudes: volume, times the median of
    /// an hour; fan-out, new destinations in an hour; address, sign-ins from it; rare program, times it ran before; hour,
    /// hours away from the usual ones; beaconing, spread of the pauses.
    Evaluate {
        /// Recorded logs, as for `import`; each file is a source.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Trials of each detector and magnitude.
        #[arg(long, default_value_t = 100)]
        trials: u64,
        /// Begins the numbers by which anomalies are placed; the same gives the same.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Directory of content whose settings and formats are judged, in the place of what is in force.
        #[arg(long)]
        content: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
}

impl EarlyWarning {
    /// Runs where no registers have to be asked; nothing where they have.
    pub(super) fn run_alone(
        &self,
        data: &Path,
        configuration: impl FnOnce() -> Result<Configuration>,
    ) -> Option<Result<ExitCode>> {
        let Command::Evaluate { content, .. } = &self.command;
        let judged = match (content, configuration()) {
            (Some(directory), Ok(configuration)) => {
                if !directory.is_dir() {
                    return Some(Err(anyhow!(about_file(directory, "command-no-file"))));
                }
                Configuration { content_directory: Some(directory.clone()), ..configuration }
            }
            (None, Ok(configuration)) if has_registers(data, &configuration) => return None,
            (None, Ok(configuration)) => configuration,
            (_, Err(error)) => return Some(Err(error)),
        };
        Some(regulations(&judged).and_then(|(_, law)| self.judge(&law.settings.current(), &judged)))
    }

    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        let registers = Registers::open(data, &configuration, &Live::default()).await?;
        let settings = settings_in_force(&registers, &configuration).await?;
        self.judge(&settings, &configuration)
    }

    fn judge(&self, settings: &Settings, configuration: &Configuration) -> Result<ExitCode> {
        let Command::Evaluate { files, trials, seed, json, .. } = &self.command;
        let content = Content::new(configuration.content_directory.clone());
        let formats = FormatSet::load(&content.files("formats", &[".toml"])?).context("formats")?;
        let mut events = Vec::new();
        for file in files {
            ensure!(file.is_file(), about_file(file, "command-no-file"));
            read(file, &formats, &mut events);
        }
        let figures = evaluate(&settings.early_warning, &events, *trials, *seed);
        if *json {
            print_json(&figures)?;
            return Ok(ExitCode::SUCCESS);
        }
        tell("early-warning-evaluated", &[("events", plain(events.len())), ("files", plain(files.len()))]);
        for one in &figures {
            let figures: [(&str, Argument<'_>); 4] = [
                ("detector", one.detector.as_str().into()),
                ("magnitude", one.magnitude.to_string().into()),
                ("recall", words(&one.recall).into()),
                ("precision", words(&one.precision).into()),
            ];
            say!("{}", text("early-warning-evaluated-line", &figures));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// `0.93 [0.86–0.97] n=100`.
fn words(share: &Share) -> String {
    match share.of {
        0 => "– n=0".to_owned(),
        of => format!("{:.2} [{:.2}–{:.2}] n={of}", share.share, share.low, share.high),
    }
}

/// Adds what the formats understand of a file.
fn read(file: &Path, formats: &FormatSet, events: &mut Vec<Event>) {
    let source: Arc<str> = file.display().to_string().into();
    let arrival = jiff::Timestamp::now().as_microsecond();
    let mut origin =
        Arc::new(Origin { listener: Listener::Import, file: Some(source.to_string()), ..Origin::default() });
    for record in FileRecords::new(file, Limits::default()) {
        let Ok(bytes) = record.result else { continue };
        origin = origin.under(record.header.as_deref());
        let raw = RawRecord { bytes, arrival, origin: origin.clone(), position: record.position };
        let event = formats.parse(&raw);
        if event.understood {
            events.push(Event { source_id: Some(source.clone()), ..event });
        }
    }
}
