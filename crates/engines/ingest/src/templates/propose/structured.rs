//! Lines that state the names of their values: JSON objects, pairs, values under a head.

use super::file::{File, layout_of};
use super::{Proposal, Wanted};
use crate::formats::{Pairs, flatten, separated};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Pairs that every line must have to be read as pairs.
const FEWEST_PAIRS: usize = 3;
/// Share of a line that must lie within pairs, in hundredths.
const IN_PAIRS: usize = 60;
/// Values that every line must have to be read as values between separators.
const FEWEST_VALUES: usize = 4;
/// Names by which an object is recognised.
const TELLING_NAMES: usize = 6;
/// Samples of one proposal.
const MOST_SAMPLES: usize = 5;
/// Separators, the more telling ones first.
const SEPARATORS: [char; 4] = ['\t', '|', ';', ','];
/// Last parts of names that hold times.
const TIMES: [&str; 11] = [
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "datetime",
    "date_time",
    "event_time",
    "eventtime",
    "log_time",
    "logtime",
    "created_at",
];
/// Seconds from which a number is a time rather than a length (2001).
const FIRST_EPOCH: f64 = 1_000_000_000.0;

/// Fields of a line: names and texts.
type Line = Vec<(String, String)>;

/// A format for lines all of which state their names in one way.
pub(super) fn propose(wanted: &Wanted<'_>) -> Option<Proposal> {
    if wanted.texts.is_empty() {
        return None;
    }
    objects(wanted).or_else(|| pairs(wanted)).or_else(|| values(wanted))
}

fn objects(wanted: &Wanted<'_>) -> Option<Proposal> {
    let line = |text: &&str| {
        let flat = flatten(text.trim().as_bytes()).ok()?;
        let texts = flat.values.iter().map(|value| value.as_text().unwrap_or_default().into_owned());
        Some(flat.each_name().map(ToOwned::to_owned).zip(texts).collect())
    };
    let lines: Vec<Line> = wanted.texts.iter().map(line).collect::<Option<_>>()?;
    let common = common(&lines);
    let mut file = File::begin(wanted, "json");
    match wanted.program {
        Some(_) => file.recognise(wanted, &[]),
        None => {
            // Names that say most: those that are not in every object of anybody.
            let mut telling: Vec<&String> = common.iter().filter(|name| !is_time(name)).collect();
            telling.sort_by_key(|name| std::cmp::Reverse(name.len()));
            telling.truncate(TELLING_NAMES);
            if telling.is_empty() {
                return None;
            }
            let names: Vec<String> = telling.iter().map(|name| super::file::quoted(name)).collect();
            file.line(&["\n[recognise]\nfields = [[", &names.join(", "), "]]"]);
        }
    }
    Some(finished(wanted, file, &lines))
}

fn pairs(wanted: &Wanted<'_>) -> Option<Proposal> {
    let line = |text: &&str| {
        let pairs: Vec<_> = Pairs::new(text, '=').collect();
        let within: usize = pairs.iter().map(|pair| pair.name.len() + pair.value.len() + 2).sum();
        let is_name = |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || "_.-@".contains(letter));
        let fits = pairs.len() >= FEWEST_PAIRS
            && within * 100 >= text.trim().len() * IN_PAIRS
            && pairs.iter().all(|pair| is_name(pair.name));
        fits.then(|| pairs.iter().map(|pair| (pair.name.to_owned(), pair.value.to_owned())).collect())
    };
    let lines: Vec<Line> = wanted.texts.iter().map(line).collect::<Option<_>>()?;
    let common = common(&lines);
    // In the order of the first line, so that one expression finds them one behind the other in all of them.
    let ordered: Vec<&str> =
        lines.first()?.iter().map(|(name, _)| name.as_str()).filter(|name| common.contains(*name)).collect();
    let (first, last) = (ordered.first()?, ordered.last()?);
    let begins = |text: &&str| text.trim_start().starts_with(&format!("{first}="));
    let start = if wanted.texts.iter().all(begins) { r"^[ \t]*" } else { r"(?:^|[ \t,;])" };
    let expression = match first == last {
        true => format!("{start}{}=", regex::escape(first)),
        false => format!(r"{start}{}=.*[ \t,;]{}=", regex::escape(first), regex::escape(last)),
    };
    let reads_all = regex::Regex::new(&expression).is_ok_and(|one| wanted.texts.iter().all(|text| one.is_match(text)));
    if !reads_all {
        return None;
    }
    let mut file = File::begin(wanted, "key_value");
    file.recognise(wanted, &[&expression]);
    Some(finished(wanted, file, &lines))
}

fn values(wanted: &Wanted<'_>) -> Option<Proposal> {
    let (separator, rows) = SEPARATORS.into_iter().find_map(|separator| Some((separator, rows(wanted, separator)?)))?;
    let count = rows.first()?.len();
    let head = rows.first().filter(|row| rows.len() > 1 && is_head(row));
    let names: Vec<String> = match head {
        Some(head) => head.iter().map(|name| name.trim().to_owned()).collect(),
        None => (1..=count).map(|number| format!("value_{number}")).collect(),
    };
    // Between tabs quotes mean nothing; elsewhere a value may hold the separator within them.
    let sign = regex::escape(&separator.to_string());
    let value = match separator {
        '\t' => r"[^\t]*".to_owned(),
        _ => format!(r#"(?:"(?:[^"]|"")*"|[^{sign}"]*)"#),
    };
    let expression = format!("^{value}(?:{sign}{value}){{{}}}$", count - 1);
    let lines: Vec<Line> = rows.iter().map(|row| names.iter().cloned().zip(row.iter().cloned()).collect()).collect();
    let mut file = File::begin(wanted, "csv");
    file.recognise(wanted, &[&expression]);
    file.line(&["\n[[csv]]\nline = '^'\nnames = ", &super::file::quoted(&names.join(","))]);
    if separator != ',' {
        file.line(&["separator = ", &toml::Value::from(separator.to_string()).to_string()]);
    }
    let skipped = usize::from(head.is_some());
    Some(finished_behind(wanted, file, &lines, skipped))
}

/// The values of all lines, where this separator gives each as many.
fn rows(wanted: &Wanted<'_>, separator: char) -> Option<Vec<Vec<String>>> {
    let rows: Vec<Vec<String>> = wanted.texts.iter().map(|text| separated(text.trim(), separator)).collect();
    let count = rows.first()?.len();
    (count >= FEWEST_VALUES && rows.iter().all(|row| row.len() == count)).then_some(rows)
}

/// Whether a line names what stands below: words, none twice, no values.
fn is_head(row: &[String]) -> bool {
    let is_name = |text: &String| {
        let name = text.trim();
        name.starts_with(char::is_alphabetic)
            && name.len() <= 60
            && name.chars().all(|letter| letter.is_alphanumeric() || "_.-@ ".contains(letter))
    };
    row.iter().all(is_name) && row.iter().collect::<BTreeSet<_>>().len() == row.len()
}

/// Names that every line has.
fn common(lines: &[Line]) -> BTreeSet<String> {
    let names = |line: &Line| line.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    let mut rest = lines.iter();
    let first = rest.next().map(names).unwrap_or_default();
    rest.fold(first, |common, line| &common & &names(line))
}

fn finished(wanted: &Wanted<'_>, file: File, lines: &[Line]) -> Proposal {
    finished_behind(wanted, file, lines, 0)
}

/// Columns, time and samples by the lines behind the first `skipped` ones, which only name.
fn finished_behind(wanted: &Wanted<'_>, mut file: File, lines: &[Line], skipped: usize) -> Proposal {
    let told = || lines.iter().skip(skipped);
    let mut fields: BTreeMap<&str, bool> = BTreeMap::new();
    for (name, text) in told().flatten().filter(|(_, text)| !text.is_empty()) {
        let is_address = text.trim().parse::<IpAddr>().is_ok();
        fields.entry(name).and_modify(|all| *all &= is_address).or_insert(is_address);
    }
    file.columns(fields.iter().map(|(name, is_address)| (*name, *is_address)));
    if let Some((from, layout)) = told().next().and_then(time_of) {
        file.time(&[&from], layout);
    }
    // One record for each set of names.
    let mut known = BTreeSet::new();
    let mut records = Vec::new();
    for (number, line) in lines.iter().enumerate().skip(skipped) {
        let names: Vec<&str> = line.iter().map(|(name, _)| name.as_str()).collect();
        if records.len() < MOST_SAMPLES && known.insert(names) {
            records.push(number);
        }
    }
    file.samples(wanted, records.into_iter());
    Proposal { text: file.text, patterns: 1, left_out: 0 }
}

fn is_time(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| TIMES.contains(&last.to_ascii_lowercase().as_str()))
}

/// Source and layout of a line's time, where one is known.
fn time_of(line: &Line) -> Option<(String, &'static str)> {
    let one = |(name, text): &(String, String)| {
        let is_epoch = text.parse::<f64>().is_ok_and(|number| number >= FIRST_EPOCH);
        Some((name.clone(), if is_epoch { "epoch" } else { layout_of(text.trim())? }))
    };
    let named = |wish: &str| line.iter().find(|(name, _)| name.eq_ignore_ascii_case(wish));
    if let (Some((date, day)), Some((time, hour))) = (named("date"), named("time"))
        && let Some(layout) = layout_of(&format!("{} {}", day.trim(), hour.trim()))
    {
        return Some((format!("{{{date}}} {{{time}}}"), layout));
    }
    let by_name = line.iter().filter(|(name, _)| is_time(name)).find_map(one);
    // Where no name says it, the first value that can be nothing but a time.
    let by_text = || line.iter().find_map(|(name, text)| Some((name.clone(), layout_of(text.trim())?)));
    by_name.or_else(by_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FormatSet;
    use event::{Column, Event, Origin, RawRecord};
    use std::sync::Arc;

    fn proposed(program: Option<&str>, lines: &[&str]) -> String {
        super::super::propose(&Wanted {
            name: "gate",
            title: "Cổng",
            version: 1,
            program,
            origin: "Máy chủ cổng",
            texts: lines,
            records: lines,
            disguised: false,
        })
        .text
    }

    fn set(text: &str) -> FormatSet {
        let set = FormatSet::load(&[("gate.toml".to_owned(), text.to_owned())]);
        let set = set.unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let (_, failures) = set.check_samples(crate::SAMPLES_ARRIVED);
        assert_eq!(failures, [], "{text}");
        set
    }

    fn read(set: &FormatSet, line: &str) -> Event {
        let origin = Arc::new(Origin::default());
        set.parse(&RawRecord { bytes: line.to_owned().into(), arrival: crate::SAMPLES_ARRIVED, origin, position: 1 })
    }

    fn moment(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().expect("a time").as_microsecond()
    }

    #[test]
    fn objects_are_read_by_their_names() {
        let lines = [
            r#"{"ts":"2026-11-23T10:11:12Z","actor":{"user":"anna"},"client":"192.0.2.7","door_state":"open"}"#,
            r#"{"ts":"2026-11-23T10:11:13Z","actor":{"user":"bao"},"client":"192.0.2.8","door_state":"closed","why":"late"}"#,
        ];
        let text = proposed(None, &lines);
        let set = set(&text);
        for line in lines {
            assert!(read(&set, line).understood, "{line}\n{text}");
        }
        let event = read(&set, lines[0]);
        assert_eq!(event.columns.text(Column::UserName), Some("anna"), "{text}");
        assert_eq!(event.columns.text(Column::SourceIp), Some("192.0.2.7"), "{text}");
        assert_eq!(event.time, moment("2026-11-23T10:11:12Z"));
        assert!(!read(&set, r#"{"ts":"2026-11-23T10:11:12Z"}"#).understood, "{text}");
    }

    #[test]
    fn pairs_are_read_by_their_names() {
        let lines = [
            r#"date=2026-11-23 time=10:11:12 devname="gate 1" user=anna src=192.0.2.7 act=open"#,
            r#"date=2026-11-23 time=10:11:13 devname="gate 2" user=bao src=192.0.2.8 reason="too late" act=refuse"#,
        ];
        let text = proposed(None, &lines);
        let set = set(&text);
        for line in lines {
            assert!(read(&set, line).understood, "{line}\n{text}");
        }
        let event = read(&set, lines[1]);
        assert_eq!(event.fields.text("reason").as_deref(), Some("too late"), "{text}");
        assert_eq!(event.columns.text(Column::HostName), Some("gate 2"), "{text}");
        assert_eq!(event.time, moment("2026-11-23T10:11:13Z"));
    }

    #[test]
    fn values_are_named_by_the_line_above_them() {
        let lines = [
            "time;user;src;door;state",
            "2026-11-23 10:11:12;anna;192.0.2.7;\"north; gate\";open",
            "2026-11-23 10:11:13;bao;192.0.2.8;south;closed",
        ];
        let text = proposed(None, &lines);
        let set = set(&text);
        let event = read(&set, lines[1]);
        assert!(event.understood, "{text}");
        assert_eq!(event.fields.text("door").as_deref(), Some("north; gate"), "{text}");
        assert_eq!(event.columns.text(Column::UserName), Some("anna"), "{text}");
        assert_eq!(event.time, moment("2026-11-23T10:11:12Z"));
        assert!(!read(&set, "a;b").understood);
    }

    #[test]
    fn values_without_a_head_have_numbers() {
        let lines = ["2026-11-23T10:11:12Z,7,anna,open", "2026-11-23T10:11:13Z,8,bao,closed"];
        let text = proposed(None, &lines);
        let event = read(&set(&text), lines[1]);
        assert_eq!(event.fields.text("value_3").as_deref(), Some("bao"), "{text}");
        assert_eq!(event.time, moment("2026-11-23T10:11:13Z"));
    }

    #[test]
    fn sentences_make_no_pairs_and_no_values() {
        let lines = ["gate opened for a=b", "gate closed, too late, again, and again"];
        assert!(proposed(None, &lines).contains("extract = 'patterns'"));
    }
}
