//! `luytre rules bench --stages`: what an event costs in each stage of the pipeline, through the pipeline's own objects.

use super::super::{about_file, plain, print_json, runtime, say, tell, text};
use super::bench::{READ, Records, peak_rss, process_seconds, thread_seconds};
use super::formats;
use crate::backup::Scratch;
use crate::content::Content;
use anyhow::{Context, Result};
use detection::{Engine, IndicatorFacts, IndicatorSet, IndicatorSetBuilder, list_lines};
use event_store::{Options, Store};
use monitoring::address_ranges::{AddressRange, Kind};
use monitoring::enrichment::Enrichment;
use monitoring::pipeline::stages::{Measured, StageParts, StageRun};
use monitoring::settings::Settings;
use monitoring::value_lists::ListedValue;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Values on lists that events are told of.
const VALUES: usize = 1_000;

pub(super) fn measure(engine: &Engine, events: &Path, indicators: Option<&Path>, json: bool) -> Result<ExitCode> {
    let (formats, enrichment) = (formats(&Content::default())?, enrichment());
    let indicators = match indicators {
        Some(file) => set_of(file)?,
        None => IndicatorSet::default(),
    };
    let settings = Settings::embedded()?;
    let mut records = Records::open(events)?;
    let directory = Scratch::new()?;
    let measured = runtime()?.block_on(async {
        let store = Store::open(directory.path(), Options::default())?;
        let mut run = StageRun::new(StageParts {
            formats: &formats,
            enrichment: &enrichment,
            engine,
            indicators: &indicators,
            settings: &settings,
            store: &store,
            thread_clock: thread_seconds,
            process_clock: process_seconds,
        });
        // Reading the file is no stage: each part is read before the next begins.
        loop {
            let part = records.next(READ)?;
            if part.is_empty() {
                break;
            }
            run.run(&part).await?;
        }
        let measured = run.finish().await?;
        store.close().await;
        anyhow::Ok(measured)
    })?;
    let (rules, listed) = (engine.rules().len(), indicators.len());
    if json {
        let each: BTreeMap<_, _> = measured.stages().into_iter().collect();
        print_json(&json!({
            "rules": rules, "indicators": listed, "bytes": records.bytes, "measured": measured,
            "nanoseconds_per_event": each, "peak_rss": peak_rss(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&measured, rules, listed, records.bytes);
    Ok(ExitCode::SUCCESS)
}

fn print(measured: &Measured, rules: usize, indicators: usize, bytes: u64) {
    let figures = [
        ("rules", plain(rules)),
        ("indicators", plain(indicators)),
        ("events", plain(measured.events)),
        ("bytes", plain(bytes)),
        ("memory", plain(peak_rss() >> 20)),
    ];
    tell("rules-stages", &figures);
    let stages = measured.stages();
    for (stage, nanoseconds) in stages {
        say!("{nanoseconds:>10.0}  {}", text(&format!("rules-stage-{stage}"), &[]));
    }
    let all: f64 = stages.iter().map(|(_, nanoseconds)| nanoseconds).sum();
    let rate = format!("{:.0}", 1e9 / all.max(1e-9));
    say!("{all:>10.0}  {}", text("rules-stage-all", &[("rate", rate.into())]));
    let found = [
        ("detections", plain(measured.detections)),
        ("correlations", plain(measured.correlations)),
        ("indicators", plain(measured.indicators_found)),
        ("unusual", plain(measured.unusual)),
    ];
    tell("rules-stages-found", &found);
}

/// What registers would know: names of private networks, and lists of accounts.
fn enrichment() -> Enrichment {
    let range = |number: u8| {
        let network = format!("10.{number}.0.0/16").parse().ok()?;
        Some(AddressRange { network, name: format!("network {number}"), kind: Kind::Users, ..AddressRange::default() })
    };
    let value = |number: usize| ListedValue {
        list: "administrators".to_owned(),
        value: format!("administrator.{number}"),
        ..ListedValue::default()
    };
    Enrichment::of_centre((0..=u8::MAX).filter_map(range).collect(), (0..VALUES).map(value).collect())
}

/// The indicators of a file, one a line; lines that hold none are told and passed over.
fn set_of(file: &Path) -> Result<IndicatorSet> {
    let list = std::fs::read_to_string(file).with_context(|| about_file(file, "command-file-not-read"))?;
    let mut builder = IndicatorSetBuilder::default();
    for line in list_lines(&list) {
        let facts = IndicatorFacts {
            list: 0,
            confidence: 100,
            valid_from: None,
            valid_until: None,
            with_subdomains: true,
            reference: line.number as u128,
        };
        if let Err(refusal) = line.indicator.and_then(|indicator| builder.add(&indicator, &facts)) {
            eprintln!("{}:{}: {refusal}", file.display(), line.number);
        }
    }
    Ok(builder.build())
}
