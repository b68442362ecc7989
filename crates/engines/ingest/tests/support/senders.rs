//! The lines of `content/senders` that an officer copies, filled in for a door of this machine.

use super::repository;

/// Lines of a sender, with address and port, and the files of certificates where the test made them.
pub(crate) fn lines(id: &str, port: u16, files: &[(&str, String)]) -> String {
    for entry in std::fs::read_dir(repository().join("content/senders")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let all: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let senders = all["sender"].as_array().unwrap();
        if let Some(sender) = senders.iter().find(|sender| sender["id"].as_str() == Some(id)) {
            assert_eq!(sender["tested"].as_bool(), Some(true), "{id}");
            let lines = sender["lines"].as_str().unwrap();
            let mut lines = lines.replace("@HOST@", "127.0.0.1").replace("@PORT@", &port.to_string());
            for (from, to) in files {
                assert!(lines.contains(from), "{id} says nothing of {from}");
                lines = lines.replace(from, to);
            }
            assert!(!lines.contains('@'), "{id}: something is not filled in: {lines}");
            return lines;
        }
    }
    panic!("no sender {id}");
}
