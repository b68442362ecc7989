use super::read::embedded;
use super::*;
use organisation::regulations::{Book, Fault, Files};
use std::collections::BTreeSet;

#[test]
fn built_in_law_loads_and_its_parts_fit_together() {
    let law = Law::embedded().unwrap();
    let ids: BTreeSet<_> = law.duties.iter().map(|duty| duty.id.as_str()).collect();
    for id in ["IN-NOW", "IN-24", "IN-24-SEED", "IN-24-CENTRAL", "IN-72", "PD-72"] {
        assert!(ids.contains(id), "{id} of regulation.md Annex B");
    }
    assert_eq!(ids.len(), law.duties.len(), "identifiers are unique");
    assert!(law.scale().is_some_and(|scale| scale.id == "m1-m4"));
    assert!(law.calendar.knows(2026) && law.calendar.knows(2027));
}

#[test]
fn a_kept_duty_reads_as_it_was_written() {
    for duty in &Law::embedded().unwrap().duties {
        let text = serde_json::to_string(&**duty).unwrap();
        assert_eq!(serde_json::from_str::<Duty>(&text).unwrap(), **duty, "{text}");
    }
}

/// The embedded files with one piece of a file exchanged; the piece must be there.
fn with(path: &str, old: &str, new: &str) -> Files {
    let mut files = embedded();
    let text = files.get_mut(path).unwrap();
    assert!(text.contains(old), "{path} has no {old}");
    *text = text.replacen(old, new, 1);
    files
}

fn line_of(files: &Files, path: &str, piece: &str) -> usize {
    files[path].lines().position(|line| line.contains(piece)).unwrap() + 1
}

fn faults(files: &Files) -> Vec<Fault> {
    Law::read(files).unwrap_err()
}

#[test]
fn text_that_does_not_read_is_refused_with_file_line_and_key() {
    let path = "duties/decree-331-2026.toml";
    for (old, new, piece, key) in [
        ("amount = 72", "amount = \"bảy mươi hai\"", "bảy mươi hai", "amount"),
        ("amount = 72", "amont = 72", "amont", "amont"),
        ("trigger = \"detection\"\namount = 72", "trigger = \"rumour\"\namount = 72", "rumour", "trigger"),
        ("recipient.vi = ", "recipient.vn = ", "recipient.vn", "recipient.vn"),
    ] {
        let files = with(path, old, new);
        let found = faults(&files);
        let fault = found.first().unwrap();
        assert_eq!((found.len(), fault.path.as_str()), (1, path), "{found:?}");
        assert_eq!(fault.line, Some(line_of(&files, path, piece)), "{fault}");
        assert!(fault.in_words(Lang::Vi).contains(key), "{fault}");
    }
    let broken = faults(&with("calendars/2026.toml", "year = 2026", "year = "));
    assert_eq!((broken.len(), broken[0].path.as_str()), (1, "calendars/2026.toml"));
    let unknown = faults(&with("severity/m1-m4.toml", "tone = \"critical\"", "tone = \"critical\"\ncolour = \"red\""));
    assert!(unknown[0].in_words(Lang::En).contains("colour"), "{unknown:?}");
}

#[test]
fn duties_of_one_name_must_not_be_law_at_the_same_time() {
    let path = "duties/plans-2026.toml";
    let head = "[[duty]]\nid = \"IN-24-SEED\"";
    let copied = |from: &str, to: &str| {
        let mut files = embedded();
        let text = files.get_mut(path).unwrap();
        let first = text.split("[[duty]]").nth(1).unwrap().to_owned();
        let ended = text.replacen("valid_from = \"2026-01-01\"", &format!("valid_from = \"2026-01-01\"\n{to}"), 1);
        let again = first.replacen("valid_from = \"2026-01-01\"", &format!("valid_from = \"{from}\""), 1);
        *text = format!("{ended}\n[[duty]]{again}");
        files
    };
    let meeting = copied("2026-06-01", "valid_to = \"2026-12-31\"");
    let found = faults(&meeting);
    let places: Vec<_> = found.iter().map(|fault| (fault.key, fault.path.as_str())).collect();
    assert_eq!(places, [("law-fault-overlap", path)], "{found:?}");
    let heads = meeting[path].lines().enumerate().filter(|(_, line)| *line == "[[duty]]");
    assert_eq!(found[0].line, heads.map(|(index, _)| index + 1).last(), "the line of the second one");
    assert!(meeting[path].contains(head));
    let following = Law::read(&copied("2027-01-01", "valid_to = \"2026-12-31\"")).unwrap();
    let both: Vec<_> = following.duties.iter().filter(|duty| duty.id == "IN-24-SEED").collect();
    assert_eq!(both.len(), 2, "one after the other is how the law changes");
    let day = jiff::civil::date(2026, 12, 1);
    let now = following.duties_from(day).into_iter().find(|duty| duty.id == "IN-24-SEED").unwrap();
    assert_eq!(now.valid_to, Some(jiff::civil::date(2026, 12, 31)), "the one that holds then");
    assert_eq!(following.duty("IN-24-SEED").unwrap().valid_from, jiff::civil::date(2027, 1, 1));
}

#[test]
fn what_does_not_fit_together_is_refused_where_it_stands() {
    let decree = "duties/decree-331-2026.toml";
    for (path, old, new, key) in [
        (decree, "form = \"report-72h\"", "form = \"report-73h\"", "law-fault-no-form"),
        (decree, "\"serious-disruption\"]", "\"grave-disruption\"]", "law-fault-no-sign"),
        (decree, "amount = 72", "amount = 99999", "law-fault-amount"),
        (decree, "basis.quoted = \"Thông báo", "basis.quoted = \"\" # \"Thông báo", "law-fault-unseen"),
        ("duties/superseded.toml", "valid_to = \"2026-06-30\"", "valid_to = \"2016-06-30\"", "law-fault-ends-before"),
        ("severity/decision-05-2017.toml", "valid_to = \"2026-06-30\"", "", "law-fault-scales-overlap"),
        ("severity/m1-m4.toml", "valid_from = ", "valid_to = \"2030-01-01\"\nvalid_from = ", "law-fault-no-scale"),
        ("reports/report-72h.toml", "id = \"report-72h\"", "id = \"closing\"", "law-fault-same-form"),
        ("reports/report-72h.toml", "id = \"cause\", label", "id = \"place\", label", "law-fault-reserved"),
        ("reports/report-72h.toml", "prefill = \"measures\"", "prefill = \"guesses\"", "law-fault-prefill"),
        ("calendars/2027.toml", "year = 2027", "year = 2026", "law-fault-same-year"),
        ("calendars/2027.toml", "2027-01-01", "2028-01-01", "law-fault-day"),
    ] {
        let found = faults(&with(path, old, new));
        let fault = found.iter().find(|fault| fault.key == key).unwrap_or_else(|| panic!("{key}: {found:?}"));
        assert!(kit::locale::texts().has(Lang::Vi, fault.key), "{key} has no words");
        if path == decree {
            assert_eq!(fault.path, path);
            assert!(fault.line.is_some_and(|line| line > 1), "{fault}");
        }
    }
}

#[test]
fn the_law_says_what_it_lays_down() {
    let files = embedded();
    let described = |path: &str| ResponseLaw.describe(path, &files[path], Lang::Vi);
    let decree = described("duties/decree-331-2026.toml");
    assert_eq!(decree.documents, ["Nghị định 331/2026/NĐ-CP"]);
    assert!(decree.text_seen && decree.valid_to.is_none());
    let duty = decree.provisions.iter().find(|one| one.id == "IN-24").unwrap();
    assert_eq!(duty.says[0], "Thời hạn: trong 24 giờ kể từ khi phát hiện");
    assert_eq!(duty.basis, "Điểm d khoản 2 Điều 31, Nghị định 331/2026/NĐ-CP");
    assert!(!described("duties/superseded.toml").text_seen);
    assert!(described("calendars/2026.toml").title.contains("2026"));
    assert_eq!(described("severity/m1-m4.toml").provisions.len(), 4);
    assert_eq!(ResponseLaw.describe("duties/x.toml", "nothing", Lang::Vi).title, "duties/x.toml");
}
