//! A first text of a format for lines that none reads: by the names that the lines state (JSON, pairs, values under a
//! head), else patterns with named groups from their templates. A person goes on from there; every line it was made of is
//! read by it.

mod file;
mod patterns;
mod structured;

/// What is known of the format that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    pub name: &'w str,
    pub title: &'w str,
    pub version: u32,
    /// The program that writes the lines, where they stand inside a syslog envelope that names one.
    pub program: Option<&'w str>,
    /// Where the lines come from.
    pub origin: &'w str,
    /// What patterns are made of: records, or their messages inside an envelope.
    pub texts: &'w [&'w str],
    /// The records themselves, one to a text.
    pub records: &'w [&'w str],
    /// Whether samples are written without what tells of whom they are.
    pub disguised: bool,
}

/// A proposed format file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub text: String,
    pub patterns: usize,
    /// Lines of templates beyond [`MOST_PATTERNS`].
    pub left_out: usize,
}

impl Wanted<'_> {
    /// Whether the texts are the records themselves and stand in no envelope.
    fn are_whole(&self) -> bool {
        self.texts.iter().zip(self.records).all(|(text, record)| text.trim() == record.trim())
    }
}

/// The first text of the format.
pub fn propose(wanted: &Wanted<'_>) -> Proposal {
    structured::propose(wanted).unwrap_or_else(|| patterns::propose(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FormatSet;
    use event::{Column, Event, Origin, RawRecord};
    use jiff::Timestamp;
    use std::sync::Arc;

    const LINES: [&str; 3] = [
        "2026-11-23 10:11:12 gate: opened by=anna from 10.1.2.3 port 4711",
        "2026-11-23 10:11:13 gate: opened by=bao from 10.1.2.4 port 80",
        "2026-11-23 10:12:00 gate: battery low, 12%",
    ];

    fn proposed(disguised: bool) -> Proposal {
        propose(&Wanted {
            name: "gate",
            title: "Cổng",
            version: 1,
            program: None,
            origin: "Máy chủ cổng",
            texts: &LINES,
            records: &LINES,
            disguised,
        })
    }

    fn read(text: &str, line: &str) -> Event {
        let set = FormatSet::load(&[("gate.toml".to_owned(), text.to_owned())]).expect("a format");
        let origin = Arc::new(Origin::default());
        set.parse(&RawRecord { bytes: line.to_owned().into(), arrival: crate::SAMPLES_ARRIVED, origin, position: 1 })
    }

    #[test]
    fn every_line_is_read_by_what_is_proposed_for_it() {
        let Proposal { text, patterns, left_out } = proposed(false);
        assert_eq!((patterns, left_out), (2, 0), "{text}");
        for line in LINES {
            assert!(read(&text, line).understood, "{line}\n{text}");
        }
        let event = read(&text, LINES[0]);
        assert_eq!(event.fields.text("port").as_deref(), Some("4711"), "{text}");
        assert_eq!(event.columns.text(Column::SourceIp), Some("10.1.2.3"), "{text}");
        assert_eq!(event.problem, None);
        assert_eq!(event.time, "2026-11-23T10:11:12Z".parse::<Timestamp>().expect("a time").as_microsecond());
    }

    #[test]
    fn samples_are_read_also_in_disguise() {
        for disguised in [false, true] {
            let text = proposed(disguised).text;
            let set = FormatSet::load(&[("gate.toml".to_owned(), text.clone())]).expect("a format");
            let (passed, failures) = set.check_samples(crate::SAMPLES_ARRIVED);
            assert_eq!((passed, failures.as_slice()), (2, &[][..]), "{text}");
            assert_eq!(text.contains("10.1.2.3"), !disguised, "{text}");
        }
    }

    #[test]
    fn what_stands_in_an_envelope_is_known_by_its_program() {
        let records = ["<13>Nov 20 10:11:12 srv gate[7]: it's open"];
        let wanted = Wanted {
            name: "gate",
            title: "Cổng",
            version: 1,
            program: Some("gate"),
            origin: "srv",
            texts: &["it's open"],
            records: &records,
            disguised: false,
        };
        let text = propose(&wanted).text;
        assert!(text.contains("programs = ['gate']"), "{text}");
        assert!(FormatSet::load(&[("gate.toml".to_owned(), text.clone())]).is_ok(), "{text}");
    }
}
