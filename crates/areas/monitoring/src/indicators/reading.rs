//! What a file says: one indicator a line, a table (CSV or a workbook) with a head, or a STIX 2.1 bundle. What kind of
//! file it is follows from its content. Pure.

use super::settings::IndicatorSettings;
use super::{List, identity, number};
use crate::settings::Settings;
use detection::{Indicator, IndicatorKind, StixIndicator, list_lines, read_bundle};
use kit::Error;
use kit::clock::{DAY, Micros, SECOND};
use kit::fold::fold;
use kit::locale::texts;
use kit::text::without_nul;
use organisation::sheets;
use serde::Serialize;
use std::collections::HashSet;
use std::sync::Arc;

/// An indicator as a file asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Line of the file, or id of the object.
    pub place: String,
    pub indicator: Indicator,
    /// The same in all lists.
    pub identity: u128,
    /// 0 to 100; that of the list where the file does not say.
    pub confidence: Option<u8>,
    /// Since ever where the file does not say.
    pub valid_from: Option<Micros>,
    pub valid_until: Option<Micros>,
    /// What the file calls it.
    pub reference: String,
}

impl Wanted {
    /// Until when it holds on a list.
    pub fn valid_until(&self, list: &List, now: Micros) -> Micros {
        let begins = self.valid_from.map_or(now, |from| from.max(now));
        self.valid_until.unwrap_or_else(|| begins.saturating_add(list.valid_days.saturating_mul(DAY)))
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
pub(super) const OWN_REFUSALS: [&str; 7] =
    ["line", "kind", "confidence", "valid-from", "valid-until", "expired", "twice"];
/// Longest reference and longest quotation of what was refused, in characters.
const LONGEST: usize = 200;
/// Longest head of a table, in bytes, and most of its columns.
const LONGEST_HEAD: usize = 16 << 10;
const MOST_COLUMNS: usize = 200;

/// What a column of a table holds, by names in use among publishers; the texts of our own lists come on top.
const COLUMNS: [(Part, &str, &[&str]); 6] = [
    (
        Part::Value,
        "indicator-text",
        &["indicator", "value", "ioc", "ioc_value", "observable", "domain", "ip", "url", "hash"],
    ),
    (Part::Kind, "indicator-kind", &["type", "kind", "ioc_type", "indicator_type"]),
    (Part::Confidence, "indicator-confidence", &["confidence", "confidence_level", "score"]),
    (Part::ValidFrom, "indicator-valid-from", &["valid_from", "starts", "not_before"]),
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
    ValidFrom,
    ValidUntil,
    Reference,
}

/// What a file asks for, each indicator once, and what of it is not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order of their identities: indexes of the register grow at their end then, which is several times as fast.
    pub wanted: Vec<Wanted>,
    /// Ids of objects that their author withdrew.
    pub revoked: Vec<String>,
    /// The first of those that are not taken.
    pub refused: Vec<Refused>,
    pub refused_total: u64,
}

/// Everything that a file says. A file that asks for more than is kept at all is refused.
pub fn read(settings: &IndicatorSettings, file: &[u8], now: Micros) -> Result<Found, Error> {
    let beginning = file.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
    let mut reader = Reader { settings, now, found: Found::default(), known: HashSet::new() };
    match (beginning, std::str::from_utf8(file)) {
        (Some(b'{'), Ok(text)) => reader.bundle(text)?,
        (_, Ok(text)) if head(text).is_none() => reader.lines(text),
        _ => reader.table(file)?,
    }
    let most = settings.most_indicators;
    if reader.found.wanted.len() as u64 > most {
        return Err(Error::mistake("indicator-too-many", [("most", most.to_string())]));
    }
    reader.found.wanted.sort_unstable_by_key(|one| one.identity);
    Ok(reader.found)
}

/// [`read`] apart from what answers requests, and before the transaction that takes what was read.
pub(crate) async fn read_apart(
    settings: Arc<Settings>,
    file: impl AsRef<[u8]> + Send + 'static,
    now: Micros,
) -> Result<Found, Error> {
    sheets::apart(move || read(&settings.indicators, file.as_ref(), now)).await
}

struct Reader<'s> {
    settings: &'s IndicatorSettings,
    now: Micros,
    found: Found,
    known: HashSet<u128>,
}

/// What stands beside an indicator.
#[derive(Default)]
struct Said {
    confidence: Option<u8>,
    valid_from: Option<Micros>,
    valid_until: Option<Micros>,
    reference: String,
}

impl Reader<'_> {
    /// Takes an indicator that still holds and has not been met; of several in a file the first counts.
    fn want(&mut self, place: String, indicator: Indicator, said: Said) {
        if said.valid_until.is_some_and(|until| until <= self.now) {
            return self.refuse(place, indicator.text(), "expired");
        }
        let identity = number(&identity(&indicator));
        if !self.known.insert(identity) {
            return self.refuse(place, indicator.text(), "twice");
        }
        // One more than fits says that it is too many.
        if self.found.wanted.len() as u64 <= self.settings.most_indicators {
            let Said { confidence, valid_from, valid_until, reference } = said;
            let wanted = Wanted { place, indicator, identity, confidence, valid_from, valid_until, reference };
            self.found.wanted.push(wanted);
        }
    }

    fn refuse(&mut self, place: String, text: &str, reason: &'static str) {
        self.found.refused_total += 1;
        if self.found.refused.len() < self.settings.refusals_named {
            self.found.refused.push(Refused { place, text: text.chars().take(LONGEST).collect(), reason });
        }
    }

    fn lines(&mut self, text: &str) {
        for line in list_lines(text) {
            let place = line.number.to_string();
            match line.indicator {
                Ok(indicator) => self.want(place, indicator, Said::default()),
                Err(reason) => self.refuse(place, line.text, reason.code()),
            }
        }
    }

    fn bundle(&mut self, text: &str) -> Result<(), Error> {
        let read = read_bundle(text, &mut |one| match one {
            Ok(object) => self.object(object),
            Err(one) => self.refuse(one.id, &one.text, one.reason.code()),
        });
        read.map_err(|error| Error::mistake("indicator-file-not-stix", [("words", error.to_string())]))?;
        // Earlier versions of what was withdrawn may stand in the same bundle.
        let revoked: HashSet<&String> = self.found.revoked.iter().collect();
        self.found.wanted.retain(|one| !revoked.contains(&one.place));
        Ok(())
    }

    fn object(&mut self, object: StixIndicator) {
        let StixIndicator { id, name, confidence, valid_from, valid_until, revoked, indicators } = object;
        if revoked {
            return self.found.revoked.push(id);
        }
        let named = name.map_or_else(|| id.clone(), |name| format!("{id} {name}"));
        for indicator in indicators {
            let reference = kept(&named);
            self.want(id.clone(), indicator, Said { confidence, valid_from, valid_until, reference });
        }
    }

    fn table(&mut self, file: &[u8]) -> Result<(), Error> {
        let (comments, rest) = without_comments(file);
        let mut lines = sheets::lines(rest)?;
        let head = lines.next().and_then(|(_, cells)| cells.ok()).unwrap_or_default();
        let parts: Vec<_> = head.iter().take(MOST_COLUMNS).map(|cell| part_of(cell)).collect();
        if !parts.contains(&Some(Part::Value)) {
            return Err(Error::mistake("indicator-file-no-head", []));
        }
        for (number, cells) in lines {
            let place = (number + comments).to_string();
            let Ok(cells) = cells else {
                self.refuse(place, "", "line");
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
                Ok((indicator, said)) => self.want(place, indicator, said),
                Err(reason) => self.refuse(place, cell(Part::Value), reason),
            }
        }
        Ok(())
    }
}

/// A reference as it is kept.
fn kept(reference: &str) -> String {
    without_nul(reference).chars().take(LONGEST).collect()
}

/// The columns of the first line that is no comment, where it is the head of a table.
fn head(text: &str) -> Option<Vec<Option<Part>>> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let line = Some(line).filter(|line| line.len() <= LONGEST_HEAD)?;
    let cells: Vec<_> =
        line.split([',', ';', '\t']).take(MOST_COLUMNS).map(|cell| part_of(cell.trim_matches('"'))).collect();
    cells.contains(&Some(Part::Value)).then_some(cells)
}

fn part_of(cell: &str) -> Option<Part> {
    let cell = fold(cell.trim_start_matches('\u{feff}').trim());
    let is_ours = |key: &str| kit::Lang::ALL.iter().any(|lang| fold(&texts().text(*lang, key)) == cell);
    COLUMNS.iter().find(|(_, key, names)| names.contains(&cell.as_str()) || is_ours(key)).map(|(part, ..)| *part)
}

/// What stands behind the comments that a table begins with, and the number of their lines.
fn without_comments(file: &[u8]) -> (u64, &[u8]) {
    let text = std::str::from_utf8(file).unwrap_or_default();
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim_start_matches('\u{feff}').starts_with('#');
    let comments = text.split_inclusive('\n').take_while(is_comment);
    let (lines, bytes) = comments.fold((0, 0), |(lines, bytes), line| (lines + 1, bytes + line.len()));
    (lines, file.get(bytes..).unwrap_or_default())
}

fn row<'c>(cell: &impl Fn(Part) -> &'c str) -> Result<(Indicator, Said), &'static str> {
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
    let valid_from = match cell(Part::ValidFrom) {
        "" => None,
        text => Some(moment(text, Day::Begins).ok_or("valid-from")?),
    };
    let valid_until = match cell(Part::ValidUntil) {
        "" => None,
        text => Some(moment(text, Day::Ends).ok_or("valid-until")?),
    };
    Ok((indicator, Said { confidence, valid_from, valid_until, reference: kept(cell(Part::Reference)) }))
}

/// Which moment of a day is meant where nothing but the day is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    Begins,
    Ends,
}

/// A moment as lists write it: with its zone, or a day or minute of Vietnam. Until a day is to its end.
fn moment(text: &str, day: Day) -> Option<Micros> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_microsecond());
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(SECOND);
    }
    let zone = kit::calendar::zone();
    let is_day = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if let (true, Ok(date)) = (is_day, text.parse::<jiff::civil::Date>()) {
        let date = if day == Day::Ends { date.tomorrow().ok()? } else { date };
        return date.to_zoned(zone).ok().map(|moment| moment.timestamp().as_microsecond());
    }
    if let Ok(local) = text.parse::<jiff::civil::DateTime>() {
        return local.to_zoned(zone).ok().map(|moment| moment.timestamp().as_microsecond());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_795_227_120_000_000;

    fn settings() -> IndicatorSettings {
        Settings::embedded().expect("sound").indicators
    }

    /// In the order of the file.
    fn found(file: &str) -> Found {
        let mut found = read(&settings(), file.as_bytes(), NOW).expect("readable");
        assert!(found.wanted.is_sorted_by_key(|one| one.identity));
        found.wanted.sort_by(|one, other| one.place.cmp(&other.place));
        found
    }

    /// Places with what is wanted there, places with why something is refused.
    type Places = (Vec<(String, String)>, Vec<(String, &'static str)>);

    fn check(file: &str) -> Places {
        let Found { wanted, refused, .. } = found(file);
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
        let Found { wanted, refused, .. } = found(table);
        let [first, second] = wanted.as_slice() else { panic!("{wanted:?}") };
        assert_eq!((first.confidence, first.reference.as_str(), first.valid_until), (Some(90), "a", None));
        assert_eq!(second.indicator.text(), "198.51.100.7");
        assert_eq!(second.valid_until, Some(1_798_822_800_000_000), "to the end of that day in Vietnam");
        let refused: Vec<_> = refused.iter().map(|one| (one.place.as_str(), one.reason)).collect();
        assert_eq!(refused, [("5", "confidence"), ("6", "expired"), ("7", "kind")]);
    }

    #[test]
    fn a_day_alone_is_meant_from_its_beginning_to_its_end() {
        let table = "value;valid_from;valid_until\na.example;2026-12-30;2026-12-31\nb.example;;2026-12-31T12:00\n\
                     c.example;soon;\n";
        let Found { wanted, refused, .. } = found(table);
        let day = 86_400_000_000;
        let midnight = 1_798_736_400_000_000;
        assert_eq!((wanted[0].valid_from, wanted[0].valid_until), (Some(midnight - 2 * day), Some(midnight)));
        assert_eq!(wanted[1].valid_until, Some(midnight - day / 2));
        assert_eq!((refused[0].place.as_str(), refused[0].reason), ("4", "valid-from"));
    }

    #[test]
    fn what_its_author_withdrew_is_wanted_no_more() {
        let bundle = r#"{"type": "bundle", "objects": [
            {"type": "indicator", "id": "indicator--1", "pattern": "[domain-name:value = 'evil.example']",
             "modified": "2026-01-01T00:00:00Z"},
            {"type": "indicator", "id": "indicator--1", "revoked": true, "pattern": "[domain-name:value = 'evil.example']",
             "modified": "2026-02-01T00:00:00Z"},
            {"type": "indicator", "id": "indicator--2", "valid_from": "2027-01-01T00:00:00Z",
             "pattern": "[domain-name:value = 'later.example']"}]}"#;
        let found = found(bundle);
        assert_eq!((found.revoked.as_slice(), found.refused_total), (&["indicator--1".to_owned()][..], 0));
        assert_eq!(found.wanted.len(), 1);
        assert_eq!(found.wanted[0].valid_from, Some(1_798_761_600_000_000));
    }

    #[test]
    fn bundles_are_read_by_their_objects() {
        let bundle = r#" {"type": "bundle", "objects": [
            {"type": "indicator", "id": "indicator--1", "name": "C2", "pattern": "[url:value = 'http://evil.example/a']"},
            {"type": "indicator", "id": "indicator--2", "pattern": "[process:pid = 1]"}]}"#;
        let (wanted, refused) = check(bundle);
        assert_eq!(wanted, [("indicator--1".into(), "http://evil.example/a".into())]);
        assert_eq!(refused, [("indicator--2".into(), "path")]);
        assert_eq!(found(bundle).wanted[0].reference, "indicator--1 C2");
        assert!(read(&settings(), b"{\"objects\": 5}", NOW).is_err());
    }

    #[test]
    fn of_what_a_file_refuses_the_first_is_named_and_the_rest_counted() {
        let named = settings().refusals_named;
        let lines = "com\n".repeat(named + 5) + "evil.example\nEVIL.example\n";
        let found = found(&lines);
        assert_eq!((found.wanted.len(), found.refused.len()), (1, named));
        assert_eq!(found.refused_total, named as u64 + 6);
        let wide = format!("value{}\nevil.example\n", ",".repeat(LONGEST_HEAD));
        assert!(
            read(&settings(), wide.as_bytes(), NOW).expect("lines").wanted.len() == 1,
            "too long for a head, it is a line"
        );
    }
}
