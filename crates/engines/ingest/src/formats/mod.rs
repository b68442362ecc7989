//! Formats: which one a record is in, and the record understood by it. Formats are data (`content/formats`);
//! this engine knows JSON, expressions, pairs and the syslog envelope, and no product by name.
//!
//! Invariant: parsing has no side effects, never fails and never panics. What nothing understands becomes an
//! event with `understood = false`.

mod about;
mod apply;
mod cef;
mod compile;
mod csv;
mod definition;
mod draft;
mod expressions;
mod json;
mod key_value;
mod long;
mod outline;
mod samples;
mod structured_data;
mod syslog;
mod time;
mod transform;
mod understand;
mod unread;
mod w3c;
mod xml;

pub use about::{About, about};
use apply::{Context, Stated};
use compile::{Format, compile};
pub(crate) use csv::separated;
use definition::{Extract, FormatFile};
use draft::Draft;
use event::{Columns, Event, Fields, LONGEST_RECORD, LogSource, RawRecord, TimeQuality};
use expressions::build_set;
use jiff::Timestamp;
use jiff::tz::TimeZone;
pub(crate) use json::flatten;
pub(crate) use key_value::Pairs;
use outline::Outlines;
use regex::RegexSet;
pub use samples::{FormatSummary, SAMPLES_ARRIVED, SampleFailure};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use understand::Understood;
pub use unread::Unread;
use w3c::StatedLists;

/// One thing wrong in one format file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    pub file: String,
    pub reason: String,
}

/// Everything wrong in a set of format files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FormatErrors(pub Vec<FormatError>);

impl fmt::Display for FormatErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(formatter, "{separator}{}: {}", error.file, error.reason)?;
        }
        Ok(())
    }
}

/// All formats, ready to parse.
pub struct FormatSet {
    formats: Vec<Format>,
    by_name: HashMap<Arc<str>, usize>,
    json: Vec<usize>,
    /// Formats that know nothing but an envelope.
    envelopes: Vec<usize>,
    /// Formats of logs that name their fields.
    with_header: Vec<usize>,
    stated: StatedLists,
    /// Fields by which senders tell such logs apart, of all formats together.
    log_fields: Vec<String>,
    lines: Recognisers,
    messages: Recognisers,
    programs: HashMap<String, Vec<usize>>,
    default_zone: TimeZone,
    unparsed: Arc<str>,
    outlines: Outlines,
}

/// Expressions of many formats searched at once.
struct Recognisers {
    set: RegexSet,
    owners: Vec<usize>,
}

impl Recognisers {
    fn build(formats: &[Format], expressions: impl Fn(&Format) -> &[String]) -> Result<Self, String> {
        let pairs: Vec<(usize, &str)> = formats
            .iter()
            .enumerate()
            .flat_map(|(number, format)| expressions(format).iter().map(move |one| (number, one.as_str())))
            .collect();
        let set = build_set(pairs.iter().map(|(_, expression)| *expression))?;
        Ok(Self { set, owners: pairs.into_iter().map(|(owner, _)| owner).collect() })
    }

    /// Formats that recognise the text, first choice first.
    fn find(&self, text: &str) -> impl Iterator<Item = usize> + '_ {
        let mut owners: Vec<usize> =
            self.set.matches(text).into_iter().filter_map(|number| self.owners.get(number).copied()).collect();
        owners.dedup();
        owners.into_iter()
    }
}

/// Whether a time zone is known: an IANA name or an offset such as `+07:00`.
pub fn is_time_zone(name: &str) -> bool {
    time::zone(name).is_some()
}

/// Whether a text is a list of fields, as it stands behind `#Fields:` of a W3C log.
pub fn is_field_list(text: &str) -> bool {
    w3c::FieldList::parse(text).is_some()
}

impl FormatSet {
    /// Compiles format files given as (file name, TOML text). Every file is tried; all errors come back.
    pub fn load(files: &[(String, String)]) -> Result<Self, FormatErrors> {
        let mut errors = Vec::new();
        let mut formats = Vec::new();
        let mut by_name: HashMap<Arc<str>, String> = HashMap::new();
        for (file, text) in files {
            let error = |reason| FormatError { file: file.clone(), reason };
            match toml::from_str::<FormatFile>(text).map_err(|error| error.to_string()).and_then(compile) {
                Ok(format) => match by_name.insert(format.name.clone(), file.clone()) {
                    Some(other) => errors.push(error(format!("format {:?} stands in {other} already", format.name))),
                    None => formats.push(format),
                },
                Err(reason) => errors.push(error(reason)),
            }
        }
        formats.sort_by(|one, other| one.order.cmp(&other.order).then_with(|| one.name.cmp(&other.name)));
        formats.iter_mut().enumerate().for_each(|(number, format)| format.number = number);
        let set = |reason| FormatErrors(vec![FormatError { file: "all formats".to_owned(), reason }]);
        if !errors.is_empty() {
            return Err(FormatErrors(errors));
        }
        let lines = Recognisers::build(&formats, |format| &format.lines).map_err(set)?;
        let messages = Recognisers::build(&formats, |format| &format.messages).map_err(set)?;
        let mut programs: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, format) in formats.iter().enumerate() {
            for program in &format.programs {
                programs.entry(program.to_lowercase()).or_default().push(number);
            }
        }
        let mut log_fields: Vec<String> = Vec::new();
        for name in formats.iter().flat_map(|format| &format.log_fields) {
            if !log_fields.contains(name) {
                log_fields.push(name.clone());
            }
        }
        let of = |extract: Extract| -> Vec<usize> {
            (0..formats.len()).filter(|at| formats.get(*at).is_some_and(|one| one.extract == extract)).collect()
        };
        Ok(Self {
            json: of(Extract::Json),
            envelopes: of(Extract::Syslog),
            with_header: of(Extract::W3c),
            stated: StatedLists::default(),
            log_fields,
            by_name: formats.iter().enumerate().map(|(number, format)| (format.name.clone(), number)).collect(),
            lines,
            messages,
            programs,
            formats,
            default_zone: TimeZone::UTC,
            unparsed: "unparsed@1".into(),
            outlines: Outlines::default(),
        })
    }

    /// Zone (IANA name or offset) of records that name none and whose source has none set; UTC otherwise.
    /// Returns whether the zone is known.
    pub fn set_default_time_zone(&mut self, name: &str) -> bool {
        match time::zone(name) {
            Some(zone) => {
                self.default_zone = zone;
                true
            }
            None => false,
        }
    }

    /// Takes over the zone of records that name none from another set.
    pub fn take_time_zone(&mut self, other: &Self) {
        self.default_zone = other.default_zone.clone();
    }

    /// Names of all formats, in the order in which they are tried.
    pub fn names(&self) -> Vec<&str> {
        self.formats.iter().map(|format| &*format.name).collect()
    }

    /// Name and title of each format, for pages that list them.
    pub fn titles(&self) -> Vec<(&str, &str)> {
        self.formats.iter().map(|format| (&*format.name, &*format.title)).collect()
    }

    /// Name of the format of a record, `None` where nothing fits.
    pub fn recognise(&self, bytes: &[u8]) -> Option<&str> {
        let origin = event::Origin::default();
        let context =
            Context { arrival: 0, origin: &origin, default_zone: &self.default_zone, stated: None, cut: false };
        let understood = self.understand(bytes, &context).ok()?;
        self.formats.get(understood.format).map(|format| &*format.name)
    }

    /// Understands a record as far as possible. Sets everything but `seq` and `source_id`.
    pub fn parse(&self, raw: &RawRecord) -> Event {
        let stated = raw.origin.header.as_deref().map(|text| self.stated.of(text, || self.of_header(text)));
        let context = Context {
            arrival: raw.arrival,
            origin: &raw.origin,
            default_zone: &self.default_zone,
            stated: stated.as_deref(),
            cut: raw.origin.cut,
        };
        let mut event = Event {
            seq: 0,
            time: raw.arrival,
            arrival: raw.arrival,
            time_quality: TimeQuality::Missing,
            source_id: None,
            format: self.unparsed.clone(),
            understood: false,
            problem: None,
            log_source: LogSource::default(),
            columns: Columns::default(),
            fields: Fields::default(),
            message: None,
            raw: raw.bytes.clone(),
            origin: raw.origin.clone(),
            position: raw.position,
        };
        let cut = raw.origin.cut.then(|| format!("the record was longer than {LONGEST_RECORD} bytes; its end was cut"));
        match self.understand(&raw.bytes, &context) {
            Ok(Understood { mut draft, format, time }) => {
                event.understood = true;
                if let Some(format) = self.formats.get(format) {
                    event.format = format.id.clone();
                }
                cut.into_iter().for_each(|cut| draft.trouble(cut));
                set_time(&mut event, &mut draft, time);
                event.fields = draft.take_fields();
                event.problem = draft.problem;
                event.log_source = draft.log_source;
                event.columns = draft.columns;
                event.message = draft.message;
            }
            Err(problem) => {
                event.problem = Some(cut.map_or(problem.clone(), |cut| format!("{problem}; {cut}")));
            }
        }
        event
    }

    /// The list of fields that a record states for those that its log holds below it, as [`event::Origin::header`] takes it; empty
    /// where it is none. Nothing of records that say no such thing.
    pub fn stated_list<'e>(&self, event: &'e Event) -> Option<Cow<'e, str>> {
        let has_header = |number: &usize| self.format(*number).is_some_and(|format| *format.id == *event.format);
        if !self.with_header.iter().any(has_header) {
            return None;
        }
        w3c::stated_by(&event.fields).map(|list| if is_field_list(&list) { list } else { Cow::Borrowed("") })
    }

    /// By what the sender of a record tells the log that it is of from its other logs; empty where it does not.
    pub fn log_of(&self, event: &Event) -> String {
        let index = event.origin.index.as_deref().map(Cow::Borrowed);
        let told = self.log_fields.iter().filter_map(|name| event.fields.text(name));
        index.into_iter().chain(told).collect::<Vec<_>>().join("\n")
    }

    /// Formats that know a log with these fields.
    fn of_header(&self, header: &str) -> Vec<usize> {
        let knows = |number: &usize| self.format(*number).is_some_and(|format| format.headers.is_match(header));
        self.with_header.iter().copied().filter(knows).collect()
    }

    fn format(&self, number: usize) -> Option<&Format> {
        self.formats.get(number)
    }
}

/// The record's own time as it states it, with a word where that cannot be right; the arrival time where it states none.
fn set_time(event: &mut Event, draft: &mut Draft, stated: Stated) {
    match stated {
        Stated { time: Some((time, quality)), .. } => {
            event.time_quality = time::judge(time, quality, event.arrival, event.origin.listener);
            event.time = time;
            if event.time_quality == TimeQuality::Implausible {
                let text = Timestamp::from_microsecond(time).map(|time| time.to_string()).unwrap_or_default();
                draft.trouble(format!("the record's time {text} cannot be right"));
            }
        }
        Stated { unreadable: Some(text), .. } => draft.trouble(format!("the time {text:?} cannot be read")),
        _ if draft.timeless => draft.trouble("the syslog header names no time"),
        _ => {}
    }
}

impl fmt::Debug for FormatSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.formats.iter().map(|format| &format.id)).finish()
    }
}
