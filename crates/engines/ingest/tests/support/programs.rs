//! Programs of others that the tests let speak to our doors.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where `scripts/install-tools` lays out syslog-ng, which Debian does not install beside rsyslog.
const SYSLOG_NG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../.cache/syslog-ng/usr");

/// Where a program lies, in the folders of Debian's packages.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin"].into_iter().map(PathBuf::from);
    let folders = folders.chain([Path::new(SYSLOG_NG).join("sbin")]);
    folders.map(|folder| folder.join(program)).find(|path| path.exists())
}

/// Whether all of them are there, or a line saying that the test could not run; CI must have them.
pub(crate) fn installed(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|program| find(program).is_none()).collect();
    assert!(missing.is_empty() || std::env::var("CI").as_deref() != Ok("true"), "not installed: {missing:?}");
    if !missing.is_empty() {
        println!("could not run: not installed: {missing:?}");
    }
    missing.is_empty()
}

pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(find(program).unwrap());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs a program to its end, which must be a good one.
pub(crate) async fn run(command: &mut Command) {
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} ended with {status}");
            return;
        }
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{command:?} does not end");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A program that runs until it is dropped, and its folder.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Fails the test where the program has ended.
    pub(crate) fn assert_lives(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the sender ended with {status} in {}", self.folder.path().display());
        }
    }
}

/// rsyslogd reading a file of lines as of `sshd[77]` and sending them with the given action.
pub(crate) fn rsyslog(lines: &str, global: &str, modules: &str, action: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    std::fs::write(folder.path().join("input.log"), lines).unwrap();
    let configuration = format!(
        "global(workDirectory=\"{path}\" maxMessageSize=\"64k\" {global})\nmodule(load=\"imfile\")\n{modules}\n\
         input(type=\"imfile\" File=\"{path}/input.log\" Tag=\"sshd[77]:\" Severity=\"info\" Facility=\"auth\" ruleset=\"out\")\n\
         ruleset(name=\"out\") {{ {action} }}\n"
    );
    std::fs::write(folder.path().join("rsyslog.conf"), configuration).unwrap();
    let child = command("rsyslogd")
        .args(["-n", "-f", &format!("{path}/rsyslog.conf"), "-i", &format!("{path}/pid")])
        .spawn()
        .unwrap();
    Running { child, folder }
}

/// syslog-ng reading a file of lines as of `sshd[77]`, with lines as an officer writes them into a file of its configuration.
pub(crate) fn syslog_ng(lines: &str, configuration: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    std::fs::write(folder.path().join("input.log"), lines).unwrap();
    let configuration = format!(
        "@version: current\n\
         source s_src {{ file(\"{path}/input.log\" follow-freq(1) flags(no-parse) default-facility(auth) \
         default-priority(info) program-override(\"sshd\")); }};\n{configuration}"
    );
    // A disk buffer lies in its folder of state unless said otherwise.
    let configuration = configuration.replace("disk-buffer(", &format!("disk-buffer(dir(\"{path}\") "));
    std::fs::write(folder.path().join("syslog-ng.conf"), configuration).unwrap();
    let file = |name: &str| format!("{path}/{name}");
    let mut command = command("syslog-ng");
    if find("syslog-ng").is_some_and(|program| program.starts_with(SYSLOG_NG)) {
        let libraries = Path::new(SYSLOG_NG).join("lib/syslog-ng");
        let entries = std::fs::read_dir(&libraries).unwrap().map(|entry| entry.unwrap().path());
        let modules = entries.into_iter().find(|path| path.join("libaffile.so").exists()).unwrap();
        command.env("LD_LIBRARY_PATH", &libraries).arg("--module-path").arg(modules);
    }
    let child = command
        .args(["-F", "--no-caps", "-f", &file("syslog-ng.conf"), "--persist-file", &file("persist")])
        .args(["--pidfile", &file("pid"), "--control", &file("control")])
        .spawn()
        .unwrap();
    Running { child, folder }
}
