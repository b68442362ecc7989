use super::*;
use crate::rows;
use crate::segment::words::{BLOCK, WordsBuilder};
use bytes::Bytes;
use event::{Column, Event, Fields, Value};
use proptest::prelude::*;

fn event(seq: usize, raw: &str) -> Event {
    Event { seq: seq as u64, raw: Bytes::from(raw.to_owned()), ..Event::default() }
}

fn index(events: &[Event]) -> (Vec<u8>, Words) {
    let mut builder = WordsBuilder::default();
    for piece in events.chunks(1000) {
        builder.add(&rows::to_batch(piece.iter()).unwrap()).unwrap();
    }
    let bytes = builder.finish().unwrap();
    let words = Words::open(&|at, length| part(&bytes, at, length), 0, bytes.len() as u64).unwrap();
    (bytes, words)
}

fn part(bytes: &[u8], at: u64, length: usize) -> io::Result<Vec<u8>> {
    let part = bytes.get(at as usize..at as usize + length);
    part.map(<[u8]>::to_vec).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
}

fn find(index: &(Vec<u8>, Words), wanted: &Wanted) -> Vec<usize> {
    let blocks = index.1.find(&|at, length| part(&index.0, at, length), wanted).unwrap();
    (0..blocks.count()).filter(|block| blocks.contains(*block)).collect()
}

fn text(text: &str) -> Wanted {
    Wanted::Text(text.to_owned())
}

/// Three blocks of a dull log, and a needle in the middle one.
fn hay(needle: &str) -> Vec<Event> {
    let line = |number: usize| format!("Nov 22 10:00:00 web-{} app: request {number} took 12 ms", number % 7);
    let mut events: Vec<_> = (0..BLOCK * 3).map(|number| event(number, &line(number))).collect();
    events[BLOCK + 17].raw = Bytes::from(needle.to_owned());
    events
}

#[test]
fn a_rare_text_is_found_in_its_block_alone_however_it_is_written() {
    let guid = "6F1E2D3C-0B1A-4C5D-8E9F-A0B1C2D3E4F5";
    let encoded = "ZXhlYyB4cF9jbWRzaGVsbCBwb3dlcnNoZWxsIC1lbmMgYWJjZGVmZ2hpamtsbW5vcA";
    let line = format!(
        r#"{{"Image":"C:\\Tools\\mimikatz.exe","note":"bảo m\u1eadt\nSekurlsa::LogonPasswords","g":"{{{guid}}}","ip":"203.0.113.77","e":"{encoded}"}}"#
    );
    let index = index(&hay(&line));
    for needle in [
        "mimikatz",
        "MIMIKATZ.EXE",
        "imikat",
        r"tools\mimikatz.exe",
        "bảo mật",
        "bao mat",
        "sekurlsa::logonpasswords",
        "ekurlsa::logonpass",
        guid,
        "cF9jbWRzaGVsbCBwb3",
    ] {
        assert_eq!(find(&index, &text(needle)), [1], "{needle}");
    }
    assert_eq!(find(&index, &Wanted::Whole("203.0.113.77".into())), [1]);
    for absent in ["mimikatz2", "tools mimidogz", "logonpasswordz", "katz::dll"] {
        assert_eq!(find(&index, &text(absent)), Vec::<usize>::new(), "{absent}");
    }
    assert_eq!(find(&index, &Wanted::Whole("203.0.113.78".into())), Vec::<usize>::new());
    assert_eq!(find(&index, &text("request")), [0, 1, 2]);
    assert_eq!(find(&index, &text("12 ms")), [0, 1, 2], "nothing but short words and numbers");
    let both = Wanted::all(vec![text("mimikatz"), text("request")]);
    assert_eq!(find(&index, &both), [1]);
    let either = Wanted::any(vec![text("mimikatz"), text("absent word")]);
    assert_eq!(find(&index, &either), [1]);
    assert_eq!(find(&index, &Wanted::any(vec![text("mimikatz"), Wanted::Anything])), [0, 1, 2]);
}

#[test]
fn columns_and_fields_are_in_it_and_bytes_that_are_no_text_are_always_read() {
    let mut events = hay("plain");
    events[5].columns.set(Column::UserName, &Value::Text("svc_backup".into()));
    let mut fields = Fields::default();
    fields.push("ServiceFileName", r"%COMSPEC% /c echo \\.\pipe\xyzzy");
    events[BLOCK * 2].fields = fields;
    let index = index(&events);
    assert_eq!(find(&index, &text("SVC_Backup")), [0]);
    assert_eq!(find(&index, &text(r"\\.\pipe\xyzzy")), [2]);
    let column = |text: &str| find(&index, &Wanted::Column(text.to_owned()));
    assert_eq!((column("Svc_backup"), column("backup"), column("backu")), (vec![0], vec![0], vec![]));
    events[BLOCK].raw = Bytes::from_static(&[0xff, 0xfe, 0, 1]);
    let index = super::tests::index(&events);
    assert_eq!(find(&index, &text("no such text")), [1]);
}

#[test]
fn a_changed_byte_is_noticed() {
    let (bytes, _) = index(&hay("needle"));
    let whole = |bytes: &[u8]| {
        let read = |at: u64, length: usize| part(bytes, at, length);
        let words = Words::open(&read, 0, bytes.len() as u64)?;
        words.find(&read, &text("needle"))
    };
    assert!(whole(&bytes).is_ok());
    for place in [bytes.len() - 1, bytes.len() - 6, bytes.len() - 40, 10] {
        let mut changed = bytes.clone();
        changed[place] ^= 0x20;
        assert!(whole(&changed).is_err(), "byte {place}");
    }
    assert!(whole(&bytes[..bytes.len() / 2]).is_err());
}

proptest! {
    /// Whatever stands in a record and whatever part of it is looked for, its block is found.
    #[test]
    fn no_block_is_ever_left_out(
        lines in prop::collection::vec(r#"[a-fA-F0-9\\" .:{}/đẢnſtuU_-]{0,90}"#, 1..40),
        line in 0..40_usize, from in 0..60_usize, length in 1..60_usize,
    ) {
        let events: Vec<_> = lines.iter().enumerate().map(|(number, line)| event(number, line)).collect();
        let index = index(&events);
        let line = &lines[line % lines.len()];
        let needle: String = line.chars().skip(from).take(length).collect();
        prop_assert_eq!(find(&index, &text(&needle)), [0]);
        let mut events = events;
        events[0].columns.set(Column::UserName, &Value::from(needle.as_str()));
        if let Some(name) = events[0].columns.text(Column::UserName).map(str::to_owned) {
            prop_assert_eq!(find(&super::tests::index(&events), &Wanted::Column(name)), [0]);
        }
        // As a search reads it.
        for reading in [line.clone(), crate::pattern::unescape(line)] {
            let needle: String = reading.chars().skip(from).take(length).collect();
            if crate::pattern::Contains::new(&needle).is_in(line) {
                prop_assert_eq!(find(&index, &text(&needle)), [0], "{} in {}", needle, line);
            }
        }
    }

    #[test]
    fn damage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let read = |at: u64, length: usize| part(&bytes, at, length);
        if let Ok(words) = Words::open(&read, 0, bytes.len() as u64) {
            let _ = words.find(&read, &text("anything"));
        }
    }
}
