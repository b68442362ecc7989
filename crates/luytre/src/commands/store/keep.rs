//! `luytre store status`, `sign`, `prove`, `check-proof` and `hold`.

use super::super::search::moment;
use super::super::{print_json, say};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control;
use crate::keeping::Act;
use anyhow::{Context, Result};
use clap::Subcommand;
use event_store::{Hold, Proof, RetentionPlan, Sealed};
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
        /// From when: `24h`, `30d`, or a time such as `2026-07-05T08:00:00+07:00`.
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
    say!(
        "{} events, {} in {} segments, {} in the log",
        number("/statistics/events").unwrap_or_default(),
        size("/forecast/used"),
        number("/statistics/segments").unwrap_or_default(),
        size("/statistics/log_bytes")
    );
    let full = found.pointer("/forecast/full_at").and_then(Value::as_i64);
    let full = full.map(kit::calendar::vietnam_date);
    match (number("/forecast/per_day"), full) {
        (None, _) => say!("room for {}; the rate of a day is not known yet", size("/forecast/budget")),
        (Some(_), None) => {
            say!(
                "{} a day, at most {} of {}: there is room",
                size("/forecast/per_day"),
                size("/forecast/at_rest"),
                size("/forecast/budget")
            );
        }
        (Some(_), Some(day)) => {
            say!("{} a day: {} are full on {day}", size("/forecast/per_day"), size("/forecast/budget"))
        }
    }
    let plan: RetentionPlan = serde_json::from_value(found.pointer("/retention").cloned().unwrap_or_default())?;
    say!("kept for {} days while there is room", plan.wanted_days);
    for rule in &plan.minima {
        let sources =
            rule.sources.as_ref().map_or_else(|| "all sources".to_owned(), |some| format!("{} sources", some.len()));
        say!("  at least {} days: {sources} ({})", rule.days, rule.basis);
    }
    say!("  at least {} days: whatever belongs to no system", plan.other_days);
    holds(&serde_json::from_value::<Vec<Hold>>(found.pointer("/holds").cloned().unwrap_or_default())?);
    say!("ledger key {}", found.pointer("/ledger_key").and_then(Value::as_str).unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

fn holds(holds: &[Hold]) {
    let day = |at: Option<i64>| at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok()).map(|at| at.to_string());
    for hold in holds {
        let (from, to) = (day(hold.from).unwrap_or_default(), day(hold.to).unwrap_or_default());
        let sources =
            hold.sources.as_ref().map_or_else(|| "all sources".to_owned(), |some| format!("{} sources", some.len()));
        say!("held: {} – {}; {sources}, {from}..{to}", hold.id, hold.reason);
    }
}

pub(super) async fn sign(data: &Path, configuration: &Configuration, json: bool) -> Result<ExitCode> {
    let sealed: Sealed = keep(data, configuration, &Act::Sign).await?;
    if json {
        print_json(&sealed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let entry = sealed.open().map_err(anyhow::Error::msg)?;
    say!(
        "entry {}: {} segments with {} events, SHA-256 {}",
        entry.number,
        entry.segments,
        entry.events,
        sealed.seal.sha256
    );
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn prove(data: &Path, configuration: &Configuration, seq: u64, file: &Path) -> Result<ExitCode> {
    // Before anything is asked: what is proven stands in the audit trail.
    anyhow::ensure!(!file.exists(), "{} exists", file.display());
    let proof: Proof = keep(data, configuration, &Act::Prove { seq }).await?;
    let out = File::create_new(file).with_context(|| format!("cannot make {}", file.display()))?;
    serde_json::to_writer_pretty(&out, &proof)?;
    out.sync_all()?;
    say!("event {seq}, row {} of {}", proof.row, proof.segment.path);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check_proof(file: &Path, json: bool) -> Result<ExitCode> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let proof: Proof = serde_json::from_slice(&text).with_context(|| format!("{} is no proof", file.display()))?;
    let proven = proof.check().map_err(|reason| anyhow::anyhow!("{}: {reason}", file.display()))?;
    if json {
        print_json(&proven)?;
        return Ok(ExitCode::SUCCESS);
    }
    let moment = |at| jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string());
    say!("the proof holds: event {} of {}: {}", proven.seq, moment(proven.time), proven.raw);
    say!(
        "in {}, signed on {} in entry {} with key {}",
        proven.segment,
        moment(proven.signed_at),
        proven.entry,
        proven.key
    );
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
            anyhow::ensure!(!empty, "--from is not before --to");
            keep::<Value>(data, configuration, &Act::Hold(hold)).await?;
            say!("held: {id}");
        }
        HoldAct::Release { id } => {
            keep::<Value>(data, configuration, &Act::Release { id: id.clone() }).await?;
            say!("released: {id}");
        }
        HoldAct::List { json } => {
            let found: Value = keep(data, configuration, &Act::Status).await?;
            let held: Vec<Hold> = serde_json::from_value(found.pointer("/holds").cloned().unwrap_or_default())?;
            if *json { print_json(&held)? } else { holds(&held) }
        }
    }
    Ok(ExitCode::SUCCESS)
}
