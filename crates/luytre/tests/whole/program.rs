//! The binary under test, its data directory, and how to ask it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Directory of real logs and rules, if it is at hand. In CI it must be.
pub(crate) fn shared_data() -> Option<PathBuf> {
    let directory = std::env::var_os("LUYTRE_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if directory.is_dir() {
        return Some(directory);
    }
    assert!(std::env::var_os("CI").is_none(), "the shared data must be there in CI");
    eprintln!("no shared data ({}): this test could not run", directory.display());
    None
}

/// Runs the binary to its end on a data directory; gives standard output.
pub(crate) fn run(data: &Path, arguments: &[&str]) -> String {
    run_with_input(data, arguments, "")
}

pub(crate) fn run_with_input(data: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = command(data).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("luytre");
    child.stdin.take().expect("stdin").write_all(input.as_bytes()).expect("input");
    let output = child.wait_with_output().expect("luytre ends");
    assert!(
        output.status.code().is_some_and(|code| code == 0 || code == 2),
        "luytre {arguments:?} ended with {}",
        output.status
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The same, with the output as JSON.
pub(crate) fn ask(data: &Path, arguments: &[&str]) -> Value {
    let output = run(data, arguments);
    serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// What a run that fails says on standard error, and that it does fail.
pub(crate) fn failure(data: &Path, arguments: &[&str]) -> String {
    let output = command(data).args(arguments).output().expect("luytre");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "luytre {arguments:?}: {said}");
    said
}

/// Rows of an SQL question.
pub(crate) fn query(data: &Path, sql: &str) -> Vec<Value> {
    ask(data, &["query", "--limit", "1000000", "--format", "json", sql]).as_array().cloned().expect("rows")
}

/// One number.
pub(crate) fn number(data: &Path, sql: &str) -> i64 {
    let rows = query(data, sql);
    rows.first().and_then(|row| row.as_object()?.values().next()?.as_i64()).unwrap_or_else(|| panic!("{sql}: {rows:?}"))
}

pub(crate) fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_luytre"));
    command.arg("--data-dir").arg(data).env("LUYTRE_LOG", "warn").env_remove("LUYTRE_DATA_DIR");
    command
}

/// A server that is running; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    pub address: String,
}

impl Serving {
    /// Starts `luytre serve` on the given ports and waits until it says that it listens.
    pub(crate) fn start(data: &Path, web: u16, syslog: u16, relp: u16) -> Self {
        let mut child = command(data)
            .args(["serve", "--listen", &format!("127.0.0.1:{web}")])
            .args(["--syslog", &format!("127.0.0.1:{syslog}"), "--relp", &format!("127.0.0.1:{relp}")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("luytre serve");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let line = lines.next().expect("a line").expect("text");
        let address = line.rsplit_once(' ').map(|(_, address)| address.to_owned()).expect("an address");
        Self { child, address }
    }

    /// SIGKILL, as a power cut for the process.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("end");
    }

    /// SIGTERM, and a good end.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        let mut ended = None;
        until("the end of the server", || {
            ended = self.child.try_wait().expect("end");
            ended.is_some()
        });
        let status = ended.expect("a status");
        assert!(status.success(), "luytre serve ended with {status}");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port nobody uses at the moment.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Waits until a condition holds; the limit only ends a test that has failed.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(120), "{what} did not come true in two minutes");
        std::thread::sleep(Duration::from_millis(1));
    }
}
