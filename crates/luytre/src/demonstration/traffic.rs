//! Live traffic: every sender of the province speaks through its front door, at a settable rate in all, from
//! the seed; attack stories play in turn; one source falls silent, one has a clock that is off.

use super::lines::{Door, Stories, Traffic, fill};
use anyhow::{Context, Result};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Where the front doors are.
#[derive(Debug, Clone)]
pub struct Doors {
    pub syslog_udp: SocketAddr,
    pub syslog_tcp: SocketAddr,
    pub relp: SocketAddr,
    /// `http://127.0.0.1:8080`
    pub web: String,
}

/// One machine that sends logs.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Sender {
    pub host: String,
    pub agency_code: String,
    pub kind: String,
    /// `Authorization` header for the bulk door.
    pub authorization: Option<String>,
    /// Stops speaking this many seconds after the start.
    pub silent_after: Option<f64>,
    /// Added to every time it writes, in microseconds.
    pub clock_error: i64,
}

/// How much, how often.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Ordinary events a second over all senders.
    pub events_per_second: f64,
    /// Seconds before the first story and between stories.
    pub story_every: f64,
}

struct Letter {
    sender: usize,
    text: String,
}

/// Sends until cancelled. Returns what each door took.
pub async fn run(
    doors: Doors,
    senders: Vec<Sender>,
    traffic: Traffic,
    stories: Stories,
    pace: Pace,
    seed: u64,
    stop: CancellationToken,
) -> Result<()> {
    let mut channels = BTreeMap::new();
    let mut tasks = tokio::task::JoinSet::new();
    for door in [Door::SyslogUdp, Door::SyslogTcp, Door::Relp, Door::Bulk] {
        let (channel, letters) = mpsc::channel(4_096);
        channels.insert(door, channel);
        let (doors, senders, stop) = (doors.clone(), senders.clone(), stop.clone());
        tasks.spawn(async move { deliver(door, doors, senders, letters, stop).await });
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let begin = Instant::now();
    let mut written = 0_f64;
    let mut next_story = pace.story_every.min(10.0);
    let mut story_number = 0_usize;
    let mut plan: Vec<(f64, usize, String, String)> = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    while !stop.is_cancelled() {
        tokio::select! { _ = tick.tick() => {}, () = stop.cancelled() => break }
        let seconds = begin.elapsed().as_secs_f64();
        if seconds >= next_story && !stories.story.is_empty() {
            let story = &stories.story[story_number % stories.story.len()];
            tracing::info!(story = story.name, "attack story begins");
            for step in &story.step {
                let Some(sender) = place(&senders, &step.agency, &step.kind) else { continue };
                for number in 0..step.repeat {
                    let at = seconds + step.at + step.over * f64::from(number) / f64::from(step.repeat.max(1));
                    plan.push((at, sender, step.text.clone(), story.attacker.clone()));
                }
            }
            plan.sort_by(|one, other| one.0.total_cmp(&other.0));
            story_number += 1;
            next_story = seconds + pace.story_every;
        }
        let due = plan.partition_point(|(at, ..)| *at <= seconds);
        for (_, sender, text, attacker) in plan.drain(..due) {
            post(&channels, &senders, &traffic, sender, &text, &attacker, &mut random).await;
        }
        let wanted = pace.events_per_second * seconds;
        // After a pause of the machine the generator does not try to make up for everything at once.
        written = written.max(wanted - pace.events_per_second * 2.0);
        while written < wanted {
            written += 1.0;
            let speaking: Vec<_> = (0..senders.len())
                .filter(|index| senders[*index].silent_after.is_none_or(|after| seconds < after))
                .collect();
            let Some(sender) = speaking.choose(&mut random).copied() else { break };
            let Some(kind) = traffic.kind(&senders[sender].kind) else { continue };
            let text = kind.choose(&mut random).to_owned();
            post(&channels, &senders, &traffic, sender, &text, "", &mut random).await;
        }
    }
    drop(channels);
    while let Some(done) = tasks.join_next().await {
        done.context("a sender stopped badly")??;
    }
    Ok(())
}

/// Index of the sender a step speaks of: `SYT`, or `commune:3` for the third commune that has such a sender.
fn place(senders: &[Sender], agency: &str, kind: &str) -> Option<usize> {
    let mut matching = senders.iter().enumerate().filter(|(_, sender)| sender.kind == kind);
    match agency.strip_prefix("commune:") {
        Some(number) => {
            let number: usize = number.parse().ok()?;
            let mut communes = matching.filter(|(_, sender)| sender.agency_code.starts_with("XA"));
            communes.nth(number.saturating_sub(1)).map(|(index, _)| index)
        }
        None => matching.find(|(_, sender)| sender.agency_code == agency).map(|(index, _)| index),
    }
}

async fn post(
    channels: &BTreeMap<Door, mpsc::Sender<Letter>>,
    senders: &[Sender],
    traffic: &Traffic,
    sender: usize,
    text: &str,
    attacker: &str,
    random: &mut ChaCha8Rng,
) {
    let Some(from) = senders.get(sender) else { return };
    let Some(kind) = traffic.kind(&from.kind) else { return };
    let now = jiff::Timestamp::now().as_microsecond() + from.clock_error + random.random_range(-50_000..0);
    let text = fill(text, &from.host, attacker, now, &traffic.values, random);
    if let Some(channel) = channels.get(&kind.door) {
        // A full door means the centre is slower than we speak; ordinary senders wait too.
        let _ = channel.send(Letter { sender, text }).await;
    }
}

/// Carries letters through one door, reconnecting after a second when it is shut.
async fn deliver(
    door: Door,
    doors: Doors,
    senders: Vec<Sender>,
    mut letters: mpsc::Receiver<Letter>,
    stop: CancellationToken,
) -> Result<()> {
    let mut batch = Vec::new();
    while letters.recv_many(&mut batch, 500).await > 0 {
        loop {
            let sent = match door {
                Door::SyslogUdp => udp(&doors, &batch).await,
                Door::SyslogTcp => tcp(&doors, &batch).await,
                Door::Relp => relp(&doors, &batch).await,
                Door::Bulk => bulk(&doors, &senders, &batch).await,
            };
            match sent {
                Ok(()) => break,
                Err(error) => tracing::debug!(?door, %error, "front door is shut, trying again"),
            }
            tokio::select! { () = tokio::time::sleep(Duration::from_secs(1)) => {}, () = stop.cancelled() => return Ok(()) }
        }
        batch.clear();
    }
    Ok(())
}

async fn udp(doors: &Doors, batch: &[Letter]) -> Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    for letter in batch {
        socket.send_to(letter.text.as_bytes(), doors.syslog_udp).await?;
    }
    Ok(())
}

async fn tcp(doors: &Doors, batch: &[Letter]) -> Result<()> {
    let mut stream = TcpStream::connect(doors.syslog_tcp).await?;
    let text: String = batch.iter().map(|letter| format!("{}\n", letter.text)).collect();
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

/// A RELP session for the batch: open, syslog frames, close; every frame must be answered 200.
async fn relp(doors: &Doors, batch: &[Letter]) -> Result<()> {
    let stream = TcpStream::connect(doors.relp).await?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let offer = "relp_version=0\nrelp_software=luytre-demo\ncommands=syslog";
    write.write_all(format!("1 open {} {offer}\n", offer.len()).as_bytes()).await?;
    answer(&mut read).await?;
    let mut frames = Vec::new();
    for (number, letter) in batch.iter().enumerate() {
        frames.extend_from_slice(format!("{} syslog {} {}\n", number + 2, letter.text.len(), letter.text).as_bytes());
    }
    write.write_all(&frames).await?;
    for _ in batch {
        answer(&mut read).await?;
    }
    write.write_all(format!("{} close 0\n", batch.len() + 2).as_bytes()).await?;
    Ok(())
}

/// Reads one `TXNR rsp LEN DATA` and expects 200.
async fn answer(read: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> Result<()> {
    let mut head = Vec::new();
    for _ in 0..3 {
        read.read_until(b' ', &mut head).await?;
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length: usize = head.split_whitespace().nth(2).and_then(|text| text.parse().ok()).context("not RELP")?;
    anyhow::ensure!(length <= 65_536, "RELP answer is too long");
    let mut data = vec![0; length + 1];
    read.read_exact(&mut data).await?;
    anyhow::ensure!(data.starts_with(b"200"), "RELP said {}", String::from_utf8_lossy(&data));
    Ok(())
}

async fn bulk(doors: &Doors, senders: &[Sender], batch: &[Letter]) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build()?;
    let mut bodies: BTreeMap<&str, String> = BTreeMap::new();
    for letter in batch {
        let Some(authorization) = senders.get(letter.sender).and_then(|sender| sender.authorization.as_deref()) else {
            continue;
        };
        let body = bodies.entry(authorization).or_default();
        body.push_str("{\"create\":{\"_index\":\"logs-demo\"}}\n");
        body.push_str(&letter.text);
        body.push('\n');
    }
    for (authorization, body) in bodies {
        let answer = client
            .post(format!("{}/_bulk", doors.web))
            .header("authorization", authorization)
            .header("content-type", "application/x-ndjson")
            .body(body)
            .send()
            .await?;
        anyhow::ensure!(answer.status().is_success(), "bulk said {}", answer.status());
    }
    Ok(())
}
