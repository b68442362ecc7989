//! Files as people have them: compressed, archived, broken, mixed with papers. Everything is counted, nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use flate2::{Compression, write::GzEncoder};
use luytre_ingest::files::{FileRecord, FileRecords, Limits, list};
use proptest::prelude::*;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

mod support;

fn read(path: &Path) -> Vec<FileRecord> {
    FileRecords::new(path, Limits::default()).collect()
}

fn texts(records: &[FileRecord]) -> Vec<String> {
    records.iter().map(|one| String::from_utf8_lossy(one.result.as_ref().unwrap()).into_owned()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn archive(path: &Path, members: &[(&str, &[u8])]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn archives_and_compressed_files_give_their_records_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let inner = gzip(b"{\"a\":1}\n{\"a\":2}\n");
    archive(
        &path,
        &[("one.json", b"[{\"x\":1},{\"x\":2}]"), ("d/", b""), ("d/two.log", b"l1\nl2\n"), ("three.gz", &inner)],
    );
    let records = read(&path);
    assert_eq!(texts(&records), ["{\"x\":1}", "{\"x\":2}", "l1", "l2", "{\"a\":1}", "{\"a\":2}"]);
    assert!(records[2].file.ends_with("a.zip!d/two.log"), "{}", records[2].file);
    assert_eq!(records[3].position, 2);
}

#[test]
fn an_archive_within_an_archive_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, outer) = (folder.path().join("inner.zip"), folder.path().join("outer.zip"));
    archive(&inner, &[("one.log", b"l1\n")]);
    archive(
        &outer,
        &[
            ("inner.zip", &fs::read(&inner).unwrap()),
            ("zip.gz", &gzip(&fs::read(&inner).unwrap())),
            ("twice.gz", &gzip(&gzip(b"l\n"))),
            ("two.log", b"l2\n"),
        ],
    );
    let records = read(&outer);
    assert_eq!(records.len(), 4);
    assert!(records[..3].iter().all(|one| one.result.as_ref().is_err_and(|reason| reason.contains("unpack it"))));
    assert_eq!(records[3].result.as_ref().unwrap(), "l2");
}

#[test]
fn a_member_of_an_archive_may_be_large_and_dense() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dense.zip");
    let line = format!("{}\n", "a".repeat(999_999));
    archive(&path, &[("dense.log", line.repeat(300).as_bytes())]);
    assert_eq!(FileRecords::new(&path, Limits::default()).filter(|one| one.result.is_ok()).count(), 300);
}

#[test]
fn a_damaged_archive_costs_what_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let lines: String = (0..2000).map(|number| format!("line {number} {}\n", number * 7919 % 1000)).collect();
    archive(&path, &[("one.log", lines.as_bytes()), ("two.log", b"whole\n")]);
    let mut bytes = fs::read(&path).unwrap();
    for byte in &mut bytes[600..640] {
        *byte ^= 0x55;
    }
    fs::write(&path, &bytes).unwrap();
    let records = read(&path);
    let refused: Vec<_> = records.iter().filter(|one| one.result.is_err()).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].file.ends_with("one.log"));
    assert_eq!(records.last().unwrap().result.as_ref().unwrap(), "whole");

    let cut = gzip(lines.as_bytes());
    let path = folder.path().join("cut.log.gz");
    fs::write(&path, &cut[..cut.len() / 2]).unwrap();
    let records = read(&path);
    assert!(records.len() > 100 && records.last().unwrap().result.is_err());
    assert_eq!(records.iter().filter(|one| one.result.is_err()).count(), 1);
}

#[test]
fn a_compressed_bomb_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.gz");
    let line = "a".repeat(1023) + "\n";
    fs::write(&path, gzip(line.repeat(4096).as_bytes())).unwrap();
    let limits = Limits { expanded: 1 << 20, ..Limits::default() };
    let records: Vec<_> = FileRecords::new(&path, limits).collect();
    assert!(records.len() <= 1025, "{}", records.len());
    assert!(records.last().unwrap().result.as_ref().unwrap_err().contains("beyond its limit"));
}

#[test]
fn papers_are_passed_over_in_folders_and_read_when_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["LICENSE", "README.md", "rule.yml", ".hidden", "image.dat", "z.log", "notice.json", "sub/a.log"] {
        fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        fs::write(at(name), if name == "image.dat" { &b"\x89PNG\0\0"[..] } else { b"x=1\n" }).unwrap();
    }
    fs::write(at("empty.log"), b"").unwrap();
    fs::write(at("auth.log.1"), b"\0\0\0\0x=1\n").unwrap();
    let listing = list(&[folder.path().to_owned()]);
    let names: Vec<PathBuf> = listing.files.iter().map(|one| one.path.clone()).collect();
    assert_eq!(names, [at("auth.log.1"), at("notice.json"), at("sub/a.log"), at("z.log")]);
    assert_eq!(listing.skipped.len(), 6, "{:?}", listing.skipped);
    assert!(listing.skipped.iter().all(|one| !one.reason.is_empty()));
    assert_eq!(list(&[at("rule.yml")]).files.len(), 1);
    assert_eq!(texts(&read(&at("rule.yml"))), ["x=1"]);
    let missing = read(&at("missing.log"));
    assert!(missing[0].result.as_ref().unwrap_err().contains("cannot be opened"));
}

#[test]
fn bytes_that_are_no_utf8_are_kept_and_understood_as_far_as_possible() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin.log");
    let line = b"Mar  1 10:00:00 web sshd[1]: Failed password for invalid user jos\xe9 from 192.0.2.1 port 5 ssh2";
    fs::write(&path, [&line[..], b"\r\n"].concat()).unwrap();
    let records = read(&path);
    assert_eq!(records[0].result.as_ref().unwrap(), &line[..]);
    let event = support::formats().parse(&support::record(line.to_vec()));
    assert_eq!(event.columns.text(event::Column::UserName), Some("jos\u{fffd}"));
    assert!(event.understood && event.problem.is_some());
}

#[test]
fn a_damaged_event_log_gives_reasons_and_the_records_around_them() {
    let Some(data) = support::shared_data() else { return };
    let source = list(&[data.join("evtx")]).files.into_iter().max_by_key(|one| one.size).unwrap().path;
    let whole = read(&source);
    let good = whole.iter().filter(|one| one.result.is_ok()).count();
    let mut bytes = fs::read(&source).unwrap();
    // The second chunk's header, and the middle of the third chunk.
    for place in [4096 + 65_536 + 16, 4096 + 2 * 65_536 + 30_000] {
        for byte in &mut bytes[place..place + 200] {
            *byte = 0xff;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.evtx");
    fs::write(&path, bytes).unwrap();
    let records = read(&path);
    let kept = records.iter().filter(|one| one.result.is_ok()).count();
    let refused: Vec<_> = records.iter().filter_map(|one| one.result.as_ref().err()).collect();
    println!("{good} records whole; {kept} kept, {} refused: {:?}", refused.len(), refused.first());
    assert!(kept > 0 && kept < good && !refused.is_empty());
    let positions: Vec<u64> = records.iter().map(|one| one.position).collect();
    assert_eq!(positions, (1..=records.len() as u64).collect::<Vec<_>>());
}

#[test]
fn an_event_log_that_was_cut_gives_what_is_there_and_says_so() {
    let Some(data) = support::shared_data() else { return };
    let source = list(&[data.join("evtx")]).files.into_iter().max_by_key(|one| one.size).unwrap().path;
    let bytes = fs::read(&source).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.evtx");
    let good = |records: &[FileRecord]| records.iter().filter(|one| one.result.is_ok()).count();
    let read_until = |end: usize| {
        fs::write(&path, &bytes[..end]).unwrap();
        read(&path)
    };
    let one_block = good(&read_until(4096 + 65_536));
    let cut = read_until(4096 + 65_536 + 30_000);
    let two_blocks = good(&read_until(4096 + 2 * 65_536));
    println!("{one_block} in one block, {} in one and a half, {two_blocks} in two", good(&cut));
    assert!(one_block < good(&cut) && good(&cut) < two_blocks);
    let last = cut.last().unwrap().result.as_ref().unwrap_err();
    assert!(last.contains("35536 bytes of its last block are missing"), "{last}");
}

#[test]
fn an_event_log_inside_an_archive_is_the_same() {
    let Some(data) = support::shared_data() else { return };
    let source = list(&[data.join("evtx")]).files.into_iter().min_by_key(|one| one.size).unwrap().path;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    archive(&path, &[("x.evtx", &fs::read(&source).unwrap())]);
    assert_eq!(texts(&read(&path)), texts(&read(&source)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_the_reader_panic(
        head in prop_oneof![
            Just(&b""[..]), Just(&b"{"[..]), Just(&b"[{"[..]), Just(&b"\xff\xfe"[..]), Just(&b"\x1f\x8b\x08"[..]),
            Just(&b"PK\x03\x04"[..]), Just(&b"ElfFile\0"[..]), Just(&b"\xef\xbb\xbf"[..]),
        ],
        body in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'{'), Just(b'}'), Just(b'"'), Just(b'\n')], 0..300),
    ) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(head).unwrap();
        file.write_all(&body).unwrap();
        let records = read(file.path());
        prop_assert!(records.len() <= head.len() + body.len() + 1);
    }
}
