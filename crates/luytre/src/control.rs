//! How commands speak to a server that holds the same data directory: the server writes its loopback address
//! and a secret into `control.json` (readable by its own user only); a command that finds it asks over HTTP
//! instead of opening the directory.

use anyhow::{Context, Result, bail};
use kit::catalogue::{QueryAnswer, QueryLimits};
use monitoring::intake::ExporterFigures;
use monitoring::pull::FeedFigures;
use monitoring::watch::FolderFigures;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What the server leaves in the data directory while it runs.
#[derive(Serialize, Deserialize)]
struct ControlFile {
    address: SocketAddr,
    secret: String,
    pid: u32,
}

/// A search as commands ask it. Times are microseconds UTC.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SearchQuestion {
    pub query: String,
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub limit: usize,
    /// Who runs the command, as the operating system knows them.
    #[serde(default)]
    pub user: String,
}

/// An SQL question as commands ask it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SqlQuestion {
    pub sql: String,
    pub max_rows: usize,
    pub timeout_seconds: u64,
    /// Who runs the command, as the operating system knows them.
    #[serde(default)]
    pub user: String,
}

/// An import as commands ask it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportQuestion {
    pub paths: Vec<PathBuf>,
    pub format: Option<String>,
    pub year: Option<i16>,
    pub time_zone: Option<String>,
    pub again: bool,
    /// Who runs the command, as the operating system knows them.
    #[serde(default)]
    pub user: String,
}

/// An export as commands ask it. Times are microseconds UTC.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ExportQuestion {
    /// Absolute: whoever writes may work in another folder.
    pub file: PathBuf,
    pub json: bool,
    pub query: String,
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// Code of an incident.
    pub incident: Option<String>,
    /// Go on where files cannot be read, with what can.
    #[serde(default)]
    pub without_unreadable: bool,
    /// Who runs the command, as the operating system knows them.
    #[serde(default)]
    pub user: String,
}

/// What comes in beside the doors for lines.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Feeds {
    pub exporters: Vec<ExporterFigures>,
    pub folders: Vec<FolderFigures>,
    pub pulled: Vec<FeedFigures>,
}

/// Removes the file when the server ends.
pub struct Announcement(PathBuf);

impl Drop for Announcement {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn path(data: &Path) -> PathBuf {
    data.join("control.json")
}

/// Announces a running server.
pub fn announce(data: &Path, address: SocketAddr, secret: &str) -> Result<Announcement> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = path(data);
    let _ = std::fs::remove_file(&path);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let control = ControlFile { address, secret: secret.to_owned(), pid: std::process::id() };
    file.write_all(&serde_json::to_vec(&control)?)?;
    Ok(Announcement(path))
}

/// A new secret: 256 random bits as hexadecimal text.
pub fn new_secret() -> String {
    use rand::RngCore;
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// The server of a data directory.
pub struct Server {
    address: SocketAddr,
    secret: String,
    client: reqwest::Client,
}

/// The server that holds this data directory, if one answers. A file left behind by a killed server is
/// recognised by nobody answering.
pub async fn running(data: &Path) -> Result<Option<Server>> {
    let Ok(text) = std::fs::read(path(data)) else { return Ok(None) };
    let Ok(control) = serde_json::from_slice::<ControlFile>(&text) else { return Ok(None) };
    if !Path::new(&format!("/proc/{}", control.pid)).exists() {
        return Ok(None);
    }
    let client = reqwest::Client::builder().no_proxy().build()?;
    let server = Server { address: control.address, secret: control.secret, client };
    match server.client.get(format!("http://{}/health", server.address)).send().await {
        Ok(_) => Ok(Some(server)),
        Err(_) => Ok(None),
    }
}

impl Server {
    pub async fn query(&self, sql: &str, limits: &QueryLimits) -> Result<QueryAnswer> {
        let question = SqlQuestion {
            sql: sql.to_owned(),
            max_rows: limits.max_rows,
            timeout_seconds: limits.timeout.as_secs(),
            user: crate::commands::user_of_the_system(),
        };
        self.post("/control/query", &question).await
    }

    /// Asks one of the `/control/…` routes.
    pub async fn post<A: DeserializeOwned>(&self, path: &str, question: &impl Serialize) -> Result<A> {
        let answer = self
            .client
            .post(format!("http://{}{path}", self.address))
            .bearer_auth(&self.secret)
            .json(question)
            .send()
            .await
            .context("the running server does not answer")?;
        let status = answer.status();
        if !status.is_success() {
            let text = answer.text().await.unwrap_or_default();
            let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let lang = crate::commands::language().code();
            match problem.pointer(&format!("/detail/{lang}")).and_then(serde_json::Value::as_str) {
                Some(detail) => bail!("{detail}"),
                None => bail!("the running server says {status}: {text}"),
            }
        }
        Ok(answer.json().await?)
    }
}

/// Whether a request carries the server's secret.
pub fn is_authorised(headers: &axum::http::HeaderMap, secret: &str) -> bool {
    let sent = headers
        .get(axum::http::header::AUTHORIZATION)
        .and_then(|header| header.to_str().ok())
        .and_then(|header| header.strip_prefix("Bearer "))
        .unwrap_or_default();
    bool::from(subtle::ConstantTimeEq::ct_eq(sent.as_bytes(), secret.as_bytes()))
}
