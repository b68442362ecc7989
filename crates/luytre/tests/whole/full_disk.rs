//! A disk without room: commands end with the reason, what was acknowledged is kept, and all goes on with new room.

use crate::program::{ask, command, failure, number};
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk in memory; only root may make one.
struct Disk(PathBuf);

impl Disk {
    fn new(directory: &Path, megabytes: u32) -> Option<Self> {
        let path = directory.join("disk");
        std::fs::create_dir(&path).expect("folder");
        let made = mount(&["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"], &path);
        if !made {
            eprintln!("no disk could be made: this test could not run");
        }
        made.then_some(Self(path))
    }

    /// Writes a file until nothing more fits.
    fn fill(&self, path: &Path) {
        assert!(path.starts_with(&self.0));
        let _ = std::io::copy(&mut std::io::repeat(0), &mut std::fs::File::create(path).expect("file"));
    }

    fn grow(&self, megabytes: u32) {
        assert!(mount(&["-o", &format!("remount,size={megabytes}m")], &self.0));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> bool {
    Command::new("mount").args(arguments).arg(path).status().is_ok_and(|status| status.success())
}

/// More than the disk takes.
const LINES: u64 = 45_000;

/// Lines that hardly shrink.
fn lines(count: u64) -> String {
    let mut state = 7_u64;
    (0..count).fold(String::new(), |mut text, number| {
        write!(text, "Jul  5 08:00:00 web1 app[{number}]: ").expect("text");
        for _ in 0..60 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(text, "{:016x}", state ^ (state >> 33)).expect("text");
        }
        text.push('\n');
        text
    })
}

#[test]
fn an_import_ends_with_the_reason_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("directory");
    let Some(disk) = Disk::new(folder.path(), 22) else { return };
    let data = disk.0.join("data");
    let file = folder.path().join("app.log");
    std::fs::write(&file, lines(LINES)).expect("file");
    let said = failure(&data, &["import", "--json", file.to_str().expect("path")]);
    assert!(said.contains("no space left"), "{said}");
    let words: Vec<&str> = said.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "records").expect("how many are stored");
    let stored: i64 = words[at - 1].parse().expect("a number");
    assert!((1..LINES as i64).contains(&stored), "{said}");

    let fill = disk.0.join("fill");
    disk.fill(&fill);
    assert_eq!(number(&data, "SELECT count(*) FROM events"), stored, "a full disk can be asked");
    // A command that ends gives back the room of its journal.
    let rest = disk.0.join("rest");
    disk.fill(&rest);
    let doctor = command(&data).args(["doctor", "--json"]).output().expect("doctor");
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(said.contains("\"disk\",\"well\":false"), "{said} {}", String::from_utf8_lossy(&doctor.stderr));

    std::fs::remove_file(&fill).expect("fill");
    std::fs::remove_file(&rest).expect("rest");
    disk.grow(400);
    let report = ask(&data, &["import", "--json", file.to_str().expect("path")]);
    assert_eq!(report["rejected"], json!([]));
    assert_eq!(number(&data, "SELECT count(*) FROM events"), LINES as i64, "nothing twice, nothing lost: {report}");
    assert_eq!(number(&data, "SELECT count(DISTINCT raw) FROM events"), LINES as i64);
}
