//! `luytre rules bench --peer`: the same rules and events through rsigma-eval, by a program of its own, so that nothing of it
//! is part of this one.

use super::super::{about_file, plain, tell};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What such a program prints, as one JSON object; seconds are CPU seconds of one thread.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Peer {
    name: String,
    rules: usize,
    events: u64,
    parse_s: f64,
    match_s: f64,
    detections: u64,
}

impl Peer {
    pub(super) fn measure(program: &Path, rules: &[PathBuf], events: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        for directory in rules {
            command.arg("--rules").arg(directory);
        }
        let output = command.arg("--events").arg(events).stderr(Stdio::inherit()).output();
        let output = output.with_context(|| about_file(program, "rules-peer-not-run"))?;
        ensure!(output.status.success(), about_file(program, "rules-peer-not-run"));
        serde_json::from_slice(&output.stdout).with_context(|| about_file(program, "rules-peer-not-read"))
    }
}

/// Another engine and how many times its seconds are ours.
#[derive(Debug, Serialize)]
pub(super) struct Beside {
    peer: Peer,
    /// Matching alone.
    matching: f64,
    /// Reading and matching.
    together: f64,
}

impl Beside {
    pub(super) fn of(peer: Peer, parse_s: f64, match_s: f64) -> Self {
        let times = |theirs: f64, ours: f64| theirs / ours.max(1e-9);
        let together = times(peer.parse_s + peer.match_s, parse_s + match_s);
        Self { matching: times(peer.match_s, match_s), together, peer }
    }

    pub(super) fn tell(&self) {
        let Self { peer, matching, together } = self;
        let rate = peer.events as f64 / (peer.parse_s + peer.match_s).max(1e-9);
        let figures = [
            ("peer", peer.name.clone().into()),
            ("rules", plain(peer.rules)),
            ("events", plain(peer.events)),
            ("reading", format!("{:.2}", peer.parse_s).into()),
            ("matching", format!("{:.2}", peer.match_s).into()),
            ("detections", plain(peer.detections)),
            ("rate", format!("{rate:.0}").into()),
        ];
        tell("rules-peer-measured", &figures);
        let ratios = [("matching", format!("{matching:.1}").into()), ("together", format!("{together:.1}").into())];
        tell("rules-peer-ratio", &ratios);
    }
}
