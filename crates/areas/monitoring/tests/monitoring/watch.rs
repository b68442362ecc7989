//! Watched folders over a real store: rotation by renaming, copying and packing, restarts, half lines, files that are read
//! as a whole; every line is stored once, wherever the reading is cut off.

use event::{Listener, Origin, RawRecord};
use event_store::{Options, Store};
use flate2::Compression;
use flate2::write::GzEncoder;
use kit::clock::{Clock, FixedClock, SystemClock};
use monitoring::watch::{Watch, WatchSettings};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const SECOND: i64 = 1_000_000;

struct Place {
    folder: tempfile::TempDir,
    data: tempfile::TempDir,
    store: Store,
    clock: FixedClock,
    names: &'static str,
}

impl Place {
    fn new(names: &'static str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path(), Options::default()).unwrap();
        let clock = FixedClock::at(SystemClock.now());
        Self { folder: tempfile::tempdir().unwrap(), data, store, clock, names }
    }

    fn watch(&self) -> Watch {
        let settings = WatchSettings {
            folder: self.folder.path().to_owned(),
            names: vec![self.names.to_owned()],
            source_id: Some("source".to_owned()),
            time_zone: Some("+07:00".to_owned()),
            ..WatchSettings::default()
        };
        Watch::new(vec![settings], self.store.clone(), Arc::new(self.clock.clone()))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn add(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.at(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn pack(&self, name: &str, text: &str) {
        let mut packed = GzEncoder::new(fs::File::create(self.at(name)).unwrap(), Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap();
    }

    async fn records(&self) -> Vec<RawRecord> {
        let mut reader = self.store.read_log(1);
        let mut all = Vec::new();
        loop {
            let records = reader.next_stored(1_000).await.unwrap();
            if records.is_empty() {
                return all;
            }
            all.extend(records.into_iter().map(|(_, record)| record));
        }
    }

    async fn texts(&self) -> Vec<String> {
        let watched = self.records().await.into_iter().filter(|record| record.origin.listener == Listener::Watch);
        watched.map(|record| String::from_utf8_lossy(&record.bytes).into_owned()).collect()
    }

    async fn sorted(&self) -> Vec<String> {
        let mut texts = self.texts().await;
        texts.sort();
        texts
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_followed_over_its_rotation() {
    let place = Place::new("*.log");
    let mut watch = place.watch();
    watch.look().await;
    assert!(place.texts().await.is_empty());
    place.add("app.log", "1\n2\nhal");
    watch.look().await;
    assert_eq!(place.texts().await, ["1", "2"]);
    place.add("app.log", "f\n");
    watch.look().await;
    let records = place.records().await;
    let origin = &records[2].origin;
    assert_eq!((&records[2].bytes[..], records[2].position), (&b"half"[..], 3));
    assert_eq!((origin.source_id.as_deref(), origin.time_zone.as_deref()), (Some("source"), Some("+07:00")));
    assert_eq!(origin.file.as_deref(), place.at("app.log").to_str());
    place.add("app.log", "late\n");
    fs::rename(place.at("app.log"), place.at("app.log.1")).unwrap();
    place.add("app.log", "new\n");
    watch.look().await;
    watch.look().await;
    assert_eq!(place.sorted().await, ["1", "2", "half", "late", "new"]);
    let figures = watch.board().figures();
    assert_eq!((figures[0].records, figures[0].behind, figures[0].followed), (5, 0, 2));
    assert!(figures[0].troubles.is_empty(), "{figures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_and_renamed_meanwhile_is_read_after_a_restart() {
    let place = Place::new("*.log");
    place.add("app.log", "1\n2\n");
    place.watch().look().await;
    place.add("app.log", "3\n");
    fs::rename(place.at("app.log"), place.at("app.log.1")).unwrap();
    place.add("app.log", "4\n");
    place.add("other.log.1", "no name that is watched\n");
    place.watch().look().await;
    assert_eq!(place.sorted().await, ["1", "2", "3", "4"]);
    place.watch().look().await;
    assert_eq!(place.sorted().await, ["1", "2", "3", "4"]);
    // The store too begins anew.
    let Place { folder, data, store, clock, names } = place;
    store.close().await;
    drop(store);
    let store = crate::stream::opened(data.path()).await;
    let place = Place { folder, data, store, clock, names };
    place.add("app.log", "5\n");
    place.watch().look().await;
    assert_eq!(place.sorted().await, ["1", "2", "3", "4", "5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_copied_and_cut_is_read_once() {
    let place = Place::new("*.log*");
    let mut watch = place.watch();
    place.add("app.log", "1\n2\n");
    watch.look().await;
    fs::copy(place.at("app.log"), place.at("app.log.1")).unwrap();
    OpenOptions::new().write(true).open(place.at("app.log")).unwrap().set_len(0).unwrap();
    place.add("app.log", "3\n");
    watch.look().await;
    assert_eq!(place.sorted().await, ["1", "2", "3"]);
    assert_eq!(watch.board().figures()[0].cut, 1);
    // Cut, and longer than before at the next look.
    fs::write(place.at("app.log"), "4\n5\n6\n7\n").unwrap();
    watch.look().await;
    assert_eq!(place.sorted().await, ["1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_a_file_was_copied_and_cut_is_read_from_the_copy() {
    let place = Place::new("*.log");
    let copy_and_cut = |copy: &str| {
        fs::copy(place.at("app.log"), place.at(copy)).unwrap();
        OpenOptions::new().write(true).open(place.at("app.log")).unwrap().set_len(0).unwrap();
    };
    let mut watch = place.watch();
    place.add("app.log", "1\n2\n");
    watch.look().await;
    // While it is watched, and while nobody is there; as long as before, and longer.
    place.add("app.log", "3\n");
    copy_and_cut("app.log.1");
    place.add("app.log", "4\n5\n6\n");
    watch.look().await;
    assert_eq!(place.sorted().await, ["1", "2", "3", "4", "5", "6"]);
    drop(watch);
    place.add("app.log", "7\n");
    fs::rename(place.at("app.log.1"), place.at("app.log.2")).unwrap();
    copy_and_cut("app.log.1");
    place.add("app.log", "8\n");
    // Neither is a file of ours, nor are its lines.
    place.add("other.log.1", "1\n2\n3\nof another\n");
    place.add("app.txt", "4\n5\n6\nof another\n");
    for _ in 0..2 {
        let mut watch = place.watch();
        watch.look().await;
        watch.look().await;
        assert_eq!(place.sorted().await, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_packed_is_read_from_where_reading_stood() {
    let place = Place::new("*.log*");
    let lines: String = (0..500).map(|number| format!("line {number:04}\n")).collect();
    place.add("app.log", &lines);
    place.watch().look().await;
    assert_eq!(place.texts().await.len(), 500);
    fs::remove_file(place.at("app.log")).unwrap();
    place.pack("app.log.1.gz", &lines);
    place.pack("app.log.2.gz", &format!("{lines}late\n"));
    place.clock.advance(60 * SECOND);
    let mut watch = place.watch();
    watch.look().await;
    assert!(watch.board().figures()[0].troubles.is_empty(), "{:?}", watch.board().figures());
    assert_eq!(place.texts().await.split_off(500), ["late"]);
    place.pack("other.log.gz", "another\nfile\n");
    watch.look().await;
    place.clock.advance(60 * SECOND);
    watch.look().await;
    assert_eq!(place.texts().await.split_off(501), ["another", "file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_line_that_waited_long_is_taken() {
    let place = Place::new("*");
    let mut watch = place.watch();
    place.add("app", "one\ntwo");
    watch.look().await;
    assert_eq!(place.texts().await, ["one"]);
    place.clock.advance(400 * SECOND);
    watch.look().await;
    watch.look().await;
    assert_eq!(place.texts().await, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_lines_are_read_once_when_they_are_whole() {
    let place = Place::new("*");
    let mut watch = place.watch();
    place.add("a.json", "[{\"a\":1},\n{\"a\":2}]");
    place.add("notes.md", "# no log\n");
    watch.look().await;
    assert!(place.texts().await.is_empty(), "it may still be written");
    place.clock.advance(60 * SECOND);
    watch.look().await;
    fs::copy(place.at("a.json"), place.at("b.json")).unwrap();
    place.clock.advance(60 * SECOND);
    watch.look().await;
    place.watch().look().await;
    assert_eq!(place.texts().await, ["{\"a\":1}", "{\"a\":2}"]);
    let figures = watch.board().figures();
    assert_eq!((figures[0].whole, figures[0].skipped), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_reading_is_cut_off_every_line_is_stored_once() {
    let place = Place::new("*.log");
    let mut expected = Vec::new();
    let mut cuts = 0;
    for round in 0..150_u64 {
        let file = if round % 3 == 0 { "a.log" } else { "b.log" };
        for number in 0..=(round % 7) {
            expected.push(format!("{file} {round} {number}"));
            place.add(file, &format!("{file} {round} {number}\n"));
        }
        if round % 40 == 39 {
            fs::rename(place.at(file), place.at(&format!("{file}.{round}"))).unwrap();
        }
        let mut watch = place.watch();
        // A file that goes from its name before it was ever opened is none that is watched.
        let limit = if round % 10 == 8 { 60_000_000 } else { round * 137 % 6_000 };
        let cut = tokio::time::timeout(Duration::from_micros(limit), watch.look()).await.is_err();
        cuts += usize::from(cut);
        // What a kill would have ended is at its end: the log is written in order.
        let end = RawRecord {
            bytes: "end".into(),
            arrival: 0,
            origin: Arc::new(Origin { listener: Listener::Relp, ..Origin::default() }),
            position: 0,
        };
        place.store.append(vec![end], None).await.unwrap();
    }
    place.watch().look().await;
    expected.sort();
    assert_eq!(place.sorted().await, expected);
    println!("{cuts} of 150 were cut off");
}
