//! Lines that somebody pastes, as the formats read them. Nothing of them is kept.

use event::{Event, Origin, RawRecord, Value};
use ingest::FormatSet;
use kit::Error;
use kit::clock::Micros;
use serde::Serialize;
use std::sync::Arc;

/// Lines that are read at once.
pub const MOST_LINES: usize = 200;
/// Bytes of all of them.
pub const MOST_BYTES: usize = 131_072;

/// A name and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    pub name: String,
    pub value: String,
}

/// How one line is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    pub line: String,
    /// All of it; false also where nothing but an envelope around it is.
    pub understood: bool,
    /// `name@version`; none where nothing fits.
    pub format: Option<String>,
    pub title: Option<String>,
    /// Program and message inside an envelope that no format reads.
    pub program: Option<String>,
    pub unread: Option<String>,
    /// When it happened; when it was read, where the line does not say.
    pub time: Micros,
    pub time_quality: &'static str,
    pub product: Option<String>,
    pub categories: Vec<String>,
    pub services: Vec<String>,
    pub columns: Vec<Named>,
    pub fields: Vec<Named>,
    pub message: Option<String>,
    /// What is not, or not wholly, understood.
    pub problem: Option<String>,
}

impl Reading {
    fn of(formats: &FormatSet, line: &str, event: &Event) -> Self {
        let unread = formats.unread(event);
        let named = |name: &str, value: &Value| Named { name: name.to_owned(), value: words(value) };
        let texts = |texts: &[Arc<str>]| texts.iter().map(|text| text.to_string()).collect();
        Self {
            line: line.to_owned(),
            understood: unread.is_none(),
            format: event.understood.then(|| event.format.to_string()),
            title: formats.title_of(&event.format).filter(|_| event.understood).map(ToOwned::to_owned),
            program: unread.as_ref().and_then(|one| one.program.as_deref().map(ToOwned::to_owned)),
            unread: unread.map(|one| one.text.into_owned()),
            time: event.time,
            time_quality: event.time_quality.as_str(),
            product: event.log_source.product.as_deref().map(ToOwned::to_owned),
            categories: texts(&event.log_source.categories),
            services: texts(&event.log_source.services),
            columns: event.columns.iter().map(|(column, value)| named(column.name(), value)).collect(),
            fields: event.fields.iter().map(|(name, value)| named(name, value)).collect(),
            message: event.message.clone(),
            problem: event.problem.clone(),
        }
    }

    /// Sigma's log source: `linux · sshd, auth`.
    pub fn log_source(&self) -> String {
        let words = [self.product.iter().cloned().collect::<Vec<_>>(), self.categories.clone(), self.services.clone()];
        words.iter().filter(|words| !words.is_empty()).map(|words| words.join(", ")).collect::<Vec<_>>().join(" · ")
    }
}

fn words(value: &Value) -> String {
    let mut words: Vec<String> = Vec::new();
    value.any_text(&mut |text| {
        words.push(text.to_owned());
        false
    });
    words.join(", ")
}

/// The lines of a text, without empty ones.
///
/// # Errors
/// None, too many, or too long all together.
pub fn lines(text: &str) -> Result<Vec<&str>, Error> {
    if text.len() > MOST_BYTES {
        return Err(Error::invalid("lines", "format-lines-too-long"));
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    match lines.len() {
        0 => Err(Error::invalid("lines", "field-required")),
        1..=MOST_LINES => Ok(lines),
        _ => Err(Error::invalid("lines", "format-lines-too-many")),
    }
}

/// Reads lines as if they arrived now from a sender of whom nothing is known.
pub fn read(formats: &FormatSet, lines: &[&str], now: Micros) -> Vec<Reading> {
    let origin = Arc::new(Origin::default());
    let read = |(number, line): (u64, &&str)| {
        let bytes = (*line).to_owned().into();
        let event = formats.parse(&RawRecord { bytes, arrival: now, origin: origin.clone(), position: number });
        Reading::of(formats, line, &event)
    };
    (1..).zip(lines).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENVELOPE: &str = "name = 'syslog'\nversion = 1\ntitle = 'Syslog'\norder = 500\nextract = 'syslog'\n\
        [recognise]\nlines = ['^<\\d{1,3}>']\n";

    fn formats() -> FormatSet {
        FormatSet::load(&[("syslog.toml".to_owned(), ENVELOPE.to_owned())]).expect("a format")
    }

    #[test]
    fn what_is_read_and_what_is_not_is_told() {
        let lines = ["<13>Nov 20 10:11:12 srv gate[7]: opened by anna", "door is open"];
        let readings = read(&formats(), &lines, 0);
        let told: Vec<_> = readings
            .iter()
            .map(|one| (one.understood, one.format.as_deref(), one.program.as_deref(), one.unread.as_deref()))
            .collect();
        let expected = [
            (false, Some("syslog@1"), Some("gate"), Some("opened by anna")),
            (false, None, None, Some("door is open")),
        ];
        assert_eq!(told, expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_is_read_beyond_the_bounds(text in "(?s).{0,3000}", copies in 1_usize..100) {
            let text = text.repeat(copies);
            match lines(&text) {
                Ok(lines) => {
                    prop_assert!((1..=MOST_LINES).contains(&lines.len()) && text.len() <= MOST_BYTES);
                    prop_assert_eq!(read(&formats(), &lines, 0).len(), lines.len());
                }
                Err(error) => prop_assert!(matches!(error, Error::Invalid(_))),
            }
        }
    }

    #[test]
    fn too_much_is_refused() {
        assert!(lines(&"x\n".repeat(MOST_LINES)).is_ok());
        assert!(lines(&"x\n".repeat(MOST_LINES + 1)).is_err());
        assert!(lines(&"x".repeat(MOST_BYTES + 1)).is_err());
        assert!(lines(" \n\n").is_err());
    }
}
