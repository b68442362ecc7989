//! `luytre demo`: the demonstration province, alive.

use super::{about_file, print_json, text};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::demonstration::lines::{Stories, Traffic};
use crate::demonstration::province::{self, Built, Province};
use crate::demonstration::traffic::{self, Doors, Pace};
use crate::server::{Server, asked_to_stop};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use monitoring::intake::DoorKind;
use organisation::{agencies, sign_in};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// An invented province with agencies, people in every role, systems, live traffic and attack stories. Prints the
/// address, and a one-time sign-in link and a password for each role. Loopback only.
#[derive(Debug, Args)]
pub struct Demo {
    /// Port of pages, API and `_bulk`; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Ordinary events a second.
    #[arg(long, default_value_t = 40.0)]
    rate: f64,
    /// Seconds between attack stories; 0 plays none.
    #[arg(long, default_value_t = 150.0)]
    story_every: f64,
    /// Another directory of Sigma rules; may be given several times.
    #[arg(long)]
    rules: Vec<PathBuf>,
    /// Print address and links as one JSON object.
    #[arg(long)]
    json: bool,
}

/// The file that marks a data directory as a demonstration and keeps what is told only once.
const MARK: &str = "demonstration.json";

impl Demo {
    pub(super) async fn run(&self, data: &Path, mut configuration: Configuration) -> Result<ExitCode> {
        ensure!(configuration.database.url.is_empty(), text("command-demo-own-registers", &[]));
        let mark = data.join(MARK);
        if !mark.exists() && data.join("registers.sqlite").exists() {
            bail!(about_file(data, "command-real-centre"));
        }
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        configuration.web.listen = SocketAddr::new(loopback, self.port);
        // Ports of a demonstration must not stand in the way of a real centre on the same machine.
        let free = Some(SocketAddr::new(loopback, 0));
        configuration.intake =
            crate::configuration::Intake { syslog_udp: free, syslog_tcp: free, relp: free, ..Default::default() };
        std::fs::create_dir_all(data.join("rules"))?;
        let content = crate::content::Content::new(configuration.content_directory.clone());
        let plan = Province::parse(&content.text("demo/province.toml")?)?;
        configuration.centre.clone_from(&plan.centre);
        let centre = Centre::open_with_rules(data, &configuration, &self.rules).await?;
        let built = self.province(&centre, &plan, &mark).await?;
        let server = Server::start(data, centre, true).await?;
        self.print_links(&server, &built).await?;

        let door = |kind: DoorKind| server.intake.address(kind).with_context(|| format!("{} is shut", kind.code()));
        let doors = Doors {
            syslog_udp: door(DoorKind::SyslogUdp)?,
            syslog_tcp: door(DoorKind::SyslogTcp)?,
            relp: door(DoorKind::Relp)?,
            web: format!("http://{}", server.address),
        };
        let stop = CancellationToken::new();
        let mut stories = Stories::parse(&content.text("demo/stories.toml")?)?;
        if self.story_every <= 0.0 {
            stories.story.clear();
        }
        let pace = Pace { events_per_second: self.rate.clamp(0.0, 50_000.0), story_every: self.story_every.max(30.0) };
        let lines = Traffic::parse(&content.text("demo/traffic.toml")?)?;
        let senders = tokio::spawn(traffic::run(doors, built.senders, lines, stories, pace, plan.seed, stop.clone()));
        asked_to_stop().await?;
        stop.cancel();
        senders.await??;
        server.stop().await?;
        Ok(ExitCode::SUCCESS)
    }

    /// The province of this directory, built on the first start.
    async fn province(&self, centre: &Centre, plan: &Province, mark: &Path) -> Result<Built> {
        let mut built: Built = if mark.exists() {
            let text = std::fs::read(mark)?;
            serde_json::from_slice(&text).with_context(|| format!("{} does not read", mark.display()))?
        } else {
            let (policies, settings, now) = (&centre.policies, centre.settings.current(), centre.clock.now());
            let built = province::build(&centre.db, centre.scope(), policies, &settings.sources, plan, now).await?;
            write_private(mark, &serde_json::to_vec(&built)?)?;
            centre.pipeline.sources().refresh().await?;
            built
        };
        self.passwords(centre, &mut built, mark).await?;
        Ok(built)
    }

    /// Each named account has a password, made once: a link works once, and a visitor may come back.
    async fn passwords(&self, centre: &Centre, built: &mut Built, mark: &Path) -> Result<()> {
        let sign_in = centre.sign_in(false)?;
        let people: Vec<String> = built.accounts.iter().map(|(person, _)| person.clone()).collect();
        let missing = people.into_iter().filter(|person| !built.passwords.contains_key(person));
        for person in missing.collect::<Vec<_>>() {
            let password = sign_in::temporary(&centre.policies.password.rules);
            sign_in.set_password(centre.scope(), &person, &password).await?;
            built.passwords.insert(person, password);
        }
        write_private(mark, &serde_json::to_vec(&built)?)
    }

    async fn print_links(&self, server: &Server, built: &Built) -> Result<()> {
        let centre = &server.centre;
        let scoped = centre.db.scoped(centre.scope());
        let tx = scoped.begin().await?;
        let mut links = Vec::new();
        for (person, account) in &built.accounts {
            let token = sign_in::create_sign_in_link(&tx, &centre.policies, centre.clock.now(), person).await?;
            let url = format!("http://{}/sign-in/link/{token}", server.address);
            let password = built.passwords.get(person).cloned().unwrap_or_default();
            links.push((account, url, password));
        }
        let agencies = agencies::count(&tx, &agencies::AgencyFilter::default()).await?;
        tx.commit().await?;
        if self.json {
            let links: Vec<_> = links
                .iter()
                .map(|(account, url, password)| {
                    serde_json::json!({ "account": account.user, "password": password, "role": account.role, "name": account.name,
                        "agency": account.agency, "url": url })
                })
                .collect();
            return print_json(&serde_json::json!({
                "address": format!("http://{}", server.address), "doors": server.doors(), "links": links,
            }));
        }
        println!("\n{} – http://{}\n", centre.configuration.centre, server.address);
        println!("{agencies} cơ quan / agencies. Mỗi liên kết dùng một lần / each link works once;");
        println!("sau đó đăng nhập bằng tài khoản và mật khẩu / then sign in by account and password:\n");
        for (account, url, password) in &links {
            println!("  {:<14} {:<32} {url}", account.role, format!("{} ({})", account.name, account.agency));
            println!("  {:<14} {:<32} {:<14} {password}", "", "", account.user);
        }
        println!("\nNhật ký thật vào đây / send real logs to: {}", server.doors());
        println!("Ctrl-C dừng / stops.\n");
        Ok(())
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    // Whole or not at all: what is told only once must not be lost half way.
    let new = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    Ok(())
}
