//! `luytre serve`: the centre at work.

use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::server::{Server, asked_to_stop};
use anyhow::Result;
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Receives logs (syslog over UDP and TCP, RELP, GELF, Elasticsearch `_bulk`, OpenTelemetry, Splunk HEC), detects, and serves the pages, until
/// Ctrl-C. Make the first account with `luytre user add`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address of pages, API, `_bulk`, OTLP (HTTP and gRPC), HEC and GELF over HTTP.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Address of syslog over UDP and TCP.
    #[arg(long)]
    syslog: Option<SocketAddr>,
    /// Address of RELP.
    #[arg(long)]
    relp: Option<SocketAddr>,
    /// Address of GELF over UDP and TCP; not opened unless given here or in the configuration.
    #[arg(long)]
    gelf: Option<SocketAddr>,
    /// Another directory of Sigma rules; may be given several times. It is watched.
    #[arg(long)]
    rules: Vec<PathBuf>,
    /// Allow plain HTTP on an address that is not loopback.
    #[arg(long)]
    insecure: bool,
}

impl Serve {
    pub(super) async fn run(&self, data: &Path, mut configuration: Configuration) -> Result<ExitCode> {
        if let Some(address) = self.listen {
            configuration.web.listen = address;
        }
        if let Some(address) = self.syslog {
            configuration.intake.syslog_udp = Some(address);
            configuration.intake.syslog_tcp = Some(address);
        }
        if let Some(address) = self.relp {
            configuration.intake.relp = Some(address);
        }
        if let Some(address) = self.gelf {
            configuration.intake.gelf_udp = Some(address);
            configuration.intake.gelf_tcp = Some(address);
        }
        configuration.web.insecure |= self.insecure;
        configuration.check()?;
        std::fs::create_dir_all(data.join("rules"))?;
        let centre = Centre::open_with_rules(data, &configuration, &self.rules).await?;
        let server = Server::start(data, centre, false).await?;
        tracing::info!(address = %server.address, doors = %server.doors(), "listening");
        super::tell("command-serves", &[("address", format!("http://{}", server.address).into())]);
        asked_to_stop().await?;
        server.stop().await?;
        Ok(ExitCode::SUCCESS)
    }
}
