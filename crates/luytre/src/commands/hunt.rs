//! A hunt from the command line: a rule or indicators looked for in what is stored already. A server that holds the data
//! directory does the work; without one the command does it itself.

use super::{print_json, say, text, user_of_the_system};
use crate::centre::{Centre, Registers};
use crate::configuration::Configuration;
use crate::content::Content;
use crate::control;
use crate::rules::{load_rules, rule_directories};
use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use kit::live::Live;
use monitoring::enrichment::Enrichment;
use monitoring::hunts::service::{self, HuntInput};
use monitoring::hunts::{Hunt, Parts, State, SubjectKind, run_next, store};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the server's progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The window, and how it is told.
#[derive(Debug, Args)]
pub(super) struct Window {
    /// 15m, 1h, 4h, 24h, 7d, 30d or all.
    #[arg(long, default_value = "7d")]
    range: String,
    /// Beginning, instead of a range: 2026-11-21T00:00 (Vietnamese time) or with a zone.
    #[arg(long)]
    from: Option<String>,
    /// End.
    #[arg(long)]
    to: Option<String>,
    #[arg(long)]
    json: bool,
}

/// Hunts, and tells what came of it. The exit code is 2 where the hunt failed or was cancelled.
pub(super) async fn hunt(
    data: &Path,
    configuration: &Configuration,
    kind: SubjectKind,
    subject: &str,
    window: &Window,
) -> Result<ExitCode> {
    let registers = Registers::open(data, configuration, &Live::default()).await?;
    let scope = kit::Scope::service("command line").asking("", &user_of_the_system());
    let now = registers.clock.now();
    let content = Content::new(configuration.content_directory.clone());
    let known = Enrichment::read(&registers.db.scoped(&scope).read()).await?;
    let (_, book) = load_rules(&content, &rule_directories(data, configuration, &[]), known.placeholders(), now)?;
    let ends = window.from.is_some() || window.to.is_some();
    let input = HuntInput {
        kind: kind.code().to_owned(),
        subject: subject.to_owned(),
        range: if ends { String::new() } else { window.range.clone() },
        from: window.from.clone().unwrap_or_default(),
        to: window.to.clone().unwrap_or_default(),
    };
    let tx = registers.db.scoped(&scope).begin().await?;
    let id = service::create(&tx, &book, &input, now).await?;
    tx.commit().await?;
    let bar = if window.json { ProgressBar::hidden() } else { ProgressBar::new(1_000) };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} %") {
        bar.set_style(style);
    }
    let done = match control::running(data).await? {
        Some(_) => watched(&registers, &scope, &id, &bar).await?,
        None => {
            drop(registers);
            alone(data, configuration, &id).await?
        }
    };
    bar.finish_and_clear();
    if window.json {
        print_json(&done)?;
    } else {
        tell(&done);
    }
    Ok(if done.state == State::Done { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Waits for the server.
async fn watched(registers: &Registers, scope: &kit::Scope, id: &str, bar: &ProgressBar) -> Result<Hunt> {
    loop {
        let hunt = store::find(&registers.db.scoped(scope).read(), id).await?;
        bar.set_position((hunt.progress() * 1_000.0) as u64);
        if hunt.state.is_over() {
            return Ok(hunt);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Does what waits, the new hunt among it.
async fn alone(data: &Path, configuration: &Configuration, id: &str) -> Result<Hunt> {
    let centre = Centre::open(data, configuration).await?;
    centre.settle().await?;
    let (parts, stop) = (parts(&centre), CancellationToken::new());
    let done = loop {
        match run_next(&parts, &stop).await? {
            Some(hunt) if hunt.id == id && hunt.state.is_over() => break hunt,
            Some(_) => {}
            // Somebody else ended it meanwhile.
            None => break store::find(&centre.db.scoped(centre.scope()).read(), id).await?,
        }
    };
    centre.close().await;
    Ok(done)
}

/// What hunts run with.
pub(crate) fn parts(centre: &Centre) -> Parts {
    Parts {
        store: centre.store.clone(),
        db: centre.db.clone(),
        scope: centre.scope().clone(),
        policies: Arc::clone(&centre.policies),
        clock: centre.clock.clone(),
        live: centre.live.clone(),
        settings: centre.settings.clone(),
        rules: centre.rules.clone(),
        enrichment: centre.pipeline.enrichment(),
    }
}

fn tell(hunt: &Hunt) {
    let state = text(hunt.state.key(), &[]);
    let figures = [
        ("subject", hunt.subject_name.as_str().into()),
        ("state", state.into()),
        ("events", hunt.events.into()),
        ("matches", hunt.matches.into()),
        ("alerts", hunt.alerts.into()),
    ];
    say!("{}", text("hunt-summary", &figures));
    if !hunt.unread_days.is_empty() {
        say!("{}", text("hunt-unread", &[("days", hunt.unread_days.join(", ").into())]));
    }
    if let Some(key) = &hunt.error_key {
        say!("{} {}", text(key, &[]), hunt.error_words.as_deref().unwrap_or_default());
    }
}
