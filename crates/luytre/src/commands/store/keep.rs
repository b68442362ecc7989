//! `luytre store status`, `archive`, `sign`, `prove`, `check-proof` and `hold`.

use super::super::search::moment;
use super::super::{about_file, plain, print_json, tell, text};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control;
use crate::keeping::Act;
use anyhow::{Context, Result};
use clap::Subcommand;
use event_store::{Hold, Moved, Proof, RetentionPlan, Sealed};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum HoldAct {
    /// Hold the events of a time, of all sources or of some.
    Add {
        /// What it is called, such as the code of an incident.
        id: String,
        #[arg(long)]
        reason: String,
        /// From when: `24h`, `30d`, a day, or a time such as `2026-07-05T08:00:00+07:00`.
        #[arg(long)]
        from: Option<String>,
        #[arg(long)]
        to: Option<String>,
        /// Ids of sources; all where none is named.
        #[arg(long)]
        source: Vec<String>,
    },
    /// Let events go again in their time.
    Release { id: String },
    /// What is held.
    List {
        #[arg(long)]
        json: bool,
    },
}

/// Asks the running server, or the directory where there is none.
async fn keep<A: DeserializeOwned>(data: &Path, configuration: &Configuration, act: &Act) -> Result<A> {
    if let Some(server) = control::running(data).await? {
        return server.post("/control/keep", act).await;
    }
    let centre = Centre::open(data, configuration).await?;
    let answer = centre.keep(act).await;
    centre.close().await;
    Ok(serde_json::from_value(answer?)?)
}

pub(super) async fn status(data: &Path, configuration: &Configuration, json: bool) -> Result<ExitCode> {
    let found: Value = keep(data, configuration, &Act::Status).await?;
    if json {
        print_json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let number = |pointer: &str| found.pointer(pointer).and_then(Value::as_u64);
    let size =
        |pointer: &str| number(pointer).map_or_else(|| "?".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
    let arguments = [
        ("events", plain(number("/statistics/events").unwrap_or_default())),
        ("size", size("/forecast/used").into()),
        ("segments", plain(number("/statistics/segments").unwrap_or_default())),
        ("log", size("/statistics/log_bytes").into()),
    ];
    tell("store-status", &arguments);
    archive_status(&found, &size);
    let full = found.pointer("/forecast/full_at").and_then(Value::as_i64);
    let full = full.map(kit::calendar::vietnam_date);
    let budget = ("budget", size("/forecast/budget").into());
    let daily = ("daily", size("/forecast/per_day").into());
    let is_full = found.pointer("/forecast/is_full").and_then(Value::as_bool).unwrap_or_default();
    match (number("/forecast/per_day"), full) {
        _ if is_full => tell("store-full-now", &[("used", size("/forecast/used").into()), budget]),
        (None, _) => tell("store-room-unknown", &[budget]),
        (Some(_), None) => tell("store-room", &[daily, budget, ("most", size("/forecast/at_rest").into())]),
        (Some(_), Some(day)) => tell("store-full-on", &[daily, budget, ("day", day.to_string().into())]),
    }
    let plan: RetentionPlan = serde_json::from_value(found.pointer("/retention").cloned().unwrap_or_default())?;
    tell("store-kept", &[("days", plain(plan.wanted_days))]);
    for rule in &plan.minima {
        let sources = sources(rule.sources.as_ref().map(|some| some.len()));
        let arguments =
            [("days", plain(rule.days)), ("sources", sources.into()), ("basis", rule.basis.as_str().into())];
        tell("store-minimum", &arguments);
    }
    tell("store-minimum-other", &[("days", plain(plan.other_days))]);
    holds(&serde_json::from_value::<Vec<Hold>>(found.pointer("/holds").cloned().unwrap_or_default())?);
    let key = found.pointer("/ledger_key").and_then(Value::as_str).unwrap_or_default();
    tell("store-ledger-key", &[("key", key.into())]);
    Ok(ExitCode::SUCCESS)
}

fn sources(some: Option<usize>) -> String {
    match some {
        Some(count) => text("store-sources", &[("count", plain(count))]),
        None => text("store-sources-all", &[]),
    }
}

fn holds(holds: &[Hold]) {
    let day = |at: Option<i64>| at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok()).map(|at| at.to_string());
    for hold in holds {
        let arguments = [
            ("id", hold.id.as_str().into()),
            ("reason", hold.reason.as_str().into()),
            ("sources", sources(hold.sources.as_ref().map(|some| some.len())).into()),
            ("from", day(hold.from).unwrap_or_default().into()),
            ("to", day(hold.to).unwrap_or_default().into()),
        ];
        tell("store-held", &arguments);
    }
}

/// How much lies in the archive, and whether it can be read.
fn archive_status(found: &Value, size: &dyn Fn(&str) -> String) {
    let text_of = |name: &str| found.pointer(&format!("/statistics/{name}")).and_then(Value::as_str);
    let archived = found.pointer("/statistics/archived_segments").and_then(Value::as_u64).unwrap_or_default();
    if archived > 0 || text_of("archive_place").is_some() {
        let place = text_of("archive_place").map_or_else(|| text("store-archive-nowhere", &[]), str::to_owned);
        let arguments = [
            ("segments", plain(archived)),
            ("size", size("/statistics/archived_bytes").into()),
            ("place", place.into()),
            ("kept", size("/statistics/cached_bytes").into()),
        ];
        tell("store-archive", &arguments);
    }
    if let Some(reason) = text_of("archive_outage") {
        tell("store-archive-away", &[("reason", reason.into())]);
    }
}

pub(super) async fn archive(data: &Path, configuration: &Configuration, json: bool) -> Result<ExitCode> {
    let moved: Moved = keep(data, configuration, &Act::Archive).await?;
    if json {
        print_json(&moved)?;
    } else {
        let arguments =
            [("segments", plain(moved.files)), ("bytes", plain(moved.bytes)), ("removed", plain(moved.removed))];
        tell("store-archived", &arguments);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn sign(data: &Path, configuration: &Configuration, json: bool) -> Result<ExitCode> {
    let sealed: Sealed = keep(data, configuration, &Act::Sign).await?;
    if json {
        print_json(&sealed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let entry = sealed.open().map_err(anyhow::Error::msg)?;
    let arguments = [
        ("entry", plain(entry.number)),
        ("segments", plain(entry.segments)),
        ("events", plain(entry.events)),
        ("sha256", sealed.seal.sha256.to_string().into()),
    ];
    tell("store-signed", &arguments);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn prove(data: &Path, configuration: &Configuration, seq: u64, file: &Path) -> Result<ExitCode> {
    // Before anything is asked: what is proven stands in the audit trail.
    anyhow::ensure!(!file.exists(), about_file(file, "command-file-exists"));
    let proof: Proof = keep(data, configuration, &Act::Prove { seq }).await?;
    let out = File::create_new(file).with_context(|| about_file(file, "command-file-not-made"))?;
    serde_json::to_writer_pretty(&out, &proof)?;
    out.sync_all()?;
    let segment = proof.segment.path.as_str().into();
    tell("store-proven", &[("seq", plain(seq)), ("row", plain(proof.row)), ("segment", segment)]);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check_proof(file: &Path, json: bool) -> Result<ExitCode> {
    let bytes = std::fs::read(file).with_context(|| about_file(file, "command-file-not-read"))?;
    let proof: Proof = serde_json::from_slice(&bytes).with_context(|| about_file(file, "store-no-proof"))?;
    let proven = proof.check().map_err(|reason| anyhow::anyhow!("{}: {reason}", file.display()))?;
    if json {
        print_json(&proven)?;
        return Ok(ExitCode::SUCCESS);
    }
    let moment = |at| jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string());
    let arguments =
        [("seq", plain(proven.seq)), ("time", moment(proven.time).into()), ("raw", proven.raw.to_string().into())];
    tell("store-proof-holds", &arguments);
    let arguments = [
        ("segment", proven.segment.to_string().into()),
        ("signed", moment(proven.signed_at).into()),
        ("entry", plain(proven.entry)),
        ("key", proven.key.to_string().into()),
    ];
    tell("store-proof-signed", &arguments);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn hold(data: &Path, configuration: &Configuration, act: &HoldAct) -> Result<ExitCode> {
    let now = jiff::Timestamp::now().as_microsecond();
    let time = |text: &Option<String>| text.as_deref().map(|text| moment(text, now)).transpose();
    match act {
        HoldAct::Add { id, reason, from, to, source } => {
            let sources = (!source.is_empty()).then(|| source.iter().cloned().collect());
            let hold = Hold { id: id.clone(), reason: reason.clone(), sources, from: time(from)?, to: time(to)? };
            let empty = hold.from.zip(hold.to).is_some_and(|(from, to)| from >= to);
            anyhow::ensure!(!empty, text("moment-backwards", &[]));
            keep::<Value>(data, configuration, &Act::Hold(hold)).await?;
            tell("store-hold-added", &[("id", id.as_str().into())]);
        }
        HoldAct::Release { id } => {
            keep::<Value>(data, configuration, &Act::Release { id: id.clone() }).await?;
            tell("store-hold-released", &[("id", id.as_str().into())]);
        }
        HoldAct::List { json } => {
            let found: Value = keep(data, configuration, &Act::Status).await?;
            let held: Vec<Hold> = serde_json::from_value(found.pointer("/holds").cloned().unwrap_or_default())?;
            if *json { print_json(&held)? } else { holds(&held) }
        }
    }
    Ok(ExitCode::SUCCESS)
}
