//! What a file says: one indicator a line, a table (CSV or a workbook) with a head, or a STIX 2.1 bundle. What kind of
//! file it is follows from its content. Pure.

use super::List;
use detection::{Indicator, IndicatorKind, list_lines, read_bundle};
use kit::Error;
use kit::clock::{DAY, Micros, SECOND};
use kit::fold::fold;
use kit::locale::texts;
use kit::text::without_nul;
use serde::Serialize;

/// An indicator as a file asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Line of the file, or id of the object.
    pub place: String,
    pub indicator: Indicator,
    /// 0 to 100; that of the list where the file does not say.
    pub confidence: Option<u8>,
    pub valid_until: Option<Micros>,
    /// What the file calls it.
    pub reference: String,
}

impl Wanted {
    /// Until when it holds on a list.
    pub fn valid_until(&self, list: &List, now: Micros) -> Micros {
        self.valid_until.unwrap_or_else(|| now.saturating_add(list.valid_days.saturating_mul(DAY)))
    }
}

/// What a file says and what is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Line of the file, or id of the object.
    pub place: String,
    pub text: String,
    /// People read the text under `indicator-refusal-` and this.
    pub reason: &'static str,
}

/// Reasons that are not the engine's.
#[cfg(test)]
pub(super) const OWN_REFUSALS: [&str; 6] = ["line", "kind", "confidence", "valid-until", "expired", "twice"];
/// Longest reference and longest quotation of what was refused, in characters.
const LONGEST: usize = 200;

/// What a column of a table holds, by names in use among publishers; the texts of our own lists come on top.
const COLUMNS: [(Part, &str, &[&str]); 5] = [
    (
        Part::Value,
        "indicator-text",
        &["indicator", "value", "ioc", "ioc_value", "observable", "domain", "ip", "url", "hash"],
    ),
    (Part::Kind, "indicator-kind", &["type", "kind", "ioc_type", "indicator_type"]),
    (Part::Confidence, "indicator-confidence", &["confidence", "confidence_level", "score"]),
    (Part::ValidUntil, "indicator-valid-until", &["valid_until", "expires", "expiration", "expiry"]),
    (
        Part::Reference,
        "indicator-reference",
        &["reference", "id", "ioc_id", "comment", "description", "malware", "threat"],
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Value,
    Kind,
    Confidence,
    ValidUntil,
    Reference,
}

/// Everything that a file says, in its order, and everything that is not taken.
pub fn read(file: &[u8], now: Micros) -> Result<Found, Error> {
    let beginning = file.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
    let mut found = match (beginning, std::str::from_utf8(file)) {
        (Some(b'{'), Ok(text)) => bundle(text)?,
        (_, Ok(text)) if head(text).is_none() => lines(text),
        _ => table(file)?,
    };
    let (wanted, expired): (Vec<_>, Vec<_>) =
        found.0.into_iter().partition(|one| one.valid_until.is_none_or(|until| until > now));
    found.1.extend(expired.into_iter().map(|one: Wanted| refused(one.place, one.indicator.text(), "expired")));
    Ok((wanted, found.1))
}

/// What a file asks for, and what of it is not taken.
pub type Found = (Vec<Wanted>, Vec<Refused>);

/// [`read`] apart from what answers requests, and before the transaction that takes what was read.
pub(super) async fn read_apart(file: Vec<u8>, now: Micros) -> Result<Found, Error> {
    tokio::task::spawn_blocking(move || read(&file, now)).await.map_err(Error::internal)?
}

fn refused(place: String, text: &str, reason: &'static str) -> Refused {
    Refused { place, text: text.chars().take(LONGEST).collect(), reason }
}

fn lines(text: &str) -> Found {
    let mut found = Found::default();
    for line in list_lines(text) {
        let place = line.number.to_string();
        match line.indicator {
            Ok(indicator) => {
                found.0.push(Wanted { place, indicator, confidence: None, valid_until: None, reference: String::new() })
            }
            Err(reason) => found.1.push(refused(place, line.text, reason.code())),
        }
    }
    found
}

fn bundle(text: &str) -> Result<Found, Error> {
    let bundle =
        read_bundle(text).map_err(|error| Error::mistake("indicator-file-not-stix", [("words", error.to_string())]))?;
    let mut found = Found::default();
    for object in bundle.indicators {
        for indicator in object.indicators {
            found.0.push(Wanted {
                place: object.id.clone(),
                indicator,
                confidence: object.confidence,
                valid_until: object.valid_until,
                reference: without_nul(&object.id).chars().take(LONGEST).collect(),
            });
        }
    }
    found.1 = bundle.refused.into_iter().map(|one| refused(one.id, &one.text, one.reason.code())).collect();
    Ok(found)
}

/// The columns of the first line that is no comment, where it is the head of a table.
fn head(text: &str) -> Option<Vec<Option<Part>>> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let cells: Vec<_> = line.split([',', ';', '\t']).map(|cell| part_of(cell.trim_matches('"'))).collect();
    cells.contains(&Some(Part::Value)).then_some(cells)
}

fn part_of(cell: &str) -> Option<Part> {
    let cell = fold(cell.trim_start_matches('\u{feff}').trim());
    let is_ours = |key: &str| kit::Lang::ALL.iter().any(|lang| fold(&texts().text(*lang, key)) == cell);
    COLUMNS.iter().find(|(_, key, names)| names.contains(&cell.as_str()) || is_ours(key)).map(|(part, ..)| *part)
}

fn table(file: &[u8]) -> Result<Found, Error> {
    let (comments, rest) = without_comments(file);
    let mut lines = organisation::sheets::lines(rest)?.into_iter();
    let head = lines.next().and_then(|(_, cells)| cells.ok()).unwrap_or_default();
    let parts: Vec<_> = head.iter().map(|cell| part_of(cell)).collect();
    if !parts.contains(&Some(Part::Value)) {
        return Err(Error::mistake("indicator-file-no-head", []));
    }
    let mut found = Found::default();
    for (number, cells) in lines {
        let place = (number + comments).to_string();
        let Ok(cells) = cells else {
            found.1.push(refused(place, "", "line"));
            continue;
        };
        let cell = |part| {
            let at = parts.iter().position(|have| *have == Some(part));
            at.and_then(|at| cells.get(at)).map_or("", |cell| cell.trim())
        };
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match row(&cell) {
            Ok((indicator, confidence, valid_until)) => found.0.push(Wanted {
                place,
                indicator,
                confidence,
                valid_until,
                reference: without_nul(cell(Part::Reference)).chars().take(LONGEST).collect(),
            }),
            Err(reason) => found.1.push(refused(place, cell(Part::Value), reason)),
        }
    }
    Ok(found)
}

/// What stands behind the comments that a table begins with, and the number of their lines.
fn without_comments(file: &[u8]) -> (u64, &[u8]) {
    let text = std::str::from_utf8(file).unwrap_or_default();
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim_start_matches('\u{feff}').starts_with('#');
    let comments = text.split_inclusive('\n').take_while(is_comment);
    let (lines, bytes) = comments.fold((0, 0), |(lines, bytes), line| (lines + 1, bytes + line.len()));
    (lines, file.get(bytes..).unwrap_or_default())
}

fn row<'c>(cell: &impl Fn(Part) -> &'c str) -> Result<(Indicator, Option<u8>, Option<Micros>), &'static str> {
    let kind = match cell(Part::Kind) {
        "" => None,
        // `ip:port` of ThreatFox is an address; what has no kind of ours may still look like one.
        name => match IndicatorKind::from_name(name) {
            None if name.contains("ip") => Some(IndicatorKind::Address),
            None if name.contains("hash") => Some(IndicatorKind::Hash),
            None => return Err("kind"),
            kind => kind,
        },
    };
    let indicator = Indicator::read(cell(Part::Value), kind).map_err(|refusal| refusal.code())?;
    let confidence = match cell(Part::Confidence) {
        "" => None,
        text => {
            Some(text.trim_end_matches('%').trim().parse::<u8>().ok().filter(|one| *one <= 100).ok_or("confidence")?)
        }
    };
    let valid_until = match cell(Part::ValidUntil) {
        "" => None,
        text => Some(moment(text).ok_or("valid-until")?),
    };
    Ok((indicator, confidence, valid_until))
}

/// A moment as lists write it: with its zone, or a day or minute of Vietnam.
fn moment(text: &str) -> Option<Micros> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_microsecond());
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(SECOND);
    }
    let zone = kit::calendar::zone();
    if let Ok(local) = text.parse::<jiff::civil::DateTime>() {
        return local.to_zoned(zone).ok().map(|moment| moment.timestamp().as_microsecond());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_795_227_120_000_000;

    fn check(file: &str) -> (Vec<(String, String)>, Vec<(String, &'static str)>) {
        let (wanted, refused) = read(file.as_bytes(), NOW).expect("readable");
        (
            wanted.into_iter().map(|one| (one.place, one.indicator.text().to_owned())).collect(),
            refused.into_iter().map(|one| (one.place, one.reason)).collect(),
        )
    }

    #[test]
    fn plain_lines_are_read_with_their_numbers() {
        let (wanted, refused) = check("# list\nevil[.]example\n\ncom\n198.51.100.7 # seen\n");
        assert_eq!(wanted, [("2".into(), "evil.example".into()), ("5".into(), "198.51.100.7".into())]);
        assert_eq!(refused, [("4".into(), "too-broad")]);
    }

    #[test]
    fn tables_are_read_by_their_head_in_any_order() {
        let table = "# exported\ntype;Value;confidence;expires;comment\nmd5;d41d8cd98f00b204e9800998ecf84271;90;;a\n\
                     ip:port;198.51.100.7:443;;2027-01-01;\ndomain;evil.example;101;;\ndomain;b.example;50%;2026-01-01T00:00:00Z;\n\
                     mutex;x;;;\n";
        let (wanted, refused) = read(table.as_bytes(), NOW).expect("readable");
        let [first, second] = wanted.as_slice() else { panic!("{wanted:?}") };
        assert_eq!((first.confidence, first.reference.as_str(), first.valid_until), (Some(90), "a", None));
        assert_eq!(second.indicator.text(), "198.51.100.7");
        assert_eq!(second.valid_until, Some(1_798_736_400_000_000));
        let refused: Vec<_> = refused.iter().map(|one| (one.place.as_str(), one.reason)).collect();
        assert_eq!(refused, [("5", "confidence"), ("7", "kind"), ("6", "expired")]);
    }

    #[test]
    fn bundles_are_read_by_their_objects() {
        let bundle = r#" {"type": "bundle", "objects": [
            {"type": "indicator", "id": "indicator--1", "pattern": "[url:value = 'http://evil.example/a']", "confidence": 30},
            {"type": "indicator", "id": "indicator--2", "pattern": "[process:pid = 1]"}]}"#;
        let (wanted, refused) = check(bundle);
        assert_eq!(wanted, [("indicator--1".into(), "http://evil.example/a".into())]);
        assert_eq!(refused, [("indicator--2".into(), "path")]);
        assert!(read(b"{\"objects\": 5}", NOW).is_err());
    }
}
